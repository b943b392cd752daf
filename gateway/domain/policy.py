"""The legal policy: what holds where the citizen's consents are silent. Rows come from mappings/policy/access.csv.

| default | meaning |
|---|---|
| treatment | permitted for purpose TREAT and reading; for anything else a consent is needed |
| own | permitted for what the reader's own legal world sent; anything else needs a consent |
| authority | permitted for what any legal world of the reader's own authority sent or owns; otherwise a consent |
| duty | permitted for what the reader's own legal world sent, whatever consents say; never anybody else's |
| consent | a consent is needed |
| never | closed, whatever a consent or an override says |
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from gateway.domain.consent.units import NONE, Units
from gateway.domain.when import in_force

CLASSES = (
    "identity", "stay", "health", "psychiatry", "substance", "social", "housing", "function", "benefit", "employment",
    "criminal", "wishes", "consent", "protected-address", "plan", "override",
)  # fmt: skip
ROLES = (
    "hospital", "nursing", "social", "provider", "jobcenter", "benefit", "ngo", "citizen", "auditor", "operator",
)  # fmt: skip
SECTORS = ("region", "municipality", "shared")
DEFAULTS = ("treatment", "own", "authority", "duty", "consent", "never")
ANY = "*"

Owners = Mapping[str, Collection[tuple[str, str]]]
"""Source id → the (organisation key, role) pairs whose own it is: those of the clients that send as this source.

The organisation alone is not enough: one municipality (one CVR number) is several legal worlds.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: which data, from whom, for which readers and purposes (v3-ActReason codes or `*`), and what holds.

    `valid_from` and `valid_to` are days (2026-01-31), both included, "" for open. `rule` is `file:line`.
    """

    data_class: str
    sectors: tuple[str, ...]
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    default: str
    override: bool
    law: str
    rule: str
    valid_from: str = ""
    valid_to: str = ""
    why: str = ""

    def valid(self, day: str) -> bool:
        """Whether the row holds on a day."""
        return in_force(day, self.valid_from, self.valid_to)

    def cases(self) -> Iterable[tuple[str, str, str, str]]:
        """Every (class, sector, role, purpose) that the row speaks of; `*` for any sector or purpose."""
        return product((self.data_class,), self.sectors, self.roles, self.purposes)


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason that an override (værdispring) may have: who may take it, for how many minutes from its token it holds,
    and within how many days the citizen is to be told of it. Rows of mappings/policy/overrides.csv."""

    code: str
    display: str
    roles: tuple[str, ...]
    minutes: int
    days: int
    law: str
    rule: str
    valid_from: str = ""
    valid_to: str = ""

    def valid(self, day: str) -> bool:
        """Whether the row holds on a day."""
        return in_force(day, self.valid_from, self.valid_to)


class Policy:
    """The tables, asked by day. `units` is what is known by now of what is a part of what, `heard` how often the
    directory had been written when it told of that."""

    def __init__(
        self, rows: Iterable[Row], owners: Owners | None = None, grounds: Iterable[Ground] = (), units: Units = NONE
    ) -> None:
        self.rows = tuple(rows)
        self.grounds = tuple(grounds)
        self.owners = {source: frozenset(pairs) for source, pairs in (owners or {}).items()}
        self.units = units
        self.heard = 0
        self._days: dict[str, dict[tuple[str, str, str, str], Row]] = {}

    def row(self, data_class: str, sector: str, role: str, purpose: str, day: str) -> Row | None:
        """The row for a case on a day: an exact sector goes before any, then an exact purpose before any."""
        table = self._days.get(day)
        if table is None:
            table = self._on(day)
        for case in ((sector, purpose), (sector, ANY), (ANY, purpose), (ANY, ANY)):
            row = table.get((data_class, case[0], role, case[1]))
            if row is not None:
                return row
        return None

    def ground(self, code: str, role: str, day: str) -> Ground | None:
        """The reason of this code that a role may override for on a day."""
        rows = (row for row in self.grounds if row.code == code and role in row.roles and row.valid(day))
        return next(rows, None)

    def grounds_of(self, role: str, day: str) -> tuple[str, ...]:
        """The codes of the reasons that a role may override for on a day."""
        return tuple(dict.fromkeys(row.code for row in self.grounds if role in row.roles and row.valid(day)))

    def reason(self, code: str, day: str) -> str:
        """A reason in the words that its table had on a day, whoever gave it; the code where it had none."""
        return next((row.display for row in self.grounds if row.code == code and row.valid(day)), code)

    def _on(self, day: str) -> dict[tuple[str, str, str, str], Row]:
        if len(self._days) > 8:
            self._days.clear()
        table: dict[tuple[str, str, str, str], Row] = {}
        for row in self.rows:
            if row.valid(day):
                for case in row.cases():
                    table.setdefault(case, row)
        self._days[day] = table
        return table

    def gaps(self, day: str) -> list[tuple[str, str, str]]:
        """Every (class, sector, role) that no row speaks of on a day for every purpose: those are closed."""
        cases = product(CLASSES, SECTORS, ROLES)
        return [case for case in cases if self.row(*case, ANY, day) is None]


def contradictions(rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Pairs of rows that speak of one case on one day."""
    pairs = []
    for first, second in combinations(rows, 2):
        if first.data_class != second.data_class:
            continue
        together = max(first.valid_from, second.valid_from) <= min(first.valid_to or "9", second.valid_to or "9")
        if together and not set(first.cases()).isdisjoint(second.cases()):
            pairs.append((first, second))
    return pairs
