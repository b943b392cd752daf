"""Fetch: systems that do not send by themselves are asked for the citizens known here (docs/decisions/0016).

What was fetched of one citizen is one document that is received like any message. While it says the same it is the same
message, byte for byte: so a look that finds nothing new changes nothing, whatever became of it the first time.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from gateway.domain.identifier import CPR, normal
from gateway.domain.source import Source
from gateway.errors import GatewayError, Refused, Unavailable
from gateway.flows.deliver import Unreachable
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive, told
from gateway.store import fetched
from gateway.store.fetched import State
from gateway.translate.door import door_of
from gateway.translate.vendor.gathered import canonical, written

__all__ = [
    "OUTCOMES",
    "Found",
    "Letter",
    "Round",
    "State",
    "System",
    "Systems",
    "fetch",
    "known_to",
    "numbers_of",
    "rounds",
    "states",
]

log = logging.getLogger("gateway.fetch")

OUTCOMES = ("new", "unchanged", "unknown", "refused", "failed")
"""What can become of a look: something new, nothing new, the system does not know the citizen, what it answered was not
understood and is in quarantine, its answer could not be used."""
MOST_FAILURES = 5  # one after the other, before a round is given up

Content = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message out of the system's inbox; `mark` is what the adapter needs to tell it that the message was kept."""

    raw: bytes
    mark: Any = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one citizen: answers by step, and letters."""

    content: Content
    letters: list[Letter] = field(default_factory=list)


class System(Protocol):
    """A system that is asked. Raises Unreachable where it cannot be asked just now, Refused where its answer cannot be
    used."""

    async def find(self, number: str) -> Found | None:
        """All that it knows of the citizen; None when it does not know them. Raises Unreachable, Refused."""
        ...

    async def keep(self, letter: Letter) -> None:
        """Tells it that this letter was kept here: accepted, placed, archived. Raises Unreachable, Refused."""
        ...


Systems = Callable[[Source], AbstractAsyncContextManager[System]]
"""Opens a system. Raises Unreachable."""


@dataclass(slots=True)
class Round:
    """What became of one round: how many looks by outcome, how many letters came and how many were left there."""

    source: str
    looks: Counter[str] = field(default_factory=Counter)
    letters: int = 0
    left: int = 0
    failure: str = ""


async def fetch(gateway: Gateway, systems: Systems, source: Source, numbers: Sequence[str] | None = None) -> Round:
    """One round: ask for these CPR numbers, or for everybody known to have a case of the source's municipality.

    A system that is away ends the round; what could not be used of one citizen is noted and ends nothing. Nothing that
    is here already is lost by either. Raises Unavailable.
    """
    done = Round(source.id)
    wanted = await _in_turn(gateway, source) if numbers is None else numbers
    try:
        async with systems(source) as system:
            failing = 0
            for number in wanted:
                outcome = await _look(gateway, system, source, number, done)
                done.looks[outcome] += 1
                failing = failing + 1 if outcome == "failed" else 0
                if failing == MOST_FAILURES:
                    raise Unreachable("One look after the other failed")
    except Unreachable as away:
        done.failure = away.told()
        log.warning("fetching from %s ended early: %s", source.id, done.failure)
    if numbers is None or done.failure:
        await fetched.ended(gateway.database, source.id, done.failure, gateway.clock())
    return done


async def rounds(gateway: Gateway, systems: Systems) -> AsyncIterator[Round]:
    """A round of every source whose time has come, on one of the nodes."""
    for source in gateway.sources.values():
        if source.fetch is None:
            continue
        now = gateway.clock()
        if await fetched.claim(gateway.database, source.id, now, now - timedelta(minutes=source.fetch.minutes)):
            yield await fetch(gateway, systems, source)


async def states(gateway: Gateway) -> list[State]:
    """How it stands with every source that was ever asked."""
    return await fetched.states(gateway.database)


async def known_to(gateway: Gateway, source: Source) -> list[str]:
    """The CPR numbers of citizens with an open case of this source's municipality."""
    same = [one.id for one in gateway.sources.values() if one.municipality and one.municipality == source.municipality]
    return await fetched.known(gateway.database, CPR, same, gateway.clock())


async def _in_turn(gateway: Gateway, source: Source) -> list[str]:
    """Everybody known: who was never asked for first, then who was so longest ago; last those whose last look failed,
    as some of them may fail each time and end the round."""
    looks = await fetched.looks(gateway.database, source.id)
    never = (False, datetime.min.replace(tzinfo=UTC))
    known = await known_to(gateway, source)
    return sorted(known, key=lambda number: looks.get(_hidden(gateway, source, number), never))


def _hidden(gateway: Gateway, source: Source, number: str) -> bytes:
    """The citizen, as what was fetched is remembered."""
    return gateway.fingerprint(b"fetched", source.id.encode(), number.encode())


async def numbers_of(gateway: Gateway, citizen: str) -> list[str]:
    """The CPR numbers of a citizen: of the one with this Patient id, or the number itself."""
    number = normal(CPR, citizen).value
    if len(number) == 10 and number.isascii() and number.isdigit():
        return [number]
    return await fetched.numbers_of(gateway.database, CPR, citizen.removeprefix("Patient/"))


async def _look(gateway: Gateway, system: System, source: Source, number: str, done: Round) -> str:
    """One citizen. Raises Unreachable, Unavailable."""
    citizen = _hidden(gateway, source, number)
    outcome, failure = "failed", ""
    try:
        found = await system.find(number)
        if found is None:
            outcome = "unknown"
        else:
            outcome, failure = await _keep(gateway, source, citizen, number, found.content)
            await _take(gateway, system, source, number, found.letters, done)
    except Unavailable:
        raise
    except Unreachable as away:  # noted: else the same citizen came first in the next round, and ended that too
        await fetched.told(gateway.database, source.id, citizen, away.told(), gateway.clock())
        raise
    except Refused as wrong:
        outcome, failure = "failed", wrong.told()
    except Exception as bug:  # noqa: BLE001 - one citizen must not stop all others
        outcome, failure = "failed", told(bug).text
    if failure:
        log.warning("a look into %s failed: %s", source.id, failure)
    await fetched.told(gateway.database, source.id, citizen, failure, gateway.clock())
    return outcome


async def _keep(gateway: Gateway, source: Source, citizen: bytes, number: str, content: Content) -> tuple[str, str]:
    """What was found becomes a message, from the time when it was seen first. Raises Unavailable."""
    now = gateway.clock()

    def document(at: datetime) -> bytes:
        return written(source.language, source.senders[0], at, number, content)

    digest = gateway.fingerprint(b"content", canonical(content), _said(gateway, source, document(now)))
    since, new = await fetched.seen(gateway.database, source.id, citizen, digest, now)
    answer = await receive(gateway, source.language, document(since), sends=(source.id,))
    if answer.transient:
        raise Unavailable("What was fetched could not be kept just now")
    if not answer.accepted:
        return "refused", json.loads(answer.body)["text"]
    return ("new" if new else "unchanged"), ""


def _said(gateway: Gateway, source: Source, raw: bytes) -> bytes:
    """What a document means now: a planned end makes news on its day, though the system says nothing else."""
    try:
        statements = gateway.languages.of(source.language).translate(raw).statements
    except GatewayError:
        return b""
    return json.dumps([[one.kind, one.key, one.body] for one in statements], sort_keys=True, default=str).encode()


async def _take(
    gateway: Gateway, system: System, source: Source, number: str, letters: Sequence[Letter], done: Round
) -> None:
    """Receive the letters of the citizen's inbox. The system is told of each after it was kept here; what is not kept
    stays there, and comes again. Raises Unreachable, Refused, Unavailable."""
    allowed = source.fetch.letters if source.fetch else ()
    for letter in letters:
        done.letters += 1
        language = _language(gateway, letter, number)
        answer = await receive(gateway, language, letter.raw, sends=allowed) if language else None
        if answer is not None and answer.transient:
            raise Unavailable("A letter could not be kept just now")
        if answer is None or not answer.accepted:
            done.left += 1
            log.warning("a letter in the inbox of %s was not taken", source.id)
        else:
            await system.keep(letter)


def _language(gateway: Gateway, letter: Letter, number: str) -> str:
    """The language of a letter about the citizen in whose inbox it lies; empty for another's. One that cannot be
    understood is received all the same: it is kept in quarantine with the reason."""
    try:
        name = door_of(letter.raw)
        spoken = gateway.languages.of(name)
    except GatewayError:
        return ""
    try:
        citizens = [spoken.translate(one).citizen for one in gateway.languages.messages(name, letter.raw)]
    except GatewayError:
        return name
    return name if all(normal(CPR, number) in one for one in citizens) else ""
