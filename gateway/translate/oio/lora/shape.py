"""Which element stands in which, of an Indsats: LoRa's data model (oio_rest, db_structure) in OIO's way of writing.

OIO has no XML for it; its JSON is read into the same kind of tree as a Sag (tree.py).
"""

from __future__ import annotations

from gateway.translate.oio.shape import INSIDE as _OIO

INDSATS = "Indsats"
_RELATION = _OIO["Sagsaktoer"]
RELATIONS = (
    "Indsatsmodtager", "Indsatstype", "Indsatskvalitet", "Indsatsaktoer", "Samtykke", "Indsatssag", "Indsatsdokument",
)  # fmt: skip

INSIDE: dict[str, frozenset[str]] = {
    **_OIO,
    INDSATS: frozenset({"UUIDIdentifikator", "Registrering"}),
    "Egenskaber": frozenset(
        {"Virkning", "BrugervendtNoegle", "Beskrivelse", "Starttidspunkt", "Sluttidspunkt", "Foelsomhed"}
    ),
    "TilstandListe": frozenset({"Fremdrift", "Publiceret"}),
    "Publiceret": frozenset({"Virkning", "PubliceretStatusKode"}),
    "RelationListe": frozenset(RELATIONS),
    **dict.fromkeys(RELATIONS, _RELATION),
}
