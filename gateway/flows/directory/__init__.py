"""The directory as callers meet it by FHIR R4 REST: staff, organisations, services and places.

| file | what |
|---|---|
| showing | who may see what: all but shelters, which are decided about; what is put on record |
| reading | read, vread, history, and what references lead to |
| searching | search, without reading everything |
| candidates | what a caller may see and could match |
| finding | what the store can look up of a search |
| chains | what questions of other searches lead to here |
| climbing | what stands below or above something |
| including | what includes add, also to searches of citizens' resources |
| keeping | create, update, delete; a source changes only what it wrote |
"""

from gateway.flows.directory.chains import answered
from gateway.flows.directory.including import included
from gateway.flows.directory.keeping import create, update, withdraw
from gateway.flows.directory.reading import history, named, read
from gateway.flows.directory.searching import search, visible

__all__ = ["answered", "create", "history", "included", "named", "read", "search", "update", "visible", "withdraw"]
