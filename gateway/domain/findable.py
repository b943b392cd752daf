"""By what an access record is found beside its own columns: terms, small numbers that stand for a field and a value.

    person=karla   organisation=region   role=sygeplejerske   consent=9f…   resource=Goal/4e…   kind=Goal   rule=…

Words are those of a name, in small letters. A term is the first eight bytes of a hash: two values may meet in one, so
who searches looks at the records again (`holds`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import sha256

from gateway.domain.record import AccessRecord, Decision

FIELDS = ("person", "behalf", "organisation", "role", "system", "purpose", "consent", "override", "resource", "kind",
          "rule", "trace", "message")  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:[-'.][^\W_]+)*")
_HISTORY = re.compile(r"/_history/.*$")


def words(text: str) -> list[str]:
    """The words of a name, in small letters."""
    return _WORD.findall(text.lower())


@lru_cache(maxsize=65_536)
def term(field: str, value: str) -> int:
    """The number that stands for this value of this field, as PostgreSQL's bigint."""
    return int.from_bytes(sha256(f"{field}={value.lower()}".encode(errors="replace")).digest()[:8], "big", signed=True)


def terms(record: AccessRecord) -> frozenset[int]:
    """All terms of a record."""
    return frozenset(term(field, value) for field, value in _told(record) if value)


def holds(record: AccessRecord, wanted: Iterable[tuple[str, str]]) -> bool:
    """Whether the record says all of this itself, whatever its terms say."""
    said = {(field, value.lower()) for field, value in _told(record)}
    return all((field, value.lower()) in said for field, value in wanted)


def _told(record: AccessRecord) -> Iterator[tuple[str, str]]:
    yield from _named("person", record.user, record.user_name)
    yield from _named("behalf", record.on_behalf_of, "")
    yield from _named("organisation", record.organisation, record.organisation_name)
    yield from _named("system", record.client, record.client_name)
    yield from (("role", word) for word in words(record.user_role))
    yield from (("purpose", code) for code in record.purposes)
    yield from (("consent", consent.removeprefix("Consent/")) for consent in record.consents)
    if record.override_code or record.decision is Decision.OVERRIDE:
        yield from (("override", "yes"), ("override", record.override_code))
    for reference in record.resources:
        plain = _HISTORY.sub("", reference)
        yield from (("resource", plain), ("kind", plain.partition("/")[0]))
    yield "kind", record.kind
    yield from (("rule", rule) for rule in (*record.rules, *(rule for rule, _ in record.withheld)))
    yield "trace", record.trace
    yield from (("message", message) for message in record.messages)


def _named(field: str, key: str, name: str) -> Iterator[tuple[str, str]]:
    """Who or what is known by a number and a name: by the whole key, by the number alone, by each word."""
    yield from ((field, key), (field, key.rpartition("|")[2]))
    yield from ((field, word) for word in words(name))
