"""OIO Indsats: an effort for a citizen, tied to its case. Only LoRa knows it; it has no owner of its own.

Who sends is told by an actor (CVR number, or a UUID that a source is registered with), or by whoever told of the
effort or its case before; the citizen by `indsatsmodtager`, or in the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.domain.identifier import Identifier
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Statement
from gateway.errors import MissingField, NamedByNumber, RuleBroken, UnknownSource
from gateway.translate import r4
from gateway.translate.languages import Known, Recalled
from gateway.translate.oio import case, outside
from gateway.translate.oio import statements as stating
from gateway.translate.oio.case import Case, Registered
from gateway.translate.oio.effect import standing
from gateway.translate.oio.functions import Context, with_roles
from gateway.translate.oio.lora.shape import INDSATS, INSIDE
from gateway.translate.oio.lora.tree import Object
from gateway.translate.oio.party import Party, citizen, cvr_number, organisation
from gateway.translate.oio.paths import Reader
from gateway.translate.oio.roles import Roles, told
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Translation

_LANGUAGE = "oio"
_ZONE = ZoneInfo("Europe/Copenhagen")  # until the source is known
_WHOLE = ("CarePlan", "CareTeam")


@dataclass(frozen=True, slots=True)
class _Work:
    """One document, understood as far as the rules need it."""

    objects: list[Object]
    source: Source
    citizen: tuple[Identifier, ...]
    jobs: list[tuple[Object, Registered, Env]]
    removed: list[tuple[str, Known]]


class Efforts:
    """The rules of mappings/oio-json."""

    def __init__(
        self, mappings: Path, sources: Iterable[Source], ids: Ids, codes: Codes, facts: r4.Facts, roles: Roles,
        problems: Problems,
    ) -> None:  # fmt: skip
        reader = Reader(roles, with_roles(roles), name="oio-json", inside=INSIDE, root=INDSATS)
        self._rules = compiled(mappings, reader, codes, facts, problems)
        self._sources = Sources(sources)
        self._roles = roles
        self._ids = ids

    def translate(self, objects: list[Object], known: Recalled) -> Translation:
        """Statements about efforts. Raises MissingField, RuleBroken, UnknownSource, NamedByNumber and what a rule
        refuses, with the place."""
        work = self._understood(objects, known)
        fingerprint = _fingerprint(work)
        message_id = f"{objects[0].uuid}:{fingerprint.hex()[:16]}"
        statements: list[Statement] = []
        for one, found, env in work.jobs:
            made, origin = self._rules.of("").run(found.sag, env), f"{work.source.id}:{message_id}/{len(statements)}"
            statements += stating.registered(made, found, one.uuid, env, self._roles, origin)
        statements += self._removals(work, f"{work.source.id}:{message_id}/{len(statements)}")
        return Translation(
            language="oio-json",
            source=work.source,
            message_id=message_id,
            event="Fjern" if objects[0].removed else "Importer" if objects[0].whole else "Opdater",
            sent=max((found.moment for _, found, _ in work.jobs), default=None),
            fingerprint=fingerprint,
            citizen=work.citizen,
            statements=tuple(statements),
            findings=tuple(finding for _, _, env in work.jobs for finding in env.findings),
            registers=True,
        )

    def explain(self, objects: list[Object], known: Recalled) -> Explanation:
        """Which rule made which element of what."""
        work = self._understood(objects, known)
        rules = self._rules.of("")
        found = [rules.trace(registered.sag, env)[1] for _, registered, env in work.jobs]
        return Explanation(
            tuple(row for one in found for row in one.rows),
            tuple(dict.fromkeys(unread for one in found for unread in one.unread)),
            tuple(finding for one in found for finding in one.findings),
        )

    def _understood(self, objects: list[Object], known: Recalled) -> _Work:
        registered = [
            (one, found)
            for one in objects
            if not one.removed
            for found in case.registered(Case("", one.node, one.whole), self._roles, _ZONE)
        ]
        source = self._source([found for _, found in registered])
        asked = self._asked(objects, [found for _, found in registered], source)
        recalled = [(key, one) for key, one in known.items() if key in asked]
        if source is None:
            if len({key[0] for key, _ in recalled}) != 1:
                raise _unknown(objects, asked)
            source = self._sources.of(recalled[0][0][0])
        parties = {id(found): self._party(one, found, source) for one, found in registered}
        people = {party.identifier: party.place for party in parties.values() if party}
        also = dict.fromkeys(number for party in parties.values() if party for number in party.also)
        people = people or {one.citizen: "" for _, one in recalled}
        if not people:
            raise _unknown(objects, asked)
        if len(people) > 1:
            where = list(people.values())[-1] or objects[-1].node.place
            raise RuleBroken("The message is about more than one citizen.", where=where, hint="Send them apart.")
        zone = ZoneInfo(source.timezone)
        jobs = [
            (one, found, Env(source, self._ids, zone, Context(found, parties[id(found)]), _day(found)))
            for one, found in registered
        ]
        gone = {one.uuid for one in objects if one.removed}
        told_of = {key[2].rpartition("|")[2]: one for key, one in recalled}
        if gone - told_of.keys():
            raise _unknown(objects, asked)
        removed = [(uuid, told_of[uuid]) for uuid in sorted(gone)]
        for one, found, env in jobs:
            _check(one, found)
            env.findings += outside.unknown(found.registration, INSIDE)
        return _Work(objects, source, (*people, *also), jobs, removed)

    def _source(self, registered: list[Registered]) -> Source | None:
        """The source that an actor is registered as. Raises UnknownSource where authorities are told and none is."""
        told_ = [actor for found in registered for actor in found.registration.each("RelationListe", "Indsatsaktoer")]
        numbers = [number.value for actor in told_ for number in (cvr_number(actor),) if number]
        units = [unit.value for actor in told_ for unit in (organisation(actor.first("ReferenceID")),) if unit]
        try:
            return self._sources.find(_LANGUAGE, *numbers, *units) if numbers or units else None
        except UnknownSource as error:
            if numbers:
                raise UnknownSource(where=told_[0].place, hint=error.hint) from None
            return None

    def _party(self, one: Object, found: Registered, source: Source) -> Party | None:
        receivers = found.relations("Indsatsmodtager")
        in_force = standing(receivers, found.moment, ZoneInfo(source.timezone))
        parties = [citizen(receiver, one.uuid, source) for receiver in in_force]
        if len({party.identifier for party in parties}) > 1:
            where = in_force[-1].place
            raise RuleBroken("The effort is for more than one citizen.", where=where, hint="Send them apart.")
        return parties[0] if parties else None

    def _asked(
        self, objects: list[Object], registered: list[Registered], source: Source | None
    ) -> list[tuple[str, str, str]]:
        """What may be known of it: the effort itself, and the case that it is tied to."""
        names = [source.id] if source else [one.id for one in self._sources if one.language == _LANGUAGE]
        cases = [told(tie.first("ReferenceID")) for found in registered for tie in found.relations("Indsatssag")]
        uuids = [*(one.uuid for one in objects), *filter(None, cases)]
        return [(name, "CarePlan", f"{name}|CarePlan|{uuid}") for name in names for uuid in dict.fromkeys(uuids)]

    def _removals(self, work: _Work, origin: str) -> Iterator[Statement]:
        for number, (uuid, known) in enumerate(work.removed):
            for kind in _WHOLE:
                yield stating.removal(kind, uuid, known, work.source.id, f"{origin}.{number}.{kind}")


def _check(one: Object, found: Registered) -> None:
    """A state, without which nobody knows how far it is. Raises MissingField."""
    states = found.registration.each("TilstandListe", "Fremdrift")
    if one.whole and not states:
        raise MissingField("The effort has no state.", where=f"{found.registration.place}/TilstandListe/Fremdrift")


def _day(found: Registered) -> str:
    return found.moment.date().isoformat()


def _unknown(objects: list[Object], asked: list[tuple[str, str, str]]) -> NamedByNumber:
    where = f"{objects[0].node.place}/RelationListe/Indsatsmodtager"
    return NamedByNumber(
        "The effort names no citizen or nobody who is registered here, and neither it nor its case is known.",
        where=where,
        hint="Tell indsatsmodtager and indsatsaktoer, or send the case first.",
        asked=tuple(asked),
    )


def _fingerprint(work: _Work) -> bytes:
    """SHA-256 of the names and texts of what was sent; of what is taken out also when it was last registered."""
    texts: list[str] = []
    for one in work.objects:
        texts.append(f"{one.whole}{one.removed}")
        texts += one.node.told_by_sender()
    texts += (f"{known.moment}{known.recorded}" for _, known in work.removed)
    return hashlib.sha256("\0".join(texts).encode()).digest()
