"""Our own code systems and value sets, from the definitions in profiles/compiled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.terms.rows import About, Choice, Concept, SetAbout

FOLDER = Path(__file__).parents[3] / "profiles" / "compiled"
_OURS = "https://faellesplan.dk/fhir/CodeSystem/"


@dataclass(frozen=True, slots=True)
class Own:
    """What the definitions hold, as the tables would."""

    systems: Sequence[tuple[About, Sequence[Concept]]]
    sets: Sequence[SetAbout]


def read(folder: Path, problems: Problems) -> Own:
    """The CodeSystems and ValueSets of a folder; nothing where it is absent. The value sets take codes of ours only."""
    systems, sets = [], []
    for file in sorted((*folder.glob("CodeSystem-*.json"), *folder.glob("ValueSet-*.json"))):
        mark = Mark(f"{folder.parent.name}/{folder.name}/{file.name}", 0)
        try:
            definition = json.loads(file.read_bytes())
            if definition["resourceType"] == "CodeSystem":
                systems.append((_about(definition, mark), list(_concepts(definition["concept"], mark))))
            elif choices := list(_choices(definition, mark)):
                sets.append(
                    SetAbout(mark, definition["url"], (), definition["name"], definition["title"], tuple(choices))
                )
        except (OSError, ValueError, KeyError, TypeError) as error:
            problems.add(mark, f"cannot be read: {type(error).__name__}")
    return Own(systems, sets)


def _about(body: dict[str, Any], mark: Mark) -> About:
    return About(
        mark, body["id"], body["name"], body["title"], body["url"], (), body["version"], body.get("date", "")[:10],
        "gateway", "profiles/fsh",
    )  # fmt: skip


def _concepts(listed: Sequence[dict[str, Any]], mark: Mark, parent: str = "") -> Iterator[Concept]:
    for one in listed:
        yield Concept(mark, one["code"], one.get("display", one["code"]), parent=parent, note=one.get("definition", ""))
        yield from _concepts(one.get("concept", ()), mark, one["code"])


def _choices(body: dict[str, Any], mark: Mark) -> Iterator[Choice]:
    for include in body["compose"]["include"]:
        table = include["system"].removeprefix(_OURS)
        if table != include["system"]:
            these = tuple(one["code"] for one in include.get("concept", ()))
            yield Choice(mark, table, "these" if these else "all", these, "")
