"""What a resource holds and refers to inside itself: ids, contained resources, references to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from gateway.translate.fhir.validating.problem import Problem
from gateway.translate.fhir.validating.walk import Node

MISTAKEN = "R4 does not allow a reference to a resource of this type here."
_LINKS = frozenset({"canonical", "uri", "url"})


def unresolved(nodes: Iterable[Node]) -> Iterator[Problem]:
    """Ids that stand twice, references to contained resources that are not there, contained ones nobody names."""
    by_root: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        by_root[id(node.root)].append(node)
    for part in by_root.values():
        yield from _ids(part)
        yield from _contained(part)


def _ids(nodes: list[Node]) -> Iterator[Problem]:
    """http://hl7.org/fhir/R4/element-definitions.html#Element.id: unique in the resource."""
    seen: set[tuple[int, str]] = set()
    contained: set[str] = set()
    for node in nodes:
        name = node.text("id") if isinstance(node.value, dict) else _beside(node)
        if not name:
            continue
        if node.is_resource:
            if node.is_contained and name in contained:
                yield Problem(f"{node.place}.id", "Two contained resources have this id.", "value")
            contained |= {name} if node.is_contained else set()
            continue
        if node.shape != "ElementDefinition" and (id(node.resource), name) in seen:
            yield Problem(f"{node.place}.id", "Two elements of this resource have this id.", "value")
        seen.add((id(node.resource), name))


def _beside(node: Node) -> str:
    found = node.item.beside.get("id") if isinstance(node.item.beside, dict) else None
    return found if isinstance(found, str) else ""


def _contained(nodes: list[Node]) -> Iterator[Problem]:
    """ref-1 and dom-3: http://hl7.org/fhir/R4/references.html#contained"""
    held = {node.text("id"): node for node in nodes if node.is_resource and node.is_contained}
    named: set[str] = set()
    back: set[int] = set()  # contained resources that refer to what contains them
    for node in nodes:
        link = _local(node)
        if link is None:
            continue
        named.add(link)
        if not link:
            back.add(id(node.resource))
        elif link not in held and node.shape == "Reference":
            yield Problem(f"{node.place}.reference", "ref-1: No contained resource has this id.")
        elif link in held and mistaken(node, held[link].shape):
            yield Problem(f"{node.place}.reference", MISTAKEN, "value")
    for name, node in held.items():
        if name not in named and id(node.resource) not in back:
            yield Problem(node.place, "dom-3: Nothing refers to this contained resource.")


def mistaken(reference: Node, kind: str) -> bool:
    """Whether R4 does not allow a reference to a resource of this type where it stands."""
    targets = reference.child.targets if reference.child is not None and reference.shape == "Reference" else ()
    return bool(targets) and kind not in targets


def _local(node: Node) -> str | None:
    """The id after the # of a local reference, None for all else."""
    text = node.text("reference") if node.shape == "Reference" else node.value if node.shape in _LINKS else None
    return text[1:] if isinstance(text, str) and text.startswith("#") else None
