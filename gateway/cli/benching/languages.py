"""Translate, language by language: bytes to statements, against reading the bytes of the same message alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
from lxml import etree

from gateway import bootstrap
from gateway.cli.benching.figure import Figure, in_turns
from gateway.cli.settling import settle
from gateway.cli.translate import SECRET
from gateway.settings import Settings

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class _Language:
    """One message of it, and its floor. The goal is what part of the floor's rate must be reached; 0: none is set."""

    name: str
    file: str
    floor: Callable[[bytes], object]
    goal: float
    reads: str


def _split(raw: bytes) -> object:
    """Every field of an HL7 v2 message down to its sub-components, and nothing more."""
    return [
        [[[part.split("&") for part in one.split("^")] for one in field.split("~")] for field in line.split("|")]
        for line in raw.decode().split("\r")
    ]


def _segments(raw: bytes) -> object:
    """Every element of an EDIFACT interchange down to its components; release characters are not looked at."""
    return [[part.split(":") for part in segment.split("+")] for segment in raw.decode("latin-1").split("'")]


def _json(raw: bytes) -> object:
    return orjson.dumps(orjson.loads(raw))


def _xml(raw: bytes) -> object:
    return etree.fromstring(raw)


_EVERY_FIELD, _JSON, _XML = "splitting every field", "orjson.loads and dumps", "parsing with lxml"
LANGUAGES = (
    _Language("hl7v2", "fixtures/bench/adt_a01.hl7", _split, 1 / 12, _EVERY_FIELD),
    _Language("medcom", "fixtures/stories/doed-paa-orlov/02-stin.json", _json, 1 / 8, _JSON),
    _Language("kl", "mappings/kl/examples/order.json", _json, 1 / 8, _JSON),
    _Language("kl-report", "mappings/kl/examples/ffb-report.json", _json, 1 / 8, _JSON),
    _Language("oio", "mappings/oio/examples/closed-case.xml", _xml, 1 / 6, _XML),
    _Language("oio-json", "mappings/oio-json/examples/case.json", _json, 0, _JSON),
    _Language("ydelse", "mappings/ydelse/examples/reduced.xml", _xml, 0, _XML),
    _Language("nexus", "mappings/nexus/examples/citizen.json", _json, 0, _JSON),
    _Language("momentum", "mappings/momentum/examples/citizen.json", _json, 0, _JSON),
    _Language("oioxml", "mappings/oioxml/examples/plan.xml", _xml, 0, _XML),
    _Language("edifact", "mappings/edifact/examples/discharge.edi", _segments, 0, _EVERY_FIELD),
)
_DOORS = {"medcom": "fhir-message", "kl": "fhir-message"}


def measure(settings: Settings, rounds: int, messages: int) -> list[Figure]:
    """One figure for each language; both sides in one process, in processor time."""
    rules = bootstrap.read_rules(settings.mappings_folder, SECRET, strangers=True)
    settle()
    return [_figure(rules, one, rounds, messages) for one in LANGUAGES]


def _figure(rules: bootstrap.Rules, one: _Language, rounds: int, messages: int) -> Figure:
    raw = (_ROOT / one.file).read_bytes()
    spoken = rules.languages.of(_DOORS.get(one.name, one.name))

    def ours(_: int) -> float:
        return _rate(lambda: spoken.translate(raw), messages)

    def floor(_: int) -> float:
        return _rate(lambda: one.floor(raw), messages)

    ours(0)
    floor(0)
    found = in_turns(one.name, rounds, ours, floor)
    how = f"{one.file}, {len(raw)} bytes to statements; the floor is {one.reads} of the same bytes; one thread"
    return Figure(one.name, one.goal, "messages/s", how, found)


def _rate(work: Callable[[], object], times: int) -> float:
    begun = time.process_time()
    for _ in range(times):
        work()
    return times / (time.process_time() - begun)
