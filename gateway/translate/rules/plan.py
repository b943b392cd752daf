"""The compiled form of a rule file, before it becomes Python: every path, type, code and function found and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.translate.r4 import ElementFact
from gateway.translate.rules.codes import CodeTable
from gateway.translate.rules.problems import Mark
from gateway.translate.rules.reader import Function, Path


@dataclass(frozen=True, slots=True)
class Read:
    """A path; `raw` reads the node, else the text."""

    path: Path
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal, in the type of its element."""

    value: Any


@dataclass(frozen=True, slots=True)
class Call:
    """A named function with its arguments."""

    name: str
    function: Function
    args: tuple[Source, ...]


Source = Read | Constant | Call


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of a `when`."""

    subject: Source
    word: str
    values: tuple[str, ...]
    negated: bool


@dataclass(frozen=True, slots=True, eq=False)
class ValueRule:
    """Makes the value of one element, or several values of a list."""

    target: str  # the full R4 path, or `key`, `happened`, …
    mark: Mark
    fact: ElementFact
    sources: tuple[Source, ...]
    name: str = ""  # of the function
    function: Function | None = None
    table: CodeTable | None = None
    system: Source | None = None
    policy: str = ""
    each: Path | None = None
    when: tuple[Condition, ...] = ()
    guide: str = ""
    carried: bool = False  # the node's own element of this name, as it is

    @property
    def constant(self) -> bool:
        """Whether it gives the same for every message."""
        return isinstance(self.sources[0], Constant) and not self.when and not self.each

    @property
    def paths(self) -> tuple[Path, ...]:
        """What it reads to make the value."""
        return tuple(p for source in self.sources for p in paths(source))


@dataclass(frozen=True, slots=True, eq=False)
class ObjectRule:
    """Makes an object, or one per node of `each`."""

    target: str
    mark: Mark
    body: Body
    each: Path | None = None
    when: tuple[Condition, ...] = ()
    dotted: bool = False  # came from a dotted target: further dotted targets join it
    guide: str = ""

    @property
    def constant(self) -> bool:
        """Whether it gives the same for every message."""
        return not self.each and not self.when and all(slot.constant for slot in self.body.slots.values())


AnyRule = ValueRule | ObjectRule


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One element of an object and the rules that make it.

    `rivals` are the other elements of the same choice; `leader` is the written rule that claimed the place.
    """

    name: str
    fact: ElementFact
    rules: list[AnyRule] = field(default_factory=list)
    rivals: list[str] = field(default_factory=list)
    leader: object = None

    @property
    def constant(self) -> bool:
        """Whether all of it is literals."""
        return all(rule.constant for rule in self.rules)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The elements of one object."""

    slots: dict[str, Slot] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One rule file. `statement` are the rules of key, aliases, act, verb, happened and recorded."""

    name: str
    mark: Mark
    make: str
    each: Path | None
    when: tuple[Condition, ...]
    body: Body
    statement: dict[str, ValueRule]
    reads: tuple[tuple[Path, Mark], ...]
    guide: str = ""


def paths(source: Source) -> Iterator[Path]:
    """The paths that a source reads."""
    if isinstance(source, Read):
        yield source.path
    elif isinstance(source, Call):
        for arg in source.args:
            yield from paths(arg)


def rules(body: Body) -> Iterator[AnyRule]:
    """Every rule of a body, the nested ones too, in order."""
    for slot in body.slots.values():
        for rule in slot.rules:
            yield rule
            if isinstance(rule, ObjectRule):
                yield from rules(rule.body)
