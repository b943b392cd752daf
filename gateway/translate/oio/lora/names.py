"""What LoRa's JSON calls the elements of OIO: mappings/oio-json/names.csv, and the names inside them.

The table says, for each kind of object and each list of its JSON, which element a key is and which role it has; LoRa
has keys where OIO XML has UUIDs of roles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.translate.rules.lines import lines
from gateway.translate.rules.problems import Problems

LISTS = {"attributter": "AttributListe", "tilstande": "TilstandListe", "relationer": "RelationListe"}
KINDS = ("Sag", "Dokument", "Indsats")
_COLUMNS = ("kind", "list", "key", "element", "role", "note")

# Names of values, the same in every kind of object.
VALUES = {
    "brugervendtnoegle": "BrugervendtNoegle", "afleveret": "AfleveretIndikator", "beskrivelse": "Beskrivelse",
    "hjemmel": "HjemmelSpecifikation", "kassationskode": "Kassationskode", "principiel": "PrincipielIndikator",
    "sagsnummer": "Sagsnummer", "titel": "Titel", "brevdato": "BrevDato", "major": "VersionIdentifikator",
    "minor": "UnderversionIdentifikator", "dokumenttype": "Type", "dokumentnummer": "Dokumentnummer",
    "starttidspunkt": "Starttidspunkt", "sluttidspunkt": "Sluttidspunkt",
}  # fmt: skip
# What SF1470 tells in its index's own properties; LoRa has no place for it, its users put it beside the others.
INDEX = {
    "foelsomhed": "Foelsomhed", "sagsstatus": "Sagsstatus", "sagskategori": "Sagskategori", "lokation": "Lokation",
    "oprettettidspunkt": "OprettetTidspunkt",
}  # fmt: skip
EXEMPT = {"alternativtitel": "TitelAlternativTekst", "hjemmel": "OffentlighedUndtagetHjemmelTekst"}
NOTE = {"titel": "Titel", "notat": "Notat", "format": "Format"}
BESIDE = {
    "fuldtnavn": "FuldtNavn", "cvrnummer": "CVR-Nummer", "brugervendtnoegle": "BrugervendtNoegle",
    "klassetitel": "Klassetitel", "facettitel": "Facettitel",
}  # fmt: skip
JOURNAL = {
    "journalnotat": "Journalnotat", "vedlagtdokument": "Vedlagt", "tilakteretdokument": "Tilakteret",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """The table: (kind, list, key) → element and role."""

    told: Mapping[tuple[str, str, str], tuple[str, str]]

    def kinds_of(self, list_: str, key: str) -> set[str]:
        """The kinds of objects that have this key."""
        return {kind for kind in KINDS if (kind, list_, key) in self.told}

    def in_json(self, kind: str, element: str, role: str) -> str:
        """How JSON names an element: `relationer.ejer`; "" for one that it does not have."""
        for (one, list_, key), (name, said) in self.told.items():
            if (one, name) == (kind, element) and role in ("", said):
                return f"{list_}.{key}"
        return ""


def read(path: Path, problems: Problems) -> Names:
    """The table in a file; every fault is noted with its line."""
    name = f"mappings/{path.parent.name}/{path.name}"
    told: dict[tuple[str, str, str], tuple[str, str]] = {}
    for line in lines(path, name, _COLUMNS, problems):
        where = (line.one("kind", KINDS), line.one("list", LISTS), line.cells["key"])
        element = line.cells["element"]
        if not where[2] or not element:
            problems.add(line.mark, "key and element must be there")
        if where in told:
            problems.add(line.mark, f"{where[2]} stands here twice")
        told[where] = (element, line.cells["role"])
    return Names(told)
