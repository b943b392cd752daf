"""The names that a CareCommunication is built of, spelled as MedCom spells them."""

from __future__ import annotations

_IG = "http://medcomfhir.dk/ig"
_CORE = f"{_IG}/core/StructureDefinition"
_CARE = f"{_IG}/carecommunication/StructureDefinition"
_MESSAGING = f"{_IG}/messaging/StructureDefinition"

EVENT = "care-communication-message"
DEFINITION = f"{_IG}/messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition"
VERSION = "5.0"

SENDER = f"{_CORE}/medcom-core-sender-extension"
DATE = f"{_CORE}/medcom-core-datetime-extension"
NUMBER = f"{_CORE}/medcom-core-identifier-extension"
AUTHOR = f"{_CORE}/medcom-core-practitioner-extension"
CONTACT = f"{_CORE}/medcom-core-contact-extension"

CATEGORIES = f"{_IG}/terminology/CodeSystem/medcom-careCommunication-categoryCodes"
ROLES = f"{_IG}/terminology/CodeSystem/medcom-core-PractitionerRolesSKSadministrativ"

PROFILES = {
    "Bundle": f"{_CARE}/medcom-careCommunication-message",
    "MessageHeader": f"{_CARE}/medcom-careCommunication-messageHeader",
    "Communication": f"{_CARE}/medcom-careCommunication-communication",
    "Provenance": f"{_CARE}/medcom-careCommunication-provenance",
    "Organization": f"{_MESSAGING}/medcom-messaging-organization",
    "Patient": f"{_CORE}/medcom-core-patient",
    "PractitionerRole": f"{_CORE}/medcom-core-practitionerrole",
    "Practitioner": f"{_CORE}/medcom-core-practitioner",
    "CareTeam": f"{_CORE}/medcom-core-careteam",
    "Encounter": f"{_CORE}/medcom-core-encounter",
}
