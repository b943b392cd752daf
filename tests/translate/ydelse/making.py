"""Grants and payments of Ydelsesindeks in XML, valid by its schemas."""

from __future__ import annotations

CPR = "0108589995"
GRANT = "6e0f6c0a-52d3-4e43-9b6f-2d6c1b7b9e01"
OTHER_GRANT = "6e0f6c0a-52d3-4e43-9b6f-2d6c1b7b9e02"
PAID = "b1d2c7f4-3b0f-4d53-8a42-6f3f0c5c1d22"
OWNER = "9e979b84-b846-4472-8622-58007dc63c7e"
MAIN = "d839f26a-d4d1-4441-b2d6-3dbbb12a9404"
COPENHAGEN = "64942212"
WHOLE, REDUCED, STOPPED = "32.24.04", "32.24.06", "32.24.07"

_SPACES = (
    'xmlns:yi="urn:oio:sts:ydelse:ydelseindeks:6" xmlns:bi="urn:oio:sts:ydelse:bevillingindeks:6" '
    'xmlns:oef="urn:oio:sts:ydelse:oekonomiskeffektueringindeks:6" '
    'xmlns:gd="urn:oio:sts:generelledefinitioner:6" xmlns:sd="urn:oio:sagdok:3.0.0"'
)


def effect(start: str = "2025-01-01T00:00:00+01:00", end: str = "", space: str = "bi") -> str:
    """A Virkning; without an end it never ends."""
    until = (
        f"<sd:TidsstempelDatoTid>{end}</sd:TidsstempelDatoTid>"
        if end
        else "<sd:GraenseIndikator>true</sd:GraenseIndikator>"
    )
    return (
        f"<{space}:Virkning><sd:FraTidspunkt><sd:TidsstempelDatoTid>{start}</sd:TidsstempelDatoTid></sd:FraTidspunkt>"
        f"<sd:TilTidspunkt>{until}</sd:TilTidspunkt></{space}:Virkning>"
    )


def plan(amount: str = "12550.00", every: str = "Månedlig", start: str = "2025-01-01T00:00:00+01:00") -> str:
    """An OekonomiskEffektueringsplan."""
    return (
        f"<bi:OekonomiskEffektueringsplan><bi:EffektueringsplanStartdato>{start}</bi:EffektueringsplanStartdato>"
        f"<bi:Beregningsfrekvens>{every}</bi:Beregningsfrekvens><bi:Ydelsesbeloeb>{amount}</bi:Ydelsesbeloeb>"
        "</bi:OekonomiskEffektueringsplan>"
    )


def benefit(
    kle: str = WHOLE, *, start: str = "2025-01-01T00:00:00+01:00", end: str = "", reason: str = "", plans: str = "",
    number: str = "1", name: str = "Kontanthjælp", from_: str = "2025-01-01T00:00:00+01:00", to: str = "",
) -> str:  # fmt: skip
    """A BevilgetYdelse: `from_` and `to` are its effect, `start` and `end` its days."""
    last = f"<bi:BevilgetYdelseSlutdato>{end}</bi:BevilgetYdelseSlutdato>" if end else ""
    why = f"<bi:Begrundelse>{reason}</bi:Begrundelse>" if reason else ""
    return (
        f"<bi:BevilgetYdelse>{effect(from_, to)}<bi:Id>{number}</bi:Id><bi:Navn>{name}</bi:Navn>"
        f"<bi:BevilgetYdelseStartdato>{start}</bi:BevilgetYdelseStartdato>{last}{why}"
        f"<bi:Ydelse><bi:Ydelsesnavn>{name}</bi:Ydelsesnavn><bi:Klassifikation>"
        f"<bi:BrugervendtNoegle>{kle}</bi:BrugervendtNoegle></bi:Klassifikation></bi:Ydelse>{plans}</bi:BevilgetYdelse>"
    )


def party(urn: str = f"urn:oio:cpr-nr:{CPR}", role: str = MAIN, name: str = "bi:Bevillingspart") -> str:
    """A party, by URN."""
    told = f"<gd:Rolle><sd:UUIDIdentifikator>{role}</sd:UUIDIdentifikator></gd:Rolle>" if role else ""
    return f"<{name}>{told}<gd:ReferenceID><sd:URNIdentifikator>{urn}</sd:URNIdentifikator></gd:ReferenceID></{name}>"


def actor(cvr: str = COPENHAGEN, role: str = OWNER, space: str = "bi") -> str:
    """The authority."""
    name = "Bevillingsaktoer" if space == "bi" else "Aktoer"
    told = f"<gd:Rolle><sd:UUIDIdentifikator>{role}</sd:UUIDIdentifikator></gd:Rolle>" if role else ""
    number = f"<{space}:CVR-nr>{cvr}</{space}:CVR-nr>" if cvr else ""
    return f"<{space}:{name}>{told}<{space}:FuldtNavn>Københavns Kommune</{space}:FuldtNavn>{number}</{space}:{name}>"


def registered(
    *benefits: str, at: str = "2025-03-01T09:00:00+01:00", parties: str | None = None, actors: str | None = None,
    reason: str = "", sensitivity: str = "FORTROLIGE_PERSONOPLYSNINGER", states: str = "", more: str = "",
) -> str:  # fmt: skip
    """A Registrering of a grant."""
    why = f"<bi:Begrundelse>{reason}</bi:Begrundelse>" if reason else ""
    step = f"<bi:Foelsomhed>{sensitivity}</bi:Foelsomhed>" if sensitivity else ""
    told = "".join(benefits) or benefit()
    return (
        f"<bi:Registrering><sd:Tidspunkt>{at}</sd:Tidspunkt><sd:LivscyklusKode>Importeret</sd:LivscyklusKode>"
        f"<bi:AttributListe><bi:Egenskaber>{effect()}{why}{step}</bi:Egenskaber>{told}</bi:AttributListe>"
        f"<bi:TilstandListe>{states}</bi:TilstandListe>"
        f"<bi:RelationListe>{more}{party() if parties is None else parties}{actor() if actors is None else actors}"
        "</bi:RelationListe></bi:Registrering>"
    )


def granted(*registrations: str, uuid: str = GRANT) -> str:
    """A BevillingIndeks as it stands in an import."""
    inner = "".join(registrations) or registered()
    return (
        f"<yi:BevillingIndeks><bi:BevillingIndeks><sd:UUIDIdentifikator>{uuid}</sd:UUIDIdentifikator>{inner}"
        "</bi:BevillingIndeks></yi:BevillingIndeks>"
    )


def amount(kroner: str = "12550.00", start: str = "2025-03-01", end: str = "2025-03-31", *, number: str = "1",
           grant: str = GRANT, benefit_id: str = "1") -> str:  # fmt: skip
    """One amount of a payment: days without a time are midnights in UTC, as many systems write them."""
    period = (
        f"<oef:YdelsesperiodeStartdato>{start}T00:00:00</oef:YdelsesperiodeStartdato>"
        f"<oef:YdelsesperiodeSlutdato>{end}T00:00:00</oef:YdelsesperiodeSlutdato>"
        if start
        else ""
    )
    of = (
        f"<oef:BevilgetYdelseRef><sd:UUIDIdentifikator>{grant}</sd:UUIDIdentifikator>"
        f"<oef:BevilgetYdelseId>{benefit_id}</oef:BevilgetYdelseId></oef:BevilgetYdelseRef>"
        if grant
        else ""
    )
    return (
        f"<oef:OekonomiskYdelseEffektueringRelation><gd:Indeks>{number}</gd:Indeks>{period}"
        f"<oef:Ydelsesbeloeb>{kroner}</oef:Ydelsesbeloeb>"
        f"<oef:Klassifikationsbeskrivelse>Kontanthjælp</oef:Klassifikationsbeskrivelse>{of}"
        "</oef:OekonomiskYdelseEffektueringRelation>"
    )


def paid(*amounts: str, uuid: str = PAID, at: str = "2025-03-31T06:00:00+02:00", parties: str | None = None) -> str:
    """An OekonomiskEffektueringIndeks as it stands in an import."""
    told = party(name="oef:OekonomiskEffektueringPart") if parties is None else parties
    return (
        f"<yi:OekonomiskEffektueringIndeks><oef:OekonomiskEffektueringIndeks>"
        f"<sd:UUIDIdentifikator>{uuid}</sd:UUIDIdentifikator><oef:Registrering><sd:Tidspunkt>{at}</sd:Tidspunkt>"
        f"<oef:AttributListe><oef:Egenskaber><oef:Dispositionsdato>2025-03-31T00:00:00</oef:Dispositionsdato>"
        f"</oef:Egenskaber></oef:AttributListe><oef:TilstandListe/><oef:RelationListe>{''.join(amounts) or amount()}"
        f"{actor(space='oef')}{told}</oef:RelationListe></oef:Registrering>"
        "</oef:OekonomiskEffektueringIndeks></yi:OekonomiskEffektueringIndeks>"
    )


def imported(*objects: str) -> bytes:
    """ImporterYdelseIndeksInput."""
    return wrapped("ImporterYdelseIndeksInput", *(objects or (granted(),)))


def wrapped(name: str, *objects: str) -> bytes:
    """A document of this name."""
    inner = "".join(objects)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<yi:{name} {_SPACES}>{inner}</yi:{name}>'.encode()
