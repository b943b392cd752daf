"""Say: words about one citizen become durable, each with its own access record, or none of them does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.domain.intake import Change, Known
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.flows.keeping import About, keep
from gateway.flows.looking import on_record
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Moved, Standing, Word, Work
from gateway.store import messages, wire
from gateway.store.intake import Arrival

LANGUAGE = "fhir-rest"


async def say(
    gateway: Gateway, said: Sequence[tuple[Work, Word]], raw: bytes, seen: bytes = b"", answer: bytes = b""
) -> bool:
    """Keep the words in one commit. False where the law lets nothing be kept (§ 12 c): that it came is kept and on
    record, and the answer is positive all the same, as a refusal would tell who has a case.

    `seen` is the fingerprint of what may come again, and `answer` what is then to be known of it. Raises Conflict for a
    version that has changed meanwhile, Moved where a condition must be looked up again or the same has come meanwhile.
    """
    words = [word for _, word in said]
    first = words[0]
    now, origin = gateway.clock(), first.statement.origin
    seen_before = seen or gateway.fingerprint(origin.encode())
    kinds = ",".join(sorted({word.statement.kind for word in words}))
    files = [one for word in words for one in word.files]
    kept_raw = wire.encode([word.statement.body for word in words]) if files else raw  # files lie beside it
    arrival = Arrival(
        LANGUAGE, first.source.id, origin.rpartition("/")[0], kinds, seen_before, now, kept_raw, answer, attached=files
    )

    def records(change: Change) -> list[AccessRecord]:
        return [told(work, word).of(change.citizen) for work, word in said]

    def check(known: Known) -> None:
        for word in words:
            if word.revision >= 0 and known.revisions.get(word.citizen, 0) != word.revision:
                raise Moved
            word.check(known)

    about = About(first.numbers, (), [word.statement for word in words])
    kept = await keep(
        gateway, arrival, about, lambda change: records(change)[0], besides=lambda change: records(change)[1:],
        entitled_only=first.source.keeps == "entitled", check=check,
    )  # fmt: skip
    if kept.before is not None:
        raise Moved
    if kept.change is None:
        await on_record(gateway, *(told(work, word) for work, word in said))
        await messages.keep_metadata(gateway.database, arrival)
    return kept.change is not None


def told(work: Work, word: Word | Standing) -> AccessRecord:
    """The record of a write that takes place; with the reason, where it lowers labels."""
    done = replace(work.record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS, resources=(word.reference,))
    reason = word.reason if isinstance(word, Word) else ""
    return replace(done, override_code="lower-labels", override_reason=reason) if reason else done
