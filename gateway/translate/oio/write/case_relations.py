"""The relations of a case: its owner and handlers, KLE subject and facet, the citizen, other cases, what lies on it,
who alone may read it, and the systems that hold and send it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lxml import etree

from gateway.domain.case import SYSTEM
from gateway.domain.limits import KLE
from gateway.domain.municipality import facts_of
from gateway.domain.statement import Body
from gateway.errors import MissingField
from gateway.translate.oio.write import note as notes
from gateway.translate.oio.write.elements import CASE_INDEX, DEFINITIONS, SAG, add, is_uuid, told
from gateway.translate.oio.write.note import Note
from gateway.translate.oio.write.party import of_patient
from gateway.translate.oio.write.relations import Relation, Writer, actor, number_of, owner, system_names, unit
from gateway.translate.oio.write.tables import Tables

_BASE = "https://faellesplan.dk/fhir/StructureDefinition"
MASTER, CLASS, PROFILE = f"{_BASE}/oio-master", f"{_BASE}/oio-class", f"{_BASE}/oio-access-profile"
_SUBJECT, _FACET = re.compile(r"\d\d\.\d\d\.\d\d"), re.compile(r"[A-ZÆØÅ]\d\d")


@dataclass(slots=True)
class Around:
    """What belongs to a case: its CareTeams, the notes in it, documents by UUID, public title and when they came (FHIR
    dateTime), and the UUIDs of the citizen's cases by `CarePlan/<id>`."""

    teams: Sequence[Body]
    known: Mapping[str, str]
    notes: list[Note] = field(default_factory=list)
    documents: list[tuple[str, str, str]] = field(default_factory=list)


def classes_of(plan: Body) -> tuple[Body, Body]:
    """The KLE subject and the action facet of a plan, as Coding. Raises MissingField."""
    codings = [coding for one in plan.get("category", []) for coding in one.get("coding", [])]
    kle = [one for one in codings if one.get("system") == KLE]
    subject = next((one for one in kle if _SUBJECT.fullmatch(str(one.get("code", "")))), None)
    facet = next((one for one in kle if _FACET.fullmatch(str(one.get("code", "")))), None)
    if subject is None:
        raise MissingField("The plan has no KLE subject.", where="CarePlan.category")
    if facet is None:
        raise MissingField("The plan has no KLE action facet.", where="CarePlan.category")
    return subject, facet


def class_uuid(coding: Body, tables: Tables) -> str:
    """The UUID of a KLE class: as its case told it, else as the table has it. Raises MissingField: none is made up."""
    said = next((one.get("valueString", "") for one in coding.get("extension", []) if one.get("url") == CLASS), "")
    uuid = said if is_uuid(said) else tables.classes.get(str(coding["code"]), "")
    if not uuid:
        hint = "Fill it in at mappings/oio/classes.csv, from Fælleskommunalt Klassifikationssystem."
        raise MissingField(f"The UUID of KLE {coding['code']} is not known.", where="CarePlan.category", hint=hint)
    return uuid


class Relations:
    """The relations of one case, in the order that the schema wants."""

    def __init__(self, plan: Body, around: Around, patient: Body, tables: Tables, begin: str) -> None:
        self._around = around
        self._plan = plan
        self._patient = patient
        self._tables = tables
        self._owner = owner(plan.get("author", {}), "CarePlan.author", tables)
        self._cvr = self._owner.number.rpartition(":")[2]
        self._writer = Writer(tables, begin)

    def put(self, listed: etree._Element) -> None:
        actors, parties = self._actors(), [self._citizen(), *self._parties()]
        for relation in [self._owner, *actors, *self._residence(), *self._classes(), *parties, *self._related()]:
            self._writer.put(listed, relation)
        for one in self._around.notes:
            empty = Relation("Journalpost", "Journalnotat", "", notes.EMPTY, _from(one.begin), index=one.index)
            notes.put(self._writer.put(listed, empty), one)
        for uuid, title, begin in self._around.documents:
            there = Relation("Journalpost", "Tilakteret", "", uuid, _from(begin))
            made = self._writer.put(listed, there)
            told(add(made, SAG, "JournalpostEgenskaber"), SAG, "Dokumenttitel", title)
        self._beside(add(listed, DEFINITIONS, "LokalUdvidelseListe"))  # the schema lets it be empty

    def _actors(self) -> list[Relation]:
        """Who handles the case, earlier handlers with the time in which they did. Raises MissingField without a
        responsible unit."""
        made = [
            relation
            for team in self._around.teams
            for one in team.get("participant", [])
            for relation in self._actor(one)
        ]
        if not any(one.role == "Ansvarlig" for one in made):
            known = self._tables.owners.get((self._cvr, "Sagsaktoer", "Ansvarlig"))
            if known is None:
                hint = "A participant of its CareTeam with the role Ansvarlig, or a line of mappings/oio/owners.csv."
                raise MissingField("The case has no responsible unit.", where="CarePlan.careTeam", hint=hint)
            made.insert(0, unit(known, "Sagsaktoer", "Ansvarlig", "OrganisationEnhed"))
        others = [one for one in made if one.role == "AndreBehandlere"]
        return [_numbered(one, others.index(one) + 1) if one in others else one for one in made]

    def _actor(self, participant: Body) -> Iterable[Relation]:
        shown = next((str(one["text"]) for one in participant.get("role", []) if one.get("text")), "")
        role = self._tables.role_of("Sagsaktoer", shown) or (shown if is_uuid(shown) else "")
        made = actor(participant.get("member", {}), role, participant.get("period", {}), participant.get("onBehalfOf"))
        return [made] if made and role not in ("", "Ejer") else []

    def _classes(self) -> list[Relation]:
        """Of a KLE number both the number and the UUID."""
        made = []
        pairs = (("PrimaerKlasse", "Klassetitel"), ("Handlingsklasse", "Facettitel"))
        for coding, (role, title) in zip(classes_of(self._plan), pairs, strict=True):
            beside = ((title, coding.get("display", "")), ("BrugervendtNoegle", coding["code"]))
            uuid = class_uuid(coding, self._tables)
            made.append(Relation("Sagsklasse", role, "Klasse", uuid, {}, "SagsklasseLokalUdvidelse", beside))
        return made

    def _citizen(self) -> Relation:
        citizen = of_patient(self._patient)
        beside = (("BrugervendtNoegle", citizen.key), ("FuldtNavn", citizen.name))
        return Relation("Sagspart", "PrimaerPart", "Person", citizen.urn, {}, "SagspartLokalUdvidelse", beside)

    def _parties(self) -> list[Relation]:
        """Other parties, where the UUID of their role is known: companies by number, people by name, as kept."""
        made: list[Relation] = []
        for one in (one for team in self._around.teams for one in team.get("participant", [])):
            role = self._tables.role_of("Sagspart", next((r["text"] for r in one.get("role", []) if "text" in r), ""))
            name = str(one.get("member", {}).get("display", ""))
            urn = number_of(one.get("member", {})) or f"urn:oio:fuldtnavn:{name}"
            if ("Sagspart", role) in self._tables.uuids and role != "PrimaerPart" and urn.startswith("urn:oio:"):
                made.append(_part(role, urn, name, one.get("period", {}), str(len(made) + 1)))
        return made

    def _residence(self) -> list[Relation]:
        """Bopælskommune: only where it is another than the owner's, and where the UUID of the role is known."""
        made = []
        for fact in facts_of(self._plan) if ("Sagsaktoer", "Bopaelskommune") in self._tables.uuids else ():
            cvr, name = self._tables.municipalities.get(fact.code, ("", ""))
            if fact.role == "residence" and cvr not in ("", self._cvr):
                beside = (("FuldtNavn", f"{fact.display or name} Kommune"), ("CVR-Nummer", cvr))
                urn, period = f"urn:oio:cvr-nr:{cvr}", dict(fact.period)
                extension = "SagsaktoerLokalUdvidelse"
                made.append(Relation("Sagsaktoer", "Bopaelskommune", "Organisation", urn, period, extension, beside))
        return made

    def _related(self) -> list[Relation]:
        """Other cases that this one names by their UUID; the one above and the one before, where the UUIDs of those
        roles are known."""
        named = [
            one.get("identifier", {}) for one in self._plan.get("supportingInfo", []) if one.get("type") == "CarePlan"
        ]
        uuids = [one["value"] for one in named if one.get("system") == SYSTEM and is_uuid(one.get("value", ""))]
        made = [Relation("Sagsrelation", "AndreSager", "", uuid, index=str(n)) for n, uuid in enumerate(uuids, 1)]
        for role, element in (("Oversag", "partOf"), ("Praecedens", "replaces")):
            above = [self._around.known.get(str(one.get("reference", "")), "") for one in self._plan.get(element, [])]
            if ("Sagsrelation", role) in self._tables.uuids:
                made += [Relation("Sagsrelation", role, "", uuid) for uuid in above if uuid]
        return made

    def _beside(self, listed: etree._Element) -> None:
        """Who alone may read the case, and the systems that hold and send it."""
        for one in self._plan.get("extension", []):
            reader = actor(one.get("valueReference", {}), "Adgang", {}) if one.get("url") == PROFILE else None
            if reader:
                allowed = Relation("Sikkerhedsprofil", "Adgang", reader.kind, reader.number)
                self._writer.put(listed, allowed, CASE_INDEX)
            elif one.get("url") == PROFILE:
                raise MissingField(
                    "Who alone may read the case has no UUID.", where="CarePlan.extension[oio-access-profile]"
                )
        for role in ("Master", "Afsender"):
            self._system(listed, role)

    def _system(self, listed: etree._Element, role: str) -> None:
        """As the case told it (the master never changes), else as mappings/oio/owners.csv has it; none is made up."""
        told_by = [one["valueReference"] for one in self._plan.get("extension", []) if one.get("url") == MASTER]
        said = actor(told_by[0], role, {}) if told_by and role == "Master" else None
        known = self._tables.owners.get((self._cvr, "SagsitsystemRelation", role))
        uuid = said.number if said else known.uuid if known else ""
        if uuid:
            made = self._writer.put(listed, Relation("SagsitsystemRelation", role, "ItSystem", uuid), CASE_INDEX)
            system_names(made, CASE_INDEX, told_by[0].get("display", "") if said else known.name if known else "")


def _part(role: str, urn: str, name: str, period: Body, index: str) -> Relation:
    kind = "Person" if urn.startswith("urn:oio:fuldtnavn:") else ""
    beside = (("FuldtNavn", name),)
    return Relation("Sagspart", role, kind, urn[:255], period, "SagspartLokalUdvidelse", beside, index)


def _numbered(relation: Relation, number: int) -> Relation:
    return replace(relation, index=str(number))


def _from(begin: str) -> Body:
    return {"start": begin} if begin else {}
