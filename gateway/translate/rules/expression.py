"""The small language inside rule files: paths, literals, calls and conditions. Syntax only, no meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.translate.rules.problems import Mark, Problems

_CALL = re.compile(r"([A-Za-z_]\w*)\((.*)\)", re.DOTALL)
_TEST = re.compile(r"(?:(NOT)\s+)?(.+?)\s+(?:(NOT)\s+)?(VALUED|EMPTY|EQUALS|IN)(?:\s+(.*))?", re.DOTALL)
_OPEN, _CLOSE, _QUOTES = "([", ")]", "\"'"


@dataclass(frozen=True, slots=True)
class PathText:
    """A path, as the language writes it."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class LiteralText:
    """`= text`."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class CallText:
    """`name(arg, …)`."""

    name: str
    args: tuple[Expression, ...]
    mark: Mark


Expression = PathText | LiteralText | CallText


@dataclass(frozen=True, slots=True)
class Test:
    """One condition. `word` is VALUED, EMPTY, EQUALS or IN."""

    subject: Expression
    word: str
    values: tuple[str, ...]
    negated: bool
    mark: Mark


def expression(text: str, mark: Mark, problems: Problems) -> Expression | None:
    """A path, literal or call; None, with the error noted, when it is none of these."""
    text = text.strip()
    if not text:
        problems.add(mark, "a path, a call or a literal (= text) is missing")
        return None
    if text.startswith("="):
        return LiteralText(_unquoted(text[1:].strip()), mark)
    call = _CALL.fullmatch(text)
    if call is None:
        if "(" in text and not text.startswith(".") and text.count("(") != text.count(")"):
            problems.add(mark, f"{text} has no closing bracket (inside {{…}} and […] quote the call)")
            return None
        return PathText(text, mark)
    parts = _split(call[2], ",") if call[2].strip() else []
    args = [expression(part, mark, problems) for part in parts]
    return CallText(call[1], tuple(a for a in args if a), mark) if all(args) else None


def conditions(text: str, mark: Mark, problems: Problems) -> tuple[Test, ...]:
    """The tests of a `when`, all of which must hold."""
    return tuple(t for part in _split(text, " AND ") if (t := _test(part.strip(), mark, problems)))


def _test(text: str, mark: Mark, problems: Problems) -> Test | None:
    match = _TEST.fullmatch(text)
    if match is None:
        problems.add(mark, f"{text or 'nothing'} is no condition: write <path> VALUED, EMPTY, EQUALS text or IN [a, b]")
        return None
    before, left, after, word, right = match.groups()
    right = (right or "").strip()
    values: tuple[str, ...] = ()
    if word == "IN":
        if not (right.startswith("[") and right.endswith("]") and right[1:-1].strip()):
            problems.add(mark, f"{text}: IN needs a list, [a, b]")
            return None
        values = tuple(_unquoted(v.strip()) for v in _split(right[1:-1], ","))
    elif word == "EQUALS":
        values = (_unquoted(right),)
    if (word == "EQUALS") != bool(right) and word != "IN":
        problems.add(mark, f"{text}: EQUALS needs a text, VALUED and EMPTY take none")
        return None
    subject = expression(left, mark, problems)
    return Test(subject, word, values, bool(before) != bool(after), mark) if subject else None


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand outside brackets and quotes."""
    if separator not in text:
        return [text]
    parts, depth, quote, start, at = [], 0, "", 0, 0
    while at < len(text):
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in _QUOTES:
            quote = char
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif not depth and text.startswith(separator, at):
            parts.append(text[start:at])
            at = start = at + len(separator)
            continue
        at += 1
    return [*parts, text[start:]]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] in _QUOTES and text[0] == text[-1] else text
