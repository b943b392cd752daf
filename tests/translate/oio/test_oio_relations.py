"""Actors, parties, classes and other cases, by the role UUIDs that an installation has filled in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.domain.identifier import CVR, FK_ORG
from gateway.domain.municipality import facts_of
from gateway.domain.resource import ids
from gateway.translate.fhir.structure import structure
from gateway.translate.oio import Oio
from gateway.translate.oio.language import Oio as Language
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.sources import Sources
from gateway.translate.terms.noticing import noticed
from gateway.translate.terms.terms import Terms
from tests.translate.installation import mappings
from tests.translate.oio.building import (
    BEGUN,
    EVERY_RELATION,
    OBLIGATORY,
    OLD,
    PRIVATE,
    TOO_LARGE,
    UNKNOWN,
    actor,
    case,
    document,
    index,
    klass,
    lying,
    note,
    party,
    properties,
    states,
    uuid,
    wrapped,
)
from tests.translate.oio.cases import UUID, said
from tests.translate.oio.conftest import MAPPINGS

OURS = "https://faellesplan.dk/fhir/StructureDefinition/"


@pytest.fixture(scope="module")
def informed(tmp_path_factory: pytest.TempPathFactory) -> Oio:
    """The language of an installation that has filled in the UUIDs that are not published."""
    folder = mappings(tmp_path_factory.mktemp("informed"), "oio")
    roles = folder / "oio" / "roles.csv"
    told = roles.read_text("utf-8")
    for role, number in PRIVATE.items():
        told, found = re.subn(rf"(?m)^(\w+,{role}),,", rf"\1,{number},", told)
        assert found == 1, role
    roles.write_text(told, "utf-8")
    return Language(folder, Sources.read(folder), ids(b"test"))


@pytest.fixture(scope="module")
def found(informed: Oio) -> dict[str, Any]:
    translation = informed.translate(wrapped(*index(case(*EVERY_RELATION))))
    bodies = {kind: said(translation, kind).body for kind in ("CarePlan", "CareTeam", "Patient")}
    keys = list(dict.fromkeys(s.key for s in translation.statements if s.kind == "DocumentReference"))
    bodies["DocumentReference"] = {
        key.rpartition("|")[2]: said(translation, "DocumentReference", n).body for n, key in enumerate(keys)
    }
    return bodies | {"translation": translation}


def reference(kind: str, number: str) -> dict[str, str]:
    return {"reference": f"{kind}/{ids(b'test')(kind, f'koebenhavn-sag|{kind}|{number}')}"}


def members(team: dict[str, Any]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for one in team["participant"]:
        told.setdefault(one["role"][0]["text"], []).append(one["member"]["display"])
    return told


def test_everybody_is_on_the_team_in_the_role_they_have(found: dict[str, Any]) -> None:
    assert members(found["CareTeam"]) == {
        "Ansvarlig": ["Rådgivningscenter"], "Primær behandler": ["Karla Sundby"],
        "Andre behandlere": ["Mogens Elbæk", "Botilbuddet Kajen"], UNKNOWN: ["En i ukendt rolle"],
        "Sekundær part": ["Mads Lauenborg", "Boligforeningen"], "Ydelsesmodtager": ["Bent Prøve"],
    }  # fmt: skip
    assert "Arkivet" not in str(found["CareTeam"]), "who has borrowed the paper file handles nothing"


def test_an_unknown_role_is_told_to_the_operator(found: dict[str, Any]) -> None:
    places = [one.where for one in found["translation"].findings if "roles.csv" in one.text]
    assert places == [
        "ImporterSagDokumentIndeksInput/SagIndeks/Registrering/RelationListe/Sagsaktoer[8]"
    ]  # fmt: skip


def test_other_parties_are_named_and_their_numbers_are_not(found: dict[str, Any]) -> None:
    assert "2505544849" not in str([found["CareTeam"], found["CarePlan"]])
    parties = {one["member"]["display"]: one["member"] for one in found["CareTeam"]["participant"]}
    assert parties["Mads Lauenborg"] == {"type": "RelatedPerson", "display": "Mads Lauenborg"}
    assert parties["Boligforeningen"]["identifier"] == {"system": CVR, "value": "25313763"}


def test_several_of_a_role_need_a_number_and_are_told_apart_without(informed: Oio) -> None:
    two = [actor("AndreBehandlere", "Bruger", uuid(70), "A"), actor("AndreBehandlere", "Bruger", uuid(71), "B")]
    found = informed.translate(wrapped(*index(case(*two))))
    assert members(said(found, "CareTeam").body)["Andre behandlere"] == ["A", "B"]
    assert [one.where.rpartition("/")[2] for one in found.findings] == ["Indeks", "Indeks"]


def test_without_ydelsesmodtager_nobody_but_the_citizen_is_paid(informed: Oio) -> None:
    team = said(informed.translate(wrapped(*index(case()))), "CareTeam").body
    assert members(team) == {"Ansvarlig": ["Rådgivningscenter"]}


def test_the_residence_is_a_fact_of_its_own(found: dict[str, Any]) -> None:
    (fact,) = facts_of(found["CarePlan"] | {"resourceType": "CarePlan", "id": "x"})
    assert (fact.role, fact.code) == ("residence", "0147")


def test_every_class_is_a_category_the_subject_first(found: dict[str, Any]) -> None:
    codes = [one["coding"][0]["code"] for one in found["CarePlan"]["category"]]
    assert codes == ["27.51.04", "G01", "urn:oio:form:27.51.04"]
    assert found["CarePlan"]["category"][2]["text"] == "Stofmisbrug"


def test_a_retired_subject_is_taken_and_told_as_retired_from_then_on(oio: Oio) -> None:
    problems = Problems()
    terms = Terms.read(MAPPINGS, Codes.read(MAPPINGS / "codes", problems), problems)
    told = [one for one in OBLIGATORY if one.role != "PrimaerKlasse"]
    retired = klass("PrimaerKlasse", "27.35.04", "Forebyggende hjemmebesøg", uuid(3))
    findings = {}
    for moment in ("2025-03-10T09:15:00+01:00", "2026-03-10T09:15:00+01:00"):
        found = noticed(terms, oio.translate(wrapped(*index(case(retired, told=told, moment=moment)))))
        assert said(found, "CarePlan").body["category"][0]["coding"][0]["code"] == "27.35.04"
        findings[moment[:4]] = [one.where for one in found.findings]
    assert findings == {"2025": [], "2026": ["CarePlan.category[0].coding[0]", "CareTeam.category[0].coding[0]"]}


def test_the_paragraph_is_not_lost_where_no_code_says_it(oio: Oio) -> None:
    law = "<sag:HjemmelSpecifikation>Serviceloven § 101</sag:HjemmelSpecifikation>"
    body = said(oio.translate(wrapped(*index(case(attributes=properties(more=law))))), "CarePlan").body
    assert [one["text"] for one in body["note"]] == ["Serviceloven § 101"]


def test_other_cases(found: dict[str, Any]) -> None:
    plan = found["CarePlan"]
    assert plan["partOf"] == [reference("CarePlan", uuid(20))]
    assert plan["replaces"] == [reference("CarePlan", uuid(21))]
    others = [one for one in plan["supportingInfo"] if "identifier" in one]
    assert [(one["identifier"]["value"], one["display"]) for one in others] == [(uuid(22), "Andre sager")]


def test_documents_and_notes_lie_on_the_case(found: dict[str, Any]) -> None:
    lies = [one["reference"] for one in found["CarePlan"]["supportingInfo"] if "reference" in one]
    named = [uuid(30), uuid(31), f"{UUID}/3", f"{UUID}/4"]
    assert lies == [reference("DocumentReference", one)["reference"] for one in named]
    documents = found["DocumentReference"]
    assert list(documents) == named[1:], "of the first only its number is told"
    assert documents[uuid(31)]["content"][0]["attachment"] == {"title": "Bilag om bolig"}
    assert documents[uuid(31)]["type"] == {"text": "Vedlagt"}
    assert all(one["context"]["related"] == [reference("CarePlan", UUID)] for one in documents.values())
    assert all(one["category"][0]["coding"][0]["code"] == "27.51.04" for one in documents.values())


def test_a_note_cut_off_at_100_kb_is_told_and_its_sentence_is_no_note(found: dict[str, Any]) -> None:
    cut = found["DocumentReference"][f"{UUID}/4"]["content"][0]
    assert cut["attachment"] == {"title": "Langt notat"}
    assert cut["format"]["code"] == f"urn:uuid:{uuid(900)}"
    assert TOO_LARGE not in str(found["translation"].statements)
    assert [one.where[-14:] for one in found["translation"].findings if "larger" in one.text] == ["Journalpost[4]"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (rb"{\rtf1\ansi Samtale}", "application/rtf"),
        (b"PK\x03\x04 word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<HTML><body>Samtale", "text/html"),
        ("Blåbærgrød".encode(), "text/plain;charset=utf-8"),
        ("Blåbærgrød".encode("latin-1"), "application/octet-stream"),
    ],
)
def test_what_a_note_is_is_told_by_its_bytes_as_its_format_is_a_uuid(oio: Oio, content: bytes, kind: str) -> None:
    found = oio.translate(wrapped(*index(case(note("1", "Notat", content)))))
    attachment = said(found, "DocumentReference").body["content"][0]["attachment"]
    assert attachment["contentType"] == kind


def test_a_note_that_is_no_base64_keeps_its_title(oio: Oio) -> None:
    raw = wrapped(*index(case(note("1", "Notat", b"abc")))).replace(b"<sag:Notat>YWJj", b"<sag:Notat>!!!!")
    found = oio.translate(raw)
    assert said(found, "DocumentReference").body["content"][0]["attachment"] == {"title": "Notat"}
    assert any(one.text.startswith("is no base64") for one in found.findings)


def test_notes_without_a_number_are_told_apart_and_are_the_same_when_they_come_again(oio: Oio) -> None:
    notes = [note("", "A", b"a"), note("", "B", b"b")]
    first = oio.translate(wrapped(*index(case(*notes))))
    again = oio.translate(wrapped(*index(case(*reversed(notes), moment="2025-04-01T00:00:00+02:00"))))
    keys = [{s.key for s in one.statements if s.kind == "DocumentReference"} for one in (first, again)]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 2


def test_a_document_of_the_index_tells_itself(informed: Oio) -> None:
    raw = wrapped(
        *index(case(lying("Tilakteret", "1", uuid(30), "Som sagen kalder det"))), document(uuid(30), level="VIP_SAGER")
    )
    body = said(informed.translate(raw), "DocumentReference").body
    assert body["content"][0]["attachment"]["title"] == "Afgørelse om behandling"
    assert (body["status"], body["docStatus"]) == ("current", "final")
    assert [one["valueCode"] for one in body["extension"] if one["url"] == OURS + "oio-sensitivity"] == ["VIP_SAGER"]
    assert [one["code"] for one in body["meta"]["security"]] == ["V"]
    assert body["type"] == {"text": "Brev, udgaaende"}
    assert [one["value"] for one in body["identifier"]] == [uuid(30), "2025-9", "D-1"]
    assert body["context"]["related"] == [reference("CarePlan", UUID)]


@pytest.mark.parametrize(
    ("status", "told"),
    [("Modtaget", "final"), ("Fordelt", "final"), ("Underudarbejdelse", "preliminary"), ("Underreview", "preliminary"),
     ("Publiceret", "final"), ("Endeligt", "final"), ("Afleveret", "final")],
)  # fmt: skip
def test_a_document_has_states_of_its_own(oio: Oio, status: str, told: str) -> None:
    raw = wrapped(*index(case()), document(uuid(30), status=status))
    assert said(oio.translate(raw), "DocumentReference").body["docStatus"] == told


def test_the_confidential_title_of_a_document_is_never_told(oio: Oio) -> None:
    exempt = (
        "<di:Beskrivelse>Hemmelig tekst</di:Beskrivelse><di:OffentlighedUndtaget><sd:TitelAlternativTekst>Hemmelig"
        "</sd:TitelAlternativTekst><sd:OffentlighedUndtagetHjemmelTekst>§ 30</sd:OffentlighedUndtagetHjemmelTekst>"
        "</di:OffentlighedUndtaget>"
    )
    raw = wrapped(*index(case()), document(uuid(30), more=exempt))
    found = oio.translate(raw)
    assert "Hemmelig" not in str(found.statements) + str(found.findings)
    assert "Hemmelig" not in str(oio.explain(raw))


def test_both_versions_say_the_same(informed: Oio) -> None:
    relations = [one for one in EVERY_RELATION if one.name != "Journalpost"]
    v6 = informed.translate(wrapped(*index(case(*relations))))
    old = informed.translate(wrapped(*index(case(*relations)), version=OLD))
    assert v6.statements == old.statements
    ordered = states(*BEGUN, ("Bestilt", "2025-02-10T00:00:00+01:00", ""), ("Udfoert", "2025-03-01T00:00:00+01:00", ""))
    body = said(informed.translate(wrapped(*index(case(progress=ordered)), version=OLD)), "CarePlan").body
    assert (body["status"], body["intent"]) == ("active", "order")
    assert [one["extension"][0]["valueCode"] for one in body["extension"] if one["url"] == OURS + "oio-state"] == [
        "Opstaaet", "Afgjort", "Bestilt", "Udfoert",
    ]  # fmt: skip


def test_a_number_told_beside_the_reference_in_the_old_version(oio: Oio) -> None:
    number = "<si:FuldtNavn>Gerda</si:FuldtNavn><si:CPR-nr>0108589995</si:CPR-nr>"
    told = f"<si:SagspartLokalUdvidelse>{number}</si:SagspartLokalUdvidelse>"
    primary = party("PrimaerPart", uuid(50), "Gerda")
    primary.beside = told
    others = [one for one in OBLIGATORY if one.role != "PrimaerPart"]
    found = oio.translate(wrapped(*index(case(primary, told=others)), version=OLD))
    assert found.citizen[0].value == "0108589995"


def test_everything_that_is_made_is_r4(found: dict[str, Any]) -> None:
    listed = [(kind, found[kind]) for kind in ("CarePlan", "CareTeam", "Patient")]
    listed += [("DocumentReference", one) for one in found["DocumentReference"].values()]
    for kind, body in listed:
        whole = {"resourceType": kind, "id": "x", **body}
        whole |= {} if kind == "Patient" else {"subject": {"reference": "Patient/p"}}
        assert structure(whole) == [], kind


def test_a_unit_is_named_by_its_uuid_and_an_authority_by_its_number(found: dict[str, Any]) -> None:
    assert found["CarePlan"]["author"]["identifier"] == {"system": CVR, "value": "64942212"}
    unit = found["CareTeam"]["participant"][0]["member"]["identifier"]
    assert unit == {"system": FK_ORG, "value": uuid(2)}


def test_who_handled_the_case_before_is_told_with_the_time(oio: Oio) -> None:
    before = actor("PrimaerBehandler", "Bruger", uuid(60), "Før", end="2025-02-01T00:00:00+01:00")
    now = actor("PrimaerBehandler", "Bruger", uuid(61), "Nu", start="2025-02-01T00:00:00+01:00")
    team = said(oio.translate(wrapped(*index(case(before, now)))), "CareTeam").body
    periods = {one["member"]["display"]: one["period"] for one in team["participant"]}
    assert periods["Før"]["end"] == "2025-01-31T23:59:59+01:00", "the exclusive end is inclusive in FHIR"
    assert "end" not in periods["Nu"]


def test_one_moment_in_two_zones_keeps_the_spelling_of_each(oio: Oio) -> None:
    """What is remembered of one case never changes the next."""
    spelled = {}
    for start in ("2025-01-14T00:00:00+01:00", "2025-01-13T23:00:00+00:00", "2025-01-14T00:00:00+01:00"):
        raw = wrapped(*index(case())).replace(b"2025-01-14T00:00:00+01:00", start.encode())
        body = said(oio.translate(raw), "CareTeam").body
        spelled[start] = body["participant"][0]["period"]["start"]
    assert spelled == {start: start for start in spelled}
