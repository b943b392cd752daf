"""The tables of mappings/policy, read once at start. All errors at once, with `file:line` and a suggestion.

| file | what |
|---|---|
| access.csv | data class × sector × role × purpose → what holds without a consent (domain/policy.py) |
| labels.csv | codes and words → security labels and data class (domain/labels.py) |
| kle-classes.csv | the same for KLE subjects, by the beginning of the number |
| overrides.csv | the reasons that an override may have, for whom, for how long (domain/policy.py `Ground`) |
| kinds.csv | the data class of a resource type where its codes say nothing |

A cell may hold several values with blanks between them. `*` is any. In labels.csv `DF10-DF19` is a range of prefixes,
and `-` among the systems stands for codes of no system, or of one that nobody but their sender knows. The systems
`text` and `unit` are words in texts and in names of units: `psykiat` begins a word, `*psykiat` may stand inside one,
`hiv=` ends there, `gule_papirer` are two words. Small and capital letters, `ø`, `oe`, `o` and a lost letter are one.
`-` as the label system says that a code is known and tells of nothing: a clinical code without words that
nobody knows is closed to us.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import combinations, product
from pathlib import Path

from gateway.domain.consent.ask import ACT_REASON, PURPOSES
from gateway.domain.consent.units import NONE, Units
from gateway.domain.content import TEXT, UNIT
from gateway.domain.labels import KindRow, Labeller, LabelRow
from gateway.domain.limits import KLE
from gateway.domain.policy import ANY, CLASSES, DEFAULTS, ROLES, SECTORS, Ground, Owners, Policy, Row, contradictions
from gateway.domain.security_label import ACT_CODE, CONFIDENTIALITY, CONFIDENTIALITY_RANK, DATA_CLASS
from gateway.translate.rules.lines import Line, lines
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.terms.terms import Terms
from gateway.translate.terms.uses import check_prefix, every_code, every_spelling

LAST_DAY = "9999-12-31"

_ACCESS = (
    "data_class",
    "source_sector",
    "role",
    "purpose",
    "default",
    "override",
    "law",
    "valid_from",
    "valid_to",
    "why",
)
_NONE = "-"
_LABELS = ("code_system", "code_prefix", "kind", "label_system", "label_code", "data_class", "why", "law")
_KLE = ("prefix", "data_class", "label", "why")
_GROUNDS = ("code", "display", "role", "minutes", "tell_days", "law", "valid_from", "valid_to", "why")
_KINDS = ("kind", "source_sector", "source", "data_class", "pinned", "why")

_SENSITIVITY = frozenset(
    "BH COGN DVD EMOTDIS ETH ETHUD GDIS HIV MH MST OPIOIDUD PSY PSYTHPN SCA SDV SEX SICKLE SPI STD SUD TBOO VIO".split()
)
_LABEL_CODES: Mapping[str, Collection[str]] = {
    CONFIDENTIALITY: CONFIDENTIALITY_RANK, ACT_CODE: _SENSITIVITY, DATA_CLASS: CLASSES,
}  # fmt: skip
_PURPOSE_CODES = frozenset(key.removeprefix(f"{ACT_REASON}|") for key in PURPOSES)
_RANGE = re.compile(r"([A-Z]+)(\d+)-\1(\d+)")


def _labelled(line: Line, system: str, code: str) -> str:
    """A label as `system|code`, "" for none."""
    if not system and not code:
        return ""
    if system not in _LABEL_CODES:
        line.unknown("label system", system, _LABEL_CODES)
    elif code not in _LABEL_CODES[system]:
        line.unknown("label", code, _LABEL_CODES[system])
    return f"{system}|{code}"


def load(
    folder: Path, owners: Owners | None = None, terms: Terms | None = None, units: Units = NONE
) -> tuple[Policy, Labeller]:
    """The policy and the labeller of mappings/policy. Raises MappingError with every error found.

    `owners` and `units` as domain/policy.py. The access table must speak of every case on every day from its last
    change on: what no row speaks of is closed, so a row that ends must be followed by another. With `terms`, codes that
    there are not are errors too, and a row is about every code of a concept and every URL of a system that it names.
    """
    problems = Problems()
    rows = [row for line in _lines(folder, "access.csv", _ACCESS, problems) for row in _access(line)]
    labels = [_label(line, terms) for line in _lines(folder, "labels.csv", _LABELS, problems)]
    labels += [_kle(line, terms) for line in _lines(folder, "kle-classes.csv", _KLE, problems)]
    kinds = [_kind(line) for line in _lines(folder, "kinds.csv", _KINDS, problems)]
    _twice(kinds, lambda row: (row.kind, row.sector, row.source), problems)
    grounds = [_ground(line) for line in _lines(folder, "overrides.csv", _GROUNDS, problems)]
    policy = Policy(rows, owners, grounds, units)
    if not problems.found:
        _check(policy, problems)
    problems.check()
    return policy, Labeller(labels, kinds)


def _check(policy: Policy, problems: Problems) -> None:
    """One row for each case: no two speak of the same, and none is left out on the last day that rows speak of."""
    for first, second in contradictions(policy.rows):
        line = first.rule.rpartition(":")[2]
        problems.add(_mark(second.rule), f"{second.data_class} is told twice, first in line {line}")
    for one, other in combinations(policy.grounds, 2):
        if one.code == other.code and not set(one.roles).isdisjoint(other.roles) and _together(one, other):
            problems.add(_mark(other.rule), f"{other.code} is told twice, first in line {_mark(one.rule).line}")
    for data_class, sector, role in policy.gaps(LAST_DAY):
        problems.add(
            _mark("mappings/policy/access.csv:0"), f"no row without an end for {data_class}, {sector} to {role}"
        )


def _together(one: Ground, other: Ground) -> bool:
    return max(one.valid_from, other.valid_from) <= min(one.valid_to or LAST_DAY, other.valid_to or LAST_DAY)


def _mark(rule: str) -> Mark:
    file, _, line = rule.rpartition(":")
    return Mark(file, int(line))


def _lines(folder: Path, name: str, columns: tuple[str, ...], problems: Problems) -> Iterator[Line]:
    return lines(folder / name, f"{folder.parent.name}/{folder.name}/{name}", columns, problems)


def _access(line: Line) -> list[Row]:
    """One row per data class of the line."""
    cells = line.cells
    classes = line.several("data_class", CLASSES)
    sectors = line.several("source_sector", SECTORS, any_allowed=True)
    roles = line.several("role", ROLES)
    purposes = line.several("purpose", _PURPOSE_CODES, any_allowed=True)
    default = line.one("default", DEFAULTS)
    override = line.one("override", ("yes", "no")) == "yes"
    start, end = line.days()
    if not cells["law"]:
        line.problems.add(line.mark, "law is empty: every row rests on one")
    if override and default == "never":
        line.problems.add(line.mark, "never cannot be overridden")
    if override and not {ANY, "BTG"} & set(purposes):
        line.problems.add(line.mark, "override yes needs purpose * or BTG")
    return [
        Row(one, sectors, roles, purposes, default, override, cells["law"], str(line.mark), start, end, cells["why"])
        for one in classes
    ]


def _ground(line: Line) -> Ground:
    cells = line.cells
    start, end = line.days()
    for name in ("code", "display", "law"):
        if not cells[name]:
            line.problems.add(line.mark, f"{name} is empty")
    return Ground(
        cells["code"], cells["display"], line.several("role", ROLES), _number(line, "minutes", 24 * 60),
        _number(line, "tell_days", 90), cells["law"], str(line.mark), start, end,
    )  # fmt: skip


def _number(line: Line, name: str, most: int) -> int:
    text = line.cells[name]
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= most):
        line.problems.add(line.mark, f"{name} must be a whole number from 1 to {most}")
        return 1
    return int(text)


def _label(line: Line, terms: Terms | None) -> LabelRow:
    cells = line.cells
    systems = tuple("" if name == _NONE else name for name in cells["code_system"].split())
    if not systems:
        line.problems.add(line.mark, "code_system is empty")
    prefixes = tuple(prefix for spelled in cells["code_prefix"].split() for prefix in _expanded(spelled))
    if not prefixes and not {ANY, TEXT, UNIT, ""}.isdisjoint(systems):
        line.problems.add(line.mark, "code_prefix is empty: it would mean everything")
    if terms:
        for system, spelled in product(systems, cells["code_prefix"].split()):
            check_prefix(terms, system, spelled, line.mark, line.problems)
        systems, prefixes = every_spelling(terms, systems), every_code(terms, systems, prefixes)
    harmless = cells["label_system"] == _NONE
    label = "" if harmless else _labelled(line, cells["label_system"], cells["label_code"])
    data_class = line.one("data_class", CLASSES, empty=True)
    if not label and not data_class and not harmless:
        line.problems.add(line.mark, "neither a label nor a data_class")
    return LabelRow(systems, prefixes or ("",), label, data_class, tuple(cells["kind"].split()), str(line.mark))


def _expanded(spelled: str) -> list[str]:
    """`DF10-DF19` is ten prefixes; anything else is one."""
    found = _RANGE.fullmatch(spelled)
    if found is None or len(found[2]) != len(found[3]):
        return [spelled]
    return [f"{found[1]}{number:0{len(found[2])}}" for number in range(int(found[2]), int(found[3]) + 1)]


def _kle(line: Line, terms: Terms | None) -> LabelRow:
    prefix = line.cells["prefix"]
    if not re.fullmatch(r"\d\d(\.\d\d){0,2}", prefix):
        line.problems.add(line.mark, "prefix must be the beginning of a KLE number (27, 27.51, 27.51.04)")
    if terms:
        check_prefix(terms, KLE, prefix, line.mark, line.problems)
    system, _, code = line.cells["label"].rpartition("|")
    data_class = line.one("data_class", CLASSES)
    return LabelRow((KLE,), (prefix,), _labelled(line, system, code), data_class, (), str(line.mark))


def _kind(line: Line) -> KindRow:
    cells = line.cells
    if not re.fullmatch(r"[A-Z][A-Za-z]+", cells["kind"]):
        line.problems.add(line.mark, "kind must be a FHIR resource type")
    sector = line.one("source_sector", (*SECTORS, ANY))
    pinned = line.one("pinned", ("yes", "no")) == "yes"
    data_class = line.one("data_class", CLASSES)
    return KindRow(cells["kind"], sector, cells["source"] or ANY, data_class, pinned, str(line.mark))


def _twice(rows: list[KindRow], key: Callable[[KindRow], tuple[str, ...]], problems: Problems) -> None:
    seen: dict[tuple[str, ...], KindRow] = {}
    for row in rows:
        first = seen.setdefault(key(row), row)
        if first is not row:
            problems.add(_mark(row.rule), f"{row.kind} is told twice, first in line {_mark(first.rule).line}")
