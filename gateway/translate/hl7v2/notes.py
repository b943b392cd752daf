"""Where a message disagrees with itself, told with the stay."""

from __future__ import annotations

from gateway.domain.statement import Act
from gateway.translate.hl7v2.happening import Times
from gateway.translate.hl7v2.lifecycle import Event
from gateway.translate.hl7v2.parse import Message


def notes(message: Message, event: Event, when: Times) -> tuple[str, ...]:
    """Disagreements inside the message and what was made of them, without values."""
    found = []
    if when.instead:
        found.append(f"{when.instead} is empty; the time is that of {when.field}")
    if when.day:
        instead = "the end of that day" if when.day == when.field else f"that of {when.field}"
        found.append(f"{when.day} tells the day alone; the time is {instead}")
    if event.visit and not message.value("PV1", 19):
        told = "PV1-50 names the visit" if message.value("PV1", 50) else "the times tell the citizen's stays apart"
        found.append(f"PV1-19 is empty; {told}")
    if message.value("EVN", 1) not in ("", event.name):
        found.append("EVN-1 names another event than MSH-9; MSH-9 counts")
    if event.visit and event.act is not Act.PLAN and message.value("PV1", 2) == "P":
        found.append("PV1-2 says pre-admission, the event says that the stay has begun; taken as inpatient")
    return tuple(found)
