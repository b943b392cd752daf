"""The citizen of a case: every kind of number, none at all, and what is no citizen."""

from __future__ import annotations

import pytest

from gateway.domain.identifier import CPR, Identifier
from gateway.errors import (
    GatewayError,
    MissingField,
    NoCitizen,
    WrongType,
)
from gateway.translate.oio import Oio
from gateway.translate.oio.party import PERSON_ID
from tests.translate.oio.building import actor, case, index, wrapped
from tests.translate.oio.cases import (
    CITIZEN,
    UUID,
    between,
    changed,
    said,
    without,
)

KLE = "https://data.gov.dk/id/classification/KLE"


# --- the citizen


@pytest.mark.parametrize(
    ("urn", "system", "value"),
    [
        ("urn:oio:cpr-nr:2512489996", CPR, "2512489996"),  # fails modulus 11, as many real ones do
        ("urn:oio:cpr-nr:251248-9996", CPR, "2512489996"),
        ("urn:oio:cpr-nr:251248 9996", CPR, "2512489996"),
        ("URN:OIO:CPR-NR:2512489996", CPR, "2512489996"),
        ("urn:oio:us:personid:1234567", "urn:oio:us:personid", "1234567"),
        ("urn:oio:udk:borgerid:123456789012", "urn:oio:udk:borgerid", "123456789012"),
        ("urn:oio:us:borgerid:123456789012", "urn:oio:udk:borgerid", "123456789012"),
    ],
)
def test_every_kind_of_person(oio: Oio, urn: str, system: str, value: str) -> None:
    found = oio.translate(changed((CITIZEN, urn)))
    assert found.citizen == (Identifier(system, value),)
    assert said(found, "Patient").key == f"{system}|{value}"


@pytest.mark.parametrize("urn", ["urn:oio:fuldtnavn:Ukendt Mand", "urn:oio:cpr-nr:0000000000"])
def test_a_citizen_without_a_number_is_known_by_the_case(oio: Oio, urn: str) -> None:
    found = oio.translate(changed((CITIZEN, urn)))
    assert found.citizen == (Identifier("urn:faellesplan:source:frederiksberg-sag:case-party", UUID),)
    assert said(found, "Patient").body["name"] == [{"text": "Gerda Lauenborg"}]
    assert "0000000000" not in str(said(found, "Patient"))
    assert [f.where for f in found.findings] == ["Sag/Registrering/RelationListe/Sagspart/ReferenceID"]


@pytest.mark.parametrize(
    ("key", "number"),
    [("0703921VJ5", "0703921VJ5"), ("070392-1vj5", "0703921VJ5"), ("1206550VK9", ""), ("K-0703921VJ5", ""), ("", "")],
)
def test_a_replacement_number_that_has_no_urn_stands_as_the_partys_own_key(oio: Oio, key: str, number: str) -> None:
    """The guide has no URN for X-eCPR: it is written beside the name, and read there. A region's own number does not
    tell its region."""
    start = "<si:SagspartLokalUdvidelse>"
    told = f"{start}<si:BrugervendtNoegle>{key}</si:BrugervendtNoegle>"
    found = oio.translate(changed((CITIZEN, "urn:oio:fuldtnavn:Gerda Lauenborg"), (start, told)))
    (citizen,) = found.citizen
    assert citizen.system == (
        "urn:oid:1.2.208.176.1.6.1.1" if number else "urn:faellesplan:source:frederiksberg-sag:case-party"
    )
    assert citizen.value == (number or UUID)
    assert said(found, "Patient").body["name"] == [{"text": "Gerda Lauenborg"}]


def test_a_party_with_several_numbers_says_that_they_are_one_persons(oio: Oio) -> None:
    start = "<si:SagspartLokalUdvidelse>"
    beside = "<si:BrugervendtNoegle>0703921VJ5</si:BrugervendtNoegle>", "<si:CPR-nr>0108589995</si:CPR-nr>"
    x_ecpr, person = Identifier("urn:oid:1.2.208.176.1.6.1.1", "0703921VJ5"), Identifier(PERSON_ID, "1234567")
    cpr = Identifier(CPR, "0108589995")
    for urn, told, numbers in (
        (CITIZEN, beside[0], (cpr, x_ecpr)),
        ("urn:oio:us:personid:1234567", beside[1], (cpr, person)),
        ("urn:oio:cpr-nr:2512489996", beside[1], (Identifier(CPR, "2512489996"),)),
    ):
        found = oio.translate(changed((CITIZEN, urn), (start, start + told)))
        assert found.citizen == numbers
        assert said(found, "Patient").body["identifier"] == [{"system": o.system, "value": o.value} for o in numbers]


@pytest.mark.parametrize(
    "urn", ["urn:oio:fuldtnavn:Abdi: kaldet Store Abdi", "URN:OIO:Fuldtnavn:Abdi%3A%20kaldet%20Store%20Abdi"]
)
def test_a_name_may_hold_anything_and_be_written_as_a_urn_asks(oio: Oio, urn: str) -> None:
    unnamed = between("<si:SagspartLokalUdvidelse>", "</si:SagspartLokalUdvidelse>")
    found = oio.translate(changed((CITIZEN, urn), (unnamed, "")))
    assert said(found, "Patient").body["name"] == [{"text": "Abdi: kaldet Store Abdi"}]


@pytest.mark.parametrize(
    ("urn", "error"),
    [
        ("urn:oio:cvr-nr:12345678", WrongType),
        ("urn:oio:pnr:1234567890", WrongType),
        ("urn:oio:cpr-nr:12345", WrongType),
        ("urn:oio:ukendt:12345", NoCitizen),
        ("2512489996", NoCitizen),
    ],
)
def test_a_party_that_is_no_citizen_is_refused_with_its_place(oio: Oio, urn: str, error: type[GatewayError]) -> None:
    with pytest.raises(error) as caught:
        oio.translate(changed((CITIZEN, urn)))
    assert caught.value.where == "Sag/Registrering/RelationListe/Sagspart/ReferenceID"
    assert urn.rpartition(":")[2] not in caught.value.told()


def test_a_party_by_uuid_or_none_at_all(oio: Oio) -> None:
    uuid = f"<sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator>"
    with pytest.raises(NoCitizen):
        oio.translate(changed((f"<sd:URNIdentifikator>{CITIZEN}</sd:URNIdentifikator>", uuid)))
    with pytest.raises(MissingField) as caught:
        oio.translate(without("<sag:Sagspart>", "</sag:Sagspart>").encode())
    assert caught.value.where == "Sag/Registrering/RelationListe/Sagspart[PrimaerPart]"


def test_a_party_that_came_before_does_not_count_any_more(oio: Oio) -> None:
    """Primary parties can be replaced: the one in force when the case was registered is the citizen."""
    party = "<sag:Sagspart>" + between("<sag:Sagspart>", "</sag:Sagspart>") + "</sag:Sagspart>"
    earlier = party.replace(CITIZEN, "urn:oio:cpr-nr:2509479989").replace(
        "<sd:GraenseIndikator>true</sd:GraenseIndikator>",
        "<sd:TidsstempelDatoTid>2025-02-01T00:00:00+01:00</sd:TidsstempelDatoTid>",
    )
    raw = changed((party, earlier + party))
    assert oio.translate(raw).citizen == (Identifier(CPR, "0108589995"),)


def test_a_cvr_number_may_be_written_with_its_country_and_blanks(oio: Oio) -> None:
    number = "<si:CVR-Nummer>11259979</si:CVR-Nummer>"
    found = oio.translate(changed((number, "<si:CVR-Nummer>DK 11 25 99 79</si:CVR-Nummer>")))
    assert said(found, "CarePlan").body["author"]["identifier"] == {"system": "http://cvr.dk", "value": "11259979"}


def test_the_cpr_number_of_who_handles_a_case_is_in_nobodys_plan(oio: Oio) -> None:
    told = actor("PrimaerBehandler", "Bruger", "urn:oio:cpr-nr:2509479989", "Karla Sundby")
    found = oio.translate(wrapped(*index(case(told))))
    team = said(found, "CareTeam").body
    assert "2509479989" not in str(team)
    assert "Karla Sundby" in [one["member"].get("display") for one in team["participant"]]
