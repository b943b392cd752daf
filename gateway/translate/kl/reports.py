"""Reports and handed-over plans of KL's: bytes to statements, and the answer. Made once at start, pure afterwards.

report.py checks the collection, profile.py what its profiles ask beyond R4, understanding.py makes it statements. The
answer is an OperationOutcome, to the caller of the HTTP request alone (docs/kl-reports.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gateway.domain.statement import Act
from gateway.errors import GatewayError
from gateway.translate.fhir import outcome, parse_message, write_json, write_xml, written_in
from gateway.translate.kl import report
from gateway.translate.kl.understanding import Understanding, Work, translated
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Finding, Translation


class KlReports:
    """The language of collections, JSON or XML, at `POST /cases/kl`."""

    def __init__(self, understanding: Understanding) -> None:
        """The rules and sources are those of orders: what is ordered and what is reported of it are one thing."""
        self._understanding = understanding

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place (`Bundle.entry[3].resource.subject`)."""
        work, event = self._work(parse_message(raw))
        return translated(work, event, Act.STATE if event == report.PLAN else Act.REPORT)

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """An OperationOutcome of information, in the format of the report."""
        return _written(raw, outcome.received((), note))

    def accept_with(self, raw: bytes, findings: Iterable[Finding], now: datetime) -> bytes:
        """The same, and what was found: what the report points at and does not hold, which rules of its profile it
        breaks."""
        return _written(raw, outcome.received(findings))

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """An OperationOutcome with the kind of failure, its place, and what to do. Safe on any bytes."""
        return _written(raw, outcome.failed(error))

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, and what no rule read. Raises as `translate` does."""
        return self._work(parse_message(raw))[0].explained()

    def _work(self, bundle: dict[str, Any]) -> tuple[Work, str]:
        """The collection, understood, with what breaks its profile's rules; and what it is."""
        found = report.check(bundle)
        event = report.event_of(bundle)
        source = self._understanding.source(report.senders(found), report.SENDER)
        profile = self._understanding.profile
        broken = [*profile.findings(found.message, found.sent)] if event == report.FFB else []
        work = self._understanding.work(found, source, report.number_of(found), told_before=event != report.PLAN)
        work.env.findings += broken
        return work, event


def _written(raw: bytes, told: dict[str, Any]) -> bytes:
    return write_xml(told) if written_in(raw) == "xml" else write_json(told)
