"""Translate: an admission as bytes becomes the JSON bytes of its FHIR Bundle, against a parser that only parses."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import msgspec
from hl7apy.parser import parse_message

from gateway import bootstrap
from gateway.cli.benching import population
from gateway.cli.benching.figure import Figure, in_turns
from gateway.cli.settling import settle
from gateway.cli.together import folded
from gateway.cli.translate import SECRET, bundle
from gateway.domain.resource import ids
from gateway.settings import Settings

CITIZENS = 64
GOAL = 100


def measure(settings: Settings, rounds: int, messages: int, parses: int) -> Figure:
    """Both on one core and in one process, in processor time, so that a neighbour's load counts in neither."""
    make = _bundler(settings)
    raw = population.admission(0)
    turns = [population.admission(number) for number in range(CITIZENS)]
    text = raw.decode()
    resources = len(msgspec.json.decode(make(raw))["entry"])

    def ours(_: int) -> float:
        return _rate(lambda number: make(turns[number % CITIZENS]), messages)

    def floor(_: int) -> float:
        with warnings.catch_warnings(action="ignore"):
            return _rate(lambda _: parse_message(text), parses)

    ours(0)
    floor(0)
    settle()  # as `gateway serve` does, for both: else the collector walks through our rules while the floor parses
    how = (
        f"{len(raw)} bytes of ADT A01 to {len(make(raw))} bytes of Bundle ({resources} resources), {messages} messages "
        f"of {CITIZENS} citizens a round; the floor is hl7apy.parser.parse_message alone on the same message, "
        f"{parses} times a round; one thread, processor time, for both the garbage collector set as in serving"
    )
    return Figure("translate", GOAL, "messages/s", how, in_turns("translate", rounds, ours, floor))


def _bundler(settings: Settings) -> Callable[[bytes], bytes]:
    """What `gateway translate --json` does, without the terminal."""
    rules = bootstrap.read_rules(settings.mappings_folder, SECRET)
    spoken, identify = rules.languages.of("hl7v2"), ids(SECRET)
    sources = {source.id: source for source in rules.sources}
    encode = msgspec.json.Encoder(decimal_format="number").encode

    def make(raw: bytes) -> bytes:
        return encode(bundle(folded([spoken.translate(raw)], identify, sources), "https://gateway.example"))

    return make


def _rate(work: Callable[[int], object], times: int) -> float:
    begun = time.process_time()
    for number in range(times):
        work(number)
    return times / (time.process_time() - begun)
