"""R4's own extensions: where they may stand, and what type their value has.

http://hl7.org/fhir/R4/defining-extensions.html. Extensions of others cannot be checked: their definitions are not here.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.translate.fhir.shape import children
from gateway.translate.fhir.validating.problem import INFORMATION, WARNING, Problem
from gateway.translate.fhir.validating.walk import Node, plain
from gateway.translate.r4 import definitions

_R4 = "http://hl7.org/fhir/StructureDefinition/"
_CANONICAL = frozenset({"CanonicalResource", "MetadataResource"})  # R5's names of resources that have a URL
_OURS = "https://faellesplan.dk/fhir/"


def misplaced(node: Node) -> Iterator[Problem]:
    """What is wrong with an extension whose definition R4 has."""
    url = node.text("url")
    if node.shape != "Extension" or not url or node.parent is None:
        return
    if "|" in url:
        yield Problem(f"{node.place}.url", "The URL of an extension names no version.", "value")
        return
    inner = node.parent.shape == "Extension"
    if ":" not in url and not inner:
        yield Problem(f"{node.place}.url", "The URL of an extension is absolute.", "value")
    known = definitions().extensions.get(url)
    if known is None:
        if url.startswith(_R4):
            yield Problem(node.place, "R4 does not define this extension.", "not-found", WARNING)
        elif ":" in url and not url.startswith(_OURS):
            yield Problem(node.place, "The definition of this extension is not known here.", "not-found", INFORMATION)
        return
    contexts = known.get("contexts", ())
    if contexts and not set(contexts) & _names(node.parent):
        yield Problem(node.place, "R4 does not allow this extension here.", "extension")
    if any(kind not in known["types"] for kind in _kinds(node)):
        yield Problem(node.place, "The value of this extension has another type.", "extension")


def _kinds(node: Node) -> Iterator[str]:
    """The types of an extension's value: one, unless structure.py tells of two."""
    for name, child in children("Extension", node.item.facts).items():
        if child.choice == "value[x]" and (name in node.value or f"_{name}" in node.value):
            yield child.type


def _names(node: Node) -> set[str]:
    """Every way in which a definition may name the element that holds an extension."""
    known = definitions().facts
    names = {node.path, node.path.removesuffix("[x]"), *_from_resource(node), "Base"}
    if not node.is_resource:
        names.add("Element")
    elif "url" in children(node.shape, known):
        names |= _CANONICAL
    kind = node.shape
    while kind:
        names |= {kind, known.home(kind)}
        kind = known.base(kind)
    return names


def _from_resource(node: Node) -> tuple[str, str]:
    """The element's path from the resource it stands in, with the type of a choice in its name and without."""
    at = node
    while not at.is_resource and at.parent is not None:
        at = at.parent
    path = at.shape + plain(node.place).removeprefix(plain(at.place))
    stem = node.child.choice.removesuffix("[x]") if node.child else path
    return path, f"{path.rpartition('.')[0]}.{stem}"
