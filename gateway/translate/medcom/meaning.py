"""What a notification tells: which row of the lifecycle table, when it happened, and what does not agree in it.

Death has no activity of its own: Patient.deceasedBoolean tells it, and the activity repeats the one before. So a
death on leave looks like "start leave", and taking a death back looks like whatever came before it.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.domain.statement import Act, Verb
from gateway.errors import MissingField, RuleBroken
from gateway.translate.medcom.lifecycle import Lifecycle, Row
from gateway.translate.medcom.notification import Notification
from gateway.translate.medcom.provenance import activity_of, goes_back_to


class Meaning(Struct, frozen=True):
    """`corrects` is the id of the message that a correction or cancellation aims at. `notes` are without values."""

    row: Row
    happened: datetime
    corrects: str
    notes: tuple[str, ...]


def meaning_of(notification: Notification, table: Lifecycle) -> Meaning:
    """The meaning. Raises MissingField where the time of what is told is missing, RuleBroken for a leave without a
    beginning."""
    told = table.activities[notification.chain.activity]
    row = _row(notification, table, told)
    times, encounter, place = notification.times, notification.encounter, notification.message.place
    if encounter["status"] == "onleave" and row.act in (Act.LEAVE, Act.RETURN) and "leave.start" not in times:
        raise RuleBroken("Who is on leave has left at some time.", where=place(encounter, "extension"))
    happened = next((times[name] for name in row.happened if name in times), None)
    if happened is None and row.verb is not Verb.WITHDRAW:
        name = row.happened[0]
        element = name if name.startswith("period") else "extension"
        raise MissingField("The time of what is told is missing.", where=place(encounter, element))
    notes = _notes(notification, row, told)
    if happened is None:
        notes.append("the time of what is cancelled is not told; that of the cancellation stands for it")
    corrects = "" if row.verb is Verb.ASSERT else notification.chain.goes_back_to
    return Meaning(row, happened or notification.chain.recorded, corrects, tuple(notes))


def _row(notification: Notification, table: Lifecycle, told: Row) -> Row:
    patient = notification.patient
    deceased = True if "deceasedDateTime" in patient else patient.get("deceasedBoolean")
    if deceased:
        return table.death[Verb.CORRECT if _died_before(notification) else Verb.ASSERT]
    if deceased is False and _takes_death_back(notification, told):
        return table.death[Verb.WITHDRAW]
    return told


def _died_before(notification: Notification) -> bool:
    """Whether the death was told before. The message before a death has the same activity; so when two earlier ones
    have it, the later of them was the death. Where the chain is cut too short to see this, it may have been: a
    correction that finds nothing to correct counts as the first word."""
    chain = notification.chain
    same = [one for one in chain.others if activity_of(one) == chain.activity]
    if len(same) > 1 or not chain.goes_back_to:
        return len(same) > 1
    if chain.previous is None:
        return True
    further = goes_back_to(chain.previous)
    return chain.previous in same and bool(further) and chain.about(further) is None


def _takes_death_back(notification: Notification, told: Row) -> bool:
    """Whether `deceased: false` cancels a death, or only says once more that the citizen lives."""
    chain = notification.chain
    if not chain.goes_back_to:
        return False
    repeats = chain.previous is not None and activity_of(chain.previous) == chain.activity
    if told.verb is Verb.WITHDRAW:
        return repeats  # the same thing is not cancelled twice
    if chain.role == "removal":
        return True
    if told.verb is Verb.CORRECT:
        return False
    return repeats or (chain.previous is None and told.act is Act.START)


def _notes(notification: Notification, row: Row, told: Row) -> list[str]:
    encounter, notes = notification.encounter, []
    if row.status and encounter["status"] != row.status:
        notes.append(f"Encounter.status is not {row.status}, as {row.code} says; the activity and the times count")
    if told.kind and encounter["class"]["code"] != told.kind:
        notes.append(f"Encounter.class is not {told.kind}, as the activity says; the class counts")
    if "period.end" in notification.times and row.act not in (Act.END, Act.DIE):
        notes.append(f"Encounter.period has an end, {row.code} tells of none; it does not count")
    return notes
