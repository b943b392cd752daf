"""What a naive reading of KL's messages gets wrong (the pitfalls of the field notes, by their numbers); those that have
no test of their own elsewhere in this folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.labels import Labeller
from gateway.domain.plan import compose
from gateway.domain.statement import Verb
from gateway.translate import policy_tables
from gateway.translate.kl import Kl
from tests.translate.kl.conftest import MAPPINGS
from tests.translate.kl.orders import Json, message, of
from tests.translate.kl.orders import raw as order_raw
from tests.translate.kl.reporting import CARE_SOCIAL, about, coded, folded, intervention, plan, ranked, target_group

KLE = "https://data.gov.dk/id/classification/KLE"
FFB = "urn:oid:1.2.208.176.2.22"
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": "2509479989"}],
}
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def ordered(*resources: Json) -> Json:
    return message(PATIENT, *resources, focus="Patient/p1")


def granted(code: Json) -> Json:
    made = intervention("i", "a")
    made["activity"][0]["detail"]["code"] = code
    return made


@pytest.fixture(scope="module")
def labeller() -> Labeller:
    return policy_tables.load(MAPPINGS / "policy")[1]


def test_2_what_points_upwards_is_not_lost(kl: Kl) -> None:
    """The header points at the plan; nothing points at its interventions and consents."""
    consent = {
        "resourceType": "Consent", "id": "k", "status": "active", "patient": {"reference": "Patient/p1"},
        "scope": coded("patient-privacy", "http://terminology.hl7.org/CodeSystem/consentscope"),
        "category": [{"text": "Til moderen"}], "policyRule": {"text": "persondataloven"},
    }  # fmt: skip
    bundle = ordered(plan("a", intent="plan"), intervention("i", "a"), intervention("j", "i"), consent)
    bundle["entry"][0]["resource"]["focus"] = [{"reference": "CarePlan/a"}]
    assert {"CarePlan/a", "CarePlan/i", "CarePlan/j", "Consent/k"} <= folded(kl, bundle).keys()


@pytest.mark.parametrize(
    ("code", "words", "data_class"),
    [
        ({"coding": [{"system": KLE, "code": "27.51.04"}]}, "Social behandling for stofmisbrug", "substance"),
        ({"coding": [{"system": KLE, "code": "27.57.16"}]}, "§ 110", "housing"),
        ({"coding": [{"system": KLE, "code": "27.57.16"}], "text": "Herberg, § 110"}, "Herberg, § 110", "housing"),
        ({"text": "Stofmisbrugsbehandling efter servicelovens § 101"}, "servicelovens § 101", "substance"),
        ({"coding": [{"system": FFB, "display": "Kørsel"}], "text": "Kørsel, § 105"}, "Kørsel, § 105", "social"),
        ({"coding": [{"system": FFB, "code": "80aa8ea7-4ad8-405f-876a-4c0f89fde06a"}], "text": "Ophold, § 110"},
         "Ophold, § 110", "housing"),
    ],
)  # fmt: skip
def test_6_and_23_what_ffb_cannot_code_is_carried_by_kle_paragraph_and_text(
    kl: Kl, labeller: Labeller, code: Json, words: str, data_class: str
) -> None:
    made = folded(kl, ordered(plan("a", intent="plan"), granted(code)))
    intervention_ = made["CarePlan/i"]
    assert labeller.label(intervention_.body, "municipality", "CarePlan", "koebenhavn-ffb")[1] == data_class
    joint = compose([r.body for r in made.values()], "p", NOW)[0]
    (detail,) = [a["detail"] for a in joint["activity"]]
    assert words in json.dumps(detail["code"], ensure_ascii=False)
    sent = {c.get("code") for c in code.get("coding", ())}
    assert sent <= {c.get("code") for c in detail["code"].get("coding", ())}


def test_22_a_retired_kle_number_stays_in_an_old_plan(kl: Kl) -> None:
    category = [{"coding": [{"system": KLE, "code": "27.35.04", "display": "Som den hed"}]}]
    body = folded(kl, ordered(plan("a", intent="plan", category=category)))["CarePlan/a"].body
    assert body["category"][0]["coding"][0] == category[0]["coding"][0]


@pytest.mark.parametrize("status", ["draft", "revoked", "on-hold", "completed", "unknown"])
def test_24_a_plan_that_was_declined_is_a_state_and_no_error(kl: Kl, status: str) -> None:
    found = kl.translate(order_raw(ordered(plan("a", intent="proposal", status=status))))
    assert {s.verb for s in found.statements} == {Verb.ASSERT}
    made = folded(kl, ordered(plan("a", intent="proposal", status=status)))["CarePlan/a"]
    assert (made.withdrawn, made.body["status"]) == (False, status)


_INFORMERS = {
    "citizen": "25b4e705-2e9a-47a2-b11a-c829316b9d3a", "others": "63338442-7b2e-405b-acc0-142361ef19f1",
    "caseworker": "f6ea2920-7dde-491e-a489-6b99a3904069",
}  # fmt: skip


def test_25_what_citizen_relatives_and_staff_say_stays_apart(kl: Kl) -> None:
    url = "http://fhir.kl.dk/core/StructureDefinition/MatterOfInterestInformer"

    def told(who: str, code: str) -> Json:
        return about(
            "Observation", who, status="final", code=coded("25c5c614-305f-46cd-9891-55d564fc30cf"),
            extension=[{"url": url, "valueCodeableConcept": coded(code, CARE_SOCIAL)}],
            valueCodeableConcept={"text": f"Det siger {who}."},
        )  # fmt: skip

    outcome = {
        "text": "Nået",
        "extension": [{"url": url, "valueCodeableConcept": coded(_INFORMERS["caseworker"], CARE_SOCIAL)}],
    }
    goal = about("Goal", "g", lifecycleStatus="completed", description={"text": "Egen nøgle"}, outcomeCode=[outcome])
    made = folded(kl, ordered(*(told(who, code) for who, code in _INFORMERS.items()), goal))
    for who, code in _INFORMERS.items():
        body = made[f"Observation/{who}"].body
        assert body["valueCodeableConcept"] == {"text": f"Det siger {who}."}
        (informer,) = body["extension"][0]["valueCodeableConcept"]["coding"]
        assert informer["code"] == code
        assert informer["display"], "whom it is from is told in words too"
    kept = made["Goal/g"].body["outcomeCode"][0]
    assert kept["extension"][0]["valueCodeableConcept"]["coding"][0]["display"] == "Sagsbehandler"


GOALS = {
    "416fe27d-3ccf-4390-8742-8b52a9d8dc78": "wishes",  # FFB borgers mål og ønsker
    "ffb9886b-d04e-46b1-9165-a400f91f822b": "wishes",  # Borgers ønsker og mål
    "424827b1-23aa-4848-962b-56ee47def560": "social",  # Indsatsformål
    "0bb3daef-538d-45dc-b444-abdbcb63f6bc": "social",  # FFB indsatsmål
    "6746d4af-145a-4bfd-a672-05c0cf11b53b": "social",  # FFB delmål
    "ca552020-6ed1-4cdc-b0d4-32697f1f27ad": "social",  # FSIII tilstandsmål
}


@pytest.mark.parametrize(("category", "data_class"), GOALS.items())
def test_six_kinds_of_goal_and_the_citizens_own_are_wishes(
    kl: Kl, labeller: Labeller, category: str, data_class: str
) -> None:
    """`expressedBy` is always the staff who wrote it down, even for what the citizen wishes."""
    goal = about("Goal", "g", lifecycleStatus="active", description={"text": "Egen nøgle"},
                 category=[coded(category, CARE_SOCIAL)], expressedBy={"reference": "Practitioner/s"})  # fmt: skip
    staff = {"resourceType": "Practitioner", "id": "s", "name": [{"given": ["Karen"], "family": "Lund"}]}
    body = folded(kl, ordered(goal, staff))["Goal/g"].body
    assert body["category"][0]["coding"][0]["code"] == category
    assert body["category"][0]["coding"][0]["display"], "the kind is told in words"
    assert body["expressedBy"] == {"type": "Practitioner", "display": "Karen Lund"}
    assert labeller.label(body, "municipality", "Goal", "koebenhavn-ffb")[1] == data_class


def test_goals_lead_to_their_sub_goals_and_conditions(kl: Kl) -> None:
    relation = {
        "url": "http://hl7.org/fhir/StructureDefinition/goal-relationship",
        "extension": [
            {"url": "type", "valueCodeableConcept": {"text": "based-on"}},
            {"url": "target", "valueReference": {"reference": "Goal/g"}},
        ],
    }
    goal = about("Goal", "g", lifecycleStatus="active", description={"text": "Egen bolig"}, addresses=[ranked("c", 1)])
    part = about("Goal", "d", lifecycleStatus="active", description={"text": "Egen nøgle"}, extension=[relation])
    made = folded(kl, ordered(goal, part, target_group("c")))
    target = made["Goal/d"].body["extension"][0]["extension"][1]["valueReference"]
    assert target == {"reference": f"Goal/{made['Goal/g'].id}"}
    (addressed,) = made["Goal/g"].body["addresses"]
    assert addressed["reference"] == f"Condition/{made['Condition/c'].id}"
    assert addressed["extension"][0]["valuePositiveInt"] == 1


def test_who_told_it_stands_in_what_was_told(kl: Kl) -> None:
    """Provenance: the mother asked, the municipality wrote it down."""

    def agent(kind: str, **who: Any) -> Json:
        return {"type": coded(kind, "http://terminology.hl7.org/CodeSystem/provenance-participant-type"), **who}

    asked = about("ServiceRequest", "s", status="active", intent="proposal",
                  relevantHistory=[{"reference": "Provenance/h"}])  # fmt: skip
    mother = {"resourceType": "RelatedPerson", "id": "m", "patient": {"reference": "Patient/p1"}}
    staff = {"resourceType": "Practitioner", "id": "k", "name": [{"given": ["Karen"], "family": "Lund"}]}
    history = {
        "resourceType": "Provenance", "id": "h", "target": [{"reference": "ServiceRequest/s"}],
        "recorded": "2026-01-12T09:00:00+01:00",
        "agent": [
            agent("author", who={"reference": "Practitioner/k"}),
            agent("informant", who={"reference": "RelatedPerson/m"}),
        ],
    }  # fmt: skip
    made = folded(kl, ordered(asked, mother, staff, history))
    body = made["ServiceRequest/s"].body
    assert body["relevantHistory"] == [{"reference": "#h"}]
    (inside,) = body["contained"]
    assert inside["target"] == [{"reference": "#"}]
    assert [a["who"] for a in inside["agent"]] == [
        {"type": "Practitioner", "display": "Karen Lund"},
        {"reference": f"RelatedPerson/{made['RelatedPerson/m'].id}"},
    ]


def test_what_is_told_by_whom_is_found_from_either_side(kl: Kl) -> None:
    """A Provenance that nothing points at stands in what it tells of, one of a former version where it is named."""
    first = about("Condition", "c", code={"text": "Sorg"})
    url = "http://fhir.kl.dk/core/StructureDefinition/ExtEventHist"
    former = {"url": url, "valueReference": {"reference": "Provenance/h"}}
    second = about("Condition", "d", code={"text": "Sorg"}, extension=[former])
    history = {"resourceType": "Provenance", "id": "h", "target": [{"reference": "Condition/c"}],
               "recorded": "2026-01-12T09:00:00+01:00", "agent": [{"who": {"display": "Natasja"}}]}  # fmt: skip
    made = folded(kl, ordered(first, second, history))
    assert made["Condition/c"].body["contained"][0]["target"] == [{"reference": "#"}]
    inside = made["Condition/d"].body["contained"][0]
    assert inside["target"] == [{"reference": f"Condition/{made['Condition/c'].id}"}]
    assert made["Condition/d"].body["extension"][0]["valueReference"] == {"reference": "#h"}


def test_the_bill_goes_to_an_account_with_an_ean(kl: Kl) -> None:
    owner = {"resourceType": "Organization", "id": "o", "name": "Økonomi",
             "identifier": [{"system": "urn:oid:1.3.88", "value": "5790000000012"}]}  # fmt: skip
    account = {"resourceType": "Account", "id": "b", "status": "active", "owner": {"reference": "Organization/o"},
               "identifier": [{"system": "urn:accountno", "value": "4711"}]}  # fmt: skip
    body = folded(kl, ordered(account, owner))["Account/b"].body
    assert body["identifier"] == [{"system": "urn:accountno", "value": "4711"}]
    assert body["owner"]["identifier"] == {"system": "http://www.gs1.org/gln", "value": "5790000000012"}
    assert body["subject"][0]["reference"].startswith("Patient/")


@pytest.mark.parametrize("form", ["5", "6", "7"])
def test_guardians_by_their_paragraph_and_an_advocate(kl: Kl, form: str) -> None:
    """Værgemålsloven §§ 5, 6 and 7; a bisidder by KL's own code."""
    base = "http://fhir.kl.dk/ffbmessaging"
    guardian = {
        "resourceType": "RelatedPerson", "id": "v", "patient": {"reference": "Patient/p1"},
        "relationship": [coded("GUARD", "http://terminology.hl7.org/CodeSystem/v3-RoleCode")],
        "extension": [{"url": f"{base}/StructureDefinition/kl-messaging-ffb-guardianshipForm", "valueCoding": {
            "system": f"{base}/CodeSystem/kl-messaging-ffb-guardianshipFormCodes", "code": form}}],
    }  # fmt: skip
    advocate = guardian | {
        "id": "b", "relationship": [coded("advocate", f"{base}/CodeSystem/kl-messaging-ffb-relationshipTypeCodes")],
    }  # fmt: skip
    advocate.pop("extension")
    made = folded(kl, ordered(guardian, advocate))
    assert made["RelatedPerson/v"].body["extension"][0]["valueCoding"]["code"] == form
    assert made["RelatedPerson/b"].body["relationship"][0]["coding"][0]["code"] == "advocate"


def test_a_document_may_be_a_title_alone(kl: Kl) -> None:
    paper = {"resourceType": "DocumentReference", "id": "d", "status": "current", "description": "Handleplan § 141",
             "content": [{"attachment": {"contentType": "application/pdf", "title": "Handleplan.pdf"}}]}  # fmt: skip
    found = kl.translate(order_raw(ordered(paper)))
    assert of(found, paper).body["content"] == paper["content"]
    assert "url" not in paper["content"][0]["attachment"]
    assert Path(paper["content"][0]["attachment"]["title"]).suffix == ".pdf"


@pytest.mark.parametrize("told", ["", "unconfirmed", "refuted"])
def test_a_condition_without_a_word_about_it_is_confirmed(kl: Kl, told: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    more = {"verificationStatus": coded(told, system)} if told else {}
    body = folded(kl, ordered(about("Condition", "c", code={"text": "Sorg"}, **more)))["Condition/c"].body
    assert body["verificationStatus"] == coded(told or "confirmed", system)
