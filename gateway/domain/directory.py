"""The directory: who treats and helps, and where. Practitioners, their roles, organisations, services and places.

Nobody's data of a citizen, so no consent decides about them; but the staff and the place of a shelter tell where a
citizen hides. Those are labelled `protected-address`, and so is what refers to them (store/directory.py).

What stands in the tables of mappings (municipalities, regions, the organisations of sources) is made here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from gateway.domain.content import TEXT, UNIT, Content, content_of
from gateway.domain.identifier import Identifier, normal
from gateway.domain.labels import Labeller, labelled
from gateway.domain.municipality import CODES, four_digits
from gateway.domain.resource import Facts, Ids
from gateway.domain.security_label import PROTECTED_ADDRESS
from gateway.domain.source import Source
from gateway.domain.statement import Body
from gateway.domain.when import in_force

KINDS = ("Practitioner", "PractitionerRole", "Organization", "HealthcareService", "Location")

_NAMES = ("name", "alias")
_WORDS = ("comment", "extraDetails", "availabilityExceptions")


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation of the tables. The first identifier is what its id is made of; `valid_from` and `valid_to` are
    days, both included, "" for open."""

    identifiers: tuple[Identifier, ...]
    name: str
    kind: str = ""
    valid_from: str = ""
    valid_to: str = ""
    source: str = ""  # "" where a table of mappings/codes tells it


class Registry:
    """The organisations of the tables, made once at start: read and found, never written."""

    def __init__(self, organisations: Iterable[Organisation], ids: Ids) -> None:
        self._by_id: dict[str, Organisation] = {}
        self._by_number: dict[str, str] = {}
        for one in _joined(organisations):
            identity = ids("Organization", one.identifiers[0].key)
            self._by_id[identity] = one
            self._by_number |= {number.key: identity for number in one.identifiers}

    @property
    def numbers(self) -> frozenset[str]:
        """The keys of every identifier that names one of them."""
        return frozenset(self._by_number)

    def bodies(self, day: date) -> list[Body]:
        """All of them as they are on a day, sorted by id."""
        return [_body(identity, self._by_id[identity], day) for identity in sorted(self._by_id)]

    def find(self, identity: str, day: date) -> Body | None:
        """One by its id."""
        found = self._by_id.get(identity)
        return _body(identity, found, day) if found else None

    def named(self, key: str, day: date) -> Body | None:
        """One by the key of any of its identifiers."""
        identity = self._by_number.get(key)
        return self.find(identity, day) if identity else None


def of_sources(sources: Mapping[str, Source]) -> Iterator[Organisation]:
    """The organisations that sources speak for. Several sources of one organisation are one: the first names it."""
    for source in sorted(sources.values(), key=lambda one: one.id):
        number = normal(source.organisation.system, source.organisation.value)
        yield Organisation((number,), source.name, source=source.id)


def _joined(organisations: Iterable[Organisation]) -> list[Organisation]:
    """Those that share a number are one; who comes first gives the name."""
    made: list[Organisation] = []
    for one in organisations:
        same = next((k for k, there in enumerate(made) if not set(there.identifiers).isdisjoint(one.identifiers)), None)
        if same is None:
            made.append(one)
        else:
            both = (*made[same].identifiers, *(i for i in one.identifiers if i not in made[same].identifiers))
            made[same] = replace(made[same], identifiers=both)
    return made


def _body(identity: str, one: Organisation, day: date) -> Body:
    on = day.isoformat()
    body: Body = {
        "resourceType": "Organization",
        "id": identity,
        "meta": {},
        "active": in_force(on, one.valid_from, one.valid_to),
        "identifier": [{"system": number.system, "value": number.value} for number in one.identifiers],
        "name": one.name,
    }
    if one.kind:
        body["type"] = [{"text": one.kind}]
    body["meta"] = {"versionId": hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16]}
    return body


def identifiers_of(body: Body) -> list[str]:
    """The keys of its identifiers, in their one spelling."""
    listed = body.get("identifier", [])
    return [
        number_key(str(i.get("system", "")), str(i["value"])) for i in listed if isinstance(i, dict) and "value" in i
    ]


def number_key(system: str, value: str) -> str:
    """`system|value` in its one spelling; a municipality code is four digits.

    >>> number_key("http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes", "165")
    'http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes|0165'
    """
    if system.strip() == CODES:
        return f"{CODES}|{four_digits(value) or value.strip()}"
    return normal(system, value).key


def refers_to(body: Body) -> list[str]:
    """What it refers to, by literal reference and by the key of an identifier."""
    return sorted({name for name in _references(body) if not name.startswith("#")})


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        yield from name_of(node)
        for value in node.values():
            yield from _references(value)


def name_of(reference: Body) -> Iterator[str]:
    """By what a Reference names its target: `Location/1`, `system|value`."""
    literal, number = reference.get("reference"), reference.get("identifier")
    if isinstance(literal, str):
        yield "/".join(literal.partition("/_history/")[0].split("/")[-2:])
    if isinstance(number, dict) and "value" in number:
        yield number_key(str(number.get("system", "")), str(number["value"]))


def judged(body: Body, kind: str, source: Source, labeller: Labeller, before: Body | None = None) -> tuple[Body, bool]:
    """The body with its labels, and whether it is a shelter or a protected address by what it says itself. Labels that
    stood there before stay."""
    said = content_of(body)
    names = [(UNIT, word) for name in _NAMES for word in _texts(body.get(name))]
    texts = [(TEXT, word) for name in _WORDS for word in _texts(body.get(name))]
    content = Content(said.codes, [*said.words, *names, *texts], said.references, said.displays)
    kept = (before or {}).get("meta", {}).get("security", [])
    given = body | {
        "meta": body.get("meta", {}) | {"security": _united(kept, body.get("meta", {}).get("security", []))}
    }
    if not given["meta"]["security"]:
        del given["meta"]["security"]
    labels, _ = labeller.label(given, source.sector, kind, source.id, content)
    return labelled(given, labels), PROTECTED_ADDRESS in labels


def _united(first: list[Body], then: list[Body]) -> list[Body]:
    return [*first, *(one for one in then if one not in first)]


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, str)]


def shelter(kind: str, identity: str, source: Source | None) -> Facts:
    """What a decision may know of something that tells where a protected citizen is."""
    return Facts(
        kind, identity, "", source.sector if source else "shared", source.id if source else "", "protected-address",
        labels=frozenset({PROTECTED_ADDRESS}),
    )  # fmt: skip


NO_REGISTRY = Registry((), lambda _kind, key: key)
