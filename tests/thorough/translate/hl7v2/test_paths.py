"""Paths of rule files over a message: what they read, from which scope, and where that stands."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.translate.hl7v2.header import read
from gateway.translate.hl7v2.parse import Component, Message, Repetition, parse
from gateway.translate.hl7v2.paths import compile_path, valued_fields
from gateway.translate.rules.reader import Path, PathError

HEAD = "MSH|^~\\&|SP|REGH|||||ADT^A01"


def message(*segments: str) -> Message:
    text = "\r".join((HEAD, *segments))
    return parse(text, read(text.encode()), "utf-8")


def path(text: str, *within: str) -> Path:
    outer: tuple[Path, ...] = ()
    for one in within:
        outer = (*outer, compile_path(one, outer))
    return compile_path(text, outer)


def evaluated(one: Path, mode: str, scope: Any) -> Any:
    """As the rules engine runs it: inline where the path spells that, else by the closure."""
    plain = getattr(one, mode)(scope)
    if mode not in one.inline:
        return plain
    held = {name: f"({form.format(s='scope')})" for name, form in one.held.items()}
    source = one.inline[mode].format(s="scope", call="call(scope)", t="t", **held)
    found = eval(f"(lambda scope, call: {source})", {})(scope, getattr(one, mode))
    assert told(found) == told(plain)
    return found


def told(found: Any) -> Any:
    """A result in a form that can be compared: components are made anew each time."""
    if isinstance(found, Component):
        return (found.repetition, found.number)
    if isinstance(found, Repetition):
        return found.place()
    return found if found is None or isinstance(found, str) else [told(one) for one in found]


PID = "PID|1||A^^^X&1.2&ISO~B^^^Y||Lund^Bo^Ib~Dahl^Bo|||F|||Vej 1^^By^^1000~^^Ø"
ROLES = ("PID|1", "ROL|1^R|AD|PP", "PV1|1|I", "ROL|2^R|AD|AT", "ROL|3^R|AD|CM", "PR1|1", "ROL|4^R|AD|XX")


@pytest.mark.parametrize(
    ("text", "value", "values"),
    [
        ("PID-1", "1", ["1"]),
        ("PID-3", "A", ["A", "B"]),
        ("PID-3.1", "A", ["A", "B"]),
        ("PID-3.4", "X", ["X", "Y"]),
        ("PID-3.4.2", "1.2", ["1.2"]),
        ("PID-3.4.3", "ISO", ["ISO"]),
        ("PID-5.1", "Lund", ["Lund", "Dahl"]),
        ("PID-5.3", "Ib", ["Ib"]),
        ("PID-8", "F", ["F"]),
        ("PID-11.3", "By", ["By", "Ø"]),
        ("PID-2", "", []),
        ("ZPI-1.2", "1", ["1"]),
        ("ZPI-99", "", []),
        ("ZPI-200", "", []),
        ("ZPI-1.99", "", []),
        ("ZZZ-1", "", []),
        ("MSH-3", "SP", ["SP"]),
        ("MSH-9.2", "A01", ["A01"]),
    ],
)
def test_values_of_the_message(text: str, value: str, values: list[str]) -> None:
    one = path(text)
    assert one.level == 0
    assert evaluated(one, "value", message(PID, "ZPI|Z^1")) == value
    assert list(evaluated(one, "values", message(PID, "ZPI|Z^1"))) == values
    nodes = evaluated(one, "nodes", message(PID, "ZPI|Z^1"))
    assert len(nodes) == len(values)
    assert (evaluated(one, "node", message(PID, "ZPI|Z^1")) is None) == (not values)
    assert one.field == text


def test_lists_read_every_segment_and_values_the_first() -> None:
    two = message("DG1|1||A", "DG1|2||B", "DG1|3")
    assert evaluated(path("DG1-3"), "values", two) == ["A", "B"]
    assert evaluated(path("DG1-3"), "value", two) == "A"
    assert [node.value(1) for node in evaluated(path("DG1-3"), "nodes", two)] == ["A", "B"]
    later = message("DG1|1||", "DG1|2||B")
    assert [node.value(1) for node in evaluated(path("DG1-3"), "nodes", later)] == ["B"]
    assert evaluated(path("DG1-3"), "value", later) == ""


def test_a_path_with_a_segment_is_read_from_the_for_of_that_segment() -> None:
    scopes = path("DG1").nodes(message("DG1|1||A^^S", "DG1|2||B"))
    inner = path("DG1-3", "DG1")
    assert inner.level == 1
    assert [evaluated(inner, "value", scope) for scope in scopes] == ["A", "B"]
    assert [len(evaluated(inner, "nodes", scope)) for scope in scopes] == [1, 1]
    assert [evaluated(inner, "node", scope).value(1) for scope in scopes] == ["A", "B"]
    assert [evaluated(path("DG1-3.3", "DG1"), "value", scope) for scope in scopes] == ["S", ""]
    assert path("DG1-6", "DG1", "DG1-3").level == 1
    assert path("PID-3", "DG1", "DG1-3").level == 0
    assert path("DG1-6", "PV1", "DG1").level == 2


def test_relative_paths_read_the_repetition() -> None:
    for_names = path("PID-5")
    scopes = for_names.nodes(message(PID))
    family, given, none = (path(text, "PID-5") for text in (".1", ".2", ".15"))
    beyond = path(".30", "ZPI-1")
    assert [evaluated(beyond, "value", scope) for scope in path("ZPI-1").nodes(message("ZPI|Z^1"))] == [""]
    assert [evaluated(family, "value", scope) for scope in scopes] == ["Lund", "Dahl"]
    assert [list(evaluated(given, "values", scope)) for scope in scopes] == [["Bo"], ["Bo"]]
    assert [evaluated(none, "value", scope) for scope in scopes] == ["", ""]
    assert [list(evaluated(path(".3", "PID-5"), "values", scope)) for scope in scopes] == [["Ib"], []]
    assert family.field == "PID-5.1"
    assert family.level == 1


def test_relative_paths_read_sub_components() -> None:
    scopes = path("PID-3").nodes(message(PID))
    universal = path(".4.2", "PID-3")
    assert [evaluated(universal, "value", scope) for scope in scopes] == ["1.2", ""]
    assert universal.field == "PID-3.4.2"
    assert path(".2", "PID-3", ".4").field == "PID-3.4.2"
    (authority,) = path(".4", "PID-3").nodes(scopes[0])
    assert evaluated(path(".2", "PID-3", ".4"), "value", authority) == "1.2"
    assert path(".2", "PID-3", ".4").level == 2


def test_the_dot_is_the_thing_itself() -> None:
    scopes = path("PID-3").nodes(message(PID))
    itself = path(".", "PID-3")
    assert itself.node(scopes[1]) is scopes[1]
    assert (itself.value(scopes[1]), itself.field, itself.level) == ("B", "PID-3", 1)
    segment = path("PID").nodes(message(PID))[0]
    assert path(".", "PID").node(segment) is segment


def test_roles_are_told_apart_by_the_segment_before_them() -> None:
    roles = message(*ROLES)
    for text, numbers in (("ROL", "123"), ("PID/ROL", "1"), ("PV1/ROL", "23"), ("PR1/ROL", "4"), ("IN1/ROL", "")):
        assert [segment.value(1) for segment in path(text).nodes(roles)] == list(numbers)
    assert path("PV1/ROL").field == path("PID/ROL").field == "ROL"
    assert path("PR1/ROL-3").field == "PR1/ROL-3"
    assert evaluated(path("PV1/ROL-3"), "values", roles) == ["AT", "CM"]
    assert evaluated(path("PV1/ROL-3"), "value", roles) == "AT"
    assert evaluated(path("ROL-3"), "value", roles) == "PP"
    assert path("ROL-3", "PV1/ROL").level == 1


def test_places_are_told_as_err_2_does() -> None:
    two = message(PID, "DG1|1||A", "DG1|2||B")
    segment = path("DG1").nodes(two)[1]
    repetition = path("PID-3").nodes(two)[1]
    (authority,) = path(".4", "PID-3").nodes(path("PID-3").nodes(two)[0])
    assert path("PID-3").where((two,)) == "PID^1^3"
    assert path("PID-3.4").where((two,)) == "PID^1^3^1^4"
    assert path("PID-3.4.2").where((two,)) == "PID^1^3^1^4^2"
    assert path("ZZZ-3").where((two,)) == "ZZZ^1^3"
    assert path("DG1").where((two,)) == "DG1^1"
    assert path("DG1-3", "DG1").where((two, segment)) == "DG1^2^3"
    assert path(".", "DG1").where((two, segment)) == "DG1^2"
    assert path(".4", "PID-3").where((two, repetition)) == "PID^1^3^2^4"
    assert path(".4.2", "PID-3").where((two, repetition)) == "PID^1^3^2^4^2"
    assert path(".", "PID-3").where((two, repetition)) == "PID^1^3^2"
    assert path(".2", "PID-3", ".4").where((two, repetition, authority)) == "PID^1^3^1^4^2"
    assert path(".", "PID-3", ".4").where((two, repetition, authority)) == "PID^1^3^1^4"


@pytest.mark.parametrize(
    ("text", "cleared"),
    [("PID-5", True), ("PID-5.1", True), ("PID-7", False), ("PID-8", False), ("PID-11", False), ("PID-11.1", True)],
)
def test_two_quotes_delete(text: str, cleared: bool) -> None:
    assert path(text).cleared(message('PID|||||""||""x|F|||""^X')) is cleared
    assert path(text, "PID").cleared(path("PID").nodes(message('PID|||||""||""x|F|||""^X'))[0]) is cleared


def test_two_quotes_delete_a_component() -> None:
    (name,) = path("PID-5").nodes(message('PID|||||Lund^""'))
    assert path(".2", "PID-5").cleared(name)
    assert not path(".1", "PID-5").cleared(name)
    assert not path(".9", "PID-5").cleared(name)


@pytest.mark.parametrize(
    ("text", "within", "meant"),
    [
        ("pid-3", (), "PID-3"),
        ("PID.3", (), "PID-3"),
        ("PID.3.4", (), "PID-3.4"),
        ("PID-3-4", (), ""),
        ("PID-0", (), ""),
        ("PID-3.0", (), ""),
        ("PID-3.1.2.3", (), ""),
        ("Patient.name", (), ""),
        ("", (), ""),
        (".4", (), ""),
        (".4", ("PID",), "PID-4"),
        (".0", ("PID-3",), ""),
        (".4.0", ("PID-3",), ""),
        (".1.2", ("PID-3", ".4"), ""),
        (".1", ("PID-3", ".4", ".2"), ""),
        ("PID/DG1", (), "DG1"),
        ("DG1/ROL", (), "PID/ROL"),
    ],
)
def test_what_is_no_path_is_told_at_start(text: str, within: tuple[str, ...], meant: str) -> None:
    with pytest.raises(PathError) as caught:
        path(text, *within)
    assert meant in caught.value.suggestion


def test_every_valued_field_is_listed_once_at_its_finest_grain() -> None:
    found = list(valued_fields(message(PID, *ROLES[1:], "ZBE|X^Y&Z")))
    assert found[:4] == ["MSH-3", "MSH-4", "MSH-9.1", "MSH-9.2"]
    assert {"PID-3.1", "PID-3.4.1", "PID-3.4.2", "PID-3.4.3", "PID-3.4", "PID-5.1", "PID-11.5"} <= set(found)
    assert {"ROL-1.1", "ROL-1.2", "PR1/ROL-3", "ZBE-1.1", "ZBE-1.2.1", "ZBE-1.2.2"} <= set(found)
    assert len(found) == len(set(found))
    assert not [field for field in found if field.startswith(("MSH-1.", "MSH-2"))]
