"""Every language the gateway understands, by the name of the door it comes through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from gateway.errors import GatewayError, UnknownMessage
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Translation


class Language(Protocol):
    """One language, made once at start from its rules: translate/hl7v2, medcom, kl, oio."""

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with the place."""
        ...

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """The positive answer to these bytes."""
        ...

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """The negative answer to these bytes, whatever they are."""
        ...

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of which field, and what nothing read. Raises as `translate` does."""
        ...


class Languages:
    """`hl7v2`, `fhir-message` (MedCom or KL by its event) and `oio`."""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self._languages = languages

    def of(self, name: str) -> Language:
        """The language of a door. Raises UnknownMessage for one that nothing here speaks."""
        try:
            return self._languages[name]
        except KeyError:
            raise UnknownMessage("No language of this name is spoken here") from None
