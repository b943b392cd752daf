"""The named functions that every language shares: a closed list. A new one needs a release, and that is right.

Dates are FHIR and ISO 8601 spellings; HL7 v2 brings its own. What a function cannot read raises `Unfit`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from gateway.domain.identifier import normal
from gateway.translate.rules.reader import Env, Function, Unfit

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:Z|[+-]\d\d:\d\d)?")
# A zone without its colon (+0100) is ISO 8601 too, and how Java systems write times when nobody tells them otherwise.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-]\d\d:?\d\d)?")
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_INTEGER = re.compile(r"[+-]?\d{1,10}")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?")
_TRUTHS = {"true": True, "1": True, "y": True, "false": False, "0": False, "n": False}
_GENDERS = {
    "male": "male", "m": "male", "mand": "male",
    "female": "female", "f": "female", "kvinde": "female",
    "other": "other", "o": "other", "andet": "other",
    "unknown": "unknown", "u": "unknown", "ukendt": "unknown",
}  # fmt: skip


def first(env: Env, *texts: str) -> str:
    """The first text that is there."""
    return next((text for text in texts if text), "")


def join(env: Env, separator: str, *texts: str) -> str:
    """The texts that are there, with the separator between them."""
    return separator.join(text for text in texts if text)


def concat(env: Env, *texts: str) -> str:
    """All texts one after the other; nothing unless every one of them is there."""
    return "".join(texts) if all(texts) else ""


def upper(env: Env, text: str) -> str:
    """In capitals."""
    return text.upper()


def boolean(env: Env, text: str) -> bool:
    """true, 1, Y; false, 0, N."""
    try:
        return _TRUTHS[text.strip().lower()]
    except KeyError:
        raise Unfit("is neither true nor false") from None


def integer(env: Env, text: str) -> int:
    """A whole number of 32 bits."""
    if not _INTEGER.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
        raise Unfit("is not a whole number")
    return int(text)


def decimal(env: Env, text: str) -> float | int:
    """A number; at most 15 digits, so that no binary fraction shows."""
    if not _DECIMAL.fullmatch(text) or sum(c.isdigit() for c in text) > 15:
        raise Unfit("is not a decimal number of at most 15 digits")
    return float(text) if "." in text else int(text)


def date_(env: Env, text: str) -> str:
    """A FHIR date in the precision it came in; a time behind it is cut off."""
    return _date(text)


def _date(text: str) -> str:
    text = text.strip().partition("T")[0]
    match = _DATE.fullmatch(text)
    if match is None:
        raise Unfit("is not a date")
    year, month, day = match.groups()
    _day(int(year), int(month or 1), int(day or 1))
    return "-".join(part for part in (year, month, day) if part)


def date_time(env: Env, text: str) -> str:
    """A FHIR dateTime: date precision kept, a time with seconds and zone; a missing zone is the source's."""
    text = text.strip()
    if "T" not in text:
        return date_(env, text)
    return _spelled(*_time(text, env.timezone))


def instant(env: Env, text: str) -> str:
    """A FHIR instant: needs a time."""
    if "T" not in text:
        raise Unfit("has no time of day")
    return date_time(env, text)


def moment(env: Env, text: str) -> datetime:
    """A point in time, in UTC; a mere date is the start of that day in the source's zone."""
    return _moment(text, env.timezone)


@lru_cache(maxsize=256)  # one message tells the same few again and again
def _moment(text: str, zone: tzinfo) -> datetime:
    text = text.strip()
    if "T" in text:
        return _time(text, zone)[0].astimezone(UTC)
    year, month, day = (*map(int, _date(text).split("-")), 1, 1)[:3]
    return datetime(year, month, day, tzinfo=zone).astimezone(UTC)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Unfit("is not a date of the calendar") from None


@lru_cache(maxsize=256)  # one message tells the same few times again and again
def _time(text: str, zone: tzinfo) -> tuple[datetime, str]:
    """The time and its fraction of a second as written. 24:00 is the next day; :60 the next minute."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise Unfit("is not a date and time")
    day, clock, second, offset = match.groups()
    whole, _, fraction = (second or "00").partition(".")
    start = _day(*map(int, day.split("-")))
    hour, minute = map(int, clock.split(":"))
    if hour > 24 or minute > 59 or int(whole) > 60 or (hour == 24 and (minute or int(whole))):
        raise Unfit("is not a time of the day")
    try:
        local = datetime(start.year, start.month, start.day, tzinfo=zone)
        local += timedelta(hours=hour, minutes=minute, seconds=int(whole))
        local = local.replace(microsecond=int((fraction + "000000")[:6]))
        if offset:
            local = local.replace(tzinfo=datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo)
        return local, fraction
    except (ValueError, OverflowError):
        raise Unfit("is not a time with a zone") from None


def _spelled(time: datetime, fraction: str) -> str:
    text = time.isoformat(timespec="seconds")
    return text[:19] + (f".{fraction}" if fraction else "") + text[19:]


def uri(env: Env, text: str) -> str:
    """A URI as it is; a bare OID gets its `urn:oid:`."""
    text = text.strip()
    if _OID.fullmatch(text):
        return "urn:oid:" + text
    if _URI.fullmatch(text):
        return text
    raise Unfit("is not a URI")


def oid(env: Env, text: str) -> str:
    """An OID as a URI."""
    text = text.strip().removeprefix("urn:oid:")
    if not _OID.fullmatch(text):
        raise Unfit("is not an OID")
    return "urn:oid:" + text


def authority(env: Env, text: str) -> str:
    """The identifier system of an assigning authority: as the source file says, else its OID or URI, else a system
    of this source's own, so that two sources' equal numbers are never taken for one."""
    text = text.strip()
    known = env.source.authorities.get(text)
    if known:
        return known
    if _OID.fullmatch(text):
        return "urn:oid:" + text
    if text.startswith(("urn:", "http://", "https://")) and _URI.fullmatch(text):
        return text
    return f"urn:faellesplan:source:{env.source.id}:{quote(text, safe='')}"


def key(env: Env, system: str, value: str) -> str:
    """The key of a thing that carries an identifier: `system|value` in its normal spelling."""
    return normal(system, value).key if value.strip() else ""


def own(env: Env, kind: str, value: str) -> str:
    """The key of a thing that only its source numbers: `source|type|id`."""
    number = value.strip()
    return f"{env.source.id}|{kind}|{number}" if number else ""


def identifier(env: Env, system: str, value: str) -> dict[str, str] | None:
    """An Identifier in its normal spelling."""
    found = normal(system, value)
    return {"system": found.system, "value": found.value} if found.value else None


def reference(env: Env, kind: str, text: str) -> dict[str, str] | None:
    """A literal Reference to the resource of a key."""
    return {"reference": f"{kind}/{env.ids(kind, text)}"} if text else None


def logical(env: Env, kind: str, system: str = "", value: str = "", display: str = "") -> dict[str, Any] | None:
    """A Reference by identifier, to somebody who is no resource here; by name alone when there is no number."""
    found = identifier(env, system, value) if system and value else None
    if not found and not display:
        return None
    parts = {"type": kind, "identifier": found, "display": display}
    return {name: part for name, part in parts.items() if part}


def phone(env: Env, text: str) -> str:
    """A telephone number without blanks; eight digits are Danish."""
    bare = re.sub(r"[\s().-]", "", text)
    bare = "+" + bare[2:] if bare.startswith("00") else bare
    if not re.fullmatch(r"\+?\d{3,15}", bare):
        raise Unfit("is not a telephone number")
    return "+45" + bare if len(bare) == 8 and bare[0] != "+" else bare


def gender(env: Env, text: str) -> str:
    """A code of AdministrativeGender."""
    try:
        return _GENDERS[text.strip().lower()]
    except KeyError:
        raise Unfit("is no gender") from None


SHARED: Mapping[str, Function] = MappingProxyType(
    {
        "first": Function(first, arity=(1, -1), always=True, alone=True),
        "join": Function(join, arity=(2, -1), always=True),
        "concat": Function(concat, arity=(1, -1)),
        "upper": Function(upper, alone=True),
        "boolean": Function(boolean, gives="boolean", alone=True),
        "integer": Function(integer, gives="integer", alone=True),
        "decimal": Function(decimal, gives="decimal", alone=True),
        "date": Function(date_, gives="date"),
        "datetime": Function(date_time, gives="dateTime"),
        "instant": Function(instant, gives="instant"),
        "moment": Function(moment, gives="moment"),
        "uri": Function(uri, gives="uri"),
        "oid": Function(oid, gives="uri"),
        "authority": Function(authority, gives="uri"),
        "key": Function(key, gives="key", arity=(2, 2)),
        "own": Function(own, gives="key", arity=(2, 2)),
        "identifier": Function(identifier, gives="Identifier", arity=(2, 2)),
        "reference": Function(reference, gives="Reference", arity=(2, 2)),
        "logical": Function(logical, gives="Reference", arity=(2, 4)),
        "phone": Function(phone, alone=True),
        "gender": Function(gender, gives="code", codes=frozenset(_GENDERS.values())),
    }
)
