"""What a notification becomes: keys, bodies, the citizen's numbers; and when two of them are the same content."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

import pytest

from gateway.domain.identifier import Identifier
from gateway.domain.statement import Act
from gateway.translate.fhir import parse, write_json, write_xml
from gateway.translate.fhir.structure import structure
from gateway.translate.translation import Translation
from tests.translate.medcom.notices import (
    CPR,
    HOSPITAL,
    LEFT,
    MEDCOM,
    OTHER_HOSPITAL,
    PROJECT,
    SOURCE,
    TEMPLATE,
    notice,
    raw,
    resource,
    utc,
)  # fmt: skip

LPR3 = "https://www.esundhed.dk/Registre/Landspatientregisteret"
LOCAL = "https://sor2.sum.dsdn.dk/#id=265161000016000"
UUID = "3f0b2c4e-5d6a-4b7c-8d9e-0a1b2c3d4e5f"
NATIONAL = "0a1b2c3d-1111-5222-8333-444455556666"


def translated(bundle: dict[str, Any]) -> Translation:
    return MEDCOM.translate(raw(bundle))


def episodes(*pairs: tuple[str, str]) -> dict[str, Any]:
    bundle = notice()
    listed = [{"identifier": {"system": system, "value": value}} for system, value in pairs]
    resource(bundle, "Encounter")["episodeOfCare"] = listed
    return bundle


def test_the_fixture_as_it_is() -> None:
    translation = MEDCOM.translate((PROJECT / "fixtures/messages/medcom/stin.json").read_bytes())
    patient, encounter, task = translation.statements
    assert (task.kind, task.act, task.key) == ("Task", Act.ASK, encounter.key)
    assert (translation.language, translation.event, translation.source) == ("medcom", "STIN", SOURCE)
    assert translation.message_id == "6b1c7a10-0000-4f5a-8f6e-000000000001"
    assert translation.sent == utc("2025-03-10T09:00:05+01:00")
    assert translation.citizen == (Identifier(CPR, "2509479989"),)
    assert patient.key == f"{CPR}|2509479989"
    assert patient.body == {
        "identifier": [{"use": "official", "system": CPR, "value": "2509479989"}],
        "name": [{"use": "official", "family": "Havmand", "given": ["Ellinor"]}],
    }
    assert encounter.key == f"episode|{UUID.replace('-', '')}"
    assert encounter.body == {
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "period": {"start": "2025-03-10T09:00:00+01:00"},
        "episodeOfCare": [{"type": "EpisodeOfCare", "identifier": {"system": LOCAL, "value": UUID}}],
        "serviceProvider": {
            "type": "Organization",
            "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": HOSPITAL},
            "display": "Psykiatrisk afsnit 4, Prøvehospitalet",
        },
    }
    assert encounter.recorded == utc("2025-03-10T09:00:04+01:00")
    origins = [s.origin for s in translation.statements]
    assert len(set(origins)) == 3
    assert {o.rpartition("/")[0] for o in origins} == {translation.message_id}
    assert MEDCOM.translate(write_json(TEMPLATE)) == translation


def test_the_xml_fixture_is_the_leave_of_the_same_stay() -> None:
    """Other resource ids, absolute URLs: CPR number and episode tell that it is the same."""
    admission = MEDCOM.translate((PROJECT / "fixtures/messages/medcom/stin.json").read_bytes())
    leave = MEDCOM.translate((PROJECT / "fixtures/messages/medcom/stor.xml").read_bytes())
    assert leave.event == "STOR"
    assert leave.citizen == admission.citizen
    assert leave.statements[1].key == admission.statements[1].key
    assert leave.statements[1].happened == utc(LEFT)
    assert structure(parse((PROJECT / "fixtures/messages/medcom/stor.xml").read_bytes())) == []
    assert structure(TEMPLATE) == []


def test_json_and_xml_are_one_message() -> None:
    """Equal in every part: statements, origins, fingerprint."""
    for bundle in (
        notice(),
        notice("start-leave-inpatient", status="onleave", leave=(LEFT, "")),
    ):
        assert MEDCOM.translate(write_xml(bundle)) == translated(bundle)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (UUID, "episode|3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f"),
        (UUID.upper(), "episode|3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f"),
        (f"urn:uuid:{UUID}", "episode|3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f"),
        (f"URN:UUID:{UUID}", "episode|3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f"),
        (f" {UUID.replace('-', '')} ", "episode|3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f"),
        ("t33cef33-3626-422b-955d-d506aaa65fe1", "episode|t33cef333626422b955dd506aaa65fe1"),
        ("123-45", f"episode|{LOCAL}|12345"),
    ],
)
def test_one_episode_however_it_is_written(value: str, key: str) -> None:
    assert translated(episodes((LOCAL, value))).statements[1].key == key


def test_equal_short_numbers_of_two_hospitals_stay_apart() -> None:
    keys = {translated(episodes((system, "7"))).statements[1].key for system in (LOCAL, "urn:other")}
    assert len(keys) == 2


@pytest.mark.parametrize("spelling", [LPR3, LPR3.replace("patientregister", "patientsregister")])
def test_the_local_episode_is_the_key_and_the_national_one_an_alias(spelling: str) -> None:
    pairs = [(spelling, f"urn:uuid:{NATIONAL}"), (LOCAL, UUID)]
    for order in (pairs, pairs[::-1]):
        encounter = translated(episodes(*order)).statements[1]
        assert encounter.key == "episode|3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f"
        assert encounter.aliases == (f"episode|{NATIONAL.replace('-', '')}",)
        told = [e["identifier"] for e in encounter.body["episodeOfCare"]]
        assert {"system": LPR3, "value": f"urn:uuid:{NATIONAL}"} in told
    alone = translated(episodes(pairs[0])).statements[1]
    assert (alone.key, alone.aliases) == (f"episode|{NATIONAL.replace('-', '')}", ())


def test_the_cpr_number_stands_anywhere_in_the_list() -> None:
    bundle = notice()
    resource(bundle, "Patient")["identifier"] = [
        {"system": "urn:oid:1.2.208.176.1.6.1.1", "value": "0703921vj5"},
        {"system": "urn:oid:1.2.208.176.1.6.1.3.187", "value": "1206550VK9"},
        {"system": CPR, "value": "250947-9989"},
        {"system": CPR, "value": "0000000000"},
        {"system": "http://rn.dk", "value": "abc"},
    ]
    translation = translated(bundle)
    assert [i.value for i in translation.citizen] == ["2509479989", "0703921VJ5", "1206550VK9", "abc"]
    assert translation.statements[0].key == f"{CPR}|2509479989"
    told = translation.statements[0].body["identifier"]
    assert [(i.get("use"), i["value"]) for i in told] == [
        ("temp", "0703921VJ5"),
        ("temp", "1206550VK9"),
        ("official", "2509479989"),
        (None, "abc"),
    ]


@pytest.mark.parametrize("number", ["2509479989", "2512489996", "2505544849", "1502824933", "2512484916", "0108589995"])
def test_no_check_digit_is_asked_for(number: str) -> None:
    bundle = notice()
    resource(bundle, "Patient")["identifier"][0]["value"] = number
    assert translated(bundle).citizen[0].value == number


def test_protected_name_and_address() -> None:
    bundle = notice()
    confidentiality = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    patient = resource(bundle, "Patient")
    patient["meta"]["security"] = [{"system": "urn:x", "code": "y"}, confidentiality]
    patient["address"] = [{"line": ["Skjult Vej 1"], "city": "Prøveby", "extension": [{"url": "u", "valueCode": "x"}]}]
    body = translated(bundle).statements[0].body
    assert body["meta"] == {"security": [confidentiality]}
    assert body["address"] == [{"line": ["Skjult Vej 1"], "city": "Prøveby"}]


def test_a_provider_by_its_other_numbers_or_by_itself() -> None:
    bundle = notice()
    resource(bundle, "Encounter")["serviceProvider"] = {
        "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": OTHER_HOSPITAL},
        "display": "Afsnit 9",
    }
    assert translated(bundle).statements[1].body["serviceProvider"]["identifier"]["value"] == OTHER_HOSPITAL
    bundle = notice()
    bundle["entry"].append(deepcopy(bundle["entry"][4]))
    bundle["entry"][-1]["fullUrl"] = "Organization/unit"
    bundle["entry"][-1]["resource"] |= {"id": "unit", "name": "Afsnit uden SOR"}
    bundle["entry"][-1]["resource"]["identifier"].pop()
    resource(bundle, "Encounter")["serviceProvider"] = {"reference": "Organization/unit"}
    assert translated(bundle).statements[1].body["serviceProvider"]["identifier"] == {
        "system": "http://www.gs1.org/gln",
        "value": "5790009990017",
    }


@pytest.mark.parametrize("system", ["http://www.gs1.org/gln", "https://www.gs1.org/gln", "urn:oid:1.3.88"])
def test_every_spelling_of_a_location_number(system: str) -> None:
    bundle = notice()
    provider = {"identifier": {"system": system, "value": "5790009990017"}}
    resource(bundle, "Encounter")["serviceProvider"] = provider
    told = translated(bundle).statements[1].body["serviceProvider"]["identifier"]
    assert told == {"system": "http://www.gs1.org/gln", "value": "5790009990017"}


def test_absolute_urls_and_urns() -> None:
    plain = translated(notice())
    base = "https://medcomfhir.dk/ig/hospitalnotification/"
    text = raw(notice()).decode()
    for kind in ("MessageHeader", "Patient", "Encounter", "Organization", "Provenance"):
        text = text.replace(f'"fullUrl":"{kind}/', f'"fullUrl":"{base}{kind}/')
    assert MEDCOM.translate(text.encode()) == plain


# --- the same content, or not


def fingerprint(bundle: dict[str, Any]) -> bytes:
    return translated(bundle).fingerprint


def resent() -> dict[str, Any]:
    """The same message sent again by a system that makes all of its envelope anew."""
    bundle = notice()
    bundle |= {"id": "another-envelope", "timestamp": "2025-03-10T10:31:00+01:00", "meta": {}}
    for entry in bundle["entry"]:
        entry["resource"].pop("text")
        entry["resource"]["meta"] = {"profile": ["http://medcomfhir.dk/fhir/old"]}
    provenance = resource(bundle, "Provenance")
    provenance |= {"recorded": "2025-03-10T10:31:00+01:00", "occurredDateTime": "2025-03-10T10:31:00+01:00"}
    return bundle


def renamed() -> dict[str, Any]:
    text = raw(resent()).decode()
    names = {
        "9a700000-0000-4f5a-8f6e-000000000001": "patient-2",
        "e2a00000-0000-4f5a-8f6e-000000000001": "stay-2",
        "0c1f0000-0000-4f5a-8f6e-0000000000aa": "hospital-2",
        "0c1f0000-0000-4f5a-8f6e-0000000000bb": "team-2",
    }
    for old, new in names.items():
        text = text.replace(old, new)
    parsed: dict[str, Any] = json.loads(text)
    header, *others = parsed["entry"]
    random.Random(7).shuffle(others)
    return parsed | {"entry": [header, *others]}


def test_a_resend_has_the_same_fingerprint() -> None:
    assert fingerprint(resent()) == fingerprint(notice())
    assert fingerprint(renamed()) == fingerprint(notice())
    assert MEDCOM.translate(write_xml(renamed())).fingerprint == fingerprint(notice())


def changed(kind: str, number: int = 0, /, **values: Any) -> dict[str, Any]:
    bundle = notice()
    resource(bundle, kind, number).update(values)
    return bundle


@pytest.mark.parametrize(
    "other",
    [
        notice(header="another"),
        notice("admit-emergency"),
        notice(start="2025-03-10T09:00:01+01:00"),
        notice(goes_back_to="before"),
        notice(earlier=(("m1", "admit-emergency"),)),
        notice(deceased=False),
        episodes((LOCAL, NATIONAL)),
        changed("Patient", name=[{"family": "Anden"}]),
        changed("Patient", identifier=[{"system": CPR, "value": "2512489996"}]),
        changed("Patient", meta={"security": [{"code": "R"}]}),
        changed("Organization", 1, name="Et andet afsnit"),
        changed("Encounter", serviceProvider={"reference": "Organization/0c1f0000-0000-4f5a-8f6e-0000000000bb"}),
        changed("MessageHeader", extension=[]),
    ],
)
def test_other_content_has_another_fingerprint(other: dict[str, Any]) -> None:
    """Two stays under one reused MessageHeader.id (examples B1 and B2) must both be kept."""
    assert fingerprint(other) != fingerprint(notice())


def test_two_stays_under_one_header_id_have_origins_of_their_own() -> None:
    first, second = translated(notice()), translated(changed("Organization", 1, name="Et andet afsnit"))
    assert first.message_id == second.message_id
    assert not {s.origin for s in first.statements} & {s.origin for s in second.statements}


def test_explain_names_the_rule_of_every_element() -> None:
    explained = MEDCOM.explain(raw(notice()))
    rows = {row.target: row for row in explained.rows}
    assert rows["Encounter.period.start"].fields == ("Encounter.period.start",)
    assert rows["Encounter.period.start"].places == ("Bundle.entry[2].resource.period.start",)
    assert rows["Encounter.period.start"].rule.startswith("mappings/medcom/encounter.yaml:")
    assert rows["Statement.act"].rule.startswith("mappings/medcom/lifecycle.csv:")
    assert "Patient.name[0].family" in rows
    assert [one.field for one in explained.unread if one.reason == "unread"] == []
    bundle = notice()
    resource(bundle, "Patient")["photo"] = [{"title": "x"}]
    unread = {one.field for one in MEDCOM.explain(raw(bundle)).unread if one.reason == "unread"}
    assert unread == {"Patient.photo.title"}
