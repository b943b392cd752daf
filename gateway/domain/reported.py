"""Fold of things that a report tells in part: KL's FFB and FSIII reports (docs/kl-reports.md).

Their profiles forbid free text, names and much else, so a report is silent about those whatever its sender knows: the
description that an order gave a plan stays when the next report of that plan comes. What the profiles let a report tell
and it does not tell is not so any more: a plan without `period.end` has been opened again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.domain.case import NUMBER
from gateway.domain.resource import Ids, Resource
from gateway.domain.snapshot import in_error
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb

_MORE: Mapping[str, frozenset[str]] = {
    "CarePlan": frozenset({"created", "careTeam", "addresses", "goal"}),
    "Patient": frozenset({"managingOrganization", "deceasedBoolean"}),
}
# What kl-ffb-reporting 1.0.0 and KLGateway 1.2.0 let a report tell, by type; of a plan's activity see _activity.
_TOLD: Mapping[str, frozenset[str]] = {
    "CarePlan": frozenset({"status", "intent", "period", "basedOn", "activity"}),
    "CareTeam": frozenset({"category"}),
    "ClinicalImpression": frozenset({"status", "effectiveDateTime", "investigation", "finding"}),
    "Condition": frozenset({"clinicalStatus", "verificationStatus", "category", "severity", "code", "recordedDate"}),
    "Encounter": frozenset({"status", "class", "type", "period"}),
    "Goal": frozenset({"lifecycleStatus", "category", "description", "target", "addresses", "startDate"}),
    "Observation": frozenset({"status", "code", "focus", "effectiveDateTime", "valueCodeableConcept"}),
    "Procedure": frozenset({"status", "code", "performedDateTime", "performedPeriod"}),
    "ServiceRequest": frozenset({"status", "intent"}),
}
COULD_TELL: Mapping[str, frozenset[str]] = {
    kind: _TOLD.get(kind, frozenset()) | _MORE.get(kind, frozenset()) for kind in (*_TOLD, "Patient")
}
"""The elements that the profiles let a report tell of a type."""
# Of a plan, which is no intervention.
_OF_A_PLAN = frozenset({"careTeam", "addresses", "goal"})
_CORE = "http://fhir.kl.dk/core/StructureDefinition/"
_EXTENSIONS = frozenset(
    {NUMBER, *(f"{_CORE}{n}" for n in ("FollowUpEncounter", "ConditionLastAssertedDate", "BasedOnServiceRequest"))}
)
_CONCEPTS = ("code", "description", "valueCodeableConcept")
_GRANTED = frozenset({"code", "status"})


def fold_reported(kind: str, key: str, said: Sequence[Statement], ids: Ids, sources: Mapping[str, Source]) -> Resource:
    """The resource as reports and whole snapshots made it, in order. Told anew after a withdrawal it begins anew."""
    body, withdrawn = Body(), False
    for one in said:
        before = Body() if withdrawn and one.verb is not Verb.WITHDRAW else body
        withdrawn = one.verb is Verb.WITHDRAW
        if one.body:
            body = _reported(kind, before, one.body) if one.act is Act.REPORT else one.body
    if withdrawn:
        body = in_error(kind, body)
    last = said[-1]
    return Resource(kind, ids(kind, key), body, last.source, sources[last.source].sector, withdrawn, last.notes)


def _reported(kind: str, before: Body, told: Body) -> Body:
    """What stood, with what a report tells and without what it could have told and did not."""
    could = _TOLD.get(kind, frozenset())
    if kind == "CarePlan" and "basedOn" not in told:
        could |= _OF_A_PLAN
    kept = {name: value for name, value in before.items() if name not in could}
    made = kept | told
    for name in _CONCEPTS:
        if name in told and name in before:
            made[name] = _concept(before[name], told[name])
    if "activity" in told and "activity" in before:
        made["activity"] = _activities(before["activity"], told["activity"])
    if "extension" in kept:
        new = [_case_number(one, kept["extension"]) for one in told.get("extension", ())]
        urls = _EXTENSIONS | {one.get("url") for one in new}
        made["extension"] = [*(e for e in kept["extension"] if e.get("url") not in urls), *new]
    if "identifier" in kept and "identifier" in told:
        new = [one for one in told["identifier"] if one not in kept["identifier"]]
        made["identifier"] = [*kept["identifier"], *new]
    if "meta" in kept:
        made["meta"] = kept["meta"] | told.get("meta", {})
    return {name: value for name, value in made.items() if value != []}


def _case_number(told: Body, before: Sequence[Body]) -> Body:
    """A case is known by its UUID and by the municipality's own number: one that tells only the second still means the
    case whose first was told before, as long as it is the same number."""
    known = next((one for one in before if one.get("url") == told.get("url") == NUMBER), None)
    if known is None:
        return told
    old, new = ({part.get("url"): part for part in one.get("extension", ())} for one in (known, told))
    same = any(_value(old[slot]) == _value(new[slot]) for slot in old.keys() & new.keys())
    return told | {"extension": list((old | new).values())} if same else told


def _value(part: Body) -> str:
    return str(part.get("valueIdentifier", {}).get("value", "")).strip().lower()


def _concept(before: Body, told: Body) -> Body:
    """The words of a concept stay with its code, and go with it."""
    if "text" not in before or "text" in told:
        return told
    codes = _codes(before)
    return told | {"text": before["text"]} if not codes or codes & _codes(told) else told


def _codes(concept: Body) -> set[tuple[str, str]]:
    return {(c.get("system", ""), c["code"]) for c in concept.get("coding", ()) if c.get("code")}


def _activities(before: Sequence[Body], told: Sequence[Body]) -> Sequence[Body]:
    """A report tells the code and status of the one thing that is granted; who does it and how is not its to tell."""
    if len(before) != 1 or len(told) != 1 or "detail" not in before[0] or "detail" not in told[0]:
        return told
    old, new = before[0]["detail"], told[0]["detail"]
    detail = {name: value for name, value in old.items() if name not in _GRANTED} | new
    if "code" in old and "code" in new:
        detail["code"] = _concept(old["code"], new["code"])
    return [before[0] | told[0] | {"detail": detail}]
