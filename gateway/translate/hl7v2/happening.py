"""When an event happened, when it was registered and when it was sent."""

from __future__ import annotations

from datetime import datetime, tzinfo

from msgspec import Struct

from gateway.domain.statement import Act, Verb
from gateway.errors import MissingField, RuleBroken, WrongType
from gateway.translate.hl7v2 import time
from gateway.translate.hl7v2.lifecycle import Event
from gateway.translate.hl7v2.parse import Message


class Times(Struct, eq=False):
    """The times of one message, in UTC. `field` is where `happened` comes from; `instead` is the field of the visit
    that should have said it and is empty, `day` the one that told the day alone: of a discharge, whose day is not over
    before what else happened in it, that is its end."""

    happened: datetime
    recorded: datetime
    sent: datetime | None
    field: str
    instead: str
    day: str
    recorded_field: str
    place: str


def times(message: Message, event: Event, zone: tzinfo) -> Times:
    """The times by the lifecycle table. Raises MissingField and WrongType with the place, RuleBroken for a stay that
    ends before it begins."""
    sent = _moment(message, "MSH", 7, zone)
    registered = _moment(message, "EVN", 2, zone)
    recorded, registered_in = (registered, ("EVN", 2)) if registered else (sent, ("MSH", 7))
    if recorded is None:
        raise MissingField("Neither EVN-2 nor MSH-7 says when this was registered", where="EVN^1^2")
    moment, told_in = recorded, registered_in
    for place in event.happened:
        found = _moment(message, *place, zone)
        if found is not None:
            moment, told_in = found, place
            break
    if message.at["PV1"][45]:
        _check_order(message, zone)
    wanted = event.happened[0] if event.happened else told_in
    missing = wanted[0] == "PV1" and wanted != told_in
    day, text = "", message.value(*told_in)
    for place in (*event.happened, registered_in) if _is_day(text) else ():
        finer = message.value(*place)
        if not _is_day(finer) and finer[:8] == text[:8]:
            day, moment, told_in = _name(told_in), _moment(message, *place, zone) or moment, place
            break
    else:
        if event.act is Act.END and event.verb is Verb.ASSERT and _is_day(text):
            day, moment = _name(told_in), time.instant(f"{text[:8]}235959", zone)
    return Times(
        happened=moment,
        recorded=recorded,
        sent=sent,
        field=_name(told_in),
        instead=_name(wanted) if missing else "",
        day=day,
        recorded_field=_name(registered_in),
        place=f"{told_in[0]}^1^{told_in[1]}",
    )


def _is_day(text: str) -> bool:
    """Whether a time tells the day alone: an event of that day that tells more is preferred to its midnight."""
    return len(text) == 8 or text[8:9] in ("+", "-")


def _name(place: tuple[str, int]) -> str:
    return f"{place[0]}-{place[1]}"


def _moment(message: Message, segment: str, number: int, zone: tzinfo) -> datetime | None:
    if not message.at[segment][number]:
        return None
    text = message.value(segment, number)
    if not text:
        return None
    try:
        return time.instant(text, zone)
    except time.NoTime as error:
        raise WrongType(f"The field does not hold {error}", where=f"{segment}^1^{number}") from None


def _check_order(message: Message, zone: tzinfo) -> None:
    """PV1-44 before PV1-45; where one of them is a mere date, the days are compared."""
    start, end = message.value("PV1", 44), message.value("PV1", 45)
    first, last = _moment(message, "PV1", 44, zone), _moment(message, "PV1", 45, zone)
    if first is None or last is None or last >= first:
        return
    day, until = time.day(start), time.day(end)
    precise = all(len(text.partition("+")[0].partition("-")[0]) > 8 for text in (start, end))
    if precise or until < day[: len(until)]:
        raise RuleBroken("The stay ends before it begins", where="PV1^1^45")
