"""A search request, understood: whom it is about, which resources match, and how the answer is cut."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.domain.identifier import spelled
from gateway.domain.searching import filtering
from gateway.domain.searching.beyond import Asked, Context, Question, Served, Test
from gateway.domain.searching.hops import compile_test, shown, unknown
from gateway.domain.searching.including import MOST_INCLUDES, Include, compile_include
from gateway.domain.searching.matching import split
from gateway.domain.searching.matching.here import NOWHERE, Here
from gateway.domain.searching.matching.texts import apart
from gateway.domain.searching.order import Order, compile_orders
from gateway.domain.searching.parameter import Parameter, parameters
from gateway.domain.searching.world import Body, World, literal
from gateway.errors import BadRequest

__all__ = [
    "ANY",
    "MOST",
    "MOST_NAMED",
    "NO_WORLD",
    "NUMBERED",
    "RESULT",
    "Here",
    "Named",
    "Parameter",
    "Query",
    "Served",
    "by_number",
    "elements_of",
    "once",
    "parameters",
    "understand",
]

RESULT = (
    "_count", "_sort", "_summary", "_elements", "_total", "_include", "_revinclude", "_format", "_pretty",
)  # fmt: skip
"""Parameters about the answer, which every type takes."""

MOST = 500
MOST_NAMED = 20
"""So many citizens may one search name: each is looked at and put on record."""

SUMMARIES = ("true", "text", "data", "count", "false")
_LISTS = ("_sort", "_elements")
TOTALS = ("none", "estimate", "accurate")
_WHO = ("patient", "subject")
NUMBERED = tuple(f"{who}{mark}identifier" for who in _WHO for mark in ".:")
"""Parameters that name citizens by their identifiers."""
_ELSEWHERE = re.compile(r"(?:https?|urn):[^\s,|]{1,500}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ELEMENT = re.compile(r"[A-Za-z]{1,64}")
ANY = "*"
_COMMON = "DomainResource"
_NOTHING = "-"  # an id that no resource here has
NO_WORLD = World("", (), lambda kind: (), lambda kind: False)


class Named(NamedTuple):
    """A citizen, named by Patient id or by an identifier key (`system|value`)."""

    patient: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """`named` says whose resources to look among: a citizen must be named in each group. Without any, the search is
    one of the caller's circle. `ids` are those of `_id`; `beyond` is to be asked of the directory before anything is
    matched. A `kind` of `ANY` is every type of a compartment."""

    kind: str
    named: tuple[tuple[Named, ...], ...] = ()
    ids: tuple[str, ...] = ()
    tests: tuple[Test, ...] = ()
    count: int = 50
    orders: tuple[Order, ...] = ()
    includes: tuple[Include, ...] = ()
    summary: str = ""
    elements: tuple[str, ...] = ()
    total: str = ""
    beyond: tuple[Question, ...] = ()
    types: tuple[str, ...] = ()  # of `ANY`: those that are looked among
    wide: bool = False  # passes through other types, or includes them

    @property
    def citizens(self) -> tuple[str, ...]:
        """The Patient ids that the request names."""
        return tuple(one.patient for group in self.named for one in group if one.patient)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifier keys (`system|value`) that the request names citizens by."""
        return tuple(one.number for group in self.named for one in group if one.number)

    def matches(self, body: Body, world: World = NO_WORLD) -> bool:
        """Whether every parameter is met."""
        return (not self.ids or body.get("id") in self.ids) and all(test(body, world) for test in self.tests)

    @property
    def only_counts(self) -> bool:
        """Whether the number of matches is all that is asked for."""
        return self.summary == "count" or self.count == 0

    @property
    def tells_total(self) -> bool:
        """Whether the number of matches is wanted where it is known anyway: who asks for nothing else is told it."""
        return self.total != "none" or self.only_counts


@dataclass(slots=True)
class _Reading:
    """What the parameters have told so far."""

    named: list[tuple[Named, ...]] = field(default_factory=list)
    ids: list[str] | None = None
    tests: list[Test] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    result: dict[str, str] = field(default_factory=dict)
    hops: bool = False


def understand(kind: str, served: Served, given: Sequence[tuple[str, str]], here: Here = NOWHERE) -> Query:
    """The request as a Query. `served` are the parameters of every type. Of `ANY` type those that all have.
    Unknown parameters are refused with the list of served ones: in a system of consents a filter that is silently
    ignored shows more than was asked for."""
    read, context = _Reading(), Context(served, here)
    for name, value in given:
        plain, _, modifier = name.partition(":")
        if plain in ("_include", "_revinclude"):
            read.includes.append(compile_include(name, value, served))
        elif plain in RESULT:
            if modifier:
                raise BadRequest("This parameter takes no modifier", where=shown(name))
            read.result[plain] = _again(plain, value, read.result)
        elif not _names_whom(kind, name, value, read, here.url):
            read.tests.append(_test(_COMMON if kind == ANY else kind, name, value, context))
            read.hops = read.hops or "." in name or name.startswith("_has:")
            read.hops = read.hops or (name == filtering.NAME and filtering.passes_through(value))
    if len(read.includes) > MOST_INCLUDES:
        raise BadRequest("This includes too much", where="_include", hint=f"At most {MOST_INCLUDES}.")
    if max(sum(map(len, read.named)), len(read.ids or ())) > MOST_NAMED:
        raise BadRequest("This search names too many", where=kind, hint=f"At most {MOST_NAMED}.")
    return _query(kind, read, context)


def _query(kind: str, read: _Reading, context: Context) -> Query:
    result = read.result
    summary, total = _one_of("_summary", SUMMARIES, result), _one_of("_total", TOTALS, result)
    served = dict(context.served.get(_COMMON if kind == ANY else kind, {}))
    if summary == "text" and read.includes:
        raise BadRequest(
            "A summary of texts includes nothing", where="_summary", hint="R4 says so; _summary=true does."
        )
    return Query(
        kind=kind,
        named=tuple(read.named),
        ids=tuple(read.ids or ()),
        tests=tuple(read.tests),
        count=min(_number("_count", result.get("_count", "50")), MOST),
        orders=compile_orders(result["_sort"], served) if result.get("_sort") else (),
        includes=tuple(read.includes),
        summary="" if summary == "false" else summary,
        elements=elements_of(result.get("_elements", "")),
        total=total,
        beyond=tuple(context.questions),
        wide=bool(read.includes) or read.hops or kind == ANY,
    )


def _again(name: str, value: str, told: Mapping[str, str]) -> str:
    """What a parameter about the answer says that may have been given before: a list goes on, nothing else may be
    told in two ways, of which one would be left out in silence."""
    if name not in told or told[name] == value:
        return value
    if name in _LISTS:
        return f"{told[name]},{value}"
    raise BadRequest("This is told in two ways", where=name, hint="Give it once.")


def once(given: Sequence[tuple[str, str]], *names: str) -> dict[str, str]:
    """What each of these parameters says. Raises BadRequest for one that is told in two ways."""
    told: dict[str, str] = {}
    for name, value in given:
        if name in names:
            told[name] = _again(name, value, told)
    return told


def elements_of(value: str) -> tuple[str, ...]:
    """The names that `_elements` lists. Raises BadRequest."""
    elements = tuple(one for one in value.split(",") if one)
    if not all(map(_ELEMENT.fullmatch, elements)):
        raise BadRequest("This is not a list of elements", where="_elements")
    return elements


def _one_of(name: str, known: Sequence[str], result: Mapping[str, str]) -> str:
    value = result.get(name, "")
    if value and value not in known:
        raise BadRequest("This value is not served", where=name, hint=f"Served: {', '.join(known)}.")
    return value


def _names_whom(kind: str, name: str, value: str, read: _Reading, own: str) -> bool:
    """Whether a parameter says whose resources to look among; the others test them."""
    plain, _, modifier = name.partition(":")
    if name == "_id":
        wanted = _ids(name, value)
        read.ids = wanted if read.ids is None else [one for one in read.ids if one in wanted] or [_NOTHING]
        if kind == "Patient":
            read.named.append(tuple(Named(patient=one) for one in wanted))
        return True
    if by_number(kind, name, value):
        read.named.append(tuple(Named(number=spelled(one)) for one in split(value, ",")))
        return True
    if plain in _WHO and modifier in ("", "Patient") and "." not in name and kind != "Patient":
        found = [named for one in split(value, ",") or [""] for named in _ids(plain, _patient(one, own))]
        read.named.append(tuple(Named(patient=one) for one in found))
        return True
    return False


def by_number(kind: str, name: str, value: str) -> bool:
    """Whether a parameter names citizens by their identifiers: a system alone, or a value of no system, names nobody
    and is tested like any other (R4 3.1.1.4.10)."""
    told = split(value, ",") if (kind, name) == ("Patient", "identifier") or name in NUMBERED else []
    halves = [apart(one, "|") for one in told]
    return bool(told) and all(len(one) > 1 and one[0] and one[-1] for one in halves)


def _patient(value: str, own: str) -> str:
    """The id that a value names; that of nobody for what is well told and stands elsewhere, or is no Patient."""
    kind, identity = literal(value, own)
    if kind == "Patient":
        return identity
    return _NOTHING if kind or _ELSEWHERE.fullmatch(value) else value


def _test(kind: str, name: str, value: str, context: Context) -> Test:
    served = context.served
    if "." not in name and name.partition(":")[0] not in served.get(kind, {}) and not name.startswith("_has:"):
        further = (*RESULT, "_has", *(f"{who}.identifier" for who in _WHO[:1] if who in served.get(kind, {})))
        raise unknown(kind, name, served, further)
    return compile_test(Asked(kind, name, value), context)


def _ids(name: str, value: str) -> list[str]:
    """Values that are spelled as ids. Anything else in this place may be the number of a person."""
    found = value.split(",")
    if not all(map(_ID.fullmatch, found)):
        raise BadRequest("This is not an id", where=name, hint="Send an identifier as patient.identifier, in a form.")
    return found


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 7):
        raise BadRequest("This must be a whole number from 0 to 999999", where=name)
    return int(value)
