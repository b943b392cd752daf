"""An export of the log: one JSON object per line, in the order of the tree.

    {"format":"faellesplan-log/1","origin":…,"vkey":…,"checkpoints":[newest note]}
    {"index":0,"id":1,"leaf":hex,"salt":hex,"body":"the record's own bytes, as text"}
    {"checkpoint":note}                      stands where the tree had the size that it names

`body` and `salt` are null once the body's time has run out; the leaf stays, and `list` is the key of the citizen's list
that the record stands in (listing.py). Nothing in a line is believed: who reads an export checks it against signatures
(verify_log.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from gateway.domain.checkpoint import BadNote
from gateway.domain.listing import list_key
from gateway.domain.record import SALT_BYTES, leaf
from gateway.errors import Unreadable

FORMAT = "faellesplan-log/1"

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
# A record's own field: inside a string the quotes would be escaped.
_TIME = re.compile(rb'[{,]"time":"([0-9TZ:.-]+)"')
_CITIZEN = re.compile(rb'[{,]"citizen":"([A-Za-z0-9.-]{1,64})"')
_FORGET = re.compile(rb'[{,]"operation":"forget-log"')
_BEFORE = re.compile(rb'[{,]"query":"before ([0-9TZ:.-]+)')


class BadLine(Unreadable):
    """This is no line of a log export."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: whose log this is, the key it says it was signed with, its newest checkpoint."""

    origin: str
    vkey: str
    checkpoints: tuple[str, ...]


@dataclass(slots=True)
class Entry:
    """One record's line. `leaf` is what the line claims, `computed` what its body gives; b"" where unknown.

    `list` is the key of the citizen's list it stands in, b"" where it is about nobody. `forgets`: it says that the
    contents of records before this time were deleted.
    """

    index: int
    id: int
    leaf: bytes
    computed: bytes
    time: datetime | None
    has_body: bool = True
    list: bytes = b""
    forgets: datetime | None = None


def header_line(vkey: str, checkpoints: tuple[str, ...]) -> bytes:
    """The first line; the origin is the name of the key."""
    origin = vkey.partition("+")[0]
    return _line({"format": FORMAT, "origin": origin, "vkey": vkey, "checkpoints": checkpoints})


def entry_line(
    index: int, id: int, leaf: bytes, salt: bytes | None, body: bytes | None, list: bytes | None = None
) -> bytes:
    """One record's line. The key of its list is told where the body no longer tells whom it was about."""
    return _line(entry_told(index, id, leaf, salt, body) | ({"list": list.hex()} if list and body is None else {}))


def entry_told(index: int, id: int, leaf: bytes, salt: bytes | None, body: bytes | None) -> dict[str, Any]:
    """One record as its line says it. A body that is not UTF-8 was never written here; it is shown as it can be."""
    return {
        "index": index,
        "id": id,
        "leaf": leaf.hex(),
        "salt": None if salt is None else salt.hex(),
        "body": None if body is None else body.decode(errors="replace"),
    }


def checkpoint_line(note: str) -> bytes:
    """A checkpoint between records."""
    return _line({"checkpoint": note})


def _line(content: dict[str, Any]) -> bytes:
    return _encode(content).encode() + b"\n"


def read_header(line: bytes) -> Header:
    """The first line; raises BadLine."""
    told = _read(line)
    checkpoints = told.get("checkpoints")
    if told.get("format") != FORMAT or not isinstance(told.get("vkey"), str) or not isinstance(checkpoints, list):
        raise BadLine("The first line is not the header of a log export")
    if told.get("origin") != told["vkey"].partition("+")[0]:
        raise BadLine("The first line names one log and the key of another")
    return Header(told["origin"], told["vkey"], tuple(str(note) for note in checkpoints))


def read_line(line: bytes) -> Entry | str:
    """A record's line, or the note of a checkpoint line; raises BadLine."""
    told = _read(line)
    if "checkpoint" in told:
        if not isinstance(told["checkpoint"], str):
            raise BadNote
        return told["checkpoint"]
    try:
        return read_entry(told)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadLine from None


def unhex(text: str) -> bytes:
    """Hexadecimal digits in the one spelling that is written here, so that no letter can be another; ValueError."""
    raw = bytes.fromhex(text)
    if raw.hex() != text:
        raise ValueError("these are not small hexadecimal digits")
    return raw


def read_entry(told: dict[str, Any]) -> Entry:
    """One record's line, read. Raises BadLine, KeyError, TypeError, ValueError or AttributeError for anything else."""
    index, number, claimed = told["index"], told["id"], unhex(told["leaf"])
    if type(index) is not int or type(number) is not int or len(claimed) != 32:
        raise BadLine
    if told["body"] is None:
        return Entry(index, number, claimed, b"", None, has_body=False, list=unhex(told.get("list") or ""))
    body, salt = told["body"].encode(), unhex(told["salt"])
    computed = leaf(body, salt) if len(salt) == SALT_BYTES else bytes(32)
    about = _CITIZEN.search(body)
    forgets = _time(body, _BEFORE) if _FORGET.search(body) else None
    return Entry(index, number, claimed, computed, _time(body), list=_key(about[1]) if about else b"", forgets=forgets)


@lru_cache(maxsize=65536)
def _key(citizen: bytes) -> bytes:
    return list_key(citizen.decode()) or b""


def _time(body: bytes, place: re.Pattern[bytes] = _TIME) -> datetime | None:
    found = place.search(body)
    try:
        time = datetime.fromisoformat(found[1].decode()) if found else None
    except ValueError:
        return None
    return time if time and time.tzinfo else None


def _read(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLine from None
    if not isinstance(told, dict):
        raise BadLine
    return told
