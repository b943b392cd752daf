"""The rule files and the lifecycle table as an integrator meets them: errors at start, traces, overlays."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from gateway.domain.identifier import SOR, Identifier
from gateway.domain.source import Source
from gateway.errors import UnknownSource
from gateway.translate.hl7v2 import lifecycle
from gateway.translate.hl7v2.language import Hl7v2
from gateway.translate.hl7v2.paths import compile_path
from gateway.translate.rules.problems import MappingError, Problems
from tests.translate.hl7v2.ward import IDS, REGH, ROOT, SOURCES, adt, evn, language, msh, of_kind, pid, pv1, raw

TABLE = "hl7v2/lifecycle.csv"


@cache
def faroese() -> Hl7v2:
    """A source in another time zone."""
    source = Source("f", "x", "region", Identifier(SOR, "1"), "hl7v2", ("SP|REGH",), timezone="Atlantic/Faroe")
    return Hl7v2(ROOT / "mappings", [source], IDS)


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    """The project's rules in a copy that may be spoilt."""
    for folder in ("hl7v2", "codes"):
        shutil.copytree(ROOT / "mappings" / folder, tmp_path / "mappings" / folder)
    return tmp_path / "mappings"


def spoilt(mappings: Path, name: str, old: str, new: str) -> list[str]:
    file = mappings / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(MappingError) as caught:
        Hl7v2(mappings, SOURCES, IDS)
    return caught.value.told().splitlines()


def test_every_message_of_the_table_has_a_reason() -> None:
    for event in language().events.values():
        assert event.note, event.name
        assert event.mark.startswith("mappings/hl7v2/lifecycle.csv:")


def test_the_events_that_are_received() -> None:
    assert sorted(e.name for e in language().events.values() if e.message == "ADT") == [
        "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A09", "A10", "A11", "A12", "A13", "A14", "A15", "A16",
        "A17", "A18", "A20", "A21", "A22", "A23", "A24", "A25", "A26", "A27", "A28", "A29", "A30", "A31", "A32", "A33",
        "A34", "A35", "A36", "A37", "A38", "A39", "A40", "A41", "A42", "A44", "A45", "A46", "A47", "A48", "A49", "A50",
        "A51", "A52", "A53", "A54", "A55", "A60", "A61", "A62",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("event,act", "evnt,act", "lifecycle.csv:1: the header must be"),
        ("ADT,A01", "ADT^A01,A01", "lifecycle.csv:2: message must be a message type"),
        ("A01,start,assert", "A1,start,assert", "lifecycle.csv:2: event must be a trigger event"),
        ("A01,start,assert", "A01,strat,assert", "lifecycle.csv:2: unknown act strat (did you mean start?)"),
        ("A01,start,assert", "A01,start,asert", "lifecycle.csv:2: unknown verb asert (did you mean assert?)"),
        ("withdraw,A01", "withdraw,", "lifecycle.csv:12: a withdrawal, and nothing else"),
        ("withdraw,A01", "withdraw,A99", "unknown event A99"),
        ("patient related encounter", "patient relatd encounter", "unknown rule file relatd (did you mean related?)"),
        ("PV1-44 EVN-6", "PV1.44 EVN-6", "lifecycle.csv:2: happened must hold fields"),
        ("PV1-44 EVN-6", "PV1-99 EVN-6", "lifecycle.csv:2: happened must hold fields"),
        ("PV1-44 EVN-6", "PV1-0 EVN-6", "lifecycle.csv:2: happened must hold fields"),
        ("PV1-44 EVN-6", "PV1-55 EVN-6", "lifecycle.csv:2: PV1-55: PV1 has 54 fields (did you mean PV1-5?)"),
        ("PV1-44 EVN-6", "PVI-44 EVN-6", "no HL7 v2 version has a segment PVI; a sender's own begin with Z (did you"),
        ("A02,move", "A01,move", "A01 stands here twice"),
        ("A03,end,assert,,", "A03,end,assert,", "lifecycle.csv:4: has 7 columns"),
    ],
)
def test_an_error_in_the_lifecycle_table_is_told_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = (ROOT / "mappings" / TABLE).read_text("utf-8")
    assert old in text
    file = tmp_path / "lifecycle.csv"
    file.write_text(text.replace(old, new, 1), "utf-8")
    files = frozenset(one.stem for one in (ROOT / "mappings" / "hl7v2").glob("*.yaml"))
    problems = Problems()
    lifecycle.read(file, "mappings/hl7v2/lifecycle.csv", files, problems)
    assert any(told in str(problem) for problem in problems.found)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "patient",
            "{from: PID-7,",
            "{from: PID-70,",
            "patient.yaml:47: PID-70: PID has 40 fields (did you mean PID-7?)",
        ),
        ("encounter", 'type: {from: "concept(PV1-4,', 'type: {from: "concept(PV1-99,', "PV1-99: PV1 has 54 fields"),
        (
            "encounter",
            "from: PV1-44",
            "from: PVI-44",
            "PVI-44: no HL7 v2 version has a segment PVI; a sender's own begin",
        ),
        (
            "patient",
            "prefix: {from: .5,",
            "prefix: {from: .50,",
            "PID-5.50: PID-5 has 15 components (did you mean PID-5.5?)",
        ),
        (
            "patient",
            "[.12, .10.1]",
            "[.12, .10.3]",
            "PID-5.10.3: PID-5.10 has 2 sub-components (did you mean PID-5.10.2?)",
        ),
        ("patient", "from: PID-8,", "from: PID-8.30,", "PID-8.30: PID-8 has 22 components (did you mean PID-8.3?)"),
        ("encounter", "PV2-22 EQUALS Y", "PV2-52 EQUALS Y", "PV2-52: PV2 has 50 fields (did you mean PV2-25?)"),
        ("encounter", "for: PV1-54", "for: PV1-64", "PV1-64: PV1 has 54 fields (did you mean PV1-46?)"),
        ("encounter", "  PV2-50: treat", "  PV2-150: treat", "PV2-150: PV2 has 50 fields (did you mean PV2-50?)"),
        ("encounter", "guide: PV1-10}", "guide: PV1-100}", "PV1-100: PV1 has 54 fields (did you mean PV1-10?)"),
        ("encounter", "guide: PV1-10}", "guide: PV1.10}", "PV1.10 is no HL7 v2 path (did you mean PV1-10?)"),
        ("condition", "guide: DG1-3, DG1-4", "guide: DG1-3, DG1-40", "DG1-40: DG1 has 26 fields (did you mean DG1-4?)"),
        (
            "goal",
            "for: GOL\n",
            "for: GLO\n",
            "GLO: no HL7 v2 version has a segment GLO; a sender's own begin with Z (did you mean GOL?)",
        ),
    ],
)
def test_what_no_version_of_hl7_v2_has_is_told_with_its_line(
    mappings: Path, name: str, old: str, new: str, told: str
) -> None:
    lines = spoilt(mappings, f"hl7v2/{name}.yaml", old, new)
    assert any(told in line and line.startswith(f"mappings/hl7v2/{name}.yaml:") for line in lines), lines


def test_what_only_one_version_has_may_be_read_and_so_may_every_field_of_a_z_segment() -> None:
    """PID-2 is gone from 2.7, PRT came with it, TXA-28 with 2.9; OBX-5 is of any type."""
    for path in ("PID-2.1", "PID-40", "PRT-24", "TXA-28.1", "OBX-5.30.9", "ZBE-400.90.9", "ZDK", "QRD-12", "PID-5.1.5"):
        assert compile_path(path, ()).field == path


def test_a_missing_table_stops_the_start(mappings: Path) -> None:
    (mappings / TABLE).unlink()
    with pytest.raises(MappingError) as caught:
        Hl7v2(mappings, SOURCES, IDS)
    assert "lifecycle.csv: cannot be read" in caught.value.told()


def test_errors_of_table_and_rules_are_told_together(mappings: Path) -> None:
    file = mappings / "hl7v2" / "encounter.yaml"
    file.write_text(file.read_text("utf-8").replace("  class:", "  klass:").replace("PV1-10", "PV1.10"), "utf-8")
    lines = spoilt(mappings, TABLE, "A01,start", "A01,strat")
    assert any("Encounter.klass is not an R4 element (did you mean Encounter.class?)" in line for line in lines)
    assert any("PV1.10 is no HL7 v2 path (did you mean PV1-10?)" in line for line in lines)
    assert any("unknown act strat" in line for line in lines)
    assert all(line.startswith("mappings/hl7v2/") for line in lines)


def test_an_event_may_be_added_without_knowing_python(mappings: Path) -> None:
    with (mappings / TABLE).open("a", encoding="utf-8") as table:
        table.write("ADT,Z06,start,assert,,patient encounter,EVN-6,A local event\n")
    found = Hl7v2(mappings, SOURCES, IDS).translate(adt("Z06"))
    assert [s.kind for s in found.statements] == ["Patient", "Encounter"]


def test_a_code_may_be_added_without_knowing_python(mappings: Path) -> None:
    with (mappings / "codes" / "v2-discharge-disposition.csv").open("a", encoding="utf-8") as table:
        table.write(
            "urn:faellesplan:source:regh:L,HJ,http://terminology.hl7.org/CodeSystem/discharge-disposition,home,Home,,,\n"
        )
    found = Hl7v2(mappings, SOURCES, IDS).translate(adt("A03", visit=pv1({36: "HJ^Hjem^L"})))
    (said,) = of_kind(found, "Encounter")
    assert said.body["hospitalization"]["dischargeDisposition"]["coding"][0]["code"] == "home"
    assert found.findings == ()


def test_one_source_may_have_an_overlay_with_a_z_segment(mappings: Path) -> None:
    folder = mappings / "hl7v2" / "psykiatri"
    folder.mkdir()
    (folder / "encounter.yaml").write_text(
        "extends: encounter\nrules:\n  serviceType: {from: ZBE-3, with: concept}\n", "utf-8"
    )
    own = Source(
        "own", "Psykiatri", "region", Identifier(SOR, "953741000016009"), "hl7v2", ("SP|PSY",), rules="psykiatri"
    )
    spoken = Hl7v2(mappings, [REGH, own], IDS)
    message = [pid(), pv1({10: "MED"}), "ZBE|1||DØGN^Døgnafsnit^L"]
    (said,) = of_kind(spoken.translate(raw(msh("A01", {4: "PSY"}), evn(), *message)), "Encounter")
    assert said.body["serviceType"]["coding"][0]["code"] == "DØGN"
    (said,) = of_kind(spoken.translate(raw(msh("A01"), evn(), *message)), "Encounter")
    assert said.body["serviceType"]["coding"][0]["code"] == "MED"


def test_authorities_of_the_source_come_first(mappings: Path) -> None:
    own = Source(
        "own", "x", "region", Identifier(SOR, "953741000016009"), "hl7v2", ("SP|REGH",),
        authorities={"REGH": "urn:oid:1.2.208.176.1.2.1", "DNK": "urn:oid:1.2.208.176.1.2", "9.9.9": "http://nine"},
    )  # fmt: skip
    spoken = Hl7v2(mappings, [own], IDS)
    number = "2512489996^^^DNK~L1^^^REGH~L2^^^X&9.9.9&ISO"
    found = spoken.translate(raw(msh("A31"), pid({3: number})))
    assert {i.system for i in found.citizen} == {"urn:oid:1.2.208.176.1.2", "urn:oid:1.2.208.176.1.2.1", "http://nine"}


def test_the_zone_of_the_source_reads_its_times() -> None:
    silent = adt(visit=pv1({44: "202503140915"})).replace(b"093015+0100", b"093015")
    (said,) = of_kind(faroese().translate(silent), "Encounter")
    assert said.happened.isoformat() == "2025-03-14T09:15:00+00:00"
    assert said.body["period"]["start"] == "2025-03-14T09:15:00+00:00"


def test_a_sender_that_nobody_registered_is_not_heard() -> None:
    with pytest.raises(UnknownSource) as caught:
        faroese().translate(adt().replace(b"|REGH|", b"|BBH|"))
    assert caught.value.where == "MSH^1^3"


# --- explain


def test_every_element_tells_its_field_and_rule() -> None:
    found = language().explain(adt("A01", "DG1|1||DF205^x^SKS||20250314|A"))
    rows = {row.target: row for row in found.rows}
    assert rows["Encounter.class"].fields == ("PV1-2",)
    assert rows["Encounter.class"].rule.startswith("mappings/hl7v2/encounter.yaml:")
    assert rows["Patient.name[0].family"].fields == ("PID-5.1",)
    assert rows["Patient.name[0].family"].places == ("PID^1^5^1^1",)
    assert rows["Condition.onsetDateTime"].places == ("DG1^1^5",)
    assert rows["Encounter.location[0].status"].fields == ()
    assert rows["Statement.happened"].fields == ("PV1-44",)
    assert rows["Statement.happened"].rule == "mappings/hl7v2/lifecycle.csv:2"
    for row in found.rows:
        assert ":" in row.rule or row.rule.endswith(".py")


def test_every_field_that_nothing_read_tells_why() -> None:
    found = language().explain(adt("A01", "ZBE|1^2|X", "OBX|1|NM|x||5", "PR1|1||X", "ROL|2^R|AD|AT|X^Y"))
    left = {one.field: one.reason for one in found.unread}
    assert left["ZBE-1.1"] == left["ZBE-1.2"] == left["ZBE-2"] == "unread"
    assert left["OBX-5"].startswith("observations")
    assert left["PR1/ROL-4.1"].startswith(("who took part", "procedures"))
    assert not {
        field for field in left if field.startswith(("MSH-3", "MSH-9", "MSH-10", "MSH-7", "EVN-1", "EVN-2", "PID-3"))
    }


def test_a_merge_is_explained() -> None:
    found = language().explain(adt("A40", "MRG|1^^^X", visit=None))
    assert "MRG-1" in {field for row in found.rows for field in row.fields}
    assert not [one for one in found.unread if one.field.startswith("MRG")]


def test_no_value_stands_in_an_explanation() -> None:
    text = str(language().explain(adt("A01", "NK1|1|Lund^Bo", "DG1|1||DF205^Skizofreni^SKS|")))
    for value in ("2512489996", "Eksempelsen", "Lund", "Skizofreni", "V77"):
        assert value not in text


def test_explaining_finds_what_translating_finds() -> None:
    message = adt("A03", visit=pv1({2: "K", 36: "HJ^Hjem^L"}))
    assert language().explain(message).findings == language().translate(message).findings
