"""What kl-ffb-reporting 1.0.0 asks beyond R4, and what becomes of a report that does not keep to it.

| rule of the profile | broken | why |
|---|---|---|
| at most one target group of rank 1 (care-plan-2) | refused | which of the two the plan is for cannot be told |
| ordered, not completed: follow-up, evaluation, target group (care-plan-1, -4, -5) | finding | the plan stands |
| severity for activity and participation, and for nothing else (condition-1) | finding | it is kept as it was told |
| a goal is for activity and participation, one first (intervention-goal-1, -2) | finding | the goal stands |
| a follow-up is final or in error (follow-up-1) | finding | it is kept as it was told |
| nothing but coded facts: no names, no free text | finding | what was sent is kept |

Official reports break rules of their own guide: that no resource tells when it was last updated, that ended
interventions are `active`, and that the rank has another URL than the rule asks for, is not told at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from gateway.domain.plan import has_ended, is_intervention
from gateway.domain.reported import COULD_TELL
from gateway.errors import NotFound, RuleBroken
from gateway.translate.fhir.message import Message
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.terms.terms import Terms
from gateway.translate.translation import Finding

Json = dict[str, Any]

FFB = "urn:oid:1.2.208.176.2.22"
_RANK = "/StructureDefinition/ConditionRank"
_FOLLOW_UP = ("kl-reporting-ffb-follow-up-date-extension", "FollowUpEncounter")
_ACTIVITY_AND_PARTICIPATION = "http://fhir.kl.dk/term/ValueSet/KLConditionADCodesFFB"
_INTERVENTION_GOAL = "0bb3daef-538d-45dc-b444-abdbcb63f6bc"
_SNOMED_FOLLOW_UP = "712744002"
_TECHNICAL = frozenset({"resourceType", "id", "meta", "text", "extension", "subject", "identifier"})
_ALLOWED = {kind: told | _TECHNICAL for kind, told in COULD_TELL.items()}


class _At(NamedTuple):
    """Where a resource stands: its report, when that was made, and its number in it."""

    report: Message
    sent: datetime
    number: int

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.number}].resource"


class Profile:
    """The rules, with the codes that they ask for."""

    def __init__(self, terms: Terms, problems: Problems) -> None:
        self._activity: frozenset[str] = frozenset()
        try:
            self._activity = frozenset(terms.value_set(_ACTIVITY_AND_PARTICIPATION).members.get(FFB, ()))
        except NotFound:
            problems.add(
                Mark("mappings/term-sets.csv", 0), f"{_ACTIVITY_AND_PARTICIPATION} is missing: reports need it"
            )

    def findings(self, report: Message, sent: datetime) -> Iterator[Finding]:
        """What in an FFB report breaks a rule. Raises RuleBroken for what cannot be kept as it stands."""
        for at, resource in enumerate(report.resources()):
            kind = resource["resourceType"]
            if kind in _RULES and not _in_error(resource):
                yield from _RULES[kind](self, _At(report, sent, at), resource)
            if kind in _ALLOWED and not resource.keys() <= _ALLOWED[kind]:  # kept, and told: its sender learns of it
                text = "tells more than a report may: names and free text do not belong in it"
                yield Finding(_At(report, sent, at).place, text)

    def plan(self, at: _At, plan: Json) -> Iterator[Finding]:
        """A plan, or one of its interventions."""
        if is_intervention(plan):
            return
        place = at.place
        if len(_first_rank(plan)) > 1:
            raise RuleBroken(
                "A plan has one primary target group.",
                where=f"{place}.addresses",
                hint="At most one of rank 1 (kl-reporting-ffb-care-plan-2).",
            )
        if plan.get("intent") != "order" or has_ended(plan, at.sent):
            return
        if not any(one.get("url", "").endswith(_FOLLOW_UP) for one in plan.get("extension", ())):
            yield Finding(f"{place}.extension", "an ordered plan tells when it is followed up")
        if not any("outcomeReference" in one for one in plan.get("activity", ())):
            yield Finding(f"{place}.activity", "an ordered plan tells how the need of support was evaluated")
        if "addresses" not in plan:
            yield Finding(f"{place}.addresses", "an ordered plan tells its target group")

    def condition(self, at: _At, condition: Json) -> Iterator[Finding]:
        """Function is told with its severity, a target group and everything else without."""
        codes = _ffb(condition)
        if codes & self._activity and "severity" not in condition:
            yield Finding(f"{at.place}.severity", "a condition of activity and participation tells its severity")
        elif codes and not codes & self._activity and "severity" in condition:
            yield Finding(f"{at.place}.severity", "only conditions of activity and participation have a severity")

    def goal(self, at: _At, goal: Json) -> Iterator[Finding]:
        """What an intervention is to reach."""
        if _INTERVENTION_GOAL not in {c.get("code") for one in goal.get("category", ()) for c in one.get("coding", ())}:
            return
        place = at.place
        if len(_first_rank(goal)) != 1:
            yield Finding(f"{place}.addresses", "a goal of an intervention is for one condition first of all")
        meant = [at.report.resolve(one, "Condition") for one in goal.get("addresses", ())]
        if any(one is not None and not _ffb(one) & self._activity for one in meant):
            yield Finding(f"{place}.addresses", "a goal of an intervention is for activity and participation")

    def observation(self, at: _At, observation: Json) -> Iterator[Finding]:
        """An evaluation, or what a follow-up led to."""
        codes = {coding.get("code") for coding in observation["code"].get("coding", ())}
        if _SNOMED_FOLLOW_UP in codes and observation["status"] != "final":
            yield Finding(f"{at.place}.status", "a follow-up that is reported is final")


_Rule = Callable[[Profile, _At, Json], Iterator[Finding]]
_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "CarePlan": Profile.plan,
        "Condition": Profile.condition,
        "Goal": Profile.goal,
        "Observation": Profile.observation,
    }
)


def _first_rank(resource: Json) -> list[Json]:
    """The references of rank 1; KL's own rule and its examples write the extension's URL differently."""
    return [
        one
        for one in resource.get("addresses", ())
        if any(e.get("url", "").endswith(_RANK) and e.get("valuePositiveInt") == 1 for e in one.get("extension", ()))
    ]


def _ffb(condition: Json) -> set[str]:
    codings = condition.get("code", {}).get("coding", ())
    return {c["code"] for c in codings if c.get("system", "").endswith((FFB, "/FFB")) and c.get("code")}


def _in_error(resource: Json) -> bool:
    if "entered-in-error" in (resource.get("status"), resource.get("lifecycleStatus")):
        return True
    verified = resource.get("verificationStatus", {}).get("coding", ())
    return any(one.get("code") == "entered-in-error" for one in verified)
