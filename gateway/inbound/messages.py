"""The doors for whole messages over HTTP: HL7 v2, FHIR messages, OIO. Answers are in the sender's own language.

200 is a positive answer, given after the commit; 204 one that says nothing, since nothing was to be said (a receipt is
never acknowledged, and HL7 v2 senders may ask for no answer). A negative one has the HTTP status of its failure and, as
its body, what the sender's system understands: an ACK with MSA and ERR, a MedCom Acknowledgement, an OIO answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.errors import Unreadable
from gateway.flows.parts import Answer
from gateway.flows.receive import receive
from gateway.inbound import negotiate, outcome
from gateway.inbound.bodies import read_body
from gateway.inbound.door import Inbound
from gateway.inbound.negotiate import UnsupportedMedia, media_type
from gateway.translate import vans
from gateway.translate.answers import soap
from gateway.translate.fhir import written_in
from gateway.translate.oio.lora import addressed, taken_out

_XML = ("application/xml", "text/xml")
TAKEN: Mapping[str, tuple[str, ...]] = {
    "hl7v2": (outcome.ER7, "application/hl7-v2+er7", "x-application/hl7-v2+er7", "application/edi-hl7v2"),
    "edifact": (outcome.EDIFACT, *_XML),
    "oio-json": ("application/json",),
    "oioxml": _XML,
    "sf2900": ("text/xml", "application/xml", "application/soap+xml"),
    **dict.fromkeys(("oio", "ydelse"), (*_XML, "application/soap+xml")),
}
"""The media types that each language is taken in; the first is the one to send."""
_RETRY = {"Retry-After": "5"}
_HEAD = 200
_IN_KIND = frozenset({"oio", "ydelse"})  # answered in a SOAP envelope where they come in one


async def hl7v2(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /messages/hl7v2: one ER7 message. Its character set is that of MSH-18; a charset beside it is not read."""
    return await _received(inbound, request, caller, "hl7v2")


async def oio(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /cases/oio: one OIO Sag in XML, in the encoding of its declaration."""
    return await _received(inbound, request, caller, "oio")


async def oio_json(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /cases/oio-json: Sag, Dokument and Indsats in LoRa's JSON, answered as LoRa answers."""
    return await _received(inbound, request, caller, "oio-json")


async def oio_json_one(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """PUT and PATCH /cases/oio-json/{uuid}: one object as it is now, or what changed of it, as LoRa takes them."""
    uuid, whole = request.path_params["id"], request.method == "PUT"
    return await _received(inbound, request, caller, "oio-json", settle=lambda raw: addressed(raw, uuid, whole=whole))


async def oio_json_gone(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """DELETE /cases/oio-json/{uuid}: one object is taken out, as LoRa takes it out. What is sent along is not read."""
    uuid = request.path_params["id"]
    return await _received(inbound, request, caller, "oio-json", settle=lambda _: taken_out(uuid), reads=False)


async def ydelse(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /cases/ydelse: grants and payments of Ydelsesindeks (SF1490) in XML, answered as the index answers."""
    return await _received(inbound, request, caller, "ydelse")


async def oioxml(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /messages/oioxml: MedCom letters in an Emessage, bare or in a VANSEnvelope, in its declared encoding.

    The answer is an XCTL03 where the letter asks for one, and empty where it does not; a refusal is an XCTL02.
    """
    return await _received(inbound, request, caller, "oioxml", large=True)


async def edifact(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /messages/edifact: an interchange of MedCom letters, bare or in a VANSEnvelope, in UNB's character set.

    Every letter is received by itself: one that is refused does not keep its neighbours out. The answer is one
    interchange, with a CTL02 for each letter that was refused and a CTL03 for the others where UNB asks for them;
    it is empty when there is nothing to tell.
    """
    return await _received(inbound, request, caller, "edifact")


async def sf2900(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /messages/sf2900: the business receipt of something that was sent by SF2900, in a SOAP envelope or bare.

    It is answered with a status alone; a refusal is a SOAP fault.
    """
    return await _received(inbound, request, caller, "sf2900")


async def fhir(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/$process-message: one message Bundle, answered in the format it came in; bare or in a VANSEnvelope."""
    return await _bundle(inbound, request, caller, "fhir-message")


async def kl(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /cases/kl: one Bundle of type collection (a report, or a plan handed over), answered with an
    OperationOutcome in the format it came in."""
    return await _bundle(inbound, request, caller, "kl-report")


async def _bundle(inbound: Inbound, request: Request, caller: Caller, language: str) -> Response:
    form = negotiate.sent(request.headers.get("content-type", ""))
    async with inbound.room.read(request) as raw:
        if written_in(raw) not in ("", form.rpartition("+")[2]):
            raise Unreadable("The content is not what Content-Type says", where="Content-Type")
        answer = await receive(inbound.gateway, language, raw, caller)
    # Sent again in the other format, a message gets the answer that it got the first time, which says what it is.
    form = {"json": negotiate.JSON, "xml": negotiate.XML}.get(written_in(answer.body), form)
    enveloped = form == negotiate.XML and vans.ROOT.encode() in answer.body[:_HEAD]
    return _told(answer, "application/xml" if enveloped else f"{form}; charset=utf-8")


async def _received(
    inbound: Inbound, request: Request, caller: Caller, language: str, *,
    large: bool = False, settle: Callable[[bytes], bytes] = bytes, reads: bool = True,
) -> Response:  # fmt: skip
    raw = b""
    try:
        if reads and media_type(request.headers.get("content-type", "")).name not in TAKEN[language]:
            raise UnsupportedMedia(where="Content-Type", hint=f"Send {TAKEN[language][0]}.")
        if large:
            async with inbound.room.read(request) as raw:
                answer = await receive(inbound.gateway, language, raw, caller)
        else:
            raw = settle(await read_body(request, inbound.message_bytes))
            answer = await receive(inbound.gateway, language, raw, caller)
    except Exception as error:  # noqa: BLE001 - what never reached the flow is told in the sender's language too
        return _in_kind(language, raw, outcome.in_language(inbound.gateway, language, raw, outcome.failure(error)))
    return _in_kind(language, raw, _told(answer, outcome.media_type_of(language, answer.body)))


def _in_kind(language: str, raw: bytes, answer: Response) -> Response:
    """In a SOAP envelope where the message came in one. The envelope is no part of the message: what is kept of it, and
    told again when it comes again, is bare."""
    version = soap.version_of(raw) if language in _IN_KIND and answer.body else ""
    if not version:
        return answer
    told = {name: text for name, text in answer.headers.items() if not name.startswith("content-")}
    return Response(soap.around(bytes(answer.body), version), answer.status_code, told, soap.MEDIA[version])


def _told(answer: Answer, kind: str) -> Response:
    """204 where nothing is to be said: to a receipt, and to a message that asks for no answer."""
    retry = _RETRY if answer.transient else None
    if not answer.body:
        return Response(b"", 204 if answer.accepted else answer.status, retry)
    return Response(answer.body, 200 if answer.accepted else answer.status, retry, kind)
