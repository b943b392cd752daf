"""A case becomes the municipality's part of the plan: each trap of the field is one test."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from gateway.domain.identifier import CPR, CVR, FK_ORG, Identifier
from gateway.domain.resource import ids
from gateway.domain.statement import Act, Verb
from gateway.errors import (
    MissingField,
    UnknownCode,
    UnknownSource,
    WrongType,
)
from gateway.translate.fhir.structure import structure
from gateway.translate.oio import Oio
from tests.translate.oio.cases import (
    SAG,
    UUID,
    changed,
    plan,
    said,
    with_profile,
    with_states,
    without,
)

KLE = "https://data.gov.dk/id/classification/KLE"
LABELS = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
OURS = "https://faellesplan.dk/fhir/StructureDefinition/"


FIRST = ("Opstaaet", "2025-01-14T00:00:00", "")


def test_the_case_is_the_municipalitys_part_of_the_plan(oio: Oio) -> None:
    found = oio.translate(SAG.encode())
    assert found.source.id == "frederiksberg-sag"
    assert found.citizen == (Identifier(CPR, "0108589995"),)
    assert [s.kind for s in found.statements] == ["Patient", "CarePlan", "DocumentReference", "CareTeam", "Flag"]
    assert found.statements[-1].body["parts"] == [], "it alerts to nothing"
    case = said(found, "CarePlan")
    assert case.key == f"frederiksberg-sag|CarePlan|{UUID}"
    assert (case.act, case.verb) == (Act.REGISTER, Verb.ASSERT)
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
        ([FIRST, ("Bestilt", "2025-02-20T00:00:00", "")], "active", "order"),
        ([FIRST, ("Udfoert", "2025-02-20T00:00:00", "")], "active", "order"),
        ([FIRST, ("Afsluttet", "2025-03-01T00:00:00", "")], "completed", "order"),
        ([("Opstaaet", "2025-01-14", "2025-02-01"), ("Afsluttet", "2025-06-01", "")], "draft", "proposal"),
        ([FIRST, ("Afgjort", "2025-06-01T00:00:00", "")], "draft", "proposal"),
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
    found = oio.translate(SAG.encode())
    made = [one for one in found.statements if one.kind != "Flag"]
    assert len(made) == 4
    for one in made:
        whole = {"resourceType": one.kind, "id": "x", **said(found, one.kind).body}
        whole |= {} if one.kind == "Patient" else {"subject": {"reference": "Patient/p"}}
        assert structure(whole) == []


def test_acting_municipality_is_never_derived(oio: Oio) -> None:
    """Owner, acting, paying and residence municipality are four different things."""
    assert "StructureDefinition/municipality" not in str(oio.translate(SAG.encode()).statements)


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
    profile = [e for e in plan(oio, with_profile())["extension"] if e["url"] == OURS + "oio-access-profile"]  # type: ignore[attr-defined]
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


def test_a_number_that_is_not_told_has_no_giver(oio: Oio) -> None:
    raw = re.sub("<sag:Sagsnummer>.*?</sag:Sagsnummer>", "", SAG).encode()
    numbers = plan(oio, raw)["identifier"]
    assert [one["use"] for one in numbers] == ["official", "secondary"]  # type: ignore[index]
    assert "assigner" in numbers[1]  # type: ignore[index]


def test_what_the_properties_tell_beside_the_rules_is_unread(oio: Oio) -> None:
    raw = changed(("<sag:Sagsnummer>", "<sag:Ukendt>x</sag:Ukendt><sag:Sagsnummer>"))
    unread = [one.field for one in oio.explain(raw).unread if one.reason == "unread"]
    assert unread == ["Registrering/AttributListe/Egenskaber/Ukendt"]


def test_the_stamp_of_the_index_makes_no_new_content(oio: Oio) -> None:
    first, stamp = oio.translate(SAG.encode()), without("<gd:StsTidspunkt>", "</gd:StsTidspunkt>")
    assert oio.translate(stamp.encode()).fingerprint == first.fingerprint
    assert oio.translate(changed(("Sagsnummer>", "BrugervendtNoegle>"))).fingerprint != first.fingerprint


def test_explain_leaves_no_field_untold(oio: Oio) -> None:
    found = oio.explain(SAG.encode())
    assert [u.field for u in found.unread if u.reason == "unread"] == []
    states = [row for row in found.rows if row.target.endswith(".status") and row.target.startswith("CarePlan")]
    assert {row.fields for row in states} == {("Registrering/TilstandListe/Fremdrift/FremdriftStatusKode",)}
    assert all(row.rule.startswith("mappings/oio/careplan.yaml:") for row in states)
    assert states[0].places == ("Sag/Registrering/TilstandListe/Fremdrift[1]/FremdriftStatusKode",)
