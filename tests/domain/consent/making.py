"""Consents, askers and things in as few words as a test needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.domain.consent import Ask, Verdict, compile_consent, evaluate
from gateway.domain.consent.span import span
from gateway.domain.resource import Facts
from gateway.domain.security_label import ACT_CODE, CONFIDENTIALITY, DATA_CLASS

THO = "http://terminology.hl7.org/CodeSystem"
REASON = f"{THO}/v3-ActReason"
N, R = f"{CONFIDENTIALITY}|N", f"{CONFIDENTIALITY}|R"
PSY, SUD, ETHUD = f"{ACT_CODE}|PSY", f"{ACT_CODE}|SUD", f"{ACT_CODE}|ETHUD"
HOUSING = f"{DATA_CLASS}|housing"
HTEST = f"{REASON}|HTEST"

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
NURSE, UNIT, WARD, MUNICIPALITY = "Practitioner/nurse", "Organization/unit", "Organization/ward", "Organization/town"
FORM = "https://faellesplan.dk/fhir/StructureDefinition/consent-form"
UNKNOWN = [{"url": "https://example.org/unknown", "valueBoolean": True}]


def coding(label: str) -> dict[str, str]:
    """A Coding of `system|code`."""
    system, _, code = label.rpartition("|")
    return {"system": system, "code": code}


def actor(*references: str, role: str = "IRCP", **more: Any) -> list[dict[str, Any]]:
    """Provision.actor, with literal references or identifiers (`system|value`)."""
    said = {"role": {"coding": [{"system": f"{THO}/v3-ParticipationType", "code": role}]}}
    return [said | {"reference": reference(r)} | more for r in references]


def reference(key: str) -> dict[str, Any]:
    """A literal or a logical Reference."""
    system, bar, value = key.partition("|")
    return {"identifier": {"system": system, "value": value}} if bar else {"reference": key}


def rule(says: str, *exceptions: dict[str, Any], **elements: Any) -> dict[str, Any]:
    """A provision. `purpose` and `action` are codes, `labels` and `classes` are `system|code`."""
    made: dict[str, Any] = {"type": says} if says else {}
    for name, value in elements.items():
        if name == "purpose":
            made["purpose"] = [coding(f"{REASON}|{code}") for code in value]
        elif name == "labels":
            made["securityLabel"] = [coding(label) for label in value]
        elif name == "classes":
            made["class"] = [coding(c) for c in value]
        elif name == "code":
            made["code"] = [{"coding": [coding(c)]} for c in value]
        elif name == "action":
            made["action"] = [{"coding": [coding(f"{THO}/consentaction|{code}")]} for code in value]
        else:
            made[name] = value
    if exceptions:
        made["provision"] = list(exceptions)
    return made


def data(meaning: str, *references: str) -> list[dict[str, Any]]:
    """Provision.data."""
    return [{"meaning": meaning, "reference": reference(r)} for r in references]


def consent(provision: dict[str, Any] | None, id: str = "c1", **elements: Any) -> dict[str, Any]:
    """A Consent in force for Patient/p1."""
    made = {
        "resourceType": "Consent",
        "id": id,
        "status": "active",
        "scope": {"coding": [{"system": f"{THO}/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": "Patient/p1"},
        "dateTime": "2026-01-10",
        "provision": provision,
    } | elements
    return {name: value for name, value in made.items() if value is not None}


def written(provision: dict[str, Any], **elements: Any) -> dict[str, Any]:
    """A consent in written form."""
    return consent(provision, extension=[{"url": FORM, "valueCode": "written"}], **elements)


def ask(*purposes: str, **more: Any) -> Ask:
    """A nurse of one unit, for treatment unless told otherwise."""
    said: dict[str, Any] = {"actors": frozenset({NURSE}), "organisations": frozenset({UNIT}), "now": NOW}
    return Ask(**said | {"purposes": purposes or ("TREAT",)} | more)


def thing(*labels: str, **more: Any) -> Facts:
    """An observation of Patient/p1 from the hospital, with a date in March 2026."""
    said: dict[str, Any] = {
        "kind": "Observation", "id": "o1", "citizen": "p1", "sector": "region", "source": "rh", "data_class": "health",
        "labels": frozenset(labels or (N,)), "clinical": dates("2026-03-01"), "updated": dates("2026-03-01")[0],
    }  # fmt: skip
    return Facts(**said | more)


def dates(*texts: str) -> tuple[datetime, ...]:
    """Both ends of every date, as facts hold them."""
    found = [span(text) for text in texts]
    return tuple(moment for one in found if one for moment in one)


def at(text: str) -> datetime:
    """A moment."""
    return datetime.fromisoformat(text)


def hear(
    consents: Sequence[dict[str, Any]] | dict[str, Any], asked: Ask | None = None, about: Facts | None = None,
    same: Mapping[str, frozenset[str]] | None = None,
) -> Verdict:  # fmt: skip
    """The verdict of these consents."""
    listed = [consents] if isinstance(consents, dict) else consents
    return evaluate([compile_consent(c) for c in listed], asked or ask(), about or thing(), same)


def word(*arguments: Any, **named: Any) -> str:
    """permit, deny or silent."""
    return str(hear(*arguments, **named).word)
