"""CodeSystem, ValueSet and ConceptMap resources of what the tables hold, whole or as metadata.

http://hl7.org/fhir/R4/codesystem.html, valueset.html, conceptmap.html. Ids are the names of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.translate.rules.codes import CodeTable, concept_map
from gateway.translate.terms.rows import ALL, Concept
from gateway.translate.terms.sets import ValueSet
from gateway.translate.terms.system import System
from gateway.translate.terms.terms import MAPS, Terms

Json = dict[str, Any]
KINDS = ("CodeSystem", "ValueSet", "ConceptMap")
_CONCEPT_PROPERTIES = "http://hl7.org/fhir/concept-properties#"
_PROPERTIES = (
    ("parent", "code", "the concept above"),
    ("deprecated", "dateTime", "the day from which the code is retired"),
    ("sameAs", "code", "another code of the same concept"),
)
_SUBSETTED = {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}]}


def definition(terms: Terms, kind: str, identity: str) -> Json | None:
    """The whole resource, None when there is none of this id."""
    match kind:
        case "CodeSystem" if identity in terms.systems:
            system = terms.systems[identity]
            return _code_system(system) | {"property": _declared(system), "concept": list(_concepts(system))}
        case "ValueSet" if identity in terms.sets:
            return _value_set(terms, terms.sets[identity])
        case "ConceptMap" if identity in terms.codes.tables:
            return _concept_map(terms, terms.codes.tables[identity])
    return None


def url_of(terms: Terms, kind: str, identity: str) -> str:
    """The URL of the resource of this id, "" when there is none."""
    if kind == "CodeSystem" and identity in terms.systems:
        return terms.systems[identity].about.url
    if kind == "ValueSet" and identity in terms.sets:
        return terms.sets[identity].about.url
    return f"{MAPS}/{identity}" if kind == "ConceptMap" and identity in terms.codes.tables else ""


def metadata(terms: Terms, kind: str) -> Iterator[Json]:
    """Every resource of a type without what it holds, tagged so."""
    if kind == "CodeSystem":
        made: Iterator[Json] = (_code_system(system) for system in terms.systems.values())
    elif kind == "ValueSet":
        made = (_value_set(terms, one) for one in terms.sets.values())
    else:
        made = (_concept_map(terms, table) for table in terms.codes.tables.values())
    for one in made:
        one.pop("compose", None)
        one.pop("group", None)
        yield one | {"meta": _SUBSETTED}


def _code_system(system: System) -> Json:
    about = system.about
    made = {
        "resourceType": "CodeSystem",
        "id": about.table,
        "url": about.url,
        "version": about.version,
        "name": about.name,
        "title": about.title,
        "status": "active",
        "date": about.date,
        "publisher": about.owner,
        "description": about.source,
        "caseSensitive": True,
        "hierarchyMeaning": "is-a",
        "content": "complete" if about.complete == (ALL,) else "fragment",
        "count": sum(len(system.all_codes(system.concept(code))) for code in system.codes),
    }
    return {name: value for name, value in made.items() if value != ""}


def _declared(system: System) -> list[Json]:
    return [
        {"code": code, "description": text, "type": kind}
        | ({"uri": f"{_CONCEPT_PROPERTIES}{code}"} if code != "sameAs" else {})
        for code, kind, text in _PROPERTIES
    ]


def _concepts(system: System) -> Iterator[Json]:
    """Every code of every concept; the other codes of a concept refer to its own."""
    for code in system.codes:
        concept = system.concept(code)
        every = system.all_codes(concept)
        yield _concept(concept, code, every)
        yield from (_concept(concept, other, every) for other in every if other != code)


def _concept(concept: Concept, code: str, every: tuple[str, ...]) -> Json:
    told: list[Json] = [{"code": "parent", "valueCode": concept.parent}] if concept.parent else []
    told += [{"code": "deprecated", "valueDateTime": concept.retired_from}] if concept.valid_to else []
    told += [{"code": "sameAs", "valueCode": other} for other in every if other != code]
    made: Json = {"code": code, "display": concept.display}
    if concept.also:
        made["designation"] = [{"language": "da", "value": display} for display in concept.also]
    return made | ({"property": told} if told else {})


def _value_set(terms: Terms, value_set: ValueSet) -> Json:
    about = value_set.about
    systems = [(terms.named(url), members) for url, members in value_set.members.items()]
    include = [
        {
            "system": system.about.url,
            "version": system.about.version,
            "concept": [{"code": code, "display": system.concept(code).display} for code in members],
        }
        for system, members in systems
    ]
    notes = "; ".join(dict.fromkeys(choice.note for choice in about.choices if choice.note))
    made = {
        "resourceType": "ValueSet",
        "id": about.id,
        "url": about.url,
        "name": about.name,
        "title": about.title,
        "status": "active",
        "description": notes,
        "compose": {"include": include},
    }
    return {name: value for name, value in made.items() if value != ""}


def _concept_map(terms: Terms, table: CodeTable) -> Json:
    made = concept_map(table, f"{MAPS}/{table.name}", about=terms.codes.about.get(table.name))
    return {"resourceType": "ConceptMap", "id": table.name} | made
