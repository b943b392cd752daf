"""Who is told what and when: MSH-15 and MSH-16, table 0155 (HL7 v2.5 chapter 2.9).

| | MSH-15 accept | MSH-16 application |
|---|---|---|
| AL | always | always |
| ER | when refused | when refused |
| SU | when accepted | when accepted |
| NE, empty | never | never |

Both empty is the original mode: one answer, AA, AE or AR, on the line on which the message came. Otherwise the accept
acknowledgement (CA, CE, CR) comes there, and the application acknowledgement is a message of its own over the
connection that the source has. Only where the sender wants no accept acknowledgement and its source has no connection,
the application acknowledgement comes on the line: the standard calls that the same as the original mode.

A failure is told once. What fails before the message is looked into (type, event, version, processing id, sender, size,
database) is told by the accept acknowledgement where there is one, since nothing of it is going to be processed; what
is wrong inside it by the application acknowledgement where there is one. An acknowledgement is never acknowledged: who
sends it with AL in MSH-15 is told that it was stored, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import GatewayError, Refused, TooLarge
from gateway.translate.hl7v2.header import Header

_CODES = frozenset({"AL", "NE", "ER", "SU"})
_ON_SUCCESS, _ON_ERROR = frozenset({"AL", "SU"}), frozenset({"AL", "ER"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which codes answer a message: `now` on its line, `later` over the source's connection; "" for none."""

    now: str
    later: str = ""


def wanted(header: Header, error: GatewayError | None, connected: bool) -> Wanted:
    """The answers to a message that was accepted, or refused with `error`; `connected`: its source has a connection."""
    accept, application = asked(header)
    receipt = header.part(9).upper() == "ACK"
    if not accept and not application:
        return Wanted("" if receipt else _code("A", error))
    if receipt:
        application = "NE"
    commit = "CA" if accept in _ON_SUCCESS else ""
    if error is None:
        return _split(_code("A", None), commit, application in _ON_SUCCESS, accept, connected)
    told_inside = application in _ON_ERROR
    if told_inside and isinstance(error, Refused) and not isinstance(error, TooLarge):
        return _split(_code("A", error), commit, told_inside, accept, connected)
    if accept in _ON_ERROR:
        return Wanted(_code("C", error))
    return Wanted(_code("A", error) if told_inside else "")


def asked(header: Header) -> tuple[str, str]:
    """MSH-15 and MSH-16; what is no code of table 0155 says nothing. Both empty: the original mode."""
    if not header.field(15) and not header.field(16):
        return "", ""
    accept, application = header.part(15).upper(), header.part(16).upper()
    return accept if accept in _CODES else "", application if application in _CODES else ""


def _split(code: str, commit: str, application: bool, accept: str, connected: bool) -> Wanted:
    if not application:
        return Wanted(commit)
    if not connected and accept in ("", "NE"):
        return Wanted(code)
    return Wanted(commit, code)


def _code(kind: str, error: GatewayError | None) -> str:
    """AA, AE, AR; CA, CE, CR."""
    return kind + (error.ack[1] if error else "A")
