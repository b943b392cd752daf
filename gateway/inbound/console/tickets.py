"""Tickets and sessions of the console: how a person's browser gets in without a token in any URL or script.

A ticket is made for one caller and one citizen, is good once and for a short time, and is exchanged for a session
by a form. Both live in memory only: a restart ends them, and there is nothing to steal from a disk. What is kept
is the SHA-256 of each secret.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.caller import Caller

TICKET_SECONDS = 600
SESSION_SECONDS = 900
IDLE_SECONDS = 1800
"""The session of somebody who works here (auditor, operator) ends so long after its last page."""
WORK_SECONDS = 8 * 3600
"""… and so long after it began, whatever was done in it."""

_MOST = 10_000
_MOST_HELD = 100


@dataclass(frozen=True, slots=True)
class Visit:
    """Whom a ticket or a session stands for, and the citizen it was made for; "" for the pages of the caller's role.

    `held` is what a session remembers of what was entered in its forms, so that addresses need not hold it.
    """

    caller: Caller
    patient: str
    held: OrderedDict[str, object] = field(default_factory=OrderedDict, compare=False, repr=False)

    def hold(self, thing: object) -> str:
        """Keep this for the rest of the session; gives the opaque id that may stand in an address."""
        while len(self.held) >= _MOST_HELD:
            self.held.popitem(last=False)
        key = secrets.token_hex(12)
        self.held[key] = thing
        return key


class Tickets:
    """Makes tickets, exchanges each once, and knows the running sessions."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._tickets = _Secrets(clock, TICKET_SECONDS)
        self._sessions = _Secrets(clock, SESSION_SECONDS)
        self._working = _Secrets(clock, IDLE_SECONDS, WORK_SECONDS)

    def make(self, caller: Caller, patient: str) -> str:
        """A ticket for this caller to see this citizen's plan (Patient id)."""
        return self._tickets.add(Visit(caller, patient))

    def exchange(self, ticket: str) -> tuple[str, Visit] | None:
        """A new session and what it is for; None for a ticket that is used, too old or unknown."""
        visit = self._tickets.take(ticket)
        if visit is None:
            return None
        kept = self._sessions if visit.patient else self._working
        return kept.add(visit), visit

    def session(self, secret: str) -> Visit | None:
        """What a running session is for."""
        return self._sessions.find(secret) or self._working.find(secret, IDLE_SECONDS)

    def end(self, secret: str) -> None:
        """Ends a session."""
        self._sessions.take(secret)
        self._working.take(secret)


@dataclass(slots=True)
class _Held:
    expires: float
    last: float  # it is never renewed beyond this
    visit: Visit


class _Secrets:
    """Secrets that are good for a time, the oldest first out; `most` seconds when they are renewed."""

    def __init__(self, clock: Callable[[], datetime], seconds: int, most: int = 0) -> None:
        self._clock = clock
        self._seconds = seconds
        self._most_seconds = max(most, seconds)
        self._held: OrderedDict[bytes, _Held] = OrderedDict()

    def add(self, visit: Visit) -> str:
        now = self._clock().timestamp()
        while self._held and (len(self._held) >= _MOST or next(iter(self._held.values())).expires <= now):
            self._held.popitem(last=False)
        secret = secrets.token_urlsafe(24)
        self._held[_digest(secret)] = _Held(now + self._seconds, now + self._most_seconds, visit)
        return secret

    def find(self, secret: str, renewed: int = 0) -> Visit | None:
        """What the secret stands for; it is good for `renewed` seconds more from now on."""
        key, now = _digest(secret), self._clock().timestamp()
        held = self._held.get(key)
        if held is None or held.expires <= now:
            return None
        if renewed:
            held.expires = min(now + renewed, held.last)
            self._held.move_to_end(key)
        return held.visit

    def take(self, secret: str) -> Visit | None:
        visit = self.find(secret)
        self._held.pop(_digest(secret), None)
        return visit


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
