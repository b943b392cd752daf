"""An FFB order becomes statements: every entry, each trap of the field."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from gateway.domain.identifier import CPR, Identifier
from gateway.domain.resource import ids
from gateway.domain.statement import Act, Verb
from gateway.translate.fhir import parse, write_xml
from gateway.translate.fhir.structure import structure
from gateway.translate.kl import Kl
from tests.translate.kl.orders import RAW, of, order, our, raw, references, resources, said, the

OURS = "https://faellesplan.dk/fhir"
FFB = "urn:oid:1.2.208.176.2.22"
NEW = "http://fhir.kl.dk/ffbmessaging"
MUNICIPALITIES = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"


def test_every_entry_is_walked(kl: Kl) -> None:
    """Interventions and the consent are referenced by nobody."""
    found = kl.translate(RAW)
    assert Counter(s.kind for s in found.statements) == {
        "CarePlan": 8, "Condition": 10, "Goal": 3, "CareTeam": 2, "RelatedPerson": 2, "Consent": 1, "Encounter": 1,
        "ClinicalImpression": 1, "Observation": 4, "DocumentReference": 2, "Patient": 1, "Account": 1,
    }  # fmt: skip
    pointed_at = {r for s in found.statements for r in references(s.body)}
    lonely = [s for s in found.statements if f"{s.kind}/{ids(b'test')(s.kind, s.key)}" not in pointed_at]
    assert sum("basedOn" in s.body for s in lonely) == 6
    assert found.findings == ()


def test_who_when_and_about_whom(kl: Kl) -> None:
    found = kl.translate(RAW)
    assert (found.source.id, found.event) == ("koebenhavn-ffb", "ffb-order")
    assert found.citizen[0] == Identifier(CPR, "1502824933")
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
        who: Any = {"reference": "Patient/p"}
        whole |= {} if one.kind == "Patient" else {subject: [who] if one.kind == "Account" else who}
        assert structure(whole) == []


def test_the_citizen_is_not_written_into_bodies(kl: Kl) -> None:
    for one in kl.translate(RAW).statements:
        assert not {"subject", "patient", "id", "text", "contained"} & one.body.keys()
        assert "profile" not in one.body.get("meta", {})


def test_the_plan(kl: Kl) -> None:
    bundle, found = order(), kl.translate(RAW)
    plan = of(found, the(bundle, "CarePlan", description="egen bolig")).body
    assert plan["extension"][0] == {
        "url": f"{OURS}/StructureDefinition/municipality",
        "extension": [
            {"url": "role", "valueCode": "acting"},
            {"url": "municipality", "valueCoding": {"system": MUNICIPALITIES, "code": "0101", "display": "København"}},
            {"url": "area", "valueCode": "social"},
        ],
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


def test_a_resend_is_the_same_and_the_same_said_anew_is_not(kl: Kl) -> None:
    """A, then B, then A under a new id: the third is news, though its resources are those of the first."""
    bundle = order()
    bundle |= {"id": "another-envelope", "timestamp": "2025-03-01T08:00:00+01:00"}
    bundle["entry"] = [bundle["entry"][0], *reversed(bundle["entry"][1:])]
    first = kl.translate(RAW)
    assert kl.translate(raw(bundle)).fingerprint == first.fingerprint
    bundle["entry"][0]["resource"]["id"] = "news"
    assert kl.translate(raw(bundle)).fingerprint != first.fingerprint


def test_explain_leaves_no_field_untold(kl: Kl) -> None:
    found = kl.explain(RAW)
    assert [u.field for u in found.unread if u.reason == "unread"] == []
    row = next(r for r in found.rows if r.target.endswith(".lifecycleStatus"))
    assert row.rule.startswith("mappings/kl/goal.yaml:")
    assert row.places[0].startswith("Bundle.entry[")
