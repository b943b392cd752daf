// What the gateway answers besides the interactions of R4.

Instance: joint-plan
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://faellesplan.dk/fhir/OperationDefinition/joint-plan"
* version = "0.1.0"
* name = "JointPlan"
* title = "Den fælles plan"
* status = #draft
* kind = #operation
* description = "The joint plan of one citizen, composed of the parts that this reader may see on the citizen's consent and the law: never of any other. A citizen who is not there and one of whom this reader may see nothing get the same answer, 404. The look-up is on record before the answer."
* affectsState = false
* code = #joint-plan
* resource = #Patient
* system = false
* type = false
* instance = true
* parameter[0].name = #at
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "As it stood then, of a day at its end: the version of each part that there was, decided by what is known of it today as well; now where it is left out. What lies in the future is refused."
* parameter[=].type = #dateTime
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "A collection Bundle: the joint CarePlan, the joint CareTeam, and every part they refer to that this reader may see."
* parameter[=].type = #Bundle

Instance: explain-access
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://faellesplan.dk/fhir/OperationDefinition/explain-access"
* version = "0.1.0"
* name = "ExplainAccess"
* title = "Forklar en afgørelse"
* status = #draft
* kind = #operation
* description = "Who may see what of a citizen, and why: for each resource permit or denial, what it rests on, the row of the policy table, the law, the consent and the provision in it, what is taken away. As it is, or as it was. For auditors, and for data controllers about what their own organisation sent; nothing of the content is told. Reader: client, or role, sector and organization. About: patient, or resources of one patient."
* affectsState = false
* code = #explain-access
* system = true
* type = false
* instance = false
* parameter[0].name = #client
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The id of a registered client."
* parameter[=].type = #string
* parameter[+].name = #role
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "A role of the policy table."
* parameter[=].type = #code
* parameter[+].name = #sector
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "region, municipality or other."
* parameter[=].type = #code
* parameter[+].name = #organization
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The reader's organisation."
* parameter[=].type = #Identifier
* parameter[+].name = #member-of
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Further units that the reader belongs to."
* parameter[=].type = #Identifier
* parameter[+].name = #user
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The person in front of the client."
* parameter[=].type = #Identifier
* parameter[+].name = #on-behalf-of
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "For whom that person acts, as a token says it."
* parameter[=].type = #Identifier
* parameter[+].name = #purpose
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "v3-ActReason; without any everything is closed."
* parameter[=].type = #code
* parameter[+].name = #patient
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "About everything of this citizen."
* parameter[=].type = #Reference
* parameter[+].name = #resource
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "About these resources."
* parameter[=].type = #Reference
* parameter[+].name = #when
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "As it was then; of a day its end; now where it is left out."
* parameter[=].type = #dateTime
* parameter[+].name = #override
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "An override, with the parts code and text."
* parameter[=].part[0].name = #code
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #text
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "reader, and one decision for each resource: resource, outcome, basis or reason, law, rule, consent, provision, limit, redaction, override; note, what is odd about the question; as-of-today, what a question of the past is answered by as it is today."
* parameter[=].type = #Parameters

Instance: careplan-everything
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://faellesplan.dk/fhir/OperationDefinition/careplan-everything"
* version = "0.1.0"
* name = "CarePlanEverything"
* title = "Alt om en plan"
* status = #draft
* kind = #operation
* description = "One plan and all that belongs to it, each resource decided about like a read of it. A plan that is not there and one that this reader may not see get the same answer, 404."
* affectsState = false
* code = #everything
* resource = #CarePlan
* system = false
* type = false
* instance = true
* parameter[0].name = #_since
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Changed since then."
* parameter[=].type = #instant
* parameter[+].name = #start
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "What has a time of its own: from this day on."
* parameter[=].type = #date
* parameter[+].name = #end
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "What has a time of its own: until the end of this day."
* parameter[=].type = #date
* parameter[+].name = #_type
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Of these types alone, with commas between them."
* parameter[=].type = #code
* parameter[+].name = #_count
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "So many on a page."
* parameter[=].type = #integer
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "A searchset Bundle: the plan first, what it refers to, what refers to it, and what that refers to; of the joint plan all of the citizen. As far as this reader may see it."
* parameter[=].type = #Bundle
