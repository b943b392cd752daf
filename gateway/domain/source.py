"""A source: a system that speaks to the gateway (mappings/sources/*.yaml, compiled at start)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.domain.identifier import Identifier


@dataclass(frozen=True, slots=True)
class Connection:
    """Where messages to a source go: `mllp://host:port`, `mllps://host:port` (TLS) or `https://…`.

    Without `answers` the other end takes messages and says nothing: what was written is taken as received.
    """

    url: str
    answers: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends, in which sector, and how its numbers are to be read.

    `keeps` is "entitled" (retssikkerhedsloven § 12 c: content only of citizens with a municipal case) or "all".
    `authorities` maps an assigning authority as the source writes it to an identifier system.
    """

    id: str
    name: str
    sector: str  # region | municipality
    organisation: Identifier
    language: str  # hl7v2 | medcom | kl | oio
    senders: tuple[str, ...]  # how the message names it: "MSH-3|MSH-4", SOR number, CVR number
    keeps: str = "all"
    charset: str = ""
    timezone: str = "Europe/Copenhagen"
    municipality: str = ""  # four digits, municipal sources
    authorities: Mapping[str, str] = field(default_factory=dict)
    rules: str = ""  # overlay folder under mappings/<language>/, empty for the plain rules
    certificates: tuple[str, ...] = ()  # subject or alternative name of its client certificates
    deliver: Connection | None = None
