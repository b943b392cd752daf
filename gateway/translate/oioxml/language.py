"""The language of `POST /messages/oioxml`: MedCom's letters in XML, bare or in a VANSEnvelope."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from lxml import etree

from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.errors import GatewayError, UnknownMessage
from gateway.translate import r4, vans
from gateway.translate.fhir.write_xml import write_xml
from gateway.translate.oioxml import receipt, tree
from gateway.translate.oioxml.letters import Letters
from gateway.translate.oioxml.several import Several, several
from gateway.translate.oioxml.writing import written
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Translation


class OioXml:
    """XDIS, XBIN and XCTL letters in; XCTL receipts out."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong."""
        self._letters = Letters(mappings, sources, ids, codes, facts)

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements, or to what a receipt says. Raises GatewayError with its place."""
        found = vans.opened(raw)
        if found.content[:3] in (b"UNA", b"UNB"):
            raise UnknownMessage("This is EDIFACT.", where="line 1", hint="Send it to /messages/edifact.")
        return self._letters.translation(tree.read(found.content), found.findings)

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """An XCTL03 where one is asked for, else nothing. `note` has no place in it."""
        found = vans.safely_opened(raw)
        made = receipt.positive(tree.read(found.content), now)
        return b"" if made is None else vans.answer(found.envelope, written(made), "XML", "XCTL03", now)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """An XCTL02 with the reason; an OperationOutcome for what no receipt can be addressed to."""
        found = vans.safely_opened(raw)
        root = _readable(found.content)
        made = None if root is None else receipt.negative(root, error, now)
        if made is None:
            return _outcome(error)
        return vans.answer(found.envelope, written(made), "XML", "XCTL02", now)

    def batch(self, raw: bytes) -> Several | None:
        """The letters of an Emessage with more than one, each to be received by itself."""
        return several(raw)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, and what no rule read. Raises as `translate` does."""
        return self._letters.explanation(tree.read(vans.opened(raw).content))


def _readable(content: bytes) -> etree._Element | None:
    try:
        return tree.read(content)
    except GatewayError:
        return None


def _outcome(error: GatewayError) -> bytes:
    """http://hl7.org/fhir/R4/operationoutcome.html: what only the caller of this request sees."""
    issue = {"severity": "error", "code": error.issue, "details": {"text": error.told()}}
    return write_xml({"resourceType": "OperationOutcome", "issue": [issue]})
