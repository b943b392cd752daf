"""A citizen's own insight: who has looked at her, when, why and how it went; for herself, for whoever acts for her, and
for a data protection officer who answers her on paper.

Every view is on record under the citizen, the refused ones as well. What is kept back by mappings/policy/insight.csv is
not in what is shown, exported or proved; that somebody looked always is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.insight import CITIZEN, REPRESENTATIVE, Keep, Right, told
from gateway.domain.log_shapes import minlog2
from gateway.domain.override import Told
from gateway.domain.override import told as told_of
from gateway.domain.record import AccessRecord, Decision, Outcome, person_key
from gateway.domain.when import DANISH
from gateway.errors import BadRequest, Forbidden, NotFound
from gateway.flows.export_looks import ACTIVITIES
from gateway.flows.find_looks import NOBODY, cursor_of, people_named, written_cursor
from gateway.flows.log_list import proved_list
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway
from gateway.flows.read import no_purpose
from gateway.store import insight, log_forgetting, log_reading, resources, wire
from gateway.store.log_reading import Found, Search

PAGE = 50
MOST = 10_000
"""The most that is shown on one page, to be printed; the file with the proof has all."""

OPERATION = "own-insight"


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom a list is taken: the citizen's Patient ids (all identities; none where the citizen is unknown here), who
    reads it (domain/insight.py READERS), and by what right where that is not the citizen."""

    people: tuple[str, ...]
    reader: str
    names: frozenset[str]  # by which the citizen stands in records as a person
    right: Right | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One look as it is told. `by` is `self`, `representative`, `person` or `system`; `kept` the rows that keep
    something back. Of an override: whether the citizen was told of it, and until when she is to be."""

    number: int
    record: AccessRecord
    by: str
    kept: tuple[Keep, ...]
    told: Told | None = None
    due: str = ""


@dataclass(frozen=True, slots=True)
class Insight:
    """One page of a list, the newest first."""

    asker: Asker
    entries: tuple[Entry, ...]
    following: str  # cursor; "" on the last page
    gone: int  # entries whose content was deleted when its time was over
    gone_before: datetime | None


async def on_paper(gateway: Gateway, caller: Caller, text: str, reader: str) -> tuple[str, ...]:
    """The identities of the one citizen who is named so. Raises BadRequest where nobody is, or more than one: a list of
    two people is nobody's."""
    people = await people_named(gateway, text) if caller.role == "auditor" and text else (NOBODY,)
    one = set(people) == set(await resources.same_people(gateway.database, people[:1]))
    if not one or not await _names(gateway, people):
        raise BadRequest("This names nobody, or more than one", where="citizen")
    if reader not in (CITIZEN, REPRESENTATIVE):
        raise BadRequest("This is nobody who may read the list", where="reader")
    return people


async def own_list(
    gateway: Gateway, caller: Caller, named: Sequence[str] = (), reader: str = CITIZEN, after: str = "",
    limit: int = PAGE,
) -> Insight:  # fmt: skip
    """One page of the looks at the citizen. `named` and `reader` are an auditor's word, for a list on paper. Raises
    Forbidden for whoever is neither the citizen nor acts for her now."""
    asker = await _admitted(gateway, caller, named, reader, "search-type")
    if not asker.people:
        return Insight(asker, (), "", 0, None)
    start = cursor_of(after) if after else None
    async with gateway.database.connection() as connection:
        found = await log_reading.find(connection, Search(citizens=asker.people), limit + 1, start)
        gone_before = await log_forgetting.forgotten_before(connection)
        gone = await log_forgetting.gone_of(connection, asker.people)
    overrides = await insight.overrides_of(gateway.database, asker.people)
    entries = tuple(_entry(gateway, asker, one, overrides) for one in found[:limit])
    following = written_cursor(found[limit - 1]) if len(found) > limit else ""
    return Insight(asker, entries, following, gone, gone_before if gone else None)


async def proof(gateway: Gateway, caller: Caller, named: Sequence[str] = (), reader: str = CITIZEN) -> bytes:
    """The whole list with the proof that nothing is left out (domain/list_proof.py). Of a look of which something is
    kept back its place and its leaf are there, and its content is not. Raises Forbidden; NotFound before the first
    checkpoint."""
    asker = await _admitted(gateway, caller, named, reader, "export")
    if not asker.people:
        raise NotFound
    rules = gateway.insight
    return await proved_list(gateway, asker.people, lambda one: bool(rules.kept(one, asker.reader, gateway.clock())))


async def statements(gateway: Gateway, caller: Caller, named: Sequence[str] = (), reader: str = CITIZEN) -> bytes:
    """The whole list as MinLog2's LogStatements, a JSON array, the newest first. Raises Forbidden."""
    asker = await _admitted(gateway, caller, named, reader, "export")
    if not asker.people:
        return b"[]"
    entries = [_entry(gateway, asker, one, {}) for one in await _all(gateway, asker)]
    origin = gateway.log_key.origin
    return wire.encode([minlog2(one.number, one.record, origin, ACTIVITIES) for one in entries])


async def _all(gateway: Gateway, asker: Asker) -> list[Found]:
    found: list[Found] = []
    async with gateway.database.connection() as connection:
        while True:
            before = found[-1].cursor if found else None
            part = await log_reading.find(connection, Search(citizens=asker.people), _PART, before)
            found += part
            if len(part) < _PART:
                return found


_PART = 1000


async def _admitted(gateway: Gateway, caller: Caller, named: Sequence[str], reader: str, interaction: str) -> Asker:
    """For whom this list is, put on record under every identity. Raises Forbidden, which is on record too."""
    asked = f"own insight, for {reader if caller.role == 'auditor' else caller.role}"
    record = record_of(gateway, caller, interaction, "AuditEvent", "", NOTHING, query=asked, operation=OPERATION)
    asker = await _asker(gateway, caller, named, reader)
    if asker is None or not caller.purposes:
        await on_record(gateway, *([record.of(one) for one in asker.people] if asker else [record]))
        raise (
            Forbidden("Only the citizen, or who acts for the citizen, reads this list")
            if asker is None
            else no_purpose()
        )
    permitted = replace(
        record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS, rules=_rule(asker), basis=_law(asker)
    )
    await on_record(gateway, *([permitted.of(one) for one in asker.people] or [permitted]))
    return asker


async def _asker(gateway: Gateway, caller: Caller, named: Sequence[str], reader: str) -> Asker | None:
    if caller.role == "auditor":
        return Asker(tuple(named), reader, await _names(gateway, named)) if named else None
    if caller.role != "citizen" or not caller.user or not caller.covers("AuditEvent"):
        return None
    whose = caller.on_behalf_of or caller.user
    citizen = await _citizen(gateway, whose)
    if citizen is None:
        return None
    if not caller.on_behalf_of:
        people = await resources.same_people(gateway.database, [citizen]) if citizen else []
        return Asker(tuple(people), CITIZEN, await _names(gateway, people))
    related = await insight.related(gateway.database, citizen) if citizen else ()
    right = gateway.insight.right(related, caller.user, gateway.clock())
    if right is None:
        return None
    people = await resources.same_people(gateway.database, [citizen])
    return Asker(tuple(people), REPRESENTATIVE, await _names(gateway, people), right)


async def _citizen(gateway: Gateway, key: str) -> str | None:
    """Whose number this is; "" for nobody's, None for one that several people have: then it shows nobody's list."""
    found = [citizen for _, citizen in await resources.citizens_of(gateway.database, [key])]
    return found[0] if len(found) == 1 else None


async def _names(gateway: Gateway, people: Sequence[str]) -> frozenset[str]:
    """By what the citizen stands in records as a person."""
    names = [await resources.names_of(gateway.database, one) for one in people]
    return frozenset(person_key(key, gateway.ids) for known in names for key in known)


def _rule(asker: Asker) -> tuple[str, ...]:
    return (asker.right.rule,) if asker.right else ()


def _law(asker: Asker) -> tuple[str, ...]:
    return (asker.right.law,) if asker.right else ("databeskyttelsesforordningen art. 15",)


def _entry(
    gateway: Gateway, asker: Asker, found: Found, overrides: dict[tuple[str, str], tuple[str, dict[str, object]]]
) -> Entry:
    record, now = found.record, gateway.clock()
    kept = gateway.insight.kept(record, asker.reader, now)
    due, task = "", None
    if record.decision is Decision.OVERRIDE:
        day = record.time.astimezone(DANISH).date().isoformat()
        due, body = overrides.get((record.user, day), ("", {}))
        task = told_of(body, now)
    return Entry(found.id, told(record, kept), _by(asker, record), kept, task, due)


def _by(asker: Asker, record: AccessRecord) -> str:
    if record.user in asker.names:
        return "self"
    if record.on_behalf_of in asker.names:
        return "representative"
    return "person" if record.user else "system"
