"""The element names that rule files may use: those of the letters that are received here, whatever their version.

A name that stands in no letter is a slip of the pen and is told at start. Which element may stand in which is not
checked: the versions differ, and of XDIS16, 18, 19 and 21 (…34C) no schema is public.
"""

from __future__ import annotations

_LETTER = """
Envelope Sent Date Time TimeWithSec Identifier AcknowledgementCode Letter VersionCode StatisticalCode Authorisation
TypeCode StatusCode NotificationIdentifier EpisodeOfCareIdentifier
"""
_PARTIES = """
Sender Receiver CCReceiver EANIdentifier IdentifierCode OrganisationName DepartmentName UnitName StreetName SuburbName
DistrictName PostCodeIdentifier TelephoneSubscriberIdentifier TelephoneSubscriber TelephoneSubscriberCode
TelefaxSubscriberIdentifier EmailIdentifier MedicalSpecialityCode AnswerTo Signatur Signature PersonTitle
ContactInformation ContactName ContactTimeText Practitioner FamilyDoctor CountryCode MunicipalityCode
"""
_PERSONS = """
Patient CivilRegistrationNumber AlternativeIdentifier PersonSurnameName PersonGivenName OccupancyText
EpisodeOfCareStatusCode Relatives Relative RelationCode PersonIdentifier CodedTelephoneSubscriberIdentifier
TelephoneCode Comment Comments CommentsText InformedRelative
"""
_CORRESPONDENCE = """
AdditionalInformation Priority Subject ClinicalInformation Text01 Reference RefDescription URL SUP BIN BinaryObject
ObjectIdentifier ObjectCode ObjectExtensionCode OriginalObjectSize Object_Base64Encoded SystemInformation Contents
"""
_STAY = """
Admission Discharge EndOfTreatment ExpectedEndOfTreatment PlannedDischarge AgreedDischarge AgreedDischargeComment
ExpectedDischarge PlanConference CauseOfAdmission ExpectedCourseOfAdmission CourseOfAdmission RiskOfContagion
DietFirst24Hours FutureAgreements CareDescription FurtherCoordination HomeChanges ScheduleAuxilaries
RehabilitationNeeds HomeCareNeeds MedicineAdministrationHelp MedicineConsumptionHelp MedicineInformation
DischargeConference DischargeDateCode VideoConference OtherMunicipalWorkNeeded LatestDepotMedication
LatestPNMedication AbilityToFunctionAtDischarge ExpectedAbilityToFunctionAtDischarge CurrentAbilityToFunction
AbilityToFunction AbilityToFunctionElement Terminology Code CodeSystem Score NursingProblemAreas NursingProblemArea
Diagnoses Diagnose Diagnosis DiagnoseCode DiagnoseTypeCode DiagnoseDescriptionCode DiagnoseText DiagnoseDateTime
CurrentHomeCare HomeCare Services Service Aids Aid SpecialInformation Allergy Allergies Residence Housing
"""

NAMES = frozenset(f"{_LETTER}{_PARTIES}{_PERSONS}{_CORRESPONDENCE}{_STAY}".split())
