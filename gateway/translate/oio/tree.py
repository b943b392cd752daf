"""An OIO document as a small tree: names without namespaces, each element knowing its place.

SF1470 exists in several namespaces (`urn:oio:sts:sagdok:sag:6`, `…:1.2.4.0`) with the same local names; which one
was used never changes what is meant. What is read from XML is made by walk.py, what comes as JSON by lora/tree.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from gateway.translate import xml

LISTS = frozenset({"AttributListe", "TilstandListe", "RelationListe"})
BESIDE = "LokalUdvidelseListe"
"""A list in these lists: it holds the same."""

STAMP = "StsTidspunkt"
"""When the index got it: another time whenever the same is sent again."""


class Document:
    """What all elements of one XML document share: `log` tells name, number of parts and text of each, one after the
    other, but for the index's own stamp; the places of elements are worked out when one is asked for."""

    __slots__ = ("_places", "log")

    def __init__(self) -> None:
        self.log: list[str] = []
        self._places: dict[etree._Element, str] = {}

    def place(self, element: etree._Element) -> str:
        """Names from the root on; a number where the name stands there more than once. Those of all its neighbours at
        once: asked one by one, thousands of elements of one name would take minutes."""
        above = element.getparent()
        if above is None:
            return xml.local(element.tag)
        if element not in self._places:
            alike: dict[str, list[etree._Element]] = {}
            for one in above:
                alike.setdefault(xml.local(one.tag), []).append(one)
            within = self.place(above)
            for name, ones in alike.items():
                for number, one in enumerate(ones, 1):
                    self._places[one] = f"{within}/{name}[{number}]" if len(ones) > 1 else f"{within}/{name}"
        return self._places[element]


class Found:
    """What the paths of many rules lead to, looked for once in each case: what is at a path and not empty, and the
    first text."""

    __slots__ = ("texts", "valued")

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.valued: dict[str, list[Node]] = {}


class Node:
    """One element.

    `place` is what an error names: `Sag/Registrering[2]/TilstandListe/Fremdrift[3]`. A node that was read from XML
    knows its `element`, any other is told its place, or the node around it (`up`). Nothing that was read from XML
    leads upwards: what a message made is freed when it is done, not when the collector comes by.

    `flat` are the texts of a property, state or relation by their path in it (`ReferenceID/URNIdentifikator`), None
    where one stands there twice or none is kept: then `parts` tell. `filled`: no element in it is without a text, every
    path in `flat` leads to something. `role`, `effect` and `part` are what roles.py, effect.py and parts.py found
    there, kept for who asks again; `listed` are the properties, states and relations of a case, sorted by roles.py.
    """

    told = ""
    up: Node | None = None
    flat: dict[str, str] | None = None
    filled = False
    role: str | None = None
    effect: tuple[Any, Any] | None = None  # by which time zone, and it
    part: dict[str, Any] | None = None
    listed: dict[str, list[Node]] | None = None
    element: etree._Element | None = None
    document: Document | None = None
    span: tuple[int, int] | None = None  # where it stands in the document's log
    _found: Found | None = None

    def __init__(
        self, name: str, told: str = "", text: str = "", parts: list[Node] | None = None, up: Node | None = None
    ) -> None:
        self.name = name
        self.text = text
        self.parts = [] if parts is None else parts
        if told:
            self.told = told
        if up is not None:
            self.up = up

    def __repr__(self) -> str:
        return f"Node({self.place})"

    @property
    def found(self) -> Found:
        """What paths from here led to."""
        if self._found is None:
            self._found = Found()
        return self._found

    def renamed(self, name: str) -> Node:
        """The same element by another name."""
        return self._copied(name, self.parts)

    def holding(self, parts: list[Node]) -> Node:
        """The same element with other parts."""
        made = self._copied(self.name, parts)
        made.span = None
        return made

    def _copied(self, name: str, parts: list[Node]) -> Node:
        made = Node(name, self.told, self.text, parts, self.up)
        made.element, made.document, made.span = self.element, self.document, self.span
        return made

    @property
    def place(self) -> str:
        """Names from the root on; a number where the name stands there more than once."""
        if self.told:
            return self.told
        if self.document is not None and self.element is not None:
            if self.name == xml.local(self.element.tag):
                return self.document.place(self.element)
            above = self.element.getparent()
            return self.name if above is None else f"{self.document.place(above)}/{self.name}"
        if self.up is None:
            return self.name
        alike = [part for part in self.up.parts if part.name == self.name]
        place = f"{self.up.place}/{self.name}"
        self.told = place
        for number, one in enumerate(alike, 1):
            one.told = f"{place}[{number}]" if len(alike) > 1 else place
        return self.told

    @property
    def around(self) -> str:
        """The place of the element around it, "" for a root."""
        if self.document is None:
            return self.up.place if self.up else ""
        return self.place.rpartition("/")[0]

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

    def has(self, *path: str) -> bool:
        """Whether an element stands down this path."""
        return "/".join(path) in self.flat if self.flat is not None else self.first(*path) is not None

    def each(self, *path: str) -> list[Node]:
        """Every element down this path, in document order."""
        found = [self]
        for name in path:
            found = [part for node in found for part in node.parts if part.name == name]
        return found

    def said(self, *path: str) -> str:
        """The text of the first element down this path, "" when there is none."""
        if self.flat is not None:
            return self.flat.get(path[0] if len(path) == 1 else "/".join(path), "")
        node = self.first(*path)
        return node.text if node else ""

    def walk(self) -> Iterator[Node]:
        """This element and all below it, in document order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.parts))

    def told_by_sender(self) -> Sequence[str]:
        """Name, number of parts and text of this element and all below it, but for the index's own stamp, which a copy
        has or has not: what fingerprints are made of."""
        told: list[str] = []
        self._tell(told)
        return told

    def _tell(self, told: list[str]) -> None:
        if self.document is not None and self.span is not None:
            start, end = self.span
            told += (self.name, *self.document.log[start + 1 : end])
            return
        parts = [part for part in self.parts if part.name != STAMP]
        told += (self.name, str(len(parts)), self.text)
        for part in parts:
            part._tell(told)

    @property
    def empty(self) -> bool:
        """No text in it or below it."""
        if self.text or self.filled:
            return False
        for part in self.parts:  # noqa: SIM110 - a generator takes twice as long
            if not part.empty:
                return False
        return True


class Inside(Node):
    """An element inside a property, state or relation whose texts are kept flat. Only who asks for its parts, or where
    it stands, has them made."""

    filled = True

    def __init__(self, holder: Node, below: str, text: str) -> None:
        self.holder = holder
        self.below = below
        self.text = text

    def _whole(self) -> Node:
        return self.holder.each(*self.below.split("/"))[0]

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.below.rpartition("/")[2]

    @property
    def parts(self) -> list[Node]:  # type: ignore[override]
        return self._whole().parts

    @property
    def place(self) -> str:
        return self._whole().place

    def said(self, *path: str) -> str:
        return (self.holder.flat or {}).get(f"{self.below}/{'/'.join(path)}", "")


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def is_uuid(text: str) -> bool:
    """Whether a text, as it was read, is a UUID: what things are known by must hold nothing else."""
    return bool(_UUID.fullmatch(text))
