// Everyone around the citizen, in both sectors.

Profile: FaellesplanCareTeam
Parent: CareTeam
Id: faellesplan-careteam
Title: "Team om den fælles plan"
Description: "The joint care team of one citizen: each sector's members, and one coordinator at a time."
* status 1..1
* name 1..1
* subject 1..1
* subject only Reference(Patient)
* participant.role 1..*
* obeys team-1

Invariant: team-1
Description: "At most one coordinator at a time: the ones before have an end"
Severity: #error
Expression: "participant.where(period.end.empty() and role.coding.where(system = 'https://faellesplan.dk/fhir/CodeSystem/team-role' and code = 'coordinator').exists()).count() <= 1"
