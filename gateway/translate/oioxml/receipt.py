"""Receipts: XCTL01 (the network refuses), XCTL02 (the receiver refuses), XCTL03 (received).

A letter asks for a positive one by AcknowledgementCode `pluspositivkvitt`; a refusal is always told. A receipt is never
itself answered. A failure that may pass (the database is away) is an XCTL02 as well: there is no other word for it,
and the text says that it may be sent again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lxml import etree

from gateway.domain.outgoing import Outcome, Receipt
from gateway.errors import GatewayError, MissingField, UnknownMessage, UnknownSource, Unreadable
from gateway.errors import Refused as NotAccepted
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.letter import RECEIPTS, Letter
from gateway.translate.oioxml.writing import NS_2005, add, clean, cut, formatted, number, started

_VERSIONS = {"PositiveReceipt": ("XC0330Q", "XCTL03"), "NegativeReceipt": ("XC0230Q", "XCTL02")}

# The first kind that fits counts. NegativeReceipt.xsd has these five codes.
_CODES: tuple[tuple[type[GatewayError], str], ...] = (
    (UnknownSource, "ukendt_lokationsnummer"),
    (UnknownMessage, "problem_med_version"),
    (Unreadable, "syntaksfejl"),
    (NotAccepted, "syntaksfejl"),
)


def read(letter: Letter) -> Receipt:
    """What a received receipt says of a letter that was sent. Raises MissingField.

    Our letters travel alone and carry their envelope's number, so that the envelope's names the letter where the
    receipt does not go further.
    """
    original = tree.part(letter.node, "OriginalEmessage")
    of = tree.said(original, "OriginalLetter", "OriginalLetterIdentifier") or tree.said(
        original, "OriginalEnvelopeIdentifier"
    )
    if not of:
        raise MissingField(where=f"{tree.place(letter.node)}/OriginalEmessage/OriginalEnvelopeIdentifier")
    outcome: Outcome = "ok" if letter.kind == "PositiveReceipt" else "fatal-error"
    said = [tree.said(original, *path) for path in (("RefuseCode",), ("RefuseText",))]
    said += [tree.said(original, "OriginalLetter", name) for name in ("RefuseCode", "RefuseText")]
    return Receipt(of, outcome, "\n".join(dict.fromkeys(filter(None, said))))


def positive(root: etree._Element, now: datetime) -> etree._Element | None:
    """The XCTL03 of a letter tree that was received, None where none is asked for."""
    if tree.said(root, "Envelope", "AcknowledgementCode") != "pluspositivkvitt" or not _answerable(root):
        return None
    made, _ = _receipt("PositiveReceipt", root, now)
    return made


def negative(root: etree._Element, error: GatewayError, now: datetime) -> etree._Element | None:
    """The XCTL02 of a letter tree that was refused, with the reason and its place; None where it cannot be addressed:
    sender, receiver or number are missing, or it is a receipt itself."""
    if not _answerable(root):
        return None
    made, letters = _receipt("NegativeReceipt", root, now)
    text = error.told() + (" Send it again." if error.transient and not error.hint else "")
    for letter in letters:
        add(letter, "RefuseCode", refuse_code(error))
        formatted(letter, "RefuseText", clean(text))
    return made


def refuse_code(error: GatewayError) -> str:
    """NegativeReceipt.xsd, RefuseCode."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), "ikke_specificeret")


def _answerable(root: etree._Element) -> bool:
    letters = _letters(root)
    needed: list[tuple[Any, ...]] = [("Sender", "EANIdentifier"), ("Receiver", "EANIdentifier")]
    return (
        bool(letters)
        and bool(tree.said(root, "Envelope", "Identifier"))
        and all(tree.said(letters[0], *path) for path in needed)
        and not any(tree.name(letter) in RECEIPTS for letter in letters)
    )


def _letters(root: etree._Element) -> list[etree._Element]:
    return [node for node in root if tree.name(node) not in ("Envelope", "Local_Elements")]


def _receipt(kind: str, root: etree._Element, now: datetime) -> tuple[etree._Element, list[etree._Element]]:
    letters = _letters(root)
    envelope = tree.said(root, "Envelope", "Identifier")
    sender, receiver = (tree.said(letters[0], party, "EANIdentifier") for party in ("Sender", "Receiver"))
    own = number(kind, sender, envelope, *(tree.said(letter, "Letter", "Identifier") for letter in letters))
    made, body = started(NS_2005, kind, own, now, receipt=False)
    head = add(body, "Letter")
    version, statistical = _VERSIONS[kind]
    for name, text in (("Identifier", own), ("VersionCode", version), ("StatisticalCode", statistical)):
        add(head, name, text)
    _ean(body, "Sender", receiver)
    _ean(body, "Receiver", sender)
    original = add(body, "OriginalEmessage")
    add(original, "OriginalEnvelopeIdentifier", cut(envelope, 14))
    _ean(original, "OriginalSender", sender)
    _ean(original, "OriginalReceiver", receiver)
    told = []
    for letter in letters[:99]:
        ident, code = (tree.said(letter, "Letter", name) for name in ("Identifier", "VersionCode"))
        if not ident:
            continue
        told.append(add(original, "OriginalLetter"))
        add(told[-1], "OriginalLetterIdentifier", cut(ident, 14))
        add(told[-1], "OriginalVersionCode", cut(code, 7) or "ukendt")
    return made, told or [original]


def _ean(parent: etree._Element, name: str, ean: str) -> None:
    add(add(parent, name), "EANIdentifier", cut(ean, 35))
