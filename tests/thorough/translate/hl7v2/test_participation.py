"""PRT (from 2.7) is read as ROL: members of the care team, people of the stay, the general practitioner."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.statement import Statement, Verb
from tests.translate.hl7v2.ward import DOCTOR, adt, fold, language, msh, of_kind, pid, pv1, raw, segment, stay

HOME = "Bostedet^^^^^SOR&1.2.208.176.1.1&ISO^^^^953741000016009"


def prt(fields: dict[int, str] | None = None) -> str:
    return segment("PRT", {2: "AD", 4: "AT^Attending Provider^HL70912", 5: DOCTOR, 11: "20250314"} | (fields or {}))


def members(*more: str, event: str = "A01") -> list[Statement]:
    return of_kind(language().translate(adt(event, *more)), "CareTeam")


def team(*messages: bytes) -> list[dict[str, Any]]:
    (one,) = fold(*messages)["CareTeam"]
    return one.get("participant", [])


def test_a_participant_is_a_member() -> None:
    (said,) = members(prt({8: HOME, 12: "202504"}))
    participant = said.body["participant"]
    assert [c["code"] for c in participant["role"][0]["coding"]] == ["ATND", "AT"]
    assert participant["role"][0]["coding"][1]["system"] == "http://terminology.hl7.org/CodeSystem/v2-0912"
    assert participant["member"]["display"] == "Dr Jens Jensen"
    assert participant["onBehalfOf"]["identifier"]["value"] == "953741000016009"
    assert participant["period"] == {"start": "2025-03-14", "end": "2025-04"}


def test_an_organisation_alone_is_a_member() -> None:
    (said,) = members(prt({5: "", 8: HOME}))
    assert said.body["participant"]["member"]["type"] == "Organization"
    assert "onBehalfOf" not in said.body["participant"]


@pytest.mark.parametrize(
    ("action", "verb"),
    [
        ("AD", Verb.ASSERT), ("CO", Verb.CORRECT), ("UP", Verb.CORRECT), ("DE", Verb.WITHDRAW), ("UN", Verb.WITHDRAW),
        ("UC", Verb.ASSERT), ("LI", Verb.ASSERT), ("A", Verb.ASSERT), ("S", Verb.ASSERT), ("U", Verb.CORRECT),
        ("D", Verb.WITHDRAW), ("X", Verb.ASSERT), ("", Verb.ASSERT),
    ],
)  # fmt: skip
def test_action_codes_of_both_tables(action: str, verb: Verb) -> None:
    (said,) = members(prt({2: action}))
    assert said.verb is verb


def test_who_is_deleted_has_left() -> None:
    came, left = adt("A01", prt()), adt("A08", prt({2: "D"}), sent="20250401120000+0200")
    (member,) = team(came, left)
    assert member["period"] == {"start": "2025-03-14", "end": "2025-04-01T12:00:00+02:00"}
    (part,) = stay(came, left)["participant"]
    assert part["period"]["end"] == "2025-04-01T12:00:00+02:00"


def test_the_same_member_told_by_rol_and_by_prt_is_one() -> None:
    rol = f"ROL|1|AD|AT^Attending^HL70443|{DOCTOR}"
    assert len(team(adt("A01", rol), adt("A08", prt(), sent="20250315"))) == 1


def test_the_primary_care_provider_is_no_member() -> None:
    message = raw(msh(), pid(), prt({4: "PP^Primary Care Provider^HL70912"}), pv1())
    found = language().translate(message)
    assert of_kind(found, "CareTeam") == []
    (patient,) = of_kind(found, "Patient")
    assert patient.body["generalPractitioner"][0]["display"] == "Dr Jens Jensen"


def test_who_made_an_observation_is_nobody_s_team() -> None:
    observed = segment("OBX", {1: "1", 2: "ST", 3: "8302-2^Body height^LN", 5: "190"})
    message = adt("A01", prt(), observed, prt({5: "B^Bo^Ib"}), prt({5: "C^Ro^Liv"}))
    assert [m["member"]["display"] for m in team(message)] == ["Dr Jens Jensen"]
    assert len(stay(message)["participant"]) == 1


@pytest.mark.parametrize(
    "nobody", [prt({5: "", 8: HOME}), prt({4: "EQUIP^Equipment^HL70912", 5: "", 10: "PUMP1"}),
               segment("ROL", {2: "AD", 3: "AT^Attending^HL70443", 4: "", 5: "20250314", 14: HOME})],
)  # fmt: skip
def test_a_stay_s_participant_is_a_person(nobody: str) -> None:
    """A unit or a device took part as a role of nobody."""
    assert "participant" not in stay(adt("A01", nobody))


def test_devices_and_places_are_nobody_s_team() -> None:
    found = language().translate(adt("A01", prt({4: "EQUIP^Equipment^HL70912", 5: "", 10: "PUMP1"})))
    assert of_kind(found, "CareTeam") == []
    assert any("without a person" in f.text for f in found.findings)


@pytest.mark.parametrize(
    "who",
    [
        "2509479989^Lund^Karen^^^^^^CPR&1.2.208.176.1.2&ISO^^^^NNDNK",
        "2509479989^Lund^Karen^^^^^^SP^^^^NNDNK",
        "250947-9989^Lund^Karen^^^^^^CPR",
        "0703921VJ5^Lund^Karen^^^^^^&1.2.208.176.1.6.1.1&ISO",
    ],
)
def test_who_works_with_a_citizen_is_told_by_no_cpr_number_of_their_own(who: str) -> None:
    """It stood in every plan, for everybody who may see the team."""
    (said,) = members(prt({5: who}))
    assert said.body["participant"]["member"] == {"type": "Practitioner", "display": "Karen Lund"}
    told = str(fold(adt("A01", prt({5: who}))))
    assert "9989" not in told
    assert "0703921VJ5" not in told


def test_a_staff_number_that_looks_like_one_stays() -> None:
    (said,) = members(prt({5: "2509479989^Lund^Karen^^^^^^REGH&1.2.208.176.1.2.1&ISO"}))
    assert said.body["participant"]["member"]["identifier"]["value"] == "2509479989"
