"""PATCH: a resource as another makes it, by JSON Patch or FHIRPath Patch. http://hl7.org/fhir/R4/http.html#patch

Pure functions from a resource and its changes to the changed resource; the one that came in stays as it was. What the
change may not touch (id, labels) and whether its outcome is sound is for the flow that writes.
"""
