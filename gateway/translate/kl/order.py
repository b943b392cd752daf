"""The KL FFB order (kl-ffb-messaging 1.0.0): which event it is, what it is about, and who sends it.

A reader that walks from MessageHeader.focus loses interventions and consents; the focus is only checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.errors import GatewayError, MissingField, RuleBroken, UnknownEvent
from gateway.translate.fhir.message import HEADER, Message, event_code
from gateway.translate.kl import whole
from gateway.translate.kl.whole import Whole

Json = dict[str, Any]

EVENT = "ffb-order"
"""The only event there is: no update, cancellation, reply or acknowledgement exists."""

# A tuple, as what is looked for in it was not checked and may be any value.
_SYSTEMS = (
    "http://fhir.kl.dk/ffbmessaging/CodeSystem/kl-messaging-ffb-messageEventSystem",
    "http://ffb/messaging/kl.dk/1.0/CodeSystem/kl-messaging-ffb-messageEventSystem",
)


def is_order(bundle: Json) -> bool:
    """Whether this is an FFB order message, so that a door can choose the language."""
    try:
        _check_event(bundle)
    except GatewayError:
        return False
    return True


def check(bundle: Json) -> Whole:
    """The order, checked against R4 and as a whole. Raises UnknownEvent, and what `whole.check` raises."""
    _check_event(bundle)
    found = whole.check(bundle)
    _check_focus(found.message)
    return found


def senders(order: Whole) -> Iterator[str]:
    """What the message tells of its sender, the surest first: numbers, endpoint, name."""
    header = order.message.header
    organisation = order.message.resolve(header.get("sender")) or {}
    yield from (i["value"] for i in organisation.get("identifier", []) if i.get("value"))
    yield header.get("source", {}).get("endpoint", "")
    if organisation.get("resourceType") == "Organization":
        yield organisation.get("name", "")


def number_of(order: Whole) -> str:
    """The message's own number: its header's, else its Bundle's."""
    message = order.message
    return str(message.header.get("id") or message.bundle.get("id") or "")


def _check_event(bundle: Json) -> None:
    code = event_code(bundle)
    system = bundle["entry"][0]["resource"]["eventCoding"].get("system")
    if code != EVENT or system not in _SYSTEMS:
        raise UnknownEvent(where=f"{HEADER}.eventCoding")


def _check_focus(message: Message) -> None:
    focus = message.header.get("focus", [])
    if not focus:
        raise MissingField(where=f"{HEADER}.focus")
    for at, reference in enumerate(focus):
        if message.resolve(reference) is None:
            raise RuleBroken("The header points at nothing in the message.", where=f"{HEADER}.focus[{at}]")
