"""One message about several citizens or visits: the structures whose group repeats (HL7 v2.5 chapter 3.3).

| events | structure | group |
|---|---|---|
| A39, A40, A41, A42, A44 | ADT_A39, ADT_A43 | `{ PID [PD1] MRG [PV1] }` |
| A17 | ADT_A17 | `PID [PD1] [MRG] PV1 …` twice |
| A45 | ADT_A45 | `PID [PD1] { MRG PV1 }` |

Each group is handled as a message of its own, with the header lines that came, as the messages of a batch are. The
answer is one: positive when every group was kept, else the first refusal, whose places name the group that it is about.
In a batch a message that asks for an application acknowledgement of its own (MSH-16) is not divided: it is refused with
the segment that is too many. So is one whose header lines are too long to stand before each of its groups.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from gateway.domain.outgoing import Outgoing
from gateway.errors import GatewayError, Unreadable
from gateway.translate.hl7v2.batch import Batch
from gateway.translate.hl7v2.header import Header, content_start, read
from gateway.translate.hl7v2.modes import asked
from gateway.translate.languages import Later

_BEGINS = dict.fromkeys(("A17", "A39", "A40", "A41", "A42", "A44"), b"PID") | {"A45": b"MRG"}
_LINE = re.compile(rb"[^\r\n]+[\r\n]*")
_REPEATED = ("PID", "PD1", "MRG", "PV1")
_MOST_COPIED = 67_108_864  # bytes of header lines before all groups together
_REFUSED = re.compile(rb"\rMSA[^\r\n][AC]([ER])")


@dataclass(frozen=True, slots=True)
class Several:
    """The groups of one message as messages; `counts[n]` tells how often each segment stood before message n."""

    messages: Sequence[bytes]
    counts: Sequence[dict[str, int]]
    header: Header

    def answer(self, answers: Sequence[bytes], now: datetime) -> bytes:
        """The one acknowledgement: a refusal that asks to send again (AR, CR) before one that does not (AE, CE); b""
        where MSH-15 wants none of it."""
        refused: dict[bytes, bytes] = {}
        for number, one in enumerate(answers):
            if found := _REFUSED.search(one):
                refused.setdefault(found[1], self._placed(one, self.counts[number]))
        return refused.get(b"R") or refused.get(b"E") or (answers[0] if all(answers) else b"")

    def later(self, refused: Mapping[int, GatewayError], tell: Later) -> tuple[Outgoing, ...]:
        """The one application acknowledgement, in the enhanced mode."""
        if not refused:
            return tell(self.messages[0], None)
        number = min(refused, key=lambda one: (refused[one].ack != "AR", one))
        told = tell(self.messages[number], refused[number])
        return tuple(replace(one, body=self._placed(one.body, self.counts[number])) for one in told)

    def _placed(self, answer: bytes, before: dict[str, int]) -> bytes:
        """The places of a refusal (`PID^1^3`) as they are in the whole message."""
        marks = self.header.delimiters
        between = "|".join(map(re.escape, (marks.component, f"{marks.escape}S{marks.escape}", "^")))
        for name, count in before.items():
            pattern = re.compile(f"(?<![A-Z0-9])({name})({between})1(?![0-9])".encode("latin-1"))
            answer = pattern.sub(rb"\g<1>\g<2>%d" % (count + 1), answer)
        return answer


@dataclass(frozen=True, slots=True)
class Mixed:
    """A batch in which messages have several groups; `divided[n]` are those of message n, None where it has one."""

    batch: Batch
    divided: Sequence[Several | None]

    @property
    def messages(self) -> Sequence[bytes]:
        """All groups, and the messages between them."""
        pairs = zip(self.batch.messages, self.divided, strict=True)
        return [one for whole, found in pairs for one in (found.messages if found else (whole,))]

    def answer(self, answers: Sequence[bytes], now: datetime) -> bytes:
        """The batch of one acknowledgement for each message."""
        rest = iter(answers)
        told = [one.answer([*islice(rest, len(one.messages))], now) if one else next(rest) for one in self.divided]
        return self.batch.answer(told, now)


def mixed(found: Batch) -> Batch | Mixed:
    """A batch whose messages are divided where they have several groups."""
    divided = [one if one and asked(one.header)[1] in ("", "NE") else None for one in map(several, found.messages)]
    return Mixed(found, divided) if any(divided) else found


def several(raw: bytes) -> Several | None:
    """The groups of a message that has more than one; None for every other message. Never raises: what cannot be read
    is for whoever reads the message."""
    if raw.count(b"PID") < 2 and raw.count(b"MRG") < 2:
        return None
    try:
        header = read(raw)
    except Unreadable:
        return None
    begins = _BEGINS.get(header.part(9, 2)) if header.part(9) == "ADT" else None
    if begins is None:
        return None
    return _divided(header, begins, [line[0] for line in _LINE.finditer(raw, content_start(raw))])


def _divided(header: Header, begins: bytes, lines: Sequence[bytes]) -> Several | None:
    starts = [number for number, line in enumerate(lines) if line[:3] == begins]
    if len(starts) < 2:
        return None
    head, ends = b"".join(lines[: starts[0]]), [*starts[1:], len(lines)]
    if len(head) * len(starts) > _MOST_COPIED:
        return None
    groups = [lines[start:end] for start, end in zip(starts, ends, strict=True)]
    messages = [head + b"".join(group) for group in groups]
    return Several(messages, list(_counts(groups)), header)


def _counts(groups: Iterable[Sequence[bytes]]) -> Iterator[dict[str, int]]:
    """How often each segment stood before each of the groups."""
    count: Counter[str] = Counter()
    for group in groups:
        yield dict(count)
        names = (line[:3].decode("latin-1") for line in group)
        count.update(name for name in names if name in _REPEATED)
