"""Strings and URIs. R4 3.1.1.4.8, 3.1.1.4.13: a string matches from its beginning, without case and accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from gateway.domain.searching.matching.sounds import sound
from gateway.errors import BadRequest

_NOT_WORDS = frozenset({"use", "type", "system", "period", "extension", "id", "rank"})
_WORDS_ANYWHERE = ("_content", "_text")
_TAG = re.compile(r"<[^<>]*>")


def string(name: str, modifier: str, value: str) -> Callable[[Any], bool]:
    """A name, an address, a text: its beginning, with `:exact` all of it, with `:contains` any place in it."""
    plain = unescaped(value)
    if name in _WORDS_ANYWHERE:
        return _words(name, plain)
    if name == "phonetic":
        return _sounds(plain)
    if modifier == "exact":
        return lambda item: plain in strings(item)
    wanted = folded(plain)
    if modifier == "contains":
        return lambda item: any(wanted in folded(text) for text in strings(item))
    return lambda item: any(folded(text).startswith(wanted) for text in strings(item))


def _words(name: str, value: str) -> Callable[[Any], bool]:
    """`_content`, `_text`: every word stands somewhere in the resource, or in its narrative. Raises BadRequest for no
    word at all, which everything would hold."""
    wanted = folded(value).split()
    if not wanted:
        raise BadRequest("This takes a word", where=name)
    return lambda item: all(word in _whole(item) for word in wanted)


def _sounds(value: str) -> Callable[[Any], bool]:
    """`phonetic`: every word sounds like one of the name's."""
    wanted = {sound(word) for word in value.split()} - {""}
    return lambda item: bool(wanted) and wanted <= {sound(word) for text in strings(item) for word in text.split()}


def _whole(item: Any) -> str:
    return folded(_TAG.sub(" ", " ".join(_leaves(item))))


def _leaves(item: Any) -> list[str]:
    if isinstance(item, str):
        return [item]
    inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return [text for one in inner for text in _leaves(one)]


def uri(name: str, modifier: str, value: str) -> Callable[[Any], bool]:
    """The same URI, a version behind a bar of the resource aside; `:below` begins with it, `:above` it begins with."""
    wanted = unescaped(value)
    if modifier == "below":
        return lambda item: _under(str(item), wanted)
    if modifier == "above":
        return lambda item: _under(wanted, str(item))
    return lambda item: item == wanted or (isinstance(item, str) and item.partition("|")[0] == wanted)


def _under(long: str, short: str) -> bool:
    """Whether one URI is another or stands below it, whole steps only."""
    return long == short or long.startswith(short if short[-1:] in ("/", ":") else f"{short}/")


def strings(item: Any) -> list[str]:
    """The texts of a string, a HumanName, an Address: every part by itself."""
    if isinstance(item, str):
        return [item]
    if isinstance(item, dict):
        return [text for key, one in item.items() if key not in _NOT_WORDS and key[0] != "_" for text in strings(one)]
    return [text for one in item for text in strings(one)] if isinstance(item, list) else []


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Without case and accents, so that "Rene" finds "René"; æ and ø are letters of their own.

    >>> folded("Åse Müller-Sørensen")
    'ase muller-sørensen'
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def apart(value: str, mark: str) -> list[str]:
    r"""A value apart at a mark that no backslash stands before (3.1.1.4.0.1), the empty parts too.

    >>> apart(r"a\,b,c,", ",")
    ['a\\,b', 'c', '']
    """
    parts, begun, place = [], 0, 0
    while place < len(value):
        if value[place] == "\\":
            place += 1
        elif value[place] == mark:
            parts.append(value[begun:place])
            begun = place + 1
        place += 1
    return [*parts, value[begun:]]


def unescaped(value: str) -> str:
    r"""A value with `\,` `\|` `\$` `\\` as the characters themselves (3.1.1.4.0.1)."""
    return re.sub(r"\\([,|$\\])", r"\1", value)
