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
* #override "Værdispring" "The task to tell the citizen of an override: its own organisation's and the citizen's alone."
* #plan "Den fælles plan" "That there is a joint plan, and who is around the citizen."
* #protected-address "Beskyttet adresse" "An address, or anything it can be read from, of a citizen with name and address protection."
* #unread "Ulæst indhold" "A label, no class: it holds a content that could not be looked into (a picture, a PDF, a code without words). A deny of any label hits it, a permit of labels covers it only where it names this one."

ValueSet: DataClassVS
Id: data-class
Title: "Dataklasser"
Description: "Every data class."
* ^experimental = false
* include codes from system DataClass

CodeSystem: BenefitAlert
Id: benefit-alert
Title: "Advarsel om ydelse"
Description: "What became of a benefit that the citizen was granted. Where the data say so: mappings/codes/benefit-alert.csv."
* ^caseSensitive = true
* ^experimental = false
* #reduced "Nedsat ydelse" "Less is paid than was granted, or the grant says that it is reduced."
* #stopped "Standset ydelse" "Nothing is paid of it any more."

CodeSystem: TeamRole
Id: team-role
Title: "Rolle i teamet"
Description: "Roles in the joint care team that no other code system has."
* ^caseSensitive = true
* ^experimental = false
* #coordinator "Tovholder" "The one who holds the plan together (tovholder, myndighedskoordinator): exactly one at a time."
* #deputy "Stedfortræder for tovholder" "Stands in for the coordinator."
* #contact "Kontaktperson" "The citizen's contact in one sector or unit."
* #member "Medlem af teamet" "Takes part; the source told no role."
* #acting-municipality "Handlekommune" "Acted, or acts, for the citizen in its period: told where a case goes from one municipality to another."

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

CodeSystem: AppointmentKind
Id: appointment-kind
Title: "Slags aftale"
Description: "What an appointment is to the joint plan, whatever the hospital that booked it calls it."
* ^caseSensitive = true
* ^experimental = false
* #network-meeting "Netværksmøde" "Both sectors and the citizen meet about the plan."

ValueSet: PlanCategoryVS
Id: plan-category
Title: "Slags planer"
Description: "Every kind of plan."
* ^experimental = false
* include codes from system PlanCategory

CodeSystem: ReaderRole
Id: reader-role
Title: "Læserens rolle"
Description: "The legal world that a reader stands in; the role column of the legal policy. In Consent.provision.actor.role it narrows an organisation to one of its worlds: its jobcenter, not all of it."
* ^caseSensitive = true
* ^experimental = false
* #hospital "Sygehus" "Treatment at a hospital (sundhedsloven)."
* #nursing "Kommunal sygepleje" "Municipal nursing and health services (sundhedsloven)."
* #social "Socialmyndighed" "The social authority of a municipality (serviceloven)."
* #provider "Tilbud" "Carries out what an authority has granted: housing, support, treatment."
* #jobcenter "Jobcenter" "Employment efforts (beskæftigelsesindsatsloven)."
* #benefit "Ydelsescenter" "Public benefits (aktivloven)."
* #ngo "Organisation" "A voluntary organisation."
* #citizen "Borger" "The citizen, or somebody who acts for the citizen."
* #auditor "Revisor af opslag" "Reads the record of look-ups."
* #operator "Drift" "Keeps the gateway running; sees no content and no look-ups."

CodeSystem: ConsentCategory
Id: consent-category
Title: "Slags samtykke"
Description: "Kinds of Consent that no other code system has."
* ^caseSensitive = true
* ^experimental = false
* #objection "Frabedelse" "The citizen objects to a disclosure that the law would allow without consent (sundhedsloven § 41, stk. 3)."
* #minspaerring "Registrering i MinSpærring" "Negative (a deny) or positive (a permit, which needs an end): nspop.dk, Samtykkeservice."

CodeSystem: Operation
Id: operation
Title: "Operation"
Description: "The gateway's own operations in the record of look-ups. Messages are recorded under the event code of their own language."
* ^caseSensitive = true
* ^experimental = false
* ^content = #fragment
* #joint-plan "$joint-plan" "The joint plan of one citizen, with what it is composed of."

CodeSystem: AuditEntityTypeOwn
Id: audit-entity-type
Title: "Slags oplysning i loggen"
Description: "Kinds of AuditEvent.entity that no other code system has."
* ^caseSensitive = true
* ^experimental = false
* #decision "Afgørelse" "What was decided, by which rules, on which legal basis, and how much was withheld."
* #message "Besked" "The message that was received or sent."

CodeSystem: Failure
Id: failure
Title: "Fejl"
Description: "Why the gateway refused or failed: OperationOutcome.issue.details. Finer than IssueType, and stable."
* ^caseSensitive = true
* ^experimental = false
* #bad-line "Bad line" "This is no line of a log export."
* #bad-note "Bad note" "This is not a signed note."
* #bad-proof "Bad proof" "The consistency proof is wrong."
* #bad-record "Bad record" "These bytes are no access record."
* #bad-request "Bad request" "The request cannot be understood."
* #bad-signature "Bad signature" "A signature of this note is wrong."
* #beyond-the-end "Beyond the end" "The file ends before the byte that was asked for."
* #conflict "Conflict" "The resource has changed since it was read."
* #contradiction "Contradiction" "The message reuses an id for other content."
* #dangling "Dangling" "A reference points at nothing in this Bundle."
* #forbidden "Forbidden" "The caller's registration does not allow this."
* #gateway-error "Gateway error" "Something went wrong inside the gateway."
* #gone "Gone" "It was deleted by whoever wrote it; its former versions are kept."
* #id-reused "Id reused" "The id of a message stood for something else before."
* #insufficient-scope "Insufficient scope" "The access token's scopes do not cover this."
* #log-broken "Log broken" "The log does not continue what was last signed; nothing more is signed."
* #mapping-error "Mapping error" "Some mappings are wrong; the gateway does not start."
* #missing-field "Missing field" "A required field is empty."
* #named-by-number "Named by number" "The message names what it is about by number alone, and nothing of that number is known here."
* #needs-version "Needs version" "An update names the version that it changes."
* #no-citizen "No citizen" "The message names no identifier that can stand for a citizen."
* #no-receiver "No receiver" "The message does not say whom it is for."
* #not-acceptable "Not acceptable" "This format is not written here."
* #not-allowed "Not allowed" "This interaction is not offered here."
* #not-found "Not found" "There is nothing here that this caller may see."
* #not-held "Not held" "The token is bound, and this request does not come from its holder."
* #not-signed "Not signed" "The note is not signed by a key that we trust."
* #not-there "Not there" "The checkpoint does not continue the newest one that was witnessed."
* #refused "Refused" "The content cannot be accepted; the same content will be refused again."
* #rule-broken "Rule broken" "A rule of the message's profile is broken."
* #segment-order "Segment order" "A segment is missing or stands in the wrong place."
* #settings-error "Settings error" "A setting or a mapping is wrong; the gateway does not start."
* #several-match "Several match" "Several resources match the condition."
* #too-large "Too large" "The message is larger than this gateway accepts."
* #too-many "Too many" "The caller has made more calls than it may."
* #too-slow "Too slow" "The request did not arrive in time."
* #unauthenticated "Unauthenticated" "A valid access token is needed."
* #unavailable "Unavailable" "The store cannot be reached; nothing was lost, send again."
* #unknown-code "Unknown code" "A code is not in the table that this field must come from."
* #unknown-event "Unknown event" "This event is not received here."
* #unknown-message "Unknown message" "This message type is not received here."
* #unknown-processing "Unknown processing" "Messages with this processing id are not received from this source."
* #unknown-source "Unknown source" "The sender is not registered as a source."
* #unknown-version "Unknown version" "This version is not received here."
* #unreachable "Unreachable" "The receiver cannot be reached."
* #unreadable "Unreadable" "The bytes do not form a message of this language."
* #unsupported-media "Unsupported media" "This kind of content is not read here."
* #wrong-charset "Wrong charset" "The bytes are not in the character set that the message declares."
* #wrong-method "Wrong method" "This method is not offered here."
* #wrong-type "Wrong type" "A field does not hold the data type that the standard gives it."

CodeSystem: TaskKind
Id: task-kind
Title: "Slags opgave"
Description: "Tasks that the gateway itself gives."
* ^caseSensitive = true
* ^experimental = false
* #tell-citizen-of-override "Fortæl borgeren om værdispring" "Whoever looked against a denial tells the citizen of it, soon (sundhedsloven § 43 (4))."

CodeSystem: TaskOutput
Id: task-output
Title: "Hvad der kom ud af en opgave"
Description: "What Task.output tells of a task to tell a citizen of an override: both, or the task is not done."
* ^caseSensitive = true
* ^experimental = false
* #told-when "Fortalt hvornår" "valueDateTime: when the citizen was told."
* #told-how "Fortalt hvordan" "valueString: in which way."

CodeSystem: OverrideReason
Id: override-reason
Title: "Grund til værdispring"
Description: "Why somebody looks against a denial. Who may, for how long, and by when the citizen is told: mappings/policy/overrides.csv."
* ^caseSensitive = true
* ^experimental = false
* #citizen-consents "Borgeren giver selv personen adgang" "MinSpærring consentOverride: the citizen lets this person look after all."
* #citizen-cannot-be-contacted "Borgeren kan ikke kontaktes" "MinSpærring consentOverride: the citizen cannot be asked."
* #emergency "Akut fare for liv eller helbred" "Vital interests of a citizen who cannot be asked in time."
* #vital-interest "Væsentlige hensyn til borgeren eller andre" "Obvious public interest, or essential regard to the citizen or others."
