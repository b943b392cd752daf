"""KL's own examples: every resource of KLCore, fed by itself as the entry of an order and of a report with the citizen
that it names, and each citizen whole. Each becomes a statement, nothing of it gets lost, and what is made is R4."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway.domain.identifier import CPR, Identifier
from gateway.domain.plan import is_intervention
from gateway.domain.statement import Statement
from gateway.translate.fhir.structure import structure
from gateway.translate.kl import Kl
from gateway.translate.translation import Translation
from tests.translate.kl.orders import Json, message, raw
from tests.translate.kl.reporting import SENDER

_BESIDE = Path(__file__).parents[5] / "shared" / "examples"
EXAMPLES = Path(os.environ.get("GATEWAY_EXAMPLES", _BESIDE)) / "municipal" / "fhir" / "examples"
_TOLD_ELSEWHERE = ("Organization", "Practitioner", "Provenance")
_KEPT = {
    "CarePlan", "Condition", "Goal", "CareTeam", "RelatedPerson", "Consent", "Encounter", "ClinicalImpression",
    "Observation", "DocumentReference", "ServiceRequest", "Patient", "Procedure", "Account",
}  # fmt: skip
_SUBJECT = {"RelatedPerson": "patient", "Consent": "patient"}
NAMES = sorted(p.name for p in EXAMPLES.glob("*.json") if "Bundle" not in p.name)


@pytest.fixture(scope="module")
def library(examples: Path) -> dict[str, Json]:
    """Every example resource, by `Type/id`."""
    folder = examples / "municipal" / "fhir" / "examples"
    if not folder.is_dir():
        pytest.skip("KL's examples are not there")
    read = (json.loads(p.read_bytes()) for p in sorted(folder.glob("*.json")) if "Bundle" not in p.name)
    return {f"{r['resourceType']}/{r['id']}": r for r in read}


def pointed_at(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from pointed_at(item)
    elif isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for value in node.values():
            yield from pointed_at(value)


def subject(resource: Json) -> str:
    """Whom it is about, where it says so."""
    if resource["resourceType"] == "Patient":
        return f"Patient/{resource['id']}"
    return str((resource.get("subject") or resource.get("patient") or {}).get("reference", ""))


def around(library: dict[str, Json], resource: Json) -> list[Json]:
    """The resource and all that it points at, in turn."""
    found, waiting = [resource], list(pointed_at(resource))
    while waiting:
        other = library.get(waiting.pop())
        if other is not None and other not in found:
            found.append(other)
            waiting += list(pointed_at(other))
    return found


def citizen_of(library: dict[str, Json], resource: Json) -> Json:
    """The citizen that it names, or that something names which points at it."""
    near = around(library, resource)
    pointing = (r for r in library.values() if resource in around(library, r))
    for one in (*near, *pointing):
        if subject(one) in library:
            return library[subject(one)]
    return library["Patient/Andreas"]


def as_report(entries: list[Json], patient: Json) -> Json:
    """A report of these, by the municipality that KL's test reports come from."""
    number = {"system": "https://www.kombit.dk/organisation", "value": SENDER}
    sent = [patient | {"managingOrganization": {"identifier": number}}, *(e for e in entries if e != patient)]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": "2021-06-18T12:00:00Z",
        "entry": [{"fullUrl": f"{r['resourceType']}/{r['id']}", "resource": r} for r in sent],
    }


def both(kl: Kl, entries: list[Json], patient: Json) -> list[Translation]:
    """As an order and as a report."""
    listed = [patient, *(e for e in entries if e != patient)]
    order = message(*listed, focus=f"Patient/{patient['id']}")
    return [kl.translate(raw(order)), kl.reports.translate(raw(as_report(entries, patient)))]


def told(node: Any) -> list[str]:
    """Every text in a body but references, which change on the way."""
    if isinstance(node, list):
        return [t for item in node for t in told(item)]
    if isinstance(node, dict):
        return [t for name, value in node.items() if name != "reference" for t in told(value)]
    return [node] if isinstance(node, str) else [str(node)]


def content(resource: Json) -> Counter[str]:
    return Counter(told({n: v for n, v in resource.items() if n not in ("resourceType", "id", "meta", "text")}))


def whole(one: Statement) -> Json:
    """The statement as the resource that it becomes."""
    made = {"resourceType": one.kind, "id": "x", **one.body}
    return made if one.kind == "Patient" else made | {_SUBJECT.get(one.kind, "subject"): {"reference": "Patient/p"}}


def about(found: Translation, resource: Json) -> Statement:
    """What is said of a resource of the Bundle."""
    if resource["resourceType"] == "Patient":
        return next(s for s in found.statements if s.kind == "Patient")
    key = f"{found.source.id}|{resource['resourceType']}|{resource['id']}"
    return next(s for s in found.statements if s.key == key)


@pytest.mark.parametrize("name", NAMES)
def test_a_resource_of_klcore_by_itself(kl: Kl, library: dict[str, Json], name: str) -> None:
    resource = json.loads((EXAMPLES / name).read_bytes())
    patient = citizen_of(library, resource)
    near = [*around(library, resource)]
    if resource["resourceType"] in _TOLD_ELSEWHERE:  # they are told where something points at them
        near += [r for r in library.values() if resource in around(library, r) and citizen_of(library, r) == patient]
    near = [r for r in near if not subject(r) or subject(r) == f"Patient/{patient['id']}"]
    for found in both(kl, near, patient):
        if resource["resourceType"] in _KEPT - {"Patient"}:
            body = about(found, resource).body
            assert content(resource) <= content(body), content(resource) - content(body)
        for one in found.statements:
            assert structure(whole(one)) == []
            get_fhir_model_class(one.kind).model_validate(whole(one))
        assert not any("holds" in f.text for f in found.findings), found.findings


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith(_TOLD_ELSEWHERE)])
def test_who_has_no_statement_is_told_where_it_is_pointed_at(kl: Kl, library: dict[str, Json], name: str) -> None:
    resource = json.loads((EXAMPLES / name).read_bytes())
    patient = citizen_of(library, resource)
    tellers = [r for r in library.values() if f"{resource['resourceType']}/{resource['id']}" in pointed_at(r)]
    targets = {t["reference"] for t in resource.get("target", ())}
    tellers += [r for ref, r in library.items() if ref in targets]
    assert tellers, "something in the examples points at it"
    teller = next((r for r in tellers if subject(r) in ("", f"Patient/{patient['id']}")), tellers[0])
    near = [r for one in (teller, resource) for r in around(library, one)]
    near = [r for r in near if not subject(r) or subject(r) == f"Patient/{patient['id']}"]
    for found in both(kl, near, patient):
        bodies = json.dumps([s.body for s in found.statements], ensure_ascii=False)
        if resource["resourceType"] == "Organization":
            assert resource["name"] in bodies
            for number in resource.get("identifier", ()):  # SOR, under an OID that is not SOR's
                assert f'"urn:oid:1.2.208.176.1.1", "value": "{number["value"]}"' in bodies
        elif resource["resourceType"] == "Practitioner":
            assert " ".join([*resource["name"][0]["given"], resource["name"][0]["family"]]) in bodies
        else:
            (inside,) = [c for s in found.statements for c in s.body.get("contained", ()) if c["id"] == resource["id"]][
                :1
            ]
            assert inside["recorded"] == resource["recorded"]
            assert len(inside["agent"]) == len(resource["agent"])
            assert "display" in json.dumps(inside["agent"][0])


@pytest.mark.parametrize("citizen", ["Andreas", "BorgerEjnar", "Judith", "Mads", "Mark"])
def test_a_citizen_of_klcore(kl: Kl, library: dict[str, Json], citizen: str) -> None:
    patient = library[f"Patient/{citizen}"]
    own = [r for r in library.values() if f"Patient/{citizen}" in pointed_at(r)]
    entries = [r for one in own for r in around(library, one)]
    entries += [r for r in library.values() if r["resourceType"] in ("Organization", "Practitioner")]
    entries = list({f"{r['resourceType']}/{r['id']}": r for r in entries}.values())
    for found in both(kl, entries, patient):
        kept = [r for r in entries if r["resourceType"] in _KEPT]
        assert Counter(s.kind for s in found.statements) == Counter(r["resourceType"] for r in kept)
        assert found.citizen[0].system in (CPR, "urn:faellesplan:source:koebenhavn-ffb:patient")
        literal = {ref for s in found.statements for ref in pointed_at(s.body) if not ref.startswith("#")}
        assert {ref.partition("/")[0] for ref in literal} <= _KEPT


def test_plans_interventions_goals_and_informants_of_klcore(kl: Kl, library: dict[str, Json]) -> None:
    """Facts of the examples, as a reader of the joint plan needs them."""
    plans = {r["id"]: r for r in library.values() if r["resourceType"] == "CarePlan"}
    made = {}
    for name, resource in plans.items():
        (found, _) = both(kl, around(library, resource), citizen_of(library, resource))
        made[name] = about(found, resource).body
    assert {n: is_intervention(b) for n, b in made.items()} == {
        "AndreasDagligeOpgaver": True, "AndreasSocialeRelationer": True, "PressureUlcerIntervention": True,
        "FFBIndsats": False, "NySocialIndsats": False,
    }  # fmt: skip
    assert made["FFBIndsats"]["author"]["identifier"]["system"] == "urn:oid:1.2.208.176.1.1"
    kinds = Counter(r["category"][0]["coding"][0]["code"] for r in library.values() if r["resourceType"] == "Goal")
    assert len(kinds) >= 5
    for name in ("MentalInformationMads", "MentalInformationMadsOthers"):
        observation = library[f"Observation/{name}"]
        (found, _) = both(kl, around(library, observation), library["Patient/Mads"])
        (informer,) = about(found, observation).body["extension"]
        sent = observation["extension"][0]["valueCodeableConcept"]["coding"][0]["code"]
        assert informer["valueCodeableConcept"]["coding"][0]["code"] == sent


# --- reports


@pytest.mark.parametrize("name", ["ffbreporting-Bundle-*", "klgateway-Bundle-*"])
def test_the_official_reports(kl: Kl, library: dict[str, Json], name: str) -> None:
    paths = sorted(EXAMPLES.glob(name))
    assert paths
    for path in paths:
        entries = [e["resource"] for e in json.loads(path.read_bytes())["entry"]]
        patient = next(r for r in entries if r["resourceType"] == "Patient")
        as_order = kl.translate(raw(message(*entries, focus=f"Patient/{patient['id']}")))
        for found in (as_order, kl.reports.translate(path.read_bytes())):
            assert Counter(s.kind for s in found.statements) == Counter(r["resourceType"] for r in entries)
            assert found.citizen[0] == Identifier(CPR, patient["identifier"][0]["value"])  # both fail modulus 11
            assert found.findings == ()
            for resource in entries:
                said = about(found, resource)
                if said.kind != "Patient":
                    lost = content(resource) - content(said.body)
                    assert not {t for t in lost if not t.startswith("http")}, (resource["id"], lost)
                assert structure(whole(said)) == []
                get_fhir_model_class(said.kind).model_validate(whole(said))


def test_the_fsiii_report_has_every_code_twice(kl: Kl, library: dict[str, Json]) -> None:
    (path,) = EXAMPLES.glob("klgateway-Bundle-*")
    sent = {
        c["code"]
        for e in json.loads(path.read_bytes())["entry"]
        for c in _codings(e["resource"])
        if c["system"] == "urn:oid:1.2.208.176.2.21"
    }
    made = [c for s in kl.reports.translate(path.read_bytes()).statements for c in _codings(s.body)]
    fsiii = {c["code"] for c in made if c["system"] == "urn:oid:1.2.208.176.2.21"}
    assert sent <= fsiii
    assert len(fsiii) == 2 * len(sent)
    assert all("display" in c for c in made if c["system"] == "urn:oid:1.2.208.176.2.21")


def _codings(node: Any) -> Iterator[Json]:
    if isinstance(node, list):
        for item in node:
            yield from _codings(item)
    elif isinstance(node, dict):
        yield from node.get("coding", ())
        for value in node.values():
            yield from _codings(value)


# --- what the profiles require


def required(definition: Json) -> list[str]:
    """The elements right below the type that the profile requires."""
    kind = definition["type"]
    elements = (e for e in definition["differential"]["element"] if e.get("min", 0) > 0 and "sliceName" not in e)
    names = (e["path"].removeprefix(f"{kind}.") for e in elements if e["path"].startswith(f"{kind}."))
    return [name for name in names if "." not in name]


def has(body: Json, name: str) -> bool:
    stem = name.removesuffix("[x]")
    return any(key == stem or (name.endswith("[x]") and key.startswith(stem)) for key in body)


def test_what_is_made_keeps_what_its_profile_requires(kl: Kl, library: dict[str, Json]) -> None:
    definitions = (
        json.loads(p.read_bytes()) for p in (EXAMPLES.parent / "structuredefinitions").glob("Structure*.json")
    )
    demands = {d["url"]: required(d) for d in definitions}
    held = 0
    for path in EXAMPLES.glob("*Bundle*"):
        found = kl.reports.translate(path.read_bytes())
        for entry in json.loads(path.read_bytes())["entry"]:
            held += keeps(found, entry["resource"], demands)
    for resource in library.values():
        if resource["resourceType"] in _KEPT:
            (found, _) = both(kl, around(library, resource), citizen_of(library, resource))
            held += keeps(found, resource, demands)
    assert held > 100


def keeps(found: Translation, resource: Json, demands: dict[str, list[str]]) -> int:
    """How many demands were looked at; each must be met by what is made, where the example met it."""
    body = whole(about(found, resource))
    named = [name for url in resource.get("meta", {}).get("profile", ()) for name in demands.get(url, ())]
    asked = [name for name in named if has(resource, name)]
    assert [name for name in asked if not has(body, name)] == [], resource["id"]
    return len(asked)
