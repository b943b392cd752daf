"""The directory as callers meet it by FHIR R4 REST: staff, organisations, services and places.

| file | what |
|---|---|
| showing | who may see what: all but shelters, which are decided about; what is put on record |
| reading | read, vread |
| history | all versions of one, or of a type |
| searching | search, without reading everything |
| candidates | what a caller may see and could match, for conditions of writes |
| matching | what matches, one page of it or all |
| finding | what the store can look up of a search |
| chains | what questions of other searches lead to here |
| climbing | what stands below or above something |
| including | what includes add, also to searches of citizens' resources |
| wholes | what is a part of something is no part of itself |
| changing | create, update, delete where nobody else writes; a source changes only what it wrote |
| keeping | each of them alone, on record |
"""

from gateway.flows.directory.chains import answers_of, asked_of, further_of
from gateway.flows.directory.history import history
from gateway.flows.directory.including import included, included_record, reach, too_much
from gateway.flows.directory.keeping import create, update, withdraw
from gateway.flows.directory.reading import read
from gateway.flows.directory.searching import Effort, search, visible
from gateway.flows.directory.showing import allowed

__all__ = [
    "Effort",
    "allowed",
    "answers_of",
    "asked_of",
    "create",
    "further_of",
    "history",
    "included",
    "included_record",
    "reach",
    "read",
    "search",
    "too_much",
    "update",
    "visible",
    "withdraw",
]
