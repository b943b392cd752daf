"""Fold of things that their source sends whole: the latest snapshot stands, a withdrawal leaves a trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.domain.resource import Ids, Resource
from gateway.domain.source import Source
from gateway.domain.statement import Body, Statement, Verb

_ERROR = "entered-in-error"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

_WITHDRAW = Verb.WITHDRAW  # looked up once: reading a member of an enum takes longer than a call

# How each type says that it was entered in error (R4); other types have no such word and are only marked.
_WITHDRAWN: dict[str, dict[str, Any]] = {
    "Condition": {"verificationStatus": {"coding": [{"system": _VERIFICATION, "code": _ERROR}]}},
    "Goal": {"lifecycleStatus": _ERROR},
    "RelatedPerson": {"active": False},
    **{
        kind: {"status": _ERROR}
        for kind in (
            "CarePlan", "CareTeam", "Consent", "Encounter", "ServiceRequest", "Task", "Appointment", "Observation",
            "ClinicalImpression", "DocumentReference", "Communication", "EpisodeOfCare", "Procedure", "Account",
            "Flag",
        )
    },
}  # fmt: skip


def fold_snapshot(kind: str, key: str, said: list[Statement], ids: Ids, sources: Mapping[str, Source]) -> Resource:
    """The resource as it was last said; `said` is in order. A withdrawal keeps the last content, marked."""
    last = said[-1]
    content = last if last.body else next((s for s in reversed(said) if s.body), last)
    body: Body = content.body.copy()
    for name in content.cleared:
        body.pop(name, None)
    withdrawn = last.verb is _WITHDRAW
    if withdrawn:
        body = in_error(kind, body)
    return Resource(kind, ids(kind, key), body, last.source, sources[last.source].sector, withdrawn, last.notes)


def in_error(kind: str, body: Body) -> Body:
    """The content of something that its source took back, marked as R4 wants it."""
    if kind == "Condition":
        body = {name: value for name, value in body.items() if name != "clinicalStatus"}  # con-5
    return body | _WITHDRAWN.get(kind, {})
