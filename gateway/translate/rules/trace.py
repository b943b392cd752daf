"""Which rule made which element from which field, and which fields no rule read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.translate.rules.bound import Made, Step
from gateway.translate.translation import Finding

_ENDS = frozenset("./-[")
UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Row:
    """One element: its path, the fields it came from (none for a literal), their places, the rule's file and line."""

    target: str
    fields: tuple[str, ...]
    places: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A field that has a value and that no rule reads; `reason` is that of its skip, or `unread`."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `gateway explain` prints."""

    rows: tuple[Row, ...]
    unread: tuple[Unread, ...]
    findings: tuple[Finding, ...] = ()


def explanation(
    made: Sequence[Made],
    steps: Iterable[Step],
    fields: Iterable[str],
    read: Iterable[str],
    skipped: Mapping[str, str],
    findings: Iterable[Finding] = (),
) -> Explanation:
    """The trace of a run. `fields` are those of the message, `read` those that the rules name."""
    names = _names(made)
    rows = tuple(_row(step, names) for step in steps)
    return Explanation(rows, unread(fields, read, skipped), tuple(findings))


def unread(fields: Iterable[str], read: Iterable[str], skipped: Mapping[str, str]) -> tuple[Unread, ...]:
    """The fields that no rule reads, each once, in the order of the message."""
    wanted = list(read)
    left: list[Unread] = []
    for field in dict.fromkeys(fields):
        if any(holds(one, field) or holds(field, one) for one in wanted):
            continue
        reasons = [reason for skip, reason in skipped.items() if holds(skip, field)]
        left.append(Unread(field, reasons[0] if reasons else UNREAD))
    return tuple(left)


def holds(outer: str, inner: str) -> bool:
    """Whether `inner` is `outer` or lies in it: PID-5 holds PID-5.1 and not PID-50."""
    return inner.startswith(outer) and (len(inner) == len(outer) or inner[len(outer)] in _ENDS)


def outer(field: str) -> Iterator[str]:
    """The field and everything that holds it: PID-5.1, PID-5, PID."""
    yield field
    for at in range(len(field) - 1, 0, -1):
        if field[at] in _ENDS:
            yield field[:at]


def _names(made: Sequence[Made]) -> list[str]:
    """What each made thing is called: Patient, Condition[0], Condition[1]."""
    kinds = [one.kind for one in made]
    return [k if kinds.count(k) == 1 else f"{k}[{kinds[:n].count(k)}]" for n, k in enumerate(kinds)]


def _row(step: Step, names: Sequence[str]) -> Row:
    head, _, tail = step.target.partition("|")
    number = int(head)
    target = (names[number] if number < len(names) else step.rule.rule.target.partition(".")[0]) + tail
    found = [path for path in step.rule.rule.paths if path.node(step.scopes[path.level]) is not None]
    places = tuple(path.where(step.scopes) for path in found)
    return Row(target, tuple(path.field for path in found), places, str(step.rule.rule.mark))
