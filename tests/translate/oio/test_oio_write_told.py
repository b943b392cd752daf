"""What a hospital tells, as OIO: a stay that ended as a note on the case, a goal or a letter as a document."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.errors import MissingField, RuleBroken
from gateway.translate.oio.tree import Node
from gateway.translate.oio.walk import read
from gateway.translate.oio.write.resources import write
from gateway.translate.oio.write.tables import Tables
from gateway.translate.telling.of_resources import texts_in
from tests.translate.oio.written import (
    AT,
    BASE,
    HOSPITAL,
    MAPPINGS,
    UUID,
    Json,
    case,
    goal,
    kle,
    patient,
    plan,
    stay,
    team,
    written,
)


def document(*resources: Json) -> Node:
    (found,) = written(patient(), plan(), team(), *resources).each("DokumentIndeks")
    return found


def letter(**more: Any) -> Json:
    return {
        "resourceType": "DocumentReference",
        "id": "d",
        "subject": {"reference": "Patient/p"},
        "status": "current",
        "docStatus": "final",
        "date": "2026-02-27T12:00:00+01:00",
        "custodian": HOSPITAL,
        "description": "Udskrivningsbrev",
        "content": [{"attachment": {"contentType": "text/plain", "data": base64.b64encode(b"Hej").decode()}}],
    } | more


def test_a_stay_that_ended_is_a_note_on_the_case() -> None:
    (post,) = case(patient(), plan(), team(), stay()).each("RelationListe", "Journalpost")
    note = post.first("JournalpostEgenskaber", "JournalnotatEgenskaber")
    assert note is not None
    assert note.said("Titel") == "Ophold på Bispebjerg Hospital er afsluttet"
    assert "27.02.2026 kl. 10.00" in base64.b64decode(note.said("Notat")).decode()
    assert post.said("ReferenceID", "URNIdentifikator") == "URN:Empty"


def test_told_again_it_is_the_same_note() -> None:
    def post(at: datetime) -> Node:
        (raw,) = write([patient(), plan(), team(), stay()], at, Tables.read(MAPPINGS), texts_in(MAPPINGS))
        (found,) = read(raw).each("SagIndeks", "Registrering", "RelationListe", "Journalpost")
        return found

    once, again = post(AT), post(AT + timedelta(days=3))
    assert once.said("Indeks") == again.said("Indeks") != ""
    assert once.said("Virkning", "FraTidspunkt", "TidsstempelDatoTid") == "2026-02-27T10:00:00+01:00"
    assert again.said("Virkning", "FraTidspunkt", "TidsstempelDatoTid") == "2026-02-27T10:00:00+01:00"


def open_case(level: str) -> Json:
    return plan(extension=[{"url": f"{BASE}/oio-sensitivity", "valueCode": level}])


def test_in_a_case_that_is_milder_than_health_it_is_a_document_of_its_own() -> None:
    mild = written(patient(), open_case("IKKE_FORTROLIGE_DATA"), team(), stay())
    (found,) = mild.each("DokumentIndeks")
    properties = found.first("Registrering", "AttributListe", "Egenskaber")
    assert properties is not None
    assert (properties.said("Foelsomhed"), properties.said("Type")) == ("FOELSOMME_PERSONOPLYSNINGER", "Eksternt Notat")
    posts = mild.each("SagIndeks", "Registrering", "RelationListe", "Journalpost")
    assert [one.first("JournalpostEgenskaber", "JournalnotatEgenskaber") for one in posts] == [None]
    strict = written(patient(), open_case("VIP_SAGER"), team(), stay())
    assert strict.each("DokumentIndeks") == [], "the note is as closed as its case"


def test_what_is_told_of_a_vip_is_never_milder_than_the_case() -> None:
    vip = (patient(), open_case("VIP_SAGER"), team(), goal(), stay(status="in-progress"))
    (found,) = written(*vip).each("DokumentIndeks")
    assert found.said("Registrering", "AttributListe", "Egenskaber", "Foelsomhed") == "VIP_SAGER"


def test_a_stay_that_goes_on_is_not_told() -> None:
    running = stay(status="in-progress", period={"start": "2026-02-20"})
    assert case(patient(), plan(), team(), running).each("RelationListe", "Journalpost") == []


def test_a_goal_is_a_document_as_sensitive_as_health_is() -> None:
    found = document(goal(), stay(status="in-progress"))
    registered = found.first("Registrering")
    assert registered is not None
    properties = registered.first("AttributListe", "Egenskaber")
    assert properties is not None
    assert (properties.said("Titel"), properties.said("Type")) == ("Mål fra Bispebjerg Hospital", "Plan")
    assert "Taler med sin kontaktperson" in properties.said("Beskrivelse")
    assert properties.said("Foelsomhed") == "FOELSOMME_PERSONOPLYSNINGER"
    owner = registered.first("RelationListe", "Dokumentaktoer", "LokalUdvidelseListe", "DokumentaktoerLokalUdvidelse")
    assert owner is not None
    assert owner.said("CVR-Nr") == "11259979", "who may read it is decided by its own owner, subject and sensitivity"
    subject = registered.first("RelationListe", "Dokumentklasse", "LokalUdvidelseListe", "DokumentklasseLokalUdvidelse")
    assert subject is not None
    assert subject.said("BrugervendtNoegle") == "27.57.16"


def test_the_case_points_at_the_document_and_the_same_goal_is_the_same_document() -> None:
    resources = (patient(), plan(), team(), goal(), stay(status="in-progress"))
    found = written(*resources)
    uuid = found.said("DokumentIndeks", "UUIDIdentifikator")
    posts = found.each("SagIndeks", "Registrering", "RelationListe", "Journalpost")
    assert [one.said("ReferenceID", "UUIDIdentifikator") for one in posts] == [uuid]
    assert written(*resources).said("DokumentIndeks", "UUIDIdentifikator") == uuid


def test_a_letter_is_never_milder_than_health() -> None:
    mild = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "L"}]}
    properties = document(letter(meta=mild)).first("Registrering", "AttributListe", "Egenskaber")
    assert properties is not None
    assert properties.said("Foelsomhed") == "FOELSOMME_PERSONOPLYSNINGER"
    assert properties.said("Titel") == "Udskrivningsbrev"


def test_a_document_of_the_municipality_keeps_its_own_sensitivity() -> None:
    number = {"use": "official", "system": "https://data.gov.dk/id/organization", "value": UUID.replace("7", "8")}
    strict = letter(
        identifier=[number],
        custodian=plan()["author"],
        category=[kle("27.57.16")],
        context={"related": [{"reference": "CarePlan/c"}]},
        extension=[{"url": f"{BASE}/oio-sensitivity", "valueCode": "VIP_SAGER"}],
    )
    found = document(strict)
    assert found.said("UUIDIdentifikator") == number["value"]
    assert found.said("Registrering", "AttributListe", "Egenskaber", "Foelsomhed") == "VIP_SAGER"


def test_without_a_case_there_is_nothing_to_file_it_on() -> None:
    with pytest.raises(MissingField, match="no case to file this on"):
        written(patient(), goal(), stay())


def test_which_of_several_cases_is_not_for_a_program_to_choose() -> None:
    other = {"use": "official", "system": "https://data.gov.dk/id/organization", "value": UUID.replace("7", "8")}
    with pytest.raises(RuleBroken, match="several cases"):
        written(patient(), plan(), plan(id="c2", identifier=[other]), team(), stay())


def test_of_several_cases_the_open_one_is_meant() -> None:
    number = {"use": "official", "system": "https://data.gov.dk/id/organization", "value": UUID.replace("7", "8")}
    closed = plan(id="c2", identifier=[number], status="completed", period={"start": "2024-01-01", "end": "2025-01-31"})
    found = written(patient(), closed, plan(), team(), stay()).each("SagIndeks")
    notes = {one.said("UUIDIdentifikator"): one.each("Registrering", "RelationListe", "Journalpost") for one in found}
    assert {uuid: len(posts) for uuid, posts in notes.items()} == {UUID: 1, number["value"]: 0}


def test_a_goal_of_kls_is_the_municipalitys_own() -> None:
    wish = {
        "system": "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes",
        "code": "416fe27d-3ccf-4390-8742-8b52a9d8dc78",
    }
    found = written(patient(), plan(), team(), goal(category=[{"coding": [wish]}]))
    assert found.each("DokumentIndeks") == []


def test_nobody_is_told_what_no_hospital_says() -> None:
    with pytest.raises(MissingField, match="which hospital"):
        written(patient(), plan(), team(), goal())


def test_what_the_cases_own_authority_keeps_is_not_told_to_it() -> None:
    own = letter(custodian=plan()["author"])
    assert written(patient(), plan(), team(), own).each("DokumentIndeks") == []
