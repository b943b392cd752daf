"""Every name of SF2900 that is assumed: the XSDs of the service are not public (docs/municipal-messages.md).

Known are: routed by authority, KLE subject and action facet; a journal note, a document or a form; a technical receipt
and then a business receipt. Who has the real schema changes this file, and what the receipts
are called in mappings/sf2900/receipts.csv.
"""

from __future__ import annotations

NAMESPACE = "urn:faellesplan:sf2900:1"

SEND = "FordelingsobjektAfsendInput"
ID = "TransaktionsId"
SENDER = "Afsender"
ROUTING = "Routing"
AUTHORITY = "ModtagendeMyndighedCVR"
SUBJECT = "KLEEmne"
FACET = "Handlingsfacet"
CASE = "SagUUID"
PARTY = "Part"
WRITTEN = "Registreringstidspunkt"
CORRECTS = "RettelseTil"
SENSITIVITY = "Foelsomhed"
NOTE = "Journalnotat"
DOCUMENT = "Dokument"
