"""When something is to happen, and for how long: the times of SCH, TQ1 and AIS, AIG, AIL, AIP."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from gateway.translate.hl7v2 import time
from gateway.translate.rules.reader import Env, Unfit

_DAY = 8  # characters of a time that tells the day alone, or less
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,3})?", re.ASCII)
_DURATION = re.compile(r"([SMHDW]?)(\d{1,6}) ?([A-Z]*)", re.ASCII)  # TQ.3: M30, H2; in the wild also `2 hours`
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = timedelta(days=366)


def instant(env: Env, text: str) -> str:
    """DTM: a FHIR instant, which needs a time of day."""
    if len(re.split(r"[+-]", text, maxsplit=1)[0]) <= _DAY:
        raise Unfit("tells the day alone, and a time of day is needed")
    try:
        return time.fhir(text, env.timezone)
    except time.NoTime as error:
        raise Unfit(f"is not {error}") from None


def mere_day(env: Env, text: str) -> str:
    """DTM that tells the day alone (or less): a FHIR dateTime; nothing where there is a time of day."""
    if len(re.split(r"[+-]", text, maxsplit=1)[0]) > _DAY:
        return ""
    try:
        return time.fhir(text, env.timezone)
    except time.NoTime as error:
        raise Unfit(f"is not {error}") from None


def until(env: Env, start: str, amount: str, unit: str = "") -> str:
    """When something ends that begins at `start` and takes this long (AIS-4, AIS-7, AIS-8); nothing without both."""
    if not start or not amount:
        return ""
    begins = datetime.fromisoformat(instant(env, start))
    try:
        return (begins + _span(amount, unit)).isoformat()
    except OverflowError:
        raise Unfit("ends after the last day there is") from None


def minutes(env: Env, amount: str, unit: str = "") -> int | None:
    """A duration (SCH-9, SCH-10; TQ.3) in minutes, rounded up; nothing for none. Without a unit it is minutes."""
    span = _span(amount, unit)
    return -int(-span.total_seconds() // 60) or None


def _span(amount: str, unit: str) -> timedelta:
    """A number with a unit (`min^minutes`, `s`, `hr`: its first letter tells), or TQ.3 as one word (`M30`)."""
    word = None if _NUMBER.fullmatch(amount) else _DURATION.fullmatch(amount.upper())
    if word is not None:
        amount, unit = word[2], word[1] or word[3]
    elif not _NUMBER.fullmatch(amount):
        raise Unfit("is no duration such as 30 or M30")
    letter = unit[:1].lower() or "m"
    if letter not in _SECONDS or unit.lower().startswith("mo"):
        raise Unfit("has a unit that is no second, minute, hour, day or week")
    span = timedelta(seconds=float(amount) * _SECONDS[letter])
    if span > _LONGEST:
        raise Unfit("is longer than a year")
    return span


def lines(env: Env, *several: list[str]) -> str:
    """Texts, one a line."""
    return "\n".join(text for texts in several for text in texts)
