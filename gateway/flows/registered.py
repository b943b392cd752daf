"""Registered: cases and documents of case systems, which are about one citizen at a time and may be named by number
alone."""

from __future__ import annotations

from collections.abc import Collection

from gateway.domain.caller import Caller
from gateway.domain.citizen import identity_key
from gateway.domain.identifier import Identifier
from gateway.domain.moved import moved_by_update, registrations, taken_back
from gateway.domain.statement import Act, Statement
from gateway.errors import NamedByNumber, RuleBroken
from gateway.flows.arrivals import arrival_of, import_record
from gateway.flows.keeping import About, keep
from gateway.flows.parts import Gateway
from gateway.store import registered, resources
from gateway.translate.languages import Known, Language, Recalled, Recalling
from gateway.translate.translation import Translation


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
    if translation.registers:
        await _check_updates(gateway, translation)
    return translation


async def _check_updates(gateway: Gateway, translation: Translation) -> None:
    """An update that names another citizen than the case has is refused. Raises RuleBroken."""
    things = [(one.kind, one.key) for one in translation.statements if one.act is Act.AMEND]
    if not things:
        return
    identity = identity_key(translation.citizen)
    standing, citizens = await registered.standing(gateway.database, things)
    citizens |= dict(await resources.citizens_of(gateway.database, [identity]))
    if moved_by_update(identity, translation.statements, standing, citizens):
        raise RuleBroken(
            "An update cannot say that a case is about another citizen",
            where="RelationListe/Sagspart[PrimaerPart]",
            hint="Send the whole case with Importer.",
        )


async def _recalled(gateway: Gateway, asked: tuple[tuple[str, str, str], ...]) -> Recalled:
    by_thing = {(kind, key): source for source, kind, key in asked}
    found, _ = await registered.standing(gateway.database, list(by_thing))
    known: dict[tuple[str, str, str], Known] = {}
    for one in sorted(found, key=lambda each: each.order):
        system, _, value = one.identity.partition("|")
        place = (by_thing[one.kind, one.key], one.kind, one.key)
        known[place] = Known(Identifier(system, value), one.moment, one.recorded)
    return known


async def settle(
    gateway: Gateway, language: str, translation: Translation, fingerprint: bytes, caller: Caller | None
) -> None:
    """See to it that what a message registers is about one citizen: what older registrations told of others is taken
    back. Done again when the message comes again, so nothing is left half done."""
    told = registrations(identity_key(translation.citizen), translation.statements)
    if not told:
        return
    await registered.remember(gateway.database, told)
    standing, citizens = await registered.standing(gateway.database, [(one.kind, one.key) for one in told])
    for identity, statements in taken_back(standing, citizens, translation.source.id).items():
        await _take_back(gateway, language, translation, fingerprint, identity, statements, caller)


async def _take_back(
    gateway: Gateway, language: str, translation: Translation, fingerprint: bytes, identity: str,
    statements: tuple[Statement, ...], caller: Caller | None,
) -> None:  # fmt: skip
    now = gateway.clock()
    system, _, value = identity.partition("|")
    # The message is another citizen's: nothing of it stands here but that it was about this one no more.
    own = gateway.fingerprint(b"moved", identity.encode(), fingerprint)
    arrival = arrival_of(language, b"", translation, own, b"", now)
    about = About((Identifier(system, value),), (), statements)
    await keep(gateway, arrival, about, lambda change: import_record(translation, change, now, caller))
