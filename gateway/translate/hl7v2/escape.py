r"""Escape sequences, undone once, after the split (HL7 v2.5 chapter 2.7).

| sequence | becomes |
|---|---|
| `\F\ \S\ \T\ \R\ \E\ \P\` | the delimiter |
| `\Xhh..\` | the bytes, in the message's character set; kept as text when they are none |
| `\.br\ \.ce\ \.sp\ \.sp3\` | line breaks (at most ten) |
| `\.sk3\` | spaces (at most ten) |
| `\.fi\ \.nf\ \.in+4\ \.ti-2\ \H\ \N\` | nothing: layout only |
| `\Cxxyy\ \Mxxyyzz\ \Zdd..\` and anything else | itself |

Control characters from `\X..\`: carriage return and line feed become one line feed, tab stays, every other one
becomes a space. They can end no segment and frame no message any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from gateway.translate.hl7v2.header import Delimiters

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MOST = 10
_LAYOUT = {"br": "\n", "ce": "\n", "fi": "", "nf": "", "in": "", "ti": ""}


@lru_cache(maxsize=64)
def unescaper(marks: Delimiters, codec: str) -> Callable[[str], str]:
    """A function that undoes the escapes of one value, for these delimiters and this character set. Linear."""
    if not marks.escape:
        return str
    mark = re.escape(marks.escape)
    known = r"[FSTREPHN]|X(?:[0-9A-Fa-f]{2})+|[CMZ][0-9A-Fa-f]+|\.[a-z]{2}[+-]?[0-9]{0,3}"
    pattern = re.compile(f"{mark}({known}){mark}")
    letters = {
        "F": marks.field,
        "S": marks.component,
        "T": marks.subcomponent or "&",
        "R": marks.repetition or "~",
        "E": marks.escape,
        "P": marks.truncation or "#",
        "H": "",
        "N": "",
    }

    def one(match: re.Match[str]) -> str:
        name = match[1]
        if name in letters:
            return letters[name]
        if name[0] == "X":
            return _hexadecimal(name[1:], codec, match[0])
        if name[0] == ".":
            return _formatted(name[1:3], name[3:], match[0])
        return match[0]

    return lambda text: pattern.sub(one, text)


def escaped(text: str, marks: Delimiters) -> str:
    """The other way: our own text made safe for a field; line ends become spaces."""
    safe = " ".join(text.split())
    if not marks.escape:
        drop = marks.field + marks.component + marks.repetition + marks.subcomponent
        return safe.translate({ord(mark): " " for mark in drop})
    safe = safe.replace(marks.escape, "\0")
    for letter, mark in zip("FSRT", (marks.field, marks.component, marks.repetition, marks.subcomponent), strict=True):
        if mark:
            safe = safe.replace(mark, f"\0\0{letter}")
    safe = re.sub("\0\0([FSRT])", lambda match: f"{marks.escape}{match[1]}{marks.escape}", safe)
    return safe.replace("\0", f"{marks.escape}E{marks.escape}")


def _hexadecimal(digits: str, codec: str, whole: str) -> str:
    try:
        text = bytes.fromhex(digits).decode(codec)
    except UnicodeDecodeError:
        return whole
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def _formatted(command: str, count: str, whole: str) -> str:
    if command in ("sp", "sk"):
        times = min(int(count.lstrip("+-") or 1), _MOST)
        return ("\n" if command == "sp" else " ") * times
    return _LAYOUT.get(command, whole)
