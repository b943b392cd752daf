"""Search of permitted resources: R4 search parameters on bodies (http://hl7.org/fhir/R4/search.html).

It runs after the decision, on what one caller may see of one citizen (`world.World`): a page is never cut first and
filtered then, and no chain, include or order can reach what is hidden. One citizen has hundreds of resources, not
millions, so no index has to be kept in step with the fold.
"""
