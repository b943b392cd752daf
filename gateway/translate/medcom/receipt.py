"""A received Acknowledgement (MedCom 2.0): what its receiver says of a message that was sent.

Checked as its profile asks: one destination, no focus, a response, an OperationOutcome unless all is
well, exactly two Provenances of which one is its own. `MessageHeader.definition` is published under two canonicals and
not looked at. Which message the other Provenance names is not compared: official examples disagree.
"""

from __future__ import annotations

from typing import Any

from gateway.domain.outgoing import Outcome, Receipt
from gateway.errors import MissingField, RuleBroken, UnknownCode, WrongType
from gateway.translate.fhir.message import HEADER, Message
from gateway.translate.fhir.structure import shape_faults
from gateway.translate.medcom.header import Dangling, check_header
from gateway.translate.medcom.provenance import activity_of, is_about

Json = dict[str, Any]

ACTIVITY = "acknowledgement"
_OUTCOMES: dict[str, Outcome] = {
    "ok": "ok", "fatal-error": "fatal-error", "transient-error": "transient-error",
}  # fmt: skip
_LONGEST = 1000


def acknowledgement_of(bundle: Json) -> Message:
    """The Bundle as an Acknowledgement that keeps its profile's rules. Raises GatewayError with the place."""
    faults = shape_faults(bundle)
    if faults:
        raise WrongType(faults[0].text, where=faults[0].where)
    message = Message(bundle)
    check_header(message)
    provenances = message.roots.get("Provenance", [])
    own = [one for one in provenances if is_about(one, message)]
    if len(provenances) != 2 or [activity_of(one) for one in own] != [ACTIVITY]:
        raise RuleBroken(
            "An acknowledgement has two Provenances: the original message's, and its own with this activity.",
            where="Bundle.entry",
        )
    return message


def receipt_of(message: Message) -> Receipt:
    """Which message it answers, and how. Raises MissingField, UnknownCode, Dangling with the place."""
    place = f"{HEADER}.response"
    response = message.header.get("response", {})
    for name in ("identifier", "code"):
        if not response.get(name, "").strip():
            raise MissingField(where=f"{place}.{name}")
    outcome = _OUTCOMES.get(response["code"])
    if outcome is None:
        raise UnknownCode("This is no response code.", where=f"{place}.code", hint="ok, fatal-error, transient-error.")
    details = message.resolve(response.get("details"), "OperationOutcome")
    if "details" in response and details is None:
        raise Dangling(where=f"{place}.details")
    if outcome != "ok" and details is None:
        raise MissingField("What is wrong must be told.", where=f"{place}.details")
    return Receipt(response["identifier"].strip(), outcome, _told(details or {}))


def _told(outcome: Json) -> str:
    """Codes and words of the issues, one line each."""
    lines = []
    for issue in outcome.get("issue", ()):
        details = issue.get("details", {})
        codes = [coding.get("code", "") for coding in details.get("coding", ())]
        words = [details.get("text", ""), issue.get("diagnostics", ""), *issue.get("expression", ())]
        lines.append(" ".join(filter(None, [*codes, *words])) or issue.get("code", ""))
    return "\n".join(filter(None, lines))[:_LONGEST]
