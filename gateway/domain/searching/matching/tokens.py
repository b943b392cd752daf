"""Tokens: codes, identifiers, booleans, telecom. R4 3.1.1.4.10."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gateway.domain.identifier import normal
from gateway.domain.searching.matching.here import NOWHERE, Here
from gateway.domain.searching.matching.texts import apart, folded, unescaped
from gateway.errors import BadRequest

HL7 = "http://hl7.org/fhir/"
"""How the systems of codes begin that R4 binds an element to."""
_BY_TABLE = ("in", "not-in", "above", "below")


def make(name: str, modifier: str, value: str, here: Here = NOWHERE) -> Callable[[Any], bool]:
    """`code`, `system|code`, `|code` (of no system), `system|`; `:text` looks at the words instead, `:of-type` at an
    identifier of a type; `:in` and `:not-in` at a value set, `:above` and `:below` at where a code stands in its
    system."""
    if modifier == "text":
        wanted = folded(unescaped(value))
        return lambda item: isinstance(item, dict) and any(wanted in folded(one) for one in _words(item))
    if modifier == "of-type":
        return _of_type(name, value)
    if modifier in _BY_TABLE:
        return _coded(name, modifier, value, here)
    bar, system, code = _apart(value)
    number = normal(system, code)

    def test(item: Any) -> bool:
        if bar and isinstance(item, dict) and "value" in item:  # an Identifier, in whatever spelling
            held = normal(str(item.get("system", "")), str(item["value"]))
            return held == number if code else held.system == number.system
        if not bar:
            return any(c == code for _, c in _pairs(item))
        if isinstance(item, str) and system.startswith(HL7):
            return not code or item == code  # a code has the system of its binding, which is one of HL7's
        return any((s or "") == system and (not code or c == code) for s, c in _pairs(item))

    return test


def _apart(value: str) -> tuple[bool, str, str]:
    """(has a bar, system, code): the last bar that no backslash stands before."""
    place = next((i for i in range(len(value) - 1, -1, -1) if value[i] == "|" and not _escaped(value, i)), -1)
    return place >= 0, unescaped(value[: max(place, 0)]), unescaped(value[place + 1 :])


def _escaped(value: str, place: int) -> bool:
    before = value[:place]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _coded(name: str, modifier: str, value: str, here: Here) -> Callable[[Any], bool]:
    """Raises BadRequest with the parameter's name for what is not known here."""
    try:
        if modifier in ("in", "not-in"):
            test = here.codes.members(unescaped(value))
        else:
            _, system, code = _apart(value)
            test = here.codes.below(system, code) if modifier == "below" else here.codes.above(system, code)
    except BadRequest as error:
        raise BadRequest(error.text, where=name, hint=error.hint) from None
    return lambda item: any(test(system, code) for system, code in _pairs(item))


def _of_type(name: str, value: str) -> Callable[[Any], bool]:
    parts = apart(value, "|")
    if len(parts) != 3 or not all(parts):
        raise BadRequest("`:of-type` takes system|code|value of an identifier's type", where=name)
    system, code, number = map(unescaped, parts)

    def test(item: Any) -> bool:
        kinds = item.get("type", {}).get("coding", []) if isinstance(item, dict) else []
        typed = any(one.get("system") == system and one.get("code") == code for one in kinds)
        return typed and normal("", str(item.get("value", ""))).value == normal("", number).value

    return test


def _pairs(item: Any) -> Iterable[tuple[str | None, str]]:
    if isinstance(item, bool):
        return [(None, "true" if item else "false")]
    if isinstance(item, str):
        return [(None, item)]
    if not isinstance(item, dict):
        return []
    if "coding" in item or "text" in item:
        return [(c.get("system"), c.get("code", "")) for c in item.get("coding", [])]
    return [(item.get("system"), str(item.get("code", item.get("value", ""))))]


def _words(item: dict[str, Any]) -> list[str]:
    displays = [str(c.get("display", "")) for c in item.get("coding", [])]
    of_type = item.get("type")  # of an Identifier
    return [
        str(item.get("text", "")), str(item.get("display", "")), *displays,
        *(_words(of_type) if isinstance(of_type, dict) else ()),
    ]  # fmt: skip
