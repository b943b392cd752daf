"""The tables that a case is written by: those that its reader has, read backwards, and two that only a writer needs.

Both are an installation's own, and no file is an empty table (docs/municipal-messages.md):

- `mappings/oio/classes.csv` (number, uuid, title, note): UUIDs of KLE subjects and action facets in Fælleskommunalt
  Klassifikationssystem, where they are not public. What a case told itself goes before it.
- `mappings/oio/owners.csv` (owner, relation, role, uuid, name, note): what an owner's cases have where nobody told it.
  `owner` is a CVR number; `Sagsaktoer,Ansvarlig` is the responsible unit, `SagsitsystemRelation,Master` the system that
  holds the case, `SagsitsystemRelation,Afsender` the one that sends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.identifier import CVR
from gateway.translate.oio import roles
from gateway.translate.oio.roles import Roles
from gateway.translate.oio.write.elements import is_uuid
from gateway.translate.rules.codes import rows_of
from gateway.translate.rules.lines import Line, lines
from gateway.translate.rules.problems import Problems

_CLASSES = ("number", "uuid", "title", "note")
_OWNERS = ("owner", "relation", "role", "uuid", "name", "note")


@dataclass(frozen=True, slots=True)
class Known:
    """A unit or system of an owner: UUID in FK Organisation, and its name."""

    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class Tables:
    """`uuids` of roles and types by (relation, role); `codes` Confidentiality → Foelsomhed; `classes` KLE number →
    UUID; `owners` by (CVR number, relation, role); `municipalities` code → CVR number and name."""

    roles: Roles
    uuids: Mapping[tuple[str, str], str]
    codes: Mapping[str, str]
    classes: Mapping[str, str]
    owners: Mapping[tuple[str, str, str], Known]
    municipalities: Mapping[str, tuple[str, str]]

    def called(self, cvr: str) -> str:
        """The name of the municipality with a CVR number, "" for any other."""
        name = next((name for number, name in self.municipalities.values() if number == cvr), "")
        return f"{name} Kommune" if name else ""

    @classmethod
    def read(cls, mappings: Path) -> Tables:
        """The tables in the folder of rules. Raises MappingError with everything that is wrong in them."""
        problems = Problems()
        known = roles.read(mappings / "oio" / "roles.csv", problems)
        made = cls(
            roles=known,
            uuids={(relation, role): uuid for (relation, uuid), role in known.by_uuid.items() if is_uuid(uuid)},
            codes=_backwards(mappings / "codes" / "oio-foelsomhed.csv", problems),
            classes=_classes(mappings / "oio" / "classes.csv", problems),
            municipalities=_municipalities(mappings / "codes" / "municipality.csv", problems),
            owners=_owners(mappings / "oio" / "owners.csv", known, problems),
        )
        problems.check()
        return made

    def role_of(self, relation: str, display: str) -> str:
        """The role that is shown by this name, or by its UUID; "" for none."""
        named = (role for (kind, role), shown in self.roles.known.items() if kind == relation and shown == display)
        return next(named, "") or self.roles.by_uuid.get((relation, display), "")


def _backwards(file: Path, problems: Problems) -> Mapping[str, str]:
    return {row.target_code: row.source_code for row in rows_of(file, problems)}


def _municipalities(file: Path, problems: Problems) -> Mapping[str, tuple[str, str]]:
    rows = rows_of(file, problems)
    return {row.target_code: (row.source_code, row.display) for row in rows if row.source_system == CVR}


def _classes(file: Path, problems: Problems) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in lines(file, f"{file.parent.name}/{file.name}", _CLASSES, problems) if file.exists() else ():
        found[line.cells["number"]] = _uuid(line)
    return found


def _owners(file: Path, known: Roles, problems: Problems) -> Mapping[tuple[str, str, str], Known]:
    found: dict[tuple[str, str, str], Known] = {}
    for line in lines(file, f"{file.parent.name}/{file.name}", _OWNERS, problems) if file.exists() else ():
        cells = line.cells
        line.one("role", [role for relation, role in known.known if relation == cells["relation"]])
        found[cells["owner"], cells["relation"], cells["role"]] = Known(_uuid(line), cells["name"])
    return found


def _uuid(line: Line) -> str:
    uuid = line.cells["uuid"].lower()
    if not is_uuid(uuid):
        line.problems.add(line.mark, "uuid must be a UUID")
    return uuid
