"""UNB to UNZ: who sends to whom, and the messages inside, each with what is wrong with its own frame.

What is wrong with the interchange itself (UNB, UNZ, counts and references) is raised; what is wrong with one
message's UNH and UNT belongs to that message, so that its neighbours can still be received.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.errors import GatewayError, MissingField, RuleBroken, SegmentOrder, TooLarge, UnknownMessage, WrongType
from gateway.translate import vans
from gateway.translate.edifact.delimiters import Delimiters
from gateway.translate.edifact.segments import Segment, length_at, read

MAX_MESSAGES = 500
_REFERENCE = re.compile(r"[!-~](?:[ -~]{0,33}[!-~])?")
_SENT = re.compile(r"(?:\d\d)?\d{6}")
_CLOCK = re.compile(r"([01]\d|2[0-3])[0-5]\d")


@dataclass(frozen=True, slots=True)
class Message:
    """UNH to UNT. `fault` is what is wrong with the frame: the content was not looked at then."""

    segments: tuple[Segment, ...]
    number: int
    fault: GatewayError | None = None

    @property
    def header(self) -> Segment:
        """UNH."""
        return self.segments[0]

    @property
    def reference(self) -> str:
        """0062, the letter's number."""
        return self.header.said(1)

    @property
    def version(self) -> str:
        """The association's code: D2030C, C0330Q."""
        return self.header.said(2, 5)

    def place(self, segment: Segment) -> str:
        """What an error names: the segment counted from UNH as UNT counts, and its tag."""
        return place(segment, self.header)


def place(segment: Segment, header: Segment) -> str:
    """`segment 14 (RFF)`, counted from the message's UNH, which is 1."""
    return f"segment {segment.number - header.number + 1} ({segment.tag})"


@dataclass(frozen=True, slots=True)
class Interchange:
    """One interchange whose own frame is right."""

    delimiters: Delimiters
    header: Segment
    trailer: Segment
    messages: tuple[Message, ...]


def interchange(raw: bytes) -> Interchange:
    """The interchange in these bytes.

    Raises Unreadable, WrongCharset, UnknownVersion, TooLarge, SegmentOrder, MissingField, WrongType, RuleBroken.
    """
    delimiters, segments = read(raw)
    header, trailer = segments[0], segments[-1]
    _check_header(header)
    if trailer.tag != "UNZ" or len(segments) == 1:
        raise SegmentOrder("UNZ is missing, so the interchange is not whole.", where=trailer.where)
    messages = _messages(segments[1:-1])
    _check_trailer(header, trailer, len(messages))
    return Interchange(delimiters, header, trailer, messages)


def parts(raw: bytes) -> list[bytes]:
    """Each message as an interchange of its own, with the same UNB, taken out of its VANSEnvelope.

    What holds one message, or cannot be parted, is the one part as it came.
    """
    try:
        content = vans.opened(raw).content
        if content.count(b"UNH") <= 1:
            return [raw]
        whole = interchange(content)
    except GatewayError:
        return [raw]
    if len(whole.messages) == 1:
        return [raw]
    delimiters = whole.delimiters
    head = content[: whole.header.end]
    reference = delimiters.released(whole.header.said(5)).encode()
    mark = delimiters.element.encode()
    tail = mark.join((b"UNZ", b"1", reference)) + delimiters.terminator.encode()
    return [head + content[one.segments[0].start : one.segments[-1].end] + tail for one in whole.messages]


def without_packages(content: bytes) -> bytes:
    """The interchange without the bytes in its packages, which are kept beside it: each UNO tells a length of 0.

    Raises as `interchange` does.
    """
    delimiters, segments = read(content)
    kept: list[bytes] = []
    at = 0
    for one in segments:
        if one.package:
            elements = [delimiters.component.join(map(delimiters.released, parts)) for parts in one.elements]
            elements[length_at(one)] = "0"
            kept += [content[at : one.start], (delimiters.element.join(elements) + delimiters.terminator).encode()]
            at = one.end
    return b"".join([*kept, content[at:]])


def _check_header(header: Segment) -> None:
    for element, what in ((2, "sender"), (3, "receiver"), (5, "reference")):
        text = header.said(element)
        if not text:
            raise MissingField(f"The interchange has no {what}.", where=f"UNB-{element}")
        if not _REFERENCE.fullmatch(text):
            raise WrongType(
                f"The interchange's {what} is too long or holds strange characters.", where=f"UNB-{element}"
            )
    if header.said(11) == "1":
        raise UnknownMessage("Test interchanges are not received.", where="UNB-11", hint="Take the test mark out.")
    if not _SENT.fullmatch(header.said(4, 1)) or not _CLOCK.fullmatch(header.said(4, 2)):
        raise WrongType("The interchange's date and time cannot be read.", where="UNB-4", hint="Write YYMMDD:HHMM.")


def _check_trailer(header: Segment, trailer: Segment, count: int) -> None:
    said = trailer.said(1)
    if not said.isdecimal() or len(said) > 6 or int(said) != count:
        raise RuleBroken(f"The interchange holds {count} messages, UNZ tells another number.", where="UNZ-1")
    if trailer.said(2) != header.said(5):
        raise RuleBroken("UNZ does not repeat the reference of UNB.", where="UNZ-2")


def _messages(segments: list[Segment]) -> tuple[Message, ...]:
    if not segments:
        raise SegmentOrder("The interchange holds no message.", where="segment 2 (UNZ) of the interchange")
    frames: list[list[Segment]] = []
    ended = True
    for segment in segments:
        if segment.tag in ("UNB", "UNZ", "UNG", "UNE"):
            raise SegmentOrder("The segment is misplaced.", where=segment.where)
        if segment.tag == "UNH":
            frames.append([])
        elif ended:
            raise SegmentOrder("A segment stands outside of any message: UNH is missing.", where=segment.where)
        frames[-1].append(segment)
        ended = segment.tag == "UNT"
    if len(frames) > MAX_MESSAGES:
        raise TooLarge("The interchange holds too many messages.", hint=f"At most {MAX_MESSAGES} are read.")
    return tuple(Message(tuple(one), at, _fault(one)) for at, one in enumerate(frames, 1))


def _fault(segments: list[Segment]) -> GatewayError | None:
    header, trailer = segments[0], segments[-1]
    reference = header.said(1)
    at_end = place(trailer, header)
    if not reference:
        return MissingField("The message has no reference.", where=f"{place(header, header)}, UNH-1")
    if not _REFERENCE.fullmatch(reference):
        return WrongType("The message's reference is too long or holds strange characters.", where="UNH-1")
    if not header.said(2) or not header.said(2, 5):
        return MissingField("UNH does not tell type and version.", where=f"{place(header, header)}, UNH-2")
    if trailer.tag != "UNT":
        return SegmentOrder("UNT is missing, so the message is not whole.", where=at_end)
    said = trailer.said(1)
    packages = sum(one.tag in ("UNO", "UNP") for one in segments)
    if not said.isdecimal() or len(said) > 6 or int(said) not in (len(segments), len(segments) - packages):
        return RuleBroken(
            f"The message has {len(segments)} segments, UNT tells another number.", where=f"{at_end}, UNT-1"
        )
    if trailer.said(2) != reference:
        return RuleBroken("UNT does not repeat the reference of UNH.", where=f"{at_end}, UNT-2")
    return None
