"""What texts tell of: the words of the tables, found however they are spelled, and diagnoses written into a text.

Every search is one look through the text for each word of the tables, so it takes time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from gateway.domain.plain import plain

Row = TypeVar("Row")

ICD_10 = "http://hl7.org/fhir/sid/icd-10"
"""The system of a diagnosis in a text; a Danish one (DF20) is told by its D."""

_FOLDED = (
    ("o\u0338", "oe"),
    ("æ", "ae"),
    ("ø", "oe"),
    ("å", "aa"),
    ("ä", "ae"),
    ("ö", "oe"),
    ("ü", "u"),
    ("é", "e"),
    ("\ufffd", "?"),
)
# How people and systems write the letters that not every keyboard and character set has; lost ones are question marks.
_SPELLED = (("ae", "oe", "aa"), ("ae", "o", "a"), ("?", "?", "?"), ("??", "??", "??"))
_LETTERS = "æøå"
_LOST = "?"
_BROKEN = re.compile(r"(?<=\w)[-\u2010\u2011][ \t]{0,3}\r?\n[ \t]{0,20}(?=\w)")
_WRAPPED = 7  # letters; a word as long is found across a line's end too

_DANISH = re.compile(r"(?<![a-z0-9])d ?([a-z])(\d\d)[.,]?(\d{0,3}[a-z]?)(?![a-z0-9])", re.ASCII)
_DOTTED = re.compile(r"(?<![a-z0-9.,])(f ?|[a-z])(\d\d)\.(\d[0-9a-z]{0,2})(?![a-z0-9])", re.ASCII)
_BARE = re.compile(r"(?<![a-z0-9])([a-z]\d\d\d?)(?![a-z0-9])", re.ASCII)
_ALONE = re.compile(r"\W{0,3}(d?[a-z] ?\d\d(?:\.?\d[0-9a-z]{0,2})?)\W{0,3}", re.ASCII)
_NAMED = re.compile(r"(?:diagnos|(?<![a-z0-9])(?:diag|dgn?|dx|icd(?:[ -]?10)?|sks)(?![a-z0-9]))", re.ASCII)
_ROOM = re.compile(
    r"(?:stue|rum|lokale|lok|vaerelse|lejlighed|blok|bygning|opgang|etage|sal|doer|plads|seng|afsnit|gang|parkering|room|bed)"
    r"(?:n|en|et)?\W{0,3}$",
    re.ASCII,
)
_PIECE, _OVERLAP = 200_000, 1_000  # characters
_NEAR = 60  # characters behind the word diagnosis, and before a number of what may be a room
_ZIP = "k"  # DK7000 is Fredericia


def folded(words: str) -> str:
    """A text as it is looked through: plain, in small letters, without Danish ones, one blank between words.

    >>> folded("Psyk-\\n  iatri, HJEMLØS efter SEL  101")
    'psykiatri, hjemloes efter §101'
    """
    if "\n" in words:
        words = _BROKEN.sub("", words)
    words = plain(" ".join(words.split())).lower()
    if not words.isascii():
        for letter, written in _FOLDED:
            words = words.replace(letter, written)
    return " ".join(words.split())


class Words(Generic[Row]):
    """The rows that are about words. `psykiat` begins a word, `*psykiat` may stand inside one, `hiv=` ends there, and
    `_` is a blank between words (`gule_papirer`)."""

    def __init__(self, rows: Mapping[str, list[Row]]) -> None:
        self._rows = [
            (spelling, spelled.startswith("*"), spelled.endswith("="), said)
            for spelled, said in rows.items()
            for spelling in sorted(_spellings(spelled))
        ]
        self._whole = [row for row in self._rows if _LOST not in row[0]]

    def found(self, words: str) -> Iterator[Row]:
        """The rows of all that a text names. One word may lie over another: both are."""
        text = folded(words)
        yield from _found(self._of(text), text)
        if "\n" in words:  # lines that were cut at a width, not between words
            text = folded("".join(map(str.strip, words.splitlines())))
            yield from _found([row for row in self._of(text) if len(row[0]) >= _WRAPPED], text)

    def _of(self, text: str) -> list[tuple[str, bool, bool, list[Row]]]:
        return self._rows if _LOST in text else self._whole


def _found(rows: Iterable[tuple[str, bool, bool, list[Row]]], text: str) -> Iterator[Row]:
    for word, inside, ends, said in rows:
        if word in text and ((inside and not ends) or _stands(text, word, inside, ends)):
            yield from said


def _stands(text: str, word: str, inside: bool, ends: bool) -> bool:
    """Whether it stands where a word begins, or ends."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        begun = inside or not at or not text[at - 1].isalnum()
        if begun and (not ends or end == len(text) or not text[end].isalnum()):
            return True
        at = text.find(word, end)
    return False


def _spellings(spelled: str) -> set[str]:
    """A word of the tables as people write it."""
    word = spelled.lower().removeprefix("*").removesuffix("=").replace("_", " ")
    found = set()
    for written in _SPELLED:
        one = word
        for letter, instead in zip(_LETTERS, written, strict=True):
            one = one.replace(letter, instead)
        found.add(folded(one))
    return found


def diagnoses(words: str, *, alone: bool = False) -> Iterator[tuple[str, str]]:
    """(system, code) of the diagnoses that a text names: DF20, F20.0, and F20 where it is called a diagnosis; with
    `alone` where it is all there is, too. Rooms are none (stue F20.1).

    >>> sorted(diagnoses("Dg.: F20, DF10.2; stue F11.2")) == [("", "DF102"), (ICD_10, "F20")]
    True
    """
    if not any(map(str.isdigit, words)):
        return
    text = folded(words)
    if alone and (one := _ALONE.fullmatch(text)):
        text = f"diagnose {one[1]}"
    for one in _DANISH.finditer(text):
        if not (one[1] == _ZIP and len(one[3]) > 1):
            yield "", f"d{one[1]}{one[2]}{one[3]}".upper()
    for one in _DOTTED.finditer(text):
        if not _ROOM.search(text[max(0, one.start() - _NEAR) : one.start()]):
            yield ICD_10, f"{one[1].strip()}{one[2]}{one[3]}".upper()
    behind = 0
    for named in _NAMED.finditer(text):
        for one in _BARE.finditer(text, max(behind, named.end()), named.end() + _NEAR):
            if not _ROOM.search(text[max(0, one.start() - _NEAR) : one.start()]):
                yield ICD_10, one[1].upper()
            behind = one.end()


def pieces(text: str) -> Iterator[str]:
    """A text in pieces that take a moment each. They overlap: what is told across the end of one stands in the next."""
    for start in range(0, max(len(text), 1), _PIECE - _OVERLAP):
        yield text[start : start + _PIECE]
        if start + _PIECE >= len(text):
            return
