"""`extends`: what one file changes of another. Files are merged as written, so every rule keeps its file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.translate.rules.loader import Items, Node, Table, Text
from gateway.translate.rules.problems import Problems

_BY_KEY = ("rules", "skip", "authorities", "segments")


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one folder by name (without suffix), and the folder that they may extend."""

    files: Mapping[str, Table]
    base: Folder | None = None

    def merged(self, name: str, problems: Problems) -> Table | None:
        """The file with all that it extends; None, with the error noted, when that cannot be found."""
        return self._merged(name, problems, ())

    def _merged(self, name: str, problems: Problems, seen: tuple[tuple[int, str], ...]) -> Table | None:
        table = self.files[name]
        extends = table.entries.get("extends")
        if extends is None:
            if "without" in table.entries:
                problems.add(table.marks["without"], "without needs extends")
            return table
        mark = table.marks["extends"]
        wanted = extends.value.strip() if isinstance(extends, Text) else ""
        folder = self if self.base is None or wanted.startswith("./") else self.base
        wanted = wanted.removeprefix("./")
        if wanted not in folder.files:
            problems.unknown(mark, "file in extends:", wanted or "(nothing)", folder.files)
            return None
        chain = (*seen, (id(self.files), name))
        if (id(folder.files), wanted) in chain:
            names = " → ".join([*(n for _, n in chain), wanted])
            problems.add(mark, f"{wanted} extends itself: {names}")
            return None
        base = folder._merged(wanted, problems, chain)
        return _merge(base, table, problems) if base else None


def _merge(base: Table, change: Table, problems: Problems) -> Table:
    entries, marks = dict(base.entries), dict(base.marks)
    for key, value in change.entries.items():
        if key in ("extends", "without"):
            continue
        entries[key] = _united(entries.get(key), value) if key in _BY_KEY else value
        marks[key] = change.marks[key]
    for item in _listed(change.entries.get("without")):
        _take_away(entries, item, problems)
    return Table(change.mark, entries, marks)


def _take_away(entries: dict[str, Node], item: Node, problems: Problems) -> None:
    """A target of `rules`, or a field of `skip` that this file reads."""
    name = item.value if isinstance(item, Text) else ""
    known: list[str] = []
    for key in ("rules", "skip"):
        table = entries.get(key)
        if not isinstance(table, Table):
            continue
        if name in table.entries:
            entries[key] = Table(table.mark, {k: v for k, v in table.entries.items() if k != name}, table.marks)
            return
        known += table.entries
    problems.unknown(item.mark, "target in without:", name, known)


def _listed(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, Items) else (node,)


def _united(old: Node | None, new: Node) -> Node:
    if not isinstance(old, Table) or not isinstance(new, Table):
        return new
    return Table(new.mark, old.entries | new.entries, old.marks | new.marks)
