"""A Consent that comes by REST: what it must hold to be able to decide (FHIR R4 Consent, IHE PCF)."""

from __future__ import annotations

from typing import Any

from gateway.domain.when import instant
from gateway.errors import BadRequest, MissingField, RuleBroken
from gateway.translate.fhir.reading import parse
from gateway.translate.fhir.validating.written import check_written

SCOPE = ("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")
# What the server owns: it is taken out of what a client sends, never believed (mass assignment).
_OURS = ("versionId", "lastUpdated", "security", "source")


def checked_consent(raw: bytes, identity: str = "", content_type: str = "") -> dict[str, Any]:
    """The Consent as a body without id and without what the server owns. Raises BadRequest, MissingField or RuleBroken
    with the place.
    """
    consent = parse(raw, content_type)
    if consent.get("resourceType") != "Consent":
        raise BadRequest("A Consent was expected", where="resourceType")
    if identity and consent.get("id", identity) != identity:
        raise BadRequest("The id in the body is not the id in the URL", where="Consent.id")
    check_written(consent)
    _check_patient(consent)
    _check_meaning(consent)
    consent.pop("id", None)
    consent.pop("resourceType")
    consent.pop("text", None)  # a narrative can say what the provisions do not
    consent["meta"] = {name: value for name, value in consent.get("meta", {}).items() if name not in _OURS}
    return consent


def _check_patient(consent: dict[str, Any]) -> None:
    reference = consent.get("patient", {}).get("reference", "")
    if not reference.startswith("Patient/"):
        raise MissingField("A literal reference to the citizen is needed", where="Consent.patient.reference",
                           hint="Patient/<id>, as found by a search for the identifier.")  # fmt: skip


def _check_meaning(consent: dict[str, Any]) -> None:
    scopes = [(c.get("system"), c.get("code")) for c in consent["scope"].get("coding", [])]
    if SCOPE not in scopes:
        raise RuleBroken("Only consents of scope patient-privacy decide about access", where="Consent.scope")
    for name in ("dateTime", "provision"):
        if name not in consent:
            raise MissingField("Without it the consent would permit nothing", where=f"Consent.{name}")
    period = consent["provision"].get("period", {})
    if "start" in period and "end" in period and instant(period["end"]) < instant(period["start"]):
        raise RuleBroken("The period ends before it starts", where="Consent.provision.period")
