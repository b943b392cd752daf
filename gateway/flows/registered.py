"""Registered: cases and documents of case systems, which are about one citizen at a time and may be named by number
alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from gateway.domain.citizen import identity_key
from gateway.domain.identifier import Identifier
from gateway.domain.moved import Thing, may_be_one, moved_by_update, taken_back
from gateway.domain.registered import REGISTERING
from gateway.domain.statement import Statement
from gateway.errors import NamedByNumber, RuleBroken
from gateway.flows.arrivals import imported
from gateway.flows.keeping import About, keep
from gateway.flows.parts import Gateway
from gateway.store import registered, resources
from gateway.store.intake import Arrival
from gateway.store.registered import Teller
from gateway.translate.languages import Known, Language, Recalled, Recalling
from gateway.translate.translation import Finding, Translation

_AT_ONCE = 100  # things settled in one go
_PARTY = "RelationListe/Sagspart[PrimaerPart]"
_PERHAPS = Finding(
    _PARTY,
    "it was told of a citizen with another number or none before, perhaps the same person; what else was told of that "
    "one stays there until one message tells both numbers (a Patient with both identifiers, an A40)",
)


async def understood(gateway: Gateway, spoken: Language, raw: bytes, sends: Collection[str] | None) -> Translation:
    """The message, with what is known of what it names by number alone: only of what its sender may send (`sends`;
    None: any), so that nobody learns which numbers others have. Raises GatewayError; NamedByNumber when nothing of the
    sender's has that number."""
    try:
        translation = spoken.translate(raw)
    except NamedByNumber as unnamed:
        asked = tuple(one for one in unnamed.asked if sends is None or one[0] in sends)
        known = await _recalled(gateway, asked) if asked and isinstance(spoken, Recalling) else {}
        if not known or not isinstance(spoken, Recalling):
            raise
        return spoken.translate_known(raw, known)
    return await _placed(gateway, translation) if translation.registers else translation


async def _placed(gateway: Gateway, translation: Translation) -> Translation:
    """The translation, with a finding where it takes a thing from somebody who may be the same person. Raises
    RuleBroken for an update that names another citizen than the case has."""
    things = [(one.kind, one.key) for one in translation.statements if one.act in REGISTERING]
    if not things:
        return translation
    identity = identity_key(translation.citizen)
    standing, citizens = await registered.standing(gateway.database, things)
    citizens |= dict(await resources.citizens_of(gateway.database, [identity])) if standing else {}
    if moved_by_update(identity, translation.statements, standing, citizens):
        raise RuleBroken(
            "An update cannot say that a case is about another citizen",
            where=_PARTY,
            hint="Send the whole case with Importer.",
        )
    if may_be_one(identity, standing, citizens):
        return replace(translation, findings=(*translation.findings, _PERHAPS))
    return translation


async def _recalled(gateway: Gateway, asked: tuple[tuple[str, str, str], ...]) -> Recalled:
    by_thing = {(kind, key): source for source, kind, key in asked}
    found, _ = await registered.standing(gateway.database, list(by_thing))
    known: dict[tuple[str, str, str], Known] = {}
    for one in sorted(found, key=lambda each: each.order):
        system, _, value = one.identity.partition("|")
        place = (by_thing[one.kind, one.key], one.kind, one.key)
        known[place] = Known(Identifier(system, value), one.moment, one.recorded)
    return known


async def settle(gateway: Gateway, things: Sequence[Thing]) -> None:
    """See to it that each of these things is about one citizen: what older registrations told of others is taken back.
    Done as often as it takes: the same withdrawal changes nothing the second time."""
    standing, citizens = await registered.standing(gateway.database, things)
    for thing in sorted({(one.kind, one.key) for one in standing}):
        rivals = [one for one in standing if (one.kind, one.key) == thing]
        newest = max(rivals, key=lambda one: one.order)
        teller = await registered.teller(gateway.database, newest.message)
        if teller is None or teller.source not in gateway.sources:
            continue  # from before it was kept who told it: such a message settles when it comes again
        for identity, statements in taken_back(rivals, citizens, teller.source).items():
            await _take_back(gateway, teller, newest.message, identity, statements)
    if standing:
        await registered.settled(gateway.database, standing)


async def settle_what_is_left(gateway: Gateway) -> int:
    """Settle what a node left that died after it had kept a registration. How many things there were."""
    things = await registered.unsettled(gateway.database, _AT_ONCE)
    if things:
        await settle(gateway, things)
    return len(things)


async def _take_back(
    gateway: Gateway, teller: Teller, fingerprint: bytes, identity: str, statements: tuple[Statement, ...]
) -> None:
    now = gateway.clock()
    system, _, value = identity.partition("|")
    # The message is another citizen's: nothing of it stands here but that it was about this one no more.
    things = "\n".join(f"{one.kind} {one.key}" for one in statements)
    own = gateway.fingerprint(b"moved", identity.encode(), things.encode(), fingerprint)
    arrival = Arrival(teller.language, teller.source, teller.message_id, teller.event, own, now, b"", b"")
    about = About((Identifier(system, value),), (), statements)
    source = gateway.sources[teller.source]
    await keep(gateway, arrival, about, lambda change: imported(source, change, now, teller.message_id, teller.event))
