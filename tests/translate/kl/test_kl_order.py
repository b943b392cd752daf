"""An FFB order becomes statements: every entry, every reference, each trap of the field."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.identifier import CPR, Identifier
from gateway.domain.resource import ids
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import (
    Contradiction,
    GatewayError,
    MissingField,
    NoCitizen,
    RuleBroken,
    UnknownCode,
    UnknownEvent,
    UnknownSource,
    WrongType,
)
from gateway.translate.fhir import parse, write_xml
from gateway.translate.fhir.structure import structure
from gateway.translate.kl import Kl, is_order
from gateway.translate.translation import Translation
from tests.translate.kl.orders import RAW, Json, order, raw, resources, the

OURS = "https://faellesplan.dk/fhir"
FFB = "urn:oid:1.2.208.176.2.22"
OLD_FFB = "http://kl.dk/fhir/common/caresocial/CodeSystem/FFB"
OLD = "http://ffb/messaging/kl.dk/1.0"
NEW = "http://fhir.kl.dk/ffbmessaging"
MUNICIPALITIES = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
HEAD = "Bundle.entry[0].resource"
GOAL = "Bundle.entry[19].resource"


def said(translation: Translation, kind: str) -> list[Statement]:
    return [s for s in translation.statements if s.kind == kind]


def of(translation: Translation, resource: Json) -> Statement:
    """The statement about a resource of the message."""
    key = f"{translation.source.id}|{resource['resourceType']}|{resource['id']}"
    return next(s for s in translation.statements if s.key == key)


def our(resource: Json) -> str:
    """The reference to a resource of the message in our terms."""
    kind = resource["resourceType"]
    return f"{kind}/{ids(b'test')(kind, '|'.join(['koebenhavn-ffb', kind, resource['id']]))}"


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [r for item in node for r in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["reference"]] if isinstance(node.get("reference"), str) else []
    return own + [r for value in node.values() for r in references(value)]


def test_every_entry_is_walked(kl: Kl) -> None:
    """Interventions and the consent are referenced by nobody."""
    found = kl.translate(RAW)
    assert Counter(s.kind for s in found.statements) == {
        "CarePlan": 8, "Condition": 10, "Goal": 3, "CareTeam": 2, "RelatedPerson": 2, "Consent": 1, "Encounter": 1,
        "ClinicalImpression": 1, "Observation": 4, "DocumentReference": 2, "Patient": 1,
    }  # fmt: skip
    pointed_at = {r for s in found.statements for r in references(s.body)}
    lonely = [s for s in found.statements if f"{s.kind}/{ids(b'test')(s.kind, s.key)}" not in pointed_at]
    assert sum("basedOn" in s.body for s in lonely) == 6
    assert [f.text for f in found.findings] == ["Account is not kept here"]


def test_who_when_and_about_whom(kl: Kl) -> None:
    found = kl.translate(RAW)
    assert (found.source.id, found.event) == ("koebenhavn-ffb", "ffb-order")
    assert found.citizen == (Identifier(CPR, "1502824933"),)
    assert found.message_id == order()["entry"][0]["resource"]["id"]
    assert len(found.message_id) == 32  # KL writes it without dashes
    at = datetime(2025, 2, 4, 9, 30, tzinfo=UTC)
    assert {(s.happened, s.recorded, s.act, s.verb) for s in found.statements} == {(at, at, Act.STATE, Verb.ASSERT)}
    assert len({s.origin for s in found.statements}) == len(found.statements)


def test_all_references_lead_to_our_resources(kl: Kl) -> None:
    found = kl.translate(RAW)
    made = {f"{s.kind}/{ids(b'test')(s.kind, s.key)}" for s in found.statements}
    assert {r for s in found.statements for r in references(s.body)} <= made


def test_what_is_made_is_r4(kl: Kl) -> None:
    for one in kl.translate(RAW).statements:
        subject = {"RelatedPerson": "patient", "Consent": "patient"}.get(one.kind, "subject")
        whole = {"resourceType": one.kind, "id": "x", **one.body}
        whole |= {} if one.kind == "Patient" else {subject: {"reference": "Patient/p"}}
        assert structure(whole) == []


def test_the_citizen_is_not_written_into_bodies(kl: Kl) -> None:
    for one in kl.translate(RAW).statements:
        assert not {"subject", "patient", "id", "text", "contained"} & one.body.keys()
        assert "profile" not in one.body.get("meta", {})


def test_the_plan(kl: Kl) -> None:
    bundle, found = order(), kl.translate(RAW)
    plan = of(found, the(bundle, "CarePlan", description="egen bolig")).body
    assert plan["extension"][0] == {
        "url": f"{OURS}/StructureDefinition/acting-municipality",
        "valueCoding": {"system": MUNICIPALITIES, "code": "0101", "display": "København"},
    }  # fmt: skip
    assert plan["identifier"][0]["system"] == "https://data.gov.dk/id/organization"
    assert plan["author"]["display"] == "Borgercenter Voksne"
    contact = plan["author"]["extension"][0]["valueContactDetail"]
    assert contact == {
        "name": "Sagsbehandler Signe Abildtrup",
        "telecom": [{"system": "phone", "value": "+4530000003"}],
    }
    rank = plan["addresses"][0]["extension"][0]
    assert rank == {"url": "http://fhir.kl.dk/core/StructureDefinition/ConditionRank", "valuePositiveInt": 1}
    assert plan["goal"] == [{"reference": our(g)} for g in resources(bundle, "Goal")]
    assert plan["period"] == {"start": "2025-02-10", "end": "2026-02-09"}
    assert "basedOn" not in plan


def test_interventions_stand_under_their_plan_as_sent(kl: Kl) -> None:
    """An ended intervention stays `active`, `in-progress`, with only its period past: whoever composes judges that."""
    bundle, found = order(), kl.translate(RAW)
    plan = the(bundle, "CarePlan", description="egen bolig")
    ended = of(found, the(bundle, "CarePlan", activity="administration")).body
    assert ended["basedOn"] == [{"reference": our(plan)}]
    assert (ended["status"], ended["activity"][0]["detail"]["status"]) == ("active", "in-progress")
    assert ended["period"]["end"] == "2025-04-30"


def test_codings_without_code_and_texts_alone_are_kept(kl: Kl) -> None:
    bundle, found = order(), kl.translate(RAW)
    drive = of(found, the(bundle, "CarePlan", activity="Kørsel")).body
    assert drive["activity"][0]["detail"]["code"] == {
        "coding": [{"system": FFB, "display": "Kørsel"}], "text": "Kørsel efter § 117",
    }  # fmt: skip
    assert of(found, the(bundle, "Condition", code="Depression")).body["code"] == {
        "text": "Depression, oplyst af borgeren selv"
    }
    shelter = of(found, the(bundle, "CarePlan", activity="27.57.16")).body["activity"][0]["detail"]["code"]
    assert shelter["text"] == "Herberg, § 110"


def test_severity_rank_and_informant_stay(kl: Kl) -> None:
    bundle, found = order(), kl.translate(RAW)
    home = of(found, the(bundle, "Condition", code="Varetage bolig")).body
    assert home["severity"]["coding"][0]["display"] == "Svært nedsat funktionsevne"
    wish = of(found, the(bundle, "Goal", description="nøgle")).body
    assert wish["extension"][0]["valueCodeableConcept"]["coding"][0]["display"] == "Borger"
    sub = of(found, the(bundle, "Goal", description="post")).body
    assert sub["extension"][0]["extension"][1]["valueReference"] == {
        "reference": our(the(bundle, "Goal", description="egen bolig"))
    }
    told = of(found, the(bundle, "Observation", extension="Pårørende")).body
    assert told["valueCodeableConcept"]["text"].startswith("Søsteren oplever")


def test_the_coordinating_authority_is_the_coordinator(kl: Kl) -> None:
    team = of(kl.translate(RAW), the(order(), "CareTeam", category="Mobilt")).body
    roles = [[(c["system"], c["code"]) for c in p["role"][0]["coding"]] for p in team["participant"]]
    kl_roles = f"{NEW}/CodeSystem/kl-messaging-ffb-participantRoleCodes"
    assert roles[0] == [(f"{OURS}/CodeSystem/team-role", "coordinator"), (kl_roles, "koordinerende-myndighed")]
    assert roles[1:] == [[(kl_roles, "koordinerende-udfører")], *[[(kl_roles, "samarbejdende-myndighed")]] * 2]
    assert team["participant"][0]["extension"][0]["valueString"].startswith("Følger op")
    assert team["participant"][0]["member"]["display"] == "Borgercenter Voksne"
    assert team["participant"][3]["member"] == {
        "reference": our(the(order(), "RelatedPerson", relationship="advocate"))
    }
    assert team["managingOrganization"][0]["display"] == "Bostøttecenter Amager"


def test_consent_and_guardian_as_sent(kl: Kl) -> None:
    bundle, found = order(), kl.translate(RAW)
    consent = said(found, "Consent")[0].body
    assert consent["category"] == [{"text": "Udredningen må gives til søsteren"}]
    assert consent["performer"] == [{"reference": our(the(bundle, "RelatedPerson", relationship="advocate"))}]
    assert "provision" not in consent  # so it permits nothing
    guardian = of(found, the(bundle, "RelatedPerson", relationship="GUARD")).body
    assert guardian["extension"][0]["valueCoding"]["code"] == "5"


def test_the_same_order_in_xml(kl: Kl) -> None:
    found = kl.translate(write_xml(parse(RAW)))
    assert found.statements == kl.translate(RAW).statements


# --- spellings


def test_old_canonicals_are_read_and_old_codings_kept(kl: Kl) -> None:
    text = RAW.decode().replace(NEW, OLD).replace(FFB, OLD_FFB)
    assert is_order(parse(text.encode()))
    found = kl.translate(text.encode())
    target = of(found, the(order(), "Condition", code="Hjemløshed")).body["code"]["coding"]
    code = "293bf940-c075-4e3d-b5ef-6e331202e556"
    assert [(c["system"], c["code"]) for c in target] == [(FFB, code), (OLD_FFB, code)]
    plan = of(found, the(order(), "CarePlan", description="egen bolig")).body
    assert plan["extension"][0]["url"] == f"{OURS}/StructureDefinition/acting-municipality"
    team = of(found, the(order(), "CareTeam", category="Mobilt")).body
    assert team["participant"][0]["role"][0]["coding"][0]["code"] == "coordinator"
    assert team["participant"][0]["extension"][0]["url"].startswith(NEW)


def test_a_coding_of_both_systems_is_not_doubled(kl: Kl) -> None:
    bundle = order()
    coding = the(bundle, "Condition", code="Rusmidler")["code"]["coding"]
    coding.append(coding[0] | {"system": OLD_FFB})
    found = of(kl.translate(raw(bundle)), the(bundle, "Condition", code="Rusmidler")).body
    assert [c["system"] for c in found["code"]["coding"]] == [FFB, OLD_FFB]


def test_a_municipality_code_has_four_digits(kl: Kl) -> None:
    bundle = order()
    the(bundle, "CarePlan", description="egen bolig")["extension"][0]["valueCoding"]["code"] = "101"
    found = of(kl.translate(raw(bundle)), the(bundle, "CarePlan", description="egen bolig")).body
    assert found["extension"][0]["valueCoding"]["code"] == "0101"


@pytest.mark.parametrize(
    "write",
    [
        lambda kind, name: f"https://ffb.kk.example/fhir/{kind}/{name}",
        lambda kind, name: f"{kind}/{name}/_history/3",
        lambda kind, name: f"https://ffb.kk.example/fhir/{kind}/{name}/_history/3",
    ],
)
def test_references_written_otherwise(kl: Kl, write: Any) -> None:
    bundle = order()
    plan, goal = the(bundle, "CarePlan", description="egen bolig"), the(bundle, "Goal", description="nøgle")
    plan["goal"] = [{"reference": write("Goal", goal["id"])}]
    assert of(kl.translate(raw(bundle)), plan).body["goal"] == [{"reference": our(goal)}]


def test_references_by_urn(kl: Kl) -> None:
    bundle = order()
    goal = the(bundle, "Goal", description="nøgle")
    entry = next(e for e in bundle["entry"] if e["resource"] is goal)
    entry["fullUrl"] = f"urn:uuid:{goal.pop('id')}"
    plan = the(bundle, "CarePlan", description="egen bolig")
    plan["goal"] = [{"reference": entry["fullUrl"]}]
    found = kl.translate(raw(bundle))
    assert of(found, plan).body["goal"] == [{"reference": our(goal | {"id": entry["fullUrl"][9:]})}]


def test_a_dangling_reference_keeps_its_number_and_is_told(kl: Kl) -> None:
    bundle = order()
    plan = the(bundle, "CarePlan", description="egen bolig")
    plan["goal"].append({"reference": "Goal/elsewhere", "display": "Et mål"})
    found = kl.translate(raw(bundle))
    assert of(found, plan).body["goal"][-1] == {
        "type": "Goal", "identifier": {"system": "urn:faellesplan:source:koebenhavn-ffb:Goal", "value": "elsewhere"},
        "display": "Et mål",
    }  # fmt: skip
    at = bundle["entry"].index(next(e for e in bundle["entry"] if e["resource"] is plan))
    assert f"Bundle.entry[{at}].resource.goal[3]" in [f.where for f in found.findings]


def test_contained_organisations_are_told_where_they_are_pointed_at(kl: Kl) -> None:
    bundle = order()
    plan = the(bundle, "CarePlan", description="egen bolig")
    plan["contained"] = [
        {
            "resourceType": "Organization",
            "id": "o",
            "name": "Center",
            "identifier": [{"system": "urn:oid:1.3.184", "value": "64942212"}],
        }
    ]
    plan["author"] = {"reference": "#o"}
    assert of(kl.translate(raw(bundle)), plan).body["author"] == {
        "type": "Organization", "display": "Center", "identifier": {"system": "http://cvr.dk", "value": "64942212"},
    }  # fmt: skip


def test_provider_by_managing_organisation_alone_and_no_subject(kl: Kl) -> None:
    bundle = order()
    team = the(bundle, "CareTeam", category="Midlertidigt")
    team.pop("subject")
    team["managingOrganization"] = [team.pop("participant")[0]["member"]]
    assert of(kl.translate(raw(bundle)), team).body["managingOrganization"][0]["display"] == "Herberget Fyrtårnet"


# --- snapshots


def test_a_later_order_says_it_again_and_entered_in_error_takes_it_back(kl: Kl) -> None:
    bundle = order()
    bundle["timestamp"] = "2025-03-01T08:00:00+01:00"
    moved = the(bundle, "CarePlan", activity="administration")
    moved["basedOn"] = [{"reference": f"CarePlan/{the(bundle, 'CarePlan', description='§ 110')['id']}"}]
    wrong = {
        "CarePlan": the(bundle, "CarePlan", activity="Kørsel"), "Goal": the(bundle, "Goal", description="post"),
        "Condition": the(bundle, "Condition", code="Depression"), "Consent": resources(bundle, "Consent")[0],
    }  # fmt: skip
    wrong["CarePlan"]["status"] = wrong["Consent"]["status"] = wrong["Goal"]["lifecycleStatus"] = "entered-in-error"
    wrong["Condition"]["verificationStatus"]["coding"][0]["code"] = "entered-in-error"
    wrong["Condition"].pop("clinicalStatus")
    first, second = kl.translate(RAW), kl.translate(raw(bundle))
    assert {s.key for s in first.statements} == {s.key for s in second.statements}
    assert of(second, moved).body["basedOn"] != of(first, moved).body["basedOn"]
    assert {s.key for s in second.statements if s.verb is Verb.WITHDRAW} == {of(first, w).key for w in wrong.values()}


def test_the_same_content_again_is_the_same_and_said_later_is_not(kl: Kl) -> None:
    """A, then B, then A again: the third is news, though its resources are those of the first."""
    bundle = order()
    bundle["id"] = "another-envelope"
    bundle["entry"] = [bundle["entry"][0], *reversed(bundle["entry"][1:])]
    first = kl.translate(RAW)
    assert kl.translate(raw(bundle)).fingerprint == first.fingerprint
    bundle["timestamp"] = "2025-03-01T08:00:00+01:00"
    assert kl.translate(raw(bundle)).fingerprint != first.fingerprint


# --- the citizen


@pytest.mark.parametrize("numbers", [[{"system": CPR, "value": "1111111111"}], [], [{"value": "rasmus"}]])
def test_without_a_usable_number_the_senders_own_id_stands_for_the_citizen(kl: Kl, numbers: list[Json]) -> None:
    bundle = order()
    patient = resources(bundle, "Patient")[0]
    patient["identifier"] = numbers
    if not numbers:
        patient.pop("identifier")
    found = kl.translate(raw(bundle))
    own = Identifier("urn:faellesplan:source:koebenhavn-ffb:patient", patient["id"])
    assert found.citizen == (own,)
    body = said(found, "Patient")[0].body
    assert body["identifier"] == [{"system": own.system, "value": own.value}]
    assert "1111111111" not in str(found.statements) + str(found.findings)


@pytest.mark.parametrize(
    ("system", "value", "normal"),
    [
        (CPR, "150282-4933", "1502824933"),
        (CPR, "2512489996", "2512489996"),  # fails modulus 11
        ("urn:oid:1.2.208.176.1.6.1.1", "0703921vj5", "0703921VJ5"),
        ("urn:oid:1.2.208.176.1.6.1.3.187", "1206550VK9", "1206550VK9"),
        ("http://rn.dk", "0706830VJ9", "0706830VJ9"),
    ],
)
def test_citizens_with_and_without_cpr(kl: Kl, system: str, value: str, normal: str) -> None:
    bundle = order()
    resources(bundle, "Patient")[0]["identifier"] = [{"system": system, "value": value}]
    found = kl.translate(raw(bundle))
    assert found.citizen == (Identifier(system, normal),)
    assert said(found, "Patient")[0].key == f"{system}|{normal}"


def test_a_protected_address_keeps_its_label(kl: Kl) -> None:
    bundle = order()
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    resources(bundle, "Patient")[0]["meta"]["security"] = [label]
    assert said(kl.translate(raw(bundle)), "Patient")[0].body["meta"] == {"security": [label]}


# --- refused


def change(make: Any) -> bytes:
    bundle = order()
    make(bundle)
    return raw(bundle)


def second_citizen(bundle: Json) -> None:
    bundle["entry"].append({"resource": resources(bundle, "Patient")[0] | {"id": "another"}})


def stranger(bundle: Json) -> None:
    resources(bundle, "Goal")[0]["subject"] = {"reference": "Patient/another"}


def twice(bundle: Json) -> None:
    bundle["entry"].append({"resource": resources(bundle, "Goal")[0] | {"priority": {"text": "anden"}}})


def header(**changes: Any) -> Any:
    return lambda bundle: bundle["entry"][0]["resource"].update(changes)


def event(**changes: Any) -> Any:
    return lambda bundle: bundle["entry"][0]["resource"]["eventCoding"].update(changes)


def goal(**changes: Any) -> Any:
    return lambda bundle: resources(bundle, "Goal")[0].update(changes)


@pytest.mark.parametrize(
    ("make", "error", "where"),
    [
        (lambda b: b.pop("timestamp"), MissingField, "Bundle.timestamp"),
        (lambda b: b.update(timestamp="i går"), WrongType, "Bundle.timestamp"),
        (lambda b: b.update(type="collection"), RuleBroken, "Bundle.type"),
        (lambda b: b["entry"].pop(0), RuleBroken, HEAD),
        (event(code="ffb-cancel"), UnknownEvent, f"{HEAD}.eventCoding"),
        (event(system="http://x"), UnknownEvent, f"{HEAD}.eventCoding"),
        (lambda b: b["entry"][0]["resource"].pop("focus"), MissingField, f"{HEAD}.focus"),
        (header(focus=[{"reference": "CarePlan/nowhere"}]), RuleBroken, f"{HEAD}.focus[0]"),
        (header(source={"endpoint": "https://fremmed.example"}), UnknownSource, f"{HEAD}.source.endpoint"),
        (lambda b: b["entry"].pop(1), NoCitizen, "Bundle.entry"),
        (second_citizen, RuleBroken, "Bundle.entry[44].resource"),
        (stranger, RuleBroken, f"{GOAL}.subject"),
        (twice, Contradiction, "Bundle.entry[44].resource.id"),
        (lambda b: b["entry"][5].pop("resource"), MissingField, "Bundle.entry[5].resource"),
        (lambda b: resources(b, "Goal")[0].pop("description"), MissingField, f"{GOAL}.description"),
        (goal(lifecycleStatus="igang"), UnknownCode, f"{GOAL}.lifecycleStatus"),
        (goal(target={}), WrongType, f"{GOAL}.target"),
    ],
)
def test_what_is_refused_and_where(kl: Kl, make: Any, error: type[GatewayError], where: str) -> None:
    with pytest.raises(error) as caught:
        kl.translate(change(make))
    assert caught.value.where == where
    assert "Tangmose" not in caught.value.told()


def test_types_that_are_not_kept_do_no_harm(kl: Kl) -> None:
    bundle = order()
    plan = the(bundle, "CarePlan", description="egen bolig")
    bundle["entry"].append({"resource": {"resourceType": "Procedure", "id": "p", "code": ["odd"], "subject": "odd"}})
    plan["activity"] = [{"outcomeReference": [{"reference": "Procedure/p"}]}]
    found = kl.translate(raw(bundle))
    assert "Procedure is not kept here" in [f.text for f in found.findings]
    told = of(found, plan).body["activity"][0]["outcomeReference"][0]
    assert told["identifier"]["value"] == "p"


def test_explain_leaves_no_field_untold(kl: Kl) -> None:
    found = kl.explain(RAW)
    assert [u.field for u in found.unread if u.reason == "unread"] == []
    row = next(r for r in found.rows if r.target.endswith(".lifecycleStatus"))
    assert row.rule.startswith("mappings/kl/goal.yaml:")
    assert row.places[0].startswith("Bundle.entry[")
