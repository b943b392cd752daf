"""How a search value matches: token, reference, date, string and uri, with their modifiers and prefixes.

R4 search 3.1.1.4. A value with a comma is an OR, a repeated parameter an AND (the caller combines them).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from gateway.domain.identifier import normal
from gateway.domain.when import instant, last_instant
from gateway.errors import BadRequest

Match = Callable[[list[Any]], bool]

MODIFIERS = {
    "token": ("missing", "not", "text"),
    "reference": ("missing", "identifier"),
    "date": ("missing",),
    "string": ("missing", "exact", "contains"),
    "uri": ("missing",),
}

_TIME = r"T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?"
_DATE = re.compile(rf"^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d{{4}}(?:-\d{{2}}(?:-\d{{2}}(?:{_TIME})?)?)?)$")
_NOT_WORDS = ("use", "system", "period")


def compile_match(name: str, kind: str, modifier: str, value: str) -> Match:
    """A test of a parameter's extracted values. Raises BadRequest that names the parameter, never the value."""
    if modifier == "missing":
        if value not in ("true", "false"):
            raise BadRequest("`:missing` takes true or false", where=name)
        return (lambda found: not found) if value == "true" else bool
    if modifier and modifier not in MODIFIERS[kind] and not (kind == "reference" and modifier[:1].isupper()):
        raise BadRequest("This modifier is not served for this parameter", where=f"{name}:{modifier}",
                         hint=f"Served: {', '.join(MODIFIERS[kind])}.")  # fmt: skip
    tests = [_MAKERS[kind](name, modifier, one) for one in _split(value)]
    if modifier == "not":
        return lambda found: not any(test(item) for test in tests for item in found)
    return lambda found: any(test(item) for test in tests for item in found)


def _split(value: str) -> list[str]:
    """Commas separate alternatives; `\\,` `\\|` `\\$` `\\\\` are the characters themselves (3.1.1.4.0.1)."""
    parts = re.split(r"(?<!\\),", value)
    return [re.sub(r"\\([,$\\])", r"\1", part) for part in parts if part]


def _token(name: str, modifier: str, value: str) -> Callable[[Any], bool]:
    if modifier == "text":
        return lambda item: isinstance(item, dict) and value.lower() in _texts(item)
    system, bar, code = value.rpartition("|")
    system, code = (system, code) if bar else ("", value)
    number = normal(system, code)

    def test(item: Any) -> bool:
        if bar and code and isinstance(item, dict) and "value" in item:  # an Identifier, in whatever spelling
            return normal(item.get("system", ""), str(item["value"])) == number
        pairs = _pairs(item)
        if not bar:
            return any(c == code for _, c in pairs)
        return any((s or "") == system and (not code or c == code) for s, c in pairs)

    return test


def _pairs(item: Any) -> list[tuple[str | None, str]]:
    if isinstance(item, bool):
        return [(None, "true" if item else "false")]
    if isinstance(item, str):
        return [(None, item)]
    if "coding" in item or "text" in item:
        return [(c.get("system"), c.get("code", "")) for c in item.get("coding", [])]
    return [(item.get("system"), str(item.get("code", item.get("value", ""))))]


def _texts(item: dict[str, Any]) -> str:
    displays = [str(c.get("display", "")) for c in item.get("coding", [])]
    return " ".join([str(item.get("text", "")), str(item.get("display", "")), *displays]).lower()


def _reference(name: str, modifier: str, value: str) -> Callable[[Any], bool]:
    if modifier == "identifier":
        token = _token(name, "", value)
        return lambda item: isinstance(item, dict) and "identifier" in item and token(item["identifier"])
    if modifier[:1].isupper():
        value = f"{modifier}/{value.rpartition('/')[2]}"
    if "/" in value:
        return lambda item: isinstance(item, dict) and item.get("reference") == value
    return lambda item: isinstance(item, dict) and str(item.get("reference", "")).rpartition("/")[2] == value


def _string(name: str, modifier: str, value: str) -> Callable[[Any], bool]:
    wanted = value if modifier == "exact" else value.casefold()

    def test(item: Any) -> bool:
        texts = list(_strings(item))
        if modifier == "exact":
            return wanted in texts
        folded = [text.casefold() for text in texts]
        return any(wanted in t for t in folded) if modifier == "contains" else any(t.startswith(wanted) for t in folded)

    return test


def _strings(item: Any) -> list[str]:
    if isinstance(item, str):
        return [item]
    if isinstance(item, dict):
        return [text for key, value in item.items() if key not in _NOT_WORDS for text in _strings(value)]
    return [text for one in item for text in _strings(one)] if isinstance(item, list) else []


def _uri(name: str, modifier: str, value: str) -> Callable[[Any], bool]:
    return lambda item: item == value


def _date(name: str, modifier: str, value: str) -> Callable[[Any], bool]:
    found = _DATE.match(value)
    if found is None:
        raise BadRequest("This is not a date with an optional prefix", where=name, hint="For instance ge2025-03-14.")
    try:
        low, high = instant(found[2]), last_instant(found[2])
    except ValueError:
        raise BadRequest("This date does not exist", where=name) from None
    compare = _COMPARE[found[1] or "eq"]
    return lambda item: (span := _span(item)) is not None and compare(*span, low, high)


def _span(item: Any) -> tuple[datetime, datetime] | None:
    """The time that a value covers: [from, to). An open period has no bound on that side."""
    if isinstance(item, str):
        return instant(item), max(last_instant(item), instant(item))
    if isinstance(item, dict) and ("start" in item or "end" in item):
        start = instant(item["start"]) if "start" in item else _EARLIEST
        return start, last_instant(item["end"]) if "end" in item else _LATEST
    return None


_EARLIEST = instant("0001-02-01")
_LATEST = instant("9999-01-01")

# R4 3.1.1.4.7: the value's range against the search range, both half open.
_COMPARE: dict[str, Callable[[datetime, datetime, datetime, datetime], bool]] = {
    "eq": lambda start, end, low, high: start >= low and end <= max(high, low),
    "ne": lambda start, end, low, high: not (start >= low and end <= max(high, low)),
    "gt": lambda start, end, low, high: end > high,
    "lt": lambda start, end, low, high: start < low,
    "ge": lambda start, end, low, high: end > low,  # a value that reaches into the searched day counts, as in practice
    "le": lambda start, end, low, high: start < high,
    "sa": lambda start, end, low, high: start >= high,
    "eb": lambda start, end, low, high: end <= low,
    "ap": lambda start, end, low, high: start <= high and end >= low,
}

_MAKERS: dict[str, Callable[[str, str, str], Callable[[Any], bool]]] = {
    "token": _token, "reference": _reference, "string": _string, "uri": _uri, "date": _date,
}  # fmt: skip
