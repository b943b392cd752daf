"""Keep: statements about one citizen become durable, with all that follows from them, or nothing does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.domain.facts import judged
from gateway.domain.identifier import Identifier
from gateway.domain.intake import Change, Judge, Known, touch, work_out
from gateway.domain.outgoing import Outgoing
from gateway.domain.record import AccessRecord
from gateway.domain.resource import Facts, Resource
from gateway.domain.statement import Statement
from gateway.errors import Unavailable
from gateway.flows.files import looked_into
from gateway.flows.parts import Gateway
from gateway.store import intake
from gateway.store.intake import Answered, Arrival
from gateway.store.pool import Connection

TRIES = 20


@dataclass(frozen=True, slots=True)
class About:
    """Whom the statements are about, best identifier first; `merged` is another identity of the same person."""

    citizen: Sequence[Identifier]
    merged: Sequence[Identifier]
    statements: Sequence[Statement]


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of it: `before` when the same content had come before, `change` when it was kept now; neither when
    it tells nothing of a citizen, or the law does not let it be kept."""

    before: Answered | None = None
    change: Change | None = None


def _judge(gateway: Gateway, known: Known, arrival: Arrival) -> Judge:
    """What is judged by its words, and by those of the files beside it: the ones that are known and those that come."""
    files = known.files | {one.id: one.labels for one in arrival.attached if one.labels is not None}

    def judge(resource: Resource, citizen: str) -> tuple[Resource, Facts]:
        return judged(resource, citizen, gateway.labeller, gateway.sources, files)

    return judge


async def keep(
    gateway: Gateway,
    arrival: Arrival,
    about: About,
    record: Callable[[Change], AccessRecord],
    *,
    entitled_only: bool = False,
    check: Callable[[Known], None] = lambda known: None,
    outgoing: Callable[[Change], Sequence[Outgoing]] = lambda change: (),
    besides: Callable[[Change], Sequence[AccessRecord]] = lambda change: (),
    again: bool = False,
    within: Connection | None = None,
) -> Kept:
    """Write the statements, every resource they change, what is to be sent because of them and the access record in
    one commit; `besides` gives the records of further writes in it. `again`: nothing is said, and all that was said of
    the citizen is folded and judged again, by the tables of today; where that changes nothing, nothing is written.

    Others may write about the same citizen meanwhile: then it is worked out again from what is known by now, and
    `check` is asked again, which may raise what then becomes of it. `within` is a commit of the caller's own
    (store/one_commit.py) that this is a part of.
    Raises Unavailable when the database is away, or when others were faster every time.
    """

    arrival = await looked_into(gateway, arrival)
    everything, taken = again, frozenset[tuple[str, str]]()
    database = within or gateway.database
    for _ in range(TRIES):
        asked = touch(about.citizen, about.merged, about.statements, gateway.ids, everything=everything)
        before, known = await intake.recall(database, arrival.fingerprint, asked, arrival.received_at)
        if before is not None:
            return Kept(before=before)
        if not (about.statements or again) or (entitled_only and not known.entitled):
            return Kept()
        check(known)
        change = work_out(
            known, about.citizen, about.merged, about.statements, gateway.ids, gateway.sources,
            _judge(gateway, known, arrival),
            everything=everything, taken=taken,
        )  # fmt: skip
        if again and change and not intake.changes(change, known):
            return Kept()
        everything = again or change is None
        records = [record(change), *besides(change)] if change else []
        if change and await intake.save(
            database, arrival, change, known, records, outgoing(change), gateway.tellings.kinds
        ):
            return Kept(change=change)
        taken |= await intake.taken(database, change) if change else frozenset()
    raise Unavailable("Others write about the same citizen all the time", hint="Send again.")
