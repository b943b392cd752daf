"""The envelope of a CareCommunication: that it is one, of a version that is read here, from whom and to whom."""

from __future__ import annotations

import re
from typing import Any

from gateway.domain.identifier import GLN, SOR, normal
from gateway.errors import MissingField, UnknownEvent, UnknownVersion, WrongType
from gateway.translate.fhir.message import HEADER, Message, event_code
from gateway.translate.fhir.structure import shape_faults
from gateway.translate.medcom.carecommunication.names import DEFINITION, EVENT, VERSION
from gateway.translate.medcom.header import Dangling, check_header

Json = dict[str, Any]

_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def message_of(bundle: Json) -> Message:
    """The Bundle as a CareCommunication whose known elements have the shape that R4 gives them.

    What people wrote may hold characters that FHIR does not allow and XML cannot hold: they become blanks.
    Raises Unreadable, UnknownEvent, WrongType, RuleBroken, MissingField.
    """
    if event_code(bundle) != EVENT:
        raise UnknownEvent(where=f"{HEADER}.eventCoding.code", hint=f"Received: {EVENT}.")
    faults = shape_faults(bundle)
    if faults:
        raise WrongType(faults[0].text, where=faults[0].where)
    seen: Json = _seen(bundle)
    return Message(seen)


def seen(text: str) -> str:
    """A text without control characters; lines and tabs stay."""
    return _UNSEEN.sub(" ", text)


def _seen(node: Any) -> Any:
    if isinstance(node, str):
        return seen(node)
    if isinstance(node, list):
        return [_seen(one) for one in node]
    return {name: _seen(value) for name, value in node.items()} if isinstance(node, dict) else node


def check_envelope(message: Message) -> None:
    """What MedCom requires around the content, the version first: of another one nothing else is sure.

    Raises UnknownVersion (4.x has other rules and is not converted), MissingField, RuleBroken, Dangling.
    """
    definition = message.header.get("definition")
    place = f"{HEADER}.definition"
    if not definition:
        raise MissingField("The message does not name its definition.", where=place)
    name, _, version = definition.partition("|")
    if name != DEFINITION or not f"{version}.".startswith(f"{VERSION}."):
        raise UnknownVersion("Received is CareCommunication 5.0.", where=place, hint=f"{DEFINITION}|{VERSION}")
    check_header(message)
    for reference in (message.header.get("sender"), message.header["destination"][0]["receiver"]):
        _check_numbers(message, message.resolve(reference, "Organization"))


def _check_numbers(message: Message, organisation: Json | None) -> None:
    """Sender and receiver have both numbers: SOR, and the EAN that letters of the old kind are addressed by."""
    if organisation is None:
        raise Dangling(where=f"{HEADER}.sender")
    told = [normal(i.get("system", ""), i.get("value", "")) for i in organisation.get("identifier", ())]
    for system, name in ((SOR, "SOR number"), (GLN, "EAN (GLN)")):
        if not any(one.system == system and one.value for one in told):
            place = f"{message.place(organisation)}.identifier"
            raise MissingField(f"Sender and receiver have a {name}.", where=place)
