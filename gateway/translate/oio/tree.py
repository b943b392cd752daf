"""An OIO document as a small tree: names without namespaces, each element knowing its place.

SF1470 exists in several namespaces (`urn:oio:sts:sagdok:sag:6`, `…:1.2.4.0`) with the same local names; which one
was used never changes what is meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from gateway.translate import xml


@dataclass(slots=True, eq=False)
class Node:
    """One element. `place` is what an error names: `Sag/Registrering[2]/TilstandListe/Fremdrift[3]`."""

    name: str
    place: str
    text: str = ""
    parts: list[Node] = field(default_factory=list)

    def first(self, *path: str) -> Node | None:
        """The first element down this path, None when there is none."""
        node: Node | None = self
        for name in path:
            node = next((part for part in node.parts if part.name == name), None) if node else None
        return node

    def each(self, *path: str) -> list[Node]:
        """Every element down this path, in document order."""
        found = [self]
        for name in path:
            found = [part for node in found for part in node.parts if part.name == name]
        return found

    def said(self, *path: str) -> str:
        """The text of the first element down this path, "" when there is none."""
        node = self.first(*path)
        return node.text if node else ""

    def walk(self) -> Iterator[Node]:
        """This element and all below it, in document order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.parts))

    @property
    def empty(self) -> bool:
        """No text in it or below it."""
        return not any(node.text for node in self.walk())


def read(raw: bytes) -> Node:
    """The document as a tree. Raises Unreadable, WrongCharset, TooLarge."""
    return _node(xml.parse(raw), "")


def _node(element: etree._Element, place: str) -> Node:
    """Element and all below it; depth is bounded by the parser (256)."""
    name = xml.local(element.tag)
    text = (element.text or "").strip()
    # A UUID is the same in capitals; keys and tables need one spelling.
    node = Node(name, place or name, text.lower() if name == "UUIDIdentifikator" else text)
    children = [(xml.local(child.tag), child) for child in element]
    total = Counter(child_name for child_name, _ in children)
    seen: Counter[str] = Counter()
    for child_name, child in children:
        seen[child_name] += 1
        number = f"[{seen[child_name]}]" if total[child_name] > 1 else ""
        node.parts.append(_node(child, f"{node.place}/{child_name}{number}"))
    return node
