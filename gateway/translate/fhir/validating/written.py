"""What REST writes: each resource is validated before it is understood."""

from __future__ import annotations

from typing import Any

from gateway.domain import directory
from gateway.domain.searching.subset import is_part
from gateway.errors import Fault, RuleBroken
from gateway.translate.fhir.validating import ERROR, validate
from gateway.translate.fhir.validating.modifying import modifying

OF_CITIZENS = (
    "Patient", "CarePlan", "CareTeam", "Encounter", "EpisodeOfCare", "Goal", "Condition", "Consent", "RelatedPerson",
    "Task", "Appointment", "ServiceRequest", "DocumentReference", "Flag", "Account", "Observation",
    "ClinicalImpression", "Procedure",
)  # fmt: skip
"""What a source writes of a citizen by REST; a Communication is made by sending it."""

WRITTEN = frozenset(
    {("Communication", "create")}
    | {(kind, mode) for kind in (*OF_CITIZENS, *directory.KINDS, "Subscription") for mode in ("create", "update")}
)
MOST_TOLD = 50
"""So many faults of one resource are told at once."""
_PROFILES = {"Consent": ("https://faellesplan.dk/fhir/StructureDefinition/faellesplan-consent",)}


def expected(kind: Any) -> tuple[str, ...]:
    """The profiles that a resource of this type has to conform to where it is written, claimed or not."""
    return _PROFILES.get(kind, ()) if isinstance(kind, str) else ()


def check_written(resource: dict[str, Any]) -> None:
    """Raises RuleBroken with every error and its place, fifty at most. What says of itself that it is a part
    (`_summary`, `_elements`) is not written: what it leaves out would be lost."""
    if is_part(resource):
        hint = "Read it without _summary and _elements, and write it whole."
        raise RuleBroken("This is a part of a resource (SUBSETTED)", where="meta.tag", hint=hint)
    found = [*validate(resource, expected(resource.get("resourceType"))), *modifying(resource)]
    errors = [one for one in found if one.severity == ERROR]
    if errors:
        hint = "There may be further faults: mend these first." if len(errors) >= MOST_TOLD else ""
        raise RuleBroken.of([Fault(one.where, one.text, one.issue) for one in errors[:MOST_TOLD]], hint)
