"""Every field that the standard has in the segments of an admission is read, or left out for a reason."""

from __future__ import annotations

from gateway.translate.hl7v2 import standard
from tests.translate.hl7v2.ward import PID3, adt, body, language, msh, pid, pv1, raw, segment, translated

SEGMENTS = ("EVN", "PID", "PD1", "ARV", "NK1", "PV1", "PV2", "ROL", "PRT", "DG1")
FIELDS = {name: len(standard.segments()[name]) for name in SEGMENTS}
TYPED = {
    "EVN": {1: "A01", 2: "20250314", 6: "20250314"},
    "PID": {3: PID3, 7: "1948", 8: "F", 24: "Y", 25: "1", 29: "2025", 30: "N"},
    "PD1": {12: "Y"},
    "PV1": {2: "I", 44: "20250314", 45: "20250315"},
    "PV2": {22: "Y"},
    "ROL": {2: "AD", 5: "2025", 6: "2025"},
    "PRT": {2: "AD", 11: "2025", 12: "2025"},
}
HEADER = dict.fromkeys((8, 13, 14, 17, 19, 20, 21, 22, 23, 24, 25), "X")


def test_every_field_of_an_admission() -> None:
    full = [segment(name, dict.fromkeys(range(1, n + 1), "X") | TYPED.get(name, {})) for name, n in FIELDS.items()]
    found = language().explain(raw(msh("A01", HEADER), *full))
    assert [one.field for one in found.unread if one.reason == "unread"] == []
    assert all(one.reason for one in found.unread)


def test_every_field_of_a_merge() -> None:
    merge = segment("MRG", {1: "1^^^X", 2: "2", 3: "3", 4: "4", 6: "6", 7: "A^B"})
    found = language().explain(adt("A40", merge, visit=None))
    assert [one.field for one in found.unread if one.reason == "unread"] == []


def test_a_protected_relative() -> None:
    relative = segment("NK1", {1: "1", 2: "Lund^Bo", 3: "SIB", 23: "Y"})
    made = body(translated(msh("A31"), pid(), relative, pv1()), "RelatedPerson")
    assert made["meta"]["security"][0]["code"] == "R"
