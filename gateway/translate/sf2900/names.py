"""Every name of SF2900 that is assumed: the XSDs of the service are not public (docs/municipal-messages.md).

Known are: routed by authority, KLE subject and action facet; a journal note, a document or a form; a technical receipt
and then a business receipt. Who has the real schema changes this file, and nothing else.
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

TECHNICAL_RECEIPT = "TekniskKvittering"
BUSINESS_RECEIPT = "Forretningskvittering"
RECEIPT_CODE = "StatusKode"
RECEIPT_TEXT = "StatusTekst"

ACCEPTED = "20"
"""The code of a good answer: as in every interface of the family (StandardRetur, SF1470)."""

TRANSIENT = ("50", "51", "52", "53", "54", "55", "56", "57", "58", "59")
"""Codes after which sending again may help."""
