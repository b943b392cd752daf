"""Taking away what a reader may not see of a resource that is otherwise permitted: the citizen's protected address.

Who gives shelter tells where the citizen is, so of a plan and a team the providers and the free texts go with the
address. What the plan is about, the authority and the coordinator stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.domain.security_label import OBSERVATION_VALUE
from gateway.domain.statement import Body
from gateway.domain.team import is_coordinator

REDACTED = {"system": OBSERVATION_VALUE, "code": "REDACTED", "display": "redacted"}
"""Stands in meta.security of a resource that is not whole (HL7 THO v3-ObservationValue)."""

# Where an address stands in each type (R4), or a place or provider from which it can be read.
_ADDRESS = {
    "Patient": (
        "address",
        "telecom",
        "contact.address",
        "contact.telecom",
        "contact.organization",
        "generalPractitioner",
    ),
    "RelatedPerson": ("address", "telecom"),
    "Encounter": ("location", "hospitalization.origin", "hospitalization.destination"),
    "CarePlan": (
        "title",
        "description",
        "note",
        "contributor",
        "activity.progress",
        "activity.outcomeCodeableConcept.text",
        "activity.detail.scheduledString",
        "activity.detail.location",
        "activity.detail.performer",
        "activity.detail.description",
        "activity.detail.code.text",
    ),
    "CareTeam": ("name", "note", "telecom", "managingOrganization", "participant.extension", "participant.onBehalfOf"),
    "Communication": ("contained", "extension", "sender", "recipient", "topic", "payload", "note", "about"),
    "ServiceRequest": ("locationCode", "locationReference", "performer", "note", "patientInstruction"),
    "Task": ("location", "owner", "description", "note", "input", "output", "restriction"),
    "Appointment": ("description", "comment", "patientInstruction"),
    "DocumentReference": (
        "description",
        "custodian",
        "author",
        "authenticator",
        "context.facilityType",
        "context.sourcePatientInfo",
        "content.attachment.data",
        "content.attachment.url",
        "content.attachment.hash",
        "content.attachment.size",
        "content.attachment.title",
    ),
    "Procedure": ("location", "performer", "note"),
    "Goal": ("note",),
    "Observation": ("note",),
    "ClinicalImpression": ("description", "summary", "note"),
    "Location": ("address", "position", "telecom"),
}

ADDRESS_PATHS = {kind: frozenset(f"{kind}.{path}" for path in paths) for kind, paths in _ADDRESS.items()}
"""Type → the element paths that tell where the citizen lives."""

OUTSIDE_HOSPITALS = {
    "Encounter": ADDRESS_PATHS["Encounter"] | {"Encounter.serviceProvider", "Encounter.participant"},
    "EpisodeOfCare": frozenset({"EpisodeOfCare.managingOrganization", "EpisodeOfCare.careManager"}),
    "Task": ADDRESS_PATHS["Task"] | {"Task.requester"},
    "ServiceRequest": ADDRESS_PATHS["ServiceRequest"] | {"ServiceRequest.requester"},
    "Observation": ADDRESS_PATHS["Observation"] | {"Observation.performer"},
    "ClinicalImpression": ADDRESS_PATHS["ClinicalImpression"] | {"ClinicalImpression.assessor"},
    "Procedure": ADDRESS_PATHS["Procedure"] | {"Procedure.recorder", "Procedure.asserter"},
}
"""The same, of what no hospital tells: who sees the citizen where is then whoever gives shelter."""

_PLACES = frozenset({"Organization", "Location", "HealthcareService", "Practitioner", "PractitionerRole", "Endpoint"})

WORDS = {"Account": frozenset({"Account.description"})}
"""Type → the element paths that hold free words about why it is so."""


def redact(body: Body, redactions: Iterable[str]) -> Body:
    """A copy without the elements at these paths (`Patient.contact.address`); the given body stays as it is.

    The narrative goes with them: it may tell in words what was taken away. Contained resources are redacted by
    their own type. Of a care team that is redacted, organisations leave that do not coordinate the plan.
    """
    kind = body["resourceType"]
    paths = [path.partition(".")[2].split(".") for path in redactions if path.startswith(f"{kind}.")]
    if not paths:
        return body
    made: Body = {name: value for name, value in body.items() if name != "text"}
    for path in paths:
        made = _without(made, path)
    made = _without_addresses(made)
    if kind == "CareTeam":
        made = _without_providers(made)
    elif kind == "Appointment":
        made["participant"] = [one for one in made.get("participant", []) if _comes(one)]
    if "contained" in made:
        made["contained"] = [_contained(one) for one in made["contained"]]
    meta = made.get("meta", {})
    kept = [label for label in meta.get("security", []) if label.get("code") != REDACTED["code"]]
    made["meta"] = meta | {"security": [*kept, REDACTED]}
    return made


def _without_providers(team: Body) -> Body:
    listed = team.get("participant", [])
    left = [one for one in listed if _is_person(one) or is_coordinator(one)]
    kept = {name: value for name, value in team.items() if name != "participant"}
    return kept | ({"participant": left} if left else {})


def _comes(participant: Body) -> bool:
    """Somebody who comes to the appointment: no place, no equipment of one."""
    actor = participant.get("actor", {})
    kind = actor.get("type") or str(actor.get("reference", "")).partition("/")[0]
    return kind in ("Patient", "RelatedPerson", "Practitioner", "PractitionerRole")


def _is_person(participant: Body) -> bool:
    member = participant.get("member", {})
    named = {member.get("type"), *str(member.get("reference", "")).split("/")[-2:-1]}
    return named.isdisjoint({"Organization", "HealthcareService", "Location", "CareTeam"})


def _without_addresses(value: Any) -> Any:
    """A copy without any address, telephone or e-mail that an extension tells, wherever it stands."""
    if isinstance(value, list):
        return [left for item in value if (left := _without_addresses(item)) or left == item]
    if not isinstance(value, dict):
        return value
    if "valueAddress" in value or "valueContactPoint" in value:
        return {}
    made = {name: _without_addresses(item) for name, item in value.items()}
    return {name: item for name, item in made.items() if item != [] or value[name] == []}


def _contained(body: Body) -> Body:
    """A contained resource has no labels of its own (R4 2.4.0.1), only less content. Of a place and of somebody who
    works there nothing is left but that there is one."""
    if body.get("resourceType") in _PLACES:
        return {name: body[name] for name in ("resourceType", "id") if name in body}
    made = {name: value for name, value in body.items() if name != "text"}
    for path in sorted(ADDRESS_PATHS.get(str(body.get("resourceType")), ())):
        made = _without(made, path.partition(".")[2].split("."))
    return made


def _without(value: Any, path: list[str]) -> Any:
    """A copy of a JSON value without one path, in every repetition; emptied objects and lists go too."""
    if isinstance(value, list):
        left = [_without(item, path) for item in value]
        return [item for item in left if item != {}]
    if not isinstance(value, dict):
        return value
    first, *rest = path
    if not rest:
        return {name: item for name, item in value.items() if name not in (first, f"_{first}")}
    if first not in value:
        return value
    inner = _without(value[first], rest)
    return {name: inner if name == first else item for name, item in value.items() if name != first or inner}
