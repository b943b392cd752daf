"""An integrator may send every golden pair to one gateway: none is refused as a number used again."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from gateway import bootstrap
from gateway.cli.translate import SECRET
from gateway.translate.door import door_of

MAPPINGS = Path(__file__).parents[2] / "mappings"


def test_every_example_has_a_number_of_its_own() -> None:
    languages = bootstrap.read_rules(MAPPINGS, SECRET).languages
    used: dict[tuple[str, str], set[str]] = defaultdict(set)
    for file in sorted(MAPPINGS.glob("*/examples/*")):
        if ".expected." in file.name:
            continue
        raw = file.read_bytes()
        for one in languages.messages(door_of(raw), raw):
            found = languages.of(door_of(raw)).translate(one)
            for number in filter(None, (found.message_id, found.envelope)):
                used[found.source.id, number].add(file.name)
    assert len(used) > 30
    assert {number: names for number, names in used.items() if len(names) > 1} == {}
