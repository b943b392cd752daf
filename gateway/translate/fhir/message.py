"""A FHIR message: a Bundle whose first entry is the MessageHeader (or a collection, which has none), and how its
references find their targets.

http://hl7.org/fhir/R4/messaging.html, http://hl7.org/fhir/R4/bundle.html#references. fullUrl may be absolute,
relative (`Patient/1`, as MedCom and KL write it) or `urn:uuid:…`; a reference may be any of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from gateway.errors import MissingField, RuleBroken, Unreadable

Json = dict[str, Any]

HEADER = "Bundle.entry[0].resource"
COLLECTION = "collection"
"""Bundle.type of what is no message: its resources stand beside each other, with no header before them."""


def event_code(bundle: Json) -> str:
    """The code of `MessageHeader.eventCoding`, by which the message's language is known.

    Safe on any tree; raises Unreadable, RuleBroken or MissingField where there is none.
    """
    if bundle.get("resourceType") != "Bundle":
        raise Unreadable("A message is a Bundle.", where="resourceType")
    if bundle.get("type") != "message":
        raise RuleBroken("The Bundle is no message.", where="Bundle.type")
    code = _at(_header(bundle), "eventCoding", "code")
    if not isinstance(code, str) or not code:
        raise MissingField("The message does not say which event it is.", where=f"{HEADER}.eventCoding.code")
    return code


def _header(bundle: Json) -> Json:
    entries = bundle.get("entry")
    first = entries[0] if isinstance(entries, list) and entries else None
    header = _at(first, "resource")
    if _at(header, "resourceType") != "MessageHeader":
        raise RuleBroken("The first entry of a message is its MessageHeader.", where=HEADER)
    return header if isinstance(header, dict) else {}


def _at(node: Any, *names: str) -> Any:
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node


class Message:
    """A Bundle that passed the shape check (structure.py), with its resources within reach. A collection has an empty
    `header`.

    `roots` says which resources a path of a rule file begins at, by type. It starts as every resource of the
    Bundle; a language narrows it where one of several is meant (the focus, the current Provenance).
    """

    def __init__(self, bundle: Json) -> None:
        self.bundle = bundle
        self.header = {} if bundle.get("type") == COLLECTION else _header(bundle)
        self.roots: dict[str, list[Json]] = {"Bundle": [bundle]}
        self._resources: list[Json] = []
        self._urls: list[str] = []
        for entry in bundle.get("entry", ()):
            resource = entry.get("resource")
            if resource:
                self._resources.append(resource)
                self._urls.append(entry.get("fullUrl", ""))
                self.roots.setdefault(str(resource.get("resourceType", "")), []).append(resource)

    def resources(self) -> list[Json]:
        """Every resource of the Bundle, in its order; nobody changes the list."""
        return self._resources

    @cached_property
    def _places(self) -> dict[int, str]:
        """Of whole resources, which are asked for most."""
        entries = enumerate(self.bundle.get("entry", ()))
        return {id(one["resource"]): f"Bundle.entry[{at}].resource" for at, one in entries if one.get("resource")}

    @cached_property
    def _targets(self) -> dict[str, Json]:
        """Every resource by its fullUrl, its type and id, and the end of its fullUrl; the first that has a name."""
        urls = self._urls
        names = [f"{one.get('resourceType')}/{one.get('id')}" for one in self._resources]
        told = [urls]
        if urls != names:
            told = [[_tail(url) if url != name else "" for url, name in zip(urls, names, strict=True)], names, urls]
        found: dict[str, Json] = {}
        for named in told:  # the first of a name is written last
            found |= zip(reversed(named), reversed(self._resources), strict=True)
        found.pop("", None)
        return found

    def resolve(self, reference: Json | None, kind: str = "") -> Json | None:
        """The resource of this Bundle that a Reference means: by fullUrl, or by type and id. None when absent, or
        when it is not of the type `kind`."""
        url = reference.get("reference") if reference else None
        if not isinstance(url, str) or url.startswith("#"):
            return None
        found = self._targets.get(url) or self._elsewhere(url)
        return found if found and kind in ("", found.get("resourceType")) else None

    def _elsewhere(self, url: str) -> Json | None:
        """Of a version of it, or at another address."""
        bare = url.partition("/_history/")[0]
        return self._targets.get(bare) or self._targets.get(_tail(bare))

    def only(self, kind: str, resource: Json) -> None:
        """From now on paths that begin with this type mean this resource."""
        self.roots[kind] = [resource]

    def place(self, node: Any, *names: str) -> str:
        """Where in the Bundle an object stands (`Bundle.entry[2].resource.period`), empty when it does not; with names,
        where its element of these names does."""
        return ".".join((self._places.get(id(node)) or self.places((node,))[id(node)], *names))

    def places(self, nodes: Iterable[Any], within: tuple[Json, str] | None = None) -> dict[int, str]:
        """As `place`, by the identity of each object; the Bundle is walked through once, or what lies `within` an
        object at a place of it."""
        found = {id(node): "" for node in nodes}
        left = len(found)
        waiting: list[tuple[Any, str]] = [within or (self.bundle, "Bundle")]
        while waiting and left:
            here, path = waiting.pop()
            if id(here) in found:
                found[id(here)] = path
                left -= 1
            if isinstance(here, dict):
                waiting += [
                    (value, f"{path}.{name}") for name, value in here.items() if isinstance(value, (dict, list))
                ]
            else:
                waiting += [(v, f"{path}[{at}]") for at, v in enumerate(here) if isinstance(v, (dict, list))]
        return found


def _tail(url: str) -> str:
    """`Type/id` at the end of an absolute or relative URL, empty for any other."""
    parts = url.rsplit("/", 2)
    return "/".join(parts[-2:]) if len(parts) >= 2 and parts[-2][:1].isupper() else ""
