"""Say: words about one citizen become durable, each with its own access record, or none of them does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from gateway.domain.identifier import Identifier
from gateway.domain.intake import Change, Known
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.flows.keeping import About, keep
from gateway.flows.looking import on_record, owed
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Moved, Standing, Word, Work
from gateway.store import messages, wire
from gateway.store.intake import Arrival
from gateway.store.pool import Connection

LANGUAGE = "fhir-rest"
Said = Sequence[tuple[Work, Word]]


async def looked_up(gateway: Gateway, works: Iterable[Work]) -> list[AccessRecord]:
    """The looks of conditions at citizens whom the writes are not about, to be kept in the commit of these: a write
    that is kept is answered so, whatever fails behind it. What a look by override owes is kept now."""
    left: list[AccessRecord] = []
    for work in works:
        work.looks[:] = await owed(gateway, work.others)
        left += work.looks
    return left


Versions = dict[str, int]
"""The version that each resource has got by its word, by its reference (`Goal/9f…`)."""


async def say(
    gateway: Gateway, said: Said, raw: bytes, others: Sequence[AccessRecord] = ()
) -> Versions | None:  # fmt: skip
    """Keep the words in one commit, with the records of looks at `others`. None where the law lets nothing be kept
    (§ 12 c): that it came is kept and on record, and the answer is positive all the same, as a refusal would tell who
    has a case.

    Raises Conflict for a version that has changed meanwhile, Moved where a condition must be looked up again.
    """
    arrival, versions = arrival_of(gateway, said, raw), Versions()

    def check(known: Known) -> None:
        versions.update(versions_in(said, known))
        for _, word in said:
            if word.revision >= 0 and known.revisions.get(word.citizen, 0) != word.revision:
                raise Moved
            word.check(known)

    change = await kept(gateway, said, arrival, check, others=others)
    if change is None:
        await on_record(gateway, *(told(work, word) for work, word in said), *others)
        await messages.keep_metadata(gateway.database, arrival)
    return versions if change is not None else None


def versions_in(said: Said, known: Known) -> Versions:
    """Those that these words will make of what is known."""
    places = {word.reference: (word.statement.kind, word.identity) for _, word in said}
    return {name: known.resources.get(place, (b"", 0))[1] + 1 for name, place in places.items()}


def arrival_of(gateway: Gateway, said: Said, raw: bytes) -> Arrival:
    """What came, as it is kept beside the statements: files lie beside it, and are not kept twice."""
    words = [word for _, word in said]
    first, files = words[0], [one for word in words for one in word.files]
    origin = first.statement.origin
    kinds = ",".join(sorted({word.statement.kind for word in words}))
    return Arrival(
        LANGUAGE, first.source.id, origin.rpartition("/")[0], kinds, gateway.fingerprint(origin.encode()),
        gateway.clock(), wire.encode([word.statement.body for word in words]) if files else raw, b"", attached=files,
    )  # fmt: skip


async def kept(
    gateway: Gateway, said: Said, arrival: Arrival, check: Callable[[Known], None], within: Connection | None = None,
    others: Sequence[AccessRecord] = (),
) -> Change | None:  # fmt: skip
    """Keep words of one source about one citizen, each with its record, and the records of looks at `others`; None
    where the law lets nothing be kept, nor records."""

    def records(change: Change) -> list[AccessRecord]:
        return [told(work, word).of(change.citizen) for work, word in said]

    source = said[0][1].source
    about = About(numbers_of(said), (), [word.statement for _, word in said])
    made = await keep(
        gateway, arrival, about, lambda change: records(change)[0],
        besides=lambda change: [*records(change)[1:], *others], entitled_only=source.keeps == "entitled", check=check,
        within=within,
    )  # fmt: skip
    return made.change


def numbers_of(said: Said) -> Sequence[Identifier]:
    """All numbers of the citizen, where one of the words makes the Patient."""
    return max((word.numbers for _, word in said), key=len)


def told(work: Work, word: Word | Standing) -> AccessRecord:
    """The record of a write that takes place; with the reason, where it lowers labels."""
    done = replace(work.record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS, resources=(word.reference,))
    reason = word.reason if isinstance(word, Word) else ""
    return replace(done, override_code="lower-labels", override_reason=reason) if reason else done
