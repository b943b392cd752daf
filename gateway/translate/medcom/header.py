"""The MessageHeader of a MedCom message: which event, from whom, to whom, about what."""

from __future__ import annotations

from typing import Any

from gateway.domain.identifier import SOR
from gateway.errors import MissingField, RuleBroken, UnknownEvent, UnknownMessage, WrongType
from gateway.translate.fhir.message import HEADER, Message
from gateway.translate.fhir.structure import shape_faults
from gateway.translate.medcom.names import ACKNOWLEDGEMENT, DESTINATION_USE, NOTIFICATION

Json = dict[str, Any]


class Dangling(RuleBroken):
    """A reference points at nothing in this Bundle."""


class NoReceiver(MissingField):
    """The message does not say whom it is for."""


def message_of(bundle: Json, code: str) -> Message:
    """The Bundle of this event as a HospitalNotification whose known elements have the shape that R4 gives them.

    Raises UnknownMessage, UnknownEvent, WrongType.
    """
    place = f"{HEADER}.eventCoding.code"
    if code == ACKNOWLEDGEMENT:
        raise UnknownMessage("An acknowledgement tells of no citizen, and is never acknowledged.", where=place)
    if code != NOTIFICATION:
        raise UnknownEvent(where=place, hint=f"Received: {NOTIFICATION}.")
    faults = shape_faults(bundle)
    if faults:
        raise WrongType(faults[0].text, where=faults[0].where)
    return Message(bundle)


def sender_of(message: Message) -> str:
    """The SOR number of the sending organisation. Raises MissingField, Dangling."""
    if "sender" not in message.header:
        raise MissingField(where=f"{HEADER}.sender")
    organisation = message.resolve(message.header["sender"], "Organization")
    if organisation is None:
        raise Dangling(where=f"{HEADER}.sender")
    number = sor_of(organisation)
    if not number:
        raise MissingField("The sender has no SOR number.", where=f"{message.place(organisation)}.identifier")
    return number


def sor_of(organisation: Json) -> str:
    """The SOR number of an Organization, empty when it has none."""
    numbers = [i.get("value", "").strip() for i in organisation.get("identifier", ()) if i.get("system") == SOR]
    return next((str(number) for number in numbers if number), "")


def check_header(message: Message) -> None:
    """Bundle and header carry what MedCom requires of every notification."""
    for name in ("id", "timestamp"):
        if name not in message.bundle:
            raise MissingField(where=f"Bundle.{name}")
    header = message.header
    if "id" not in header:
        raise MissingField(where=f"{HEADER}.id")
    destinations = header.get("destination", [])
    if len(destinations) != 1:
        raise RuleBroken("A message has exactly one destination.", where=f"{HEADER}.destination")
    uses = [e for e in destinations[0].get("extension", ()) if e.get("url") == DESTINATION_USE]
    if [use.get("valueCoding", {}).get("code") for use in uses] != ["primary"]:
        raise RuleBroken("The destination's use is primary.", where=f"{HEADER}.destination[0].extension")
    receiver = destinations[0].get("receiver")
    if receiver is None:
        raise NoReceiver(where=f"{HEADER}.destination[0].receiver")
    if message.resolve(receiver, "Organization") is None:
        raise Dangling(where=f"{HEADER}.destination[0].receiver")
    if not header.get("source", {}).get("endpoint"):
        raise MissingField(where=f"{HEADER}.source.endpoint")


def focus_of(message: Message, kind: str) -> Json:
    """The one resource that the header points at, of the type `kind`. Raises MissingField, Dangling, RuleBroken."""
    place = f"{HEADER}.focus"
    focus = message.header.get("focus", [])
    if not focus:
        raise MissingField("The header points at nothing.", where=place)
    if len(focus) > 1:
        raise RuleBroken("A message has exactly one focus.", where=place)
    found = message.resolve(focus[0])
    if found is None:
        raise Dangling("The header points at nothing in this Bundle.", where=place)
    if found["resourceType"] != kind:
        raise RuleBroken(f"The focus of this message is its {kind}.", where=place)
    return found
