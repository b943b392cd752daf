"""Which element stands in which: BevillingIndeks.xsd and OekonomiskEffektueringIndeks.xsd of SF1490 6.0.STS-0.

Rule files begin at `Ydelsesindeks`, which is not in the standard: it holds the one grant or payment at hand, so that
one folder of rules reads both.
"""

from __future__ import annotations

ROOT = "Ydelsesindeks"
GRANT = "BevillingIndeks"
PAYMENT = "OekonomiskEffektueringIndeks"

_FREE = "Rolle Type Indeks ReferenceID LokalUdvidelseListe"
_RELATION = f"Virkning {_FREE}"
_ID = "UUIDIdentifikator URNIdentifikator"
_INDEX = "UUIDIdentifikator Registrering UdenNotifikation"

INSIDE: dict[str, frozenset[str]] = {
    name: frozenset(parts.split())
    for name, parts in {
        ROOT: f"{GRANT} {PAYMENT}",
        GRANT: _INDEX,
        PAYMENT: _INDEX,
        "Registrering": "NoteTekst Tidspunkt LivscyklusKode BrugerRef StsTidspunkt "
        "AttributListe TilstandListe RelationListe",
        "AttributListe": "Egenskaber BevilgetYdelse LokalUdvidelseListe",
        "Egenskaber": "Virkning BrugervendtNoegle Bevillingstartdato Bevillingslutdato Begrundelse Foelsomhed "
        "Startdato Slutdato SamletBruttobeloeb Dispositionsdato BeloebEfterSkatATP BeloebSendtTilUdbetaling "
        "BeloebUdbetalt Udbetalingsafdeling SendtTilUdbetalingTekst UdbetaltTekst",
        "BevilgetYdelse": "Virkning Id Navn BevilgetYdelseStartdato BevilgetYdelseSlutdato Begrundelse "
        "Tilbagebetalingspligtig Meddelelse ItSystem Ydelse OekonomiskEffektueringsplan",
        "Ydelse": f"{_FREE} Ydelsesnavn Klassifikation",
        "Klassifikation": f"{_FREE} BrugervendtNoegle Klassetitel",
        "OekonomiskEffektueringsplan": "Id EffektueringsplanStartdato EffektueringsplanSlutdato Beregningsfrekvens "
        "ForudBagud Dispositionsdag Ydelsesbeloeb ManueltGodkendes",
        "TilstandListe": "LokalUdvidelseListe",
        "RelationListe": "Bevillingssag Bevillingspart Bevillingsaktoer Sikkerhedsprofil "
        "OekonomiskYdelseEffektueringRelation Aktoer ItSystem OekonomiskEffektueringPart LokalUdvidelseListe",
        "Bevillingssag": f"{_RELATION} BrugervendtNoegle FuldtNavn",
        "Bevillingspart": f"{_RELATION} BrugervendtNoegle FuldtNavn",
        "OekonomiskEffektueringPart": f"{_RELATION} BrugervendtNoegle FuldtNavn",
        "Bevillingsaktoer": f"{_RELATION} BrugervendtNoegle FuldtNavn CVR-nr",
        "Aktoer": f"{_RELATION} BrugervendtNoegle FuldtNavn CVR-nr",
        "Sikkerhedsprofil": _RELATION,
        "ItSystem": f"{_RELATION} SystemNavn SystemURI",
        "OekonomiskYdelseEffektueringRelation": f"{_RELATION} YdelsesperiodeStartdato YdelsesperiodeSlutdato "
        "Ydelsesbeloeb Klassifikationsbeskrivelse BevilgetYdelseRef",
        "BevilgetYdelseRef": "UUIDIdentifikator BevilgetYdelseId",
        "Virkning": "FraTidspunkt TilTidspunkt AktoerRef AktoerTypeKode NoteTekst",
        "FraTidspunkt": "TidsstempelDatoTid GraenseIndikator",
        "TilTidspunkt": "TidsstempelDatoTid GraenseIndikator",
        "AktoerRef": _ID,
        "BrugerRef": _ID,
        "Rolle": _ID,
        "Type": _ID,
        "ReferenceID": _ID,
        "LokalUdvidelseListe": "SenestAendretTidspunkt",
    }.items()
}
