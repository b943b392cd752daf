"""Make v2-fields.json: which fields, components and sub-components HL7 v2 has.

    python profiles/extract_fields.py > profiles/v2-fields.json

Source: the tables of hl7apy, which are those of the standard from 2.2 to 2.8.2, all versions together: a field that
one of them has is a field; and what 2.9 has besides in the segments that the official guide maps. profiles/README.md
describes the result. The same hl7apy always gives the same bytes.
"""

from __future__ import annotations

import importlib
import json
import sys
from importlib.metadata import version
from typing import Any

VERSIONS = ("2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
OF_2_9 = {"NTE": ["PRT-3"], "PD1": ["PV2-46"], "PRT": ["PRT-3", "PRD-7"], "TXA": ["ROL-14", "PRT-3"]}
"""What 2.9 adds at the end of segments, each as a field of the same type: NTE-9 CWE, PD1-23 DT, PRT-23 CWE, PRT-24 PLN,
TXA-27 XON, TXA-28 CWE. (The guide is written after 2.9.)"""
Parts = list[int]


def parts_of(reference: Any) -> Parts:
    """The sub-components of each component of a field's type; none where its type varies."""
    kind, below, name = reference[:3]
    if kind != "sequence" or not below:
        return [] if name == "varies" else [1]
    return [len(part[1]) if part[0] == "sequence" else 1 for _, part, *_ in below]


def joined(known: Parts | None, new: Parts) -> Parts:
    """The type that has all that both have; a type that varies has everything."""
    if known is None or not known or not new:
        return new if known is None else []
    shorter, longer = sorted((known, new), key=len)
    return [max(pair) for pair in zip(shorter, longer, strict=False)] + longer[len(shorter) :]


def segments() -> dict[str, list[Parts]]:
    """By segment its fields in their order; a number that no version uses is a field without a type that is known."""
    found: dict[str, dict[int, Parts]] = {}
    for told in VERSIONS:
        tables = importlib.import_module(f"hl7apy.v{told.replace('.', '_')}.segments").SEGMENTS
        for name, reference in tables.items():
            if reference[0] != "sequence" or len(reference) < 2:
                continue  # ANYHL7SEGMENT, and segments that a later version has withdrawn
            fields = found.setdefault(name, {})
            for field in reference[1]:
                number = int(field[0].rpartition("_")[2])
                fields[number] = joined(fields.get(number), parts_of(field[1]))
    for name, added in OF_2_9.items():
        for segment, _, field in (alike.partition("-") for alike in added):
            found[name][max(found[name]) + 1] = found[segment][int(field)]
    return {name: [fields.get(n, [1]) for n in range(1, max(fields) + 1)] for name, fields in sorted(found.items())}


def main() -> None:
    """Print the table: every shape once, and by segment the shape of each of its fields."""
    known = segments()
    shapes = sorted({tuple(parts) for fields in known.values() for parts in fields})
    told = {"source": f"hl7apy@{version('hl7apy')} (MIT)", "versions": [*VERSIONS, "2.9"]}
    head = "".join(f'"{key}": {json.dumps(value)},\n' for key, value in told.items())
    rows = [f'"{name}": {json.dumps([shapes.index(tuple(p)) for p in fields])}' for name, fields in known.items()]
    lists = ",\n".join(json.dumps(shape) for shape in shapes)
    sys.stdout.write(
        f'{{{head}"shapes": [\n{lists}\n],\n"segments": {{\n{",".join(rows)}\n}}}}\n'.replace(',"', ',\n"')
    )


if __name__ == "__main__":
    main()
