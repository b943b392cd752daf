"""A small message language for the engine's tests: lines of `NAME|field|field`, `~` repeats, `^` parts, `""` deletes.

Paths: `PID-3` (all repetitions), `PID-3.2`, `.2` inside `for: PID-3`, `PID` for the segments. As in a real language a
path with a segment name is read from the `for` of that segment around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.identifier import SOR, Identifier
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.translate.rules.reader import Env, Function, Path, PathError

SOURCE = Source(
    id="test-sender",
    name="Test",
    sector="region",
    organisation=Identifier(SOR, "265161000016000"),
    language="toy",
    senders=("TEST|HERE",),
    authorities={"CPR": "urn:oid:1.2.208.176.1.2"},
)
NULL = '""'
_ABSOLUTE = re.compile(r"([A-Z]{3})(?:-(\d+)(?:\.(\d+))?)?")
_RELATIVE = re.compile(r"\.(\d+)")
Segment = list[list[list[str]]]


def parse(text: str) -> list[tuple[str, Segment]]:
    lines = [line.split("|") for line in text.strip().splitlines()]
    return [(line[0], [[r.split("^") for r in field.split("~")] for field in line]) for line in lines]


def env(source: Source = SOURCE, on: str = "") -> Env:
    return Env(source, ids(b"test"), ZoneInfo(source.timezone), on=on)


def _part(repetition: list[str], part: int) -> str:
    text = repetition[part - 1] if part <= len(repetition) else ""
    return "" if text == NULL else text


def _filled(repetitions: Iterable[list[str]]) -> list[list[str]]:
    return [r for r in repetitions if any(text not in ("", NULL) for text in r)]


class Toy:
    name = "toy"
    fhir = False

    def __init__(self, functions: Mapping[str, Function] | None = None) -> None:
        self.functions: Mapping[str, Function] = functions or {}

    def clears(self, message: Any) -> bool:
        return any(NULL in r for _, segment in message for field in segment for r in field)

    def fields(self, message: Any) -> Iterable[str]:
        for name, segment in message:
            for number, field in enumerate(segment[1:], 1):
                for repetition in field:
                    for part, text in enumerate(repetition, 1):
                        if text:
                            yield f"{name}-{number}" + (f".{part}" if len(repetition) > 1 else "")

    def compile(self, path: str, within: tuple[Path, ...]) -> Path:
        if relative := _RELATIVE.fullmatch(path):
            if not within:
                raise PathError(f"{path} needs a for around it")
            if "-" not in within[-1].field or "." in within[-1].field:
                raise PathError(f"{path}: {within[-1].text} has no parts")
            part = int(relative[1])
            return self._path(path, f"{within[-1].field}{path}", len(within), lambda s: [s], part)
        match = _ABSOLUTE.fullmatch(path)
        if match is None:
            raise PathError(f"{path} is no toy path", "PID-3")
        name, field, part = match[1], int(match[2] or 0), int(match[3] or 0)
        level = next((n for n in range(len(within), 0, -1) if within[n - 1].field == name), 0)

        def segments(scope: Any) -> list[Segment]:
            return [scope] if level else [segment for n, segment in scope if n == name]

        if not field:
            return Path(path, path, level, lambda s: "", lambda s: [], lambda s: next(iter(segments(s)), None),
                        segments, lambda s: False, lambda scopes: path)  # fmt: skip

        def repetitions(scope: Any) -> list[list[str]]:
            return [r for segment in segments(scope) if field < len(segment) for r in segment[field]]

        return self._path(path, path, level, repetitions, part)

    def _path(self, text: str, field: str, level: int, repetitions: Any, part: int) -> Path:
        def nodes(scope: Any) -> list[list[str]]:
            found = _filled(repetitions(scope))
            return [[_part(r, part)] for r in found if _part(r, part)] if part else found

        def values(scope: Any) -> list[str]:
            return [t for r in repetitions(scope) if (t := _part(r, part or 1))]

        return Path(
            text=text,
            field=field,
            level=level,
            value=lambda scope: next(iter(values(scope)), ""),
            values=values,
            node=lambda scope: next(iter(nodes(scope)), None),
            nodes=nodes,
            cleared=lambda scope: any(r[(part or 1) - 1 :][:1] == [NULL] for r in repetitions(scope)),
            where=lambda scopes: field,
        )
