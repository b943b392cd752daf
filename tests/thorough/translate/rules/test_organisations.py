"""A logical reference through a code table: one number for one organisation, and its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.domain.identifier import SOR
from gateway.errors import UnknownCode
from gateway.translate.rules.reader import Env, Function
from tests.translate.rules import toy
from tests.translate.rules.desk import HEADER, book, errors

WARD = "urn:faellesplan:source:test-sender:facility"
ROWS = f"""{HEADER}{SOR},1,{SOR},1,Hospitalet,,,
{WARD},W1,{SOR},1,Hospitalet,the hospital's own code,,
{WARD},W9,,,,closed long ago,,
"""
RULES = """make: Encounter
key: PID-1
rules:
  serviceProvider: {from: PID-5, with: unit, map: organisations, policy: %s}
"""


def unit(env: Env, node: list[str]) -> dict[str, Any] | None:
    system, value, name = (*node, "", "")[:3]
    made: dict[str, Any] = {"type": "Organization", "identifier": {"system": system or WARD, "value": value}}
    return made | ({"display": name} if name else {})


FUNCTIONS = {"unit": Function(unit, takes="node", gives="Reference")}


def provider(folder: Path, field: str, policy: str = "keep", env: Env | None = None) -> Any:
    rules = book(folder, {"toy/one.yaml": RULES % policy, "codes/organisations.csv": ROWS}, FUNCTIONS).of("")
    return rules.run(toy.parse(f"PID|1||||{field}"), env or toy.env())[0].body.get("serviceProvider")


def told(value: str, display: str, system: str = SOR) -> dict[str, Any]:
    return {"type": "Organization", "identifier": {"system": system, "value": value}, "display": display}


def test_a_number_gets_its_name(tmp_path: Path) -> None:
    env = toy.env()
    assert provider(tmp_path, f"{SOR}^1", env=env) == told("1", "Hospitalet")
    assert not env.findings


def test_a_local_code_becomes_the_organisation_s_number(tmp_path: Path) -> None:
    assert provider(tmp_path, "^W1") == told("1", "Hospitalet")


def test_a_code_is_no_name_but_a_name_stays(tmp_path: Path) -> None:
    assert provider(tmp_path, "^W1^W1") == told("1", "Hospitalet")
    assert provider(tmp_path, f"{SOR}^1^Afsnit 4") == told("1", "Afsnit 4")


def test_an_unknown_one_is_kept_and_nothing_is_lost(tmp_path: Path) -> None:
    env = toy.env()
    assert provider(tmp_path, f"{SOR}^2^Et andet sted", env=env) == told("2", "Et andet sted")
    assert provider(tmp_path, "^W2^W2", env=env) == told("W2", "W2", WARD)
    assert not env.findings


def test_the_other_policies(tmp_path: Path) -> None:
    env = toy.env()
    assert provider(tmp_path, f"{SOR}^2^Navn", "drop", env) is None
    assert len(env.findings) == 1
    assert provider(tmp_path, "^W9", "drop", env) is None
    assert len(env.findings) == 1
    with pytest.raises(UnknownCode):
        provider(tmp_path, f"{SOR}^2", "refuse")


def test_what_a_function_remembers_is_not_changed(tmp_path: Path) -> None:
    same = unit(toy.env(), ["", "W1", "W1"])
    functions = {"unit": Function(lambda env, node: same, takes="node", gives="Reference")}
    rules = book(tmp_path, {"toy/one.yaml": RULES % "keep", "codes/organisations.csv": ROWS}, functions).of("")
    for _ in range(2):
        assert rules.run(toy.parse("PID|1||||x"), toy.env())[0].body["serviceProvider"]["display"] == "Hospitalet"
    assert same == told("W1", "W1", WARD)


def test_a_text_is_no_reference(tmp_path: Path) -> None:
    rules = (RULES % "keep").replace("with: unit, ", "")
    assert errors(tmp_path, {"toy/one.yaml": rules, "codes/organisations.csv": ROWS}) == [
        "mappings/toy/one.yaml:4: Encounter.serviceProvider is a Reference: a code cannot go into it"
    ]
