"""Fremdrift of a case: every state with its time, several at once, `Opstaaet` never missing (SF1470 AM-01).

A case that came as OIO has its states beside it (extension oio-state). For another plan they follow from its status,
its times and `mappings/codes/oio-fremdrift.csv`, and only for what they say: draft is Opstaaet or, as a plan, Oplyst;
active is Afgjort from the day it was granted (KL: period.start); what ended is Afsluttet from its end, whatever its
status says. v6 has four states: what 1.2.STS-4 called Bestilt and Udfoert is Afgjort, and the finer word goes to
Sagsstatus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.plan import has_ended
from gateway.domain.statement import Body
from gateway.domain.when import BEGINNING, instant, said_time
from gateway.errors import MissingField, RuleBroken, UnknownCode
from gateway.translate.oio.write.elements import behind, moment

STATE = "https://faellesplan.dk/fhir/StructureDefinition/oio-state"
_V6 = {
    "Opstaaet": "Opstaaet", "Oplyst": "Oplyst", "Afgjort": "Afgjort", "Bestilt": "Afgjort", "Udfoert": "Afgjort",
    "Afsluttet": "Afsluttet",
}  # fmt: skip
_GRANTED = frozenset({"active", "on-hold", "completed", "revoked"})


@dataclass(frozen=True, slots=True)
class State:
    """One state, `code` in v6 and `word` as it was told, with the FHIR Period in which it holds."""

    code: str
    word: str
    period: Body


def states(plan: Body, at: datetime) -> list[State]:
    """All states of a plan, in the order of their beginning.

    Raises RuleBroken for a plan that was taken back, MissingField where nothing says when it began or ended,
    UnknownCode for a state that no version has.
    """
    if plan.get("status") == "entered-in-error":
        hint = "A case that was an error is removed by its own system (Fjern)."
        raise RuleBroken("A plan that was taken back cannot be written.", where="CarePlan.status", hint=hint)
    found = _told(plan) or _derived(plan, at)
    if not any(one.code == "Opstaaet" for one in found):
        found.insert(0, _opened(plan, found[0]))
    return found


def begin_of(found: Sequence[State], at: datetime) -> str:
    """From when what has no time of its own is true: when the first state began, and not after it is registered (`at`),
    since then it would not be true yet."""
    first = str(found[0].period["start"])
    return moment(first) if instant(first) <= at else said_time(at)


def _told(plan: Body) -> list[State]:
    told = []
    for one in plan.get("extension", []):
        if one.get("url") != STATE:
            continue
        parts = {part.get("url"): part for part in one.get("extension", [])}
        word = parts.get("state", {}).get("valueCode", "")
        if word not in _V6:
            raise UnknownCode("OIO has no such state.", where="CarePlan.extension[oio-state].state")
        told.append(State(_V6[word], word, parts.get("period", {}).get("valuePeriod", {})))
    starting = [one for one in told if "start" in one.period]
    if told and not starting:
        raise MissingField("No state says when it began.", where="CarePlan.extension[oio-state].period.start")
    return sorted(starting, key=_start)


def _derived(plan: Body, at: datetime) -> list[State]:
    status, period = plan.get("status", ""), plan.get("period", {})
    created, granted = plan.get("created", ""), period.get("start", "")
    begun = min((text for text in (created, granted) if text), key=instant, default="")
    if not begun:
        raise MissingField("Nothing says when the case began.", where="CarePlan.period.start")
    if status == "draft":
        code = "Oplyst" if plan.get("intent") != "proposal" else "Opstaaet"
        return [State(code, code, {"start": begun})]
    if status not in _GRANTED:
        raise UnknownCode("OIO has no state for this status.", where="CarePlan.status")
    ended = has_ended(plan, at)
    if ended and "end" not in period:
        raise MissingField("Nothing says when the case was closed.", where="CarePlan.period.end")
    decided = {"start": granted or begun} | ({"end": period["end"]} if ended else {})
    found = [State("Afgjort", "Afgjort", decided)]
    if ended:
        found.append(State("Afsluttet", "Afsluttet", {"start": behind(period["end"])}))
    return found


def _opened(plan: Body, first: State) -> State:
    """Opstaaet from when the plan was made until the first state that is told; where nothing lies before that, beside
    it: several states hold at once."""
    start = str(first.period["start"])
    created = plan.get("created", "")
    if created and instant(created) < instant(start):
        return State("Opstaaet", "Opstaaet", {"start": created, "before": start})
    return State("Opstaaet", "Opstaaet", dict(first.period))


def _start(state: State) -> datetime:
    return instant(state.period["start"]) if "start" in state.period else BEGINNING
