"""Receive: a message comes in, its statements are kept, its sender is answered in its own language."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.domain.caller import Caller
from gateway.domain.message_number import IdReused
from gateway.domain.outgoing import Outgoing
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.errors import Forbidden, GatewayError, Unavailable
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Answer, Gateway
from gateway.flows.receipts import take_receipt
from gateway.flows.registered import settle, understood
from gateway.flows.taking import keep_taken, taken
from gateway.store import intake, messages
from gateway.translate.languages import Divided, Later, Parts
from gateway.translate.translation import Translation

log = logging.getLogger("gateway.receive")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who stands at the door, and the sources it may send as; None: any."""

    caller: Caller | None
    sends: Collection[str] | None

    @property
    def name(self) -> str:
        """Tells one sender's garbage from another's."""
        return self.caller.client if self.caller else ",".join(sorted(self.sends or ()))

    @property
    def selected(self) -> str:
        """The source that a certificate names, where it names one alone: a message that names none comes from it."""
        return next(iter(self.sends)) if self.caller is None and self.sends and len(self.sends) == 1 else ""


async def receive(
    gateway: Gateway, language: str, raw: bytes, caller: Caller | None = None, sends: Collection[str] | None = None
) -> Answer:
    """Answer one message, or a batch of them, after all it changes is durable. Never raises: whatever happens is told
    to the sender. `sends` are the sources it may send as, where there is no caller who says so; None: any.

    What cannot be understood is kept in quarantine with its reason. What fails for a moment (database away) is
    answered as transient and not kept: the sender still has it.
    """
    sender = Sender(caller, caller.sends if caller else sends)
    gateway = heard(gateway, language, sender.selected)
    batch = gateway.languages.batch(language, raw)
    if batch is None or isinstance(batch, Parts):
        return await _receive_whole(gateway, language, raw, batch, sender)
    answers = []
    for number, one in enumerate(batch.messages):
        parts = batch.parts(number) if isinstance(batch, Divided) else None
        answers.append(await _receive_whole(gateway, language, one, parts, sender))
    return joined(batch.answer([one.body for one in answers], gateway.clock()), answers)


def unheard(gateway: Gateway, language: str, raw: bytes, error: Unavailable) -> Answer:
    """The answer to a message, or to each of a batch, that could not even be listened to: nobody knows whether its
    sender may send."""
    now = gateway.clock()
    batch = gateway.languages.batch(language, raw)
    spoken = gateway.languages.of(language)
    if batch is None:
        return Answer(spoken.refuse(raw, error, now), False, error.transient, error.status)
    told = [spoken.refuse(one, error, now) for one in batch.messages]
    return Answer(batch.answer(told, now), False, error.transient, error.status)


def _later(gateway: Gateway, language: str) -> Later:
    """What a message's own language tells of it later."""
    return lambda raw, error: gateway.languages.later(language, raw, gateway.clock(), error)


async def _receive_whole(gateway: Gateway, language: str, raw: bytes, parts: Parts | None, sender: Sender) -> Answer:
    """One message, and its parts one after the other. What is told of it later is told once, with the last of them: so
    where one is to be sent again, those behind it are not tried before it was."""
    later = _later(gateway, language)
    if parts is None:
        return await _receive_one(gateway, language, raw, sender, later, {})
    refused: dict[int, GatewayError] = {}
    answers: list[Answer] = []

    def tell(raw: bytes, error: GatewayError | None) -> tuple[Outgoing, ...]:
        if error:
            refused[len(answers)] = error
        return parts.later(refused, later) if len(answers) + 1 == len(parts.messages) else ()

    for one, before in zip(parts.messages, parts.counts, strict=True):
        again = bool(answers) and answers[-1].transient
        answers.append(answers[-1] if again else await _receive_one(gateway, language, one, sender, tell, before))
    return joined(parts.answer([one.body for one in answers], gateway.clock()), answers, together=True)


async def _receive_one(
    gateway: Gateway, language: str, raw: bytes, sender: Sender, later: Later, before: Mapping[str, int]
) -> Answer:
    """`before` tells, of a part, where in its message it stands."""
    spoken = gateway.languages.of(language)
    now = gateway.clock()
    try:
        translation = await understood(gateway, spoken, raw, sender.sends)
        may_send(sender.sends, translation)
        if translation.receipt is not None:
            return await take_receipt(gateway, language, raw, translation, translation.receipt)
        return await keep_message(gateway, language, raw, translation, sender.caller, later(raw, None))
    except Unavailable as error:
        refusal: GatewayError = error
    except Forbidden as error:
        refusal = await _refused(gateway, error, sender)
    except GatewayError as error:
        refusal = await _quarantined(gateway, language, raw, error, sender, later, before)
    except Exception as bug:  # noqa: BLE001 - a bug must cost one message, not the connection and all after it
        refusal = await _quarantined(gateway, language, raw, told(bug), sender, later, before)
    return Answer(spoken.refuse(raw, refusal, now), False, refusal.transient, refusal.status)


async def _refused(gateway: Gateway, error: Forbidden, sender: Sender) -> GatewayError:
    """Who sends as somebody else is on record like every refusal; of whom the message is, is not told."""
    if sender.caller:
        record = record_of(gateway, sender.caller, "import", "Bundle", "", NOTHING)
    else:
        deny, minor = Decision.DENY, Outcome.MINOR
        record = AccessRecord(gateway.clock(), "import", deny, kind="Bundle", client=sender.name, outcome=minor)
    try:
        await on_record(gateway, replace(record, outcome_text=error.text))
    except Unavailable as away:
        return away
    return error


def heard(gateway: Gateway, language: str, selected: str) -> Gateway:
    """The gateway as it understands a sender whose certificate names this source; "": any sender."""
    return replace(gateway, languages=gateway.languages.selected(language, selected)) if selected else gateway


def joined(body: bytes, answers: Sequence[Answer], *, together: bool = False) -> Answer:
    """The answer to a batch. One message that was refused sinks no other; one that can be sent again asks for the whole
    batch again, of which the others then change nothing. The parts of one message are accepted `together` or not."""
    refused = [one for one in answers if not one.accepted]
    for one in refused:
        if one.transient:
            return Answer(body, False, True, one.status)
    if refused and (together or len(refused) == len(answers)):
        return Answer(body, False, False, refused[0].status)
    return Answer(body, True, status=min((one.status for one in answers), default=200))


async def keep_message(
    gateway: Gateway,
    language: str,
    raw: bytes,
    translation: Translation,
    caller: Caller | None = None,
    later: Sequence[Outgoing] = (),
) -> Answer:
    """Keep what a message says, once, and send what is to be told `later`; the same content gets the answer that it
    got the first time.

    Of a citizen without a municipal case the answer is positive all the same: a refusal would tell who has a case.
    """
    message = await taken(gateway, language, raw, translation, caller, later)
    kept = await keep_taken(gateway, message)
    if translation.registers and (kept.change or kept.before):
        statements = message.translation.statements
        await settle(gateway, sorted({(one.kind, one.key) for one in statements}))
    if kept.before is not None:
        return Answer(kept.before.body, kept.before.accepted)
    return Answer(message.arrival.answer, True)


def sources_of(gateway: Gateway, language: str, names: Collection[str]) -> frozenset[str]:
    """The sources of a language that a client certificate with these names may send as (`certificate:` in
    mappings/sources)."""
    all_ = (one for one in gateway.sources.values() if one.language == language)
    return frozenset(one.id for one in all_ if set(names) & set(one.certificates))


def may_send(sends: Collection[str] | None, translation: Translation) -> None:
    """A client sends only as the sources that it, or its certificate, is registered for. A plain MLLP connection may
    send as any: its network says who it is."""
    if sends is not None and translation.source.id not in sends:
        where = "MSH^1^3" if translation.language == "hl7v2" else ""
        raise Forbidden(
            "This client is not registered to send as this source",
            where=where,
            hint=f"Register it for {translation.source.id} (sends in the client's file, certificate in the source's).",
        )


async def _quarantined(
    gateway: Gateway,
    language: str,
    raw: bytes,
    error: GatewayError,
    sender: Sender,
    later: Later,
    before: Mapping[str, int],
) -> GatewayError:
    """Keep a refused message, and as which sources its sender may send: it was not understood well enough to tell
    whether it may. When even that fails, the sender must keep it."""
    now = gateway.clock()
    error = gateway.languages.placed(language, error, before)
    answer = gateway.languages.of(language).refuse(raw, error, now)
    fingerprint = gateway.fingerprint(b"raw", sender.name.encode(), raw)
    reason = reason_of(error, sender.sends, sender.selected, before)
    arrival = intake.Arrival(language, "", "", "", fingerprint, now, raw, answer, reason)
    allowed = [one for one in later(raw, error) if sender.sends is None or one.destination in sender.sends]
    try:
        understood = isinstance(error, IdReused)
        await messages.quarantine(gateway.database, arrival, allowed, content=not understood)
    except Unavailable as away:
        return away
    return error


def reason_of(
    error: GatewayError, sends: Collection[str] | None, selected: str = "", before: Mapping[str, int] | None = None
) -> bytes:
    """Why a message stands in quarantine: kind, text, place and what to do, as JSON without values; `sends` and
    `selected`, where it came from a client: a replay asks the same of it; and `before`, of a part of a message: a
    replay tells its place in the whole message, as this does."""
    told = {"kind": type(error).__name__, "text": error.text, "where": error.where, "hint": error.hint}
    limit: dict[str, object] = {} if sends is None else {"sends": sorted(sends)}
    limit |= {"selected": selected} if selected else {}
    limit |= {"before": before} if before else {}
    return json.dumps(told | limit, ensure_ascii=False).encode()


def told(bug: Exception) -> GatewayError:
    """A bug as a failure. Its place is logged, its text is not: it may hold a citizen's data."""
    frames = [f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in traceback.extract_tb(bug.__traceback__)]
    log.error("bug %s at %s", type(bug).__name__, " < ".join(reversed(frames[-6:])))
    return GatewayError(hint="The message is kept and can be replayed.")
