"""Together: what the entries of a transaction come to becomes durable in one commit, or none of it does.

The directory's lock comes first, then those of all citizens in the order of their ids: two transactions that cross each
other wait for each other, and never in a circle. Everything before that is looked up without any lock; where it has
changed by now, all is undone and worked out again (Moved). Every entry's record is in the commit. What came is kept
beside each citizen's statements, and nothing of any other's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from gateway.domain.intake import Known, touch
from gateway.domain.record import AccessRecord
from gateway.errors import GatewayError, Unavailable
from gateway.flows import directory
from gateway.flows.directory.changing import Changed
from gateway.flows.directory.keeping import heard
from gateway.flows.directory.showing import recorded
from gateway.flows.directory.wholes import check_whole
from gateway.flows.keeping import About
from gateway.flows.parts import Gateway
from gateway.flows.taking import keep_taken
from gateway.flows.write_message import Sending
from gateway.flows.writing import in_directory, in_subscriptions
from gateway.flows.writing.again import Again
from gateway.flows.writing.asked import Entry, Moved, Standing, Word, Work
from gateway.flows.writing.in_directory import Listed
from gateway.flows.writing.in_subscriptions import Subscribing
from gateway.flows.writing.saying import Said, Versions, arrival_of, kept, numbers_of, told, versions_in
from gateway.store import intake, messages, wire
from gateway.store.log import append
from gateway.store.one_commit import Overtaken, forget_unsaid, lock, lock_directory, one_commit
from gateway.store.pool import Connection

Came = Word | Standing | Listed | Subscribing | Sending
"""What an entry comes to."""


@dataclass(frozen=True, slots=True)
class Done:
    """One entry that was understood: what it asks, its record so far, and what it comes to."""

    entry: Entry
    work: Work
    came: Came


@dataclass(slots=True)
class Outcome:
    """What became of the entries, by their numbers: `unkept` are those that the law lets nothing be kept of, `versions`
    what others have got."""

    changed: dict[int, Changed] = field(default_factory=dict)
    unkept: set[int] = field(default_factory=set)
    versions: Versions = field(default_factory=dict)


async def keep_together(
    gateway: Gateway, done: Mapping[int, Done], again: Again | None, others: Sequence[AccessRecord],
    reads: Callable[[Connection], Awaitable[None]],
) -> Outcome:  # fmt: skip
    """Keep it all, with the records of looks at `others`, where `reads` finds what it wants in what stands then. Raises
    what is wrong with an entry now, with its place; Moved; Unavailable."""
    outcome = Outcome()
    listed = {number: one for number, one in done.items() if isinstance(one.came, Listed)}
    try:
        async with one_commit(gateway.database) as connection:
            if listed:
                await lock_directory(connection)
            if again and not await _numbered(gateway, connection, again, done):
                raise Moved
            standing = [told(one.work, one.came) for one in done.values() if isinstance(one.came, Standing)]
            outcome.changed |= await _changed(gateway, connection, listed)
            outcome.unkept |= await _said(gateway, connection, _groups(done), _sent(done.values()), outcome.versions)
            await _subscribed(gateway, connection, done.values())
            records = [_record(gateway, one, outcome.changed[number]) for number, one in listed.items()]
            await append(connection, [*standing, *records, *others])
            await reads(connection)
    except Overtaken:
        raise Moved from None
    for kind in {one.entry.asked.kind for one in listed.values()}:
        await heard(gateway, kind)
    return outcome


async def _numbered(gateway: Gateway, connection: Connection, again: Again, done: Mapping[int, Done]) -> bool:
    """Whether it comes for the first time under its number."""
    entries = [(done[number].came.reference, done[number].came.created) for number in range(len(done))]
    return await messages.keep_metadata(connection, again.arrival(gateway, entries), state="nothing-kept")


async def _changed(gateway: Gateway, connection: Connection, listed: Mapping[int, Done]) -> dict[int, Changed]:
    """What is written in the directory; whether anything is a part of itself is asked when all of it stands."""
    changed, made, effort = dict[int, Changed](), dict[str, Changed](), directory.Effort()
    for number, one in listed.items():
        assert isinstance(one.came, Listed)  # noqa: S101 - for mypy
        with _placed(one.entry):
            caller = one.entry.caller
            changed[number] = await in_directory.within(gateway, connection, caller, one.came, made, effort)
        made[changed[number].reference] = changed[number]
    heights = dict[str, int]()
    for number, one in listed.items():
        if one.entry.asked.interaction != "delete":
            with _placed(one.entry):
                await check_whole(gateway, connection, one.entry.caller, changed[number].body, heights)
    return changed


async def _subscribed(gateway: Gateway, connection: Connection, done: Iterable[Done]) -> None:
    for one in done:
        if isinstance(one.came, Subscribing):
            with _placed(one.entry):
                await in_subscriptions.keep(gateway, connection, one.entry.caller, one.came)


def _sent(done: Iterable[Done]) -> list[tuple[Done, Sending]]:
    return [(one, one.came) for one in done if isinstance(one.came, Sending)]


@contextmanager
def _placed(entry: Entry) -> Iterator[None]:
    """What is found to be wrong with an entry is told with its place."""
    try:
        yield
    except Unavailable:
        raise
    except GatewayError as error:
        raise entry.placed(error) from None


def _record(gateway: Gateway, one: Done, changed: Changed) -> AccessRecord:
    asked = one.entry.asked
    return recorded(gateway, one.entry.caller, asked.interaction, asked.kind, asked.told, changed.look)


def _groups(done: Mapping[int, Done]) -> list[dict[int, tuple[Work, Word]]]:
    """The words about one citizen that are one source's, in the order of the citizens."""
    made: dict[tuple[str, str], dict[int, tuple[Work, Word]]] = defaultdict(dict)
    for number, one in done.items():
        if isinstance(one.came, Word):
            made[one.came.citizen, one.came.source.id][number] = (one.work, one.came)
    return [made[key] for key in sorted(made)]


async def _said(
    gateway: Gateway, connection: Connection, groups: Sequence[Mapping[int, tuple[Work, Word]]],
    sent: Sequence[tuple[Done, Sending]], versions: Versions,
) -> set[int]:  # fmt: skip
    """Keep the words and the messages, and note the `versions` that they make; gives the numbers of the words of which
    the law lets nothing be kept."""
    unkept: set[int] = set()
    locked = await _locked(gateway, connection, [list(one.values()) for one in groups], [one for _, one in sent])
    for one in groups:
        said = list(one.values())
        arrival = arrival_of(gateway, said, _content(said))
        change = await kept(gateway, said, arrival, partial(_check, said, locked, versions), connection)
        if change is None:
            await append(connection, [told(work, word) for work, word in said])
            await messages.keep_metadata(connection, arrival)
            unkept |= one.keys()
        else:
            locked |= {citizen for citizen, _ in change.revisions}
    for done, sending in sent:
        was = await keep_taken(gateway, sending.message, connection, partial(_check, (), locked, versions))
        with _placed(done.entry):
            sending.check(was.before.body if was.before else None)
        await append(connection, [sending.told(done.work.record)])
    await forget_unsaid(connection, locked)
    return unkept


def _check(said: Said, locked: set[str], versions: Versions, known: Known) -> None:
    """Raises what is wrong with a word now; Moved where others joined the citizen with somebody."""
    if not locked.issuperset(known.citizens.values()):
        raise Moved
    versions.update(versions_in(said, known))
    for _, word in said:
        word.check(known)


async def _locked(
    gateway: Gateway, connection: Connection, groups: Sequence[Said], sent: Sequence[Sending]
) -> set[str]:
    """Lock everybody whom words and messages touch. Raises Moved where a condition must be looked up again."""
    wanted = {word.citizen for said in groups for _, word in said}
    about = [About(numbers_of(said), (), [word.statement for _, word in said]) for said in groups]
    for one in (*about, *(sending.message.about for sending in sent)):
        asked = touch(one.citizen, one.merged, one.statements, gateway.ids, everything=False)
        _, known = await intake.recall(connection, b"", asked, gateway.clock())
        wanted |= {*known.citizens.values(), *asked.patients}
    revisions = await lock(connection, wanted)
    if any(0 <= word.revision != revisions[word.citizen] for said in groups for _, word in said):
        raise Moved
    return wanted


def _content(said: Said) -> bytes:
    """What came about this citizen: the Bundle holds other citizens' words too."""
    return wire.encode([word.statement.body for _, word in said])
