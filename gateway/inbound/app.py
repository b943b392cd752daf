"""The HTTP doors: one routing table that reads as the API, and the application made from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from gateway.errors import NotFound, SettingsError
from gateway.flows.parts import Gateway
from gateway.flows.tokens import record_token, remember_assertion
from gateway.inbound import capability, discovery, fhir, messages, operations, outcome, pages, terminology, validation
from gateway.inbound.access_token import Tokens
from gateway.inbound.bodies import Room
from gateway.inbound.clients import Clients
from gateway.inbound.door import Answer, Bearer, Door, Inbound, Open, route, told
from gateway.inbound.fhir import CLINICAL, SEARCHED, SINGLE
from gateway.inbound.keys import UnfitKey
from gateway.inbound.oauth import TokenEndpoint
from gateway.inbound.shell import ROUTE, Shell
from gateway.inbound.tickets import Tickets
from gateway.inbound.token_check import TokenCheck

_PLAN = tuple(f"{kind}.r" for kind in CLINICAL)  # the joint plan shows parts of all these types
_SEND = ("Bundle.c",)
_ANY_TOKEN = ("CodeSystem.r",)  # which every token holds: nothing of a citizen is looked at


def _terminology() -> Iterator[Door]:
    """The operations on codes, by URL and by Parameters; the resource of a definition may be asked itself."""
    operations: tuple[tuple[str, str, Answer, bool], ...] = (
        ("CodeSystem", "$lookup", terminology.lookup, False),
        ("CodeSystem", "$validate-code", terminology.validate_in_system, True),
        ("CodeSystem", "$subsumes", terminology.subsumes, True),
        ("ValueSet", "$validate-code", terminology.validate_in_set, True),
        ("ConceptMap", "$translate", terminology.translate, True),
    )
    for kind, name, answer, itself in operations:
        for path in (f"/fhir/{kind}/{name}", *([f"/fhir/{kind}/{{id:id}}/{name}"] if itself else [])):
            for method in ("GET", "POST"):
                yield Bearer(method, path, answer, (f"{kind}.r",), name)


# The most used come first: routes are tried in this order.
DOORS: tuple[Door, ...] = (
    Bearer("GET", "/fhir/{kind:kind}/{id:id}", fhir.read_one, ("r",), "read", SINGLE),
    Bearer("GET", "/fhir/Patient/{id:id}/$joint-plan", fhir.joint, _PLAN, "$joint-plan"),
    Bearer("GET", "/fhir/{kind:kind}", fhir.search_by_url, ("s",), "search-type", SEARCHED),
    Bearer("POST", "/fhir/{kind:kind}/_search", fhir.search_by_form, ("s",), "search-type", SEARCHED),
    Bearer("GET", "/fhir/{kind:kind}/{id:id}/_history/{version}", fhir.read_version, ("r",), "vread", CLINICAL),
    Bearer("POST", "/fhir/{kind:kind}", fhir.create, ("c",), "create", ("Consent", "Communication")),
    Bearer("PUT", "/fhir/{kind:kind}/{id:id}", fhir.update_consent, ("u",), "update", ("Consent",)),
    *_terminology(),
    Bearer("POST", "/fhir/{kind:kind}/$validate", validation.validate_resource, _ANY_TOKEN, "$validate"),
    Bearer("POST", "/fhir/{kind:kind}/{id:id}/$validate", validation.validate_resource, _ANY_TOKEN, "$validate"),
    Bearer("POST", "/fhir/$validate", validation.validate_resource, _ANY_TOKEN, "$validate"),
    Bearer("POST", "/fhir/$process-message", messages.fhir, _SEND, "$process-message"),
    Bearer("POST", "/messages/hl7v2", messages.hl7v2, _SEND, "import", language="hl7v2"),
    Bearer("POST", "/messages/oioxml", messages.oioxml, _SEND, "import", language="oioxml"),
    Bearer("POST", "/messages/edifact", messages.edifact, _SEND, "import", language="edifact"),
    Bearer("POST", "/cases/kl", messages.kl, _SEND, "import"),
    Bearer("POST", "/messages/sf2900", messages.sf2900, _SEND, "import", language="sf2900"),
    Bearer("POST", "/cases/oio", messages.oio, _SEND, "import", language="oio"),
    Bearer("POST", "/cases/oio-json", messages.oio_json, _SEND, "import", language="oio-json"),
    Bearer("PUT", "/cases/oio-json/{id:id}", messages.oio_json_one, _SEND, "import", language="oio-json"),
    Bearer("PATCH", "/cases/oio-json/{id:id}", messages.oio_json_one, _SEND, "import", language="oio-json"),
    Bearer("POST", "/cases/ydelse", messages.ydelse, _SEND, "import", language="ydelse"),
    Open("GET", "/fhir/metadata", capability.metadata, interaction="capabilities"),
    Open("POST", "/oauth/token", discovery.token, outcome.oauth),
    Open("GET", "/.well-known/smart-configuration", discovery.smart_configuration),
    Open("GET", "/fhir/.well-known/smart-configuration", discovery.smart_configuration),
    Open("GET", "/.well-known/jwks.json", discovery.jwks),
    Bearer("POST", "/console/tickets", pages.ticket, _PLAN, "operation"),
    Open("GET", "/console/login", pages.login_form, pages.tell),
    Open("POST", "/console/login", pages.login, pages.tell),
    Open("POST", "/console/logout", pages.logout, pages.tell),
    Open("GET", "/console/plan/{id:id}", pages.plan, pages.tell),
    Open("GET", "/console/console.css", pages.stylesheet, pages.tell),
    Open("GET", "/log/checkpoint", operations.checkpoint, outcome.plain),
    Open("GET", "/health/live", operations.live, outcome.plain),
    Open("GET", "/health/ready", operations.ready, outcome.plain),
    Open("GET", "/metrics", operations.metrics, outcome.plain),
)


def make_app(
    gateway: Gateway,
    clients: Clients,
    signing_keys: Sequence[bytes],
    *,
    message_bytes: int = 10_000_000,
    large_message_bytes: int = 150_000_000,
    token_seconds: int = 300,
    tickets: Tickets | None = None,
) -> FastAPI:
    """The application. `signing_keys` are private P-256 PEMs, the first of which signs access tokens.

    `gateway.public_url` is the issuer, and with `/fhir` the audience, of every token. `app.state.inbound` holds the
    parts, `.tickets` among them. Raises SettingsError when that URL is neither https nor a loopback address, or when
    a key does not fit.
    """
    url, clock = gateway.public_url, gateway.clock
    try:
        tokens = Tokens(url, f"{url}/fhir", signing_keys, clock, token_seconds)
    except UnfitKey as error:
        raise SettingsError(str(error)) from None
    endpoint = TokenEndpoint(
        clients,
        tokens,
        f"{url}/oauth/token",
        clock,
        partial(remember_assertion, gateway),
        partial(record_token, gateway),
    )
    inbound = Inbound(
        gateway=gateway,
        clients=clients,
        tokens=tokens,
        check=TokenCheck(tokens, clients, clock),
        endpoint=endpoint,
        tickets=tickets or Tickets(clock),
        statement=capability.statement(gateway, DOORS),
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
    app.add_middleware(Shell, secure=url.startswith("https:"))
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
        hint = f"Served: {', '.join(SINGLE)}."
        return outcome.fhir(request, NotFound("This resource type is not served here", hint=hint))
    return outcome.fhir(request, NotFound("Nothing is here"))


def _methods(door: Door) -> tuple[str, ...]:
    return ("GET", "HEAD") if door.method == "GET" else (door.method,)
