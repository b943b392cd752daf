"""Every language the gateway understands, by the name of the door it comes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from gateway.domain.identifier import Identifier
from gateway.domain.outgoing import Outgoing, Receipt
from gateway.errors import GatewayError, UnknownMessage, UnknownSource
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Finding, Translation


class Language(Protocol):
    """One language, made once at start from its rules: translate/hl7v2, medcom, kl, oio."""

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with the place."""
        ...

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """The positive answer to these bytes."""
        ...

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """The negative answer to these bytes, whatever they are."""
        ...

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of which field, and what nothing read. Raises as `translate` does."""
        ...


class Batch(Protocol):
    """Several messages that came as one."""

    @property
    def messages(self) -> Sequence[bytes]:
        """Each with all that it takes to be understood by itself."""
        ...

    def answer(self, answers: Sequence[bytes], now: datetime) -> bytes:
        """Their answers as one, in their order; b"" among them where a message asks for none."""
        ...


Later = Callable[[bytes, GatewayError | None], tuple[Outgoing, ...]]
"""What is to be told of a message later, that was kept or refused with an error."""


@runtime_checkable
class Parts(Batch, Protocol):
    """The parts of one message: they are accepted or refused together."""

    @property
    def counts(self) -> Sequence[Mapping[str, int]]:
        """For each part how often what it is made of stands before it in the message."""
        ...

    def later(self, refused: Mapping[int, GatewayError], tell: Later) -> tuple[Outgoing, ...]:
        """What is to be told of the message later, by what was wrong with which of its parts."""
        ...


@runtime_checkable
class Divided(Batch, Protocol):
    """A batch in which a message may have parts."""

    def parts(self, number: int) -> Parts | None:
        """Those of one of its messages; None where it has none."""
        ...


@runtime_checkable
class Dividing(Protocol):
    """A language in which one message may have parts: HL7 v2's merges."""

    def placed(self, where: str, before: Mapping[str, int]) -> str:
        """A place in one part, as it is in the whole message; `before` is one of `Parts.counts`."""
        ...


@runtime_checkable
class Batching(Protocol):
    """A language in which several messages may come as one: HL7 v2's batches, EDIFACT's interchanges."""

    def batch(self, raw: bytes) -> Batch | None:
        """The messages in these bytes, when they are a batch."""
        ...


@runtime_checkable
class Deferring(Protocol):
    """A language whose sender may ask for its answer later, over another connection: HL7 v2's enhanced mode."""

    def later(self, raw: bytes, now: datetime, error: GatewayError | None = None) -> Outgoing | None:
        """What is to be told of these bytes later; None when everything is told at once."""
        ...

    def answered(self, raw: bytes) -> Receipt | None:
        """What a receiver answers on the line on which it was sent a message; None where its answer may say nothing and
        does not. Raises Unreadable."""
        ...

    def of_source(self, source: str) -> Language:
        """The same language for a sender whose certificate says which source it is: a message that names no source
        comes from that one. Raises UnknownSource."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """Whom something is about that was told before, and when it was last registered and recorded."""

    citizen: Identifier
    moment: datetime
    recorded: datetime | None = None


Recalled = Mapping[tuple[str, str, str], Known]
"""What was told before, by (source id, kind, key)."""


@runtime_checkable
class Recalling(Protocol):
    """A language in which a message may name by number alone what was told before (errors.NamedByNumber): OIO."""

    def translate_known(self, raw: bytes, known: Recalled) -> Translation:
        """As `translate`, with what is known of what it names. Raises GatewayError with the place."""
        ...


@runtime_checkable
class Remarking(Protocol):
    """A language whose answers tell the sender what was found in a message that was taken: KL's reports."""

    def accept_with(self, raw: bytes, findings: Sequence[Finding], now: datetime) -> bytes:
        """The positive answer to these bytes, with what was found."""
        ...


class Piece(bytes):
    """One part of a message. `before` tells where in it the part stands (`Parts.counts`)."""

    before: Mapping[str, int]


class Languages:
    """Every language by its name: `hl7v2`, `fhir-message` (MedCom or KL by its event), `kl-report`, `oio` …"""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self._languages = languages
        # Asked once: whether an object fits a protocol takes longer than most of what is asked of it.
        self._deferring = {name: one for name, one in languages.items() if isinstance(one, Deferring)}
        self._selected: dict[tuple[str, str], Languages] = {}
        self._batching = {name: one for name, one in languages.items() if isinstance(one, Batching)}

    def of(self, name: str) -> Language:
        """The language of a door. Raises UnknownMessage for one that nothing here speaks."""
        try:
            return self._languages[name]
        except KeyError:
            raise UnknownMessage("No language of this name is spoken here") from None

    def selected(self, name: str, source: str) -> Languages:
        """The same languages, but for messages in one of them that name no source: those come from this one, which
        the sender's certificate names."""
        if name not in self._deferring:
            return self
        if (name, source) not in self._selected:
            try:
                spoken = self._deferring[name].of_source(source)
            except UnknownSource:  # it is registered no more
                return self
            self._selected[name, source] = Languages({**self._languages, name: spoken})
        return self._selected[name, source]

    def batch(self, name: str, raw: bytes) -> Batch | None:
        """The messages in these bytes, when they are a batch."""
        spoken = self._batching.get(name)
        return spoken.batch(raw) if spoken else None

    def messages(self, name: str, raw: bytes) -> Sequence[bytes]:
        """Every message in these bytes, each with all that it takes to be understood by itself."""
        batch = self.batch(name, raw)
        if batch is None:
            return [raw]
        if isinstance(batch, Parts):
            return _pieces(batch)
        if not isinstance(batch, Divided):
            return batch.messages
        parts = [batch.parts(number) for number in range(len(batch.messages))]
        pairs = zip(batch.messages, parts, strict=True)
        return [one for whole, own in pairs for one in (_pieces(own) if own else [whole])]

    @contextmanager
    def placing(self, name: str, raw: bytes) -> Iterator[None]:
        """What is wrong with one of `messages` is told with its place in the whole message."""
        try:
            yield
        except GatewayError as error:
            raise self.placed(name, error, raw.before if isinstance(raw, Piece) else {}) from None

    def placed(self, name: str, error: GatewayError, before: Mapping[str, int]) -> GatewayError:
        """What is wrong with a part of a message, with its place in the whole message."""
        spoken = self.of(name)
        if before and isinstance(spoken, Dividing):
            error.where = spoken.placed(error.where, before)
        return error

    def later(self, name: str, raw: bytes, now: datetime, error: GatewayError | None = None) -> tuple[Outgoing, ...]:
        """What is to be told of a message later, over the connection that its source has."""
        spoken = self._deferring.get(name)
        found = spoken.later(raw, now, error) if spoken else None
        return (found,) if found else ()

    def stored(self, name: str, raw: bytes, now: datetime) -> bytes:
        """What a receipt is answered with: b"", or that it is stored where its sender waits for that."""
        spoken = self._deferring.get(name)
        return spoken.accept(raw, now) if spoken else b""

    def accepted(self, name: str, raw: bytes, translation: Translation, now: datetime) -> bytes:
        """The positive answer to a message."""
        spoken = self.of(name)
        if isinstance(spoken, Remarking):
            return spoken.accept_with(raw, translation.findings, now)
        return spoken.accept(raw, now)

    def answer(self, name: str, raw: bytes) -> Receipt | None:
        """What a receiver answers to a message in this language, on the line on which it was sent; None where that
        tells nothing of the message. Raises Unreadable where there must be an answer and this is none."""
        if name in self._deferring:
            return self._deferring[name].answered(raw)
        try:
            return self.of(name).translate(raw).receipt
        except GatewayError:
            return None


def _pieces(parts: Parts) -> list[Piece]:
    made = [Piece(one) for one in parts.messages]
    for one, before in zip(made, parts.counts, strict=True):
        one.before = before
    return made
