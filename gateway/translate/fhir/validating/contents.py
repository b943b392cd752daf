"""What R4 says in words about single datatypes: sizes, systems, canonical URLs, languages, references, texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gateway.translate.fhir.shape import is_resource
from gateway.translate.fhir.validating.problem import ERROR, WARNING, Problem
from gateway.translate.fhir.validating.walk import Node
from gateway.translate.r4 import definitions

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_LANGUAGE = re.compile(r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8}|[xXiI](?=-))(?:-[A-Za-z0-9]{1,8})*")
_MEDIA = re.compile(r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+(?:\s*;.*)?", re.DOTALL)
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_LITERAL = re.compile(r"(?:https?://.*/)?" + _RELATIVE.pattern)
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]+\?.+")
_TAG = re.compile(
    r"<(?:script|iframe|object|embed|form|a|img|p|div|br|b|i|u|span|table|style|link|svg)\b", re.IGNORECASE
)
_V2_TABLE = "/CodeSystem/v2-"  # many of them are filled by each site: HL7 publishes suggestions
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+", re.ASCII)
_MEDIA_TYPES = frozenset({"Attachment.contentType", "Binary.contentType"})


def unsound(node: Node) -> Iterator[Problem]:
    """What is wrong with one value, by its type or its place."""
    check = _BY_SHAPE.get(node.shape)
    if check:
        yield from check(node)
    if isinstance(node.value, str):
        yield from _text(node)


def _attachment(node: Node) -> Iterator[Problem]:
    """http://hl7.org/fhir/R4/datatypes.html#Attachment: size is that of the bytes before they became base64."""
    size, data = node.value.get("size"), "".join(node.text("data").split())
    if data and isinstance(size, int) and len(data) % 4 == 0 and size != len(data) // 4 * 3 - data[-2:].count("="):
        yield Problem(f"{node.place}.size", "The size is not that of the data.", "value")


def _coding(node: Node) -> Iterator[Problem]:
    """http://hl7.org/fhir/R4/datatypes.html#Coding: the system is the absolute URL of a code system."""
    system = node.text("system")
    if not system:
        return
    if not _ABSOLUTE.fullmatch(system):
        yield Problem(f"{node.place}.system", "A system is an absolute URL.", "value")
    if "/ValueSet/" in system:
        yield Problem(f"{node.place}.system", "This names a value set, not a code system.", "value")
    codes = definitions().systems.get(system)
    if codes is not None and node.text("code") and node.text("code") not in codes:
        severity = WARNING if _V2_TABLE in system else ERROR
        yield Problem(f"{node.place}.code", "This code system has no such code.", "code-invalid", severity)


def _identifier(node: Node) -> Iterator[Problem]:
    system = node.text("system")
    if system and not _ABSOLUTE.fullmatch(system):
        yield Problem(f"{node.place}.system", "A system is an absolute URL.", "value")


def _reference(node: Node) -> Iterator[Problem]:
    """http://hl7.org/fhir/R4/references.html#literal"""
    held = node.text("reference")
    if not held or held.startswith("#"):
        return
    place = f"{node.place}.reference"
    relative = not _ABSOLUTE.fullmatch(held)
    if relative and not _RELATIVE.fullmatch(held) and not _CONDITIONAL.fullmatch(held):
        yield Problem(place, "A relative reference is a resource type and an id.", "value")
        return
    literal = _LITERAL.fullmatch(held)
    if literal is None:
        return
    if relative and not is_resource(literal[1], node.item.facts):
        yield Problem(place, "R4 has no such resource type.", "value")
    stated = node.text("type")
    if stated and is_resource(literal[1], node.item.facts) and stated != literal[1]:
        yield Problem(f"{node.place}.type", "The reference is to another type.", "value")


def _canonical(node: Node) -> Iterator[Problem]:
    """http://hl7.org/fhir/R4/datatypes.html#canonical"""
    if not isinstance(node.value, str) or node.child is None or node.value.startswith("#"):
        return
    url = node.value.partition("|")[0]
    if not _ABSOLUTE.fullmatch(url):
        yield Problem(node.place, "A canonical URL is absolute.", "value", WARNING)
        return
    named = url.split("/")[-2:-1]
    targets = node.child.targets
    if targets and named and is_resource(named[0], node.item.facts) and named[0] not in targets:
        yield Problem(node.place, "This canonical URL is of another resource type.", "value")


def _text(node: Node) -> Iterator[Problem]:
    held = str(node.value)
    of_resource = node.path.endswith(".language") and node.parent is not None and node.parent.is_resource
    if (of_resource or node.path == "Attachment.language") and not _LANGUAGE.fullmatch(held):
        yield Problem(node.place, "A language is told by a code of BCP 47.", "code-invalid")
    if node.path in _MEDIA_TYPES and not _MEDIA.fullmatch(held):
        yield Problem(node.place, "A kind of content is told by a media type.", "code-invalid")
    if node.shape in ("uri", "url", "canonical", "oid", "uuid"):
        lower = held[:9].lower()
        spelled = held.partition("#")[0].partition("|")[0]
        if (lower.startswith("urn:uuid:") and not _UUID.fullmatch(spelled)) or (
            lower.startswith("urn:oid:") and not _OID.fullmatch(spelled)
        ):
            yield Problem(node.place, "This URN is not spelled as UUIDs and OIDs are.", "value")
    elif node.shape in ("string", "markdown") and _TAG.search(held):
        yield Problem(node.place, "The text looks like HTML; whoever shows it must not run it.", "security", WARNING)


_BY_SHAPE: dict[str, Callable[[Node], Iterator[Problem]]] = {
    "Attachment": _attachment,
    "Coding": _coding,
    "Identifier": _identifier,
    "Reference": _reference,
    "canonical": _canonical,
}
