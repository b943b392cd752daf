"""The names that MedCom's messages are built of, spelled as MedCom spells them."""

from __future__ import annotations

_IG = "http://medcomfhir.dk/ig"

NOTIFICATION = "hospital-notification-message"
ACKNOWLEDGEMENT = "acknowledgement-message"
EVENT_CODES = f"{_IG}/terminology/CodeSystem/medcom-messaging-eventCodes"
ACTIVITY_CODES = f"{_IG}/terminology/CodeSystem/medcom-messaging-activityCodes"
DESTINATION_USES = f"{_IG}/terminology/CodeSystem/medcom-messaging-destinationUse"
ERROR_CODES = f"{_IG}/terminology/CodeSystem/medcom-acknowledgement-error-codes"

DESTINATION_USE = f"{_IG}/messaging/StructureDefinition/medcom-messaging-destinationUseExtension"
REPORT = f"{_IG}/hospitalnotification/StructureDefinition/medcom-messaging-reportOfAdmissionExtension"
REPORT_TO = f"{_IG}/hospitalnotification/StructureDefinition/medcom-messaging-reportOfAdmissionRecipientExtension"
# MedCom's own spelling first ("notifiation"); the other is what a sender that spells better would write.
LEAVE = (
    f"{_IG}/hospitalnotification/StructureDefinition/medcom-hospitalnotifiation-leave-period-extension",
    f"{_IG}/hospitalnotification/StructureDefinition/medcom-hospitalnotification-leave-period-extension",
)

LPR3 = "https://www.esundhed.dk/Registre/Landspatientregisteret"
LPR3_SPELLINGS = frozenset({LPR3, "https://www.esundhed.dk/Registre/Landspatientsregisteret"})

SOR_ENDPOINT = "https://sor2.sum.dsdn.dk/#id="

GS1_GLN = "https://www.gs1.org/gln"
"""The system of location numbers, as MedCom spells it."""
