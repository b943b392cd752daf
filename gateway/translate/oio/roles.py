"""Which role a relation of a case has: the UUIDs of mappings/oio/roles.csv.

A relation's role and the type of its object are UUIDs of Fælleskommunalt Klassifikationssystem. Some are not
published; such a row has an empty `uuid`, so rules may name the role already, and an integrator who knows the UUID
fills it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.translate.oio.tree import BESIDE, LISTS, Node, is_uuid
from gateway.translate.rules.lines import lines
from gateway.translate.rules.problems import Problems

_PLACES = {name: (f"{name}/UUIDIdentifikator", f"{name}/URNIdentifikator") for name in ("ReferenceID", "Rolle", "Type")}
OTHER = "Anden"  # the word rules use for roles that are not in the table

_COLUMNS = ("relation", "role", "uuid", "display", "note")


@dataclass(frozen=True, slots=True)
class Roles:
    """`known` holds every (relation, role) a rule may name, with its Danish name; `by_uuid` those that can be met.
    `uuids` are those that are published, by relation and role in small letters."""

    known: Mapping[tuple[str, str], str]
    by_uuid: Mapping[tuple[str, str], str]
    uuids: Mapping[tuple[str, str], str]

    def of(self, node: Node) -> str:
        """The role of a relation: `OTHER` when its UUID is not in the table, "" for what is no relation."""
        if node.role is None:
            written = reference_of(node, "Rolle")
            node.role = self.by_uuid.get((node.name, written), OTHER) if written else ""
        return node.role

    def listed(self, case: Node) -> dict[str, list[Node]]:
        """The properties, states and relations of a case that say anything, by their path from it, relations by path
        and role too (`Registrering/RelationListe/Sagspart[PrimaerPart]`): sorted once."""
        if case.listed is None:
            case.listed = {}
            self._list(case, "", case.listed, is_list=False)
        return case.listed

    def _list(self, node: Node, within: str, listed: dict[str, list[Node]], *, is_list: bool) -> None:
        for part in node.parts:
            path = within + part.name
            if is_list and part.name != BESIDE:
                if part.filled or not part.empty:
                    listed.setdefault(path, []).append(part)
                    if role := self.of(part):
                        listed.setdefault(f"{path}[{role}]", []).append(part)
            elif part.parts:
                self._list(part, f"{path}/", listed, is_list=is_list or part.name in LISTS)

    def type_of(self, node: Node) -> str:
        """The type of what a relation points at (`Bruger`, `OrganisationEnhed`), "" when it is unknown."""
        return self.by_uuid.get(("Type", reference_of(node, "Type")), "")

    def display(self, node: Node) -> str:
        """The Danish name of a relation's role, "" when it is unknown."""
        return self.known.get((node.name, self.of(node)), "")


def reference_of(relation: Node, name: str = "ReferenceID") -> str:
    """The UUID or URN in a part of a relation: `ReferenceID`, `Rolle`, `Type`; "" when neither is there."""
    flat = relation.flat
    if flat is None:
        return told(relation.first(name))
    uuid, urn_ = _PLACES[name]
    return flat.get(uuid) or flat.get(urn_) or ""


def told(reference: Node | None) -> str:
    """A UnikIdType: a UUID or a URN, "" when neither is there."""
    if reference is None:
        return ""
    return reference.said("UUIDIdentifikator") or reference.said("URNIdentifikator")


def urn(role: str) -> str:
    """A role by its name, for dialects of OIO that have no UUIDs for roles (LoRa): no sender of XML writes this."""
    return f"urn:faellesplan:rolle:{role.lower()}"


def read(path: Path, problems: Problems) -> Roles:
    """The table in a file; every fault is noted with its line."""
    name = f"mappings/{path.parent.name}/{path.name}"
    known: dict[tuple[str, str], str] = {}
    by_uuid: dict[tuple[str, str], str] = {}
    uuids: dict[tuple[str, str], str] = {}
    for line in lines(path, name, _COLUMNS, problems):
        relation, role, uuid = line.cells["relation"], line.cells["role"], line.cells["uuid"].lower()
        if not relation or not role:
            problems.add(line.mark, "relation and role must be there")
        elif (relation, role) in known or (relation, uuid) in by_uuid:
            problems.add(line.mark, f"{relation} {role}: the role or its UUID stands here twice")
        else:
            known[relation, role] = line.cells["display"] or role
            by_uuid[relation, urn(role)] = role
            if uuid:
                by_uuid[relation, uuid] = role
            if is_uuid(uuid):
                uuids[relation, role.lower()] = uuid
    return Roles(known, by_uuid, uuids)
