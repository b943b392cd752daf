"""The two receipts of SF2900: first a technical one (the distribution has it), later a business one (the case system
has it, or does not want it). Both name the id of what was sent."""

from __future__ import annotations

from lxml import etree

from gateway.domain.outgoing import Outcome, Receipt
from gateway.errors import MissingField, UnknownMessage
from gateway.translate import xml
from gateway.translate.sf2900 import names

_ENVELOPES = frozenset({"Envelope", "Body"})


def read(raw: bytes) -> Receipt:
    """What a receipt says; a SOAP envelope around it is looked through.

    A technical receipt that is good is `taken`: what becomes of it is told later. Raises Unreadable, UnknownMessage for
    another document, MissingField without the id or the code.
    """
    found = _body(xml.parse(raw))
    kind = xml.local(found.tag)
    if kind not in (names.TECHNICAL_RECEIPT, names.BUSINESS_RECEIPT):
        hint = f"{names.TECHNICAL_RECEIPT} and {names.BUSINESS_RECEIPT} are read."
        raise UnknownMessage("This is no receipt of SF2900.", where="line 1", hint=hint)
    code = _said(found, names.RECEIPT_CODE, kind)
    good: Outcome = "taken" if kind == names.TECHNICAL_RECEIPT else "ok"
    bad: Outcome = "transient-error" if code in names.TRANSIENT else "fatal-error"
    outcome = good if code == names.ACCEPTED else bad
    return Receipt(_said(found, names.ID, kind).lower(), outcome, _text(found, names.RECEIPT_TEXT))


def _body(root: etree._Element) -> etree._Element:
    while xml.local(root.tag) in _ENVELOPES and len(root):
        root = root[-1]
    return root


def _said(found: etree._Element, name: str, kind: str) -> str:
    text = _text(found, name)
    if not text:
        raise MissingField(where=f"{kind}/{name}")
    return text


def _text(found: etree._Element, name: str) -> str:
    return next(((one.text or "").strip() for one in found.iter() if xml.local(one.tag) == name), "")
