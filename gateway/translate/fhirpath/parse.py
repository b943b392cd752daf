"""A FHIRPath expression as a tree: http://hl7.org/fhirpath/N1/#expressions.

A node is a tuple whose first part is its kind: ("literal", value, type) with the type of a date or time, else "",
("name", text), ("variable", text), ("this",), ("index",), ("none",),
("call", name, arguments), ("dot", left, right), ("item", left, right), ("minus", right) or
("binary", operator, left, right).
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import Any

Tree = tuple[Any, ...]

_TOKEN = re.compile(
    r"""\s+|//[^\n]*
    |(?P<text>'(?:[^'\\]|\\.)*')
    |(?P<time>@T[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?)
    |(?P<dateTime>@[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?
        T(?:[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)
    |(?P<date>@[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`]*`)
    |(?P<variable>%[A-Za-z_][A-Za-z0-9_\-]*|%`[^`]*`)
    |(?P<special>\$[a-z]+)
    |(?P<sign><=|>=|!=|!~|[()\[\]{}.,=~<>|+\-*/&])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
# From the loosest to the closest; those of one row are taken from left to right.
_ROWS = (
    ("implies",), ("or", "xor"), ("and",), ("in", "contains"), ("=", "~", "!=", "!~"), ("<=", "<", ">", ">="),
    ("|",), ("is", "as"), ("+", "-", "&"), ("*", "/", "div", "mod"),
)  # fmt: skip
_DEEPEST = 64
# How many arguments a function takes, at least and at most. One that is not here is read, and decides nothing.
_TAKES = {
    **dict.fromkeys(
        ("where", "select", "all", "repeat", "ofType", "as", "is", "extension", "combine", "union", "intersect",
         "subsetOf", "startsWith", "endsWith", "contains", "matches"), (1, 1),
    ),
    **dict.fromkeys(
        ("empty", "not", "count", "first", "last", "tail", "hasValue", "distinct", "isDistinct", "children",
         "descendants", "allTrue", "resolve", "toInteger", "toString", "length", "lower", "upper"), (0, 0),
    ),
    "exists": (0, 1), "trace": (1, 2), "substring": (1, 2), "replaceMatches": (2, 2), "iif": (2, 3),
}  # fmt: skip
_OF_A_TYPE = frozenset({"ofType", "as", "is"})


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Tree:
    """The tree of an expression of ours, kept. Raises ValueError where it is none."""
    return parse_once(text)


def parse_once(text: str) -> Tree:
    """The tree of an expression that a caller wrote. Raises ValueError where it is none."""
    reader = _Reader(_tokens(text))
    tree = reader.row(0)
    if reader.kind:
        raise ValueError("The expression goes on after its end.")
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError("The expression holds a character that FHIRPath has not.")
        if match.lastgroup:
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found


class _Reader:
    """Goes over the tokens once."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    @property
    def word(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, expected: str = "") -> str:
        word = self.word
        if not word or (expected and word != expected):
            raise ValueError("The expression is not finished.")
        self._at += 1
        return word

    def row(self, row: int) -> Tree:
        """Everything that binds at least as closely as a row of operators."""
        if row == len(_ROWS):
            return self._sign()
        left = self.row(row + 1)
        while self.kind in ("sign", "name") and self.word in _ROWS[row]:
            operator = self._take()
            left = ("binary", operator, left, self._type() if operator in ("is", "as") else self.row(row + 1))
        return left

    def _type(self) -> Tree:
        """The name of a type, with or without its namespace."""
        name = self._take()
        if self.word == ".":
            self._take()
            name = self._take()
        return ("name", name.strip("`"))

    def _sign(self) -> Tree:
        if self.word in ("+", "-"):
            return ("minus", self._sign()) if self._take() == "-" else self._sign()
        found = self._term()
        while self.word in (".", "["):
            dotted = self._take() == "."
            found = ("dot", found, self._invoked()) if dotted else ("item", found, self._inside("]"))
        return found

    def _inside(self, end: str) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("The expression is nested too deeply.")
        found = self.row(0)
        self._take(end)
        self._depth -= 1
        return found

    def _term(self) -> Tree:
        kind, word = self.kind, self.word
        if word == "(":
            self._take()
            return self._inside(")")
        if word == "{":
            self._take()
            self._take("}")
            return ("none",)
        if kind in ("text", "number"):
            return ("literal", _literal(kind, self._take()), "")
        if kind in ("date", "dateTime", "time"):
            return ("literal", self._take().strip("@T"), kind)
        if kind == "variable":
            return ("variable", self._take()[1:].strip("`"))
        if kind == "special":
            return (self._take()[1:],)
        if word in ("true", "false"):
            return ("literal", self._take() == "true", "")
        return self._invoked()

    def _invoked(self) -> Tree:
        if self.kind == "special":
            return (self._take()[1:],)
        if self.kind != "name":
            raise ValueError("The expression names nothing.")
        name = self._take().strip("`")
        if self.word != "(":
            return ("name", name)
        self._take()
        arguments: list[Tree] = []
        while self.word != ")":
            if arguments:
                self._take(",")
            arguments.append(self.row(0))
        self._take(")")
        fewest, most = _TAKES.get(name, (0, len(arguments)))
        if not fewest <= len(arguments) <= most or (name in _OF_A_TYPE and not _is_type(arguments[0])):
            raise ValueError("The expression gives a function what it does not take.")
        return ("call", name, tuple(arguments))


def _is_type(tree: Tree) -> bool:
    """Whether a tree is the name of a type, with or without its namespace."""
    if tree[0] == "dot":
        return tree[1][0] == tree[2][0] == "name"
    return bool(tree[0] == "name")


def _literal(kind: str, word: str) -> Any:
    if kind == "text":
        return _ESCAPED.sub(lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else _PLAIN.get(m[1], m[1]), word[1:-1])
    return Decimal(word) if "." in word else int(word)
