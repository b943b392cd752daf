"""Statements and facts as bytes, and back. Only the store reads these bytes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal

import msgspec

from gateway.domain.caller import Caller
from gateway.domain.findable import Findable
from gateway.domain.resource import Facts
from gateway.domain.statement import Body, Statement

_encoder = msgspec.json.Encoder(decimal_format="number")
_in_order = msgspec.json.Encoder(order="deterministic")
_statements = msgspec.json.Decoder(Statement, float_hook=Decimal)
_facts = msgspec.json.Decoder(Facts)
_callers = msgspec.json.Decoder(Caller)

SHOWN = 16


class Looked(msgspec.Struct):
    """What of an access record's bytes the detection of unusual looks reads (domain/record.py has them all)."""

    user_name: str = ""
    user_role: str = ""
    kind: str = ""
    operation: str = ""
    resources: tuple[str, ...] = ()


_looks = msgspec.json.Decoder(Looked)
_findable = msgspec.json.Decoder(Findable)

encode = _encoder.encode
"""Any JSON value, statement or facts as compact UTF-8 JSON; sets are sorted by their maker."""

decode = msgspec.json.Decoder(float_hook=Decimal).decode
"""JSON values again, every digit of a decimal kept: 1.50 is no 1.5 (http://hl7.org/fhir/R4/datatypes.html#decimal)."""


def statement(raw: bytes) -> Statement:
    """A stored statement."""
    return _statements.decode(raw)


def caller(raw: bytes) -> Caller:
    """A stored caller: whom notifications are decided for."""
    return _callers.decode(raw)


def look(raw: bytes) -> Looked:
    """A stored access record, as far as the detection of unusual looks reads it."""
    return _looks.decode(raw)


def found_by(raw: bytes) -> Findable | None:
    """What a stored access record is found by; None for bytes that are none. Nothing rests on its being written to the
    letter (domain/record.py `from_bytes` sees to that, and takes ten times as long)."""
    try:
        return _findable.decode(raw)
    except (msgspec.DecodeError, ValueError):
        return None


def facts(raw: bytes, updated: datetime | None = None, citizen: str = "") -> Facts:
    """Stored facts of a resource, with what its row tells besides: when it was last updated, and who it is about by
    now."""
    found = _facts.decode(raw)
    # Nobody else holds it yet; a copy with other values costs as much as the decoding.
    object.__setattr__(found, "updated", updated)
    if citizen:
        object.__setattr__(found, "citizen", citizen)
    return found


def facts_bytes(value: Facts) -> bytes:
    """Facts with their sets in a fixed order, so that equal facts are equal bytes."""
    return _in_order.encode(value)


def digest(body: bytes, facts_: bytes, citizen: str) -> bytes:
    """What tells one state of a resource from the next: half of it is about what is shown (`SHOWN` bytes), half about
    what decisions alone know."""
    shown = hashlib.sha256(citizen.encode() + b"\0" + body).digest()
    return shown[:SHOWN] + hashlib.sha256(facts_).digest()[:SHOWN]


def body(value: Body) -> bytes:
    """A resource's body as it is stored and served, but for meta.versionId and meta.lastUpdated."""
    return _encoder.encode(value)
