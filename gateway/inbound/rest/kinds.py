"""Which resource types are served, and how."""

from __future__ import annotations

from gateway.domain import directory
from gateway.domain.searching import compartment
from gateway.inbound import definitions
from gateway.translate.fhir.validating.written import OF_CITIZENS

# Types whose reading is a look at a citizen; AuditEvent is the look at the looks.
CLINICAL = (
    "Patient", "CarePlan", "CareTeam", "Encounter", "EpisodeOfCare", "Goal", "Condition", "Consent", "RelatedPerson",
    "Task", "Communication", "Appointment", "ServiceRequest", "DocumentReference", "Flag", "Account",
    "Observation", "ClinicalImpression", "Procedure",
)  # fmt: skip
# Staff, organisations, services and places: nobody's data of a citizen (flows/directory).
DIRECTORY = directory.KINDS
VERSIONED = (*CLINICAL, *DIRECTORY)
READABLE = (*VERSIONED, "Provenance", "Subscription", "AuditEvent")
WRITTEN = OF_CITIZENS
CREATED = (*WRITTEN, "Communication", "Binary", "Subscription", *DIRECTORY)
CHANGED = (*WRITTEN, *DIRECTORY)
BY_ID = (*CHANGED, "Subscription")
"""What is changed by its id; of those in CHANGED by a condition too."""
TOGETHER = (*BY_ID, "Communication", "Binary")
"""What is written in a transaction."""
SINGLE = (*READABLE, "Binary", *definitions.KINDS)
"""What is read by its id: a file is found by its Communication, never searched for."""
SEARCHED = (*READABLE, *definitions.KINDS)
WITHIN = compartment.KINDS
"""What is searched in the compartment of a Patient."""
