"""LoRa JSON, Sag and Dokument: the same facts as from OIO XML."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.resource import ids
from gateway.errors import (
    GatewayError,
    MissingField,
    NamedByNumber,
    NoCitizen,
    RuleBroken,
    UnknownMessage,
    UnknownSource,
)
from gateway.translate.oio import Oio, complete, roles
from gateway.translate.oio.lora import OioJson, names
from gateway.translate.oio.lora.tree import read
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.sources import Sources
from tests.translate.oio.cases import SAG
from tests.translate.oio_json.conftest import MAPPINGS
from tests.translate.oio_json.objects import (
    CASE,
    CPR,
    DOCUMENT,
    UNIT,
    case,
    effect,
    folded,
    raw,
    state,
    to,
    told_as,
)


def plan(lora: OioJson, **changed: Any) -> dict[str, Any]:
    return folded(lora, case(**changed))["CarePlan"][0]


def test_a_case(lora: OioJson) -> None:
    made = folded(lora, case())
    (body,) = made["CarePlan"]
    assert (body["status"], body["intent"], body["title"]) == ("draft", "proposal", "Botilbud efter § 110")
    assert body["period"] == {"start": "2025-01-14T00:00:00+01:00"}  # without a zone: the source's own
    assert body["category"][0]["coding"][0]["code"] == "27.57.16"
    assert body["author"] == {
        "type": "Organization",
        "identifier": {"system": "http://cvr.dk", "value": "64942212"},
        "display": "Københavns Kommune",
    }
    assert [one["value"] for one in body["identifier"]] == [CASE, "2025-118", "27.57.16-2025-118"]
    assert {note["text"] for note in body["note"]} == {"Plads fundet", "Serviceloven § 110"}
    assert told_as(body, "oio-sensitivity")[0]["valueCode"] == "FOELSOMME_PERSONOPLYSNINGER"
    assert made["Patient"][0]["identifier"][0]["value"] == CPR
    assert made["Patient"][0]["name"][0]["text"] == "Gerda Lauenborg"
    (member,) = made["CareTeam"][0]["participant"]
    assert (member["role"][0]["text"], member["member"]["display"]) == ("Ansvarlig", "Center for Udsatte Voksne")


def test_one_case_that_came_as_xml_and_as_json_is_one(lora: OioJson) -> None:
    """The keys of roles stand for the UUIDs, so both speak of the same parts of the same case."""
    xml = Oio(MAPPINGS, Sources.read(MAPPINGS), ids(b"test"))
    uuid = re.search("UUIDIdentifikator>([^<]+)<", SAG)
    assert uuid is not None
    of_xml = xml.translate(SAG.replace("11259979", "64942212").encode())
    of_json = lora.translate(raw(case(uuid=uuid[1])))
    keys = {(s.kind, s.key) for s in of_xml.statements}
    assert {(s.kind, s.key) for s in of_json.statements if s.kind != "DocumentReference"} <= keys
    slots = {
        (t.language, part["slot"]) for t in (of_xml, of_json) for s in t.statements for part in s.body.get("parts", ())
    }
    for role in ("Ejer", "Ansvarlig"):
        assert {("oio", f"Sagsaktoer|{role}"), ("oio-json", f"Sagsaktoer|{role}")} <= slots


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("Opstaaet", "draft"),
        ("Oplyst", "draft"),
        ("Afgjort", "active"),
        ("Bestilt", "active"),
        ("Udfoert", "active"),
        ("Afsluttet", "completed"),
    ],
)
def test_all_six_states(lora: OioJson, code: str, status: str) -> None:
    states = [state("Opstaaet", end="2025-02-01 00:00:00"), state(code, "2025-02-01 00:00:00")]
    body = plan(lora, tilstande__sagfremdrift=states if code != "Opstaaet" else [state("Opstaaet")])
    assert body["status"] == status


def test_several_states_at_once_in_any_order_and_an_undefined_one(lora: OioJson) -> None:
    states = [
        state("Opstaaet", "2025-01-14 00:00:00"),
        state("Oplyst", "2025-02-03 00:00:00"),
        state("Afgjort", "2025-02-20 00:00:00"),
        state("", "2025-02-21 00:00:00"),
    ]
    bodies = []
    for order in (states, states[::-1], states[2:] + states[:2]):
        bodies.append(plan(lora, tilstande__sagfremdrift=list(order)))
        assert bodies[-1]["status"] == "active"
        told = {one["extension"][0]["valueCode"] for one in told_as(bodies[-1], "oio-state")}
        assert told == {"Opstaaet", "Oplyst", "Afgjort"}
    with pytest.raises(MissingField) as error:
        lora.translate(raw(case(tilstande__sagfremdrift=[state("")])))
    assert error.value.where == "tilstande.sagfremdrift"


@pytest.mark.parametrize(
    ("start", "end", "period"),
    [
        ("-infinity", "infinity", {}),
        (
            "2025-01-14 00:00:00+01",
            "2025-03-01 00:00:00+01",
            {"start": "2025-01-14T00:00:00+01:00", "end": "2025-02-28T23:59:59+01:00"},
        ),
        ("2025-01-14 10:00:00.5+00", "infinity", {"start": "2025-01-14T10:00:00.500+00:00"}),
        ("2025-01-14T10:00:00Z", "9999-12-31 00:00:00", {"start": "2025-01-14T10:00:00+00:00"}),
        ("2025-01-14", "infinity", {"start": "2025-01-14"}),
    ],
)
def test_effects_as_postgresql_writes_them(lora: OioJson, start: str, end: str, period: dict[str, str]) -> None:
    others = [{"uuid": UNIT, "objekttype": "Bruger", "indeks": 1, "virkning": effect(start, end)}]
    made = folded(lora, case(relationer__andrebehandlere=others, fratidspunkt="2025-06-01 00:00:00+02"))
    other = next(m for m in made["CareTeam"][0]["participant"] if m["role"][0]["text"] == "Andre behandlere")
    assert other.get("period", {}) == period
    assert other["member"]["type"] == "Practitioner"


def test_a_time_that_is_none_is_refused_with_its_place(lora: OioJson) -> None:
    for wrong in ("i morgen", "2025-02-30 00:00:00", "2025-01-14 25:00:00", "infinity+1"):
        with pytest.raises(GatewayError) as error:
            lora.translate(raw(case(relationer__ansvarlig=to(uuid=UNIT, virkning=effect(wrong)))))
        assert error.value.where == "relationer.ansvarlig[0].virkning", wrong
        assert wrong not in error.value.told()


def test_a_missing_boolean_is_not_false() -> None:
    problems = Problems()
    known = roles.read(MAPPINGS / "oio" / "roles.csv", problems)
    (one,) = read(raw(case()), names.read(MAPPINGS / "oio-json" / "names.csv", problems), known)
    said = {node.name: node.text for node in one.node.walk() if node.name.endswith("Indikator")}
    assert said == {"PrincipielIndikator": "false", "GraenseIndikator": "true"}
    assert not problems.found


def test_journal_notes_and_documents(lora: OioJson) -> None:
    posts = [
        {
            "objekttype": "Dokument",
            "indeks": 12,
            "uuid": DOCUMENT,
            "virkning": effect(),
            "journalpostkode": "journalnotat",
            "journalnotat": {"titel": "Samtale", "notat": "Talte om bolig (æøå)", "format": "internt"},
        },
        {
            "objekttype": "Dokument",
            "indeks": 20,
            "uuid": UNIT,
            "virkning": effect(),
            "journalpostkode": "vedlagtdokument",
            "journaldokument": {"dokumenttitel": "Rapport", "offentlighedundtaget": {"alternativtitel": "Hemmeligt!"}},
        },
        {
            "indeks": 21,
            "urn": "URN:Empty",
            "virkning": effect(),
            "journalpostkode": "journalnotat",
            "journalnotat": {
                "titel": "Notat",
                "notat": "VGFsdGUgaSB0ZWxlZm9u",
                "format": "b1b4c2d0-7e0e-4a36-9d0c-0d6a6f2c7e11",
            },
        },
    ]
    made = folded(lora, case(relationer__journalpost=posts))
    found = {one["description"]: one for one in made["DocumentReference"]}
    notes = [found[name]["content"][0]["attachment"]["data"] for name in ("Samtale", "Notat")]
    assert [base64.b64decode(one).decode() for one in notes] == ["Talte om bolig (æøå)", "Talte i telefon"]
    assert found["Samtale"]["content"][0]["format"] == {"code": "internt"}, "a word of the sender's is no URI"
    uri = "urn:uuid:b1b4c2d0-7e0e-4a36-9d0c-0d6a6f2c7e11"
    assert found["Notat"]["content"][0]["format"] == {"system": "urn:ietf:rfc:3986", "code": uri}
    assert found["Rapport"]["type"]["text"] == "Vedlagt"
    assert "Hemmeligt!" not in str(made)
    assert len(made["CarePlan"][0]["supportingInfo"]) == 3


def test_the_confidential_title_is_never_shown(lora: OioJson) -> None:
    told = case()
    exempt = {"offentlighedundtaget": {"alternativtitel": "s1kr3t!", "hjemmel": "offentlighedsloven § 30"}}
    told["attributter"]["sagegenskaber"][0] |= exempt
    made = folded(lora, told)
    assert "s1kr3t" not in str(made)
    assert made["CarePlan"][0]["title"] == "Botilbud efter § 110"
    assert "description" not in made["CarePlan"][0]


def test_without_a_class_a_case_is_restricted_and_noted(lora: OioJson) -> None:
    told = case(relationer__primaerklasse=None)
    told["attributter"]["sagegenskaber"][0].pop("foelsomhed")
    found = lora.translate(raw(told))
    assert {one.where for one in found.findings} >= {"relationer.primaerklasse"}
    assert folded(lora, told)["CarePlan"][0]["meta"]["security"][0]["code"] == "R"


def test_an_object_without_a_uuid_gets_one_that_stays(lora: OioJson) -> None:
    told = case(uuid=None)
    changed = case(uuid=None, note="En anden gang")
    first, second = lora.translate(raw(told)), lora.translate(raw(changed))
    assert {s.key for s in first.statements} == {s.key for s in second.statements}
    assert first.fingerprint != second.fingerprint
    answered = lora.accept(raw(told), first.sent)  # type: ignore[arg-type]
    uuid = next(s.key for s in first.statements if s.kind == "CarePlan").rpartition("|")[2]
    assert answered == b'{"uuid": "%s"}' % uuid.encode()


def test_as_lora_answers_a_read(lora: OioJson) -> None:
    told = case()
    registration = {name: told.pop(name) for name in ("attributter", "tilstande", "relationer", "note")}
    later = registration | {
        "tilstande": {"sagfremdrift": [state("Opstaaet", end="2025-03-01"), state("Afgjort", "2025-03-01")]}
    }
    times = ("2025-01-14 10:00:00+01", "2025-03-01 10:00:00+01")
    registrations = [
        one
        | {
            "fratidspunkt": {"tidsstempeldatotid": time, "graenseindikator": True},
            "livscykluskode": code,
            "brugerref": UNIT,
        }
        for one, time, code in zip((registration, later), times, ("Opstaaet", "Rettet"), strict=True)
    ]
    whole = {"results": [[{"id": CASE, "registreringer": registrations}]]}
    made = folded(lora, whole)
    assert made["CarePlan"][0]["status"] == "active"
    assert not lora.translate(raw(whole)).findings
    upside_down = {"results": [[{"id": CASE, "registreringer": registrations[::-1]}]]}
    assert folded(lora, upside_down) == made


def test_an_update_tells_only_what_changed_in_any_order(lora: OioJson) -> None:
    first = case(fratidspunkt="2025-01-14 10:00:00+01")
    change = {
        "uuid": CASE,
        "livscykluskode": "Rettet",
        "fratidspunkt": "2025-03-01 10:00:00+01",
        "tilstande": {"sagfremdrift": [state("Afgjort", "2025-03-01 00:00:00")]},
        "relationer": {"ejer": case()["relationer"]["ejer"], "primaerpart": case()["relationer"]["primaerpart"]},
    }
    made = folded(lora, first, change)
    assert made == folded(lora, change, first, change)
    assert made["CarePlan"][0]["status"] == "active"
    assert made["CarePlan"][0]["title"] == "Botilbud efter § 110"  # what it does not tell stays
    assert lora.translate(raw(change)).event == "Opdater"
    with pytest.raises(NamedByNumber) as error:
        lora.translate(raw({name: change[name] for name in change if name != "relationer"}))
    assert (error.value.where, error.value.status) == ("uuid", 404)


def test_a_document(lora: OioJson) -> None:
    document = {
        "uuid": DOCUMENT,
        "attributter": {
            "dokumentegenskaber": [
                {
                    "brugervendtnoegle": "D-1",
                    "titel": "Afgørelse",
                    "beskrivelse": "Om botilbud",
                    "brevdato": "2025-02-20",
                    "dokumenttype": "Brev",
                    "major": 4,
                    "minor": 9,
                    "virkning": effect(),
                    "offentlighedundtaget": {"alternativtitel": "Hemmeligt!", "hjemmel": "§ 30"},
                    "foelsomhed": "VIP_SAGER",
                }
            ]
        },
        "tilstande": {"dokumentfremdrift": [{"fremdrift": "Endeligt", "virkning": effect()}]},
        "relationer": {
            "ejer": to(urn="urn:oio:cvr-nr:64942212"),
            "parter": to(urn=f"urn:oio:cpr-nr:{CPR}"),
            "tilknyttedesager": to(uuid=CASE),
            "bilag": to(uuid=UNIT),
        },
        "varianter": [{"varianttekst": "PDF"}],
    }
    made = folded(lora, document, case())
    (body,) = made["DocumentReference"]
    assert body["content"][0]["attachment"]["title"] == "Afgørelse"
    assert body["docStatus"] == "final"
    assert "Hemmeligt!" not in str(made)
    assert body["meta"]["security"][0]["code"] == "V"
    assert {"reference": f"CarePlan/{made['CarePlan'][0]['id']}"} in body["context"]["related"]


def test_the_owner_by_the_uuid_of_its_organisation(lora: OioJson) -> None:
    owner = to(uuid="7c1d9a50-3a43-4c6e-9a2e-5d7f1e0b4c10", objekttype="Organisation")
    with pytest.raises(MissingField) as error:
        lora.translate(raw(case(relationer__ejer=owner)))
    assert error.value.where == "relationer.ejer[0]"


def test_who_is_missing_is_named_in_the_words_of_json(lora: OioJson) -> None:
    for changed, kind, where in (
        ({"relationer__ejer": None}, MissingField, "relationer.ejer"),
        ({"relationer__primaerpart": None}, MissingField, "relationer.primaerpart"),
        ({"relationer": None}, MissingField, "relationer.ejer"),
        ({"tilstande": None}, MissingField, "tilstande.sagfremdrift"),
        ({"relationer__primaerpart": to(uuid=UNIT)}, NoCitizen, "relationer.primaerpart[0]"),
        ({"relationer__ejer": to(urn="urn:oio:cvr-nr:12345678")}, UnknownSource, "relationer.ejer"),
        (
            {"relationer__primaerpart": to(urn=f"urn:oio:cpr-nr:{CPR}") + to(urn="urn:oio:cpr-nr:2512489996")},
            RuleBroken,
            "relationer.primaerpart[1]",
        ),
    ):
        with pytest.raises(kind) as error:
            lora.translate(raw(case(**changed)))
        assert error.value.where == where
        assert CPR not in error.value.told()


def test_the_other_spellings_of_urns(lora: OioJson) -> None:
    made = folded(
        lora,
        case(
            relationer__primaerpart=to(urn=f"urn:dk:cpr:person:{CPR}"),
            relationer__primaerklasse=to(urn="urn:oio:kle:27.57.16"),
        ),
    )
    assert made["Patient"][0]["identifier"][0]["value"] == CPR
    assert made["CarePlan"][0]["category"][0]["coding"][0]["code"] == "27.57.16"


def test_what_nobody_knows_is_told_as_unread(lora: OioJson) -> None:
    told = case(relationer__nyt=to(uuid=UNIT), attributter__andet=[{"farve": "blå"}])
    fields = {row.field for row in lora.explain(raw(told)).unread if row.reason == "unread"}
    assert any("nyt" in field for field in fields)
    assert any("farve" in field for field in fields)


def test_an_owner_that_a_source_is_registered_with_by_its_uuid() -> None:
    unit = "7c1d9a50-3a43-4c6e-9a2e-5d7f1e0b4c10"
    known = next(one for one in Sources.read(MAPPINGS) if one.id == "koebenhavn-sag")
    lora = OioJson(MAPPINGS, [replace(known, senders=(*known.senders, unit))], ids(b"test"))
    told = case(relationer__ejer=to(uuid=unit.upper(), objekttype="Organisation", fuldtnavn="Københavns Kommune"))
    assert lora.translate(raw(told)).source.id == "koebenhavn-sag"
    (body,) = folded(lora, told)["CarePlan"]
    assert body["author"]["identifier"] == {"system": "http://cvr.dk", "value": "64942212"}


def test_what_is_taken_out_is_found_by_its_number(lora: OioJson) -> None:
    gone = {"uuid": CASE, "livscykluskode": "Slettet"}
    for told in (gone, gone | {"objekttype": "Sag"}):
        with pytest.raises(NamedByNumber) as error:
            lora.translate(raw(told))
        assert {kind for _, kind, key in error.value.asked if key.endswith(CASE)} == {"CarePlan", "DocumentReference"}
    with pytest.raises(UnknownMessage):
        lora.translate(raw({"uuid": CASE}))


def test_the_dialect_says_of_every_demand_what_it_makes_of_it() -> None:
    rows = (MAPPINGS / "oio-json" / "demands.csv").read_text("utf-8").splitlines()[1:]
    assert {row.partition(",")[0] for row in rows} == set(complete.DEMANDS)
