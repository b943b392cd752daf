"""A message that was understood, and how it is kept: by itself, or in one commit with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.domain.caller import Caller
from gateway.domain.intake import Known
from gateway.domain.outgoing import Outgoing
from gateway.flows.arrivals import arrival_of, import_record
from gateway.flows.keeping import About, Kept, keep
from gateway.flows.numbers import numbered
from gateway.flows.parts import Gateway
from gateway.store import intake, messages
from gateway.store.pool import Connection
from gateway.translate.anonymous import without_anonymous
from gateway.translate.terms.noticing import noticed
from gateway.translate.translation import Translation


@dataclass(frozen=True, slots=True)
class Taken:
    """A message as it is to be kept, and what is sent because of it."""

    translation: Translation
    arrival: intake.Arrival
    caller: Caller | None
    later: Sequence[Outgoing]

    @property
    def about(self) -> About:
        """What it says of whom."""
        return About(self.translation.citizen, self.translation.merged, self.translation.statements)


async def taken(
    gateway: Gateway, language: str, raw: bytes, translation: Translation, caller: Caller | None,
    later: Sequence[Outgoing],
) -> Taken:  # fmt: skip
    """The message, recognised by its number. Raises IdReused."""
    now = gateway.clock()
    fingerprint = gateway.fingerprint(translation.source.id.encode(), translation.fingerprint)
    translation = noticed(
        gateway.terms, await numbered(gateway, without_anonymous(translation, gateway.ids), fingerprint)
    )
    answer = gateway.languages.accepted(language, raw, translation, now)
    return Taken(translation, arrival_of(language, raw, translation, fingerprint, answer, now), caller, later)


async def keep_taken(
    gateway: Gateway, one: Taken, within: Connection | None = None, check: Callable[[Known], None] = lambda known: None
) -> Kept:
    """Keep what it says, once; `within` a commit of the caller's own where there is one. `check` is asked as `keep`
    asks it.

    Retssikkerhedsloven § 12 c: of a citizen without a municipal case the content is deleted and only the fact that a
    message came is kept.
    """
    translation, arrival = one.translation, one.arrival
    kept = await keep(
        gateway, arrival, one.about,
        lambda change: import_record(translation, change, arrival.received_at, one.caller),
        entitled_only=translation.source.keeps == "entitled", outgoing=lambda change: one.later, check=check,
        within=within,
    )  # fmt: skip
    if kept.before is None and kept.change is None:
        state = "not-entitled" if translation.statements else "nothing-kept"
        await messages.keep_metadata(within or gateway.database, arrival, one.later, state=state)
    return kept
