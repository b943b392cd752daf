"""KL's own examples, fed as the entries of an order: each becomes a statement, nothing of it gets lost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.identifier import CPR, Identifier
from gateway.translate.kl import Kl
from tests.translate.kl.orders import Json, message, raw

_NOBODYS = ("Organization", "Practitioner", "CareTeam", "Provenance")
_KEPT = {
    "CarePlan", "Condition", "Goal", "CareTeam", "RelatedPerson", "Consent", "Encounter", "ClinicalImpression",
    "Observation", "DocumentReference", "ServiceRequest", "Patient",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(examples: Path) -> Path:
    found = examples / "municipal" / "fhir" / "examples"
    if not found.is_dir():
        pytest.skip("KL's examples are not there")
    return found


def subject(resource: Json) -> str:
    return str((resource.get("subject") or resource.get("patient") or {}).get("reference", ""))


def told(node: Any) -> list[str]:
    """Every text in a body but references, which change on the way."""
    if isinstance(node, list):
        return [t for item in node for t in told(item)]
    if isinstance(node, dict):
        return [t for name, value in node.items() if name != "reference" for t in told(value)]
    return [node] if isinstance(node, str) else []


@pytest.mark.parametrize("citizen", ["Andreas", "BorgerEjnar", "Judith", "Mads", "Mark"])
def test_a_citizen_of_klcore(kl: Kl, folder: Path, citizen: str) -> None:
    everything = [json.loads(p.read_bytes()) for p in sorted(folder.glob("*.json")) if "Bundle" not in p.name]
    own = [r for r in everything if subject(r) == f"Patient/{citizen}" or r["id"] == citizen]
    own += [r for r in everything if r["resourceType"] in _NOBODYS]
    found = kl.translate(raw(message(*own, focus=f"Patient/{citizen}")))
    kept = [r for r in own if r["resourceType"] in _KEPT]
    assert Counter(s.kind for s in found.statements) == Counter(r["resourceType"] for r in kept)
    assert found.citizen[0].system in (CPR, "urn:faellesplan:source:koebenhavn-ffb:patient")
    said = {s.key.rpartition("|")[2]: s for s in found.statements if s.kind != "Patient"}
    for resource in kept:
        if resource["resourceType"] != "Patient":
            lost = Counter(told({n: v for n, v in resource.items() if n not in ("resourceType", "id", "meta", "text")}))
            assert lost <= Counter(told(said[resource["id"]].body)), resource["id"]


@pytest.mark.parametrize("name", ["ffbreporting-Bundle-*", "klgateway-Bundle-*"])
def test_what_reports_hold_can_be_ordered(kl: Kl, folder: Path, name: str) -> None:
    for path in sorted(folder.glob(name)):
        entries = [e["resource"] for e in json.loads(path.read_bytes())["entry"]]
        patient = next(r for r in entries if r["resourceType"] == "Patient")
        found = kl.translate(raw(message(*entries, focus=f"Patient/{patient['id']}")))
        kept = Counter(r["resourceType"] for r in entries if r["resourceType"] in _KEPT)
        assert Counter(s.kind for s in found.statements) == kept
        assert found.citizen == (Identifier(CPR, patient["identifier"][0]["value"]),)  # both fail modulus 11
