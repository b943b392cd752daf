"""What a resource says, gathered in one walk through it: its codes, its words, and what it refers to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.domain.statement import Body

TEXT = "text"
"""Words in texts: concepts without a code, titles, descriptions, messages."""

UNIT = "unit"
"""Words in the names of units (Reference.display)."""

_WORDS = frozenset({"text", "title", "description", "contentString", "div"})
_NO_CONTENT = frozenset({"meta", "provision"})


@dataclass(frozen=True, slots=True)
class Content:
    """`codes` are (system, code) of every coding, `words` (TEXT or UNIT, words) of every text and name of a unit.

    `references` are all literal references to other resources, without their version. Security labels are not
    content, and what a Consent permits or denies is not what it tells of the citizen; they may refer to something
    all the same.
    """

    codes: list[tuple[str, str]]
    words: list[tuple[str, str]]
    references: frozenset[str]


def content_of(body: Body) -> Content:
    """Read a resource once; contained resources count for the whole. `body` is JSON as it is decoded: plain dicts,
    lists and strings, which is why their types can be compared."""
    codes: list[tuple[str, str]] = []
    words: list[tuple[str, str]] = []
    references: list[str] = []
    aside: list[Any] = []
    waiting: list[Any] = [body]
    for node in waiting:  # which grows meanwhile
        if type(node) is not dict:
            waiting += node if type(node) is list else ()
            continue
        code, display = node.get("code"), node.get("display")
        if code and isinstance(code, str):
            codes.append((str(node.get("system") or ""), code))
        elif display is not None and isinstance(display, str):
            words.append((TEXT if "system" in node else UNIT, display))
        for name, value in node.items():
            kind = type(value)
            if kind is str:
                if name in _WORDS:
                    words.append((TEXT, value))
                elif name == "reference":
                    references.append(value)
            elif kind is dict or kind is list:
                (aside if name in _NO_CONTENT else waiting).append(value)
    references += _references(aside)
    found = (one.partition("/_history/")[0] for one in references if not one.startswith("#"))
    return Content(codes, words, frozenset(found))


def _references(waiting: list[Any]) -> Iterator[str]:
    for node in waiting:
        if isinstance(node, dict):
            if isinstance(node.get("reference"), str):
                yield node["reference"]
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
