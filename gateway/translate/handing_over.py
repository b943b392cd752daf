"""What a case is handed over by: the municipalities, the kinds of places of retssikkerhedsloven § 9, and KL's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.domain.identifier import CVR, normal
from gateway.domain.placements import Kinds
from gateway.domain.statement import Body
from gateway.translate.kl.write import KINDS as _WRITTEN
from gateway.translate.kl.write import Tables, write
from gateway.translate.municipalities import Municipalities, Municipality
from gateway.translate.rules.codes import Codes

LANGUAGE = "kl-report"
"""The language of what is handed over, and the door that takes it (POST /cases/kl)."""

KINDS = tuple(kind for kind in _WRITTEN if kind != "Account")
"""What goes along: all that KL writes but accounts, since another municipality pays now."""

__all__ = ["KINDS", "LANGUAGE", "HandingOver"]


@dataclass(frozen=True, slots=True)
class HandingOver:
    """The tables, read once at start. `places` are mappings/codes/placement.csv."""

    municipalities: Municipalities
    places: Kinds
    tables: Tables

    @classmethod
    def of(cls, codes: Codes, mappings: Path) -> HandingOver:
        """From the code tables and the folder of rules. Raises MappingError."""
        rows = codes.tables["placement"].rows
        places: Mapping[tuple[str, str], str] = {(row.source_system, row.source_code): row.target_code for row in rows}
        return cls(Municipalities(codes), places, Tables.read(mappings))

    def author_of(self, plan: Body) -> str:
        """The municipality (four digits) whose CVR number a plan's author has, "" for anybody else."""
        number = plan.get("author", {}).get("identifier", {})
        found = normal(number.get("system", ""), number.get("value", ""))
        known = self.municipalities.find(found.value) if found.system == CVR else None
        return known.code if known else ""

    def bundle(self, parts: Sequence[Body], citizen: Body, at: datetime, sender: Municipality) -> bytes:
        """The parts as a KL collection from the old municipality. Raises as `kl.write` does."""
        number = {"system": CVR, "value": sender.cvr}
        author = {"type": "Organization", "identifier": number, "display": sender.name}
        return write(parts, {**citizen, "managingOrganization": author}, at, self.tables, sender=author)
