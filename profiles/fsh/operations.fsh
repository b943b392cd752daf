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
* parameter[0].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "A collection Bundle: the joint CarePlan, the joint CareTeam, and every part they refer to that this reader may see."
* parameter[=].type = #Bundle
