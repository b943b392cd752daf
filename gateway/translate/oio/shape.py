"""Which element stands in which: OIO Sag and Dokument in SF1470 v6 and 1.2.STS-4 (Sag.xsd, SagIndeks.xsd,
DokumentIndeks.xsd, SagDokObjekt.xsd). Both are told from one root, as they share most of their elements.

A path in a rule file is checked against this at start. Messages are not: what stands elsewhere is simply not read.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

_RELATION = "Virkning Rolle Type Indeks ReferenceID LokalUdvidelseListe"
_PARTY = "BrugervendtNoegle FuldtNavn CPR-nr CVR-nr SE-nr P-nr"
_ID = "UUIDIdentifikator URNIdentifikator"

INSIDE: dict[str, frozenset[str]] = {
    name: frozenset(parts.split())
    for name, parts in {
        "Sag": "UUIDIdentifikator Registrering UdenNotifikation",
        "Registrering": "NoteTekst Tidspunkt LivscyklusKode BrugerRef StsTidspunkt "
        "AttributListe TilstandListe RelationListe VariantListe",
        "AttributListe": "Egenskaber LokalUdvidelseListe",
        "Egenskaber": "Virkning BrugervendtNoegle AfleveretIndikator Beskrivelse HjemmelSpecifikation Kassationskode "
        "OffentlighedUndtaget PrincipielIndikator Sagsnummer Titel BrevDato VersionIdentifikator "
        "UnderversionIdentifikator Dokumentnummer Foelsomhed Type",
        "OffentlighedUndtaget": "TitelAlternativTekst OffentlighedUndtagetHjemmelTekst",
        "TilstandListe": "Fremdrift LokalUdvidelseListe",
        "Fremdrift": "Virkning FremdriftStatusKode",
        "RelationListe": "Sagsaktoer Sagsarkiv Sagsklasse Sagspart Sagsrelation Sagsgenstande Journalpost "
        "Dokumentrelation Dokumentaktoer Dokumentpart Dokumentklasse LokalUdvidelseListe",
        "Dokumentrelation": _RELATION,
        "Dokumentaktoer": _RELATION,
        "Dokumentpart": _RELATION,
        "Dokumentklasse": _RELATION,
        "DokumentitsystemRelation": _RELATION + " SystemNavn SystemURI",
        "VariantListe": "Variant LokalUdvidelseListe",
        "Variant": "Variant Egenskaber",
        "Sagsaktoer": _RELATION,
        "Sagsarkiv": _RELATION,
        "Sagsklasse": _RELATION,
        "Sagspart": _RELATION,
        "Sagsrelation": _RELATION,
        "Sagsgenstande": _RELATION,
        "Journalpost": _RELATION + " JournalpostEgenskaber",
        "JournalpostEgenskaber": "Dokumenttitel OffentlighedUndtaget JournalnotatEgenskaber",
        "JournalnotatEgenskaber": "Titel Notat Format",
        "Sikkerhedsprofil": _RELATION,
        "SagsitsystemRelation": _RELATION + " SystemNavn SystemURI",
        "Virkning": "FraTidspunkt TilTidspunkt AktoerRef AktoerTypeKode NoteTekst",
        "FraTidspunkt": "TidsstempelDatoTid GraenseIndikator",
        "TilTidspunkt": "TidsstempelDatoTid GraenseIndikator",
        "AktoerRef": _ID,
        "BrugerRef": _ID,
        "Rolle": _ID,
        "Type": _ID,
        "ReferenceID": _ID,
        "LokalUdvidelseListe": "SagIndeksEgenskaber SagsaktoerLokalUdvidelse SagsklasseLokalUdvidelse "
        "SagspartLokalUdvidelse SagsgenstandeLokalUdvidelse Sikkerhedsprofil SagsitsystemRelation "
        "DokumentaktoerLokalUdvidelse DokumentpartLokalUdvidelse DokumentklasseLokalUdvidelse "
        "DokumentitsystemRelation SenestAendretTidspunkt",
        "DokumentaktoerLokalUdvidelse": "BrugervendtNoegle FuldtNavn CVR-Nr",
        "DokumentpartLokalUdvidelse": _PARTY,
        "DokumentklasseLokalUdvidelse": "Klassetitel BrugervendtNoegle Soegeord",
        "SagIndeksEgenskaber": "Virkning Sagsstatus Sagskategori Foelsomhed Lokation OprettetTidspunkt",
        "SagsaktoerLokalUdvidelse": "BrugervendtNoegle FuldtNavn CVR-Nummer",
        "SagsklasseLokalUdvidelse": "Facettitel Klassetitel BrugervendtNoegle Soegeord",
        "Soegeord": "SoegeordIdentifikator BeskrivelseTekst SoegeordKategoriTekst Beskrivelse SoegeordKategori",
        "SagspartLokalUdvidelse": _PARTY,
        "SagsgenstandeLokalUdvidelse": "Tekstfelt",
    }.items()
}

REGISTERED = ("AttributListe", "TilstandListe", "RelationListe")


def nearest(name: str, parent: str, inside: Mapping[str, frozenset[str]] = INSIDE) -> str:
    """The element inside `parent` that somebody who wrote `name` most likely meant, "" when nothing is near."""
    folded = {known.lower(): known for known in sorted(inside.get(parent, ()))}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else ""
