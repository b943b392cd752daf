"""Parts of the plan → a KL Bundle: what is in it, what is not, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.benefit import NUMBER
from gateway.domain.municipality import MUNICIPALITY, extension
from gateway.errors import BadRequest, Contradiction, NoCitizen, RuleBroken
from gateway.translate.kl.write import Tables, write

Json = dict[str, Any]
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CITIZEN: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": "2505544849"}],
    "name": [{"text": "Ingrid Prøve"}],
    "link": [{"other": {"reference": "Patient/p0"}, "type": "replaces"}],
}
OWNER: Json = {
    "type": "Organization",
    "identifier": {"system": "http://cvr.dk", "value": "11259979"},
    "display": "Frederiksberg Kommune",
}
UUID = "7d1e0c3a-92b5-4f60-8c1d-3a4b5c6d7e8f"
CASE_NUMBER = "http://fhir.kl.dk/core/StructureDefinition/MunicipalityCaseNumber"
REPORTING = "http://fhir.kl.dk/ffbreporting/StructureDefinition/kl-reporting-ffb-municipalityCaseNumber"
CARE_SOCIAL = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
PURPOSE = "424827b1-23aa-4848-962b-56ee47def560"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables.read(Path(__file__).parents[3] / "mappings")


def part(kind: str, identity: str, **more: Any) -> Json:
    return {"resourceType": kind, "id": identity, "subject": {"reference": "Patient/p1"}} | more


def plan(identity: str = "plan", **more: Any) -> Json:
    return part("CarePlan", identity, **({"status": "active", "intent": "order", "author": OWNER} | more))


def made(tables: Tables, *parts: Json, citizen: Json = CITIZEN, **more: Any) -> list[Json]:
    bundle = json.loads(write(parts, citizen, AT, tables, **more))
    assert bundle["type"] == "collection"
    assert bundle["timestamp"] == "2026-03-01T12:00:00Z"
    return [entry["resource"] for entry in bundle["entry"]]


def the(found: list[Json], kind: str) -> Json:
    (one,) = [resource for resource in found if resource["resourceType"] == kind]
    return one


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [one for item in node for one in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["reference"]] if "reference" in node else []
    return own + [one for value in node.values() for one in references(value)]


def test_every_reference_leads_to_an_entry_and_what_points_outside_goes_with_what_holds_it(tables: Tables) -> None:
    found = made(
        tables,
        plan(goal=[{"reference": "Goal/g"}, {"reference": "Goal/hidden"}], careTeam=[{"reference": "CareTeam/hidden"}]),
        part("Goal", "g", lifecycleStatus="active", description={"text": "Egen nøgle"}),
        part("CareTeam", "t", participant=[{"member": OWNER}, {"member": {"reference": "RelatedPerson/hidden"}}]),
    )
    urls = {f"{one['resourceType']}/{one['id']}" for one in found}
    assert set(references(found)) <= urls
    assert "hidden" not in json.dumps(found)
    assert the(found, "CarePlan")["goal"] == [{"reference": "Goal/g"}]
    assert "careTeam" not in the(found, "CarePlan")
    assert len(the(found, "CareTeam")["participant"]) == 1


def test_organisations_are_entries_of_their_own_each_once(tables: Tables) -> None:
    unit = {"type": "Organization", "identifier": {"system": "https://kombit.dk/sts/organisation", "value": UUID}}
    found = made(tables, plan("a"), plan("b"), part("CareTeam", "t", managingOrganization=[unit]))
    told = [one for one in found if one["resourceType"] == "Organization"]
    numbers = {one["identifier"][0]["value"]: one.get("name") for one in told}
    assert numbers == {"11259979": "Frederiksberg Kommune", f"urn:uuid:{UUID}": None}


def test_the_case_is_told_by_the_extension_and_not_twice(tables: Tables) -> None:
    official = {"use": "official", "system": "https://data.gov.dk/id/organization", "value": UUID}
    usual = {"use": "usual", "value": "2025-118"}
    third = {"use": "secondary", "value": "27.57.16-2025-118"}
    written = the(made(tables, plan(identifier=[official, usual, third])), "CarePlan")
    assert written["identifier"] == [third]
    (case,) = [one for one in written["extension"] if one["url"] == CASE_NUMBER]
    told = {one["url"]: one["valueIdentifier"] for one in case["extension"]}
    assert told["official"] == official
    assert told["municipalitySpecific"]["value"] == "2025-118"
    assert told["municipalitySpecific"]["assigner"]["reference"].startswith("Organization/"), "KLCore demands it"


def test_a_number_of_nobody_is_told_as_reporting_tells_it(tables: Tables) -> None:
    bare = plan(identifier=[{"use": "usual", "value": "Sag154689"}])
    del bare["author"]
    written = the(made(tables, bare), "CarePlan")
    assert [one["url"] for one in written["extension"]] == [REPORTING]
    assert "assigner" not in written["extension"][0]["extension"][0]["valueIdentifier"]


def test_the_acting_municipality_in_kls_word_and_what_kl_cannot_say_in_ours(tables: Tables) -> None:
    acting = extension("acting", {"code": "147"}, area="social")
    dated = extension("acting", {"code": "0101"}, {"end": "2024-12-31"}, area="social")
    employment = extension("acting", {"code": "0101"}, area="employment")
    anywhere = extension("acting", {"code": "0101"})
    paying = extension("paying", {"code": "0101"}, area="social")
    told = the(made(tables, plan(extension=[acting, dated, employment, anywhere, paying])), "CarePlan")["extension"]
    assert told[0]["url"].endswith("kl-messaging-ffb-actingMunicipality")
    assert told[0]["valueCoding"]["code"] == "0147"
    assert told[1:] == [dated, employment, anywhere, paying]
    assert {one["url"] for one in told[1:]} == {MUNICIPALITY}


def test_the_coordinator_in_kls_word(tables: Tables) -> None:
    role = {"coding": [{"system": "https://faellesplan.dk/fhir/CodeSystem/team-role", "code": "coordinator"}]}
    team = part("CareTeam", "t", participant=[{"role": [role], "member": OWNER}])
    (coding,) = the(made(tables, team), "CareTeam")["participant"][0]["role"][0]["coding"]
    assert coding["code"] == "koordinerende-myndighed"


def test_systems_in_their_present_form_each_coding_once(tables: Tables) -> None:
    old = "http://kl.dk/fhir/common/caresocial/CodeSystem/FFB"
    codings = [{"system": "urn:oid:1.2.208.176.2.22", "code": "c"}, {"system": old, "code": "c", "display": "Post"}]
    written = the(made(tables, part("Condition", "c", code={"coding": codings})), "Condition")
    assert written["code"]["coding"] == [{"system": "urn:oid:1.2.208.176.2.22", "code": "c", "display": "Post"}]


def test_a_social_case_gets_kls_category_beside_its_kle_number_and_a_health_case_none(tables: Tables) -> None:
    def category(*numbers: str) -> list[Json]:
        kle = [{"coding": [{"system": "https://data.gov.dk/id/classification/KLE", "code": n}]} for n in numbers]
        told: list[Json] = the(made(tables, plan(category=kle)), "CarePlan")["category"]
        return told

    (one,) = category("27.57.16", "G01")
    assert [coding["code"] for coding in one["coding"]] == ["e459386d-1474-4c31-89c5-c8bc7a25e3d4", "27.57.16", "G01"]
    assert len(category("29.24.04", "G01")) == 2


def test_a_profile_is_claimed_only_where_it_is_met(tables: Tables) -> None:
    def profile(goal: Json, **more: Any) -> list[str]:
        whole = {"created": "2025-01-01", "goal": [{"reference": "Goal/g"}]}
        whole["category"] = [{"coding": [{"system": CARE_SOCIAL, "code": "e459386d-1474-4c31-89c5-c8bc7a25e3d4"}]}]
        goal = part("Goal", "g", lifecycleStatus="active", description={"text": "x"}) | goal
        told: list[str] = the(made(tables, plan(**whole | more), goal), "CarePlan").get("meta", {}).get("profile", [])
        return told

    purpose = {"category": [{"coding": [{"system": CARE_SOCIAL, "code": PURPOSE}]}]}
    assert profile(purpose) == ["http://fhir.kl.dk/core/StructureDefinition/KLCommonCareSocialCarePlan"]
    assert profile({}) == [], "a plan of KL's has a purpose"
    effort = {"activity": [{"detail": {"status": "in-progress", "code": {"text": "Kørsel efter §105"}}}]}
    assert profile(purpose, **effort)[0].endswith("PlannedIntervention")


def test_what_the_citizen_says_is_the_citizens_wish(tables: Tables) -> None:
    goal = part("Goal", "g", lifecycleStatus="active", description={"text": "Hjem"})
    said = goal | {"expressedBy": {"reference": "Patient/p0"}}
    assert the(made(tables, said), "Goal")["category"][0]["coding"][0]["display"] == "Borgers ønsker og mål"
    assert "category" not in the(made(tables, goal), "Goal"), "whose goal it is may not be guessed"


def test_files_stand_in_their_document(tables: Tables) -> None:
    letter = part("DocumentReference", "d", status="current", content=[{"attachment": {"url": "Binary/f"}}])
    file = {"resourceType": "Binary", "id": "f", "contentType": "text/plain", "data": "SGVq"}
    attachment = the(made(tables, letter, file), "DocumentReference")["content"][0]["attachment"]
    assert attachment == {"data": "SGVq"}
    with pytest.raises(BadRequest, match="A file of a document is not here"):
        made(tables, letter)


def test_who_sends_is_told_where_nobody_told_it(tables: Tables) -> None:
    sender = {"type": "Organization", "identifier": {"system": "https://kombit.dk/sts/organisation", "value": UUID}}
    told = the(made(tables, plan(), sender=sender), "Patient")["managingOrganization"]
    assert told == {"identifier": {"use": "official", "system": "https://www.kombit.dk/organisation", "value": UUID}}
    assert "link" not in the(made(tables, plan()), "Patient")


def test_the_joint_plan_is_told_to_nobody(tables: Tables) -> None:
    found = made(tables, plan(partOf=[{"reference": "CarePlan/joint-p1"}]), plan("joint-p1", title="Fælles plan"))
    assert "joint-" not in json.dumps(found)


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ([part("Goal", "g", subject={"reference": "Patient/somebody-else"})], RuleBroken),
        ([part("Task", "t")], BadRequest),
        ([plan("a", title="x"), plan("a", title="y")], Contradiction),
        ([plan("a", status="running")], RuleBroken),
        ([plan("a", title="")], RuleBroken),
    ],
)
def test_what_cannot_be_written_is_refused(tables: Tables, parts: list[Json], error: type[Exception]) -> None:
    with pytest.raises(error):
        made(tables, *parts)


def test_a_citizen_without_a_number_is_nobody(tables: Tables) -> None:
    with pytest.raises(NoCitizen):
        made(tables, plan(), citizen={"resourceType": "Patient", "id": "p1"})


@pytest.mark.parametrize(
    "parts",
    [*permutations((plan("a"), plan("b"), part("Goal", "g", lifecycleStatus="active", description={"text": "x"})))],
)
def test_the_order_of_the_parts_says_nothing(tables: Tables, parts: tuple[Json, ...]) -> None:
    again = [*parts, parts[0]]
    assert write([*parts], CITIZEN, AT, tables) == write(sorted(again, key=lambda p: str(p["id"])), CITIZEN, AT, tables)


def test_a_hospitals_pathway_with_its_orders_goes_out_whole(tables: Tables) -> None:
    """An activity that is told elsewhere: CarePlan.activity has an element named reference, which is one."""
    order = part("ServiceRequest", "order", status="active", intent="order", code={"text": "Samtale"})
    pathway = plan("pathway", activity=[{"reference": {"reference": "ServiceRequest/order"}}])
    found = made(tables, pathway, order)
    assert the(found, "CarePlan")["activity"] == [{"reference": {"reference": "ServiceRequest/order"}}]
    assert "profile" not in the(found, "CarePlan").get("meta", {})


def test_who_said_it_is_an_entry_that_points_at_what_it_tells_of(tables: Tables) -> None:
    """Here a Provenance stands inside of what it tells of; of several it is one."""
    mother = part("RelatedPerson", "mor", patient={"reference": "Patient/p1"})
    mother.pop("subject")

    def said(*others: str, who: str = "RelatedPerson/mor") -> Json:
        targets = [{"reference": "#"}, *({"reference": one} for one in others)]
        agent = {"who": {"reference": who}, "onBehalfOf": OWNER}
        return {
            "resourceType": "Provenance", "id": "h1", "target": targets, "recorded": "2026-01-01T10:00:00Z",
            "agent": [agent],
        }  # fmt: skip

    goal = part("Goal", "g", lifecycleStatus="active", description={"text": "x"}, contained=[said("ServiceRequest/s")])
    request = part(
        "ServiceRequest", "s", status="active", intent="proposal",
        contained=[said("Goal/g") | {"target": [{"reference": "Goal/g"}, {"reference": "#"}]}],
        relevantHistory=[{"reference": "#h1"}],
    )  # fmt: skip
    found = made(tables, goal, request, mother)
    history = the(found, "Provenance")
    assert sorted(one["reference"] for one in history["target"]) == ["Goal/g", "ServiceRequest/s"]
    assert history["agent"][0]["who"] == {"reference": "RelatedPerson/mor"}
    assert history["agent"][0]["onBehalfOf"]["reference"].startswith("Organization/")
    assert "subject" not in history
    assert the(found, "ServiceRequest")["relevantHistory"] == [{"reference": f"Provenance/{history['id']}"}]
    assert not any("contained" in one for one in found)
    alone = made(tables, request | {"contained": [said(who="RelatedPerson/elsewhere")]})
    assert [one["resourceType"] for one in alone] == ["Patient", "ServiceRequest"], "it tells of nobody any more"
    assert "relevantHistory" not in the(alone, "ServiceRequest")


def test_an_account_goes_out_and_a_benefit_does_not(tables: Tables) -> None:
    """KL's account is whom the provider sends its bill to."""
    account: Json = {"resourceType": "Account", "id": "a", "status": "active", "type": {"text": "Betalingskonto"}}
    account |= {"subject": [{"reference": "Patient/p0"}], "owner": OWNER}
    found = the(made(tables, account), "Account")
    assert found["subject"] == [{"reference": "Patient/p1"}]
    assert found["owner"]["reference"].startswith("Organization/")
    with pytest.raises(BadRequest):
        made(tables, account | {"identifier": [{"system": NUMBER, "value": "x"}]})
    with pytest.raises(RuleBroken):
        made(tables, account | {"subject": [{"reference": "Patient/somebody-else"}]})
