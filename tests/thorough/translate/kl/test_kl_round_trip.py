"""KL Bundle → statements → fold → KL Bundle → …: the facts are the same, and what is written is KL's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import bootstrap
from gateway.cli.together import folded
from gateway.domain.identifier import FK_ORG
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.translate.door import door_of
from gateway.translate.kl.write import Tables, write
from gateway.translate.kl.write.resources import messages
from gateway.translate.languages import Languages
from tests.thorough.translate.kl.differential import Differentials
from tests.translate.kl.orders import PROJECT, order, raw

Json = dict[str, Any]

MAPPINGS = PROJECT / "mappings"
HL7 = "http://terminology.hl7.org/CodeSystem"
PURPOSE = "424827b1-23aa-4848-962b-56ee47def560"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDS = ids(b"test")
EXAMPLES = MAPPINGS / "kl" / "examples"
OWN = [file for file in sorted(EXAMPLES.glob("*.json")) if not file.name.endswith("expected.json")]
SENDER = {
    "identifier": {
        "use": "official",
        "system": "https://www.kombit.dk/organisation",
        "value": "d4e3f4fb-6761-4d6c-9086-74c49231f11e",
    }
}


@lru_cache
def world() -> tuple[Languages, dict[str, Source]]:
    rules = bootstrap.read_rules(MAPPINGS, b"test", strangers=True, like="koebenhavn-ffb")
    return rules.languages, {one.id: one for one in rules.sources}


def understood(message: bytes) -> tuple[str, dict[str, Json]]:
    """The source of a message, and what its resources are, by `Type/id`."""
    languages, sources = world()
    made = languages.of(door_of(message)).translate(message)
    found = folded([made], IDS, sources)
    return made.source.id, {f"{one.kind}/{one.id}": one.body for one in found}


def written(resources: dict[str, Json]) -> Json:
    (bundle,) = messages(list(resources.values()), AT, MAPPINGS)
    return json.loads(bundle)  # type: ignore[no-any-return]


def renamed(resources: dict[str, Json], source: str) -> dict[str, Json]:
    """The resources under the ids that they get when they come in anew from this source."""
    names = {
        url: f"{url.partition('/')[0]}/{IDS(url.partition('/')[0], f'{source}|' + url.replace('/', '|'))}"
        for url in resources
        if not url.startswith("Patient/")
    }

    def named(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: named(value) for name, value in node.items()}
        if isinstance(node, list):
            return [named(item) for item in node]
        return names.get(node, node) if isinstance(node, str) else node

    return {
        names.get(url, url): named(body) | {"id": names.get(url, url).partition("/")[2]}
        for url, body in resources.items()
    }


def check_round(message: bytes) -> None:
    _, before = understood(message)
    bundle = written(before)
    source, after = understood(json.dumps(bundle).encode())
    assert after == renamed(before, source)


def check_bundle(bundle: Json, differentials: Differentials | None) -> None:
    """R4 by an independent model; complete in itself; each resource keeps to the profile that it claims."""
    Bundle.model_validate(bundle)
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    inside = {f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in bundle["entry"]}
    assert all(
        url.endswith(f"/fhir/{name}") for url, name in zip(urls, sorted(inside, key=urls_order(urls)), strict=True)
    )
    assert set(references(bundle)) <= inside
    goals = {f"Goal/{e['resource']['id']}": e["resource"] for e in bundle["entry"] if "/Goal/" in e["fullUrl"]}
    for entry in bundle["entry"]:
        for url in entry["resource"].get("meta", {}).get("profile", []):
            if url.endswith("KLCommonCareSocialCarePlan"):
                named = [goals[one["reference"]] for one in entry["resource"]["goal"]]
                purposes = [one for one in named if one["category"][0]["coding"][0]["code"] == PURPOSE]
                assert len(purposes) == 1
            assert url.startswith("http://fhir.kl.dk/core/StructureDefinition/")
            if differentials:
                assert differentials.faults(entry["resource"], url) == [], entry["fullUrl"]


def urls_order(urls: list[str]) -> Any:
    return lambda name: next(at for at, url in enumerate(urls) if url.endswith(f"/{name}"))


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [one for item in node for one in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["reference"]] if "reference" in node else []
    return own + [one for value in node.values() for one in references(value)]


@pytest.fixture(scope="module")
def differentials(examples: Path) -> Differentials:
    return Differentials(examples / "municipal" / "fhir" / "structuredefinitions")


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)
def test_our_examples_keep_their_facts(file: Path) -> None:
    check_round(file.read_bytes())


def test_public_bundles_keep_their_facts(examples: Path, differentials: Differentials) -> None:
    files = sorted((examples / "municipal" / "fhir" / "examples").glob("*Bundle*.json"))
    assert files
    for file in files:
        check_round(file.read_bytes())
        check_bundle(written(understood(file.read_bytes())[1]), differentials)


def test_public_resources_keep_their_facts(examples: Path, differentials: Differentials) -> None:
    """The single resources of KLCore, each citizen's together with those that it points at."""
    files = sorted((examples / "municipal" / "fhir" / "examples").glob("*-*.json"))
    found = [json.loads(file.read_bytes()) for file in files if "Bundle" not in file.name]
    citizens = [one for one in found if one["resourceType"] == "Patient"]
    assert citizens
    for citizen in citizens:
        here = f"Patient/{citizen['id']}"
        own = [one for one in found if here in (one.get(n, {}).get("reference") for n in ("subject", "patient"))]
        others = [
            one
            for one in found
            if one["resourceType"] in ("Organization", "Practitioner", "CareTeam") and "subject" not in one
        ]
        told = _entries([citizen | {"managingOrganization": SENDER}, *own, *others])
        bundle = {"resourceType": "Bundle", "type": "collection", "timestamp": "2026-02-01T00:00:00Z", "entry": told}
        check_round(raw(bundle))
        check_bundle(written(understood(raw(bundle))[1]), differentials)


def _entries(resources: list[Json]) -> list[Json]:
    return [
        {"fullUrl": f"https://test.fhir.dk/{one['resourceType']}/{one['id']}", "resource": one} for one in resources
    ]


CARE_SOCIAL = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
FFB = "urn:oid:1.2.208.176.2.22"
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
_CATEGORY = st.sampled_from([
    "416fe27d-3ccf-4390-8742-8b52a9d8dc78", "ffb9886b-d04e-46b1-9165-a400f91f822b", PURPOSE,
    "0bb3daef-538d-45dc-b444-abdbcb63f6bc", "6746d4af-145a-4bfd-a672-05c0cf11b53b",
    "ca552020-6ed1-4cdc-b0d4-32697f1f27ad",
])  # fmt: skip
_GOALS = st.lists(st.tuples(st.sampled_from(["proposed", "active", "entered-in-error"]), _CATEGORY, _TEXT), max_size=3)
_EFFORTS = st.lists(
    st.tuples(st.sampled_from(["draft", "active", "completed", "revoked"]), st.booleans(), st.booleans()), max_size=3
)
_CONDITIONS = st.lists(
    st.sampled_from(["293bf940-c075-4e3d-b5ef-6e331202e556", "ab4413f0-fa81-41c0-ad8c-21782c12a0fa"]), max_size=2
)


def plan_with(goals: list[Any], efforts: list[Any], conditions: list[str]) -> bytes:
    """The fixture order as a collection, with more goals, interventions and conditions: some ended, some taken back."""
    left_out = ("MessageHeader", "Account")
    resources = [e["resource"] for e in order()["entry"] if e["resource"]["resourceType"] not in left_out]
    patient = next(one for one in resources if one["resourceType"] == "Patient")
    plan = next(one for one in resources if one["resourceType"] == "CarePlan" and "goal" in one)
    patient["managingOrganization"] = SENDER
    subject = {"subject": {"reference": f"Patient/{patient['id']}"}}
    for at, (status, code, text) in enumerate(goals):
        category = [{"coding": [{"system": CARE_SOCIAL, "code": code}]}]
        goal = {"resourceType": "Goal", "id": f"g{at}", "lifecycleStatus": status, "description": {"text": text}}
        resources.append(goal | subject | {"category": category})
        plan["goal"].append({"reference": f"Goal/g{at}"})
    for at, (status, ended, coded) in enumerate(efforts):
        code = {"coding": [{"system": FFB, "display": "Kørsel"}]} if coded else {"text": "Kørsel efter §105"}
        effort = {"resourceType": "CarePlan", "id": f"e{at}", "status": status, "intent": "order"}
        effort |= subject | {"basedOn": [{"reference": f"CarePlan/{plan['id']}"}], "created": "2025-02-03"}
        effort |= {"period": {"start": "2025-02-10"} | ({"end": "2025-05-01"} if ended else {})}
        resources.append(effort | {"activity": [{"detail": {"status": "in-progress", "code": code}}]})
    for at, target in enumerate(conditions):
        status = {"coding": [{"system": f"{HL7}/condition-clinical", "code": "active"}]}
        condition = {"resourceType": "Condition", "id": f"c{at}", "clinicalStatus": status}
        resources.append(condition | subject | {"code": {"coding": [{"system": FFB, "code": target}]}})
    bundle = {"resourceType": "Bundle", "type": "collection", "timestamp": "2025-06-01T00:00:00Z"}
    return raw(bundle | {"entry": _entries(resources)})


@settings(max_examples=20)
@given(_GOALS, _EFFORTS, _CONDITIONS)
def test_any_plan_keeps_its_facts(goals: list[Any], efforts: list[Any], conditions: list[str]) -> None:
    message = plan_with(goals, efforts, conditions)
    check_round(message)


@settings(max_examples=20)
@given(_GOALS, _EFFORTS, _CONDITIONS)
def test_any_bundle_keeps_to_what_it_claims(
    differentials: Differentials, goals: list[Any], efforts: list[Any], conditions: list[str]
) -> None:
    message = plan_with(goals, efforts, conditions)
    check_bundle(written(understood(message)[1]), differentials)


def test_written_from_a_bundle_of_ours_it_is_the_same_bundle() -> None:
    once = written(understood(OWN[-1].read_bytes())[1])
    again = written({entry["fullUrl"]: entry["resource"] for entry in once["entry"]})
    assert [entry["resource"] for entry in again["entry"]] == [entry["resource"] for entry in once["entry"]]


def test_the_example_is_what_is_written() -> None:
    """mappings/kl/examples/handed-over.json: the plan of the fixture order, handed over by its municipality."""
    _, resources = understood((EXAMPLES / "order.json").read_bytes())
    parts = list(resources.values())
    citizen = next(one for one in parts if one["resourceType"] == "Patient")
    sender = {"type": "Organization", "identifier": {"system": FK_ORG, "value": SENDER["identifier"]["value"]}}
    example = json.loads((EXAMPLES / "handed-over.json").read_bytes())
    assert json.loads(write(parts, citizen, AT, Tables.read(MAPPINGS), sender=sender)) == example
