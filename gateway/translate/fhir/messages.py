"""FHIR messages of every profile that is received here, told apart by MessageHeader.eventCoding.

A message comes bare or in a VANSEnvelope, as MedCom's networks carry it; it is answered as it came
(https://medcomdk.github.io/MedCom-FHIR-Communication: network envelopes).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from gateway.errors import GatewayError
from gateway.translate import vans
from gateway.translate.fhir.lifting import lift
from gateway.translate.fhir.message import event_code
from gateway.translate.fhir.reading import parse_message, written_in
from gateway.translate.languages import Language
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Translation

FFB_ORDER = "ffb-order"
CARE_COMMUNICATION = "care-communication-message"


class FhirLanguage(Language, Protocol):
    """A language of FHIR messages: it can be given the tree, so that no message is parsed twice."""

    def translate_tree(self, raw: bytes, bundle: dict[str, Any]) -> Translation:
        """As `translate`; `bundle` is what `raw` holds, long files lifted out (lifting.py); it may be rewritten."""
        ...


class FhirMessages:
    """`POST /fhir/$process-message`: KL's order goes to KL, a CareCommunication to MedCom's language for those, and
    everything else to MedCom, who also answers it."""

    def __init__(self, medcom: FhirLanguage, kl: FhirLanguage, correspondence: FhirLanguage) -> None:
        self._medcom = medcom
        self._by_event = {FFB_ORDER: kl, CARE_COMMUNICATION: correspondence}

    def translate(self, raw: bytes) -> Translation:
        """As the profile that the event names. Raises GatewayError with the place."""
        found = vans.opened(raw) if written_in(raw) == "xml" else vans.Opened(raw)
        bundle = parse_message(lift(found.content).light)
        made = self._named(bundle).translate_tree(found.content, bundle)
        return replace(made, findings=(*found.findings, *made.findings)) if found.findings else made

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """A MedCom Acknowledgement with code `ok`, in the format of the message."""
        found = _opened(raw)
        return _answer(found, self._of(found.content).accept(found.content, now, note=note), "ok", now)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """An Acknowledgement with the fault, or an OperationOutcome when there is no header to answer to."""
        found = _opened(raw)
        try:
            told = self._of(found.content).refuse(found.content, error, now)
        except GatewayError:
            told = self._medcom.refuse(lift(found.content).light, error, now)
        return _answer(found, told, "transient-error" if error.transient else "fatal-error", now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element. Raises as `translate` does."""
        content = vans.opened(raw).content if written_in(raw) == "xml" else raw
        return self._of(content).explain(content)

    def _of(self, raw: bytes) -> Language:
        return self._named(parse_message(lift(raw).light))

    def _named(self, bundle: dict[str, Any]) -> FhirLanguage:
        return self._by_event.get(event_code(bundle), self._medcom)


def _opened(raw: bytes) -> vans.Opened:
    """For an answer to whatever came."""
    return vans.safely_opened(raw) if written_in(raw) == "xml" else vans.Opened(raw)


def _answer(found: vans.Opened, told: bytes, code: str, now: datetime) -> bytes:
    """In an envelope where the message came in one, under the name that the networks have for an Acknowledgement."""
    return vans.answer(found.envelope, told, "HL7", f"MCM:FCTL#{code}", now)
