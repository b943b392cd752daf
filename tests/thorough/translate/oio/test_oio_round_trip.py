"""Sag → statements → fold → Sag: the facts are the same, and what is written is valid by SF1470's schemas."""

from __future__ import annotations

import itertools
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.municipality import CODES, MUNICIPALITY, facts_of
from gateway.domain.resource import ids
from gateway.translate.kl.write import Tables as KlTables
from gateway.translate.kl.write import write as write_kl
from gateway.translate.oio import Oio
from gateway.translate.oio.write.resources import write
from gateway.translate.oio.write.tables import Tables
from gateway.translate.rules.sources import Sources
from gateway.translate.telling.of_resources import texts_in
from tests.translate.oio.cases import PROJECT, SAG, changed, files, imported, states, updated
from tests.translate.oio.cases import between as inner
from tests.translate.oio.conftest import MAPPINGS
from tests.translate.oio.written import BASE, Json, goal, patient, plan, state, stay, team

CLOSED = (PROJECT / "mappings" / "oio" / "examples" / "closed-case.xml").read_bytes()
LATER = datetime(2026, 6, 1, tzinfo=UTC)
ANY = UUID("0d9b7c61-8b1e-4f5a-b0a7-6f7f3f5f2a20")
REGISTERED = datetime(2025, 3, 10, 8, 15, tzinfo=UTC)  # as the fixture is: which state holds depends on it


@lru_cache
def tables() -> tuple[Any, Any, Any]:
    return Tables.read(MAPPINGS), texts_in(MAPPINGS), {one.id: one for one in Sources.read(MAPPINGS)}


def folded(oio: Oio, *messages: bytes) -> list[Json]:
    found = [oio.translate(one) for one in messages]
    key = found[0].citizen[0].key
    person = people({key: [one.key for one in found[0].citizen]}, [])[key]
    said = [statement for one in found for statement in one.statements]
    return [one.body for one in fold(said, person, ids(b"test"), tables()[2])]


def out(resources: list[Json], at: datetime = LATER) -> bytes:
    (raw,) = write(resources, at, *tables()[:2])
    return raw


def facts(resources: list[Json]) -> list[str]:
    """What is said, whatever the order in which it is said."""

    def said(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: said(value) for name, value in node.items()}
        if isinstance(node, list):
            return sorted((said(item) for item in node), key=lambda item: json.dumps(item, sort_keys=True))
        return node

    return sorted(json.dumps(said(one), sort_keys=True, ensure_ascii=False) for one in resources)


@pytest.fixture(scope="module")
def schema(examples: Path) -> etree.XMLSchema:
    folder = examples / "municipal" / "xsd" / "sagdokumentindeks-6.0.STS-0"
    imports = "".join(
        f'<import namespace="urn:oio:sts:sagdok:{name}:6" schemaLocation="{file}.xsd"/>'
        for name, file in (
            ("sagdokumentindeks", "SagDokumentIndeksOperationer"),
            ("sagindeks", "SagIndeks"),
            ("dokumentindeks", "DokumentIndeks"),
        )
    )
    text = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'
    return etree.XMLSchema(etree.fromstring(text, base_url=f"{folder}/all.xsd"))


def check(schema: etree.XMLSchema, raw: bytes) -> None:
    document = etree.fromstring(raw)
    assert schema.validate(document), schema.error_log


APART = ("documents-and-notes", "old-version")  # not of one case alone; with states that v6 has not
CASES = [f for f in files("mappings/oio/examples/*.xml", "fixtures/stories/*/*sag*.xml") if f.stem not in APART]
MESSAGES = [SAG.encode(), imported(SAG), *(file.read_bytes() for file in CASES)]
IDS = ["sag", "importer", *(f"{file.parent.name}/{file.stem}" for file in CASES)]


@pytest.mark.parametrize("raw", MESSAGES, ids=IDS)
def test_a_case_keeps_its_facts(oio: Oio, raw: bytes) -> None:
    before = folded(oio, raw)
    assert facts(folded(oio, out(before))) == facts(before)


def test_an_update_is_in_the_whole_case(oio: Oio) -> None:
    before = folded(oio, SAG.encode(), updated())
    assert facts(folded(oio, out(before))) == facts(before)


def documented() -> list[Json]:
    """A case with a letter of its own, a document that it only names, and two notes, the second without a number."""

    def named(end: str) -> Json:
        return {"use": "official", "system": "https://data.gov.dk/id/organization", "value": f"{str(ANY)[:-2]}{end}"}

    unit = {"type": "Organization", "identifier": {"system": "https://kombit.dk/sts/organisation", "value": str(ANY)}}
    about = {
        "resourceType": "DocumentReference",
        "status": "current",
        "context": {"related": [{"reference": "CarePlan/c"}]},
    }
    own = about | {
        "id": "d1",
        "identifier": [named("01"), {"use": "usual", "value": "D-7"}, {"use": "secondary", "value": "brev-7"}],
        "docStatus": "final",
        "date": "2025-03-01T00:00:00+01:00",
        "type": {"text": "Brev, udgaaende"},
        "custodian": plan()["author"],
        "author": [unit],
        "category": [plan()["category"][0]],
        "description": "Om tilbud på herberget",
        "content": [{"attachment": {"title": "Afgørelse", "creation": "2025-02-28"}}],
        "extension": [
            {"url": f"{BASE}/oio-sensitivity", "valueCode": "VIP_SAGER"},
            {"url": f"{BASE}/oio-access-profile", "valueReference": unit},
            state("Underudarbejdelse", "2025-02-20T00:00:00+01:00", "2025-02-27T23:59:59+01:00"),
            state("Endeligt", "2025-02-28T00:00:00+01:00"),
        ],
    }
    only = about | {
        "id": "d2",
        "identifier": [named("02")],
        "description": "Bilag",
        "date": "2025-03-02T00:00:00+01:00",
    }
    only["content"] = [{"attachment": {"title": "Bilag"}}]
    data = [{"attachment": {"data": "TGFuZyBzYW10YWxl"}}]
    numbered = about | {"id": "d3", "description": "Samtale", "date": "2025-03-03T09:00:00+01:00", "content": data}
    numbered["extension"] = [{"url": f"{BASE}/oio-index", "valueString": "7"}]
    bare = about | {"id": "d4", "description": "Opkald", "date": "2025-03-04T09:00:00+01:00", "content": data}
    return [patient(), plan(), team(), own, only, numbered, bare]


def test_what_lies_on_a_case_keeps_its_facts(oio: Oio) -> None:
    found = folded(oio, out(documented()))
    assert facts(folded(oio, out(found))) == facts(found)
    letters = {one["description"]: one for one in found if one["resourceType"] == "DocumentReference"}
    assert letters.keys() == {"Om tilbud på herberget", "Bilag", "Samtale", "Opkald"}
    told = letters["Om tilbud på herberget"]
    given = documented()[3]
    for name in ("docStatus", "date", "type", "custodian", "author", "content"):
        assert told[name] == given[name], name
    assert facts([{"x": told["extension"]}]) == facts([{"x": given["extension"]}])
    assert letters["Samtale"]["content"][0]["attachment"]["data"] == "TGFuZyBzYW10YWxl"
    (case,) = [one for one in found if one["resourceType"] == "CarePlan"]
    assert {f"DocumentReference/{one['id']}" for one in letters.values()} == {
        one["reference"] for one in case["supportingInfo"]
    }


def test_what_lies_on_a_case_is_valid_by_the_schemas(schema: etree.XMLSchema) -> None:
    check(schema, out(documented()))


def test_written_again_it_is_the_same_text(oio: Oio) -> None:
    once = out(folded(oio, CLOSED))
    assert out(folded(oio, once)) == once


@pytest.mark.parametrize("raw", MESSAGES, ids=IDS)
def test_a_case_is_valid_by_the_schemas(oio: Oio, schema: etree.XMLSchema, raw: bytes) -> None:
    check(schema, out(folded(oio, raw)))


def test_all_four_steps_at_the_edges_of_the_year(oio: Oio) -> None:
    """Half-open spans at the hours that clocks lose and gain, and at midnight."""
    for start, middle in itertools.pairwise(
        (
            "2025-01-14T00:00:00+01:00",
            "2025-03-30T03:00:00+02:00",
            "2025-10-26T02:30:00+02:00",
            "2025-10-26T02:30:00+01:00",
        )
    ):
        rows = [("Opstaaet", start, middle), ("Afgjort", middle, "")]
        text = states(*rows)
        before = folded(oio, changed((inner("<sag:TilstandListe>", "</sag:TilstandListe>"), text)))
        written = out(before, REGISTERED).decode()
        assert f"<sd:TidsstempelDatoTid>{middle}</sd:TidsstempelDatoTid></sd:TilTidspunkt>" in written
        assert facts(folded(oio, written.encode())) == facts(before)


_DAYS = st.lists(st.integers(0, 700), min_size=1, max_size=5, unique=True).map(sorted)
_LIFE = ("Opstaaet", "Oplyst", "Afgjort", "Afsluttet")


@st.composite
def lives(draw: st.DrawFn) -> bytes:
    """The fixture with another life: states one after the other or beside each other, the last with or without end."""
    starts = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in draw(_DAYS)]
    rows = []
    for at, start in enumerate(starts):
        code = _LIFE[min(at, 3)] if at < 4 else "Afsluttet"
        overlap = timedelta(days=draw(st.sampled_from([0, 0, 10])))
        end = starts[at + 1] + overlap if at + 1 < len(starts) else None
        if end is None and draw(st.booleans()) and at:
            end = start + timedelta(days=30)
        rows.append((code, start.isoformat(), end.isoformat() if end else ""))
    return changed((inner("<sag:TilstandListe>", "</sag:TilstandListe>"), states(*rows)))


@given(lives())
def test_any_life_of_a_case_is_kept(oio: Oio, raw: bytes) -> None:
    before = folded(oio, raw)
    assert facts(folded(oio, out(before, REGISTERED))) == facts(before)


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30)
_LEVELS = st.sampled_from(
    ["IKKE_FORTROLIGE_DATA", "FORTROLIGE_PERSONOPLYSNINGER", "FOELSOMME_PERSONOPLYSNINGER", "VIP_SAGER"]
)


@st.composite
def parts(draw: st.DrawFn) -> list[Json]:
    """A citizen's case, by hand: words, numbers, sensitivity, who handles it and when, what a hospital tells."""
    number = draw(
        st.sampled_from([
            ("urn:oid:1.2.208.176.1.2", "2505544849"), ("urn:oio:us:personid", "1234567"),
            ("urn:oio:udk:borgerid", "123456789012"), ("urn:oid:1.2.208.176.1.6.1.1", "0703921VJ5"),
        ])
    )  # fmt: skip
    said = {
        "title": draw(_WORDS),
        "description": draw(_WORDS),
        "created": draw(st.dates(max_value=date(2025, 1, 1), min_value=date(2020, 1, 1))).isoformat(),
    }
    extensions = [
        {"url": f"{BASE}/oio-sensitivity", "valueCode": draw(_LEVELS)},
        state("Opstaaet", "2025-01-14T00:00:00+01:00"),
    ]
    extensions += [{"url": f"{BASE}/oio-exempt", "valueString": draw(_WORDS)}] if draw(st.booleans()) else []
    end = draw(st.sampled_from([{}, {"end": "2025-06-30T23:59:59+02:00"}]))
    handler = {
        "role": [{"text": "Primær behandler"}],
        "member": {
            "type": "Practitioner",
            "identifier": {"system": "https://kombit.dk/sts/organisation", "value": str(draw(st.uuids()))},
            "display": draw(_WORDS),
        },
        "period": {"start": "2025-01-14T00:00:00+01:00"} | end,
    }
    told = draw(st.lists(st.sampled_from([stay(), goal()]), unique_by=lambda one: one["id"]))
    told += [stay()] if goal() in told and stay() not in told else []
    return [
        patient(identifier=[{"system": number[0], "value": number[1]}], name=[{"text": draw(_WORDS)}]),
        plan(extension=extensions, **said),
        team(handler),
        *told,
    ]


@given(parts())
def test_what_is_written_by_hand_is_read_as_it_was_meant(oio: Oio, resources: list[Json]) -> None:
    citizen, case, care = resources[:3]
    found = folded(oio, out(resources))
    (read,) = [one for one in found if one["resourceType"] == "CarePlan"]
    (known,) = [one for one in found if one["resourceType"] == "Patient"]
    assert read["title"] == case["title"]
    exempt = any(one["url"].endswith("oio-exempt") for one in case["extension"])
    assert read.get("description") == (None if exempt else case["description"])
    level = next(one["valueCode"] for one in case["extension"] if one["url"].endswith("oio-sensitivity"))
    assert {"url": f"{BASE}/oio-sensitivity", "valueCode": level} in read["extension"]
    assert known["name"][0]["text"] == citizen["name"][0]["text"]
    if not citizen["identifier"][0]["value"].endswith("VJ5"):
        assert known["identifier"] == citizen["identifier"]
    (members,) = [one["participant"] for one in found if one["resourceType"] == "CareTeam"]
    assert care["participant"][1]["member"] in [one["member"] for one in members]
    assert care["participant"][1]["period"] in [one["period"] for one in members]
    letters = [one for one in found if one["resourceType"] == "DocumentReference"]
    assert len(letters) == len(resources) - 3
    assert facts(folded(oio, out(found))) == facts(found)


@given(parts())
def test_whatever_is_written_is_valid_by_the_schemas(schema: etree.XMLSchema, resources: list[Json]) -> None:
    check(schema, out(resources))


UNPUBLISHED = {
    "Sagsaktoer,AndreBehandlere": "00000000-0000-4000-8000-0000000000a1",
    "Sagsaktoer,Bopaelskommune": "00000000-0000-4000-8000-0000000000a2",
    "Sagspart,SekundaerPart": "00000000-0000-4000-8000-0000000000a3",
    "Sagsrelation,Oversag": "00000000-0000-4000-8000-0000000000a4",
    "Sagsrelation,Praecedens": "00000000-0000-4000-8000-0000000000a5",
    "Sagsrelation,AndreSager": "00000000-0000-4000-8000-0000000000a6",
    "Journalpost,Journalnotat": "00000000-0000-4000-8000-0000000000a7",
}


@pytest.fixture(scope="module")
def informed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Oio, Tables]:
    """An installation that has filled in the UUIDs of roles that nobody publishes."""
    folder = tmp_path_factory.mktemp("informed") / "mappings"
    shutil.copytree(MAPPINGS, folder, ignore=shutil.ignore_patterns("examples", "terms"))
    file = folder / "oio" / "roles.csv"
    text = file.read_text("utf-8")
    for role, uuid in UNPUBLISHED.items():
        assert f"\n{role},," in text
        text = text.replace(f"\n{role},,", f"\n{role},{uuid},")
    file.write_text(text, "utf-8")
    return Oio(folder, Sources.read(folder), ids(b"test")), Tables.read(folder)


def test_roles_that_an_installation_knows_are_kept(informed: tuple[Oio, Tables]) -> None:
    oio, known = informed
    other = str(ANY)[:-2] + "77"
    municipality = {"url": "municipality", "valueCoding": {"system": CODES, "code": "0101"}}
    residence = {"url": MUNICIPALITY, "extension": [{"url": "role", "valueCode": "residence"}, municipality]}
    number = {"system": "https://data.gov.dk/id/organization", "value": other}
    person = {"system": "https://kombit.dk/sts/organisation", "value": other}
    members: list[Json] = [
        {"role": [{"text": "Andre behandlere"}], "member": {"type": "Practitioner", "identifier": person}},
        {"role": [{"text": "Sekundær part"}], "member": {"type": "RelatedPerson", "display": "Birgit Tangmose"}},
        {
            "role": [{"text": "Sekundær part"}],
            "member": {"type": "Organization", "identifier": {"system": "urn:oio:cvr-nr", "value": "12345678"}},
        },
    ]
    above = plan(id="above", identifier=[number | {"use": "official"}], careTeam=[{"reference": "CareTeam/t"}])
    case = plan(
        extension=[residence],
        partOf=[{"reference": "CarePlan/above"}],
        replaces=[{"reference": "CarePlan/above"}],
        supportingInfo=[{"type": "CarePlan", "identifier": number}],
    )
    (raw,) = write([patient(), above, case, team(*members)], LATER, known, tables()[1])
    found = folded(oio, raw)
    (read,) = [one for one in found if one["resourceType"] == "CarePlan" and "replaces" in one]
    (over,) = [one for one in found if one["resourceType"] == "CarePlan" and "replaces" not in one]
    assert read["replaces"] == [{"reference": f"CarePlan/{over['id']}"}]
    assert {"reference": f"CarePlan/{over['id']}"} in read["partOf"]
    assert [one["identifier"]["value"] for one in read["supportingInfo"]] == [other]
    (fact,) = facts_of(read)
    assert (fact.role, fact.code) == ("residence", "0101")
    roles = [one["role"][0].get("text") for one in _team_of(read, found)["participant"]]
    assert sorted(roles) == ["Andre behandlere", "Ansvarlig", "Sekundær part", "Sekundær part"]
    (again,) = write(found, LATER, known, tables()[1])
    assert facts(folded(oio, again)) == facts(found)


def _team_of(plan: Json, found: list[Json]) -> Json:
    url = plan["careTeam"][0]["reference"]
    return next(one for one in found if f"CareTeam/{one['id']}" == url)


def test_the_example_is_what_is_written() -> None:
    """mappings/oio/examples/handed-back.xml, whose other half is what it is read as."""

    def canonical(raw: bytes) -> str:
        return etree.canonicalize(etree.fromstring(raw), strip_text=True)  # type: ignore[no-any-return,attr-defined]

    example = (MAPPINGS / "oio" / "examples" / "handed-back.xml").read_bytes()
    assert canonical(out([*documented(), goal(), stay()])) == canonical(example)


def test_what_was_told_and_came_back_is_not_told_twice(oio: Oio) -> None:
    told = [*documented(), goal(), stay()]
    came_back = folded(oio, out(told))
    citizen = {"reference": f"Patient/{next(one['id'] for one in came_back if one['resourceType'] == 'Patient')}"}
    case = {one["id"] for one in came_back if one["resourceType"] == "CarePlan"}
    assert case
    again = out([*came_back, goal() | {"subject": citizen}, stay() | {"subject": citizen}])
    assert again.count(b"<sag:Journalpost>") == out(told).count(b"<sag:Journalpost>")


def test_the_confidential_title_comes_out_nowhere(oio: Oio) -> None:
    exempt = (
        "<sag:OffentlighedUndtaget><sd:TitelAlternativTekst>HEMMELIG TITEL</sd:TitelAlternativTekst>"
        "<sd:OffentlighedUndtagetHjemmelTekst>Offentlighedsloven § 30</sd:OffentlighedUndtagetHjemmelTekst>"
        "</sag:OffentlighedUndtaget>"
    )
    before = folded(oio, changed(("<sag:Sagsnummer>", f"{exempt}<sag:Sagsnummer>")))
    raw = out(before)
    assert b"HEMMELIG" not in raw
    assert "Offentlighedsloven § 30" in raw.decode(), "it stays exempt"
    citizen = next(one for one in before if one["resourceType"] == "Patient")
    assert b"HEMMELIG" not in write_kl(before, citizen, LATER, KlTables.read(MAPPINGS))
    assert facts(folded(oio, raw)) == facts(before)
