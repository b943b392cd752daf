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

Extension: Case
Id: case
Title: "Sag"
Description: "On a reference to a part of the joint plan: the part that tells of the case that the first is documented in. One effort, told by a case system and by a KL plan."
Context: Reference
* value[x] 1..1
* value[x] only Reference(CarePlan)

Extension: Municipality
Id: municipality
Title: "Kommune"
Description: "What a source says of the citizen's municipalities: which one acts (retssikkerhedsloven § 9), pays (§ 9 c) or is the registered residence, from when to when and in which area of law. Three facts that may be three municipalities; none follows from another, from an address, a hospital or a shelter. Repeated for each."
Context: CarePlan, CareTeam, Patient
* extension contains
    role 1..1 and
    municipality 1..1 and
    period 0..1 and
    area 0..1 and
    told 0..* and
    disputed 0..1
* extension[role].value[x] 1..1
* extension[role].value[x] only code
* extension[role].valueCode from MunicipalityRoleVS (required)
* extension[municipality].value[x] 1..1
* extension[municipality].value[x] only Coding
* extension[municipality].valueCoding.system 1..1
* extension[municipality].valueCoding.code 1..1
* extension[municipality].valueCoding.code obeys mun-1
* extension[period].value[x] 1..1
* extension[period].value[x] only Period
* extension[area].value[x] 1..1
* extension[area].value[x] only code
* extension[area].valueCode from MunicipalityAreaVS (required)
* extension[told] ^short = "In the joint plan: the part that says so"
* extension[told].value[x] 1..1
* extension[told].value[x] only Reference(CarePlan or CareTeam or Patient)
* extension[disputed] ^short = "In the joint plan: another source says another municipality"
* extension[disputed].value[x] 1..1
* extension[disputed].value[x] only boolean

CodeSystem: MunicipalityRoleCodes
Id: municipality-role
Title: "Kommunens rolle"
Description: "What a municipality is to a citizen."
* ^caseSensitive = true
* ^experimental = false
* #acting "Handlekommune" "Decides and acts (retssikkerhedsloven § 9)."
* #paying "Betalingskommune" "Pays (retssikkerhedsloven § 9 c)."
* #residence "Bopælskommune" "The citizen is registered as living there (CPR)."

ValueSet: MunicipalityRoleVS
Id: municipality-role
Title: "Kommunens roller"
Description: "Acting, paying, residence."
* ^experimental = false
* include codes from system MunicipalityRoleCodes

CodeSystem: MunicipalityAreaCodes
Id: municipality-area
Title: "Lovområde"
Description: "The area of law that a municipality acts or pays in; each may have a municipality of its own."
* ^caseSensitive = true
* ^experimental = false
* #social "Det sociale område" "Serviceloven."
* #employment "Beskæftigelsesområdet" "Lov om en aktiv beskæftigelsesindsats, aktivloven, sygedagpengeloven."
* #health "Sundhedsområdet" "Sundhedsloven."

ValueSet: MunicipalityAreaVS
Id: municipality-area
Title: "Lovområder"
Description: "Social, employment, health."
* ^experimental = false
* include codes from system MunicipalityAreaCodes

Invariant: mun-1
Description: "A municipality code has four digits, its leading zero included"
Severity: #error
Expression: "matches('^[0-9]{4}$')"

Extension: PlannedStart
Id: planned-start
Title: "Planlagt start"
Description: "When the stay is expected to begin (R5 Encounter.plannedStartDate)."
Context: Encounter
* value[x] 1..1
* value[x] only dateTime

Extension: PlannedEnd
Id: planned-end
Title: "Planlagt slut"
Description: "When the stay is expected to end (R5 Encounter.plannedEndDate): the municipality plans by it."
Context: Encounter
* value[x] 1..1
* value[x] only dateTime

Extension: ExpectedReturn
Id: expected-return
Title: "Forventet tilbage fra orlov"
Description: "When a citizen on leave is expected back."
Context: Encounter
* value[x] 1..1
* value[x] only dateTime

Extension: ContactPerson
Id: contact-person
Title: "Kontaktperson"
Description: "Whom to call at an organisation that is written as a logical reference."
Context: Reference
* value[x] 1..1
* value[x] only ContactDetail

Extension: OioSensitivity
Id: oio-sensitivity
Title: "Følsomhed (OIO)"
Description: "Foelsomhed of an OIO case, its team or a document, as its system gave it; FOELSOMME_PERSONOPLYSNINGER where it gave none."
Context: CarePlan, CareTeam, DocumentReference, Account, Flag
* value[x] 1..1
* value[x] only code

Extension: OioAccessProfile
Id: oio-access-profile
Title: "Sikkerhedsprofil (OIO)"
Description: "Who may read an OIO case, its team or a document: a positive list, repeated for each. When there is one it narrows, it never widens."
Context: CarePlan, CareTeam, DocumentReference, Account, Flag
* value[x] 1..1
* value[x] only Reference

Extension: OioState
Id: oio-state
Title: "Fremdrift (OIO)"
Description: "One state of an OIO case or document and when it held or holds: earlier ones and several at once, repeated for each. CarePlan.status and DocumentReference.docStatus tell the present one in the words of R4."
Context: CarePlan, DocumentReference
* extension contains
    state 1..1 and
    period 0..1
* extension[state].value[x] 1..1
* extension[state].value[x] only code
* extension[period].value[x] 1..1
* extension[period].value[x] only Period

Extension: OioIndex
Id: oio-index
Title: "Indeks (OIO)"
Description: "The number that a note has in its OIO case: it has no UUID of its own."
Context: DocumentReference
* value[x] 1..1
* value[x] only string

Extension: OioExempt
Id: oio-exempt
Title: "Undtaget fra offentlighed (OIO)"
Description: "That an OIO case or document is exempt from disclosure, and by which law. Its confidential title is never told."
Context: CarePlan, DocumentReference
* value[x] 1..1
* value[x] only string

Extension: OioMaster
Id: oio-master
Title: "Mastersystem (OIO)"
Description: "The IT system that holds an OIO case. It never changes while the case lives."
Context: CarePlan
* value[x] 1..1
* value[x] only Reference

Extension: OioClass
Id: oio-class
Title: "Klassens UUID (OIO)"
Description: "The UUID of a class (a KLE subject, an action facet) in Fælleskommunalt Klassifikationssystem, beside its number."
Context: Coding
* value[x] 1..1
* value[x] only string

Extension: OioAttribute
Id: oio-attribute
Title: "Felt i sagen (OIO)"
Description: "Which attribute of an OIO case a note holds: Sagsstatus or HjemmelSpecifikation."
Context: Annotation
* value[x] 1..1
* value[x] only code

Extension: MemberFor
Id: member-for
Title: "Med på teamet om"
Description: "The goal, problem or pathway that a member is in the team for, repeated for each (HL7 v2: a ROL or PRT in the group of GOL, PRB or PTH). R4 has no element for it."
Context: CareTeam.participant
* value[x] 1..1
* value[x] only Reference(Goal or Condition or CarePlan)

Extension: AddressedCode
Id: addressed-code
Title: "Problemets kode"
Description: "What the problem is that a goal or an order is for, as it was told with it: they are as sensitive as their problem. It goes where the reference to the problem goes."
Context: Goal.addresses, ServiceRequest.reasonReference
* value[x] 1..1
* value[x] only CodeableConcept

Extension: ConsentForm
Id: consent-form
Title: "Samtykkets form"
Description: "How the consent was given (sundhedsloven § 44): written or oral."
Context: Consent
* value[x] 1..1
* value[x] only code
* valueCode from ConsentFormVS (required)

CodeSystem: ConsentFormCodes
Id: consent-form
Title: "Samtykkets form"
Description: "How a consent was given."
* ^caseSensitive = true
* ^experimental = false
* #written "Skriftligt" "In writing, digitally included."
* #oral "Mundtligt" "By word of mouth, noted by who received it."

ValueSet: ConsentFormVS
Id: consent-form
Title: "Samtykkets former"
Description: "Written or oral."
* ^experimental = false
* include codes from system ConsentFormCodes

Extension: ConsentSubUnits
Id: consent-sub-units
Title: "Underenheder med"
Description: "Whether the actor, or the place from which data come, stands for its units too. Not said: of a permit no, of a deny yes."
Context: Consent.provision.actor, Consent.provision.data
* value[x] 1..1
* value[x] only boolean

Extension: BenefitGrant
Id: benefit-grant
Title: "Bevilget beløb"
Description: "What is to be paid of a benefit, from when to when and how often. Repeated for each plan of payment."
Context: Account
* extension contains
    amount 1..1 and
    period 0..1 and
    every 0..1 and
    frequency 0..1 and
    when 0..1
* extension[amount].value[x] 1..1
* extension[amount].value[x] only Money
* extension[period].value[x] 1..1
* extension[period].value[x] only Period
* extension[every] ^short = "UCUM: mo, wk, a"
* extension[every].value[x] 1..1
* extension[every].value[x] only code
* extension[frequency] ^short = "As the sender writes it"
* extension[frequency].value[x] 1..1
* extension[frequency].value[x] only string
* extension[when].value[x] 1..1
* extension[when].value[x] only string

Extension: BenefitPayment
Id: benefit-payment
Title: "Udbetaling"
Description: "What was paid of a benefit for a time. Repeated for each amount of each payment."
Context: Account
* extension contains
    number 1..1 and
    name 0..1 and
    amount 0..1 and
    period 0..1 and
    gross 0..1 and
    afterTax 0..1 and
    sent 0..1 and
    paid 0..1 and
    on 0..1
* extension[number].value[x] 1..1
* extension[number].value[x] only string
* extension[name].value[x] 1..1
* extension[name].value[x] only string
* extension[amount] ^short = "Of this benefit"
* extension[amount].value[x] 1..1
* extension[amount].value[x] only Money
* extension[period].value[x] 1..1
* extension[period].value[x] only Period
* extension[gross] ^short = "Of the whole payment, before tax"
* extension[gross].value[x] 1..1
* extension[gross].value[x] only Money
* extension[afterTax].value[x] 1..1
* extension[afterTax].value[x] only Money
* extension[sent].value[x] 1..1
* extension[sent].value[x] only Money
* extension[paid].value[x] 1..1
* extension[paid].value[x] only Money
* extension[on].value[x] 1..1
* extension[on].value[x] only dateTime

Extension: AmountAsWritten
Id: amount-as-written
Title: "Beløb som skrevet"
Description: "The amount digit by digit: a number in JSON may lose some of them."
Context: Money
* value[x] 1..1
* value[x] only string

Extension: BenefitCase
Id: benefit-case
Title: "Bevillingssag"
Description: "The case in which the benefit was granted."
Context: Account
* value[x] 1..1
* value[x] only Reference(CarePlan)

Extension: SubscriptionSecret
Id: subscription-secret
Title: "Abonnementets nøgle"
Description: "The secret that notifications of this Subscription are signed with (HMAC-SHA-256). Told once, in the answer to its create, and never read again."
Context: Subscription
* value[x] 1..1
* value[x] only string
