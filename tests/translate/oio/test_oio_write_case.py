"""A plan as OIO Sag: what is mandatory, times, what is never written, what is refused."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import BadRequest, GatewayError, MissingField, NoCitizen, RuleBroken, UnknownCode
from gateway.translate.oio.tree import Node
from gateway.translate.oio.write.elements import SAG, behind, moment, root
from gateway.translate.oio.write.note import LARGEST, TOO_LARGE, Note, put
from tests.translate.oio.written import (
    BASE,
    KLE_UUID,
    MAPPINGS,
    OWNER,
    PERSON,
    UNIT,
    UUID,
    Json,
    case,
    kle,
    patient,
    plan,
    state,
    team,
    written,
)

EJER, ANSVARLIG = "9e979b84-b846-4472-8622-58007dc63c7e", "a1263342-d348-44ba-a566-233f37c4cb67"


def relation(found: Node, name: str, role: str = "") -> Node:
    (one,) = [r for r in found.each("RelationListe", name) if role in ("", r.said("Rolle", "UUIDIdentifikator"))]
    return one


def times(node: Node) -> tuple[str, str]:
    """From and to; an open end is `open`."""
    until = node.first("Virkning", "TilTidspunkt")
    assert until is not None
    end = until.said("TidsstempelDatoTid") or {"true": "open"}[until.said("GraenseIndikator")]
    return node.said("Virkning", "FraTidspunkt", "TidsstempelDatoTid"), end


NAMELESS = {"type": "Organization", "identifier": {"system": "http://cvr.dk", "value": "25313763"}}


def progress(**more: Any) -> list[tuple[str, str, str]]:
    found = case(patient(), plan(**more), team()).each("TilstandListe", "Fremdrift")
    return [(one.said("FremdriftStatusKode"), *times(one)) for one in found]


def test_everything_mandatory_is_there() -> None:
    found = case()
    owner, responsible = relation(found, "Sagsaktoer", EJER), relation(found, "Sagsaktoer", ANSVARLIG)
    beside = owner.first("LokalUdvidelseListe", "SagsaktoerLokalUdvidelse")
    assert beside is not None
    assert (beside.said("CVR-Nummer"), beside.said("FuldtNavn")) == ("11259979", "Frederiksberg Kommune")
    assert responsible.said("ReferenceID", "UUIDIdentifikator") == UNIT
    party = relation(found, "Sagspart")
    assert party.said("ReferenceID", "URNIdentifikator") == "urn:oio:cpr-nr:2505544849"
    assert party.said("ReferenceID", "UUIDIdentifikator") == "", "a party is never named by UUID"
    classes = found.each("RelationListe", "Sagsklasse")
    numbers = [one.said("LokalUdvidelseListe", "SagsklasseLokalUdvidelse", "BrugervendtNoegle") for one in classes]
    assert numbers == ["27.57.16", "G01"]
    assert {one.said("ReferenceID", "UUIDIdentifikator") for one in classes} == {KLE_UUID}
    assert found.said("LivscyklusKode") == "Importeret"
    assert found.said("AttributListe", "LokalUdvidelseListe", "SagIndeksEgenskaber", "Foelsomhed")


def test_a_municipality_that_nobody_named_has_the_name_of_the_table() -> None:
    """LoRa names an owner by CVR number alone, and SF1470 demands the name."""
    owner = relation(case(patient(), plan(author=OWNER | {"display": ""}), team()), "Sagsaktoer", EJER)
    assert owner.said("LokalUdvidelseListe", "SagsaktoerLokalUdvidelse", "FuldtNavn") == "Frederiksberg Kommune"


@pytest.mark.parametrize(
    ("resources", "where"),
    [
        ((patient(), plan(identifier=[]), team()), "CarePlan.identifier"),
        ((patient(), plan(author={"display": "En enhed"}), team()), "CarePlan.author.identifier"),
        ((patient(), plan(author=NAMELESS), team()), "CarePlan.author.display"),
        ((patient(), plan()), "CarePlan.careTeam"),
        ((patient(), plan(category=[kle("27.57.16")]), team()), "CarePlan.category"),
        ((patient(), plan(category=[kle("G01")]), team()), "CarePlan.category"),
        ((patient(), plan(category=[kle("27.57.16", ""), kle("G01")]), team()), "CarePlan.category"),
        ((patient(), plan(period={}, created=""), team()), "CarePlan.period.start"),
        ((patient(), plan(status="completed"), team()), "CarePlan.period.end"),
    ],
)
def test_what_is_missing_is_named(resources: tuple[Json, ...], where: str) -> None:
    with pytest.raises(MissingField) as told:
        written(*resources)
    assert told.value.where == where


def test_an_unknown_uuid_is_not_made_up_but_may_be_filled_in(tmp_path: Path) -> None:
    bare = (patient(), plan(category=[kle("27.57.16", ""), kle("G01", "")]))
    del bare[1]["careTeam"]
    with pytest.raises(MissingField, match=r"mappings/oio/owners\.csv"):
        written(*bare)
    with pytest.raises(MissingField, match=r"mappings/oio/classes\.csv"):
        written(bare[0], plan(category=bare[1]["category"]), team())
    shutil.copytree(MAPPINGS / "oio", tmp_path / "oio", ignore=shutil.ignore_patterns("examples"))
    shutil.copytree(MAPPINGS / "codes", tmp_path / "codes", ignore=shutil.ignore_patterns("terms"))
    for name in ("code-tables.csv", "outgoing-texts.csv"):
        shutil.copy(MAPPINGS / name, tmp_path)
    (tmp_path / "oio" / "classes.csv").write_text(
        f"number,uuid,title,note\n27.57.16,{KLE_UUID},,\nG01,{KLE_UUID.upper()},,\n", "utf-8"
    )
    (tmp_path / "oio" / "owners.csv").write_text(
        "owner,relation,role,uuid,name,note\n"
        f"11259979,Sagsaktoer,Ansvarlig,{UNIT},Center for Udsatte Voksne,\n"
        f"11259979,SagsitsystemRelation,Afsender,{PERSON},Fælles plan,\n",
        "utf-8",
    )
    found = case(*bare, mappings=tmp_path)
    assert relation(found, "Sagsaktoer", ANSVARLIG).said("ReferenceID", "UUIDIdentifikator") == UNIT
    (system,) = found.each("RelationListe", "LokalUdvidelseListe", "SagsitsystemRelation")
    assert (system.said("SystemNavn"), system.said("ReferenceID", "UUIDIdentifikator")) == ("Fælles plan", PERSON)


def test_the_end_is_exclusive_and_an_open_one_is_said() -> None:
    member = {
        "role": [{"text": "Primær behandler"}],
        "member": {
            "type": "Practitioner",
            "identifier": {"system": "https://kombit.dk/sts/organisation", "value": PERSON},
        },
        "period": {"start": "2025-01-14T00:00:00+01:00", "end": "2025-02-28T23:59:59+01:00"},
    }
    found = case(patient(), plan(), team(member))
    handler = next(
        one
        for one in found.each("RelationListe", "Sagsaktoer")
        if PERSON in one.said("ReferenceID", "UUIDIdentifikator")
    )
    assert times(handler) == ("2025-01-14T00:00:00+01:00", "2025-03-01T00:00:00+01:00")
    assert times(relation(found, "Sagspart"))[1] == "open"


@pytest.mark.parametrize(
    ("inclusive", "exclusive"),
    [
        ("2025-03-30T01:59:59+01:00", "2025-03-30T02:00:00+01:00"),
        ("2025-12-31", "2026-01-01T00:00:00+01:00"),
        ("2025-06", "2025-07-01T00:00:00+02:00"),
        ("2025", "2026-01-01T00:00:00+01:00"),
        ("2025-06-01T10:00:00.499+02:00", "2025-06-01T10:00:00.500000+02:00"),
        ("2025-06-01T09:59:59.999Z", "2025-06-01T10:00:00+00:00"),
        ("9999-12-31", ""),
        ("9999-12-31T23:59:59Z", ""),
        ("", ""),
    ],
)
def test_the_first_instant_after_an_inclusive_end(inclusive: str, exclusive: str) -> None:
    assert behind(inclusive) == exclusive


def test_a_day_begins_in_denmark() -> None:
    assert moment("2025-07-01") == "2025-07-01T00:00:00+02:00"


def test_all_states_as_they_were_told() -> None:
    told = [
        state("Afgjort", "2025-02-01T00:00:00+01:00"),
        state("Opstaaet", "2025-01-14T00:00:00+01:00", "2025-01-31T23:59:59+01:00"),
    ]
    assert progress(extension=told) == [
        ("Opstaaet", "2025-01-14T00:00:00+01:00", "2025-02-01T00:00:00+01:00"),
        ("Afgjort", "2025-02-01T00:00:00+01:00", "open"),
    ]


def test_opstaaet_is_never_missing() -> None:
    assert progress()[0] == ("Opstaaet", "2025-01-14T00:00:00+01:00", "2025-02-01T00:00:00+01:00")
    told = [state("Afgjort", "2025-01-14T00:00:00+01:00")]
    assert progress(extension=told) == [
        ("Opstaaet", "2025-01-14T00:00:00+01:00", "open"),
        ("Afgjort", "2025-01-14T00:00:00+01:00", "open"),
    ], "several states hold at once"


def test_the_states_of_a_plan_that_never_was_oio() -> None:
    codes = [code for code, _, _ in progress(status="draft", intent="proposal", period={})]
    assert codes == ["Opstaaet"]
    assert [code for code, _, _ in progress(status="draft", intent="plan", period={})] == ["Opstaaet", "Oplyst"]
    ended = progress(period={"start": "2025-02-01", "end": "2025-12-31"})
    assert ended[1:] == [
        ("Afgjort", "2025-02-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00"),
        ("Afsluttet", "2026-01-01T00:00:00+01:00", "open"),
    ], "KL leaves active what has ended"


def test_states_that_v6_does_not_have_are_told_in_its_words() -> None:
    told = [state("Opstaaet", "2025-01-14"), state("Bestilt", "2025-02-01")]
    found = case(patient(), plan(extension=told), team())
    assert [one.said("FremdriftStatusKode") for one in found.each("TilstandListe", "Fremdrift")] == [
        "Opstaaet",
        "Afgjort",
    ]
    assert found.said("AttributListe", "LokalUdvidelseListe", "SagIndeksEgenskaber", "Sagsstatus") == "Bestilt"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"status": "entered-in-error"}, RuleBroken),
        ({"status": "unknown"}, UnknownCode),
        ({"extension": [state("Godkendt", "2025-01-14")]}, UnknownCode),
        ({"extension": [state("Afgjort")]}, MissingField),
        ({"extension": [{"url": f"{BASE}/oio-sensitivity", "valueCode": "HEMMELIG"}]}, UnknownCode),
    ],
)
def test_what_oio_cannot_say_is_refused(more: Json, error: type[GatewayError]) -> None:
    with pytest.raises(error):
        written(patient(), plan(**more), team())


def sensitivity(**more: Any) -> str:
    return case(patient(), plan(**more), team()).said(
        "AttributListe", "LokalUdvidelseListe", "SagIndeksEgenskaber", "Foelsomhed"
    )


def test_sensitivity_is_always_told_and_never_lowered() -> None:
    def label(code: str) -> Json:
        return {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code}]}

    mild = [{"url": f"{BASE}/oio-sensitivity", "valueCode": "FORTROLIGE_PERSONOPLYSNINGER"}]
    assert sensitivity() == "FOELSOMME_PERSONOPLYSNINGER", "nobody has judged it"
    assert sensitivity(extension=mild) == "FORTROLIGE_PERSONOPLYSNINGER"
    assert sensitivity(extension=mild, meta=label("V")) == "VIP_SAGER"
    assert sensitivity(meta=label("L")) == "IKKE_FORTROLIGE_DATA"
    assert sensitivity(extension=mild, meta=label("M")) == "FOELSOMME_PERSONOPLYSNINGER", "OIO has no word for it"


def test_an_exempt_case_stays_exempt_and_no_confidential_title_is_shown() -> None:
    law = "Offentlighedsloven § 30"
    found = case(patient(), plan(extension=[{"url": f"{BASE}/oio-exempt", "valueString": law}]), team())
    properties = found.first("AttributListe", "Egenskaber")
    assert properties is not None
    assert properties.said("Titel") == "Midlertidigt botilbud"
    assert properties.said("OffentlighedUndtaget", "OffentlighedUndtagetHjemmelTekst") == law
    assert properties.said("OffentlighedUndtaget", "TitelAlternativTekst") == "Midlertidigt botilbud"


@pytest.mark.parametrize(
    ("number", "urn", "key"),
    [
        ({"system": "urn:oio:us:personid", "value": "1234567"}, "urn:oio:us:personid:1234567", ""),
        ({"system": "urn:oio:udk:borgerid", "value": "123456789012"}, "urn:oio:udk:borgerid:123456789012", ""),
        (
            {"system": "urn:oid:1.2.208.176.1.6.1.1", "value": "0703921VJ5"},
            "urn:oio:fuldtnavn:Ingrid Prøve",
            "0703921VJ5",
        ),
        (
            {"system": "urn:oid:1.2.208.176.1.6.1.3.187", "value": "1206550VK9"},
            "urn:oio:fuldtnavn:Ingrid Prøve",
            "1206550VK9",
        ),
    ],
)
def test_citizens_without_a_cpr_number(number: Json, urn: str, key: str) -> None:
    party = relation(case(patient(identifier=[number]), plan(), team()), "Sagspart")
    assert party.said("ReferenceID", "URNIdentifikator") == urn
    assert party.said("LokalUdvidelseListe", "SagspartLokalUdvidelse", "BrugervendtNoegle") == key


def test_a_citizen_with_neither_number_nor_name_is_nobody() -> None:
    number = {"system": "urn:oid:1.2.208.176.1.6.1.1", "value": "0703921VJ5"}
    with pytest.raises(NoCitizen):
        written(patient(identifier=[number], name=[]), plan(), team())


def test_who_alone_may_read_goes_along_or_nothing_goes() -> None:
    def profile(number: Json) -> list[Json]:
        return [{"url": f"{BASE}/oio-access-profile", "valueReference": {"type": "Organization", "identifier": number}}]

    listed = profile({"system": "https://kombit.dk/sts/organisation", "value": UNIT})
    (allowed,) = case(patient(), plan(extension=listed), team()).each(
        "RelationListe", "LokalUdvidelseListe", "Sikkerhedsprofil"
    )
    assert allowed.said("ReferenceID", "UUIDIdentifikator") == UNIT
    with pytest.raises(MissingField):
        written(patient(), plan(extension=profile({"system": "urn:x", "value": "1"})), team())


def test_a_note_keeps_its_bytes_and_a_large_one_is_the_fixed_sentence() -> None:
    def notat(data: str) -> tuple[str, str]:
        parent = root(SAG, "Journalpost")
        put(parent, Note("Samtale", data, UUID, "2025-01-14"))
        inner = parent[0][0]
        told = {str(one.tag).rpartition("}")[2]: one.text or "" for one in inner}
        return told["Notat"], told.get("Format", "")

    largest = "QUJD" * (LARGEST // 4)
    assert notat(largest) == (largest, UUID)
    cut, form = notat(largest + "QUJD")
    assert base64.b64decode(cut).decode() == TOO_LARGE
    assert form == "", "the sentence is plain text"


def test_a_text_that_is_cut_says_so_and_a_number_is_never_cut() -> None:
    exempt = [{"url": f"{BASE}/oio-exempt", "valueString": "c" * 5000}]
    properties = case(patient(), plan(title="a" * 300, description="b" * 5000, extension=exempt), team()).first(
        "AttributListe", "Egenskaber"
    )
    assert properties is not None
    assert properties.said("Titel") == "a" * 254 + "…"
    assert properties.said("Beskrivelse") == "b" * 4095 + "…"
    assert properties.said("OffentlighedUndtaget", "TitelAlternativTekst") == "a" * 254 + "…"
    assert properties.said("OffentlighedUndtaget", "OffentlighedUndtagetHjemmelTekst") == "c" * 1023 + "…"
    long = {"use": "usual", "value": "2025-" + "1" * 50}
    with pytest.raises(RuleBroken) as told:
        written(patient(), plan(identifier=[*plan()["identifier"], long]), team())
    assert told.value.where == "Sagsnummer"


def test_nothing_to_write_is_told() -> None:
    with pytest.raises(BadRequest, match="Nothing here becomes an OIO case"):
        written(patient())
