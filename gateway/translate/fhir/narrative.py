"""Narratives: XHTML that only shows. http://hl7.org/fhir/R4/narrative.html#xhtml, invariants txt-1 and txt-2."""

from __future__ import annotations

import re

from lxml import etree

from gateway.errors import GatewayError
from gateway.translate.xml import parse as parse_xml

_XHTML = "{http://www.w3.org/1999/xhtml}"
_ELEMENTS = frozenset(
    """a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img
    li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var""".split()
)
_ATTRIBUTES = frozenset(
    """abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset
    cite class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel
    rev rowspan rules scope shape span src start style summary tabindex title type valign value vspace width""".split()
)
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_PLAIN_LINK = re.compile(r"(?:https?:|mailto:|tel:|#|data:image/(?:png|gif|jpeg);)|[^:]*$", re.IGNORECASE)
_MOST_ATTRIBUTES = 32


def narrative_fault(text: str) -> str:
    """What is wrong with a narrative's div, in a sentence; empty when nothing is."""
    if "<?" in text:  # it may name a style sheet from elsewhere, or a charset that JSON does not have
        return "A narrative holds plain formatting only: no declaration and no instructions."
    try:
        root = parse_xml(text.encode("utf-8"))
    except (GatewayError, UnicodeEncodeError):
        return "A narrative is one well-formed XHTML div."
    if root.tag != f"{_XHTML}div":
        return "A narrative is one well-formed XHTML div."
    for element in root.iter():
        fault = _element_fault(element)
        if fault:
            return fault
    shows = any(t.strip() for t in root.itertext()) or root.find(f".//{_XHTML}img") is not None
    return "" if shows else "A narrative shows something."


def _element_fault(element: etree._Element) -> str:
    if str(element.tag).removeprefix(_XHTML) not in _ELEMENTS:
        return "A narrative holds plain formatting only: no scripts, forms, frames or objects."
    if len(element.attrib) > _MOST_ATTRIBUTES:
        return "A narrative's element has too many attributes."
    for name, value in element.attrib.items():
        if name not in _ATTRIBUTES and name != _LANGUAGE:
            return "A narrative's element has an attribute that FHIR does not allow."
        if name in {"href", "src"} and not _PLAIN_LINK.match(str(value).strip()):
            return "A narrative's link may not run anything."
    return ""
