"""Appointments: what a new word changes of an old one, and what R4 wants of the whole.

A meeting that is moved keeps its length unless a new one is told, and the people who were to come unless others are
named. That somebody stayed away (noshow) ends nothing: neither the effort nor the request that the meeting is part of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from gateway.domain.statement import Body
from gateway.domain.when import instant, said_time

KIND = "https://faellesplan.dk/fhir/CodeSystem/appointment-kind"
NETWORK_MEETING = "network-meeting"
"""Both sectors and the citizen: `KIND|network-meeting` in appointmentType, serviceType or reasonCode."""

_TIMES = ("start", "end", "requestedPeriod")
_CODED = ("appointmentType", "serviceType", "reasonCode")
_NOT_HELD = frozenset({"cancelled", "noshow"})
_COMES = {"proposed": "needs-action", "pending": "needs-action", "waitlist": "tentative"}
_LONGEST = timedelta(days=366)


def joined(before: Body, told: Body) -> Body:
    """What stood, with what is told now in its place."""
    made = before | told
    if "start" in told or "requestedPeriod" in told:
        for name in _TIMES:
            if name not in told:
                made.pop(name, None)
        length = _length(before)
        if length is not None and "start" in told and not {"end", "minutesDuration"} & told.keys():
            made["end"] = _later(told["start"], length)
    _settle_length(made, before, told)
    if "participant" in told:
        made["participant"] = _people(before.get("participant", []), told["participant"])
    return made


def settled(body: Body, citizen: str) -> Body:
    """With an end where there is a beginning (R4 app-2), no reason for a cancellation that is none (app-4), and the
    citizen, Patient/`citizen`, among those who come."""
    made = {name: value for name, value in body.items() if name != "end" or "start" in body}
    if "start" in made and ("end" not in made or instant(made["end"]) < instant(made["start"])):
        made["end"] = _later(made["start"], timedelta(minutes=made.get("minutesDuration", 0)))
    if made.get("status") not in _NOT_HELD:
        made.pop("cancelationReason", None)
    own = {
        "actor": {"reference": f"Patient/{citizen}"},
        "required": "required",
        "status": _COMES.get(made.get("status", ""), "accepted"),
    }
    told = made.get("participant", [])
    if any(_is_citizen(one) for one in told):  # who wrote it said how the citizen takes part
        return made | {"participant": [_about(one, citizen) if _is_citizen(one) else one for one in told]}
    return made | {"participant": [own, *told]}


def is_network_meeting(body: Mapping[str, Any]) -> bool:
    """Whether a code table has said so."""
    concepts = [c for name in _CODED for c in _listed(body.get(name))]
    codings = [coding for concept in concepts for coding in concept.get("coding", [])]
    return any(c.get("system") == KIND and c.get("code") == NETWORK_MEETING for c in codings)


def _people(before: Sequence[Body], told: Sequence[Body]) -> list[Body]:
    """Who comes: those who are told, in place of those before unless nobody is told but who need not come."""
    out = [_who(one) for one in told if _is_taken_out(one)]
    people = [one for one in told if not _is_taken_out(one)]
    if all(map(_is_told_only, people)):
        stayed = [one for one in before if not (people and _is_told_only(one))]
        people = [*(one for one in stayed if _who(one) not in out), *people]
    return people


def _who(participant: Body) -> object:
    """The same for one who is told by name and number, and by number alone."""
    actor = participant.get("actor", {})
    return actor.get("identifier", actor)


def _is_taken_out(participant: Body) -> bool:
    """Somebody of whom a sender tells that he takes part no more: no sender tells both in another way."""
    return (participant.get("status"), participant.get("required")) == ("declined", "optional")


def _settle_length(made: Body, before: Body, told: Body) -> None:
    """An end and a length tell the same: where only one of them is told anew, the other one is of the past."""
    if "end" in told and "minutesDuration" not in told:
        made.pop("minutesDuration", None)
    elif not {"start", "end"} & told.keys() and made.get("minutesDuration") != before.get("minutesDuration"):
        made.pop("end", None)


def _length(body: Body) -> timedelta | None:
    if "start" not in body or "end" not in body:
        return None
    length = instant(body["end"]) - instant(body["start"])
    return length if timedelta() <= length <= _LONGEST else None


def _later(start: str, length: timedelta) -> str:
    try:
        return said_time(instant(start) + length) if length else start
    except OverflowError:
        return start


def _is_citizen(participant: Body) -> bool:
    """An appointment is about one citizen, so a Patient who takes part is that one."""
    return str(participant.get("actor", {}).get("reference", "")).startswith("Patient/")


def _about(participant: Body, citizen: str) -> Body:
    return participant | {"actor": participant["actor"] | {"reference": f"Patient/{citizen}"}}


def _is_told_only(participant: Body) -> bool:
    """Somebody who is to know of the meeting and need not come."""
    return participant.get("required") == "information-only"


def _listed(value: object) -> Sequence[Body]:
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) else []
