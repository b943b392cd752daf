"""What a message language gives the rules engine: its paths, its named functions, its fields.

The engine knows nothing of HL7 v2, FHIR JSON or XML. It asks the language's `Reader` to compile every path it finds
in a rule file, once, at start; at run time it only calls the closures it was given.

**Scopes and levels.** A rule file is run on one message (level 0). Each enclosing `for:` adds a level, whose scope
is one item that the `for` path's `nodes` gave. Levels are counted along the nesting only: file-level `for: PID` is
level 1, `for: .5` or `for: PID-5` inside it level 2. A path is read from exactly one of the scopes around it; the
language says from which (`Path.level`), for instance:

| written | inside | HL7 v2 reads it from |
|---|---|---|
| `PID-3`  | `for: DG1`, `for: DG1-3` | level 0, the message |
| `DG1-6`  | `for: DG1`, `for: DG1-3` | level 1, this DG1 |
| `.4.2`   | `for: DG1`, `for: DG1-3` | level 2, this repetition of DG1-3 |

What a scope is (a list, a tuple, an lxml element, a dict) is the language's own business.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.translate.translation import Finding

Scope = Any


class PathError(ValueError):
    """A path in a rule file that this language does not have; raised by `Reader.compile` only, at start."""

    def __init__(self, text: str, suggestion: str = "") -> None:
        self.text = text
        self.suggestion = suggestion
        super().__init__(text)


class Unfit(ValueError):
    """Raised by a named function: the text is not what it should be.

    The text of the exception says what was expected and never repeats the value. The engine adds the place and the
    rule: policy `refuse` makes it a `WrongType` error, any other a finding, and the element is left out.
    """


@dataclass(frozen=True, slots=True)
class Path:
    """One compiled path. Every closure takes the scope of `level` and never raises for something absent.

    - `value`: the first text, `""` when absent, empty or deleted (HL7 v2 `""`). The hot one.
    - `values`: every text (repetitions, repeated elements), without the empty ones.
    - `node`: the first raw node as it is (composite, JSON subtree, XML element), None when absent or wholly empty
      (`^^^`, `{}`). VALUED and EMPTY ask this one.
    - `nodes`: all raw nodes, one per repetition or list item, without the wholly empty ones; as scopes of the next
      level they must hold what relative paths below need.
    - `cleared`: the sender said that this is to be deleted (HL7 v2 `""`). Only asked when `Reader.clears` said yes.
    - `where`: the place in this message for errors, from all scopes (message first, innermost last):
      `PID[1]-3[2].4`, `Bundle.entry[2].resource.period.start`. Never a value. Called for errors and findings only.

    `inline` may spell `value`, `values`, `node` or `nodes` as a Python expression that saves the call in common cases,
    `valued` as the test of VALUED ({call} is then that of `node`), and `there` as a test that is false only where
    nothing of it is there: most fields of most messages are empty. `{s}` alone says that it is the scope itself.
    `{s}` is the scope, `{call}` the closure called on it, `{t}` a variable to use. Written by the language, never from
    a rule file's text. `held` names what several paths need of one scope (`{s}.fields`): `{name}` in a form is its
    value, looked up once when the scope is entered, so it must be cheap, free of effects and never fail.

    `alike` may spell, of the scope `{s}`, a text that holds all that this path and relative paths below it read (`""`:
    there is nothing; no text at all: it cannot be told): what was made of one text holds for the next one like it.

    `field` is the absolute normal form for traces and the unread report: `PID-5.1`, `Encounter.period.start`,
    `Registrering/AttributListe/Egenskab/Titel`, whatever the path was written as.
    """

    text: str
    field: str
    level: int
    value: Callable[[Scope], str]
    values: Callable[[Scope], Sequence[str]]
    node: Callable[[Scope], Any]
    nodes: Callable[[Scope], Sequence[Scope]]
    cleared: Callable[[Scope], bool]
    where: Callable[[tuple[Scope, ...]], str]
    inline: Mapping[str, str] = dataclasses.field(default_factory=dict)
    alike: str = ""
    held: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Env(Struct, eq=False):
    """What one message's rules may know besides the message. Made by the language, once per message.

    `timezone` is the zone of times that tell none. `on` is the day (`2025-03-14`) by which code tables with validity
    dates are read; empty: the newest row. `memo` is what was made of texts that recur from message to message of the
    source; the language keeps and bounds it.
    """

    source: Source
    ids: Ids
    timezone: tzinfo
    message: Any = None
    on: str = ""
    findings: list[Finding] = msgspec.field(default_factory=list)
    memo: dict[Any, Any] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A named function, usable as `with: name` and as `name(arg, …)`.

    `call(env, *args)` gives the value, or None (or "") for nothing; it raises `Unfit`. It is not called when its
    first argument is absent, unless `always`.
    `takes` is how each path argument is read: `value` (text), `values` (list of texts), `node` (raw), `nodes`.
    One word is for all arguments. A list target calls it once per repetition when `takes` is `value` or `node`.
    `gives` is the R4 type of the result (`string`, `date`, `dateTime`, `CodeableConcept`, `Reference`, …); `key` for
    texts that only serve as keys, `moment` for aware datetimes, `any` when unknown. Add `*` when it gives a list of
    them (`Identifier*`).
    `arity` is (fewest, most) arguments; most -1 is any number.
    `alone` says that its result rests on nothing but its arguments, the source and the time zone.
    `codes` are all it can give, checked against a required binding; None when not told.
    """

    call: Callable[..., Any]
    takes: Literal["value", "values", "node", "nodes"] = "value"
    gives: str = "string"
    arity: tuple[int, int] = (1, 1)
    always: bool = False
    alone: bool = False
    codes: frozenset[str] | None = None


class Reader(Protocol):
    """A message language, as the engine sees it."""

    name: str
    """`hl7v2`, `medcom`, `kl`, `oio`: the folder under mappings/."""

    fhir: bool
    """Nodes are FHIR R4 JSON already: a path without function goes over as it is (numbers, booleans, dates, whole
    subtrees), and `carry` is allowed. False: every path gives text, and dates, numbers and booleans need a function."""

    functions: Mapping[str, Function]
    """The language's own named functions; they hide shared ones (functions.py) of the same name."""

    def compile(self, path: str, within: tuple[Path, ...]) -> Path:
        """The path as closures; `within` are the compiled `for` paths around it, outermost first. Raises PathError."""
        ...

    def clears(self, message: Scope) -> bool:
        """Whether this message deletes anything at all (a quick test, such as `'""' in text`)."""
        ...

    def fields(self, message: Scope) -> Iterable[str]:
        """Every field of this message that has a value, at the finest grain, spelled like `Path.field`.

        A field counts as read when a rule reads it, something it lies in, or something in it: one of the two
        spellings is the other's beginning, up to one of `. - / [`. Used by `gateway explain` only.
        """
        ...
