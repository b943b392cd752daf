"""Letter trees made here: elements in MedCom's namespaces, texts that no reader can take for anything else."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any, cast

from lxml import etree

from gateway.domain.when import DANISH

NS_2005 = "http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2005/08/07/"
NS_2006 = "http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2006/07/01/"
NS_MUNICIPAL = "urn:oio:medcom:municipality:1.0.3"
NS_2012 = "http://rep.oio.dk/medcom.dk/xml/schemas/2012/03/28/"

# XML 1.0 has no way to write most of these; C1, and the marks that turn the reading direction, only deceive.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_BREAK = re.compile("\r\n|[\r\n\u0085\u2028\u2029]")


def clean(text: str) -> str:
    """A text in one line: line breaks are blanks, control characters are gone."""
    return " ".join(_CONTROL.sub("", _BREAK.sub(" ", text)).split())


def cut(text: str, length: int) -> str:
    """As `clean`, no longer than the schema allows."""
    return clean(text)[:length].rstrip()


def element(namespace: str, name: str) -> etree._Element:
    """A root whose namespace is the default one."""
    names: Any = {None: namespace}
    return etree.Element(f"{{{namespace}}}{name}", nsmap=names)


def add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    """A new last element of `parent`, in its namespace."""
    made = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
    made.text = text or None
    return made


def formatted(parent: etree._Element, name: str, text: str) -> etree._Element:
    """An element of formatted text (FormattedText.xsd): a Break for each end of a line."""
    made = add(parent, name)
    last: etree._Element | None = None
    for at, line in enumerate(_BREAK.split(text)):
        if at:
            last = add(made, "Break")
        words = _CONTROL.sub("", line.replace("\t", " "))
        if last is None:
            made.text = words
        else:
            last.tail = words
    return made


def when(parent: etree._Element, name: str, moment: datetime, *, seconds: bool = False) -> etree._Element:
    """An element with Date and Time (or TimeWithSec), Danish time."""
    local = moment.astimezone(DANISH)
    made = add(parent, name)
    add(made, "Date", local.strftime("%Y-%m-%d"))
    add(made, "TimeWithSec" if seconds else "Time", local.strftime("%H:%M:%S" if seconds else "%H:%M"))
    return made


def number(*seed: str) -> str:
    """A letter's or envelope's number: at most 14 characters, the same for the same seed."""
    return hashlib.sha256("\0".join(seed).encode()).hexdigest()[:14].upper()


def started(
    namespace: str, kind: str, ident: str, now: datetime, *, receipt: bool
) -> tuple[etree._Element, etree._Element]:
    """An Emessage with its envelope, and the letter in it. `receipt`: whether a positive receipt is asked for."""
    root = element(namespace, "Emessage")
    envelope = add(root, "Envelope")
    when(envelope, "Sent", now)
    add(envelope, "Identifier", ident)
    add(envelope, "AcknowledgementCode", "pluspositivkvitt" if receipt else "minuspositivkvitt")
    return root, add(root, kind)


def written(root: etree._Element) -> bytes:
    """The tree as ISO-8859-1, as MedCom's own; characters it does not have are written by their number."""
    return cast("bytes", etree.tostring(root, xml_declaration=True, encoding="ISO-8859-1"))
