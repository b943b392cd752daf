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
    return frozenset().union(
        *(_of_named(*named) for named in _names(record)), [term(*told) for told in _facts(record) if told[1]]
    )


def holds(record: AccessRecord, wanted: Iterable[tuple[str, str]]) -> bool:
    """Whether the record says all of this itself, whatever its terms say."""
    told = (*_facts(record), *(one for named in _names(record) for one in _named(*named)))
    said = {(field, value.lower()) for field, value in told}
    return all((field, value.lower()) in said for field, value in wanted)


def _names(record: AccessRecord | Findable) -> tuple[tuple[str, str, str], ...]:
    """Field, number and name of who and what is known by both."""
    return (
        ("person", record.user, record.user_name),
        ("behalf", record.on_behalf_of, ""),
        ("organisation", record.organisation, record.organisation_name),
        ("system", record.client, record.client_name),
        ("role", "", record.user_role),
    )


def _facts(record: AccessRecord | Findable) -> Iterator[tuple[str, str]]:
    yield from (("purpose", code) for code in record.purposes)
    yield from (("consent", consent.removeprefix("Consent/")) for consent in record.consents)
    if record.override_code or record.decision == Decision.OVERRIDE:
        yield from (("override", "yes"), ("override", record.override_code))
    for reference in record.resources:
        plain = reference.partition("/_history/")[0]
        yield from (("resource", plain), ("kind", plain.partition("/")[0]))
    yield "kind", record.kind
    yield from (("rule", rule) for rule in (*record.rules, *(rule for rule, _ in record.withheld)))
    yield "trace", record.trace
    yield from (("message", message) for message in record.messages)


@lru_cache(maxsize=16_384)  # the same people look again and again
def _of_named(field: str, key: str, name: str) -> frozenset[int]:
    return frozenset(term(field, value) for field, value in _named(field, key, name) if value)


def _named(field: str, key: str, name: str) -> Iterator[tuple[str, str]]:
    """Who or what is known by a number and a name: by the whole key, by the number alone, by each word."""
    yield from ((field, key), (field, key.rpartition("|")[2]))
    yield from ((field, word) for word in words(name))
