"""XML to nodes, in one walk over what lxml read.

Down to the lists of a registration every element is a node. Properties, states and relations stand in those lists in
their hundreds, and a rule asks each of them for a few texts: such an element keeps its texts by their path in it
(`Node.flat`) and becomes nodes of its own only where somebody asks for them.
"""

from __future__ import annotations

from lxml import etree

from gateway.translate import xml
from gateway.translate.oio.tree import BESIDE, LISTS, STAMP, Document, Node

_UUID = "UUIDIdentifikator"
_ODD = "\x00"  # no path: a text beside elements, and a stamp, which is not to be told of
_MOST_STEPS = 5_000
_LONGEST_STEP = 500


class Held(Node):
    """A property, state or relation."""

    _parts: list[Node] | None = None

    def __init__(self, name: str, element: etree._Element, document: Document) -> None:
        self.name = name
        self.element, self.document = element, document
        text = element.text
        self.text = text.strip() if text else ""

    @property
    def parts(self) -> list[Node]:
        """Made when they are asked for first."""
        if self._parts is None:
            self._parts = [] if self.element is None else [_whole(one, self.document) for one in self.element]
        return self._parts

    @parts.setter
    def parts(self, parts: list[Node]) -> None:
        self._parts = parts
        self.flat, self.filled = None, False


class _Step(dict[str, "_Step"]):
    """Where the walk stands: the local name of an element, what it is, and the steps below by tag. The same for every
    document, so that no name is taken apart twice."""

    __slots__ = ("alone", "is_held", "is_list", "is_uuid", "leaf", "name", "path")
    made = 0

    def __init__(self, name: str, path: str = "", *, is_list: bool = False, is_held: bool = False) -> None:
        super().__init__()
        self.name = name
        self.path = _ODD if name == STAMP and path else path
        self.is_list = is_list
        self.is_held = is_held
        self.alone = f"{name}\x001\x00"  # what the log says of it with one element in it, and of one with a text
        self.leaf = f"{name}\x000\x00"
        self.is_uuid = name == _UUID  # the same in capitals; keys and tables need one spelling

    def __missing__(self, tag: str) -> _Step:
        name = xml.local(tag)
        if self.is_held or self.path:
            made = _Step(name, f"{self.path}/{name}" if self.path else name)
        elif self.is_list:
            made = _Step(name, is_list=name == BESIDE, is_held=name != BESIDE)
        else:
            made = _Step(name, is_list=name in LISTS)
        if _Step.made < _MOST_STEPS and len(tag) + len(made.path) < _LONGEST_STEP:  # names may be invented without end
            _Step.made += 1
            self[tag] = made
        return made


_START = _Step("")


def read(raw: bytes) -> Node:
    """The document as a tree. Raises Unreadable, WrongCharset, TooLarge."""
    return of_element(xml.parse(raw, blanks=False))


def of_element(element: etree._Element) -> Node:
    """An element and all below it as a tree of its own."""
    return _tree(element, _START[element.tag], Document())


def _tree(element: etree._Element, step: _Step, document: Document) -> Node:
    """Element and all below it; depth is bounded by the parser (256)."""
    text = element.text
    if text:
        text = text.strip()
        if step.is_uuid:
            text = text.lower()
    node = Node(step.name, "", text or "")
    node.element, node.document = element, document
    log = document.log
    start = len(log)
    count = len(element)
    log += (step.name, str(count), node.text)
    parts = node.parts
    for child in element[:] if count else ():  # type: ignore[index]  # the stubs know no slices
        below = step[child.tag]
        part = _held(child, below, document) if below.is_held else _tree(child, below, document)
        parts.append(part)
        if below.name == STAMP and part.span is not None:
            del log[part.span[0] :]
            part.span = None
            count -= 1
            log[start + 1] = str(count)
    node.span = (start, len(log))
    return node


def _held(element: etree._Element, step: _Step, document: Document) -> Held:
    node = Held(step.name, element, document)
    log = document.log
    start = len(log)
    log += (step.name, str(len(element)), node.text)
    flat: dict[str, str] = {}
    filled = _flattened(element, step, flat, log)
    plain = len(flat) == len(log) - start - 3 and _ODD not in flat
    if plain and not node.text:
        node.flat, node.filled = flat, filled and bool(flat)
    else:
        log[start:] = node.told_by_sender()
    node.span = (start, len(log))
    return node


def _flattened(element: etree._Element, step: _Step, flat: dict[str, str], log: list[str]) -> bool:
    """The texts below an element by their path, and the log's line of each; whether none is without a text. A path
    that is there twice is seen by there being more lines than paths."""
    filled = True
    tell = log.append
    for part in element[:]:  # type: ignore[index]  # made in half the time that an iterator takes
        child = part
        below = step[child.tag]
        count = len(child)
        while count == 1:  # most elements hold one other
            flat[_ODD if child.text else below.path] = ""
            tell(below.alone)
            child = child[0]
            below = below[child.tag]
            count = len(child)
        text = child.text
        if count:
            flat[_ODD if text else below.path] = ""
            tell(f"{below.name}\x00{count}\x00")
            if not _flattened(child, below, flat, log):
                filled = False
        elif text and (text := text.strip()):
            if below.is_uuid:
                text = text.lower()
            flat[below.path] = text
            tell(below.leaf + text)
        else:
            filled = False
            flat[below.path] = ""
            tell(below.leaf)
    return filled


def _whole(element: etree._Element, document: Document | None) -> Node:
    """Element and all below it as nodes, made when they are asked for: the walk has told of them."""
    name = xml.local(element.tag)
    text = (element.text or "").strip()
    node = Node(name, "", text.lower() if name == _UUID else text, [_whole(one, document) for one in element])
    node.element, node.document = element, document
    return node
