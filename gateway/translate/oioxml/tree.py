"""The letter tree: reading it, and finding one's way in it. Namespaces are not looked at.

Documents that call themselves ISO-8859-1 are often windows-1252: the bytes 0x80 to 0x9F, which ISO-8859-1 gives to
control characters, are then dashes and quotation marks, and are read as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from gateway.translate import xml

_LATIN = re.compile(rb"""(<\?xml[^>]{0,100}encoding\s*=\s*["'])iso-?8859-1(["'])""", re.IGNORECASE)
_C1 = re.compile(rb"[\x80-\x9f]")
_PATTERNS: dict[str, str] = {}  # by name: that name in any namespace, as lxml writes it
_BLOCKS = frozenset({"Right", "Center"})


def read(raw: bytes) -> etree._Element:
    """The root of a bare OIOXML document. Raises Unreadable, WrongCharset, TooLarge."""
    raw = raw.lstrip(b" \t\r\n")  # a declaration stands first, whatever a mailbox put before it
    if _C1.search(raw) and _LATIN.match(raw[:300]):
        raw = _LATIN.sub(rb"\1windows-1252\2", raw, count=1)
    return xml.parse(raw, limit=xml.LARGE_BYTES)


def name(node: etree._Element) -> str:
    """The element's name without its namespace."""
    return node.tag.rpartition("}")[2]


def parts(node: etree._Element, *path: str) -> list[etree._Element]:
    """Every element down this path, in document order. `*` stands for any element."""
    found = [node]
    for step in path:
        found = parts_of(found, step)
    return found


def parts_of(nodes: Iterable[etree._Element], step: str) -> list[etree._Element]:
    """The elements of this name in any of these; `*` stands for any element."""
    if step == "*":
        return [part for node in nodes for part in node]
    wanted = _PATTERNS.setdefault(step, "{*}" + step)
    return [part for node in nodes for part in node.iterchildren(wanted)]


def part(node: etree._Element, *path: str) -> etree._Element | None:
    """The first element down this path, None when there is none."""
    return next(iter(parts(node, *path)), None)


def said(node: etree._Element | None, *path: str) -> str:
    """The text of the first element down this path that has one, "" when there is none."""
    if node is None:
        return ""
    for one in parts(node, *path):
        if text := worded(one):
            return text
    return ""


def worded(node: etree._Element) -> str:
    """All text in an element. In formatted text a Break ends a line and Space is a blank (FormattedText.xsd)."""
    if len(node) == 0:
        return (node.text or "").strip()
    return "".join(_words(node)).strip()


def _words(node: etree._Element) -> Iterator[str]:
    yield node.text or ""
    for child in node:
        kind = name(child)
        if kind == "Break":
            yield "\n"
        elif kind == "Space":
            yield " "
        else:
            yield from _words(child)
            yield "\n" if kind in _BLOCKS else ""
        yield child.tail or ""


def empty(node: etree._Element) -> bool:
    """No text in it or below it."""
    if len(node) == 0:
        return not (node.text or "").strip()
    return not any(text.strip() for text in node.itertext())


def place(node: etree._Element) -> str:
    """Where an element stands: `Emessage/ClinicalEmail/Reference[2]/BIN`."""
    steps = []
    for one in (node, *node.iterancestors()):
        parent = one.getparent()
        alike = [other for other in parent if other.tag == one.tag] if parent is not None else [one]
        steps.append(name(one) + (f"[{alike.index(one) + 1}]" if len(alike) > 1 else ""))
    return "/".join(reversed(steps))
