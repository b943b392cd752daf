// A consent or objection that can decide about access.

Profile: FaellesplanConsent
Parent: Consent
Id: faellesplan-consent
Title: "Samtykke eller frabedelse"
Description: "What the citizen has allowed or asked not to be done. Without a date and a provision it would permit nothing."
* extension contains ConsentForm named form 0..1
* scope = http://terminology.hl7.org/CodeSystem/consentscope#patient-privacy
* patient 1..1
* patient only Reference(Patient)
* dateTime 1..1
* provision 1..1
* provision.actor.extension contains ConsentSubUnits named subUnits 0..1
* provision.data.extension contains ConsentSubUnits named subUnits 0..1
* obeys consent-1

Invariant: consent-1
Description: "The period of the root provision ends after it starts"
Severity: #error
Expression: "provision.period.end.empty() or provision.period.start.empty() or provision.period.start <= provision.period.end"
