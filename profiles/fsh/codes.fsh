// Our own codes. Everything that R4, dk-core, MedCom or KL already has a code for keeps that code.

Alias: $data-class = https://faellesplan.dk/fhir/CodeSystem/data-class
Alias: $team-role = https://faellesplan.dk/fhir/CodeSystem/team-role
Alias: $plan-category = https://faellesplan.dk/fhir/CodeSystem/plan-category

CodeSystem: DataClass
Id: data-class
Title: "Dataklasse"
Description: "What a piece of information is about, as the legal policy and the citizen's consent tell it apart. Stands in meta.security of a resource and in Consent.provision."
* ^caseSensitive = true
* ^experimental = false
* #identity "Stamoplysninger" "Name, numbers, contact, relatives."
* #stay "Ophold" "That and where the citizen is admitted, on leave or discharged."
* #health "Helbred" "Conditions, observations and treatment in the health services."
* #substance "Rusmidler" "Use of alcohol or drugs, and treatment of it."
* #psychiatry "Psykiatri" "Psychiatric conditions, stays and treatment."
* #social "Sociale forhold" "Social cases, target groups, social interventions."
* #housing "Bolig" "Home, homelessness, shelter, housing offers."
* #function "Funktionsevne" "What the citizen can do, and help with it."
* #benefit "Ydelser" "Public benefits, pensions, payments."
* #employment "Beskæftigelse" "Work, sickness benefit cases, jobcenter efforts."
* #criminal "Strafbare forhold" "Offences and sentences, conditions of the Prison and Probation Service."
* #wishes "Borgerens ønsker" "The citizen's own goals and words."
* #consent "Samtykke" "Consents, objections and their withdrawal."
* #protected-address "Beskyttet adresse" "An address, or anything it can be read from, of a citizen with name and address protection."

ValueSet: DataClassVS
Id: data-class
Title: "Dataklasser"
Description: "Every data class."
* ^experimental = false
* include codes from system DataClass

CodeSystem: TeamRole
Id: team-role
Title: "Rolle i teamet"
Description: "Roles in the joint care team that no other code system has."
* ^caseSensitive = true
* ^experimental = false
* #coordinator "Tovholder" "The one who holds the plan together (tovholder, myndighedskoordinator): exactly one at a time."
* #deputy-coordinator "Stedfortræder for tovholder" "Stands in for the coordinator."
* #contact "Kontaktperson" "The citizen's contact in one sector or unit."
* #member "Medlem af teamet" "Takes part; the source told no role."

ValueSet: TeamRoleVS
Id: team-role
Title: "Roller i teamet"
Description: "Our own roles in the care team. KL's and HL7's roles are as welcome."
* ^experimental = false
* include codes from system TeamRole

CodeSystem: PlanCategory
Id: plan-category
Title: "Slags plan"
Description: "What a CarePlan is in the joint plan."
* ^caseSensitive = true
* ^experimental = false
* #joint-plan "Fælles plan" "Composed of what the reader may see; no sector writes it."
* #intervention "Indsats" "One sector's granted effort."

ValueSet: PlanCategoryVS
Id: plan-category
Title: "Slags planer"
Description: "Every kind of plan."
* ^experimental = false
* include codes from system PlanCategory
