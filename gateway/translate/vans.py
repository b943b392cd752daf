"""VANSEnvelope 1.0.4, the envelope of MedCom's value-added networks, around any message.

A message comes bare or in a `VANSEnvelope`, as base64 in `Message/Data`. Whoever reads letters opens them here first;
the answer to an enveloped message goes back in an envelope with sender and receiver exchanged.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from gateway.errors import GatewayError, MissingField, RuleBroken, UnknownMessage, WrongType
from gateway.translate import xml
from gateway.translate.translation import Finding

NAMESPACE = "urn:oio:medcom:vans-envelope:1.0.4"
ROOT = "VANSEnvelope"
_SIZE = "VANSEnvelope/Message/MetaInformation/Document/SizeInBytes"
_TYPES = frozenset({"EAN", "CVR", "VANS"})


@dataclass(frozen=True, slots=True)
class Address:
    """One end of a transport: `kind` is EAN, CVR or VANS."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands on the outside. `form` is XML, EDIFACT, HL7, Binary or Other; `name` the network's name of it."""

    id: str
    sender: Address
    receiver: Address
    form: str
    name: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A message's own bytes. `envelope` is None for a bare one; `findings` tell what is odd about the envelope."""

    content: bytes
    envelope: Envelope | None = None
    findings: tuple[Finding, ...] = ()


def opened(raw: bytes) -> Opened:
    """The message itself. Bytes that are no VANSEnvelope are given back as they are, whatever they are.

    Raises Unreadable, WrongCharset, TooLarge, MissingField, WrongType, RuleBroken for an envelope that is none, and
    UnknownMessage for one that holds the network's receipt instead of a message.
    """
    if not _looks_enveloped(raw):
        return Opened(raw)
    root = xml.parse(raw, limit=xml.LARGE_BYTES)
    if xml.local(root.tag) != ROOT:
        return Opened(raw)
    message = _part(root, "Message")
    if message is None:
        raise UnknownMessage("The network's own receipts are not received here.", where=f"{ROOT}/Receipt")
    content = _decoded(_needed(message, "Data"))
    if _looks_enveloped(content):
        raise RuleBroken("An envelope lies in an envelope.", where=f"{ROOT}/Message/Data")
    said = _text(message, "MetaInformation", "Document", "SizeInBytes")
    findings = () if said in ("", str(len(content))) else (Finding(_SIZE, "is not the size of the content"),)
    envelope = Envelope(
        id=_needed(root, "EnvelopeIdentifier"),
        sender=_address(root, "SenderID"),
        receiver=_address(root, "ReceiverID"),
        form=_text(message, "MetaInformation", "Document", "Format"),
        name=_text(message, "MetaInformation", "Document", "Name"),
    )
    return Opened(content, envelope, findings)


def safely_opened(raw: bytes) -> Opened:
    """As `opened`, for answers to whatever came: what cannot be opened is taken as it is."""
    try:
        return opened(raw)
    except GatewayError:
        return Opened(raw)


def answer(envelope: Envelope | None, content: bytes, form: str, name: str, now: datetime) -> bytes:
    """The answer to a message: bare to a bare one, else in an envelope back to where it came from.

    The envelope's identifier is made of both, so that the same answer is the same envelope.
    """
    if envelope is None or not content:
        return content
    seed = hashlib.sha256(envelope.id.encode() + b"\0" + content).digest()
    names: Any = {None: NAMESPACE}
    root = etree.Element(f"{{{NAMESPACE}}}{ROOT}", nsmap=names)
    for tag, address in (("SenderID", envelope.receiver), ("ReceiverID", envelope.sender)):
        _add(root, tag, address.value).set("EndPointType", address.kind)
    _add(root, "EnvelopeIdentifier", str(uuid.UUID(bytes=seed[:16], version=4)))
    _add(root, "SentDateTime", now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"))
    message = _add(root, "Message")
    meta = _add(message, "MetaInformation")
    _add(meta, "Identifier", str(uuid.UUID(bytes=seed[16:], version=4)))
    document = _add(meta, "Document")
    for tag, text in (("Format", form), ("Name", name), ("SizeInBytes", str(len(content)))):
        _add(document, tag, text)
    _add(_add(meta, "Transport"), "Type", "unreliable")
    _add(message, "Data", base64.b64encode(content).decode())
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _looks_enveloped(raw: bytes) -> bool:
    return b"<" in raw[:200] and ROOT.encode() in raw[:4000].replace(b"\0", b"")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise WrongType("The content is not base64.", where=f"{ROOT}/Message/Data") from None


def _address(root: etree._Element, name: str) -> Address:
    value, found = _needed(root, name), _part(root, name)
    kind = "" if found is None else found.get("EndPointType", "")
    return Address(kind if kind in _TYPES else "EAN", value)


def _part(node: etree._Element, *path: str) -> etree._Element | None:
    found: etree._Element | None = node
    for name in path:
        found = next((part for part in found if xml.local(part.tag) == name), None) if found is not None else None
    return found


def _text(node: etree._Element, *path: str) -> str:
    found = _part(node, *path)
    return (found.text or "").strip() if found is not None else ""


def _needed(node: etree._Element, name: str) -> str:
    text = _text(node, name)
    if not text:
        inside = "" if xml.local(node.tag) == ROOT else "/Message"
        raise MissingField(where=f"{ROOT}{inside}/{name}")
    return text


def _add(parent: etree._Element, tag: str, text: str = "") -> etree._Element:
    made = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    made.text = text or None
    return made
