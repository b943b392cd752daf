"""Every channel of the list and every threat has a test, and every test that is named is there."""

from __future__ import annotations

import ast
import csv
from functools import cache
from pathlib import Path

import pytest

from tests.attack.channels import CHANNELS
from tests.attack.threats import THREATS

TESTS = Path(__file__).parents[1]
KEPT = ("resource", "resource_version", "statement", "identity", "citizen")


@cache
def named_in(path: str) -> frozenset[str]:
    """The tests of a file below tests/, without `test_` in front."""
    found = ast.parse((TESTS / path).read_text())
    return frozenset(one.name.removeprefix("test_") for one in found.body if isinstance(one, ast.FunctionDef))


@pytest.mark.parametrize(("name", "held"), [*CHANNELS.items(), *THREATS.items()])
def test_every_test_that_is_named_is_there(name: str, held: tuple[str, ...]) -> None:
    assert held, name
    for one in held:
        path, _, test = one.partition("::")
        assert (TESTS / path).is_file(), f"{name}: {path}"
        assert test in named_in(path), f"{name}: {one}"


def test_every_channel_of_the_list_is_held(examples: Path) -> None:
    rows = csv.DictReader((examples / "fhir" / "leak-channels.csv").read_text().splitlines())
    assert [row["id"] for row in rows] == list(CHANNELS)


def test_every_threat_is_held() -> None:
    assert list(THREATS) == [f"T{number:02}" for number in range(1, 33)]


def test_worlds_are_made_through_the_doors() -> None:
    """L32: what a test of attacks looks at came in as everything does, so it is labelled and found as everything is."""
    for path in sorted((TESTS / "attack").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                told = " ".join(node.value.split()).upper()
                for table in KEPT:
                    for word in ("INSERT INTO", "UPDATE"):
                        assert not told.startswith(f"{word} {table.upper()} "), (path.name, node.lineno)
