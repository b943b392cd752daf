// The record of a look-up, where IHE BALP has no pattern for it or needs one of ours beside.

RuleSet: Record
* outcome 1..1
* recorded 1..1
* source.site 1..1
* agent 2..*
* entity ^slicing.discriminator.type = #pattern
* entity ^slicing.discriminator.path = "type"
* entity ^slicing.rules = #open
* entity contains decision 0..1
* entity[decision].type 1..1
* entity[decision].type = https://faellesplan.dk/fhir/CodeSystem/audit-entity-type#decision
* entity[decision].name 1..1

Profile: AuditRefused
Parent: AuditEvent
Id: audit-refused
Title: "Afvist opslag"
Description: "A look-up that was refused: it is recorded like any other."
* insert Record
* obeys audit-1 and audit-2

Profile: AuditFiltered
Parent: AuditEvent
Id: audit-filtered
Title: "Opslag med noget tilbageholdt"
Description: "A look-up that was permitted, and some of what there is was withheld."
* insert Record
* obeys audit-3

Profile: AuditOverride
Parent: AuditEvent
Id: audit-override
Title: "Opslag ved værdispring"
Description: "A look-up against a denial, with its reason (sundhedsloven § 42 a)."
* insert Record
* obeys audit-4

Profile: AuditOperation
Parent: AuditEvent
Id: audit-operation
Title: "Opslag ved operation"
Description: "A look-up by an interaction that BALP has no pattern for."
* insert Record

Profile: AuditFailed
Parent: AuditEvent
Id: audit-failed
Title: "Mislykket opslag"
Description: "A look-up that was permitted and came to nothing."
* insert Record
* obeys audit-1

Invariant: audit-1
Description: "What was refused or failed is not told as a success"
Severity: #error
Expression: "outcome != '0'"

Invariant: audit-2
Description: "The decision of a refusal is deny"
Severity: #error
Expression: "entity.where(type.code = 'decision').all(name = 'deny')"

Invariant: audit-3
Description: "The decision is filtered"
Severity: #error
Expression: "entity.where(type.code = 'decision').all(name = 'filtered')"

Invariant: audit-4
Description: "The decision is override, and its code and reason are told"
Severity: #error
Expression: "entity.where(type.code = 'decision').all(name = 'override' and detail.where(type = 'override-code').exists() and detail.where(type = 'override-reason').exists())"
