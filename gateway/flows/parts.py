"""The parts of a running gateway, joined in bootstrap and handed to every flow; and what flows give back."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.domain.checkpoint import NoteKey
from gateway.domain.directory import NO_REGISTRY, Registry
from gateway.domain.endpoint import Hosts
from gateway.domain.insight import NO_INSIGHT, InsightRules
from gateway.domain.journal import JournalEntry
from gateway.domain.labels import Labeller
from gateway.domain.policy import Policy
from gateway.domain.resource import Ids
from gateway.domain.searching.matching.here import Here
from gateway.domain.searching.query import Parameter
from gateway.domain.source import Source
from gateway.domain.suspicion.thresholds import NO_SUSPICION, Suspicion
from gateway.domain.telling import NO_TELLINGS, Tellings
from gateway.domain.topics import NO_TOPICS, Topics
from gateway.domain.when import DANISH
from gateway.store.finding import Finder
from gateway.store.keys import LogKey
from gateway.store.pool import Database
from gateway.store.recording import Recorder
from gateway.translate.languages import Languages
from gateway.translate.oioxml.out.correspondence import NO_TABLES, Tables
from gateway.translate.telling.entry import NO_TEXTS, Texts
from gateway.translate.terms.searched import KnownCodes
from gateway.translate.terms.terms import NO_TERMS, Terms

Writer = Callable[[JournalEntry], bytes]


@dataclass(frozen=True, slots=True)
class Witnessing:
    """Who witnesses whom: the key that other logs' checkpoints are cosigned with, the keys of those logs, and the
    witnesses of our own log, each with the URL that takes its checkpoints."""

    key: LogKey | None = None
    logs: tuple[NoteKey, ...] = ()
    witnesses: tuple[tuple[NoteKey, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Gateway:
    """All the parts. `clock` gives the time with its zone; tests set it."""

    database: Database
    languages: Languages
    sources: Mapping[str, Source]
    policy: Policy
    labeller: Labeller
    ids: Ids
    secret: bytes
    log_key: LogKey
    clock: Callable[[], datetime]
    search: Mapping[str, Mapping[str, Parameter]]  # by resource type and name
    public_url: str = ""
    letters: Tables = NO_TABLES  # where letters go
    terms: Terms = NO_TERMS
    tellings: Tellings = NO_TELLINGS  # which municipal systems are told of what
    texts: Texts = NO_TEXTS  # in which words
    writers: Mapping[str, Writer] = field(default_factory=dict)  # by the language of the destination
    registry: Registry = NO_REGISTRY  # the organisations that tables tell
    topics: Topics = NO_TOPICS  # what subscribers may be told of
    hook_hosts: Hosts = field(default_factory=dict)  # where notifications may go
    witnessing: Witnessing = Witnessing()
    suspicion: Suspicion = NO_SUSPICION  # which looks are unusual
    roles: Mapping[str, str] = field(default_factory=dict)  # of registered systems, by client id
    insight: InsightRules = NO_INSIGHT  # what citizens are told of looks, and who may ask for them
    receipt_within: timedelta = timedelta(hours=24)  # a receipt that is to follow is overdue after this
    quarantine_for: timedelta = timedelta(days=14)  # content that was not understood is kept for this long
    quiet_after: timedelta = timedelta(hours=72)  # a source that has said nothing for longer is told to be silent
    recorder: Recorder = field(init=False, repr=False)  # these two are of `database`
    finder: Finder = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "recorder", Recorder(self.database))
        object.__setattr__(self, "finder", Finder(self.database))

    def inside(self, database: Database, recorder: Recorder) -> Gateway:
        """The same gateway within a commit that is under way."""
        made = replace(self, database=database)
        object.__setattr__(made, "recorder", recorder)
        return made

    def fingerprint(self, *parts: bytes) -> bytes:
        """A keyed hash: what was seen can be recognised, and nobody can find a CPR by trying numbers."""
        return hmac.new(self.secret, b"\0".join(parts), hashlib.sha256).digest()

    @property
    def here(self) -> Here:
        """What a search is understood by: this gateway's address, its code tables, the day in Denmark."""
        return Here(f"{self.public_url}/fhir/", KnownCodes(self.terms), self.clock().astimezone(DANISH).date())


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender is told, in its own language. `status` is the HTTP status where the door is HTTP."""

    body: bytes
    accepted: bool
    transient: bool = False
    status: int = 200


@dataclass(frozen=True, slots=True)
class Served:
    """FHIR JSON with what its HTTP headers need. `weak`: composed for this reader, the version is a hash."""

    body: bytes
    version: str = ""
    updated: datetime | None = None
    weak: bool = False
    location: str = ""
    created: bool = False
