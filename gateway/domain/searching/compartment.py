"""The compartment of a Patient. http://hl7.org/fhir/R4/compartmentdefinition-patient.html

Whose a resource is, the gateway keeps itself: a compartment holds what is told of the citizen (`subject`, `patient`,
the actor of an appointment). Where R4 also counts what the citizen said or did for somebody else (`asserter`,
`performer`), that is another citizen's and is looked at as such.
"""

from __future__ import annotations

DEFINITION = "http://hl7.org/fhir/CompartmentDefinition/patient"
KINDS = (
    "Account", "Appointment", "AuditEvent", "CarePlan", "CareTeam", "ClinicalImpression", "Communication", "Condition",
    "Consent", "DocumentReference", "Encounter", "EpisodeOfCare", "Flag", "Goal", "Observation", "Patient", "Procedure",
    "Provenance", "RelatedPerson", "ServiceRequest",
)  # fmt: skip
"""The types that are served of those that R4 puts into it. Task is in none of R4's."""
OF_CITIZENS = tuple(kind for kind in KINDS if kind not in ("AuditEvent", "Provenance"))
"""Those that `Patient/{id}/*` tells of; who looked and who said it is asked for by name."""
