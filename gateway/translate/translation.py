"""What every language gives back, whatever it was written in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.correspondence import Attached
from gateway.domain.identifier import Identifier
from gateway.domain.outgoing import Receipt
from gateway.domain.source import Source
from gateway.domain.statement import Statement

__all__ = ["Finding", "Receipt", "Translation"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A value that was not carried over faithfully. `rule` is `file:line`; no values from the message."""

    where: str
    text: str
    rule: str = ""
    severity: str = "warning"  # information | warning


@dataclass(slots=True)
class Translation:
    """One message, understood. Nobody changes one; not frozen for the same reason as Statement.

    `fingerprint` is SHA-256 over the content without its envelope (no send time, no envelope id): the same
    content sent twice has the same fingerprint. `citizen` is best first (domain/identifier.py); `merged` are
    the identifiers of an identity that this message says is the same person (A40).

    With a `receipt` the message only tells what became of one that was sent: it has no citizen and no statements, is
    matched to what was sent, and is itself never acknowledged. `attached` are the files of a correspondence,
    `without_files` the message's bytes with marks in their places, where they were taken out of it.

    A language whose messages have ids that must not stand for other content (domain/message_number.py) gives the
    `envelope`'s id (Bundle.id) and SHA-256 over what the message `concerns`: sender, citizen, episode, provider.

    A message that `registers` tells of things that are about one citizen at a time, whoever else they were about.
    """

    language: str
    source: Source
    message_id: str
    event: str
    sent: datetime | None
    fingerprint: bytes
    citizen: tuple[Identifier, ...]
    statements: tuple[Statement, ...]
    merged: tuple[Identifier, ...] = ()
    findings: tuple[Finding, ...] = ()
    receipt: Receipt | None = None
    attached: tuple[Attached, ...] = ()
    without_files: bytes = b""
    envelope: str = ""
    concerns: bytes = b""
    registers: bool = False
