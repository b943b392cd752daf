"""The HTTP application, made from the routing table."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from gateway.errors import NotFound, SettingsError
from gateway.flows.parts import Gateway
from gateway.inbound import capability, openapi, outcome
from gateway.inbound.access_token import Tokens
from gateway.inbound.bodies import Room
from gateway.inbound.clients import Clients
from gateway.inbound.console import frame
from gateway.inbound.console.tickets import Tickets
from gateway.inbound.door import Door, Inbound, route, told
from gateway.inbound.doors import DOORS
from gateway.inbound.keys import UnfitKey
from gateway.inbound.rest.kinds import SINGLE
from gateway.inbound.shell import ROUTE, Shell
from gateway.inbound.tokens.entry import Admission, entry_of


def make_app(
    gateway: Gateway,
    clients: Clients,
    signing_keys: Sequence[bytes],
    *,
    message_bytes: int = 10_000_000,
    large_message_bytes: int = 150_000_000,
    token_seconds: int = 300,
    admission: Admission | None = None,
) -> FastAPI:
    """The application. `signing_keys` are private P-256 PEMs, the first of which signs access tokens.

    `gateway.public_url` is the issuer, and with `/fhir` the audience, of every token. `app.state.inbound` holds the
    parts, `.tickets` among them. Raises SettingsError when that URL is neither https nor a loopback address, or when
    a key does not fit.
    """
    url, clock, admission = gateway.public_url, gateway.clock, admission or Admission()
    try:
        tokens = Tokens(url, f"{url}/fhir", signing_keys, clock, token_seconds)
    except UnfitKey as error:
        raise SettingsError(str(error)) from None
    entry = entry_of(gateway, clients, tokens, admission)
    inbound = Inbound(
        gateway=gateway,
        clients=clients,
        tokens=tokens,
        check=entry.check,
        entry=entry,
        tickets=Tickets(gateway, clients, entry.provider),
        statement=capability.statement(gateway, DOORS),
        openapi=openapi.drawn(gateway, DOORS),
        public_url=url,
        message_bytes=message_bytes,
        room=Room(message_bytes, large_message_bytes),
    )
    app = FastAPI(
        title="Fællesplan gateway",
        routes=[route(inbound, door) for door in DOORS],
        exception_handlers={404: _elsewhere, 405: _elsewhere},
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        redirect_slashes=False,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(Shell, secure=url.startswith("https:"), proxies=admission.proxies)
    app.state.inbound = inbound
    return app


_PATHS = [(compile_path(door.path)[0], door) for door in DOORS]


async def _elsewhere(request: Request, _: HTTPException) -> Response:
    """No such path, or no such method on it. `Allow` names what any row of the table offers there."""
    path = request.scope["path"]
    request.scope[ROUTE] = "none"
    found = [(door, match) for regex, door in _PATHS if (match := regex.match(path))]
    here = [door for door, match in found if not door.kinds or match["kind"] in door.kinds]
    methods = sorted({method for door in here for method in _methods(door)})
    if here:
        return told(request.app.state.inbound, here[0], request, outcome.WrongMethod(", ".join(methods)))
    if found:
        kinds = {kind for door, _ in found for kind in door.kinds}
        hint = f"Served here: {', '.join(kind for kind in SINGLE if kind in kinds)}."
        return outcome.fhir(request, NotFound("This resource type is not served here", hint=hint))
    if path.startswith("/console/"):
        return frame.tell(request, NotFound("Nothing is here"))
    return outcome.fhir(request, NotFound("Nothing is here"))


def _methods(door: Door) -> tuple[str, ...]:
    return ("GET", "HEAD") if door.method == "GET" else (door.method,)
