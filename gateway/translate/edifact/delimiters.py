"""The service string UNA: which characters part segments, elements and components (ISO 9735, section 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from gateway.errors import Unreadable

_BLANK = b"\xef\xbb\xbf \t\r\n"
_UNA_BYTES = 9


@dataclass(frozen=True)
class Delimiters:
    """The characters with a meaning. `release` takes it from the character after it; "" when there is none."""

    component: str = ":"
    element: str = "+"
    release: str = "?"
    terminator: str = "'"

    @cached_property
    def segment(self) -> re.Pattern[str]:
        """Everything up to the next terminator that is none of the text. Linear: nothing is tried twice."""
        if not self.release:
            return re.compile(f"[^{re.escape(self.terminator)}]*+")
        end, out = re.escape(self.terminator), re.escape(self.release)
        return re.compile(f"(?:[^{end}{out}]++|{out}.)*+", re.DOTALL)

    def elements(self, segment: str) -> tuple[tuple[str, ...], ...]:
        """A segment's elements, each with its components; the first is the tag's."""
        if not self.release or self.release not in segment:
            return tuple(tuple(one.split(self.component)) for one in segment.split(self.element))
        parted = (self.split(element, self.component) for element in self.split(segment, self.element))
        return tuple(tuple(self.plain(part) for part in parts) for parts in parted)

    def split(self, text: str, mark: str) -> list[str]:
        """The text between unreleased marks, release characters still in place."""
        parts = text.split(mark)
        if not self.release or self.release not in text or len(parts) == 1:
            return parts
        whole: list[str] = []
        open_ = False
        pieces: list[str] = []
        for part in parts:
            pieces.append(part)
            trailing = len(part) - len(part.rstrip(self.release))
            # A piece of release characters only goes on with those of nobody: each piece stands for itself.
            open_ = trailing % 2 == 1
            if not open_:
                whole.append(mark.join(pieces))
                pieces = []
        if open_:
            whole.append(mark.join(pieces))
        return whole

    def plain(self, text: str) -> str:
        """The text with its release characters taken off."""
        if not self.release or self.release not in text:
            return text
        return re.sub(re.escape(self.release) + "(.)", r"\1", text, flags=re.DOTALL)

    def released(self, text: str) -> str:
        """The text as it is written in an element: every character with a meaning is released."""
        marks = re.escape(self.component + self.element + self.release + self.terminator)
        return re.sub(f"([{marks}])", lambda found: self.release + found[1], text)


STANDARD = Delimiters()


def delimiters_of(raw: bytes) -> tuple[Delimiters, int]:
    """The service string and where the first segment begins. Without UNA the standard's own `:+.? '` hold.

    Raises Unreadable for characters that cannot part anything: two alike, letters, digits, control characters.
    """
    start = len(raw) - len(raw.lstrip(_BLANK))
    if raw[start : start + 3] != b"UNA":
        return STANDARD, start
    marks = raw[start + 3 : start + _UNA_BYTES].decode("latin-1")
    if len(marks) < _UNA_BYTES - 3:
        raise Unreadable("The service string is cut off.", where="UNA")
    component, element, release, terminator = marks[0], marks[1], marks[3], marks[5]
    used = [component, element, terminator, *(() if release == " " else (release,))]
    if len(set(used)) != len(used) or any(not "!" <= mark <= "~" or mark.isalnum() for mark in used):
        raise Unreadable(
            "The service string names characters that cannot part anything.",
            where="UNA",
            hint="They must be four different signs, none of them a letter, a digit or a control character.",
        )
    return Delimiters(component, element, release.strip(), terminator), start + _UNA_BYTES
