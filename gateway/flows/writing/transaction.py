"""Transaction: several writes, about any number of citizens and in the directory, all of them or none.
http://hl7.org/fhir/R4/http.html#transaction

Each entry is checked, decided and put on record as if it stood alone. First the names and conditions of all are looked
up (naming.py), then each is worked out in R4's order, then all are kept in one commit (together.py). What changed
meanwhile is worked out again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.domain.caller import Caller
from gateway.domain.directory import KINDS as DIRECTORY
from gateway.domain.intake import Known
from gateway.domain.record import AccessRecord, Decision
from gateway.domain.record import Outcome as Failed
from gateway.domain.statement import Act
from gateway.errors import BadRequest, Conflict, GatewayError, Refused, RuleBroken, Unavailable
from gateway.flows import write_message
from gateway.flows.looking import on_record
from gateway.flows.parts import Gateway, Served
from gateway.flows.subscriptions.showing import KIND as SUBSCRIPTION
from gateway.flows.write_message import Sending
from gateway.flows.writing import in_directory, in_subscriptions
from gateway.flows.writing.again import Again
from gateway.flows.writing.asked import Around, Entry, Json, Moved, Standing, Word, Work, begun
from gateway.flows.writing.circles import unless_in_circle
from gateway.flows.writing.filing import filed
from gateway.flows.writing.in_subscriptions import Subscribing
from gateway.flows.writing.naming import MESSAGE, linked, name, resolved, settled, twins
from gateway.flows.writing.saying import looked_up, told
from gateway.flows.writing.single import TRIES, shown, understood
from gateway.flows.writing.together import Came, Done, Outcome, keep_together
from gateway.store import population
from gateway.store.pool import Connection, OneConnection
from gateway.store.recording import Noting

READING = 5.0
"""Seconds that the reads of a transaction may take: nobody else writes to what it has written meanwhile."""
_APART = "Send them in a batch."
_ORDER = ("delete", "create", "update", "patch")
"""R4 3.1.0.11.2: in which order entries take place."""


class Reads(Protocol):
    """What is read with a transaction, by the doors of its entries. `strict`: raises what is wrong with one, with its
    place; otherwise that is its answer."""

    async def __call__(self, gateway: Gateway, *, strict: bool) -> None: ...


@dataclass(slots=True)
class _Attempt:
    """One try: `reached` are the entries that something was looked up for so far, each with its record as it is when
    nothing comes of it."""

    around: Around = field(default_factory=Around)
    reached: dict[int, Work] = field(default_factory=dict)
    settled: dict[int, tuple[Work, str, str]] = field(default_factory=dict)
    leaned: dict[int, list[tuple[str, frozenset[str]]]] = field(default_factory=dict)
    done: dict[int, Done] = field(default_factory=dict)
    looks: Noting | None = None

    @property
    def refused(self) -> list[AccessRecord]:
        """The looks of what was read, where nothing of it is shown."""
        noted = self.looks.noted if self.looks else []
        return [replace(one, decision=Decision.DENY, outcome=Failed.MINOR, resources=()) for one in noted]


async def transact(
    gateway: Gateway, caller: Caller, entries: Sequence[Entry], raw: bytes, number: str, reads: Reads
) -> Sequence[Served]:
    """Carry out all writes in one commit and give what stands then, in the order of the entries. With a `number`
    (Bundle.identifier) they are carried out once, however often they come. What is read is read within the commit.

    Raises what is wrong with the first entry that something is wrong with, with its place: then nothing is kept, and
    on record is that each entry that was looked into was refused.
    """
    if not entries:
        await reads(gateway, strict=True)
        return ()
    for _ in range(TRIES):
        worked = await filed(gateway, entries)
        try:
            return worked.answers(gateway, await _transacted(gateway, caller, worked.entries, raw, number, reads))
        except Conflict as faster:
            if not worked.is_of_carrier(faster.where):
                raise
    raise Unavailable("Others write the same document all the time", hint="Send again.")


async def _transacted(
    gateway: Gateway, caller: Caller, entries: Sequence[Entry], raw: bytes, number: str, reads: Reads
) -> Sequence[Served]:
    again = Again.of(gateway, caller, number, raw) if number and entries else None
    for _ in range(TRIES):
        try:
            if again and (came := await again.came(gateway)) is not None:
                await reads(gateway, strict=False)
                return await _told_again(gateway, entries, came)
            return await _carried_out(gateway, entries, again, reads)
        except Moved:
            continue
    raise Unavailable("Others write about the same all the time", hint="Send again.")


async def _carried_out(
    gateway: Gateway, entries: Sequence[Entry], again: Again | None, reads: Reads
) -> Sequence[Served]:
    attempt = _Attempt()

    async def read(connection: Connection) -> None:
        database = OneConnection(connection)
        attempt.looks = Noting(database)
        try:
            async with asyncio.timeout(READING):
                await reads(gateway.inside(database, attempt.looks), strict=True)
        except TimeoutError:
            raise BadRequest("These reads take too long while others wait", where="Bundle", hint=_APART) from None

    try:
        await _understand(gateway, entries, attempt)
        others = await looked_up(gateway, [one.work for one in attempt.done.values()])
        outcome = await keep_together(gateway, attempt.done, again, others, read)
    except Unavailable:
        raise
    except GatewayError:
        if again and await again.is_kept(gateway):
            raise Moved from None  # sent twice at once: what is wrong is that the other one was carried out
        await on_record(gateway, *(one for work in attempt.reached.values() for one in (work.record, *work.others)))
        await on_record(gateway, *attempt.refused)
        raise
    return [await _answer(gateway, attempt.done[number], number, outcome) for number in range(len(entries))]


async def _understand(gateway: Gateway, entries: Sequence[Entry], attempt: _Attempt) -> None:
    """What all entries come to. Raises what is wrong with one, with its place."""
    order = sorted(range(len(entries)), key=lambda one: _ORDER.index(entries[one].asked.interaction))
    same = twins(entries)
    for step in (_settle, _work_out):
        for number in order:
            try:
                await step(gateway, entries[number], number, attempt, same.get(number, number))
            except Unavailable:
                raise
            except GatewayError as error:
                raise entries[number].placed(error) from None
    _check_together(entries, attempt)
    await _check_circles(gateway, attempt)


async def _settle(gateway: Gateway, entry: Entry, number: int, attempt: _Attempt, same: int) -> None:
    attempt.reached[number] = work = begun(gateway, entry.caller, entry.asked)
    if same in attempt.settled:  # it finds what that one makes
        attempt.settled[number] = (work, *attempt.settled[same][1:])
        name(entry, attempt.settled[same][2], attempt.around, f"{gateway.public_url}/fhir/")
    else:
        attempt.settled[number] = await settled(gateway, entry, work, attempt.around)
    del attempt.reached[number]
    if entry.asked.criteria is not None:  # something was looked up
        attempt.reached[number] = attempt.settled[number][0]


async def _work_out(gateway: Gateway, entry: Entry, number: int, attempt: _Attempt, same: int) -> None:
    work, token, place = attempt.settled[number]
    attempt.reached[number] = work
    body = await resolved(gateway, entry, work, attempt.around)
    asked = linked(entry.asked, body)
    came: Came
    if asked.kind in DIRECTORY:
        listed = await in_directory.listed(gateway, entry.caller, asked, place, token)
        came = replace(listed, created=listed.created and same == number)
    elif asked.kind == SUBSCRIPTION:
        came = await in_subscriptions.understood(gateway, entry.caller, asked, token)
    elif asked.kind == MESSAGE:
        came = await _message(gateway, entry, work, body, attempt.around)
    else:
        work.asked = linked(work.asked, body)
        came = _placed(await _word(gateway, entry, number, attempt), entry)
        if same != number and isinstance(came, Word):
            came = Standing.of(place)
    attempt.done[number] = Done(entry, work, came)


async def _word(gateway: Gateway, entry: Entry, number: int, attempt: _Attempt) -> Word | Standing:
    """What a write about a citizen comes to. Raises Moved where its condition finds another by now."""
    work, token, place = attempt.settled[number]
    leaned = len(attempt.around.leaned)
    came = await understood(gateway, entry.caller, work, attempt.around, token)
    attempt.leaned[number] = attempt.around.leaned[leaned:]
    if came.reference != place:
        raise Moved
    return came


async def _message(gateway: Gateway, entry: Entry, work: Work, body: Json, around: Around) -> Sending:
    subject = body.get("subject")
    named = subject.get("reference") if isinstance(subject, dict) else None
    if isinstance(named, str) and named in around.promised:
        raise Refused("A message is about somebody who is here before it", where=f"{MESSAGE}.subject")
    return await write_message.understood(gateway, entry.caller, body, work.about)


def _placed(came: Word | Standing, entry: Entry) -> Word | Standing:
    """What is found to be wrong when it is kept is told with the place too."""
    if not isinstance(came, Word):
        return came
    plain = came.check

    def check(known: Known) -> None:
        try:
            plain(known)
        except GatewayError as error:
            raise entry.placed(error) from None

    return replace(came, check=check)


def _check_together(entries: Sequence[Entry], attempt: _Attempt) -> None:
    """Each resource once, also where a condition would make it, and nothing of one citizen that refers to what the
    transaction makes of another. Raises Refused, RuleBroken with the place of the entry."""
    seen: set[object] = set()
    for _, one in sorted(attempt.done.items()):
        asked = one.entry.asked
        if asked.interaction == "create" and not one.came.created:
            continue  # found, not written
        written: list[object] = [one.came.reference]
        if asked.interaction in ("create", "update") and asked.criteria is not None:
            written.append((asked.kind, tuple(sorted(asked.criteria))))
        if not seen.isdisjoint(written):
            raise Refused("Two entries write the same resource", where=one.entry.place)
        seen.update(written)
    owners = {one.came.reference: one.came.citizen for one in attempt.done.values() if isinstance(one.came, Word)}
    for number, leaned in attempt.leaned.items():
        if any(owners.get(made, "") not in same for made, same in leaned):
            raise RuleBroken(
                "This refers to nothing of this citizen that you may see", where=f"{entries[number].place}.resource",
                hint="Check the references to other entries.",
            )  # fmt: skip


async def _check_circles(gateway: Gateway, attempt: _Attempt) -> None:
    """What stands when all of it is written leads nowhere back to itself. Raises RuleBroken with the place."""
    words = {number: (one, one.came) for number, one in attempt.done.items() if isinstance(one.came, Word)}
    written = {word.reference: word.statement.body for _, word in words.values() if word.statement.act is Act.STATE}
    for number, (one, word) in words.items():
        try:
            came = await unless_in_circle(gateway, one.entry.caller, word, written, attempt.around.effort)
        except Unavailable:
            raise
        except GatewayError as error:
            raise one.entry.placed(error) from None
        attempt.done[number] = replace(one, came=came)


async def _answer(gateway: Gateway, one: Done, number: int, outcome: Outcome) -> Served:
    if one.entry.asked.interaction == "delete":
        return Served(b"")
    if number in outcome.changed:
        return outcome.changed[number].served(gateway)
    if isinstance(one.came, Subscribing):
        return one.came.served(gateway)
    if isinstance(one.came, Sending):
        return await write_message.shown(gateway, one.entry.caller, one.came.identity)
    assert isinstance(one.came, Word | Standing)  # noqa: S101 - for mypy: what is listed was changed
    return await shown(gateway, one.entry.caller, one.came, None if number in outcome.unkept else outcome.versions)


async def _told_again(gateway: Gateway, entries: Sequence[Entry], came: Sequence[tuple[str, bool]]) -> Sequence[Served]:
    """What stands now of what the same Bundle made when it came first."""
    standing = [Standing.of(reference) for reference, _ in came]
    works = [begun(gateway, entry.caller, entry.asked) for entry in entries]
    owners = await _owners(gateway, standing)
    for work, one in zip(works, standing, strict=True):
        work.about(owners.get(one.reference, ""))
    await on_record(gateway, *(told(work, one) for work, one in zip(works, standing, strict=True)))
    return [
        replace(await _as_it_stands(gateway, entry, one), created=created)
        for entry, one, (_, created) in zip(entries, standing, came, strict=True)
    ]


async def _owners(gateway: Gateway, standing: Sequence[Standing]) -> dict[str, str]:
    """Whose each of them is by now, by its reference: what stands is shown, so it is a look at that citizen."""
    kinds = {one.kind for one in standing} - set(DIRECTORY)
    found = {
        kind: await population.owners_of(gateway.database, kind, [one.identity for one in standing if one.kind == kind])
        for kind in sorted(kinds)
    }
    return {f"{kind}/{identity}": citizen for kind, owners in found.items() for identity, citizen in owners.items()}


async def _as_it_stands(gateway: Gateway, entry: Entry, one: Standing) -> Served:
    if entry.asked.interaction == "delete":
        return Served(b"")
    if one.kind in DIRECTORY:
        return await in_directory.as_it_stands(gateway, entry.caller, one.kind, one.identity)
    if one.kind == SUBSCRIPTION:
        return await in_subscriptions.as_it_stands(gateway, entry.caller, one.identity)
    return await shown(gateway, entry.caller, one, None)
