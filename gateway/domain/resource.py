"""A resource as the fold makes it, and the facts about it that a decision needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from gateway.domain.limits import Limits
from gateway.domain.statement import Body

Ids = Callable[[str, str], str]
_REMEMBERED, _LONG, _MOST_HELD = 4096, 256, 1_048_576
"""How many keys are remembered, which are long (a sender may write a key of any length), and how many characters of
long ones at most, and one more key."""


def ids(secret: bytes) -> Ids:
    """A function (kind, key) → resource id: 32 hex digits, the same for the same object, not guessable from a CPR.

    A plain hash of a CPR can be turned back by trying every number, so the hash is keyed (BLAKE2b, RFC 7693 2.9).
    """
    key = blake2b(secret).digest()

    held = 0  # characters of long keys since all was forgotten

    @lru_cache(maxsize=_REMEMBERED)  # one message asks for the same few again and again
    def make(kind: str, name: str) -> str:
        nonlocal held
        if len(name) > _LONG:
            held += len(name)
            if held > _MOST_HELD:  # asked where nothing is remembered yet, so that what is costs nothing
                make.cache_clear()
                held = len(name)
        return blake2b(f"{kind}\0{name}".encode(), key=key, digest_size=16).hexdigest()

    return make


@dataclass(frozen=True, slots=True)
class Facts:
    """What `decide` may know of a resource before anybody may read it.

    `labels` are `system|code` (confidentiality, sensitivity, our own data classes); `data_class` is the row key
    of mappings/policy. `clinical` are the dates of the content, empty when it has none.
    """

    kind: str
    id: str
    citizen: str  # Patient id of the citizen (survivor of any merge)
    sector: str  # region | municipality | shared
    source: str
    data_class: str
    labels: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()  # system|code of the main code element
    clinical: tuple[datetime, ...] = ()
    updated: datetime | None = None
    authors: frozenset[str] = frozenset()  # references and identifier keys of who wrote it
    related: frozenset[str] = frozenset()  # literal references it holds
    citizens: tuple[str, ...] = ()  # every citizen it is about, when more than one
    ends: datetime | None = None  # when the content says that it stops to hold
    sources: tuple[str, ...] = ()  # every source that has a word in it, when more than one
    limits: Limits | None = None  # that a case system put on it
    places: frozenset[str] = frozenset()  # keys of the organisations from which it comes: its sources', its provider's
    deleted: bool = False  # by the source that wrote it by REST


@dataclass(slots=True)
class Resource:
    """One folded resource: `body` is FHIR JSON without meta.versionId and meta.lastUpdated. Nobody changes one after
    the fold; not frozen for the same reason as Statement."""

    kind: str
    id: str
    body: Body
    source: str
    sector: str
    withdrawn: bool = False  # entered in error by its source, kept for history
    notes: tuple[str, ...] = ()  # where the sources contradicted each other, in words without values
    sources: tuple[str, ...] = ()  # every source that has a word in it, when more than one
    made_of: tuple[Body, ...] = ()  # what it sums up: it is labelled no less than they are
    deleted: bool = False  # by the source that wrote it by REST, kept for history
