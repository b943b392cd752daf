// Extensions: only what R4 has no element for.

Extension: LeavePeriod
Id: leave-period
Title: "Orlov"
Description: "One leave during a stay, repeated for each. Open while the citizen is away; without a start when only the return was told."
Context: Encounter
* value[x] 1..1
* value[x] only Period
* value[x] obeys leave-1

Invariant: leave-1
Description: "A leave has a start, an end, or both"
Severity: #error
Expression: "start.exists() or end.exists()"

Extension: Part
Id: part
Title: "Del"
Description: "A sector's own plan or intervention that the joint plan is composed of, or that one of its activities tells about."
Context: CarePlan, CarePlan.activity.detail
* value[x] 1..1
* value[x] only Reference(CarePlan)

Extension: ActingMunicipality
Id: acting-municipality
Title: "Handlekommune"
Description: "The municipality that decides and acts (retssikkerhedsloven § 9). Neither the residence nor the payer, and never derived from an address."
Context: CarePlan
* insert Municipality

Extension: PayingMunicipality
Id: paying-municipality
Title: "Betalingskommune"
Description: "The municipality that pays (retssikkerhedsloven § 9 c)."
Context: CarePlan
* insert Municipality

Extension: ResidenceMunicipality
Id: residence-municipality
Title: "Bopælskommune"
Description: "The municipality where the citizen is registered as living."
Context: Patient, CarePlan
* insert Municipality

RuleSet: Municipality
* value[x] 1..1
* value[x] only Coding
* valueCoding.system 1..1
* valueCoding.code 1..1
* valueCoding.code obeys mun-1

Invariant: mun-1
Description: "A municipality code has four digits, its leading zero included"
Severity: #error
Expression: "matches('^[0-9]{4}$')"
