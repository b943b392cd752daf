"""Whose the cases of a message are: which source sends, and which citizen they are about.

A case tells both by its owner (CVR number) and its primary party, a document too where it names them. An update may
tell neither, a removal never does: then whoever knows the number can tell (`NamedByNumber`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.domain.identifier import Identifier
from gateway.domain.source import Source
from gateway.errors import MissingField, NamedByNumber, RuleBroken, UnknownSource
from gateway.translate.languages import Known, Recalled
from gateway.translate.oio import case
from gateway.translate.oio.case import Case, Registered
from gateway.translate.oio.effect import standing
from gateway.translate.oio.party import Party, citizen, cvr_number
from gateway.translate.oio.roles import Roles
from gateway.translate.oio.tree import Node
from gateway.translate.rules.sources import Sources

_LANGUAGE = "oio"
# The owner must be known before the source, and so before the source's zone.
_ZONE = ZoneInfo("Europe/Copenhagen")

Told = Sequence[tuple[Case, Registered]]


@dataclass(slots=True)
class Subject:
    """Who sends, in which time zone, and whom it is about, best number first. `parties` are the citizens of the
    registrations that name them, by `id` of the registration; `removed` are what is taken out: UUID, kind, and what is
    known of it."""

    source: Source
    zone: ZoneInfo
    citizen: tuple[Identifier, ...]
    parties: dict[int, Party] = field(default_factory=dict)
    removed: tuple[tuple[str, str, Known], ...] = ()

    def is_about(self, found: Registered) -> bool:
        """Whether a registration is about this citizen: older ones may have been about another."""
        party = self.parties.get(id(found))
        return party is None or party.identifier in self.citizen


class Subjects:
    """Sources and citizens by a table of roles."""

    def __init__(self, roles: Roles, sources: Sources) -> None:
        self._roles = roles
        self._sources = sources

    def registrations(self, cases: Sequence[Case]) -> list[tuple[Case, Registered]]:
        """Every registration of what is not taken out. Raises MissingField, WrongType."""
        return [(one, found) for one in cases if not one.removed for found in case.registered(one, self._roles, _ZONE)]

    def of(self, cases: Sequence[Case], told: Told, known: Recalled) -> Subject:
        """Raises MissingField, RuleBroken, UnknownSource, NoCitizen, WrongType with the place; NamedByNumber where the
        message does not tell and `known` does not either."""
        newest = _newest(told)
        source = owner = self._source(newest)
        gone = {uuid for one, uuid in [(one, one.uuid) for one in cases] if one.removed}
        asked = self._asked(cases, owner) if known else {}
        recalled = [(asked[key], key, one) for key, one in known.items() if key in asked]
        if source is None:
            if len({key[0] for _, key, _ in recalled}) != 1:
                raise self._named(cases, owner)
            source = self._sources.of(recalled[0][1][0])
        zone = ZoneInfo(source.timezone)
        parties = {id(found): party for one, found in told if (party := self._party(one, found, source, zone))}
        meant = {parties[id(found)].identifier for found in newest if id(found) in parties}
        if not meant or gone:
            meant |= {one.citizen for _, _, one in recalled}
        if not meant:
            raise self._named(cases, owner)
        if len(meant) > 1:
            places = [party.place for party in parties.values()] or [cases[-1].sag.place]
            raise RuleBroken("The message is about more than one citizen.", where=places[-1], hint="Send them apart.")
        removed = tuple((uuid, key[1], one) for uuid, key, one in recalled if uuid in gone)
        if gone - {uuid for uuid, _, _ in removed}:
            raise self._named(cases, owner)
        best = next(iter(meant))
        also = [number for found in newest if (one := parties.get(id(found))) for number in one.also]
        return Subject(source, zone, (best, *dict.fromkeys(also)), parties, removed)

    def _source(self, newest: Sequence[Registered]) -> Source | None:
        """Who sends: the owner of the cases, as the newest registration of each has it. Raises MissingField,
        RuleBroken, UnknownSource; None where only updates and documents come, which need not tell it."""
        owners: dict[Identifier, Node] = {}
        for found in newest:
            if (owner := self._owner(found)) and (number := cvr_number(owner)):
                owners.setdefault(number, owner)
        if len(owners) > 1:
            raise RuleBroken("The cases of one message have several owners.", where=list(owners.values())[-1].place)
        if not owners:
            return None
        number, owner = next(iter(owners.items()))
        try:
            return self._sources.find(_LANGUAGE, number.value)
        except UnknownSource as error:
            name = f"{owner.name}[Ejer]"
            where = f"{owner.around}/{name}" if owner.around else name
            raise UnknownSource(where=where, hint=error.hint) from None

    def _owner(self, found: Registered) -> Node | None:
        name = "Dokumentaktoer" if found.is_document else "Sagsaktoer"
        owners = found.relations(name, role="Ejer")
        in_force = standing(owners, found.moment, _ZONE)
        if not in_force and found.whole and not found.is_document:
            where = f"{found.registration.place}/RelationListe/{name}[Ejer]"
            raise MissingField("The case has no owner.", where=where)
        numbered = next((one for one in in_force if cvr_number(one)), None)
        if in_force and found.whole and not numbered:
            raise MissingField("The owner has no CVR number.", where=in_force[0].place)
        return numbered

    def _party(self, one: Case, found: Registered, source: Source, zone: ZoneInfo) -> Party | None:
        name = "Dokumentpart" if found.is_document else "Sagspart"
        primary = found.relations(name, role="PrimaerPart")
        in_force = standing(primary, found.moment, zone)
        if in_force:
            return citizen(in_force[0], one.uuid, source)
        if found.whole and not found.is_document:
            where = f"{found.registration.place}/RelationListe/{name}[PrimaerPart]"
            raise MissingField("The case has no primary party.", where=where)
        return None

    def _asked(self, cases: Sequence[Case], source: Source | None) -> dict[tuple[str, str, str], str]:
        """What the message may mean, (source id, kind, key), and by which UUID it says so."""
        names = [source.id] if source else [one.id for one in self._sources if one.language == _LANGUAGE]
        asked = {}
        for one in cases:
            kind = "DocumentReference" if one.sag.name == case.DOKUMENT else "CarePlan"
            for each in ("CarePlan", "DocumentReference") if one.removed else (kind,):
                for name in names:
                    asked[name, each, f"{name}|{each}|{one.uuid}"] = one.uuid
        return asked

    def _named(self, cases: Sequence[Case], source: Source | None) -> NamedByNumber:
        place = f"{cases[0].sag.place}/UUIDIdentifikator"
        hint = "Send the whole of it first, a document with its case."
        return NamedByNumber(where=place, hint=hint, asked=tuple(self._asked(cases, source)))


def _newest(told: Told) -> list[Registered]:
    """Of each case the registration that says what holds now."""
    newest: dict[int, Registered] = {}
    for one, found in told:
        before = newest.get(id(one))
        newest[id(one)] = found if before is None or before.moment < found.moment else before
    return list(newest.values())
