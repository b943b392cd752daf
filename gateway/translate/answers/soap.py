"""SOAP around messages of municipal systems: versions 1.1 and 1.2 are read. What goes to SF2900 is written in 1.1, the
answer to who asks in an envelope in the version that it has."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from gateway.domain.outgoing import Outcome
from gateway.errors import GatewayError, RuleBroken
from gateway.translate import xml
from gateway.translate.oio.tree import Node
from gateway.translate.oio.walk import read

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
MEDIA = {SOAP: "text/xml", "http://www.w3.org/2003/05/soap-envelope": "application/soap+xml"}
"""The media type of each version, by the namespace of its envelope."""
# Faults of what was sent; every other fault is the receiver's, who may take the same content later.
_SENDERS = frozenset({"Client", "Sender"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault: 1.1 section 4.4, 1.2 part 1 section 5.4. Its details are not read: they may hold what was sent."""

    code: str
    text: str

    @property
    def outcome(self) -> Outcome:
        """Whether the same content may be taken later."""
        return "fatal-error" if self.code.partition(".")[0] in _SENDERS else "transient-error"


def enveloped(body: bytes, message_id: str, action: str = "") -> bytes:
    """A message in a SOAP 1.1 envelope. `message_id`, a UUID, is the same whenever it is sent (WS-Addressing 1.0)."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "wsa": ADDRESSING})
    header = etree.SubElement(root, f"{{{SOAP}}}Header")
    if action:
        etree.SubElement(header, f"{{{ADDRESSING}}}Action").text = action
    etree.SubElement(header, f"{{{ADDRESSING}}}MessageID").text = f"urn:uuid:{message_id}"
    etree.SubElement(root, f"{{{SOAP}}}Body").append(xml.parse(body))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def version_of(raw: bytes) -> str:
    """The namespace of the envelope around a message, "" where there is none or nothing can be read."""
    if not any(space.encode() in raw for space in MEDIA):
        return ""
    try:
        space, _, name = xml.parse(raw).tag.removeprefix("{").rpartition("}")
    except GatewayError:
        return ""
    return space if name == "Envelope" and space in MEDIA else ""


def around(answer: bytes, version: str) -> bytes:
    """An answer in an envelope of the version that `version_of` told."""
    root = etree.Element(f"{{{version}}}Envelope", nsmap={"soap": version})
    etree.SubElement(root, f"{{{version}}}Body").append(xml.parse(answer))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def refusal(text: str, *, transient: bool) -> bytes:
    """A fault that tells a sender why its receipt was not taken."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    fault = etree.SubElement(etree.SubElement(root, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    etree.SubElement(fault, "faultcode").text = "soap:Server" if transient else "soap:Client"
    etree.SubElement(fault, "faultstring").text = text
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def opened(raw: bytes) -> Node | Fault:
    """What is in the envelope, or the document itself where there is none around it. Raises Unreadable and the like,
    RuleBroken for an envelope of several messages."""
    document = read(raw)
    if document.name != "Envelope":
        return document
    body = document.first("Body")
    if body and len(body.parts) > 1:
        raise RuleBroken("A SOAP body holds one message.", where=body.parts[1].place)
    inside = body.parts[0] if body and body.parts else Node("Body", "Envelope/Body")
    if inside.name != "Fault":
        return inside
    code = inside.said("faultcode") or inside.said("Code", "Value")
    text = inside.said("faultstring") or inside.said("Reason", "Text")
    return Fault(code.rpartition(":")[2], text)
