"""What a citizen is told of the looks at her: all, without what a table keeps back by law; and who may ask for her.

Nothing is left out of a list: what is kept back of a look is who it was, never that it was. Who acts for a citizen (a
guardian, somebody with a power of attorney) is told by a RelatedPerson of an authority, as long as that holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.domain.consent.span import span
from gateway.domain.identifier import normal
from gateway.domain.record import AccessRecord
from gateway.domain.statement import Body
from gateway.domain.when import DANISH, in_force

CITIZEN, REPRESENTATIVE = "citizen", "representative"
READERS = (CITIZEN, REPRESENTATIVE)
ORGANISATION, PERSON = "organisation", "person"
ABOUT = (ORGANISATION, PERSON)
NAME = "name"
PARTS = {
    NAME: ("user", "user_name", "user_authorisation", "on_behalf_of", "override_reason"),
    ORGANISATION: ("organisation", "organisation_name", "client", "client_name", "client_version", "client_owner",
                   "address"),
}  # fmt: skip
"""What a row may keep back, and the fields of a record in which that stands."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Keep:
    """A row of mappings/policy/insight.csv: from whom what of a look is kept back. `about` says what `values` are:
    words of the organisation's name (beginnings, `*` before parts of words), or keys (`system|value`) of a person."""

    readers: tuple[str, ...]
    about: str
    values: tuple[str, ...]
    parts: tuple[str, ...]
    law: str
    rule: str  # file:line
    valid_from: str = ""
    valid_to: str = ""

    def holds(self, record: AccessRecord, reader: str, day: str) -> bool:
        """Whether it is about this look, for this reader, on the (Danish) day that the reader asks."""
        if reader not in self.readers or not in_force(day, self.valid_from, self.valid_to):
            return False
        if self.about == PERSON:
            return record.user in self.values
        words = _WORD.findall(f"{record.organisation_name} {record.client_name}".lower())
        return any(_fits(value, word) for value in self.values for word in words)


@dataclass(frozen=True, slots=True)
class Right:
    """A row of mappings/policy/representatives.csv: a relationship that lets somebody ask for a citizen, where a source
    of one of these sectors tells of it."""

    system: str
    code: str
    display: str  # Danish
    sectors: tuple[str, ...]
    law: str
    rule: str
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True, slots=True)
class InsightRules:
    """Both tables. Without rows nobody acts for anybody."""

    keeps: tuple[Keep, ...] = ()
    rights: tuple[Right, ...] = ()

    def kept(self, record: AccessRecord, reader: str, now: datetime) -> tuple[Keep, ...]:
        """The rows that keep something of this look from the reader."""
        day = now.astimezone(DANISH).date().isoformat()
        return tuple(row for row in self.keeps if row.holds(record, reader, day))

    def right(self, related: Iterable[tuple[str, Body]], who: str, now: datetime) -> Right | None:
        """What lets this person (an identifier key) act for the citizen now, by the citizen's RelatedPersons, each with
        the sector that tells of it; None where nothing does."""
        day = now.astimezone(DANISH).date().isoformat()
        for sector, body in related:
            if body.get("active") is False or who not in _keys(body) or not _in_force(body.get("period"), now):
                continue
            told = _codings(body)
            for row in self.rights:
                known = sector in row.sectors and (row.system, row.code) in told
                if known and in_force(day, row.valid_from, row.valid_to):
                    return row
        return None


NO_INSIGHT = InsightRules()


def told(record: AccessRecord, keeps: Sequence[Keep]) -> AccessRecord:
    """The record without what these rows keep back."""
    left_out: dict[str, Any] = {field: "" for row in keeps for part in row.parts for field in PARTS[part]}
    return replace(record, **left_out) if left_out else record


def kept_parts(keeps: Sequence[Keep]) -> Collection[str]:
    """What these rows keep back: of NAME and ORGANISATION."""
    return {part for row in keeps for part in row.parts}


def _fits(value: str, word: str) -> bool:
    return value[1:] in word if value.startswith("*") else word.startswith(value)


def _keys(body: Body) -> set[str]:
    return {
        normal(str(one.get("system", "")), str(one["value"])).key
        for one in _objects(body.get("identifier"))
        if one.get("value") and _text(one.get("use")) != "old"
    }


def _codings(body: Body) -> set[tuple[str, str]]:
    concepts = _objects(body.get("relationship"))
    return {(_text(one.get("system")), _text(one.get("code"))) for c in concepts for one in _objects(c.get("coding"))}


def _in_force(period: object, now: datetime) -> bool:
    """Whether a period is running. One that cannot be read is over."""
    if period is None:
        return True
    if not isinstance(period, dict):
        return False
    start, end = (span(period[name]) if name in period else None for name in ("start", "end"))
    if ("start" in period and start is None) or ("end" in period and end is None):
        return False
    return (start is None or start.low <= now) and (end is None or now <= end.high)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _objects(value: object) -> list[Body]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
