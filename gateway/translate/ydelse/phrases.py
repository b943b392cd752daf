"""Phrases of a reason, and the words around them that take them back: mappings/codes/benefit-alert.csv.

Rows of the system `text` are phrases at the beginning of a word; a hyphen before a word of one stands for what it may
be composed with (-ydelse is ressourceforløbsydelse, and selvforsørgelses- og hjemrejseydelse). One with a target says
that there is less, one without that all is well again, and what was said before it is over. Around a phrase:

- `word`: a word that holds a phrase and says nothing (sanktionsteam);
- `before`: takes back the phrase that follows (ingen, varsel om), and one that goes on with "eller";
- `between`: may stand between those and the phrase, and behind it (ingen aktuelle …, … er blevet);
- `after`: takes back the phrase before it (overvejes); a full stop at its end is the end of the sentence;
- `lifted`: the phrase before it is over (ophævet);
- `until`: before a phrase that is lifted, or that says that all is well again: not yet (indtil).

What lies further off takes nothing back: who did not come (ikke mødt, punktsanktion) has less all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.domain.benefit import STRONGEST
from gateway.translate.rules.codes import Row

_COMPOSED = r"(?:\w+-(?: og | eller | samt |/))?\w*"
_GOES_ON = frozenset({"eller", "samt", "endsige", "/"})
_NEAR = 120
"""Characters before a phrase in which words are looked for that take it back."""


class Phrases:
    """The rows of a table that are about words, made ready to be asked."""

    def __init__(self, rows: Sequence[Row]) -> None:
        told = [row for row in rows if row.source_system == "text"]
        self._phrases = [(row, row.source_code.replace("-", "").split(), _pattern(row.source_code)) for row in told]
        between = rf"(?:(?:{_any(rows, 'between')}) )*"
        self._words = re.compile(_any(rows, "word"))
        self._before = re.compile(rf"(?<!\w)(?:{_any(rows, 'before')}) {between}$")
        self._until = re.compile(rf"(?<!\w)(?:{_any(rows, 'until')}) {between}$")
        self._after = re.compile(rf"(?: ?:)? {between}(?:{_any(rows, 'after')})")
        self._lifted = re.compile(rf" {between}(?:{_any(rows, 'lifted')})")

    def strongest(self, text: str, on: str) -> Row | None:
        """What a text says on a day; None where nothing is less, and where it is whole again."""
        flat = " ".join(text.lower().split())
        standing: list[Row] = []
        taken_back = 0  # where a phrase ended that does not hold
        for start, end, row in self._found(flat, on):
            if self._words.search(flat, start, end):
                continue
            near = flat[max(0, start - _NEAR) : start]
            goes_on = taken_back and start - taken_back < _NEAR and flat[taken_back:start].strip() in _GOES_ON
            if goes_on or self._before.search(near) or (row.target_code and self._after.match(flat, end)):
                taken_back = end
            elif row.target_code and not self._lifted.match(flat, end):
                standing.append(row)
            elif not self._until.search(near):
                standing.clear()
            elif row.target_code:
                standing.append(row)
        return min(standing, key=lambda row: STRONGEST.index(row.target_code), default=None)

    def _found(self, flat: str, on: str) -> Iterator[tuple[int, int, Row]]:
        """Each phrase where it stands, to the end of its last word, in the order of the text. One that begins within
        another is a part of it: of "nedsættelsen af ydelsen er bortfaldet" it is not the benefit that is gone."""
        # Its words are looked for as they are first: the pattern looks around every character, for seconds in a text
        # without end.
        found = [
            (match.start(), match.end(), row)
            for row, words, pattern in self._phrases
            if all(word in flat for word in words) and row.valid(on)
            for match in pattern.finditer(flat)
        ]
        held = 0
        for start, end, row in sorted(found, key=lambda one: (one[0], -one[1])):
            if start < held:
                continue
            held = end
            yield start, end, row


def _pattern(phrase: str) -> re.Pattern[str]:
    words = (_COMPOSED + re.escape(word[1:]) if word.startswith("-") else re.escape(word) for word in phrase.split())
    return re.compile(rf"(?<!\w){' '.join(words)}\w*")


def _any(rows: Sequence[Row], system: str) -> str:
    """One of the phrases of a system; nothing at all where it has none."""
    told = sorted({row.source_code for row in rows if row.source_system == system}, key=len, reverse=True)
    return "|".join(re.escape(one) if system == "word" else _whole(one) for one in told) or r"(?!)"


def _whole(phrase: str) -> str:
    """Its words and no longer ones; with a full stop, where the sentence ends."""
    ends = r"(?= ?(?:[.;!]|$))" if phrase.endswith(".") else ""
    return rf"{re.escape(phrase.rstrip('.'))}(?![\w-]){ends}"
