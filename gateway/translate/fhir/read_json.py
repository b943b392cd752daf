"""FHIR JSON, read strictly: http://hl7.org/fhir/R4/json.html.

What other readers let through and two readers then understand differently is refused here: a name twice,
NaN and Infinity, numbers no double can hold, a byte order mark, half surrogates, nesting without end.
Numbers keep every digit (Decimal). Error texts name a place, never a value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec
import orjson

from gateway.errors import GatewayError, MissingField, TooLarge, Unreadable, WrongCharset, WrongType
from gateway.translate.r4 import facts

MAX_DEPTH = 64
MAX_BYTES = 10_000_000
MAX_DIGITS = 64  # of one number; FHIR asks for 18

# Possessive, and a string that never ends runs to the end: each byte is looked at once, whatever there is.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_HALF_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NUMBERS = f"A number is NaN, infinite, out of a double's range or longer than {MAX_DIGITS} digits."
_BAD: Any = object()
_FEW = 64
_SPELLED = rb"\u0022"  # a quote, as no writer here spells it
_TOO_DEEP = b"\n" + b"  " * MAX_DEPTH
_ELEMENT = re.compile(r"_?[a-z][A-Za-z0-9]{0,63}")


class _Twice(Exception):
    """A name stands twice in one object."""


class _BadNumber(Exception):
    """A number that another reader would not understand as we do."""


class _Pairs(list[tuple[str, Any]]):
    """An object as its pairs; only for finding the place of a fault."""


def read_json(raw: bytes) -> dict[str, Any]:
    """The resource in these bytes. Raises Unreadable, WrongCharset, WrongType, TooLarge, MissingField."""
    quick = _quickly(raw)
    return _carefully(raw) if quick is None else quick


def _quickly(raw: bytes) -> dict[str, Any] | None:
    """The resource, read by a parser that is ten times as fast and less strict, where it can be shown that this makes
    no difference; else None.

    What it read is written again and compared, all in bytes, nothing is walked through: where the same text comes out,
    no name was dropped for standing twice. So it is where equally many quotes do, unless quotes are spelled with `\\u`,
    which is left to the careful. Written with a line for every value, what is nested too deep begins too far to the
    right.
    """
    if len(raw) > MAX_BYTES:
        return None
    try:
        made = _QUICK.decode(raw)
        lines = orjson.dumps(made, option=orjson.OPT_INDENT_2)
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(made, dict) or not isinstance(made.get("resourceType"), str) or _TOO_DEEP in lines:
        return None
    if lines == raw.rstrip():
        return made
    # Counting single bytes is three times as fast as counting `":`, and blanks before a colon make no difference.
    same = lines.count(b'"') == raw.count(b'"')
    return made if same and not (spells_characters(raw) and _SPELLED in raw) else None


def spells_characters(raw: bytes) -> bool:
    """Whether a character is spelled with `\\u`. A single byte is looked for ten times as fast as two, and what has a
    narrative has a few backslashes, before quotes."""
    at = -2
    for _ in range(_FEW):
        at = raw.find(b"\\", at + 2)
        if at < 0 or raw[at + 1 : at + 2] == b"u":
            return at >= 0
    return b"\\u" in raw


def _with_care(_: str) -> NoReturn:
    """Every digit of a fraction is kept, which takes the careful reader."""
    raise ValueError


_QUICK = msgspec.json.Decoder(float_hook=_with_care)


def _carefully(raw: bytes) -> dict[str, Any]:
    made = read_object(raw)
    if not isinstance(made.get("resourceType"), str):
        raise MissingField(where="resourceType")
    return made


def read_object(raw: bytes) -> dict[str, Any]:
    """The object in these bytes, read with the same care: for JSON that is no FHIR too. Raises as `read_json` does."""
    made = _value(raw)
    if not isinstance(made, dict):
        raise Unreadable("This is no JSON object.", where="line 1")
    return made


def read_array(raw: bytes) -> list[Any]:
    """The array in these bytes, read with the same care. Raises as `read_json` does."""
    made = _value(raw)
    if not isinstance(made, list):
        raise Unreadable("This is no JSON array.", where="line 1")
    return made


def _value(raw: bytes) -> Any:
    text = _decoded(raw)
    _check_depth(raw)
    try:
        made = _DECODER.decode(text)
    except _Twice:
        raise Unreadable("A name stands twice in one object.", where=_first_fault(text)) from None
    except _BadNumber:
        raise WrongType(_NUMBERS, where=_first_fault(text)) from None
    except json.JSONDecodeError as fault:
        raise Unreadable("The bytes are not well-formed JSON.", where=_place(fault)) from None
    except RecursionError:
        raise _too_deep() from None
    if _HALF_SURROGATE.search(raw):
        _check_surrogates(made)
    return made


def _decoded(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise TooLarge(hint=f"At most {MAX_BYTES} bytes are read.")
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise WrongCharset("JSON is UTF-8 without a byte order mark.", where="line 1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise WrongCharset("JSON is UTF-8.", where=f"line {line}") from None


def _check_depth(raw: bytes) -> None:
    """Counted before parsing, outside strings, so that no parser ever recurses deeper."""
    depth = 0
    for bracket in _STRINGS.sub(b"", raw).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise _too_deep()


def _too_deep() -> GatewayError:
    return Unreadable(f"The content is nested deeper than {MAX_DEPTH} levels.", hint="Nest it less.")


def _place(fault: json.JSONDecodeError) -> str:
    return f"line {fault.lineno} column {fault.colno}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Twice
    return made


def _decimal(text: str) -> Decimal:
    """Every digit as written; what no double can hold is refused, as other systems would read infinity or zero."""
    if len(text) > MAX_DIGITS:
        raise _BadNumber
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _BadNumber from None
    if math.isinf(float(number)) or (number and not float(number)):
        raise _BadNumber
    return number


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _BadNumber
    return int(text)


def _constant(_: str) -> NoReturn:
    raise _BadNumber


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_decimal, parse_int=_integer, parse_constant=_constant
)


def _first_fault(text: str) -> str:
    """The FHIR path of the first name that stands twice or number that is none; read again, slowly, for the path."""

    def number(written: str) -> Any:
        try:
            return _decimal(written)
        except _BadNumber:
            return _BAD

    slow = json.JSONDecoder(
        object_pairs_hook=_Pairs, parse_float=number, parse_int=number, parse_constant=lambda _: _BAD
    )
    try:
        return next(_faults(slow.decode(text), ""), "")
    except (ValueError, RecursionError):
        return ""


def _faults(node: Any, path: str) -> Iterator[str]:
    if node is _BAD:
        yield path
    elif isinstance(node, _Pairs):
        seen: set[str] = set()
        here = path or next((v for k, v in node if k == "resourceType" and facts().kind(str(v))), "")
        for name, value in node:
            below = f"{here}.{_told(name) or '…'}".removeprefix(".")
            if name in seen:
                yield below
            seen.add(name)
            yield from _faults(value, below)
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from _faults(value, f"{path}[{at}]")


def _told(name: Any) -> str:
    """A name that may be told in an error: one that is spelled as an element."""
    return name if isinstance(name, str) and _ELEMENT.fullmatch(name) else ""


def _check_surrogates(made: Any) -> None:
    """Half a surrogate pair is no character: it could not be written as UTF-8 again."""
    try:
        json.dumps(made, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        raise WrongCharset("A \\u escape holds half a character.", hint="Write both halves, or neither.") from None
