"""ROL becomes members of the care team that the hospital tells of; the coordinator among them."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.statement import Act, Verb
from gateway.errors import WrongType
from tests.translate.hl7v2.ward import CPR_KEY, DOCTOR, adt, fold, language, of_kind, stay

ROLE = "https://faellesplan.dk/fhir/CodeSystem/team-role"
KAREN = "KK4711^Lund^Karen^^^^^^KK&1.2.208.176.1.3&ISO"
COORDINATOR = f"ROL|3^KK|AD|CM^Tovholder (case manager)^L|{KAREN}|20240901"


def members(*roles: str, event: str = "A01") -> list[Any]:
    return of_kind(language().translate(adt(event, *roles)), "CareTeam")


def team(*messages: bytes) -> list[dict[str, Any]]:
    (one,) = fold(*messages)["CareTeam"]
    return one.get("participant", [])


def test_a_member() -> None:
    (said,) = members(f"ROL|2^REGH|AD|AT^Attending^HL70443|{DOCTOR}|20250314091500+0100|202504")
    assert (said.act, said.verb, said.key) == (Act.MEMBER, Verb.ASSERT, f"regh|team|{CPR_KEY}")
    assert said.body["participant"] == {
        "role": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                        "code": "ATND",
                        "display": "attender",
                    },
                    {"system": "http://terminology.hl7.org/CodeSystem/v2-0443", "code": "AT", "display": "Attending"},
                ],
                "text": "Attending",
            }
        ],
        "member": {
            "type": "Practitioner",
            "identifier": {"system": "urn:oid:1.2.208.176.1.5", "value": "A1B2"},
            "display": "Dr Jens Jensen",
        },
        "period": {"start": "2025-03-14T09:15:00+01:00", "end": "2025-04"},
    }


def test_the_coordinator() -> None:
    (said,) = members(COORDINATOR)
    codings = said.body["participant"]["role"][0]["coding"]
    assert codings[0] == {"system": ROLE, "code": "coordinator", "display": "Tovholder"}
    assert codings[1] == {
        "system": "urn:faellesplan:source:regh:L",
        "code": "CM",
        "display": "Tovholder (case manager)",
    }
    assert said.body["participant"]["member"]["display"] == "Karen Lund"


def test_the_general_practitioner_is_no_member() -> None:
    assert members(f"ROL|1^REGH|AD|PP^Primary Care Provider^HL70443|{DOCTOR}") == []


@pytest.mark.parametrize("role", ["FHCP^Family^HL70443", "XX^Bostøtte^L", "^Bostøtte"])
def test_a_role_that_fhir_does_not_have_is_kept(role: str) -> None:
    (said,) = members(f"ROL|2^REGH|AD|{role}|{DOCTOR}")
    (concept,) = said.body["participant"]["role"]
    assert len(concept.get("coding", [])) == (0 if role.startswith("^") else 1)
    assert concept["text"] == role.split("^")[1]


def test_an_unknown_role_is_told() -> None:
    found = language().translate(adt("A01", f"ROL|2^REGH|AD|XX^Bostøtte^L|{DOCTOR}"))
    assert {f.where for f in found.findings} == {"ROL^1^3^1^1"}


def test_an_organisation_alone_is_a_member() -> None:
    role = "ROL|2^REGH|AD|XX^Bosted^L|||||||||||Bostedet^^^^^SOR&1.2.208.176.1.1&ISO^^^^953741000016009"
    (said,) = members(role)
    assert said.body["participant"]["member"] == {
        "type": "Organization",
        "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "953741000016009"},
        "display": "Bostedet",
    }
    assert "onBehalfOf" not in said.body["participant"]


def test_a_person_acts_for_an_organisation() -> None:
    (said,) = members(f"ROL|2^REGH|AD|AT|{DOCTOR}||||||||||Bostedet^^123")
    assert said.body["participant"]["onBehalfOf"]["display"] == "Bostedet"
    assert said.body["participant"]["member"]["display"] == "Dr Jens Jensen"


def test_a_role_without_anybody_is_left_out_and_told() -> None:
    found = language().translate(adt("A01", "ROL|2|AD|AT^Attending^HL70443"))
    assert of_kind(found, "CareTeam") == []
    assert [f.where for f in found.findings if "without a person" in f.text] == ["ROL^1^4"]


def test_the_same_person_after_pid_and_pv1_is_one_member() -> None:
    role = f"ROL|1|AD|AT^Attending^HL70443|{DOCTOR}"
    first, second = members(role, role.replace("ROL|1", "ROL|7"))
    assert first.body["id"] == second.body["id"]
    assert len(team(adt("A01", role, role))) == 1


def test_an_instance_id_names_the_member_and_a_bare_number_does_not() -> None:
    one, same, other, bare, bare_too = members(
        f"ROL|9^KK|AD|CM|{KAREN}", "ROL|9^KK|UP|AT|X^Bo", f"ROL|9^REGH|AD|CM|{KAREN}", f"ROL|9|AD|CM|{KAREN}",
        f"ROL|8|AD|CM|{KAREN}",
    )  # fmt: skip
    assert one.body["id"] == same.body["id"]
    assert len({one.body["id"], other.body["id"], bare.body["id"]}) == 3
    assert bare.body["id"] == bare_too.body["id"]


def test_two_roles_of_one_person_are_two_members() -> None:
    one, other = members(f"ROL||AD|AT|{DOCTOR}", f"ROL||AD|CP|{DOCTOR}")
    assert one.body["id"] != other.body["id"]


@pytest.mark.parametrize(
    ("action", "verb"),
    [
        ("AD", Verb.ASSERT), ("CO", Verb.CORRECT), ("UP", Verb.CORRECT), ("DE", Verb.WITHDRAW), ("UN", Verb.WITHDRAW),
        ("UC", Verb.ASSERT), ("LI", Verb.ASSERT), ("", Verb.ASSERT),
    ],
)  # fmt: skip
def test_action_codes(action: str, verb: Verb) -> None:
    (said,) = members(COORDINATOR.replace("|AD|", f"|{action}|"))
    assert said.verb is verb


def test_a_deleted_role_ends_the_membership() -> None:
    came = adt("A01", COORDINATOR, sent="20250314093000+0100")
    left = adt("A08", COORDINATOR.replace("|AD|", "|DE|"), sent="20250401120000+0200")
    (member,) = team(came, left)
    assert member["period"] == {"start": "2024-09-01", "end": "2025-04-01T12:00:00+02:00"}
    assert team(left, came) == [member]


def test_a_corrected_role_takes_the_place_of_the_former() -> None:
    came = adt("A01", COORDINATOR, sent="20250314093000+0100")
    corrected = adt("A08", COORDINATOR.replace("|AD|", "|CO|").replace("Karen", "Karin"), sent="20250315")
    assert [m["member"]["display"] for m in team(came, corrected)] == ["Karin Lund"]


def test_a_team_without_a_stay() -> None:
    found = language().translate(adt("A31", COORDINATOR, visit=None))
    assert [s.kind for s in found.statements] == ["Patient", "CareTeam"]


def test_roles_of_the_visit_take_part_in_the_stay() -> None:
    made = stay(adt("A01", f"ROL|2^REGH|AD|AT^Attending^HL70443|{DOCTOR}|20250314"))
    (part,) = made["participant"]
    assert part["type"][0]["coding"][0]["code"] == "ATND"
    assert part["individual"]["display"] == "Dr Jens Jensen"
    assert part["period"] == {"start": "2025-03-14"}


def test_roles_of_a_procedure_are_nobody_s_team() -> None:
    message = adt("A01", "PR1|1||X^y", f"ROL|2^REGH|AD|AT^Attending^HL70443|{DOCTOR}")
    assert of_kind(language().translate(message), "CareTeam") == []
    assert "participant" not in stay(message)


def test_a_wrong_period_is_refused() -> None:
    with pytest.raises(WrongType) as caught:
        members(f"ROL|2^REGH|AD|XX|{DOCTOR}|fra i går", event="A08")
    assert caught.value.where == "ROL^1^5"
