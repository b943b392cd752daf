"""What pyproject's import contracts cannot say: domain stands on the standard library alone, each room has a sign."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import QUICK
from tests.house.tree import ROOT, below, functions, parsed, text


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: relative import"
            yield node.module or ""


def test_domain_stands_on_the_standard_library() -> None:
    allowed = (*sys.stdlib_module_names, "gateway.domain", "gateway.errors")
    stray = [
        f"{file}: {name}"
        for file in below("gateway", suffix=".py")
        if file.parts[1] in {"domain", "errors.py"}
        for name in imported(file)
        if not any(name == a or name.startswith(a + ".") for a in allowed)
    ]
    assert not stray


def test_every_room_has_a_sign() -> None:
    folders = {file.parent for file in below("gateway", suffix=".py")}
    silent = [str(f) for f in folders if not (ROOT / f / "__init__.py").is_file()]
    silent += [str(f) for f in folders if not silent and not ast.get_docstring(parsed(f / "__init__.py"))]
    assert not silent, "a room says in one sentence what happens in it"


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(f) for f in below("gateway", "profiles", suffix=".py") if not ast.get_docstring(parsed(f))]
    assert not silent


def test_the_inner_loop_asks_no_hypothesis() -> None:
    """What it makes up takes long, and its settings are not loaded there (tests/conftest.py)."""
    asking = [
        f"{file}: {name}"
        for file in below("tests", suffix=".py")
        if file.parts[1] in QUICK
        for name in imported(file)
        if name.partition(".")[0] == "hypothesis"
    ]
    assert not asking


@pytest.mark.parametrize("room", ["domain", "translate"])
def test_pure_rooms_are_plain_functions(room: str) -> None:
    coloured = [
        f"{file}:{function.lineno} {function.name}"
        for file in below("gateway", suffix=".py")
        if file.parts[1] == room
        for function in functions(file)
        if isinstance(function, ast.AsyncFunctionDef)
    ]
    assert not coloured


def test_pure_rooms_ask_no_clock() -> None:
    asked = [
        f"{file}:{node.lineno}"
        for file in below("gateway", suffix=".py")
        if file.parts[1] in {"domain", "translate"}
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
        if ast.unparse(node.value).rpartition(".")[2] in {"datetime", "date"}
    ]
    assert not asked, "the time is an argument: the same fold with another date is what we knew then"


def test_the_contract_names_every_room() -> None:
    contracts = tomllib.loads(text(Path("pyproject.toml")))["tool"]["importlinter"]["contracts"]
    house = next(c for c in contracts if c["type"] == "layers")
    assert house["exhaustive"] is True
    named = {name.strip("() ") for layer in house["layers"] for name in layer.split("|")}
    there = {file.parts[1].removesuffix(".py") for file in below("gateway", suffix=".py")} - {"__init__"}
    assert there <= named


def test_what_is_stored_is_read_with_every_digit() -> None:
    """store/wire.py alone reads stored bytes: another decoder makes 1.5 of a decimal 1.50."""
    stray = [
        f"{file}:{node.lineno}"
        for file in below("gateway", suffix=".py")
        if file.parts[1] in {"flows", "store"} and file.name != "wire.py"
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Name) and node.id in {"msgspec", "orjson"}
    ]
    assert not stray
