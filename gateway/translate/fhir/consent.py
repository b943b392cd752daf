"""A Consent that comes by REST: what it must hold to be able to decide (FHIR R4 Consent, IHE PCF)."""

from __future__ import annotations

from typing import Any

from gateway.domain.consent.compiled import lacks_end
from gateway.domain.when import instant
from gateway.errors import MissingField, RuleBroken

SCOPE = ("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")


def check_meaning(consent: dict[str, Any]) -> None:
    """Whether a valid Consent can decide anything. Raises MissingField or RuleBroken with the place."""
    scopes = [(c.get("system"), c.get("code")) for c in consent["scope"].get("coding", [])]
    if SCOPE not in scopes:
        raise RuleBroken("Only consents of scope patient-privacy decide about access", where="Consent.scope")
    for name in ("dateTime", "provision"):
        if name not in consent:
            raise MissingField("Without it the consent would permit nothing", where=f"Consent.{name}")
    if lacks_end(consent):
        raise MissingField("A positive registration of MinSpærring has an end", where="Consent.provision.period.end")
    period = consent["provision"].get("period", {})
    if "start" in period and "end" in period and instant(period["end"]) < instant(period["start"]):
        raise RuleBroken("The period ends before it starts", where="Consent.provision.period")
