"""The one place where the parts are joined."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.domain import endpoint
from gateway.domain.checkpoint import COSIGNATURE, note_key
from gateway.domain.consent.units import Units
from gateway.domain.directory import Registry, of_sources
from gateway.domain.identifier import learn
from gateway.domain.insight import InsightRules
from gateway.domain.journal import JournalEntry
from gateway.domain.labels import Labeller
from gateway.domain.policy import Owners, Policy
from gateway.domain.resource import ids
from gateway.domain.searching.query import parameters
from gateway.domain.suspicion.thresholds import Suspicion
from gateway.domain.telling import Tellings
from gateway.domain.topics import Topics
from gateway.domain.when import danish_day
from gateway.errors import SettingsError, Unavailable, Unreadable
from gateway.flows.forget_log import LEAST
from gateway.flows.parts import Gateway, Witnessing
from gateway.inbound import clients
from gateway.settings import Settings
from gateway.store import keys, log, migrate
from gateway.store.embedded import EmbeddedPostgres
from gateway.store.pool import Database
from gateway.store.secret import kept
from gateway.translate import insight_tables, policy_tables, r4, spellings, suspicion_tables, topics
from gateway.translate.answers import soap
from gateway.translate.answers.language import Answers
from gateway.translate.edifact.language import Edifact
from gateway.translate.fasit import writing as fasit
from gateway.translate.fhir.messages import FhirMessages
from gateway.translate.hl7v2.language import Hl7v2
from gateway.translate.kl.language import Kl
from gateway.translate.languages import Languages
from gateway.translate.medcom.language import MedCom
from gateway.translate.oio.language import Oio
from gateway.translate.oio.lora import OioJson
from gateway.translate.oioxml.language import OioXml
from gateway.translate.oioxml.out.correspondence import Tables
from gateway.translate.organisations import dated, organisations, parts
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems, all_of
from gateway.translate.rules.sources import Sources
from gateway.translate.sf2900 import writing as sf2900
from gateway.translate.telling import entry, table
from gateway.translate.terms import uses
from gateway.translate.terms.terms import Terms
from gateway.translate.vendor import Vendor
from gateway.translate.ydelse.language import Ydelse

SECRET_BYTES = 32

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that is compiled from mappings/ and profiles/: the same for every node and every database."""

    languages: Languages
    sources: Sources
    policy: Policy
    labeller: Labeller
    terms: Terms
    tellings: Tellings
    texts: entry.Texts
    topics: Topics
    suspicion: Suspicion
    insight: InsightRules


def _sf2900(made: JournalEntry) -> bytes:
    """SF2900 is a SOAP service; FASIT takes the document alone."""
    return soap.enveloped(sf2900.written(made), made.id)


WRITERS = {"sf2900": _sf2900, "fasit": fasit.written}
"""What municipal systems are told, by their language."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def read_rules(
    mappings: Path, secret: bytes, owners: Owners | None = None, *, strangers: bool = False, like: str = ""
) -> Rules:
    """Compile all rules and tables. Raises SettingsError that tells every mistake with `file:line`.

    With `strangers`, files of senders that nobody registered are understood as well, those of one language as if the
    source `like` had sent them: to look at them, never to keep them. Raises UnknownSource where `like` is none.
    """
    if not mappings.is_dir():
        raise SettingsError("There is no such mappings folder", where=str(mappings))
    problems = Problems()
    learn(spellings.read(mappings, problems))
    sources = Sources.gather(mappings, problems)
    if strangers:
        sources = sources.with_guests(like)
    identify, codes = ids(secret), Codes.read(mappings / "codes", problems)
    units = Units(*parts(codes, problems, danish_day(now())), rows=dated(codes))
    terms = Terms.read(mappings, codes, problems)
    uses.check_codes(terms, codes, problems)
    tellings = table.read(mappings / "outgoing.csv", {one.id: one for one in sources}, owners or {}, problems)
    texts = entry.read(mappings / "outgoing-texts.csv", problems)
    suspicion = suspicion_tables.read(mappings / "suspicion", problems)
    subscribed = topics.read(mappings, problems)
    insight = insight_tables.read(mappings / "policy", problems)
    hl7v2, medcom, kl, oio, oioxml, edifact, lora, ydelse, nexus, momentum, receivers, (policy, labeller), _ = all_of(
        lambda: Hl7v2(mappings, sources, identify, codes),
        lambda: MedCom(mappings, sources, identify, codes),
        lambda: Kl(mappings, sources, identify, codes, terms=terms),
        lambda: Oio(mappings, sources, identify, codes),
        lambda: OioXml(mappings, sources, identify, codes),
        lambda: Edifact(mappings, sources, identify, codes),
        lambda: OioJson(mappings, sources, identify, codes),
        lambda: Ydelse(mappings, sources, identify, codes),
        lambda: Vendor("nexus", mappings, sources, identify, codes),
        lambda: Vendor("momentum", mappings, sources, identify, codes),
        lambda: {name: Answers(name, mappings, sources) for name in WRITERS},
        lambda: policy_tables.load(mappings / "policy", owners, terms, units),
        problems.check,
    )
    fhir = FhirMessages(medcom, kl, medcom.correspondence)
    languages = Languages(
        {
            "hl7v2": hl7v2,
            "fhir-message": fhir,
            "kl-report": kl.reports,
            "oio": oio,
            "oioxml": oioxml,
            "edifact": edifact,
            "oio-json": lora,
            "ydelse": ydelse,
            "nexus": nexus,
            "momentum": momentum,
            **receivers,
        }
    )
    return Rules(languages, sources, policy, labeller, terms, tellings, texts, subscribed, suspicion, insight)


def owners_of(registered: clients.Clients) -> Owners:
    """Whose own a source's data are: the organisation and role of every client that sends as it."""
    owners: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for client in registered:
        for source in client.sends:
            owners[source].add((client.organisation.key, client.role))
    return owners


def check_retention(settings: Settings) -> None:
    """Raise SettingsError for a time that the access log must not be cut to."""
    if 0 < settings.log_days < LEAST.days:
        raise SettingsError(f"GATEWAY_LOG_DAYS is 0 or at least {LEAST.days}: so long is the access log kept")


def witnessing_of(settings: Settings) -> Witnessing:
    """Who witnesses whom, by the settings. Raises SettingsError."""
    try:
        logs = tuple(note_key(text) for text in settings.witness_logs.split())
        pairs = [text.partition("@") for text in settings.witnesses.split()]
        asked = tuple((note_key(text, COSIGNATURE), url) for text, _, url in pairs)
    except Unreadable as wrong:
        raise SettingsError("GATEWAY_WITNESS_LOGS or GATEWAY_WITNESSES cannot be read", hint=f"{wrong.text}.") from None
    if not all(url.startswith(("https://", "http://")) for _, url in asked):
        raise SettingsError("GATEWAY_WITNESSES: a witness is written name+id+key@URL")
    name = settings.witness_name or f"{settings.log_origin}/witness"
    key = keys.witness_key(settings.data_folder / "witness-key.pem", name) if logs else None
    return Witnessing(key, logs, asked)


class SteadyClock:
    """The time, which never runs backwards: where the machine's clock is set back, this one goes on by the time that
    passes, until the machine's has caught up. It starts no earlier than `floor`, the newest time in the log."""

    def __init__(self, floor: datetime, wall: Clock = now, tick: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._tick = wall, tick
        self._last, self._at = max(wall(), floor), tick()

    def __call__(self) -> datetime:
        """The time, in UTC."""
        tick, wall = self._tick(), self._wall()
        if wall >= self._last and tick - self._at < _MOMENT:  # the same as below, for a tenth of it
            self._last, self._at = wall, tick
            return wall
        steady = self._last + timedelta(seconds=tick - self._at)
        self._last, self._at = (max(wall, self._last) if wall > steady - _SLEW else steady), tick
        return self._last


_MOMENT = 0.5  # seconds: within it a clock that did not go back has not lost as much as below
_SLEW = timedelta(seconds=1)  # by so much a clock that is being corrected may fall behind


def gateway_of(
    settings: Settings, database: Database, *, clock: Clock = now, log_key: keys.LogKey | None = None
) -> Gateway:
    """The parts of one node on an open database."""
    check_retention(settings)
    secret = kept(settings.data_folder / "secret", lambda: secrets.token_bytes(SECRET_BYTES))
    registered = clients.load(settings.clients)
    rules = read_rules(settings.mappings_folder, secret, owners_of(registered))
    sources = {source.id: source for source in rules.sources}
    codes = Codes.read(settings.mappings_folder / "codes", Problems())
    return Gateway(
        database=database,
        languages=rules.languages,
        sources=sources,
        policy=rules.policy,
        labeller=rules.labeller,
        ids=ids(secret),
        secret=secret,
        log_key=log_key or keys.load_or_make(settings.data_folder / "log-key.pem", settings.log_origin),
        clock=clock,
        search={kind: parameters(r4.facts().search, kind) for kind in r4.facts().search},
        letters=Tables.of(codes),
        registry=Registry((*organisations(codes), *of_sources(sources)), ids(secret)),
        terms=rules.terms,
        tellings=rules.tellings,
        texts=rules.texts,
        suspicion=rules.suspicion,
        insight=rules.insight,
        writers=WRITERS,
        topics=rules.topics,
        hook_hosts=endpoint.hosts(settings.hook_hosts, "GATEWAY_HOOK_HOSTS"),
        witnessing=witnessing_of(settings),
        roles={one.id: one.role for one in registered},
        receipt_within=timedelta(hours=settings.receipt_hours),
        quarantine_for=timedelta(days=settings.quarantine_days),
        quiet_after=timedelta(hours=settings.quiet_hours),
        public_url=settings.url(),
    )


@asynccontextmanager
async def opened(settings: Settings, *, clock: Clock = now) -> AsyncIterator[Gateway]:
    """A gateway on its database: the one that the settings name, or the embedded one, with its tables up to date.

    An embedded server that was already running belongs to another gateway and goes on running.
    """
    _made(settings.data_folder)
    server = None if settings.database_url else EmbeddedPostgres(settings.data_folder / "postgres")
    url = await asyncio.to_thread(server.start) if server else settings.database_url
    try:
        database = await _connected(url, settings.database_connections)
        try:
            async with database.connection() as connection:
                signed = await log.latest(connection)
            lost = signed is not None and not (settings.data_folder / "log-key.pem").exists()
            log_key = keys.MissingKey(settings.log_origin) if lost else None
            steady = SteadyClock(signed.made_at if signed else now()) if clock is now else clock
            yield gateway_of(settings, database, clock=steady, log_key=log_key)
        finally:
            await database.close()
    finally:
        if server and not server.adopted:
            await asyncio.to_thread(server.stop)


def _made(folder: Path) -> None:
    """Make the data folder. Raises SettingsError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The data folder cannot be made ({error.strerror})", where=str(folder)) from None


async def _connected(url: str, size: int) -> Database:
    """The database with its tables up to date. Raises Unavailable, which names the setting."""
    try:
        await migrate.upgrade(url)
        return await Database.open(url, size=size)
    except Unavailable as error:
        raise Unavailable("The database cannot be reached", hint="GATEWAY_DATABASE_URL names it.") from error
