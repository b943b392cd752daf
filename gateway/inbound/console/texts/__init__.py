"""The texts of the pages: one table per language, `<page>.<key>`. Values stand in braces: `{count} opslag`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LANGUAGES = {"da": "Dansk", "en": "English"}
DEFAULT = "da"
_ENGLISH = re.compile(r" and (?=\(|\d|§)")


class Ours(str):
    """Words in the page's own language; every other text on it is a source's, in Danish. Pages mark what is in another
    language than they are (WCAG 2.1, 3.1.2)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts in one language. A key that is not in its table is a bug and raises KeyError."""

    language: str
    known: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> Ours:
        """The text of a key, with its values filled in."""
        text = self.known[key]
        return Ours(text.format_map(values) if values else text)

    def word(self, table: str, code: str) -> str:
        """The word for a code (`Ours`), or the code itself where nobody gave it a word."""
        word = self.known.get(f"{table}.{code}") if code else None
        return code if word is None else Ours(word)

    def law(self, text: str) -> str:
        """A law as the policy tables cite it, with its few English words in Danish."""
        return _ENGLISH.sub(" og ", text) if self.language == "da" else text


@lru_cache(maxsize=len(LANGUAGES))
def texts(language: str) -> Texts:
    """The texts of one of LANGUAGES; Danish for any other name."""
    name = language if language in LANGUAGES else DEFAULT
    told = tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text("utf-8"))
    return Texts(name, {f"{page}.{key}": text for page, keys in told.items() for key, text in keys.items()})
