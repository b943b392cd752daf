"""FHIR messages of every profile that is received here, told apart by MessageHeader.eventCoding."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from gateway.errors import GatewayError
from gateway.translate.fhir.lifting import lift
from gateway.translate.fhir.message import event_code
from gateway.translate.fhir.reading import parse_message
from gateway.translate.languages import Language
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Translation

FFB_ORDER = "ffb-order"
CARE_COMMUNICATION = "care-communication-message"


class FhirLanguage(Language, Protocol):
    """A language of FHIR messages: it can be given the tree, so that no message is parsed twice."""

    def translate_tree(self, raw: bytes, bundle: dict[str, Any]) -> Translation:
        """As `translate`; `bundle` is what `raw` holds, long files lifted out of it (lifting.py)."""
        ...


class FhirMessages:
    """`POST /fhir/$process-message`: KL's order goes to KL, a CareCommunication to MedCom's language for those, and
    everything else to MedCom, who also answers it."""

    def __init__(self, medcom: FhirLanguage, kl: FhirLanguage, correspondence: FhirLanguage) -> None:
        self._medcom = medcom
        self._by_event = {FFB_ORDER: kl, CARE_COMMUNICATION: correspondence}

    def translate(self, raw: bytes) -> Translation:
        """As the profile that the event names. Raises GatewayError with the place."""
        bundle = parse_message(lift(raw).light)
        return self._named(bundle).translate_tree(raw, bundle)

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """A MedCom Acknowledgement with code `ok`, in the format of the message."""
        return self._of(raw).accept(raw, now, note=note)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """An Acknowledgement with the fault, or an OperationOutcome when there is no header to answer to."""
        try:
            return self._of(raw).refuse(raw, error, now)
        except GatewayError:
            return self._medcom.refuse(lift(raw).light, error, now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element. Raises as `translate` does."""
        return self._of(raw).explain(raw)

    def _of(self, raw: bytes) -> Language:
        return self._named(parse_message(lift(raw).light))

    def _named(self, bundle: dict[str, Any]) -> FhirLanguage:
        return self._by_event.get(event_code(bundle), self._medcom)
