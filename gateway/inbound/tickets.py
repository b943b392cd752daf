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
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.caller import Caller

TICKET_SECONDS = 600
SESSION_SECONDS = 900
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Visit:
    """Whom a ticket or a session stands for, and the citizen it was made for."""

    caller: Caller
    patient: str


class Tickets:
    """Makes tickets, exchanges each once, and knows the running sessions."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._tickets = _Secrets(clock, TICKET_SECONDS)
        self._sessions = _Secrets(clock, SESSION_SECONDS)

    def make(self, caller: Caller, patient: str) -> str:
        """A ticket for this caller to see this citizen's plan (Patient id)."""
        return self._tickets.add(Visit(caller, patient))

    def exchange(self, ticket: str) -> tuple[str, Visit] | None:
        """A new session and what it is for; None for a ticket that is used, too old or unknown."""
        visit = self._tickets.take(ticket)
        return (self._sessions.add(visit), visit) if visit else None

    def session(self, secret: str) -> Visit | None:
        """What a running session is for."""
        return self._sessions.find(secret)

    def end(self, secret: str) -> None:
        """Ends a session."""
        self._sessions.take(secret)


class _Secrets:
    """Secrets that are good for a time, the oldest first out."""

    def __init__(self, clock: Callable[[], datetime], seconds: int) -> None:
        self._clock = clock
        self._seconds = seconds
        self._held: OrderedDict[bytes, tuple[float, Visit]] = OrderedDict()

    def add(self, visit: Visit) -> str:
        now = self._clock().timestamp()
        while self._held and (len(self._held) >= _MOST or next(iter(self._held.values()))[0] <= now):
            self._held.popitem(last=False)
        secret = secrets.token_urlsafe(24)
        self._held[_digest(secret)] = (now + self._seconds, visit)
        return secret

    def find(self, secret: str) -> Visit | None:
        expires, visit = self._held.get(_digest(secret), (0.0, None))
        return visit if expires > self._clock().timestamp() else None

    def take(self, secret: str) -> Visit | None:
        visit = self.find(secret)
        self._held.pop(_digest(secret), None)
        return visit


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
