"""By what an access record is found beside its own columns: terms, small numbers that stand for a field and a value.

    person=karla   organisation=region   role=sygeplejerske   consent=9f…   resource=Goal/4e…   kind=Goal   rule=…

Words are those of a name, in small letters. A term is the first eight bytes of a hash: two values may meet in one, so
who searches looks at the records again (`holds`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter

from gateway.domain.record import AccessRecord, Decision

FIELDS = ("person", "behalf", "organisation", "role", "system", "purpose", "consent", "override", "resource", "kind",
          "rule", "trace", "message")  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:[-'.][^\W_]+)*")


@dataclass(slots=True)
class Findable:
    """What of an access record it is found by, as its bytes tell it. Reading no more than this takes a third of the
    time, and every record is read for its terms."""

    user: str = ""
    user_name: str = ""
    user_role: str = ""
    on_behalf_of: str = ""
    organisation: str = ""
    organisation_name: str = ""
    client: str = ""
    client_name: str = ""
    decision: str = ""
    kind: str = ""
    resources: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    withheld: tuple[tuple[str, int], ...] = ()
    override_code: str = ""
    trace: str = ""
    messages: tuple[str, ...] = ()


def words(text: str) -> list[str]:
    """The words of a name, in small letters."""
    return _WORD.findall(text.lower())


@lru_cache(maxsize=65_536)
def term(field: str, value: str) -> int:
    """The number that stands for this value of this field, as PostgreSQL's bigint."""
    return int.from_bytes(sha256(f"{field}={value.lower()}".encode(errors="replace")).digest()[:8], "big", signed=True)


def terms(record: AccessRecord | Findable) -> frozenset[int]:
    """All terms of a record."""
    once = [term(field, value) for field, value in _once(record) if value]
    return _of_often(_often_said(record)).union(once)


def holds(record: AccessRecord, wanted: Iterable[tuple[str, str]]) -> bool:
    """Whether the record says all of this itself, whatever its terms say."""
    often = _often_said(record)
    told = (*_once(record), *_often(often), *(one for named in _names(often) for one in _named(*named)))
    said = {(field, value.lower()) for field, value in told}
    return all((field, value.lower()) in said for field, value in wanted)


_Often = tuple[str, str, str, str, str, str, str, str, tuple[str, ...], str, tuple[str, ...]]
_often_said = attrgetter(
    "user", "user_name", "on_behalf_of", "organisation", "organisation_name", "client", "client_name", "user_role",
    "purposes", "kind", "rules",
)  # fmt: skip


def _names(said: _Often) -> tuple[tuple[str, str, str], ...]:
    """Field, number and name of who and what is known by both."""
    user, user_name, behalf, organisation, organisation_name, client, client_name, role, *_ = said
    return (
        ("person", user, user_name), ("behalf", behalf, ""), ("organisation", organisation, organisation_name),
        ("system", client, client_name), ("role", "", role),
    )  # fmt: skip


def _often(said: _Often) -> Iterator[tuple[str, str]]:
    """What many records say alike."""
    *_, purposes, kind, rules = said
    yield from (("purpose", code) for code in purposes)
    yield "kind", kind
    yield from (("rule", rule) for rule in rules)


@lru_cache(maxsize=16_384)  # the same people look again and again
def _of_often(said: _Often) -> frozenset[int]:
    named = [one for names in _names(said) for one in _named(*names)]
    return frozenset(term(field, value) for field, value in (*named, *_often(said)) if value)


def _once(record: AccessRecord | Findable) -> Iterator[tuple[str, str]]:
    """What is of this look alone, or of few."""
    yield from (("consent", consent.removeprefix("Consent/")) for consent in record.consents)
    if record.override_code or record.decision == Decision.OVERRIDE:
        yield from (("override", "yes"), ("override", record.override_code))
    for reference in record.resources:
        plain = reference.partition("/_history/")[0]
        yield from (("resource", plain), ("kind", plain.partition("/")[0]))
    yield from (("rule", rule) for rule, _ in record.withheld)
    yield "trace", record.trace
    yield from (("message", message) for message in record.messages)


def _named(field: str, key: str, name: str) -> Iterator[tuple[str, str]]:
    """Who or what is known by a number and a name: by the whole key, by the number alone, by each word."""
    yield from ((field, key), (field, key.rpartition("|")[2]))
    yield from ((field, word) for word in words(name))
