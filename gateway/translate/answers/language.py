"""SF2900 and FASIT as languages: we write to them, and read nothing of theirs but receipts.

A technical receipt comes in the answer to what was sent; a business receipt comes later, by itself (SF2900). A SOAP
fault is a technical receipt too. What a receiver writes is kept without anything that looks like a CPR number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from gateway.domain.identifier import CVR, normal
from gateway.domain.outgoing import TOLD_LATER, Outgoing, Receipt
from gateway.domain.record import masked
from gateway.domain.source import Source
from gateway.errors import GatewayError, MissingField, UnknownCode, UnknownMessage, Unreadable
from gateway.translate.answers import soap, table
from gateway.translate.answers.soap import Fault
from gateway.translate.answers.table import BUSINESS, TECHNICAL
from gateway.translate.languages import Language
from gateway.translate.oio.tree import Node
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation, Row, unread
from gateway.translate.translation import Translation

_LONGEST = 500  # characters of a receiver's text


class Answers:
    """One municipal receiver's language. `name` is `sf2900` or `fasit`, and its folder under mappings/."""

    def __init__(self, name: str, mappings: Path, sources: Iterable[Source]) -> None:
        """Raises MappingError with everything that is wrong in its tables."""
        problems = Problems()
        self._name = name
        self._table = table.read(mappings / name, problems)
        problems.check()
        self._sources = Sources(sources)

    def translate(self, raw: bytes) -> Translation:
        """A business receipt. Raises GatewayError with its place; nothing else is read here."""
        root, kind = self._root(raw)
        if kind != BUSINESS:
            raise UnknownMessage("Only business receipts are received here", where="line 1")
        source = self._sources.find(self._name, normal(CVR, self._needed(BUSINESS, "authority", root)).value)
        of = self._needed(BUSINESS, "of", root)
        receipt = self._receipt(BUSINESS, root, _bare(of))
        fingerprint = _fingerprint(root)
        own = self._table.node(BUSINESS, "id", root)
        return Translation(
            language=self._name,
            source=source,
            message_id=own.text if own else fingerprint.hex()[:32],
            event=root.name,
            sent=None,
            fingerprint=fingerprint,
            citizen=(),
            statements=(),
            receipt=receipt,
        )

    def answered(self, raw: bytes) -> Receipt | None:
        """What is answered on the line. Raises Unreadable for what is no technical receipt; None where a receiver that
        tells nothing later answers a document of its own: that it took the message is said by the HTTP status."""
        try:
            found = soap.opened(raw)
            if isinstance(found, Fault):
                told = f"SOAP fault {found.code}: {found.text}" if found.text else f"SOAP fault {found.code}"
                return Receipt("", found.outcome, _kept(told))
            if self._table.kind(found) != TECHNICAL:
                if self._name in TOLD_LATER or found.name.lower() == "html":
                    raise Unreadable(where="line 1")
                return None
            of = self._table.node(TECHNICAL, "of", found)
            return self._receipt(TECHNICAL, found, _bare(of.text) if of else "")
        except Unreadable:
            raise
        except GatewayError as other:
            raise Unreadable(where=other.where) from None

    def later(self, raw: bytes, now: datetime, error: GatewayError | None = None) -> Outgoing | None:
        """Nothing: receipts are never acknowledged."""
        return None

    def of_source(self, source: str) -> Language:
        """The same: a receipt names its authority, or is refused."""
        return self

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """Nothing: that a receipt was taken is said by the HTTP status."""
        return b""

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """A SOAP fault with the place; safe on any bytes."""
        return soap.refusal(error.told(), transient=error.transient)

    def explain(self, raw: bytes) -> Explanation:
        """Which element each part of a receipt was read from. Raises as `translate` does."""
        root, kind = self._root(raw)
        if not kind:
            raise UnknownMessage("This is no receipt", where="line 1")
        rows = []
        for (one, part), elements in self._table.elements.items():
            node = self._table.node(kind, part, root) if one == kind else None
            if node is not None:
                rows.append(Row(f"receipt.{part}", (node.name,), (node.place,), elements.rule))
        fields = [node.place for node in root.walk() if node.text]
        return Explanation(tuple(rows), unread(fields, [row.places[0] for row in rows], {}))

    def _root(self, raw: bytes) -> tuple[Node, str]:
        found = soap.opened(raw)
        if isinstance(found, Fault):
            raise UnknownMessage("A SOAP fault is no message", where="Envelope/Body/Fault")
        return found, self._table.kind(found)

    def _needed(self, kind: str, part: str, root: Node) -> str:
        node = self._table.node(kind, part, root)
        if node is None:
            wanted = " or ".join(self._table.elements[kind, part].names)
            raise MissingField(where=f"{root.name}/{wanted}")
        return node.text

    def _receipt(self, kind: str, root: Node, of: str) -> Receipt:
        node = self._table.node(kind, "code", root)
        code = self._needed(kind, "code", root)
        meaning = self._table.meaning(kind, code)
        if meaning is None:
            hint = f"Add it to mappings/{self._name}/outcomes.csv."
            raise UnknownCode(where=node.place if node else root.name, hint=hint)
        said = self._table.node(kind, "text", root)
        known = meaning.text if meaning.outcome not in ("ok", "taken") else ""
        return Receipt(of, meaning.outcome, _kept(" ".join(filter(None, (known, said.text if said else "")))))


def _bare(identity: str) -> str:
    return identity.lower().removeprefix("urn:uuid:")


def _kept(text: str) -> str:
    return masked(" ".join(text.split()))[:_LONGEST]


def _fingerprint(root: Node) -> bytes:
    digest = hashlib.sha256()
    for node in root.walk():
        digest.update(f"{node.name}\0{len(node.parts)}\0{node.text}\0".encode())
    return digest.digest()
