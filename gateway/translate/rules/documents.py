"""The rule files of one folder by name. A file may hold several YAML documents, `---` between them:

    name: grant                 # what the file name says of a file with one document
    make: CarePlan
    …
    ---
    name: condition
    make: Condition
    …

So the rules of one small system are one file. Errors, `explain` and overlays (`extends: grant`) treat each document as
a file of its own; a name stands once in a folder. A document with `walk:` is no rule file: it says what is fetched from
a system that does not send by itself (translate/vendor/walk.py).
"""

from __future__ import annotations

from pathlib import Path

from gateway.translate.rules.loader import Table, Text, read_all
from gateway.translate.rules.problems import Mark, Problems

WALK = "walk"


def documents(folder: Path, problems: Problems) -> dict[str, Table]:
    """Every rule file and document in the folder by its name; what is wrong with names is noted in `problems`."""
    found: dict[str, Table] = {}
    for path in sorted(folder.glob("*.yaml")):
        tables = read_all(path, written(path), problems)
        for table in tables:
            name = _name(table, path.stem, problems, needed=len(tables) > 1)
            if name in found:
                problems.add(_mark(table), f"{name} is the name of {found[name].mark} already")
            elif name and WALK not in table.entries:
                found[name] = table
    return found


def written(path: Path) -> str:
    """How errors name a file under mappings/: from there, wherever that folder lies."""
    mappings = next((p for p in path.parents if p.name == "mappings"), path.parent.parent)
    return path.relative_to(mappings.parent).as_posix()


def _name(table: Table, stem: str, problems: Problems, *, needed: bool) -> str:
    node = table.entries.get("name")
    if node is None:
        if needed:
            problems.add(table.mark, "name is missing: this file holds several documents, each needs one")
        return "" if needed else stem
    if isinstance(node, Text) and node.value.strip():
        return node.value.strip()
    problems.add(_mark(table), "name must be a text")
    return ""


def _mark(table: Table) -> Mark:
    return table.marks.get("name", table.mark)
