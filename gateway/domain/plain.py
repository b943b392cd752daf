"""Words as the tables spell them, whoever wrote them: for finding what they tell of, never for showing.

Word processors put soft hyphens into words and hard blanks behind §, narratives write `&#248;` and tags, and people
spell one section of a law in many ways: § 101, §§ 101 og 102, SEL 101, paragraf 101, sundhedslovens § 141.
"""

from __future__ import annotations

import re
from html import unescape
from unicodedata import is_normalized, normalize

# Danish letters in UTF-8 that somebody read as Latin-1 or Windows-1252 on the way.
_TWICE = (("Ã¦", "æ"), ("Ã¸", "ø"), ("Ã¥", "å"), ("Ã†", "Æ"), ("Ã˜", "Ø"), ("Ã…", "Å"), ("Ã\x86", "Æ"), ("Ã\x98", "Ø"),
          ("Ã\x85", "Å"), ("Â§", "§"), ("ï¿½", "\ufffd"))  # fmt: skip
_ASIDE = re.compile(r"<!--[^<>]*-->|<!\[CDATA\[")
_INSIDE = re.compile(r"</?(?:a|abbr|b|big|em|font|i|small|span|strong|sub|sup|tt|u)\b[^<>]*>", re.IGNORECASE)
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")  # soft hyphens and the like
_DIGIT = re.compile(r"\d")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_GAP = r"\s{0,3}"  # never without end: texts may be hostile
_ONE = rf"\d+(?:{_GAP}[a-zæøå]\b)?"
_SEVERAL = re.compile(rf"§§{_GAP}{_ONE}(?:{_GAP}(?:,|;|/|-|\u2013|og|eller|samt){_GAP}{_ONE})+", re.IGNORECASE)
_NUMBER = re.compile(_ONE, re.IGNORECASE)
_SERVICE = r"(?:serviceloven|servicelovens|lov om social service|SEL|S\.E\.L\.)"
_HEALTH = r"(?:sundhedsloven|sundhedslovens|SUL|S\.U\.L\.)"
_SHORT = re.compile(r"\bS\.?[EU]\.?L\b", re.IGNORECASE)
_SIGN = r"(?:§{1,4}|paragraf(?:fer|ferne|en)?|par\.|pgf\.)"
_OF_HEALTH = re.compile(
    rf"\b{_HEALTH}\W{{1,3}}(?:{_SIGN}{_GAP})?(?=\d)"
    rf"|{_SIGN}{_GAP}(?=\d+(?:,?{_GAP}stk\.?{_GAP}\d+)?,?\s{{1,3}}(?:i\s{{1,3}})?{_HEALTH}\b)",
    re.IGNORECASE,
)
_OF_SERVICE = re.compile(rf"\b{_SERVICE}\W{{1,3}}(?:{_SIGN}{_GAP})?(?=\d)|(?<!\w){_SIGN}{_GAP}(?=\d)", re.IGNORECASE)


def _names_a_law(words: str) -> bool:
    """Whether a section of a law may be among them; of most texts that is told at a glance."""
    small = words.lower()
    return (
        "§" in words
        or any(one in small for one in ("loven", "paragraf", "par.", "pgf.", "social service"))
        or bool(("sel" in small or "sul" in small or "s.e.l" in small or "s.u.l" in small) and _SHORT.search(words))
    )


def plain(words: str) -> str:
    """The words for looking in. A section of serviceloven, or of no law that is named, is `§101`, one of sundhedsloven
    `sul§141`.

    >>> plain("efter SEL 101 og sundhedslovens § 141")
    'efter §101 og sul§141'
    >>> plain("psyki\\u00adatrisk, &#167;&#160;110")
    'psykiatrisk, §110'
    """
    if "&" in words or "<" in words:
        words = unescape(_TAG.sub(" ", _INSIDE.sub("", _ASIDE.sub("", words))))
        if "&" in words:  # what was escaped twice
            words = unescape(words)
    if not words.isascii():
        if "Ã" in words or "Â" in words or "ï" in words:
            for written, meant in _TWICE:
                words = words.replace(written, meant)
        words = _UNSEEN.sub("", words if is_normalized("NFKC", words) else normalize("NFKC", words))
    if not _DIGIT.search(words) or not _names_a_law(words):
        return words
    words = _SEVERAL.sub(lambda found: " ".join(f"§{number}" for number in _NUMBER.findall(found[0])), words)
    return _OF_SERVICE.sub("§", _OF_HEALTH.sub("sul§", words))
