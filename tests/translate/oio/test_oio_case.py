"""A case becomes the municipality's part of the plan: each trap of the field is one test."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from gateway.domain.identifier import CPR, CVR, FK_ORG, Identifier
from gateway.domain.resource import ids
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import (
    GatewayError,
    MissingField,
    NoCitizen,
    RuleBroken,
    UnknownCode,
    UnknownMessage,
    UnknownSource,
    WrongType,
)
from gateway.translate.fhir.structure import structure
from gateway.translate.oio import Oio
from gateway.translate.translation import Translation
from tests.translate.oio.cases import CITIZEN, SAG, UUID, between, changed, imported, updated, with_states, without

KLE = "https://data.gov.dk/id/classification/KLE"
LABELS = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
OURS = "https://faellesplan.dk/fhir/StructureDefinition/"


def said(translation: Translation, kind: str) -> Statement:
    return next(s for s in translation.statements if s.kind == kind)


def plan(oio: Oio, raw: bytes) -> dict[str, object]:
    return said(oio.translate(raw), "CarePlan").body


def test_the_case_is_the_municipalitys_part_of_the_plan(oio: Oio) -> None:
    found = oio.translate(SAG.encode())
    assert found.source.id == "frederiksberg-sag"
    assert found.citizen == (Identifier(CPR, "0108589995"),)
    assert [s.kind for s in found.statements] == ["CarePlan", "CareTeam", "Patient"]
    case = said(found, "CarePlan")
    assert case.key == f"frederiksberg-sag|CarePlan|{UUID}"
    assert (case.act, case.verb) == (Act.STATE, Verb.ASSERT)
    assert case.body["status"] == "active"
    assert case.body["intent"] == "order"
    assert case.body["title"] == "Midlertidigt botilbud efter § 110"
    assert [c["coding"][0]["code"] for c in case.body["category"]] == ["27.57.16", "G01"]
    assert case.body["identifier"][0] == {
        "use": "official", "system": "https://data.gov.dk/id/organization", "value": UUID,
    }  # fmt: skip
    assert case.body["author"]["identifier"] == {"system": CVR, "value": "11259979"}
    team = said(found, "CareTeam")
    assert case.body["careTeam"] == [{"reference": f"CareTeam/{ids(b'test')('CareTeam', team.key)}"}]
    assert "subject" not in case.body
    assert not found.findings


def test_three_times_are_kept_apart(oio: Oio) -> None:
    """When it is true (Virkning), when the sender knew (Tidspunkt), when the index got it (StsTidspunkt)."""
    case = said(oio.translate(SAG.encode()), "CarePlan")
    assert case.body["period"] == {"start": "2025-01-14T00:00:00+01:00"}
    assert case.happened == datetime(2025, 3, 10, 8, 15, tzinfo=UTC)
    assert case.recorded == datetime(2025, 3, 10, 8, 15, 4, 120000, tzinfo=UTC)


def test_the_exclusive_end_becomes_inclusive_by_one_step_of_its_fineness(oio: Oio) -> None:
    handlers = [
        p
        for p in said(oio.translate(SAG.encode()), "CareTeam").body["participant"]
        if p["member"]["type"] == "Practitioner"
    ]
    assert handlers[0]["period"]["end"] == "2025-02-28T23:59:59+01:00"
    assert "end" not in handlers[1]["period"]


@pytest.mark.parametrize(
    "forever",
    [
        "<sd:GraenseIndikator>true</sd:GraenseIndikator>",
        "<sd:TidsstempelDatoTid>9999-12-31T23:59:59+01:00</sd:TidsstempelDatoTid>",
        "<sd:TidsstempelDatoTid>9999-12-31</sd:TidsstempelDatoTid>",
        "<sd:TidsstempelDatoTid>infinity</sd:TidsstempelDatoTid>",
    ],
)
def test_an_end_that_never_comes_is_no_end(oio: Oio, forever: str) -> None:
    raw = changed(("<sd:GraenseIndikator>true</sd:GraenseIndikator>", forever))
    found = oio.translate(raw)
    assert "end" not in said(found, "CarePlan").body["period"]
    assert sum("end" in p["period"] for p in said(found, "CareTeam").body["participant"]) == 1
    assert "9999" not in str([s.body for s in found.statements])


def test_the_state_is_the_one_in_force_not_the_last_listed(oio: Oio) -> None:
    assert re.findall("<sag:FremdriftStatusKode>(.*?)<", SAG)[-1] == "Oplyst"
    assert plan(oio, SAG.encode())["status"] == "active"


@pytest.mark.parametrize(
    ("rows", "status", "intent"),
    [
        ([("Opstaaet", "2025-01-14T00:00:00", "")], "draft", "proposal"),
        ([("Opstaaet", "2025-01-14T00:00:00", ""), ("Oplyst", "2025-02-01T00:00:00", "")], "draft", "plan"),
        ([("Afgjort", "2025-02-20T00:00:00", ""), ("Opstaaet", "2025-01-14T00:00:00", "")], "active", "order"),
        ([("Bestilt", "2025-02-20T00:00:00", "")], "active", "order"),
        ([("Udfoert", "2025-02-20T00:00:00", "")], "active", "order"),
        ([("Afsluttet", "2025-03-01T00:00:00", "")], "completed", "order"),
        ([("Opstaaet", "2025-01-14", "2025-02-01"), ("Afsluttet", "2025-06-01", "")], "draft", "proposal"),
        ([("Afgjort", "2025-06-01T00:00:00", "")], "active", "order"),
    ],
)  # fmt: skip
def test_every_state_of_both_versions(oio: Oio, rows: list[tuple[str, str, str]], status: str, intent: str) -> None:
    found = plan(oio, with_states(*rows))
    assert (found["status"], found["intent"]) == (status, intent)


def test_the_period_runs_from_the_first_state_to_the_last_moment_before_afsluttet(oio: Oio) -> None:
    raw = with_states(
        ("Afsluttet", "2025-03-01T00:00:00.000+01:00", ""),
        ("Opstaaet", "2024-11-05", "2025-01-01"),
        ("Afgjort", "2025-01-01T00:00:00+01:00", "2025-03-01T00:00:00+01:00"),
    )
    assert plan(oio, raw)["period"] == {"start": "2024-11-05", "end": "2025-02-28T23:59:59.999+01:00"}


def test_a_case_that_was_opened_again_has_no_end(oio: Oio) -> None:
    raw = with_states(
        ("Afsluttet", "2025-01-20T00:00:00", "2025-02-10T00:00:00"), ("Afgjort", "2025-02-10T00:00:00", ""),
        ("Opstaaet", "2025-01-14T00:00:00", "2025-01-20T00:00:00"),
    )  # fmt: skip
    found = plan(oio, raw)
    assert found["status"] == "active"
    assert "end" not in found["period"]  # type: ignore[operator]


def test_livscyklus_is_never_the_status(oio: Oio) -> None:
    raw = changed(("<sd:LivscyklusKode>Importeret", "<sd:LivscyklusKode>Slettet"))
    assert plan(oio, raw) == plan(oio, SAG.encode())


def test_an_unknown_state_is_refused_and_a_missing_one_too(oio: Oio) -> None:
    with pytest.raises(UnknownCode) as caught:
        oio.translate(changed(("Afgjort", "Arkiveret")))
    assert "TilstandListe/Fremdrift" in caught.value.where
    with pytest.raises(MissingField) as missing:
        oio.translate(with_states())
    assert missing.value.where == "Sag/Registrering/TilstandListe/Fremdrift"


# --- the citizen


@pytest.mark.parametrize(
    ("urn", "system", "value"),
    [
        ("urn:oio:cpr-nr:2512489996", CPR, "2512489996"),  # fails modulus 11, as many real ones do
        ("urn:oio:cpr-nr:251248-9996", CPR, "2512489996"),
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


# --- owner, actors, class


def test_the_owner_is_the_source(oio: Oio) -> None:
    assert oio.translate(changed(("11259979", "64942212"))).source.id == "koebenhavn-sag"
    with pytest.raises(UnknownSource) as caught:
        oio.translate(changed(("11259979", "12345678")))
    assert caught.value.where == "Sag/Registrering/RelationListe/Sagsaktoer[Ejer]"
    with pytest.raises(MissingField) as missing:
        oio.translate(without("<sag:Sagsaktoer>", "</sag:Sagsaktoer>").encode())
    assert missing.value.where == "Sag/Registrering/RelationListe/Sagsaktoer[Ejer]"


def test_the_owner_by_urn_alone(oio: Oio) -> None:
    raw = changed(
        ("<si:CVR-Nummer>11259979</si:CVR-Nummer>", ""),
        ("<sd:UUIDIdentifikator>7c1d9a50-3a43-4c6e-9a2e-5d7f1e0b4c10</sd:UUIDIdentifikator>",
         "<sd:URNIdentifikator>urn:oio:cvr-nr:11259979</sd:URNIdentifikator>"),
    )  # fmt: skip
    assert oio.translate(raw).source.id == "frederiksberg-sag"


def test_everybody_who_handles_the_case_with_role_and_time(oio: Oio) -> None:
    team = said(oio.translate(SAG.encode()), "CareTeam").body
    assert [(p["role"][0]["text"], p["member"]["display"]) for p in team["participant"]] == [
        ("Ansvarlig", "Center for Udsatte Voksne"),
        ("Primær behandler", "Vibeke Thorup Damsgaard"),
        ("Primær behandler", "Asger Lindholt"),
    ]
    unit = team["participant"][0]["member"]
    assert unit["identifier"] == {"system": FK_ORG, "value": "0d9b7c61-8b1e-4f5a-b0a7-6f7f3f5f2a20"}
    assert team["name"] == "Frederiksberg Kommune"
    assert team["category"][0]["coding"][0] == {
        "system": KLE, "code": "27.57.16",
        "display": "Midlertidige botilbud efter servicelovens § 110 (forsorgshjem og herberger)",
    }  # fmt: skip


def test_an_actor_in_an_unknown_role_is_kept(oio: Oio) -> None:
    unknown = "00000000-aaaa-4bbb-8ccc-111111111111"
    team = said(oio.translate(changed(("a1263342-d348-44ba-a566-233f37c4cb67", unknown))), "CareTeam").body
    assert {"text": unknown} in [p["role"][0] for p in team["participant"]]


def test_retired_kle_numbers_stay_valid_and_a_missing_one_is_refused(oio: Oio) -> None:
    assert plan(oio, changed((">27.57.16<", ">27.35.04<")))["category"][0]["coding"][0]["code"] == "27.35.04"  # type: ignore[index]
    with pytest.raises(MissingField):
        oio.translate(changed(("<si:BrugervendtNoegle>27.57.16</si:BrugervendtNoegle>", "")))


@pytest.mark.parametrize("number", ["27.57", "27  57", "Herberg", "275716"])
def test_what_is_no_kle_number_is_refused(oio: Oio, number: str) -> None:
    with pytest.raises(WrongType) as caught:
        oio.translate(changed((">27.57.16<", f">{number}<")))
    assert caught.value.where.endswith("SagsklasseLokalUdvidelse/BrugervendtNoegle")


def test_what_is_made_is_r4(oio: Oio) -> None:
    for one in oio.translate(SAG.encode()).statements:
        whole = {"resourceType": one.kind, "id": "x", **one.body}
        whole |= {} if one.kind == "Patient" else {"subject": {"reference": "Patient/p"}}
        assert structure(whole) == []


def test_acting_municipality_is_never_derived(oio: Oio) -> None:
    """Owner, acting, paying and residence municipality are four different things."""
    assert "acting-municipality" not in str(oio.translate(SAG.encode()).statements)


# --- who may see it


@pytest.mark.parametrize(
    ("level", "label"),
    [
        ("IKKE_FORTROLIGE_DATA", "L"),
        ("FORTROLIGE_PERSONOPLYSNINGER", "N"),
        ("FOELSOMME_PERSONOPLYSNINGER", "R"),
        ("VIP_SAGER", "V"),
    ],
)
def test_sensitivity_has_four_steps(oio: Oio, level: str, label: str) -> None:
    found = oio.translate(changed(("FOELSOMME_PERSONOPLYSNINGER", level)))
    body = said(found, "CarePlan").body
    assert [s["code"] for s in body["meta"]["security"]] == [label]
    assert said(found, "CareTeam").body["meta"] == body["meta"]
    assert {"url": OURS + "oio-sensitivity", "valueCode": level} in body["extension"]


def test_missing_sensitivity_is_not_harmless(oio: Oio) -> None:
    found = oio.translate(changed(("<si:Foelsomhed>FOELSOMME_PERSONOPLYSNINGER</si:Foelsomhed>", "")))
    assert said(found, "CarePlan").body["meta"]["security"] == [{"system": LABELS, "code": "R"}]
    assert any("Foelsomhed" in f.text for f in found.findings)
    with pytest.raises(UnknownCode):
        oio.translate(changed(("FOELSOMME_PERSONOPLYSNINGER", "LIDT_FOELSOMME")))


def test_the_access_profile_is_kept(oio: Oio) -> None:
    profile = [e for e in plan(oio, SAG.encode())["extension"] if e["url"] == OURS + "oio-access-profile"]  # type: ignore[attr-defined]
    assert profile[0]["valueReference"]["identifier"]["value"] == "0d9b7c61-8b1e-4f5a-b0a7-6f7f3f5f2a20"


def test_the_confidential_title_and_description_are_never_shown(oio: Oio) -> None:
    exempt = (
        "<sag:OffentlighedUndtaget><sd:TitelAlternativTekst>Hemmelig titel</sd:TitelAlternativTekst>"
        "<sd:OffentlighedUndtagetHjemmelTekst>§ 12</sd:OffentlighedUndtagetHjemmelTekst></sag:OffentlighedUndtaget>"
    )
    raw = changed(("<sag:Sagsnummer>", exempt + "<sag:Sagsnummer>"))
    found = oio.translate(raw)
    assert said(found, "CarePlan").body["title"] == "Midlertidigt botilbud efter § 110"
    told = str(found.statements) + str(found.findings)
    assert "Hemmelig" not in told
    assert "egen bolig" not in told


def test_missing_indicators_are_not_false(oio: Oio) -> None:
    assert "false" not in str(plan(oio, SAG.encode())).lower()


def test_notes_without_a_document_are_no_obstacle(oio: Oio) -> None:
    """`URN:Empty` stands for a journal note that is no document; notes themselves are not carried."""
    assert "URN:Empty" in SAG
    assert "Samtale på herberget" not in str(oio.translate(SAG.encode()).statements)


# --- what came around the case


def test_import_update_and_bare_case_are_read_alike(oio: Oio) -> None:
    bare, wrapped = oio.translate(SAG.encode()), oio.translate(imported(SAG))
    assert [(s.key, s.body) for s in bare.statements] == [(s.key, s.body) for s in wrapped.statements]
    assert bare.fingerprint == wrapped.fingerprint
    assert wrapped.event == "Importer"
    change = oio.translate(updated())
    assert change.event == "Opdater"
    assert said(change, "CarePlan").happened == datetime(2025, 4, 1, 6, tzinfo=UTC)
    assert said(change, "CarePlan").body["title"] == said(bare, "CarePlan").body["title"]


def test_a_soap_envelope_is_looked_through(oio: Oio) -> None:
    inner = imported(SAG).decode().partition("\n")[2]
    soap = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>'
        + inner
        + "</s:Body></s:Envelope>"
    )
    assert oio.translate(soap.encode()).statements == oio.translate(imported(SAG)).statements


@pytest.mark.parametrize("missing", ["AttributListe", "TilstandListe", "RelationListe"])
def test_an_update_that_would_lose_something_is_refused(oio: Oio, missing: str) -> None:
    with pytest.raises(MissingField) as caught:
        oio.translate(updated(leave_out=missing))
    assert caught.value.where.endswith(missing)


def test_every_registration_is_a_statement_of_its_own(oio: Oio) -> None:
    registration = "<sag:Registrering>" + between("<sag:Registrering>", "</sag:Registrering>") + "</sag:Registrering>"
    earlier = registration.replace("2025-03-10T09:15:0", "2025-01-20T10:00:0").replace(
        between("<sag:TilstandListe>", "</sag:TilstandListe>"),
        "<sag:Fremdrift><sag:FremdriftStatusKode>Opstaaet</sag:FremdriftStatusKode></sag:Fremdrift>",
    )
    found = oio.translate(changed((registration, earlier + registration)))
    cases = [s for s in found.statements if s.kind == "CarePlan"]
    assert [(s.happened.date().isoformat(), s.body["status"]) for s in cases] == [
        ("2025-01-20", "draft"), ("2025-03-10", "active"),
    ]  # fmt: skip
    assert cases[0].body["title"] == "Henvendelse om herberg"
    assert len({s.origin for s in found.statements}) == len(found.statements)


def test_several_cases_of_one_citizen_and_never_of_two(oio: Oio) -> None:
    other = SAG.replace(UUID.upper(), "6c1d0e3f-72d5-4f1c-8b6e-1a3c8d4f9b22")
    found = oio.translate(imported(SAG, other))
    assert len({s.key for s in found.statements if s.kind == "CarePlan"}) == 2
    with pytest.raises(RuleBroken):
        oio.translate(imported(SAG, other.replace(CITIZEN, "urn:oio:cpr-nr:2509479989")))
    with pytest.raises(RuleBroken):
        oio.translate(imported(SAG, other.replace("11259979", "64942212")))


def test_the_old_namespaces_mean_the_same(oio: Oio) -> None:
    old = SAG.replace("urn:oio:sts:sagdok:sag:6", "urn:oio:sts:sagdok:sag:1.2.4.0").replace(
        "sagindeks:6", "sagindeks:1.2.4.0"
    )
    assert oio.translate(old.encode()).statements == oio.translate(SAG.encode()).statements


def test_the_same_content_sent_again_is_the_same(oio: Oio) -> None:
    """Indentation, case of UUIDs and the index's own stamp are no content."""
    again = re.sub(r">\s+<", "><", SAG).replace("09:15:04.120", "11:30:00.000")
    first, second = oio.translate(SAG.encode()), oio.translate(again.encode())
    assert (first.fingerprint, first.message_id) == (second.fingerprint, second.message_id)
    assert first.fingerprint != oio.translate(changed(("Afgjort", "Afsluttet"))).fingerprint


@pytest.mark.parametrize("raw", [b"<Dokument/>", b"<html/>", b'<x:FjernSagDokumentIndeksInput xmlns:x="urn:x"/>'])
def test_other_documents_are_not_received_here(oio: Oio, raw: bytes) -> None:
    with pytest.raises(UnknownMessage):
        oio.translate(raw)


def test_printed_times_of_the_guide_are_read(oio: Oio) -> None:
    raw = changed(("2025-03-10T09:15:00+01:00", "2025-03-10 T09:15:00.234+01.00"))
    assert said(oio.translate(raw), "CarePlan").happened == datetime(2025, 3, 10, 8, 15, 0, 234000, tzinfo=UTC)
    with pytest.raises(WrongType) as caught:
        oio.translate(changed(("2025-03-10T09:15:00+01:00", "i går")))
    assert caught.value.where == "Sag/Registrering/Tidspunkt"


def test_explain_leaves_no_field_untold(oio: Oio) -> None:
    found = oio.explain(SAG.encode())
    assert [u.field for u in found.unread if u.reason == "unread"] == []
    status = next(row for row in found.rows if row.target == "CarePlan.status")
    assert status.fields == ("Registrering/TilstandListe/Fremdrift",)
    assert status.rule.startswith("mappings/oio/careplan.yaml:")
    assert status.places == ("Sag/Registrering/TilstandListe/Fremdrift[1]",)
