"""Writing by REST: create, update, patch, delete, their conditional forms, and transactions. FHIR R4 3.1.0.

A write is a statement of the caller's source, like any message: it is checked, kept in one commit with the resources
that follow from it and with its access record, and then shown. One file per interaction makes a `Word` of what is
asked; saying.py keeps it, together.py what the entries of a transaction come to. A source changes only what it wrote by
REST itself.
"""

from __future__ import annotations

from gateway.flows.writing.asked import Asked, Entry
from gateway.flows.writing.single import write
from gateway.flows.writing.transaction import transact

__all__ = ["Asked", "Entry", "transact", "write"]
