"""Bulk Data export of the caller's circle: http://hl7.org/fhir/uv/bulkdata/STU2/export.html.

| file | what |
|---|---|
| asked | the request, understood; whose a job is; what the token covers |
| narrowing | `_typeFilter` |
| jobs | put up, told how far it is, forgotten |
| making | the circle is walked beside the doors: each citizen is decided about, on record, and named |
| taking | a file is fetched: each line is decided anew, on record, and written as it stands then |

A job names resources and holds nothing of them. So what is withdrawn between the two decisions is not in the file, what
was hidden at the first stays out at the second, and no copy of anybody's plan lies about.
"""

from __future__ import annotations

from gateway.flows.bulk.jobs import RETRY_SECONDS, cancel, start, status
from gateway.flows.bulk.making import make_bulk
from gateway.flows.bulk.taking import taken

__all__ = ["RETRY_SECONDS", "cancel", "make_bulk", "start", "status", "taken"]
