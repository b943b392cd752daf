"""What stands in a message around its cases, documents or grants, and is read by nobody: told, never dropped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from gateway.translate.oio.shape import REGISTERED
from gateway.translate.oio.tree import BESIDE, Node
from gateway.translate.rules.trace import UNREAD, Explanation, Unread
from gateway.translate.translation import Finding

Inner = Mapping[str, Collection[str]]
"""Of each wrapper the elements in it that are read; what is no wrapper is read by rules, which tell of themselves."""

ENVELOPES: dict[str, Collection[str]] = {"Envelope": ("Body",)}
_WHY = {
    "Header": "about the call: addressing and security",
    "StandardRetur": "how the index answered",
    "Antal": "how many the index found",
    "NoteTekst": "a remark about the transfer",
    "EfterladSagsloeseDokumenter": "a document goes out of sight with the case on which it lies",
}
_OF_OBJECTS = frozenset({"UUIDIdentifikator", "Registrering", "UdenNotifikation"})
_ASKS = {"FjernOgsaaYdelse": "benefits are not taken out with a case: send each grant with an effect that has ended"}
"""What would do more than is done, when it is true."""


def beside(document: Node, inner: Inner) -> Iterator[Node]:
    """Every element of wrappers that holds anything and that nobody reads."""
    if document.name == "Body":
        for part in document.parts:
            yield from beside(part, inner)
        return
    names = inner.get(document.name)
    for part in document.parts if names is not None else ():
        if names is not None and part.name in names:
            yield from beside(part, inner)
        elif not part.empty:
            yield part


def unknown(registration: Node, inside: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """The lists, properties, states and relations of a registration that the standard does not have (`inside`: what
    stands in which): whatever they say, it is no part of what is made. What is odd inside of one, explain tells."""
    extra, told = inside[BESIDE], inside["Registrering"]
    for listed in registration.parts:
        names = inside.get(listed.name) if listed.name in REGISTERED else None
        if names is not None:
            for part in listed.parts:
                if part.name not in names:
                    if not part.empty:
                        yield _unread(part)
                elif part.name == BESIDE:
                    yield from (_unread(one) for one in part.parts if one.name not in extra and not one.empty)
        elif listed.name not in told and listed.name not in _OF_OBJECTS and not listed.empty:
            yield _unread(listed)


def unknown_of(thing: Node) -> Iterator[Finding]:
    """What stands in a case, document or grant beside its registrations, and is read by nobody."""
    return (_unread(one) for one in thing.parts if one.name not in _OF_OBJECTS and not one.empty)


def _unread(node: Node) -> Finding:
    return Finding(node.place, "nothing reads this element; what it says is not kept")


def findings(left: Iterable[Node]) -> Iterator[Finding]:
    """What of it may matter."""
    for node in left:
        if node.name in _ASKS:
            if node.text in ("true", "1"):
                yield Finding(node.place, _ASKS[node.name])
        elif node.name not in _WHY:
            yield _unread(node)


def explained(found: Explanation, left: Iterable[Node]) -> Explanation:
    """An explanation with what nobody read, and why, behind it."""
    nodes = list(left)
    more = tuple(Unread(one.place, _WHY.get(one.name) or _ASKS.get(one.name) or UNREAD) for one in nodes)
    return replace(found, unread=(*found.unread, *more), findings=(*found.findings, *findings(nodes)))
