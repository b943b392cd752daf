"""Spoilt Bundles on their way back to the municipality: written, or refused with a kind of failure, never a crash."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest

from gateway.domain.statement import Body
from gateway.errors import GatewayError
from gateway.translate.fhir.settled import settled, with_files
from gateway.translate.fhir.structure import structure
from gateway.translate.kl.write import Tables as KlTables
from gateway.translate.kl.write import write as write_kl
from gateway.translate.oio.write.resources import write as write_oio
from gateway.translate.sf2900.writing import written
from gateway.translate.telling.of_resources import entries
from tests.thorough.translate.oio.test_oio_round_trip import documented, tables
from tests.translate.oio.written import AT, MAPPINGS, goal, stay

SPOILT: tuple[Any, ...] = (
    "",
    "x",
    7,
    None,
    [],
    {},
    True,
    "2025",
    "9999-12-31",
    "0001-01-01",
    [{}],
    "Patient/zz",
    "\x00",
)


def parts() -> list[Body]:
    return [*documented(), goal(), stay()]


def to_oio(resources: list[Body]) -> None:
    write_oio(with_files(settled(resources)), AT, *tables()[:2])


def to_sf2900(resources: list[Body]) -> None:
    told = with_files(settled(resources))
    for citizen in (one for one in told if one["resourceType"] == "Patient"):
        for one in entries(told, citizen, AT, tables()[1]):
            written(one.entry)


def to_kl(resources: list[Body], known: KlTables) -> None:
    told = settled(resources)
    for citizen in (one for one in told if one["resourceType"] == "Patient"):
        write_kl(told, citizen, AT, known)


def spoilt(resources: list[Body], chance: random.Random) -> list[Body]:
    """One to three places emptied, changed, or filled with what stands elsewhere."""
    made = copy.deepcopy(resources)
    for _ in range(chance.randint(1, 3)):
        places = _places(made)
        holder, key = chance.choice(places)
        how = chance.random()
        if how < 0.35:
            holder.pop(key)
        elif how < 0.6:
            holder[key] = copy.deepcopy(chance.choice(SPOILT))
        else:
            other, name = chance.choice(places)
            holder[key] = copy.deepcopy(other[name]) if name in other or isinstance(other, list) else {}
    return made


def _places(node: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict | list):
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            found += [(here, key) for key in keys]
            waiting += [here[key] for key in keys]
    return found


@pytest.mark.parametrize("target", ["oio", "sf2900", "kl"])
def test_spoilt_parts_are_written_or_refused(target: str) -> None:
    known = KlTables.read(MAPPINGS)
    writers: dict[str, Callable[[list[Body]], None]] = {
        "oio": to_oio,
        "sf2900": to_sf2900,
        "kl": lambda resources: to_kl(resources, known),
    }
    assert [fault for one in parts() for fault in structure(one)] == []
    writers[target](parts())
    chance = random.Random(f"back to the municipality: {target}")
    ends: set[str] = set()
    for _ in range(400):
        resources = spoilt(parts(), chance)
        try:
            writers[target](resources)
            ends.add("written")
        except GatewayError as error:
            ends.add("transient" if error.transient else type(error).__name__)
    assert "transient" not in ends
    assert {"written", "RuleBroken", "MissingField"} <= ends
