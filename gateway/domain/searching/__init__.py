"""Search of one citizen's permitted resources: R4 search parameters on bodies (http://hl7.org/fhir/R4/search.html).

It runs after the decision, on what this caller may see: a page is never cut first and filtered then. One citizen has
hundreds of resources, not millions, so no index has to be kept in step with the fold.
"""
