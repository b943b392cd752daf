"""Cases and documents built from the XSDs and the guide, in both versions: no real one is published."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from tests.translate.oio.cases import CITIZEN, UUID

V6, OLD = "6", "1.2.4.0"

ROLES = {
    "Ejer": "9e979b84-b846-4472-8622-58007dc63c7e", "Ansvarlig": "a1263342-d348-44ba-a566-233f37c4cb67",
    "PrimaerBehandler": "bf1f93ed-9441-4af4-835b-baeb201f3076", "PrimaerPart": "d839f26a-d4d1-4441-b2d6-3dbbb12a9404",
    "PrimaerKlasse": "a86c6581-ec85-412d-a655-31a1f1d5b14f", "Handlingsklasse": "05ef7011-11a7-4e4c-a46b-3de6aa457fc3",
    "Master": "251c24fd-57b0-4afc-9d73-b063d1957eb3",
}  # fmt: skip
# Published in Fælleskommunalt Klassifikationssystem alone: made up here, as an installation would fill them in.
PRIVATE = {
    role: f"0c0c0c0c-0000-4000-8000-{number:012d}"
    for number, role in enumerate(
        ("AndreBehandlere", "UdlaantTil", "Bopaelskommune", "SekundaerPart", "Ydelsesmodtager", "Opgaveklasse",
         "Oversag", "Praecedens", "AndreSager", "Tilakteret", "Vedlagt", "Journalnotat", "Adgang")
    )
}  # fmt: skip
TYPES = {
    "Organisation": "bc6972cd-8f2b-4b9d-8d37-62916d6a71aa", "Enhed": "c5fc3b3b-5197-49ee-92e6-ae6ba1957174",
    "Bruger": "85d65133-4b00-460d-992e-3984857b5768", "Person": "c189ba35-de4b-4363-a8b7-67f1456cf56f",
    "Klasse": "267235ea-526d-4a18-8001-f2a0e563eba1", "ItSystem": "29fe1da2-897a-46cd-b635-b9be8e0bffd6",
}  # fmt: skip
OWNER = "64942212"
UNKNOWN = "00000000-aaaa-4bbb-8ccc-111111111111"
START = "2025-01-14T00:00:00+01:00"
TOO_LARGE = (
    "Dette Journalnotat er for stort til at blive sendt til Sags- og Dokumentindekset. Se notatet i fagsystemet."
)


def uuid(number: int) -> str:
    return f"0a0a0a0a-0000-4000-8000-{number:012d}"


def effect(prefix: str, start: str = START, end: str = "") -> str:
    until = (
        f"<sd:TidsstempelDatoTid>{end}</sd:TidsstempelDatoTid>"
        if end
        else "<sd:GraenseIndikator>true</sd:GraenseIndikator>"
    )
    return (
        f"<{prefix}:Virkning><sd:FraTidspunkt><sd:TidsstempelDatoTid>{start}</sd:TidsstempelDatoTid></sd:FraTidspunkt>"
        f"<sd:TilTidspunkt>{until}</sd:TilTidspunkt></{prefix}:Virkning>"
    )


def named(prefix: str, name: str, number: str) -> str:
    kind = "URNIdentifikator" if ":" in number else "UUIDIdentifikator"
    return f"<{prefix}:{name}><sd:{kind}>{number}</sd:{kind}></{prefix}:{name}>"


@dataclass
class Relation:
    """One relation; `beside` is what the index adds, `more` what stands after it."""

    name: str
    role: str
    type: str
    to: str
    beside: str = ""
    index: str = ""
    start: str = START
    end: str = ""
    more: str = ""

    def text(self, prefix: str) -> str:
        role = ROLES.get(self.role) or PRIVATE.get(self.role) or self.role
        beside = f"<gd:LokalUdvidelseListe>{self.beside}</gd:LokalUdvidelseListe>" if self.beside else ""
        return (
            f"<{prefix}:{self.name}>{effect('gd', self.start, self.end)}{named('gd', 'Rolle', role)}"
            + named("gd", "Type", TYPES.get(self.type, UNKNOWN))
            + (f"<gd:Indeks>{self.index}</gd:Indeks>" if self.index else "")
            + f"{named('gd', 'ReferenceID', self.to)}{beside}{self.more}</{prefix}:{self.name}>"
        )


def actor(role: str, kind: str, to: str, name: str, cvr: str = "", **more: str) -> Relation:
    number = f"<si:CVR-Nummer>{cvr}</si:CVR-Nummer>" if cvr else ""
    told = f"<si:SagsaktoerLokalUdvidelse><si:FuldtNavn>{name}</si:FuldtNavn>{number}</si:SagsaktoerLokalUdvidelse>"
    return Relation("Sagsaktoer", role, kind, to, told, **more)


def party(role: str, to: str, name: str, **more: str) -> Relation:
    told = f"<si:SagspartLokalUdvidelse><si:FuldtNavn>{name}</si:FuldtNavn></si:SagspartLokalUdvidelse>"
    return Relation("Sagspart", role, "Person", to, told, **more)


def klass(role: str, number: str, title: str, to: str, **more: str) -> Relation:
    told = f"<si:Klassetitel>{title}</si:Klassetitel><si:BrugervendtNoegle>{number}</si:BrugervendtNoegle>"
    return Relation(
        "Sagsklasse", role, "Klasse", to, f"<si:SagsklasseLokalUdvidelse>{told}</si:SagsklasseLokalUdvidelse>", **more
    )


def note(index: str, title: str, content: bytes, **more: str) -> Relation:
    told = (
        "<sag:JournalpostEgenskaber><sag:JournalnotatEgenskaber>"
        f"<sag:Titel>{title}</sag:Titel><sag:Notat>{base64.b64encode(content).decode()}</sag:Notat>"
        f"<sag:Format>{uuid(900)}</sag:Format></sag:JournalnotatEgenskaber></sag:JournalpostEgenskaber>"
    )
    return Relation("Journalpost", "Journalnotat", "Dokument", "URN:Empty", index=index, more=told, **more)


def lying(role: str, index: str, to: str, title: str = "") -> Relation:
    told = f"<sag:JournalpostEgenskaber><sag:Dokumenttitel>{title}</sag:Dokumenttitel></sag:JournalpostEgenskaber>"
    return Relation("Journalpost", role, "Dokument", to, index=index, more=told if title else "")


OBLIGATORY = [
    actor("Ejer", "Organisation", uuid(1), "Københavns Kommune", OWNER),
    actor("Ansvarlig", "Enhed", uuid(2), "Rådgivningscenter", OWNER),
    klass("PrimaerKlasse", "27.51.04", "Social behandling for stofmisbrug", uuid(3)),
    klass("Handlingsklasse", "G01", "Generelle sager", uuid(4)),
    party("PrimaerPart", CITIZEN, "Gerda Lauenborg"),
]
_ORDER = ("Sagsaktoer", "Sagsarkiv", "Sagsklasse", "Sagspart", "Sagsrelation", "Sagsgenstande", "Journalpost")
_INDEX = ("Sikkerhedsprofil", "SagsitsystemRelation")


def states(*rows: tuple[str, str, str], prefix: str = "sag") -> str:
    return "".join(
        f"<{prefix}:Fremdrift>{effect(prefix, start, end)}<{prefix}:FremdriftStatusKode>{code}"
        f"</{prefix}:FremdriftStatusKode></{prefix}:Fremdrift>"
        for code, start, end in rows
    )


BEGUN = [("Opstaaet", START, "2025-02-01T00:00:00+01:00"), ("Afgjort", "2025-02-01T00:00:00+01:00", "")]


def properties(title: str = "Behandling efter § 101", more: str = "") -> str:
    key = "<sag:BrugervendtNoegle>K-1</sag:BrugervendtNoegle>"
    return f"<sag:Egenskaber>{effect('sag')}{key}{more}<sag:Titel>{title}</sag:Titel></sag:Egenskaber>"


def index_properties(level: str = "FOELSOMME_PERSONOPLYSNINGER") -> str:
    return f"<si:SagIndeksEgenskaber>{effect('gd')}<si:Foelsomhed>{level}</si:Foelsomhed></si:SagIndeksEgenskaber>"


def relations(listed: list[Relation]) -> str:
    made = "".join(one.text("sag") for name in _ORDER for one in listed if one.name == name)
    beside = "".join(one.text("si") for name in _INDEX for one in listed if one.name == name)
    return made + (f"<gd:LokalUdvidelseListe>{beside}</gd:LokalUdvidelseListe>" if beside else "")


def case(*more: Relation, told: list[Relation] | None = None, progress: str = "", attributes: str = "", level: str = "",
         moment: str = "2025-03-10T09:15:00+01:00", name: str = "sag:Sag", number: str = UUID) -> str:  # fmt: skip
    """One case with one registration, without declaration of names."""
    listed = [*(OBLIGATORY if told is None else told), *more]
    index = index_properties(level) if level else index_properties()
    return (
        f"<{name}><sd:UUIDIdentifikator>{number}</sd:UUIDIdentifikator><sag:Registrering>"
        f"<sd:Tidspunkt>{moment}</sd:Tidspunkt><sd:LivscyklusKode>Importeret</sd:LivscyklusKode>"
        f"<sag:AttributListe>{attributes or properties()}<gd:LokalUdvidelseListe>{index}</gd:LokalUdvidelseListe>"
        "</sag:AttributListe>"
        f"<sag:TilstandListe>{progress or states(*BEGUN)}</sag:TilstandListe>"
        f"<sag:RelationListe>{relations(listed)}</sag:RelationListe></sag:Registrering></{name}>"
    )


def document(number: str, *, level: str = "FOELSOMME_PERSONOPLYSNINGER", status: str = "Endeligt", version: str = V6,
             more: str = "", relations_: str = "") -> str:  # fmt: skip
    variants = "<di:VariantListe/>" if version == OLD else ""
    return (
        f"<sdi:DokumentIndeks><sd:UUIDIdentifikator>{number}</sd:UUIDIdentifikator><di:Registrering>"
        f"<sd:Tidspunkt>2025-03-10T09:15:00+01:00</sd:Tidspunkt><di:AttributListe><di:Egenskaber>{effect('di')}"
        f"<di:BrugervendtNoegle>D-1</di:BrugervendtNoegle><di:Titel>Afgørelse om behandling</di:Titel>{more}"
        f"<di:Dokumentnummer>2025-9</di:Dokumentnummer><di:Foelsomhed>{level}</di:Foelsomhed>"
        "<di:Type>Brev, udgaaende</di:Type></di:Egenskaber></di:AttributListe>"
        f"<di:TilstandListe>{states((status, START, ''), prefix='di')}</di:TilstandListe>"
        f"<di:RelationListe>{relations_}</di:RelationListe>{variants}"
        "</di:Registrering></sdi:DokumentIndeks>"
    )


def wrapped(*inner: str, version: str = V6, name: str = "sdi:ImporterSagDokumentIndeksInput") -> bytes:
    """Cases, documents or updates in their wrapper; `version` tells the namespaces."""
    spaces = {
        "sag": f"sagdok:sag:{version}", "gd": f"generelledefinitioner:{version}", "si": f"sagdok:sagindeks:{version}",
        "di": f"sagdok:dokumentindeks:{version}", "sdi": f"sagdok:sagdokumentindeks:{version}",
    }  # fmt: skip
    names = " ".join(f'xmlns:{prefix}="urn:oio:sts:{space}"' for prefix, space in spaces.items())
    return f'<{name} {names} xmlns:sd="urn:oio:sagdok:3.0.0">{"".join(inner)}</{name}>'.encode()


def index(*cases: str) -> list[str]:
    return [one.replace("sag:Sag>", "sdi:SagIndeks>") for one in cases]


EVERY_RELATION = [
    actor("PrimaerBehandler", "Bruger", uuid(10), "Karla Sundby"),
    actor("AndreBehandlere", "Bruger", uuid(11), "Mogens Elbæk", index="1"),
    actor("AndreBehandlere", "Enhed", uuid(12), "Botilbuddet Kajen", index="2"),
    actor("Bopaelskommune", "Organisation", "urn:oio:cvr-nr:11259979", "Frederiksberg Kommune", "11259979"),
    actor("UdlaantTil", "Bruger", uuid(13), "Arkivet"),
    actor(UNKNOWN, "Bruger", uuid(14), "En i ukendt rolle"),
    klass("Opgaveklasse", "27.51", "Stofmisbrug", "urn:oio:form:27.51.04"),
    party("SekundaerPart", "urn:oio:cpr-nr:2505544849", "Mads Lauenborg", index="1"),
    party("SekundaerPart", "urn:oio:cvr-nr:25313763", "Boligforeningen", index="2"),
    party("Ydelsesmodtager", "urn:oio:fuldtnavn:Bent Prøve", "Bent Prøve"),
    Relation("Sagsrelation", "Oversag", "Sag", uuid(20)),
    Relation("Sagsrelation", "Praecedens", "Sag", uuid(21)),
    Relation("Sagsrelation", "AndreSager", "Sag", uuid(22), index="1"),
    lying("Tilakteret", "1", uuid(30)),
    lying("Vedlagt", "2", uuid(31), "Bilag om bolig"),
    note("3", "Samtale", b"Vi talte om boligen."),
    note("4", "Langt notat", TOO_LARGE.encode()),
    Relation("Sikkerhedsprofil", "Adgang", "Enhed", uuid(2)),
    Relation("SagsitsystemRelation", "Master", "ItSystem", uuid(40), more="<si:SystemNavn>Sagssystem</si:SystemNavn>"),
]  # fmt: skip
