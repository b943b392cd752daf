"""The directory as callers meet it by FHIR R4 REST: staff, organisations, services and places.

| file | what |
|---|---|
| showing | who may see what: all but shelters, which are decided about; what is put on record |
| reading | read, vread, history, and what references lead to |
| searching | search, without reading everything |
| including | what includes add, also to searches of citizens' resources |
| keeping | create, update, delete; a source changes only what it wrote |
"""

from gateway.flows.directory.including import included
from gateway.flows.directory.keeping import create, update, withdraw
from gateway.flows.directory.reading import history, named, read
from gateway.flows.directory.searching import search, visible

__all__ = ["create", "history", "included", "named", "read", "search", "update", "visible", "withdraw"]
