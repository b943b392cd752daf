"""The walk: what is fetched of one citizen and where it is found, from the `walk:` document of a system's rules.

    name: walk
    walk:
      citizen:                                  # the first step finds the citizen; no answer: not known there
        link: patientDetailsSearch              # a link of the root document (HAL, `_links`)
        post: {businessKey: "{asked}", keyType: CPR}
      grants:
        of: pathways                            # starts from each answer of an earlier step
        deep: children                          # and from what lies in these lists of it, however deep
        only: {type: basketGrantReference}      # of those the ones that say so
        link: referencedObject
        optional: yes                           # no such link: nothing there (otherwise an answer is wrong)
      markings:
        of: citizen
        get: citizens/{id}/markings?active=all  # below the root URL, for systems without links
        items: data                             # where in an answer the list stands; left out: the answer itself
        next: next                              # the link to the next page (default `next`)
        keep: no                                # only a way to something else: not in the document

- `each` leads from the answer to the objects to start from (`CITIZEN_PATHWAY`, dotted); lists are walked through.
- `{asked}` is the number that is asked for, any other `{path}` a text of the object the step starts from.
- `letters` makes the answers messages to be received here instead: see `Letters`.
- An overlay (mappings/<system>/<folder>/) may have a walk of its own: its steps replace those of the same name, new
  ones come after them, and a `leave-out` there replaces the whole list.
- `leave-out` names members that change without anything having happened (links, the time of the look); they are left
  out of what is kept, wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.translate.rules.documents import WALK, written
from gateway.translate.rules.loader import Items, Node, Table, Text, read_all
from gateway.translate.rules.problems import Mark, Problems

Json = dict[str, Any]

_KEYS = ("of", "each", "deep", "only", "link", "get", "post", "items", "next", "keep", "optional", "letters", "why")
_LETTER_KEYS = ("raw", "accept", "place", "archive")
_ACTION_KEYS = ("link", "method", "send", "among", "deep", "by")
_TRUTHS = {"yes": True, "true": True, "no": False, "false": False}
_SLOT = re.compile(r"\{([A-Za-z_][\w.]*)\}")
METHODS = ("post", "put")


@dataclass(frozen=True, slots=True)
class Action:
    """One request that tells the system what was done with a letter. For `place` the object named by an operator is
    looked for `among` the answers of a step, by its member `by`; `{place.id}` in `send` is its id."""

    link: str
    method: str = "post"
    send: Mapping[str, str] = field(default_factory=dict)
    among: str = ""
    deep: str = ""
    by: str = "name"


@dataclass(frozen=True, slots=True)
class Letters:
    """Answers that are messages (Nexus' MedCom inbox): `raw` is the member with the message in base64. Each is received
    here as if it had come through a door; the actions follow in this order once it is kept."""

    raw: str
    accept: Action | None = None
    place: Action | None = None
    archive: Action | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step; the docstring of this file says what its parts are."""

    name: str
    of: str = ""
    each: tuple[str, ...] = ()
    deep: str = ""
    only: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    get: str = ""
    post: Mapping[str, str] | None = None
    items: tuple[str, ...] = ()
    next: str = "next"
    keep: bool = True
    optional: bool = False
    letters: Letters | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """The steps in their order, and the members that are left out."""

    steps: tuple[Step, ...]
    leave_out: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The steps whose answers stand in the document."""
        return frozenset(step.name for step in self.steps if step.keep and step.letters is None)


def started(step: Step, answer: Any) -> Iterator[Json]:
    """The objects in one answer that a step starts from."""
    found: Iterable[Any] = at(answer, step.each)
    for node in deep(found, step.deep) if step.deep else found:
        if isinstance(node, dict) and all(node.get(name) == value for name, value in step.only.items()):
            yield node


def at(node: Any, names: Iterable[str]) -> list[Any]:
    """What lies behind these names; lists are walked through."""
    here = node if isinstance(node, list) else [node]
    for name in names:
        below = [one[name] for one in here if isinstance(one, dict) and one.get(name) is not None]
        here = [item for one in below for item in (one if isinstance(one, list) else [one])]
    return here


def deep(nodes: Iterable[Any], name: str) -> Iterator[Any]:
    """These, and all that lie in the lists of this name, however deep."""
    waiting = list(nodes)
    for node in waiting:  # which grows meanwhile
        yield node
        if isinstance(node, dict):
            waiting += node[name] if isinstance(node.get(name), list) else ()


def filled(text: str, asked: str, node: Json, spell: Any = str) -> str | None:
    """A text with its `{…}` filled in, each value through `spell`; None when one of them is not there."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        found = [asked] if match[1] == "asked" else at(node, match[1].split("."))
        if not found or not isinstance(found[0], str | int) or found[0] == "":
            missing = True
            return ""
        return str(spell(str(found[0])))

    made = _SLOT.sub(value, text)
    return None if missing else made


def read(folder: Path, problems: Problems) -> dict[str, Walk]:
    """The walks of the system whose rules stand in this folder: `""` the plain one, and that of each overlay folder;
    what is wrong is noted in `problems`."""
    plain = _in(folder, problems)
    if plain is None:
        problems.add(Mark(f"mappings/{folder.name}", 0), "there is no walk: what is fetched of a citizen")
        return {"": Walk(())}
    walks = {"": _walk(plain, problems, Walk(()))}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            table = _in(path, problems)
            walks[path.name] = _walk(table, problems, walks[""]) if table else walks[""]
    return walks


def _in(folder: Path, problems: Problems) -> Table | None:
    """The one document with a walk in a folder."""
    found = [
        table
        for path in sorted(folder.glob("*.yaml"))
        for table in read_all(path, written(path), Problems())  # what is no YAML the rules tell
        if WALK in table.entries
    ]
    for table in found[1:]:
        problems.add(table.mark, f"the walk stands at {found[0].mark} already")
    return found[0] if found else None


def _walk(table: Table, problems: Problems, base: Walk) -> Walk:
    for key in table.entries:
        if key not in ("name", WALK, "leave-out", "why"):
            problems.unknown(table.marks[key], "key", key, (WALK, "leave-out"))
    node = table.entries[WALK]
    if not isinstance(node, Table) or not node.entries:
        problems.add(table.marks[WALK], "walk must be a mapping from steps to what they ask")
        return base
    steps = {step.name: step for step in base.steps}
    for name, one in node.entries.items():
        if isinstance(one, Table):
            steps[name] = _step(name, one, steps, problems)
        else:
            problems.add(node.marks[name], f"{name} must be a mapping")
    left = table.entries.get("leave-out")
    texts = [item.value for item in left.items if isinstance(item, Text)] if isinstance(left, Items) else []
    return Walk(tuple(steps.values()), frozenset(texts) if left else base.leave_out)


def _step(name: str, table: Table, before: Mapping[str, Step], problems: Problems) -> Step:
    for key in table.entries:
        if key not in _KEYS:
            problems.unknown(table.marks[key], "key", key, _KEYS)
    of, link, get = (_text(table, key, problems) for key in ("of", "link", "get"))
    if of and of not in before:
        problems.unknown(table.marks["of"], "step", of, before)
    if bool(link) == bool(get):
        problems.add(table.mark, f"{name} needs either a link or a get")
    if get.startswith(("/", "http:", "https:")) or ".." in get:
        problems.add(table.marks["get"], f"{name}: get is a path below the root URL")
    return Step(
        name,
        of,
        _path(_text(table, "each", problems)),
        _text(table, "deep", problems),
        _texts(table, "only", problems) or {},
        link,
        get,
        _texts(table, "post", problems),
        _path(_text(table, "items", problems)),
        _text(table, "next", problems) or "next",
        _truth(table, "keep", problems, default=True),
        _truth(table, "optional", problems, default=False),
        _letters(table, before, problems),
    )


def _letters(table: Table, before: Mapping[str, Step], problems: Problems) -> Letters | None:
    node = table.entries.get("letters")
    if node is None:
        return None
    if not isinstance(node, Table) or "raw" not in node.entries:
        problems.add(table.marks["letters"], "letters needs raw: the member that holds the message")
        return None
    for key in node.entries:
        if key not in _LETTER_KEYS:
            problems.unknown(node.marks[key], "key", key, _LETTER_KEYS)
    made = {key: _action(node, key, before, problems) for key in ("accept", "place", "archive")}
    return Letters(_text(node, "raw", problems), **made)


def _action(table: Table, key: str, before: Mapping[str, Step], problems: Problems) -> Action | None:
    node = table.entries.get(key)
    if node is None:
        return None
    if not isinstance(node, Table) or "link" not in node.entries:
        problems.add(table.marks[key], f"{key} needs a link")
        return None
    for name in node.entries:
        if name not in _ACTION_KEYS:
            problems.unknown(node.marks[name], "key", name, _ACTION_KEYS)
    method, among = _text(node, "method", problems) or "post", _text(node, "among", problems)
    if method not in METHODS:
        problems.unknown(node.marks["method"], "method", method, METHODS)
    if among and among not in before:
        problems.unknown(node.marks["among"], "step", among, before)
    by, send = _text(node, "by", problems) or "name", _texts(node, "send", problems) or {}
    return Action(_text(node, "link", problems), method, send, among, _text(node, "deep", problems), by)


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.split(".")) if text else ()


def _text(table: Table, key: str, problems: Problems) -> str:
    node = table.entries.get(key)
    if node is None or (isinstance(node, Text) and node.value.strip()):
        return node.value.strip() if isinstance(node, Text) else ""
    problems.add(table.marks[key], f"{key} must be a text")
    return ""


def _texts(table: Table, key: str, problems: Problems) -> dict[str, str] | None:
    node: Node | None = table.entries.get(key)
    if node is None:
        return None
    if isinstance(node, Table) and all(isinstance(value, Text) for value in node.entries.values()):
        return {name: value.value for name, value in node.entries.items() if isinstance(value, Text)}
    problems.add(table.marks[key], f"{key} must be a mapping from names to texts")
    return {}


def _truth(table: Table, key: str, problems: Problems, *, default: bool) -> bool:
    text = _text(table, key, problems)
    if text and text not in _TRUTHS:
        problems.add(table.marks[key], f"{key} must be yes or no")
    return _TRUTHS.get(text, default)
