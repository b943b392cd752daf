"""Writes mapping files into a folder and compiles them with the toy language."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.translate.rules.bound import Made
from gateway.translate.rules.codes import COLUMNS
from gateway.translate.rules.problems import MappingError
from gateway.translate.rules.reader import Env, Function
from gateway.translate.rules.ruleset import Rulebook, load
from tests.translate.rules import toy

HEADER = ",".join(COLUMNS) + "\n"
SEX = HEADER + ",M,,male,,,,\n,F,,female,,,,\n,X,,,,the sender does not tell,,\n"
CLASSES = HEADER + ",I,http://example.org/class,IMP,inpatient,,,\n,A,http://example.org/class,AMB,,,,\n"


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """The files under mappings/, which is given back."""
    for name, text in files.items():
        path = folder / "mappings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / "mappings"


def book(folder: Path, files: Mapping[str, str], functions: Mapping[str, Function] | None = None) -> Rulebook:
    return load(write(folder, {"codes/sex.csv": SEX, "codes/class.csv": CLASSES} | dict(files)), toy.Toy(functions))


def run(folder: Path, rules: str, message: str, env: Env | None = None) -> list[Made]:
    """One rule file on one message."""
    made = book(folder, {"toy/one.yaml": rules}).of("")
    return made.run(toy.parse(message), env or toy.env())


def body(folder: Path, rules: str, message: str, make: str = "Patient", env: Env | None = None) -> dict[str, object]:
    """What the rules (the inside of `rules:`) make of a message's first PID."""
    lines = "".join(f"  {line}\n" for line in rules.strip("\n").splitlines())
    made = run(folder, f"make: {make}\nkey: PID-1\nrules:\n{lines}", message, env)
    assert len(made) == 1
    return made[0].body


def errors(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Everything that is wrong with the files."""
    with pytest.raises(MappingError) as caught:
        book(folder, files)
    assert caught.value.told() == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]
