"""The FHIR REST doors, one file per family of interactions. http://hl7.org/fhir/R4/http.html

A flow decides, records and gives FHIR JSON; here it becomes an HTTP answer. A 304 is an answer too: it is only given
after the flow has decided and recorded.
"""
