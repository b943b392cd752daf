// A hospital contact from start to end, with its leaves.

Profile: FaellesplanEncounter
Parent: Encounter
Id: faellesplan-encounter
Title: "Ophold"
Description: "A stay at a hospital as the gateway folds it: every status it has had, and every leave."
* extension contains LeavePeriod named leavePeriod 0..*
* class.system 1..1
* class.code 1..1
* subject 1..1
* subject only Reference(Patient)
* obeys stay-1 and stay-2 and stay-3 and stay-4

Invariant: stay-1
Description: "The last status in the history is the present one, unless the stay was an error"
Severity: #error
Expression: "status = 'entered-in-error' or statusHistory.empty() or statusHistory.last().status = status"

Invariant: stay-2
Description: "A finished stay has an end"
Severity: #error
Expression: "status = 'finished' implies period.end.exists()"

Invariant: stay-3
Description: "A citizen on leave has a leave that is still open"
Severity: #error
Expression: "status = 'onleave' implies extension.where(url = 'https://faellesplan.dk/fhir/StructureDefinition/leave-period').value.where(end.empty()).exists()"

Invariant: stay-4
Description: "A citizen who is not on leave has no leave open"
Severity: #error
Expression: "status = 'onleave' or status = 'entered-in-error' or extension.where(url = 'https://faellesplan.dk/fhir/StructureDefinition/leave-period').value.where(end.empty()).empty()"
