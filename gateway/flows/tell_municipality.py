"""Tell a municipality: what changed at a hospital becomes a notice in the outbox, for each destination that wants it.

A notice says what is to be told and nothing of its content. Whether it may be told is decided when it goes out
(flows/disclose.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gateway.domain.journal import entry_id
from gateway.domain.outgoing import Outgoing
from gateway.domain.telling import CASE, KINDS, Before, Case, Notice, Telling, chosen, is_news, notice_of, state_of
from gateway.domain.when import DANISH
from gateway.errors import Unavailable
from gateway.flows.parts import Gateway
from gateway.flows.receive import told
from gateway.store import outbox, to_tell
from gateway.store.to_tell import Known, Noted

LEASE = timedelta(minutes=5)
MOST = 100
_AT_ONCE = 8  # notices of one resource to one destination that are looked for at a time


async def tell_municipalities(gateway: Gateway) -> int:
    """Work through what changed since the last look. How many notices were put into the outbox. One resource that
    cannot be worked with stops no other, and comes again when its lease is over. Raises Unavailable."""
    put = 0
    now = gateway.clock()
    for one in await to_tell.claim(gateway.database, now, now + LEASE, MOST):
        try:
            notices = [notice for noted in await _about(gateway, one) for notice in await _notices(gateway, noted)]
            await outbox.put(gateway.database, notices, gateway.clock())
            await to_tell.done(gateway.database, one)
        except Unavailable:
            raise
        except Exception as bug:  # noqa: BLE001 - a bug must cost one notice, not those behind it
            told(bug)
        else:
            put += len(notices)
    return put


async def _about(gateway: Gateway, one: Noted) -> list[Noted]:
    """The resource itself; of a case, all that may be told of its citizen."""
    if one.kind != CASE:
        return [one]
    return await to_tell.of_citizen(gateway.database, one, gateway.tellings.kinds)


async def _notices(gateway: Gateway, one: Noted) -> list[Outgoing]:
    """What is to be told of a resource as it is now, to each destination."""
    event = KINDS[one.kind]
    known = await to_tell.known(gateway.database, one.kind, one.id)
    state = state_of(event, known.body, gateway.ids, withdrawn=known.withdrawn) if known else ""
    rows = gateway.tellings.of(event, day_of(gateway))
    found = [await _notice(gateway, row, one, known, state) for row in rows]
    return [notice for notice in found if notice]


async def _notice(gateway: Gateway, row: Telling, one: Noted, known: Known | None, state: str) -> Outgoing | None:
    """The next notice of a resource to one destination, if there is news for it."""
    resource = f"{one.kind}/{one.id}"
    before = await told_before(gateway, row.destination, resource)
    if not is_news(state, before):
        return None
    case = before[-1].notice.case if before else _first_case(gateway, row, known)
    if not case:
        return None
    notice = Notice(row.event, resource, case, state, len(before) + 1, one.noticed_at)
    identity = notice_id(gateway, row.destination, resource, notice.number)
    language = gateway.sources[row.destination].language
    return Outgoing(row.destination, language, identity, notice.to_bytes(), known.citizen if known else "")


def _first_case(gateway: Gateway, row: Telling, known: Known | None) -> str:
    """The case that is told of this for the first time, "" where nobody is."""
    now = gateway.clock()
    if known is None or not row.fits(known.body, now):
        return ""
    destination = gateway.sources[row.destination]
    found: Case | None = chosen(known.cases, known.body, row, destination, gateway.sources, now)
    return f"CarePlan/{found.id}" if found else ""


async def told_before(gateway: Gateway, destination: str, resource: str) -> Sequence[Before]:
    """Every notice of a resource to one destination, in their order."""
    found: list[Before] = []
    while len(found) % _AT_ONCE == 0:
        numbers = range(len(found) + 1, len(found) + 1 + _AT_ONCE)
        ids = [notice_id(gateway, destination, resource, number) for number in numbers]
        rows = {row[0]: row for row in await outbox.named(gateway.database, destination, ids)}
        there = [rows[one] for one in ids if one in rows]
        found += [Before(identity, notice_of(body), state, tries) for identity, state, tries, body in there]
        if not there:
            break
    return found


def notice_id(gateway: Gateway, destination: str, resource: str, number: int) -> str:
    """The id of the message that the n-th notice becomes."""
    return entry_id(gateway.ids, destination, resource, str(number))


def day_of(gateway: Gateway) -> str:
    """Today in Denmark."""
    return gateway.clock().astimezone(DANISH).date().isoformat()
