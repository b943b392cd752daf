// The joint plan, and what a sector puts into it.

Profile: FaellesplanCarePlan
Parent: CarePlan
Id: faellesplan-careplan
Title: "Fælles plan"
Description: "The joint plan of one citizen, composed for one reader of the parts that this reader may see. Nobody writes it whole."
* extension contains
    Part named part 0..* and
    Municipality named municipality 0..*
* intent = #plan
* title 1..1
* category 1..*
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains joint 1..1
* category[joint] = $plan-category#joint-plan
* subject only Reference(Patient)
* careTeam only Reference(FaellesplanCareTeam)
* addresses only Reference(Condition)
* supportingInfo only Reference(Encounter or Appointment or Communication or DocumentReference or ServiceRequest or Flag or Account or ClinicalImpression or Observation or Procedure)
* goal only Reference(Goal)
* partOf 0..0
* replaces 0..0
* activity.reference 0..0
* activity.detail 1..1
* activity.detail.extension contains Part named part 1..1
* activity.detail.scheduled[x] only Period
* activity.detail obeys act-1
* obeys plan-1

Invariant: plan-1
Description: "A completed plan has no activity that still runs"
Severity: #error
Expression: "status = 'completed' implies activity.detail.where(status = 'in-progress' or status = 'not-started').empty()"

Invariant: act-1
Description: "An activity says what is done, by code or in words"
Severity: #warning
Expression: "code.exists() or description.exists()"

Profile: FaellesplanIntervention
Parent: CarePlan
Id: faellesplan-intervention
Title: "Indsats"
Description: "One sector's granted effort, under the plan or order of that sector."
* extension contains Municipality named municipality 0..*
* subject only Reference(Patient)
* obeys int-1 and int-2

Invariant: int-1
Description: "An intervention stands under something: a plan, an order or the joint plan"
Severity: #error
Expression: "basedOn.exists() or partOf.exists()"

Invariant: int-2
Description: "An intervention is not the joint plan"
Severity: #error
Expression: "category.coding.where(system = 'https://faellesplan.dk/fhir/CodeSystem/plan-category' and code = 'joint-plan').empty()"
