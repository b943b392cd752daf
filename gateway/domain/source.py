"""A source: a system that speaks to the gateway (mappings/sources/*.yaml, compiled at start)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.domain.identifier import Identifier
from gateway.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Connection:
    """Where messages to a source go: `mllp://host:port`, `mllps://host:port` (TLS) or `https://…`.

    Without `answers` the other end takes messages and says nothing: what was written is taken as received.
    `certificate`, `key` and `authorities` are PEM files of this connection alone, "" for those of the node. `most` is
    the largest message that goes there, in bytes; 0 is any. `action` is the SOAPAction of a SOAP service.
    """

    url: str
    answers: bool = True
    certificate: str = ""
    key: str = ""
    authorities: str = ""
    most: int = 0
    action: str = ""


@dataclass(frozen=True, slots=True)
class Fetching:
    """How a system that does not send by itself is asked (`fetch` in mappings/sources). `url` is its root, `token`
    where a token is got by client credentials, `client` who asks. `secret` and `key` name the environment variable, or
    the file where it begins with `/`, that holds the client's secret and the API key ("": none is needed).

    `minutes` between two rounds. `letters` are the sources whose messages may come out of its inbox: none, and the
    inbox is left alone. `place` is the name of what letters are placed on there before they are archived.
    """

    url: str
    token: str
    client: str
    secret: str
    minutes: int = 60
    scope: str = ""
    key: str = ""
    letters: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends, in which sector, and how its numbers are to be read.

    `keeps` is "entitled" (retssikkerhedsloven § 12 c: content only of citizens with a municipal case) or "all".
    `authorities` maps an assigning authority as the source writes it to an identifier system. `processing` are the
    processing ids (HL7 v2 MSH-11, table 0103) of the messages that are taken from it; () is any.
    """

    id: str
    name: str
    sector: str  # region | municipality
    organisation: Identifier
    language: str  # hl7v2 | medcom | kl | oio …
    senders: tuple[str, ...]  # how the message names it: "MSH-3|MSH-4", SOR number, CVR number
    keeps: str = "all"
    charset: str = ""
    timezone: str = "Europe/Copenhagen"
    processing: tuple[str, ...] = ("P",)
    municipality: str = ""  # four digits, municipal sources
    authorities: Mapping[str, str] = field(default_factory=dict)
    rules: str = ""  # overlay folder under mappings/<language>/, empty for the plain rules
    certificates: tuple[str, ...] = ()  # subject or alternative name of its client certificates
    deliver: Connection | None = None
    fetch: Fetching | None = None


def written_as(sends: Iterable[str], sources: Mapping[str, Source]) -> Source:
    """The source in whose name a client writes: the first that it is registered for. Raises Forbidden."""
    for name in sends:
        if name in sources:
            return sources[name]
    raise Forbidden("This client is not registered to write as any source", hint="Register it (sends).")
