"""The rules of Bundles: http://hl7.org/fhir/R4/bundle.html, beyond the invariants bdl-*."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from gateway.translate.fhir.shape import is_resource
from gateway.translate.fhir.validating.problem import ERROR, WARNING, Problem
from gateway.translate.fhir.validating.references import MISTAKEN, mistaken
from gateway.translate.fhir.validating.walk import Node
from gateway.translate.r4 import definitions

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_REST = re.compile(r"(https?://.+)/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")
_ONCE = frozenset({"self", "first", "previous", "prev", "next", "last"})
_WHOLE = frozenset({"document", "message"})
_CLOSED = frozenset({"document", "message", "transaction", "batch"})  # nobody could look for it anywhere else
_APART = frozenset({"searchset", "history"})  # results of a server: what they refer to is there
_FULL_URL = "http://hl7.org/fhir/StructureDefinition/parameters-fullUrl"


def misbundled(nodes: Iterable[Node]) -> Iterator[Problem]:
    """What is wrong with the Bundles (or the Parameters) among the nodes, the ones inside others too."""
    found = list(nodes)
    for node in found:
        if node.is_resource and node.shape == "Bundle":
            yield from _bundle(node, found)
    yield from _lost(found)


def _bundle(bundle: Node, nodes: list[Node]) -> Iterator[Problem]:
    kind = bundle.text("type")
    yield from _links(bundle)
    for at, entry in enumerate(_objects(bundle.value.get("entry"))):
        place = f"{bundle.place}.entry[{at}]"
        yield from _full_url(entry, kind, place)
        if kind == "searchset":
            yield from _match(entry, _searched(bundle), place)
    if kind in _WHOLE:
        yield from _head(bundle, nodes, kind)


def _objects(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _links(bundle: Node) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, link in enumerate(_objects(bundle.value.get("link"))):
        relation = str(link.get("relation"))
        if relation in _ONCE and relation in seen:
            yield Problem(f"{bundle.place}.link[{at}]", "A Bundle has one link of this relation.", "value")
        seen.add(relation)


def _full_url(entry: dict[str, Any], kind: str, place: str) -> Iterator[Problem]:
    """http://hl7.org/fhir/R4/bundle.html#bundle-unique"""
    url, resource = entry.get("fullUrl"), entry.get("resource")
    if not isinstance(url, str):
        if kind in _WHOLE and isinstance(resource, dict):
            yield Problem(place, "An entry of a document or message has a fullUrl.", "required")
        return
    if not _ABSOLUTE.fullmatch(url):
        yield Problem(f"{place}.fullUrl", "A fullUrl is absolute.", "value")
        return
    rest = _REST.fullmatch(url)
    if rest is None or not isinstance(resource, dict) or not is_resource(rest[2], definitions().facts):
        return
    if resource.get("resourceType") != rest[2] or resource.get("id", rest[3]) != rest[3]:
        yield Problem(f"{place}.fullUrl", "The fullUrl of a server's resource ends in its type and id.", "value")


def _match(entry: dict[str, Any], searched: frozenset[str], place: str) -> Iterator[Problem]:
    """http://hl7.org/fhir/R4/bundle.html#searchset"""
    resource, search = entry.get("resource"), entry.get("search")
    if not isinstance(resource, dict):
        return
    kind = str(resource.get("resourceType"))
    mode = search.get("mode") if isinstance(search, dict) else None
    outcome = kind == "OperationOutcome"
    if mode == "outcome" and not outcome:
        yield Problem(f"{place}.search.mode", "Only an OperationOutcome is the outcome of a search.", "value")
    if mode == "match" and searched and kind not in searched:
        yield Problem(f"{place}.resource", "This is not of a type that the search asked for.", "value")
    if not outcome and "id" not in resource:
        yield Problem(f"{place}.resource", "What a search finds has an id.", "required")


def _searched(bundle: Node) -> frozenset[str]:
    """The types that the link `self` asks for, empty where it does not tell."""
    for link in _objects(bundle.value.get("link")):
        path, _, query = str(link.get("url", "")).partition("?")
        if link.get("relation") != "self":
            continue
        types = [value for key, value in parse_qsl(query) if key == "_type"]
        asked = [name for value in types for name in value.split(",")]
        named = [path.removesuffix("/_search").rpartition("/")[2], *asked]
        return frozenset(name for name in named if is_resource(name, definitions().facts))
    return frozenset()


def _head(bundle: Node, nodes: list[Node], kind: str) -> Iterator[Problem]:
    """What the Composition of a document and the focus of a message refer to is in the Bundle."""
    entries = _objects(bundle.value.get("entry"))
    head = entries[0].get("resource") if entries else None
    base = _REST.fullmatch(str(entries[0].get("fullUrl"))) if entries else None
    by_url: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        by_url[str(entry.get("fullUrl"))].append(entry)
    for node in nodes:
        meant = node.resource.value is head and (kind == "document" or node.path == "MessageHeader.focus")
        held = _RELATIVE.fullmatch(node.text("reference")) if meant and node.shape == "Reference" else None
        if held is None:
            continue
        found = by_url.get(f"{base[1]}/{held[1]}", []) if base else []
        if held[2]:
            found = [entry for entry in found if _version(entry) == held[2]]
        if not found:
            yield Problem(f"{node.place}.reference", "What this refers to is not in the Bundle.", "not-found")
        elif len(found) > 1:
            yield Problem(f"{node.place}.reference", "This refers to two entries of the Bundle.", "multiple-matches")


def _version(entry: dict[str, Any]) -> Any:
    resource = entry.get("resource")
    meta = resource.get("meta") if isinstance(resource, dict) else None
    return meta.get("versionId") if isinstance(meta, dict) else None


def _lost(nodes: list[Node]) -> Iterator[Problem]:
    """A urn:uuid: or urn:oid: is found in what travels with it, or nowhere."""
    outermost = nodes[0]
    kind = outermost.text("type")
    if outermost.shape not in ("Bundle", "Parameters") or kind in _APART:
        return
    known = _types_by_url(nodes)
    for node in nodes:
        held = node.text("reference").partition("#")[0] if node.shape == "Reference" else ""
        if known.get(held) and mistaken(node, known[held]):
            yield Problem(f"{node.place}.reference", MISTAKEN, "value")
        if held.startswith(("urn:uuid:", "urn:oid:")) and held not in known:
            told_otherwise = kind not in _CLOSED or "identifier" in node.value
            severity = WARNING if told_otherwise else ERROR
            yield Problem(f"{node.place}.reference", "What this refers to is not in the Bundle.", "not-found", severity)


def _types_by_url(nodes: list[Node]) -> dict[str, str]:
    """The resource type of every fullUrl, empty where the resource is not there or not alone."""
    found: dict[str, str] = {}
    for node in nodes:
        if node.path == "Bundle.entry":
            url, resource = node.text("fullUrl"), node.value.get("resource")
            kind = str(resource.get("resourceType")) if isinstance(resource, dict) else ""
            found[url] = kind if found.get(url, kind) == kind else ""
        elif node.shape == "Extension" and node.text("url") == _FULL_URL:
            found.setdefault(node.text("valueUri"), "")
    found.pop("", None)
    return found
