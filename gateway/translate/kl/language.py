"""The KL FFB order: bytes to statements, and the answer. Made once at start, pure afterwards.

order.py checks the message, understanding.py makes it statements. KL defines no answer; docs/kl-order-answer.md says
which is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.errors import GatewayError
from gateway.translate import r4
from gateway.translate.fhir import parse_message
from gateway.translate.fhir.lifting import LONG
from gateway.translate.fhir.message import HEADER
from gateway.translate.kl import order
from gateway.translate.kl.answer import addressed
from gateway.translate.kl.reports import KlReports
from gateway.translate.kl.understanding import Understanding, Work, translated
from gateway.translate.medcom import acknowledgement
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.trace import Explanation
from gateway.translate.terms.terms import Terms
from gateway.translate.translation import Translation


class Kl:
    """The language of FFB orders, JSON or XML, at `POST /fhir/$process-message`. `reports` is that of collections, by
    the same rules."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
        terms: Terms | None = None,
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong. Of `sources` those of
        language kl are known, by a number or the name of the sending organisation, or by the source endpoint."""
        self._understanding = Understanding(mappings, sources, ids, codes, facts, terms)
        self.reports = KlReports(self._understanding)

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place (`Bundle.entry[3].resource.subject`)."""
        return self.translate_tree(raw, parse_message(raw))

    def translate_tree(self, raw: bytes, bundle: dict[str, Any]) -> Translation:
        """As `translate`; `bundle` is what `raw` holds, and is rewritten. An order keeps its files in its documents:
        where one may have been lifted out (lifting.py) it is read anew."""
        bundle = parse_message(raw) if len(raw) > LONG else bundle
        return translated(self._work(bundle), order.EVENT)

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """An Acknowledgement with code ok, in the format of the message. `note` is told as information."""
        return acknowledgement.positive(addressed(raw), now, note)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """An Acknowledgement with fatal-error or transient-error; an OperationOutcome where it cannot be addressed."""
        return acknowledgement.negative(addressed(raw), error, now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, and what no rule read. Raises as `translate` does."""
        return self._work(parse_message(raw)).explained()

    def _work(self, bundle: dict[str, Any]) -> Work:
        found = order.check(bundle)
        source = self._understanding.source(order.senders(found), f"{HEADER}.source.endpoint")
        return self._understanding.work(found, source, order.number_of(found))
