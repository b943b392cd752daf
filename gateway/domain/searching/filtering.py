"""`_filter`: parameters with operators, joined by and, or, not. http://hl7.org/fhir/R4/search_filter.html

Each of them is compiled as the same parameter is by itself (hops.py): what may be asked, of which types and through
which, is no more than it is there. What this costs is linear in the text; nothing of it is run as anything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

from gateway.domain.searching.beyond import Asked, Test
from gateway.errors import BadRequest

NAME = "_filter"
MOST_LENGTH, MOST_TESTS, DEEPEST = 4000, 50, 8

_WORD = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()])|(?P<word>[^\s()"]+))')
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_:.-]{0,199}", re.ASCII)
_OPERATOR = re.compile(r"[a-z]{2}")

Compiled = Callable[[Asked], Test]


def compile_filter(asked: Asked, compiled: Compiled) -> Test:
    """A test of one resource. Raises BadRequest, which names the parameter and never what it holds."""
    parser = _Parser(_words(asked.value), lambda path, op, value: compiled(_leaf(asked, path, op, value)))
    test = parser.either(0)
    if parser.word():
        raise _wrong()
    return test


def passes_through(value: str) -> bool:
    """Whether a filter asks of other resources than the one that it is about. Raises BadRequest as compiling does."""
    paths: list[str] = []

    def note(path: str, op: str, value: str) -> Test:
        paths.append(path)
        return lambda body, world: True

    _Parser(_words(value), note).either(0)
    return any("." in one for one in paths)


def _leaf(asked: Asked, path: str, op: str, value: str) -> Asked:
    if not _PATH.fullmatch(path) or path.startswith(("_has:", NAME)):
        raise _wrong("A filter asks by parameters, and by chains of them.")
    if not _OPERATOR.fullmatch(op):
        raise _wrong()
    return replace(asked, name=path, value=value, op=op)


def _words(value: str) -> list[str]:
    if len(value) > MOST_LENGTH:
        raise BadRequest("This filter is too long", where=NAME, hint=f"At most {MOST_LENGTH} characters.")
    words, place, text = [], 0, value.rstrip()
    while place < len(text):
        found = _WORD.match(text, place)
        if found is None:
            raise _wrong()
        words.append(found["text"] or found["mark"] or found["word"])
        place = found.end()
    return words


class _Parser:
    """Reads words from the first on; `leaf` makes a test of a path, an operator and a value."""

    def __init__(self, words: list[str], leaf: Callable[[str, str, str], Test]) -> None:
        self._words, self._leaf = words, leaf
        self._at = self._tests = 0

    def word(self) -> str:
        """The next word, "" behind the last."""
        return self._words[self._at] if self._at < len(self._words) else ""

    def _take(self, *wanted: str) -> str:
        word = self.word()
        if not word or (wanted and word not in wanted):
            raise _wrong()
        self._at += 1
        return word

    def either(self, deep: int) -> Test:
        """`a or b`"""
        tests = [self._all(deep)]
        while self.word() == "or":
            self._take()
            tests.append(self._all(deep))
        return tests[0] if len(tests) == 1 else lambda body, world: any(test(body, world) for test in tests)

    def _all(self, deep: int) -> Test:
        """`a and b`, which binds closer."""
        tests = [self._one(deep)]
        while self.word() == "and":
            self._take()
            tests.append(self._one(deep))
        return tests[0] if len(tests) == 1 else lambda body, world: all(test(body, world) for test in tests)

    def _one(self, deep: int) -> Test:
        """`(a)`, `not (a)`, `path operator value`"""
        word = self._take()
        if word in ("not", "("):
            if deep == DEEPEST:
                raise _wrong(f"At most {DEEPEST} deep.")
            if word == "not":
                self._take("(")
            inner = self.either(deep + 1)
            self._take(")")
            return inner if word == "(" else lambda body, world: not inner(body, world)
        self._tests += 1
        if self._tests > MOST_TESTS:
            raise _wrong(f"At most {MOST_TESTS} parameters.")
        op, value = self._take(), self._take()
        if value in ("(", ")"):
            raise _wrong()
        return self._leaf(word, op, _text(value) if value.startswith('"') else value)


def _text(word: str) -> str:
    """A JSON string. Raises BadRequest."""
    try:
        return str(json.loads(word))
    except ValueError:
        raise _wrong() from None


def _wrong(hint: str = "") -> BadRequest:
    example = "For instance: status eq active and not (date lt 2025-03-14 or note pr true); texts in quotation marks."
    return BadRequest("This is no filter", where=NAME, hint=hint or example)
