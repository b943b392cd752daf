"""One row of the routing table, and how it becomes a route: who may come in, what it takes, how failures are told."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.domain.caller import Caller
from gateway.errors import GatewayError, Unavailable
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway
from gateway.flows.receive import unheard
from gateway.inbound import outcome
from gateway.inbound.access_token import Tokens
from gateway.inbound.bodies import Room, read_body
from gateway.inbound.clients import Clients
from gateway.inbound.console.tickets import Tickets
from gateway.inbound.proxies import peer
from gateway.inbound.scopes import allows, for_needs
from gateway.inbound.shell import CLIENT, ROUTE, TRACE
from gateway.inbound.token_check import TokenCheck
from gateway.inbound.tokens.entry import Entry

OpenAnswer = Callable[["Inbound", Request], Awaitable[Response]]
Answer = Callable[["Inbound", Request, Caller], Awaitable[Response]]
Tell = Callable[[Request, GatewayError], Response]


@dataclass(frozen=True, slots=True)
class Inbound:
    """What the HTTP doors work with."""

    gateway: Gateway
    clients: Clients
    tokens: Tokens
    check: TokenCheck
    entry: Entry  # the endpoints of tokens
    tickets: Tickets
    statement: dict[str, Any]  # the CapabilityStatement
    openapi: bytes  # the same in OpenAPI
    public_url: str
    message_bytes: int
    room: Room  # for messages that may hold files


@dataclass(frozen=True, slots=True)
class Open:
    """A door that anyone may come through."""

    method: str
    path: str
    answer: OpenAnswer
    tell: Tell = outcome.fhir
    kinds: tuple[str, ...] = ()
    interaction: str = ""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A door that takes an access token.

    `kinds` are the resource types that `{kind}` in the path may be; `needs` the scopes (`Bundle.c`; a bare letter
    is that of the kind in the path). `interaction` is a FHIR restful-interaction, the name of an operation beginning
    with `$`, or a word of the access record (`import`); the first two stand in the CapabilityStatement.
    """

    method: str
    path: str
    answer: Answer
    needs: tuple[str, ...]
    interaction: str = ""
    kinds: tuple[str, ...] = ()
    tell: Tell = outcome.fhir
    language: str = ""  # of a message door: failures are told in it
    hears: str = ""  # the same, where only what becomes of a message is told in it
    whole: bool = False  # it tests nothing by the parameters of scopes: those it needs are without


Door = Open | Bearer


def route(inbound: Inbound, door: Door) -> Route:
    """The door as a Starlette route. Its answer never raises."""
    return Route(door.path, Endpoint(inbound, door), methods=[door.method])


class Endpoint:
    """One door as an ASGI application: Starlette wraps a plain function in two more layers for failures."""

    def __init__(self, inbound: Inbound, door: Door) -> None:
        self._inbound = inbound
        self._door = door
        self._label = template(door)
        self._asked = f"{door.method} {self._label}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["path_params"].get("kind", "")
        if not self.takes(scope["path_params"]):
            raise HTTPException(404)  # told like every path that is not in the table
        scope[ROUTE] = self._label
        request = Request(scope, receive, send)
        try:
            response = await self._answer(request, kind)
        except Exception as error:  # noqa: BLE001 - every failure is told by outcome, in the door's own language
            response = told(self._inbound, self._door, request, outcome.failure(error))
        await response(scope, receive, send)

    async def _answer(self, request: Request, kind: str) -> Response:
        inbound, door = self._inbound, self._door
        if isinstance(door, Open):
            return await door.answer(inbound, request)
        try:
            caller = await inbound.check.admit(request.headers.getlist("authorization"), request.scope)
        except Unavailable as away:
            if not (language := door.language or door.hears):
                raise
            raw = await read_body(request, inbound.message_bytes)
            answer = unheard(inbound.gateway, language, raw, away)
            form = outcome.media_type_of(language, answer.body)
            return Response(answer.body, answer.status, outcome.headers(away), form)
        request.scope[CLIENT] = caller.client
        caller = await self.admitted(caller.calling(request.scope[TRACE], peer(request.scope)), kind)
        return await door.answer(inbound, request, caller)

    @property
    def door(self) -> Door:
        """Its row of the routing table."""
        return self._door

    def takes(self, path: Mapping[str, str]) -> bool:
        """Whether the door is there for the resource type in the path."""
        return not self._door.kinds or path.get("kind", "") in self._door.kinds

    async def admitted(self, caller: Caller, kind: str, inbound: Inbound | None = None) -> Caller:
        """The caller with the scopes that hold here. Raises InsufficientScope, which is on record then."""
        door, gateway = self._door, (inbound or self._inbound).gateway
        needs, whole = (door.needs, door.whole) if isinstance(door, Bearer) else ((), False)
        return await check_scopes(gateway, caller, needs, self._asked, door.interaction, kind, whole=whole)

    async def within(self, request: Request, caller: Caller) -> Response:
        """The answer to a request inside another one (an entry of a Bundle) whose caller is known: scopes, decision and
        record are its own. Never raises."""
        try:
            return await self.inside(request, caller, self._inbound)
        except Exception as error:  # noqa: BLE001 - as when it comes alone
            return told(self._inbound, self._door, request, outcome.failure(error))

    async def inside(self, request: Request, caller: Caller, inbound: Inbound) -> Response:
        """The same, with other parts than the door's own. Raises what is wrong."""
        assert isinstance(self._door, Bearer)  # noqa: S101 - for mypy: no other door is offered inside
        admitted = await self.admitted(caller, request.path_params.get("kind", ""), inbound)
        return await self._door.answer(inbound, request, admitted)


def template(door: Door) -> str:
    """The path as people write it: `/fhir/{kind}/{id}`."""
    return re.sub(r":\w+}", "}", door.path)


def told(inbound: Inbound, door: Door, request: Request, error: GatewayError) -> Response:
    """A failure in the words of this door."""
    if isinstance(door, Bearer) and door.language:
        return outcome.in_language(inbound.gateway, door.language, b"", error)
    return door.tell(request, error)


async def check_scopes(
    gateway: Gateway, caller: Caller, needs: Sequence[str], asked: str, interaction: str, kind: str = "", *,
    whole: bool = False,
) -> Caller:  # fmt: skip
    """The caller with the scopes that hold here. A look that they do not cover is refused, and on record like every
    refusal."""
    for need in needs:
        wanted, _, letter = need.rpartition(".")
        wanted = wanted or kind
        if not allows(caller.scopes, wanted, letter, whole=whole):
            missing = f"system/{wanted}.{letter}"
            recorded, operation = _RECORDED.get(interaction, (interaction, ""))
            record = record_of(gateway, caller, recorded, wanted, "", NOTHING, query=asked, operation=operation)
            await on_record(gateway, replace(record, outcome_text=f"the token does not hold {missing}"))
            raise outcome.InsufficientScope(missing)
    return replace(caller, scopes=for_needs(caller.scopes, needs, kind)) if caller.narrowed else caller


# How the access record names what the CapabilityStatement calls an operation.
_RECORDED = {
    "$joint-plan": ("operation", "joint-plan"), "$process-message": ("import", ""),
    "$explain-access": ("operation", "explain-access"), "$everything": ("operation", "everything"),
    "$export": ("export", "export"),
}  # fmt: skip


class _Kind(Convertor[str]):
    """`{kind:kind}`: how a resource type is spelled. Anything else in that place is another path."""

    regex = "[A-Z][A-Za-z]{2,63}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Id(_Kind):
    """`{id:id}`: http://hl7.org/fhir/R4/datatypes.html#id"""

    regex = r"[A-Za-z0-9\-.]{1,64}"


register_url_convertor("kind", _Kind())
register_url_convertor("id", _Id())
