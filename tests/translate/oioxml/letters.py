"""Letters for tests, valid by MedCom's schemas. All people are invented."""

from __future__ import annotations

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Body
from gateway.translate.translation import Translation

NS_2005 = "http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2005/08/07/"
NS_2006 = "http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2006/07/01/"
CPR = "2512489996"
EPISODE = "9f1c2b3a4d5e6f708192a3b4c5d6e7f8"
HOSPITAL_EAN = "5790000143054"

SENDER = f"""<Sender><EANIdentifier>{HOSPITAL_EAN}</EANIdentifier><Identifier>1301380</Identifier>
<IdentifierCode>sygehusafdelingsnummer</IdentifierCode><OrganisationName>Bispebjerg Hospital</OrganisationName>
<AnswerTo><EANIdentifier>{HOSPITAL_EAN}</EANIdentifier></AnswerTo></Sender>"""
RECEIVER = """<Receiver><EANIdentifier>5790002508226</EANIdentifier><Identifier>101</Identifier>
<IdentifierCode>kommunenummer</IdentifierCode><OrganisationName>Københavns Kommune</OrganisationName></Receiver>"""


def enveloped(letters: str, *, namespace: str = NS_2005, receipt: bool = True, number: str = "KUV1") -> str:
    """An Emessage around letters."""
    wanted = "pluspositivkvitt" if receipt else "minuspositivkvitt"
    return (
        f'<Emessage xmlns="{namespace}"><Envelope><Sent><Date>2025-03-12</Date><Time>22:00</Time></Sent>'
        f"<Identifier>{number}</Identifier><AcknowledgementCode>{wanted}</AcknowledgementCode></Envelope>"
        f"{letters}</Emessage>"
    )


def written(text: str, encoding: str = "ISO-8859-1") -> bytes:
    """A document in an encoding, and saying so."""
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'.encode(encoding)


def stay_letter(
    kind: str, day: str, time: str, *, said: str = "nytbrev", code: str = "indlagt", at: str = "22:00:00",
    on: str = "", number: str = "BREV1", episode: str = EPISODE, cpr: str = CPR, sender: str = SENDER,
) -> str:  # fmt: skip
    """An XDIS20 (`Admission`) or XDIS17 (`Discharge`). `on` and `at` are when it was written."""
    notice, version, form = {
        "Admission": ("NotificationOfAdmission", "XD2030C", "XDIS20"),
        "Discharge": ("NotificationOfDischarge", "XD1730C", "XDIS17"),
    }[kind]
    status = f"<EpisodeOfCareStatusCode>{code}</EpisodeOfCareStatusCode>" if code else ""
    return f"""<{notice}><Letter><Identifier>{number}</Identifier><VersionCode>{version}</VersionCode>
<StatisticalCode>{form}</StatisticalCode><Authorisation><Date>{on or day}</Date><TimeWithSec>{at}</TimeWithSec>
</Authorisation><TypeCode>{form}</TypeCode><StatusCode>{said}</StatusCode>
<NotificationIdentifier>{episode}</NotificationIdentifier></Letter>{sender}{RECEIVER}
<Patient><CivilRegistrationNumber>{cpr}</CivilRegistrationNumber>{status}</Patient>
<{kind}><Date>{day}</Date><Time>{time}</Time></{kind}></{notice}>"""


def correspondence(
    text: str = "Kan I hjælpe?", *, number: str = "KOR1", extra: str = "", sender: str = "", patient: str = "",
    letter: str = "",
) -> str:  # fmt: skip
    """An XDIS91. `extra` follows the text, `letter` its StatusCode."""
    return f"""<ClinicalEmail><Letter><Identifier>{number}</Identifier><VersionCode>XD9134L</VersionCode>
<StatisticalCode>XDIS91</StatisticalCode><Authorisation><Date>2025-03-12</Date><Time>21:30</Time></Authorisation>
<TypeCode>XDIS91</TypeCode><StatusCode>nytbrev</StatusCode>{letter}</Letter>
{sender or SENDER.replace(f"<AnswerTo><EANIdentifier>{HOSPITAL_EAN}</EANIdentifier></AnswerTo>", "")}{RECEIVER}
<Patient>{patient or f"<CivilRegistrationNumber>{CPR}</CivilRegistrationNumber>"}
<PersonSurnameName>Eksempelsen</PersonSurnameName><PersonGivenName>Vibeke</PersonGivenName>
<EpisodeOfCareStatusCode>inaktiv</EpisodeOfCareStatusCode></Patient>
<AdditionalInformation><Priority>høj_prioritet</Priority><Subject>Udskrivelse</Subject></AdditionalInformation>
<ClinicalInformation><Text01>{text}</Text01></ClinicalInformation>{extra}</ClinicalEmail>"""


def folded(translations: list[Translation], identify: Ids) -> list[Body]:
    """Every resource that messages about one citizen become."""
    evidence: dict[str, set[str]] = {one.citizen[0].key: {i.key for i in one.citizen} for one in translations}
    (person,) = {person.survivor: person for person in people(evidence, []).values()}.values()
    statements = [statement for one in translations for statement in one.statements]
    sources: dict[str, Source] = {one.source.id: one.source for one in translations}
    return [one.body for one in fold(statements, person, identify, sources)]


def the(kind: str, bodies: list[Body]) -> Body:
    """The only resource of a type."""
    (found,) = [body for body in bodies if body["resourceType"] == kind]
    return found
