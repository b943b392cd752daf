"""Relations of a case or document: Virkning, Rolle, Type, ReferenceID, and what the index adds to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from gateway.domain.identifier import CVR, FK_ORG, Identifier, normal
from gateway.domain.statement import Body
from gateway.errors import MissingField
from gateway.translate.oio.write.elements import (
    CASE_INDEX,
    DEFINITIONS,
    SAG,
    add,
    effect,
    is_uuid,
    reference,
    told,
)  # fmt: skip
from gateway.translate.oio.write.tables import Known, Tables

_URNS = {CVR: "urn:oio:cvr-nr"}


@dataclass(frozen=True, slots=True)
class Relation:
    """`name` of the element, `role` and `kind` as mappings/oio/roles.csv names them ("" for none). `number` is a UUID
    or a URN. `beside` are texts of the index's own extension, `beside_name` its element."""

    name: str
    role: str
    kind: str
    number: str
    period: Body = field(default_factory=dict)
    beside_name: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    index: str = ""


class Writer:
    """Puts relations into a list. `begin` is from when one holds that has no time of its own."""

    def __init__(self, tables: Tables, begin: str, namespace: str = SAG, beside_namespace: str = CASE_INDEX) -> None:
        self._tables = tables
        self._begin = begin
        self._namespace = namespace
        self._beside = beside_namespace

    def put(self, parent: etree._Element, relation: Relation, namespace: str = "") -> etree._Element:
        """The relation as the last element of `parent`."""
        made = add(parent, namespace or self._namespace, relation.name)
        effect(made, DEFINITIONS, relation.period, self._begin)
        role = self._tables.uuids.get((relation.name, relation.role), relation.role if is_uuid(relation.role) else "")
        for name, uuid in (("Rolle", role), ("Type", self._tables.uuids.get(("Type", relation.kind), ""))):
            if uuid:
                reference(made, DEFINITIONS, name, uuid)
        if relation.index:
            add(made, DEFINITIONS, "Indeks", relation.index)
        reference(made, DEFINITIONS, "ReferenceID", relation.number)
        if any(text for _, text in relation.beside):
            listed = add(add(made, DEFINITIONS, "LokalUdvidelseListe"), self._beside, relation.beside_name)
            for name, text in relation.beside:
                told(listed, self._beside, name, text, 50 if name == "BrugervendtNoegle" else 255)
        return made


def owner(author: Body, where: str, tables: Tables, name: str = "Sagsaktoer", cvr_name: str = "CVR-Nummer") -> Relation:
    """Ejer: an authority by CVR number, with its name; a municipality that nobody named has that of the table. Raises
    MissingField naming what is missing."""
    number = _number(author)
    if number.system != CVR or not number.value:
        raise MissingField(
            "The owner has no CVR number", where=f"{where}.identifier", hint="Put it there (http://cvr.dk)."
        )
    called = author.get("display") or tables.called(number.value)
    if not called:
        raise MissingField("The owner has no name.", where=f"{where}.display")
    beside = (("FuldtNavn", called), (cvr_name, number.value))
    return Relation(name, "Ejer", "Organisation", f"urn:oio:cvr-nr:{number.value}", {}, f"{name}LokalUdvidelse", beside)


def actor(named: Body, role: str, period: Body, employer: Body | None = None) -> Relation | None:
    """A unit or person by the number that OIO knows it by; None for one that has no such number."""
    number = _number(named)
    reference_id = number_of(named)
    if not reference_id:
        return None
    kind = "Bruger" if named.get("type") == "Practitioner" else "OrganisationEnhed"
    kind = "Organisation" if number.system == CVR else kind
    at = _number(employer or {})
    beside = (("FuldtNavn", named.get("display", "")), ("CVR-Nummer", at.value if at.system == CVR else ""))
    return Relation("Sagsaktoer", role, kind, reference_id, period, "SagsaktoerLokalUdvidelse", beside)


def number_of(named: Body) -> str:
    """The UUID or URN by which OIO knows a unit, person or company; "" where it has no such number."""
    number = _number(named)
    if number.system == FK_ORG:
        return number.value if is_uuid(number.value) else ""
    kind = _URNS.get(number.system, number.system)
    return f"{kind}:{number.value}" if number.value and kind.startswith("urn:oio:") else ""


def unit(known: Known, name: str, role: str, kind: str) -> Relation:
    """What mappings/oio/owners.csv says of an owner."""
    beside = (("FuldtNavn", known.name),) if name == "Sagsaktoer" else ()
    return Relation(name, role, kind, known.uuid, {}, f"{name}LokalUdvidelse", beside)


def _number(named: Body) -> Identifier:
    found = named.get("identifier", {})
    return normal(str(found.get("system", "")), str(found.get("value", "")))


def system_names(element: etree._Element, namespace: str, name: str) -> None:
    """The name of an IT system, which stands after its relation."""
    told(element, namespace, "SystemNavn", name)
