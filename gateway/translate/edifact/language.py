"""The language of `POST /messages/edifact`: MedCom's letters as segments, bare or in a VANSEnvelope.

A message becomes the letter tree of gateway.translate.oioxml by the tables of mappings/edifact; from there the rules of
mappings/oioxml make everything, so that a letter means the same in both syntaxes. Errors and explanations name the
segments that it was written in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lxml import etree

from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.errors import GatewayError, RuleBroken, UnknownMessage
from gateway.translate import r4, vans
from gateway.translate.edifact import table
from gateway.translate.edifact.answers import Post
from gateway.translate.edifact.converting import Converted, converted
from gateway.translate.edifact.explaining import explained
from gateway.translate.edifact.interchange import interchange, parts, without_packages
from gateway.translate.edifact.outline import outline
from gateway.translate.edifact.writing import written
from gateway.translate.oioxml import receipt
from gateway.translate.oioxml.letters import Letters
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import MappingError, Problems
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Finding, Translation

_FORM = "EDIFACT"


class Edifact:
    """DIS, BIN and CTL letters in; CTL receipts, and letters for which a table writes, out."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
    ) -> None:
        """Reads the tables in `mappings`; raises MappingError with everything that is wrong in mappings/edifact and,
        through the rules of letters, in mappings/oioxml."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self._tables = table.load(mappings, codes, problems)
        try:
            self._letters = Letters(mappings, sources, ids, codes, facts, language="edifact")
        except MappingError as error:
            problems.found += error.problems
        problems.check()

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements, or to what a receipt says. Raises GatewayError with the segment's number.

        One letter at a time: what holds several is parted before (interchange.parts).
        """
        opened = vans.opened(raw)
        made = self._converted(opened.content)
        try:
            found = self._letters.translation(made.root, (*opened.findings, *made.findings))
        except GatewayError as error:
            raise _placed(error, made) from None
        findings = tuple(_found(finding, made) for finding in found.findings)
        light = without_packages(opened.content) if found.without_files else b""
        return replace(found, findings=findings, without_files=light)

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """A CTL03 where UNB asks for one, else nothing. `note` has no place in it."""
        opened = vans.safely_opened(raw)
        made = receipt.positive(outline(opened.content), now)
        return b"" if made is None else vans.answer(opened.envelope, self.write(made), _FORM, "CTL03", now)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """A CTL02 with the reason and the segment's number; nothing to a receipt. Safe on any bytes."""
        opened = vans.safely_opened(raw)
        made = receipt.negative(outline(opened.content), error, now)
        return b"" if made is None else vans.answer(opened.envelope, self.write(made), _FORM, "CTL02", now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of which segment, and what no rule read. Raises as `translate` does."""
        made = self._converted(vans.opened(raw).content)
        try:
            return explained(self._letters.explanation(made.root), made)
        except GatewayError as error:
            raise _placed(error, made) from None

    def batch(self, raw: bytes) -> Post:
        """The letters of an interchange, each to be received by itself: one that is refused keeps no other out."""
        return Post(raw, parts(raw))

    def write(self, root: etree._Element) -> bytes:
        """A letter tree as an interchange. Raises UnknownMessage for a letter that no table writes, UnknownCode."""
        return written(root, self._tables)

    def tree(self, raw: bytes) -> etree._Element:
        """The letter tree of one letter, as OIOXML would have it. Raises as `translate` does."""
        return self._converted(vans.opened(raw).content).root

    def _converted(self, content: bytes) -> Converted:
        whole = interchange(content)
        if len(whole.messages) > 1:
            raise RuleBroken(
                f"The interchange holds {len(whole.messages)} letters.", where="UNZ-1", hint="They are read one by one."
            )
        message = whole.messages[0]
        if message.fault is not None:
            raise message.fault
        if message.version not in self._tables:
            known = ", ".join(sorted(self._tables))
            raise UnknownMessage(
                "This letter or version is not received here.",
                where=f"{message.place(message.header)}, UNH-2.5",
                hint=f"Received: {known}.",
            )
        return converted(whole, message, self._tables[message.version])


def _placed(error: GatewayError, made: Converted) -> GatewayError:
    """The same failure, told with the segment that the element came from."""
    segment = made.segment_of(error.where)
    where = f"{segment}, {error.where}" if segment else error.where
    return type(error)(error.text, where=where, hint=error.hint)


def _found(finding: Finding, made: Converted) -> Finding:
    segment = made.segment_of(finding.where)
    return replace(finding, where=f"{segment}, {finding.where}") if segment else finding
