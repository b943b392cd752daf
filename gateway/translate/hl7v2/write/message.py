r"""A message of segments, safe whatever their values hold, and right by hl7apy's tables.

A value never begins a segment, a field or a frame: delimiters are escaped, and control characters (CR, LF and the
bytes of MLLP's frame among them) become blanks, or `\.br\` in formatted text (FT), which alone has lines.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Union

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message

from gateway.errors import BadRequest
from gateway.translate.hl7v2.header import Delimiters

Part = Union[str, "Formatted", tuple["Part", ...]]
"""A text; a tuple holds components, a tuple inside it sub-components."""

Field = Part | list[Part]
"""A list holds repetitions."""

Segment = tuple[str, Mapping[int, Field]]
"""A name and the fields that say something, by their number."""

SENDER = ("FAELLESPLAN", "GATEWAY")
"""MSH-3 and MSH-4 of what the gateway writes."""

_MARKS = Delimiters()
_LONG = re.compile(r"[^|^~&\r]{150,}")
_LINE = re.compile(r"\r\n?|\n")
# C0, DEL and C1 controls, and Unicode's line and paragraph separators: some receivers end a line at any of them.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"})


@dataclass(frozen=True, slots=True)
class Formatted:
    r"""A text of several lines, for fields of type FT: its line ends become `\.br\`."""

    text: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around a message: who sends it to whom, when, and its number (MSH-10, 20 characters)."""

    message_id: str
    sent: datetime
    sender: tuple[str, str] = SENDER
    receiver: tuple[str, str] = ("", "")


def message_id(*parts: str) -> str:
    """A number that is the same for the same content: what is written twice is recognised as the same."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20].upper()


def written(kind: tuple[str, str, str], envelope: Envelope, segments: Sequence[Segment], version: str = "2.5") -> bytes:
    """The message of type `kind` (MSH-9: message, event, structure) in UTF-8. `segments` are those after MSH.

    Raises BadRequest where hl7apy's tables do not have it so: a required field is missing, a segment out of place.
    """
    header: Mapping[int, Field] = {
        3: envelope.sender[0],
        4: envelope.sender[1],
        5: envelope.receiver[0],
        6: envelope.receiver[1],
        7: envelope.sent.strftime("%Y%m%d%H%M%S%z"),
        9: kind,
        10: envelope.message_id,
        11: "P",
        12: version,
        18: "UNICODE UTF-8",
    }
    text = "\r".join([_header(header), *(_segment(name, fields) for name, fields in segments)]) + "\r"
    _check(text, kind[2])
    return text.encode()


def spelled(part: Part, depth: int = 0) -> str:
    """One value as it stands in a message."""
    if isinstance(part, tuple):
        mark = _MARKS.subcomponent if depth else _MARKS.component
        return mark.join(spelled(one, depth + 1) for one in part).rstrip(mark)
    if isinstance(part, Formatted):
        return "\\.br\\".join(_escaped(line) for line in _LINE.split(part.text)).strip()
    return _escaped(_LINE.sub(" ", part)).strip()


def _escaped(text: str) -> str:
    safe = _CONTROL.sub(" ", text).translate(_ESCAPES)
    return "" if safe == '""' else safe  # two quotation marks would delete the value


def _segment(name: str, fields: Mapping[int, Field]) -> str:
    told = [_field(fields.get(number, "")) for number in range(1, max(fields, default=0) + 1)]
    return _MARKS.field.join([name, *told]).rstrip(_MARKS.field)


def _header(fields: Mapping[int, Field]) -> str:
    marks = f"{_MARKS.component}{_MARKS.repetition}{_MARKS.escape}{_MARKS.subcomponent}"
    return _MARKS.field.join(["MSH", marks, *(_field(fields.get(n, "")) for n in range(3, max(fields) + 1))])


def _field(field: Field) -> str:
    if isinstance(field, list):
        return _MARKS.repetition.join(filter(None, (spelled(part) for part in field)))
    return spelled(field)


def _check(text: str, structure: str) -> None:
    """The message as hl7apy builds it from its tables must be the one that was written. It knows no values longer than
    199 characters, as real texts and files are, so for those others stand."""
    text = _LONG.sub("X" * 150, text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)
            made.validate()
            same = _plain(made.to_er7()) == _plain(text.rstrip("\r"))
        except (HL7apyException, ValueError, KeyError, IndexError) as error:
            name = type(error).__name__
            raise BadRequest(f"This cannot be written as {structure}: hl7apy finds {name}") from None
    if not same:
        raise BadRequest(f"This cannot be written as {structure}: hl7apy reads something else than was written")


def _plain(text: str) -> str:
    r"""hl7apy writes `\.br\` as the text of a backslash and so on; what matters here is that nothing else differs."""
    return text.replace("\\E\\.br\\E\\", "\\.br\\")
