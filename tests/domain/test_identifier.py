"""One number, one identifier, in whatever spelling it comes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.identifier import (
    BORGER_ID,
    CPR,
    CVR,
    D_ECPR,
    FK_ORG,
    GLN,
    PERSON_ID,
    PRODUCTION_UNIT,
    SOR,
    X_ECPR,
    YDER,
    Identifier,
    bare,
    best_first,
    names_a_person,
    normal,
)  # fmt: skip
from gateway.domain.plan import compose
from gateway.domain.team import memberships
from gateway.domain.when import instant

UUID = "7c1d9a50-3a43-4c6e-9a2e-5d7f1e0b4c10"
URN = "urn:ietf:rfc:3986"

SPELLINGS: dict[tuple[str, str], list[tuple[str, str]]] = {
    (CPR, "2512489996"): [
        (CPR, "2512489996"), (CPR, "251248-9996"), (CPR, " 251248 9996 "), (CPR, "251248\u20109996"),
        ("URN:OID:1.2.208.176.1.2", "2512489996"), ("1.2.208.176.1.2", "251248-9996"),
        ("urn:oio:cpr-nr", "2512489996"), (URN, "urn:oio:cpr-nr:2512489996"), (CPR, "urn:oio:cpr-nr:251248-9996"),
        ("", "urn:oid:1.2.208.176.1.2:2512489996"), (URN, "URN:OIO:CPR-NR:2512489996"),
    ],
    (X_ECPR, "0703921VJ5"): [(X_ECPR, "0703921VJ5"), (X_ECPR, "070392-1vj5"), (X_ECPR.upper(), "0703921vj5")],
    (f"{D_ECPR}.187", "1206550VK9"): [(f"{D_ECPR}.187", "1206550vk9"), (f"{D_ECPR}.187", "120655-0VK9")],
    (D_ECPR, "1206550VK9"): [(D_ECPR, "120655-0vk9")],
    (PERSON_ID, "1234567"): [(PERSON_ID, "1234567"), (URN, "urn:oio:us:personid:1234567")],
    (BORGER_ID, "123456789012"): [(BORGER_ID, "123456789012"), (URN, "urn:oio:udk:borgerid:123456789012")],
    (SOR, "265161000016000"): [(SOR, "265161000016000"), ("1.2.208.176.1.1", " 265161000016000")],
    (CVR, "64942212"): [
        (CVR, "64942212"), ("urn:oid:1.3.184", "64942212"), ("urn:oid:1.3.198", "DK64942212"),
        ("urn:oio:cvr-nr", "64 94 22 12"), (URN, "urn:oio:cvr-nr:64942212"), ("http://cvr.dk/", "64942212"),
    ],
    (GLN, "5790000209354"): [
        ("http://www.gs1.org/gln", "5790000209354"), ("https://www.gs1.org/gln", "5790000209354"),
        ("urn:oid:1.3.88", "5790000209354"), ("1.3.88", "579 0000 2093 54"),
    ],
    (FK_ORG, UUID): [
        (FK_ORG, f"urn:uuid:{UUID}"), ("https://www.kombit.dk/organisation", UUID), (FK_ORG, UUID.upper()),
        ("https://www.kombit.dk/organisation", f"URN:UUID:{UUID.upper()}"),
    ],
    (PRODUCTION_UNIT, "1003256789"): [(PRODUCTION_UNIT, "1003256789"), (URN, "urn:oio:pnr:1003256789")],
    (YDER, "072206"): [(YDER, "072206"), (YDER, "72206")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("meant", "written"), [(meant, written) for meant, all_ in SPELLINGS.items() for written in all_]
)
def test_every_spelling_is_one_identifier(meant: tuple[str, str], written: tuple[str, str]) -> None:
    assert normal(*written) == Identifier(*meant)


def test_the_replacement_numbers_of_two_regions_are_two_numbers() -> None:
    """Each region gives out its own; one without a region may be anybody's."""
    systems = [D_ECPR, *(f"{D_ECPR}.{region}" for region in (177, 179, 181, 183, 187))]
    assert len({normal(system, "1206550VK9") for system in systems}) == len(systems)


def test_a_number_under_a_system_that_it_contradicts_stays_what_was_written() -> None:
    assert normal(CPR, "urn:oio:cvr-nr:64942212") == Identifier(CPR, "URN:OIO:CVRNR:64942212")
    assert not names_a_person(normal(CPR, "urn:oio:cvr-nr:64942212"))
    assert normal("urn:x:own", "urn:oio:cvr-nr:64942212") == Identifier("urn:x:own", "urn:oio:cvr-nr:64942212")


@pytest.mark.parametrize("value", ["251248-9996", "urn:oio:cpr-nr:2512489996", "ABC-12", ""])
def test_numbers_of_unknown_systems_are_left_alone(value: str) -> None:
    """Two systems' equal numbers never meet: an own system is no spelling of another."""
    assert normal("urn:faellesplan:source:x:patient", value).value == value


@pytest.mark.parametrize(
    ("written", "number"),
    [("urn:oio:cvr-nr:64942212", "64942212"), (f"urn:uuid:{UUID.upper()}", UUID), ("SP|REGH", "SP|REGH"),
     ("64942212", "64942212"), ("urn:x:1", "urn:x:1"), ("*", "*")],
)  # fmt: skip
def test_a_sender_is_found_by_the_bare_number(written: str, number: str) -> None:
    assert bare(written) == number


DUMMIES = [
    (CPR, ""), (CPR, "0000000000"), (CPR, "9999999999"), (CPR, "1111111111"), (CPR, "2512480000"), (CPR, "251248-0000"),
    (CPR, "ukendt"), (CPR, "251248"), (CPR, "25124899961"), (CPR, "٢٥١٢٤٨٩٩٩٦"), (X_ECPR, "UKENDT"),
    (D_ECPR, "0000000000"), (f"{D_ECPR}.187", "INGEN"), (PERSON_ID, "0000000"), (BORGER_ID, "000000000000"),
    ("urn:x", "0"), ("", "2512489996"),
    ("urn:x", f"A\n{CPR}|2512489996"), ("urn:x", "A\x00"), ("urn:x\ny", "A"), ("urn:x", "A\x85B"),
]  # fmt: skip


@pytest.mark.parametrize(("system", "value"), DUMMIES)
def test_a_dummy_is_nobody(system: str, value: str) -> None:
    assert not names_a_person(normal(system, value))
    assert best_first([normal(system, value)]) == ()


@pytest.mark.parametrize("cpr", ["2512489996", "0108589995", "0201609995", "1502824933", "0123456789", "6101010007"])
def test_no_check_digit_and_no_date_is_asked_for(cpr: str) -> None:
    """Official test numbers fail modulus 11, KOMBIT's own sample is no date, and administrative numbers add to the
    day."""
    assert names_a_person(normal(CPR, cpr))


# --- organisations in the joint team


def team(number: int, who: dict[str, Any], **more: Any) -> dict[str, Any]:
    role = [{"text": "udfører"}]
    return {
        "resourceType": "CareTeam", "id": f"team{number}", "status": "active",
        "participant": [{"role": role, "member": {"type": "Organization", **who}, **more}],
    }  # fmt: skip


def members(*whos: dict[str, Any]) -> list[str]:
    teams = [team(number, who) for number, who in enumerate(whos)]
    joint = compose(teams, "a" * 32, instant("2026-03-02"))[1]
    return [one["member"].get("display", "") for one in joint["participant"]]


def named(system: str, value: str, display: str) -> dict[str, Any]:
    return {"identifier": {"system": system, "value": value}, "display": display}


def test_two_spellings_are_one_participant() -> None:
    unit = (
        named(FK_ORG, f"urn:uuid:{UUID}", "Hjemløseenheden"),
        named("https://www.kombit.dk/organisation", UUID, "Center for Udsatte, Hjemløseenheden"),
    )
    assert len(members(*unit)) == 1
    whole = named(CVR, "64942212", "Københavns Kommune"), named("urn:oid:1.3.184", "64942212", "KØBENHAVNS KOMMUNE")
    assert len(members(*whole)) == 1


def test_units_under_one_cvr_number_are_each_a_participant() -> None:
    """One CVR number is a whole municipality, and one EAN number serves several."""
    units = [named(CVR, "64942212", name) for name in ("Borgercenter Voksne", "Jobcenter København")]
    assert members(*units) == ["Borgercenter Voksne", "Jobcenter København"]


def test_authors_are_told_once_in_whatever_spelling() -> None:
    plans = [
        {"resourceType": "CarePlan", "id": f"p{at}", "status": "active", "intent": "order",
         "author": named(system, "64942212", "Københavns Kommune")}
        for at, system in enumerate((CVR, "urn:oid:1.3.184"))
    ]  # fmt: skip
    assert len(compose(plans, "a" * 32, instant("2026-03-02"))[0]["contributor"]) == 1


def test_a_member_is_known_in_whatever_spelling_the_caller_comes() -> None:
    told = team(1, named("https://www.kombit.dk/organisation", f"urn:uuid:{UUID.upper()}", "Hjemløseenheden"))
    assert [one.member for one in memberships(told)] == [f"{FK_ORG}|{UUID}"]
