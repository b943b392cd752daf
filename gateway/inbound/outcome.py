"""The one place that turns failures into HTTP: FHIR OperationOutcome, a sender's own language, OAuth errors, text.

Texts of a GatewayError hold no values from the message. Anything else that is raised is a bug: its kind and place
are logged, its text is not, because it may hold a citizen's data.
"""

from __future__ import annotations

import traceback

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gateway.errors import (
    BadRequest,
    Forbidden,
    GatewayError,
    NotAllowed,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from gateway.flows.parts import Gateway
from gateway.inbound import negotiate
from gateway.inbound.tokens.held import NotHeld
from gateway.inbound.tokens.proofs import ALGORITHMS as PROOF_ALGORITHMS
from gateway.translate.fhir import write_xml, written_in
from gateway.translate.fhir.outcome import failed
from gateway.translate.hl7v2 import charset, header

ER7 = "application/hl7-v2"
EDIFACT = "application/edifact"

log = structlog.get_logger("gateway.http")


class InsufficientScope(Forbidden):
    """The access token's scopes do not cover this."""

    def __init__(self, needed: str) -> None:
        self.needed = needed
        super().__init__(hint=f"It takes {needed}.")


class WrongMethod(NotAllowed):
    """This method is not offered here."""

    def __init__(self, allowed: str) -> None:
        told = f"Offered: {allowed}." if allowed else ""
        super().__init__(hint=told, allowed=allowed)


def failure(error: Exception) -> GatewayError:
    """Whatever was raised, as a failure that may be told."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, ClientDisconnect):
        return BadRequest("The request ended before its content did")
    frames = [f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
    log.error("bug", error=type(error).__name__, at=" < ".join(reversed(frames[-6:])))
    return GatewayError()


def fhir(request: Request, error: GatewayError) -> Response:
    """An OperationOutcome in the format that the caller reads (JSON when it cannot be told)."""
    body = failed(error)
    form = negotiate.JSON
    if not isinstance(error, negotiate.NotAcceptable):
        try:
            form = negotiate.wanted(request.headers.get("accept", ""), request.query_params.get("_format", ""))
        except negotiate.NotAcceptable:
            form = negotiate.JSON
    content = write_xml(body) if form == negotiate.XML else msgspec.json.encode(body)
    return Response(content, error.status, headers(error) | _of_many(request, error), f"{form}; charset=utf-8")


def _of_many(request: Request, error: GatewayError) -> dict[str, str]:
    """What one resource does not offer says little of the path of its type, and nothing of that of Bundles."""
    if not isinstance(error, NotAllowed) or isinstance(error, WrongMethod):
        return {}
    parts = request.scope["path"].strip("/").count("/")
    return {0: {"Allow": "POST"}, 1: {"Allow": "GET, HEAD, POST"}}.get(parts, {})


def in_language(gateway: Gateway, language: str, raw: bytes, error: GatewayError) -> Response:
    """The negative answer that the sender's system understands; `raw` is what there is of its message."""
    body = gateway.languages.of(language).refuse(raw, error, gateway.clock())
    return Response(body, error.status, headers(error), media_type_of(language, body))


def media_type_of(language: str, body: bytes) -> str:
    """The Content-Type of an answer: XML, ER7 with the name of the character set that its own MSH-18 declares, or
    EDIFACT, which is written in ISO 8859-1, unless it lies in a VANSEnvelope."""
    if language == "edifact" and not body.startswith(b"<"):
        return f"{EDIFACT}; charset=iso-8859-1"
    if language == "oio-json":
        return "application/json"
    if language in ("fhir-message", "kl-report"):
        return f"application/fhir+{written_in(body) or 'json'}; charset=utf-8"
    if language != "hl7v2":
        return "application/xml"
    try:
        codec = charset.codec(
            header.read(body[max(body.find(b"MSH"), 0) :]).part(18)
        )  # a batch's is its first answer's
    except GatewayError:
        codec = "ascii"
    return f"{ER7}; charset={_IANA.get(codec, codec.replace('iso8859', 'iso-8859'))}"


_IANA = {"ascii": "us-ascii", "cp1252": "windows-1252"}


def oauth(request: Request, error: GatewayError) -> Response:
    """RFC 6749 section 5.2, for failures before or around the token endpoint's own."""
    name = "temporarily_unavailable" if error.transient else "invalid_request"
    body = msgspec.json.encode({"error": name, "error_description": error.told()})
    return Response(body, error.status, headers(error), "application/json")


def plain(request: Request, error: GatewayError) -> Response:
    """One line of text, for operators."""
    return Response(error.told() + "\n", error.status, headers(error), "text/plain; charset=utf-8")


def headers(error: GatewayError) -> dict[str, str]:
    """What HTTP wants beside a status: who may come in, what is allowed, when to come again."""
    if isinstance(error, Unauthenticated):  # RFC 6750 3.1: no error code for who showed nothing at all
        if isinstance(error, NotHeld):
            nonce = {"DPoP-Nonce": error.nonce} if error.nonce else {}
            told = f'DPoP realm="faellesplan", error="{error.error}", algs="{" ".join(PROOF_ALGORITHMS)}"'
            return {"WWW-Authenticate": told, **nonce}
        fault = "" if error.text == Unauthenticated.__doc__ else ', error="invalid_token"'
        return {"WWW-Authenticate": f'Bearer realm="faellesplan"{fault}'}
    if isinstance(error, InsufficientScope):
        scope = f'error="insufficient_scope", scope="{error.needed}"'
        return {"WWW-Authenticate": f'Bearer realm="faellesplan", {scope}'}
    if isinstance(error, NotAllowed):
        return {"Allow": error.allowed}
    if isinstance(error, Unavailable):
        return {"Retry-After": "5"}
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.seconds)}
    if isinstance(error, TooLarge) or error.status == 408:  # the rest of the content is not wanted
        return {"Connection": "close"}
    return {}
