"""An OIO document as a small tree: names without namespaces, each element knowing its place.

SF1470 exists in several namespaces (`urn:oio:sts:sagdok:sag:6`, `…:1.2.4.0`) with the same local names; which one
was used never changes what is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from gateway.translate import xml

_STAMP = "StsTidspunkt"  # when the index got it: another time whenever the same is sent again


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """One element.

    `place` is what an error names: `Sag/Registrering[2]/TilstandListe/Fremdrift[3]`. It is worked out when it is asked
    for, from the element around it (`up`); a node without one is told its place.
    """

    name: str
    told: str = ""
    text: str = ""
    parts: list[Node] = field(default_factory=list)
    up: Node | None = None
    found: dict[str, list[Node]] | None = None  # what absolute paths led to, kept by paths.py

    def __repr__(self) -> str:
        return f"Node({self.place})"

    @property
    def place(self) -> str:
        """Names from the root on; a number where the name stands there more than once."""
        if not self.told:
            if self.up is None:
                return self.name
            self._tell_alike(f"{self.up.place}/{self.name}", [part for part in self.up.parts if part.name == self.name])
        return self.told

    def _tell_alike(self, place: str, alike: list[Node]) -> None:
        """All of them at once: asked one by one, thousands of elements of one name would take minutes."""
        self.told = place
        for number, one in enumerate(alike, 1):
            one.told = f"{place}[{number}]" if len(alike) > 1 else place

    def first(self, *path: str) -> Node | None:
        """The first element down this path, None when there is none."""
        node = self
        for name in path:
            for part in node.parts:
                if part.name == name:
                    node = part
                    break
            else:
                return None
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

    def told_by_sender(self) -> list[str]:
        """Name, number of parts and text of this element and all below it, but for the index's own stamp, which a copy
        has or has not: what fingerprints are made of."""
        told: list[str] = []
        waiting = [self]
        while waiting:
            node = waiting.pop()
            parts = node.parts
            if any(part.name == _STAMP for part in parts):
                parts = [part for part in parts if part.name != _STAMP]
            told += (node.name, str(len(parts)), node.text)
            waiting.extend(reversed(parts))
        return told

    @property
    def empty(self) -> bool:
        """No text in it or below it."""
        if self.text:
            return False
        for part in self.parts:  # noqa: SIM110 - a generator takes twice as long
            if not part.empty:
                return False
        return True


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def is_uuid(text: str) -> bool:
    """Whether a text, as it was read, is a UUID: what things are known by must hold nothing else."""
    return bool(_UUID.fullmatch(text))


def read(raw: bytes) -> Node:
    """The document as a tree. Raises Unreadable, WrongCharset, TooLarge."""
    return of_element(xml.parse(raw))


def of_element(element: etree._Element) -> Node:
    """An element and all below it as a tree of its own."""
    return _node(element, None)


def _node(element: etree._Element, up: Node | None) -> Node:
    """Element and all below it; depth is bounded by the parser (256)."""
    name = _local(element.tag)
    text = element.text
    node = Node(name, "", text.strip() if text else "", [], up)
    if name == "UUIDIdentifikator":  # the same in capitals; keys and tables need one spelling
        node.text = node.text.lower()
    if len(element):
        node.parts = [_node(child, node) for child in element]
    return node


_local = lru_cache(maxsize=1024)(xml.local)
