"""A failure in MedCom's words: value set medcom-acknowledgement-issue-details, spelled as MedCom spells it."""

from __future__ import annotations

from gateway.errors import (
    Contradiction,
    Forbidden,
    GatewayError,
    MissingField,
    RuleBroken,
    TooLarge,
    Unauthenticated,
    UnknownCode,
    UnknownMessage,
    UnknownSource,
    Unreadable,
    WrongCharset,
    WrongType,
)  # fmt: skip
from gateway.translate.medcom.header import Dangling, NoReceiver
from gateway.translate.medcom.names import ERROR_CODES

_FHIR = "http://terminology.hl7.org/CodeSystem/operation-outcome"

# The first kind that fits counts, so the narrower ones stand first.
_DETAILS: tuple[tuple[type[GatewayError], str, str], ...] = (
    (UnknownCode, ERROR_CODES, "MSG_VALUESET_VALUE_UNKNOWN"),
    (UnknownMessage, ERROR_CODES, "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE"),
    (NoReceiver, ERROR_CODES, "MSG_Receiver_Identifier_MISSING"),
    (WrongType, ERROR_CODES, "MSG_Datatype_Wrong"),
    (TooLarge, ERROR_CODES, "MSG_Element_To_Long"),
    (WrongCharset, ERROR_CODES, "MSG_Damaged_durin_transport"),
    (Dangling, _FHIR, "MSG_LOCAL_FAIL"),
    (Contradiction, _FHIR, "MSG_DUPLICATE_ID"),
    (UnknownSource, _FHIR, "MSG_AUTH_REQUIRED"),
    (Unauthenticated, _FHIR, "MSG_AUTH_REQUIRED"),
    (Forbidden, _FHIR, "MSG_AUTH_REQUIRED"),
    (MissingField, _FHIR, "MSG_BAD_SYNTAX"),
    (RuleBroken, _FHIR, "MSG_BAD_SYNTAX"),
    (Unreadable, _FHIR, "MSG_CANT_PARSE_CONTENT"),
)
_TRANSIENT = (ERROR_CODES, "MSG_Mailbox_Out_Of_Operation")
_OTHER = (_FHIR, "MSG_OP_NOT_ALLOWED")


def details_of(error: GatewayError) -> tuple[str, str]:
    """System and code of `issue.details.coding` for a failure."""
    if error.transient:
        return _TRANSIENT
    return next(((system, code) for kind, system, code in _DETAILS if isinstance(error, kind)), _OTHER)
