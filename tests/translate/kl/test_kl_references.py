"""References and URLs in every spelling lead to our resources, or are told as what they are."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gateway.domain.municipality import facts_of
from gateway.errors import RuleBroken
from gateway.translate.fhir import parse
from gateway.translate.kl import Kl, is_order
from tests.translate.kl.orders import RAW, of, order, our, raw, the

OURS = "https://faellesplan.dk/fhir"
FFB = "urn:oid:1.2.208.176.2.22"
OLD_FFB = "http://kl.dk/fhir/common/caresocial/CodeSystem/FFB"
OLD = "http://ffb/messaging/kl.dk/1.0"
NEW = "http://fhir.kl.dk/ffbmessaging"


# --- spellings


def test_old_canonicals_are_read_and_old_codings_kept(kl: Kl) -> None:
    text = RAW.decode().replace(NEW, OLD).replace(FFB, OLD_FFB)
    assert is_order(parse(text.encode()))
    found = kl.translate(text.encode())
    target = of(found, the(order(), "Condition", code="Hjemløshed")).body["code"]["coding"]
    code = "293bf940-c075-4e3d-b5ef-6e331202e556"
    assert [(c["system"], c["code"]) for c in target] == [(FFB, code), (OLD_FFB, code)]
    plan = of(found, the(order(), "CarePlan", description="egen bolig")).body
    assert plan["extension"][0]["url"] == f"{OURS}/StructureDefinition/municipality"
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
    assert [f.code for f in facts_of(found | {"resourceType": "CarePlan", "id": "x"})] == ["0101"]


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


def test_who_works_with_a_citizen_is_told_by_no_cpr_number_of_their_own(kl: Kl) -> None:
    sent = order()
    team = the(sent, "CareTeam", category="Mobilt")
    cpr = {"system": "urn:oid:1.2.208.176.1.2", "value": "250947-9989"}
    own = {"system": "urn:oid:1.2.208.176.1.3", "value": "AB123"}
    for numbers, told in (([cpr], None), ([cpr, own], own)):
        team["contained"] = [
            {"resourceType": "Practitioner", "id": "p", "identifier": numbers, "name": [{"text": "Karla Sundby"}]}
        ]
        team["participant"] = [{"member": {"reference": "#p"}}]
        (member,) = (one["member"] for one in of(kl.translate(raw(sent)), team).body["participant"])
        assert (member["display"], member.get("identifier")) == ("Karla Sundby", told)


def test_provider_by_managing_organisation_alone_and_no_subject(kl: Kl) -> None:
    bundle = order()
    team = the(bundle, "CareTeam", category="Midlertidigt")
    team.pop("subject")
    team["managingOrganization"] = [team.pop("participant")[0]["member"]]
    assert of(kl.translate(raw(bundle)), team).body["managingOrganization"][0]["display"] == "Herberget Fyrtårnet"


def test_types_that_are_not_kept_do_no_harm(kl: Kl) -> None:
    bundle = order()
    plan = the(bundle, "CarePlan", description="egen bolig")
    bundle["entry"].append(
        {"resource": {"resourceType": "RiskAssessment", "id": "p", "code": ["odd"], "subject": "odd"}}
    )
    plan["activity"] = [{"outcomeReference": [{"reference": "RiskAssessment/p"}]}]
    found = kl.translate(raw(bundle))
    assert "RiskAssessment is not kept here" in [f.text for f in found.findings]
    told = of(found, plan).body["activity"][0]["outcomeReference"][0]
    assert told["identifier"]["value"] == "p"


def test_places_are_those_of_the_message_as_it_was_sent(kl: Kl) -> None:
    """Codings get others beside them and a case's number is put anew: what is told of their parts names where it
    stood."""
    bundle = order()
    lost = {"url": "http://example.dk/e", "valueReference": {"reference": "Goal/nowhere"}}
    condition = the(bundle, "Condition", code="Rusmidler")
    condition["code"]["coding"].append({"system": OLD_FFB, "code": "x", "extension": [copy.deepcopy(lost)]})
    plan = the(bundle, "CarePlan", description="egen bolig")
    number = next(one for one in plan["extension"] if one["url"].endswith("MunicipalityCaseNumber"))
    number["extension"].append({"url": "note", "extension": [copy.deepcopy(lost)]})
    resources = [one["resource"] for one in bundle["entry"]]
    at = plan["extension"].index(number)
    coded, cased = (f"Bundle.entry[{resources.index(one)}].resource" for one in (condition, plan))
    found = {one.where for one in kl.translate(raw(bundle)).findings}
    assert f"{coded}.code.coding[1].extension[0].valueReference" in found
    last = len(number["extension"]) - 1
    assert f"{cased}.extension[{at}].extension[{last}].extension[0].valueReference" in found


def test_a_resource_type_has_no_place_inside_of_a_data_type(kl: Kl) -> None:
    """Of types that are not kept here anything is taken; this was taken for one, and its references were kept as they
    were sent."""
    bundle = order()
    condition = the(bundle, "Condition", code="Rusmidler")
    condition["code"]["resourceType"] = {"reference": "Goal/1"}
    with pytest.raises(RuleBroken) as told:
        kl.translate(raw(bundle))
    assert told.value.where.endswith(".resource.code.resourceType")
