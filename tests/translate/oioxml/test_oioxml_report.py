"""The municipality's answers to an admission: what they say, and that it is the same when it is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.domain.resource import Ids
from gateway.domain.statement import Body
from gateway.errors import BadRequest, MissingField, NoCitizen
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.language import OioXml
from gateway.translate.oioxml.out.parties import Party
from gateway.translate.oioxml.out.report import answer, report
from gateway.translate.oioxml.out.resources import messages
from tests.translate.oioxml.letters import CPR, EPISODE, folded, the
from tests.translate.oioxml.test_oioxml_out import MAPPINGS

NOW = datetime(2025, 3, 16, 13, 20, tzinfo=UTC)
CITY = Party("5790002508226", "0101", "kommunenummer", ("Københavns Kommune", "Socialforvaltningen"))
HOSPITAL = Party("5790000209354", "265161000016000", "sorkode", ("Herlev og Gentofte Hospital",))
UNITS = ("953741000016009", "265161000016000")
ROLES = "https://faellesplan.dk/fhir/CodeSystem/team-role"
TASK: Body = {
    "identifier": [{"value": "m1"}],
    "groupIdentifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:9f1c2b3a-4d5e-6f70-8192-a3b4c5d6e7f8"},
    "requester": {"identifier": {"value": "265161000016000"}},
}
PATIENT: Body = {
    "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": CPR}],
    "name": [{"family": "Eksempelsen", "given": ["Vibeke"]}],
}
PARTS: list[Body] = [
    {
        "resourceType": "CareTeam", "id": "t", "status": "active",
        "participant": [
            {"member": {"display": "Asta Hjælper"}, "role": [{"text": "Støttekontaktperson"}]},
            {"member": {"display": "Er Stoppet"}, "period": {"end": "2024-01-01"}},
            {"member": {"display": "Tove Tovholder"}, "role": [{"coding": [{"system": ROLES, "code": "coordinator"}]}]},
        ],
    },
    {
        "resourceType": "CarePlan", "id": "p1", "status": "active", "title": "Bostøtte",
        "basedOn": [{"reference": "CarePlan/p0"}], "description": "Tre timer om ugen",
    },
    {
        "resourceType": "CarePlan", "id": "p2", "status": "completed", "title": "Er slut", "basedOn": [{}],
        "period": {"end": "2024-01-01"},
    },
    {
        "resourceType": "Condition", "id": "c", "note": [{"text": "Går usikkert"}],
        "code": {"coding": [{"system": "urn:oid:1.2.208.176.2.22", "code": "x1", "display": "Mobilitet"}]},
    },
    {"resourceType": "Goal", "id": "g", "description": {"text": "Vil gerne bo for sig selv"}},
    {
        "resourceType": "RelatedPerson", "id": "r", "name": [{"family": "Eksempelsen", "given": ["Asger"]}],
        "relationship": [{"coding": [{"code": "CHILD"}]}], "telecom": [{"system": "phone", "value": "+4520000001"}],
    },
]  # fmt: skip


def said(raw: bytes, name: str) -> list[str]:
    return [tree.worded(node) for node in etree.fromstring(raw).iter() if tree.name(node) == name]


def test_the_report_tells_what_runs_and_nothing_that_is_over() -> None:
    raw = report(TASK, PARTS, PATIENT, CITY, HOSPITAL, NOW).body
    assert said(raw, "VersionCode") == ["XD1634C"]
    assert said(raw, "EpisodeOfCareIdentifier") == [EPISODE]
    assert said(raw, "ContactName") == ["Tove Tovholder", "Tovholder", "Asta Hjælper", "Støttekontaktperson"]
    assert b"Er slut" not in raw
    assert b"Er Stoppet" not in raw
    assert said(raw, "FutureAgreements") == ["Vil gerne bo for sig selv"]


def test_the_report_is_read_with_the_same_facts(oioxml: OioXml, identify: Ids) -> None:
    found = oioxml.translate(report(TASK, PARTS, PATIENT, CITY, HOSPITAL, NOW).body)
    assert found.source.id == "city"
    bodies = folded([found], identify)
    plan = the("CarePlan", bodies)
    (service,) = plan["activity"]
    assert service["detail"]["code"]["text"] == "Bostøtte"
    assert "Tre timer om ugen" in service["detail"]["description"]
    problem = the("Condition", bodies)
    assert problem["code"]["coding"] == PARTS[3]["code"]["coding"]
    assert problem["note"] == [{"text": "Går usikkert"}]
    relative = the("RelatedPerson", bodies)
    assert (relative["name"], relative["telecom"]) == (PARTS[5]["name"], PARTS[5]["telecom"])
    shown = {member["member"].get("display") for member in the("CareTeam", bodies)["participant"]}
    assert {"Tove Tovholder, Tovholder", "Asta Hjælper, Støttekontaktperson"} <= shown


def test_one_request_is_one_report_however_often_it_is_written() -> None:
    first, again = (report(TASK, PARTS, PATIENT, CITY, HOSPITAL, NOW) for _ in range(2))
    assert first == again
    other = report(TASK | {"identifier": [{"value": "m2"}]}, PARTS, PATIENT, CITY, HOSPITAL, NOW)
    assert other.id != first.id


def test_the_answer_names_whom_to_talk_to(oioxml: OioXml) -> None:
    letter = answer(TASK, PARTS, PATIENT, CITY, HOSPITAL, NOW)
    assert said(letter.body, "NotificationIdentifier") == [EPISODE]
    assert said(letter.body, "ContactName")[0] == "Tove Tovholder"
    assert said(letter.body, "CivilRegistrationNumber") == [CPR]
    found = oioxml.translate(letter.body)
    assert {one.kind for one in found.statements} == {"Patient", "CareTeam"}


def test_without_a_stay_or_a_number_there_is_no_letter() -> None:
    with pytest.raises(MissingField):
        report({**TASK, "groupIdentifier": {}}, PARTS, PATIENT, CITY, HOSPITAL, NOW)
    with pytest.raises(NoCitizen):
        answer(TASK, PARTS, {"identifier": [{"system": "urn:x", "value": "1"}]}, CITY, HOSPITAL, NOW)


def test_a_citizen_of_whom_nothing_may_be_told_gets_a_report_with_nothing_in_it(oioxml: OioXml) -> None:
    letter = report(TASK, [], PATIENT, CITY, HOSPITAL, NOW)
    assert said(letter.body, "Service") == said(letter.body, "ContactName") == []
    assert oioxml.translate(letter.body).citizen[0].value == CPR


def test_a_bundle_becomes_the_letters_of_what_is_in_it() -> None:
    unit, ward = ({"identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": n}} for n in UNITS)
    code = {"coding": [{"code": "XDIS16"}]}
    task = TASK | {
        "resourceType": "Task",
        "code": code,
        "owner": unit,
        "requester": ward,
        "for": {"reference": "Patient/p"},
    }
    said_ = {
        "resourceType": "Communication",
        "sender": unit,
        "recipient": [ward],
        "payload": [{"contentString": "Hej"}],
    }
    patient = PATIENT | {"resourceType": "Patient", "id": "p"}
    own = {"resourceType": "CarePlan", "id": "h", "status": "active", "title": "Forløb", "author": ward}
    found = messages([patient, task, *PARTS, own, said_], NOW, MAPPINGS)
    assert "Forløb".encode("iso-8859-1") not in found[0]
    assert [said(raw, "TypeCode") for raw in found] == [["XDIS16"], ["XDIS91"]]
    assert said(found[0], "EANIdentifier") == ["5790001348120", "5790000209354"]
    with pytest.raises(BadRequest):
        messages([patient, *PARTS], NOW, MAPPINGS)
    with pytest.raises(BadRequest):
        messages([task, *PARTS], NOW, MAPPINGS)
