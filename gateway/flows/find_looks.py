"""The auditor's search: who looked at whom, when and why, and what was kept back; each search is a look on record.

What is asked for is understood once, when it is entered: from then on a citizen stands in it by Patient ids and a
person named by a CPR by a pseudonym, so that it can be kept, saved and put on record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.findable import holds, term, words
from gateway.domain.identifier import BORGER_ID, CPR, D_ECPR, PERSON_ID, SYSTEMS, X_ECPR, normal
from gateway.domain.record import AccessRecord, Decision, Outcome, masked, person_key
from gateway.domain.when import instant, last_instant
from gateway.errors import BadRequest, Forbidden, NotFound
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway
from gateway.flows.read import no_purpose
from gateway.store import access_terms, log_forgetting, log_reading, resources, wire
from gateway.store.log import Connection
from gateway.store.log_reading import Found, Search

NOBODY = "nobody"  # whom a number leads to that leads to no citizen
PAGE = 50
PICTURED = 500
"""So many of the newest hits are in the picture of who looked when."""

FIELDS = ("citizen", "user", "behalf", "organisation", "role", "system", "purpose", "consent", "decision", "override",
          "resource", "rule", "interaction", "trace", "since", "until")  # fmt: skip
_PERSONAL = (CPR, X_ECPR, *(one for one in SYSTEMS if one.startswith(D_ECPR)), PERSON_ID, BORGER_ID)
_TERMS = {"user": "person", "behalf": "behalf", "organisation": "organisation", "system": "system"}
_EXACT = {"purpose": "purpose", "consent": "consent", "rule": "rule", "trace": "trace"}


_RARITY = ("trace", "resource", "consent", "override", "behalf", "person", "rule", "organisation", "system", "role",
           "purpose", "kind")  # fmt: skip


def _rarest_first(told: tuple[str, str]) -> int:
    """A search walks along one term and looks whether the others hold: the one that is likely to have the fewest."""
    return _RARITY.index(told[0])


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it is kept: `citizens` are Patient ids, `told` (field of a record, value) all of which must hold."""

    citizens: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    decisions: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()
    since: str = ""  # days, both included, Danish time
    until: str = ""

    def to_bytes(self) -> bytes:
        """As JSON."""
        return wire.encode(asdict(self))

    @property
    def search(self) -> Search:
        """What the store looks for."""
        return Search(
            citizens=self.citizens,
            decisions=self.decisions,
            interactions=self.interactions,
            terms=tuple(term(field, value) for field, value in sorted(self.told, key=_rarest_first)),
            since=instant(self.since) if self.since else None,
            until=last_instant(self.until) if self.until else None,
        )

    @property
    def query(self) -> str:
        """How it stands on record."""
        said = [("patient", one) for one in self.citizens] + list(self.told)
        said += [("decision", one) for one in self.decisions] + [("subtype", one) for one in self.interactions]
        said += [("date", f"ge{self.since}")] if self.since else []
        said += [("date", f"le{self.until}")] if self.until else []
        return "AuditEvent?" + "&".join(f"{name}={value}" for name, value in said)


def asked_of(raw: bytes) -> Asked:
    """What `to_bytes` wrote."""
    told: dict[str, Any] = wire.decode(raw)
    lists = {name: tuple(told[name]) for name in ("citizens", "decisions", "interactions")}
    pairs = tuple((str(field), str(value)) for field, value in told["told"])
    return Asked(**lists, told=pairs, since=told["since"], until=told["until"])


async def understood(gateway: Gateway, form: Mapping[str, str]) -> Asked:
    """What was entered in the fields of FIELDS. Raises BadRequest with the field's name in `where`."""
    given = {name: form.get(name, "").strip() for name in FIELDS}
    told = [(field, one) for name, field in _TERMS.items() for one in _named(gateway, given[name])]
    told += [("role", word) for word in words(given["role"])]
    told += [(field, given[name].removeprefix("Consent/")) for name, field in _EXACT.items() if given[name]]
    told += [("override", "yes")] if given["override"] else []
    if resource := given["resource"]:
        told.append(("resource", resource) if "/" in resource else ("kind", resource))
    return Asked(
        citizens=await people_named(gateway, given["citizen"]),
        told=tuple(told),
        decisions=(given["decision"],) if given["decision"] in set(Decision) else (),
        interactions=(given["interaction"],) if given["interaction"] else (),
        since=_day("since", given["since"]),
        until=_day("until", given["until"]),
    )


def _named(gateway: Gateway, text: str) -> list[str]:
    """A whole key (`system|value`), or the words of a name, or a number. A CPR is only asked for by its pseudonym."""
    if "|" in text:
        system, _, value = text.rpartition("|")
        return [person_key(normal(system, value).key, gateway.ids)]
    if masked(text) != text:
        return [person_key(normal(CPR, text).key, gateway.ids)]
    return words(text) if " " in text else [text] if text else []


async def people_named(gateway: Gateway, text: str) -> tuple[str, ...]:
    """All Patient ids of the person of this number, in any spelling and whatever its system is; NOBODY for nobody's."""
    if not text:
        return ()
    if "|" in text:
        system, _, value = text.rpartition("|")
        keys = [normal(system, value).key]
    else:
        local = {one for source in gateway.sources.values() for one in source.authorities.values()}
        keys = sorted({normal(system, text).key for system in (*_PERSONAL, *local)})
    found = {citizen for _, citizen in await resources.citizens_of(gateway.database, keys) if citizen}
    patient = text.removeprefix("Patient/").lower()
    if len(patient) == 32 and not patient.strip("0123456789abcdef"):
        found.add(patient)
    return tuple(await resources.same_people(gateway.database, sorted(found))) if found else (NOBODY,)


def _day(name: str, text: str) -> str:
    try:
        return datetime.fromisoformat(text).date().isoformat() if text else ""
    except ValueError:
        raise BadRequest("This is not a day", where=name) from None


@dataclass(frozen=True, slots=True)
class Look:
    """One look as it was put on record: its number, its place in the tree (None for a moment), its bytes."""

    id: int
    index: int | None
    record: AccessRecord
    body: bytes


@dataclass(frozen=True, slots=True)
class Looks:
    """What a search found: one page, the newest first, and where the next begins; and what the picture shows."""

    page: tuple[Look, ...]
    following: str  # cursor; "" on the last page
    pictured: tuple[AccessRecord, ...]
    gone: datetime | None  # records from before this time, which the search would have reached, were deleted


async def find_looks(gateway: Gateway, caller: Caller, asked: Asked, after: str = "", limit: int = PAGE) -> Looks:
    """One page of a search. Raises Forbidden unless the caller is an auditor with a purpose."""
    record = await admitted(gateway, caller, "search-type", asked.query)
    named = [one for one in asked.citizens if one != NOBODY]
    await on_record(gateway, *([record.of(one) for one in named] or [record]))
    async with gateway.database.connection() as connection:
        found, newest = await page_and_picture(connection, asked.search, limit, cursor_of(after) if after else None)
        gone = await log_forgetting.forgotten_before(connection)
    page = tuple(one for one in map(_look, found[:limit]) if holds(one.record, asked.told))
    following = written_cursor(found[limit - 1]) if len(found) > limit else ""
    reached = not following and gone is not None and not (asked.since and instant(asked.since) >= gone)
    return Looks(page, following, tuple(one.record for one in newest), gone if reached else None)


async def page_and_picture(
    connection: Connection, search: Search, limit: int = PAGE, before: tuple[datetime, int] | None = None
) -> tuple[list[Found], list[Found]]:
    """One page, with a record more where there is a next one; and the newest that there are, for the picture, without
    their places in the tree. The first page is part of the picture, so it is not searched for twice."""
    newest = await log_reading.find(connection, search, max(PICTURED, limit + 1), placed=False)
    if before is None:
        return await log_reading.with_places(connection, newest[: limit + 1]), newest[:PICTURED]
    return await log_reading.find(connection, search, limit + 1, before), newest[:PICTURED]


def _look(found: Found) -> Look:
    return Look(found.id, found.index, found.record, found.body)


async def open_look(gateway: Gateway, caller: Caller, number: str) -> Look:
    """One record by its number. Raises NotFound."""
    record = await admitted(gateway, caller, "read", f"AuditEvent/{masked(number)}")
    async with gateway.database.connection() as connection:
        plain = number.isascii() and number.isdigit() and len(number) < 18
        found = await log_reading.get(connection, int(number)) if plain else None
    await on_record(gateway, record.of(found.record.citizen) if found else record)
    if found is None:
        raise NotFound
    return _look(found)


async def admitted(
    gateway: Gateway, caller: Caller, interaction: str, query: str = "", *, operation: str = ""
) -> AccessRecord:
    """The record of an auditor's own look, to be put on record under each citizen it is about. The refusal of somebody
    who may not look is on record at once."""
    record = record_of(gateway, caller, interaction, "AuditEvent", "", NOTHING, query=query, operation=operation)
    if caller.role == "auditor" and caller.purposes:
        return replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS)
    await on_record(gateway, record)
    raise Forbidden("Only auditors read the access log") if caller.purposes else no_purpose()


def written_cursor(last: Found) -> str:
    """Where the page after this record begins: its time in microseconds and its number, which tell of nobody."""
    return f"{round(last.recorded_at.timestamp() * 1_000_000)}-{last.id}"


def cursor_of(text: str) -> tuple[datetime, int]:
    """What `written_cursor` wrote. Raises BadRequest."""
    time, _, number = text.partition("-")
    try:
        seconds, micros = divmod(int(time[:18]), 1_000_000)
        at = datetime.fromtimestamp(seconds, tz=instant("1970-01-01").tzinfo).replace(microsecond=micros)
        return at, int(number[:18])
    except (ValueError, OverflowError, OSError):
        raise BadRequest("This is not a link that was given out", where="after") from None


def people_of(found: Sequence[AccessRecord]) -> Mapping[str, str]:
    """The name of everybody in these records by what they are known by: a person, or the system where there is none."""
    return {
        who: record.user_name or record.client_name or who.rpartition("|")[2]
        for record in found
        if (who := who_of(record))
    } | {"": "?"}


def who_of(record: AccessRecord) -> str:
    """By what the one who looked is known: the person, or the system where nobody stood in front of it."""
    return record.user or record.client


async def make_findable(gateway: Gateway) -> int:
    """Let new records be found by everything that they say. How many there were."""
    async with gateway.database.connection() as connection:
        return await access_terms.fill(connection)
