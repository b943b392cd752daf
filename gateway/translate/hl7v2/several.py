"""One message about several citizens or visits: the structures whose group repeats (HL7 v2.5 chapter 3.3).

| events | structure | group |
|---|---|---|
| A39, A40, A41, A42, A44 | ADT_A39, ADT_A43 | `{ PID [PD1] MRG [PV1] }` |
| A17 | ADT_A17 | `PID [PD1] [MRG] PV1 …` twice |
| A45 | ADT_A45 | `PID [PD1] { MRG PV1 }` |

Each group is handled as a message of its own, with the header lines that came, as the messages of a batch are. The
answer is one: positive when every group was kept, else the first refusal, whose place names the group that it is about.
One whose header lines are too long to stand before each of its groups is not divided: it is refused with the segment
that is too many.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.outgoing import Outgoing
from gateway.errors import GatewayError, Unreadable
from gateway.translate.hl7v2.batch import Batch
from gateway.translate.hl7v2.header import Header, content_start, read
from gateway.translate.languages import Later

_BEGINS = dict.fromkeys(("A17", "A39", "A40", "A41", "A42", "A44"), b"PID") | {"A45": b"MRG"}
_LINE = re.compile(rb"[^\r\n]+[\r\n]*")
_REPEATED = frozenset({"PID", "PD1", "ARV", "MRG", "PV1", "PV2", "DB1", "OBX"})
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
        for one in answers:
            if found := _REFUSED.search(one):
                refused.setdefault(found[1], one)
        return refused.get(b"R") or refused.get(b"E") or (answers[0] if all(answers) else b"")

    def later(self, refused: Mapping[int, GatewayError], tell: Later) -> tuple[Outgoing, ...]:
        """The one application acknowledgement, in the enhanced mode."""
        if not refused:
            return tell(self.messages[0], None)
        number = min(refused, key=lambda one: (refused[one].ack != "AR", one))
        return tell(self.messages[number], refused[number])


@dataclass(frozen=True, slots=True)
class Mixed:
    """A batch in which messages may have several groups."""

    batch: Batch

    @property
    def messages(self) -> Sequence[bytes]:
        """Its messages, undivided."""
        return self.batch.messages

    def parts(self, number: int) -> Several | None:
        """The groups of one of them; None where it has one."""
        return several(self.batch.messages[number])

    def answer(self, answers: Sequence[bytes], now: datetime) -> bytes:
        """The batch of one acknowledgement for each message."""
        return self.batch.answer(answers, now)


def placed(where: str, before: Mapping[str, int]) -> str:
    """A place in one group (`PID^1^3`) as it is in the whole message; `before` is how often each segment stands before
    the group."""
    name, mark, rest = where.partition("^")
    number, more, inner = rest.partition("^")
    count = before.get(name, 0)
    return f"{name}{mark}{int(number) + count}{more}{inner}" if count and number.isdecimal() else where


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
