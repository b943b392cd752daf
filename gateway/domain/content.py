"""What a resource says, gathered in one walk through it: its codes, its words, and what it refers to."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.file_text import text_of
from gateway.domain.statement import Body

TEXT = "text"
"""Words in texts: concepts without a code, titles, descriptions, messages."""

UNIT = "unit"
"""Words in the names of units (Reference.display, Organization.name)."""

FILE = "file"
"""Words in a text that a document brings with it (Attachment.data)."""

KEPT = "kept"
"""No words: the id of the Binary that a file is read as which is kept beside its resource (translate/filed.py)."""

CLOSED = "closed"
"""No words: here is a content that nobody can look into (a picture, a PDF)."""

BARE = "bare"
"""No words: the `system|code`, one on each line, of a concept that is told in codes alone."""

_WORDS = frozenset(
    {"text", "title", "description", "div", "comment", "extraDetails", "patientInstruction", "statusReason",
     "contentString", "valueString", "valueMarkdown", "detailString", "scheduledString", "onsetString",
     "abatementString", "occurrenceString", "performedString", "summary", "basis", "citation", "label", "unit",
     "valueCode", "valueId", "valueUri", "valueUrl", "valueCanonical"}
)  # fmt: skip
"""Elements of R4 that hold what people wrote, or may hold it: names in URLs and codes of extensions tell too."""

_NAMED = frozenset({"CareTeam", "Account"})  # whose names tell what they are for
_NO_CONTENT = frozenset({"meta", "provision"})
_BINARY = "Binary/"
_NESTED = frozenset({"id", "url", "extension"})  # what an extension without a value has
_IS_NO_FILE = frozenset({"dimensions", "sigFormat"})  # what else has `data`: SampledData and Signature
# Who and where: what else a reference leads to is told of in words like any concept.
_SOMEBODY = frozenset(
    {"Organization", "Location", "HealthcareService", "Practitioner", "PractitionerRole", "Patient", "RelatedPerson",
     "CareTeam", "Device", "Group", "Endpoint"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Content:
    """`codes` are (system, code) of every coding, `words` (TEXT, UNIT or FILE, words) of every text and name of a unit
    (and what KEPT, CLOSED and BARE tell), and `displays` (system, code, words) of every coding.

    `references` are all literal references to other resources, without their version. Security labels are not
    content, those of its parts excepted, and what a Consent permits or denies is not what it tells of the citizen;
    they may refer to something all the same.
    """

    codes: list[tuple[str, str]]
    words: list[tuple[str, str]]
    references: frozenset[str]
    displays: list[tuple[str, str, str]] = field(default_factory=list)


def content_of(body: Body) -> Content:
    """Read a resource once; contained resources count for the whole. `body` is JSON as it is decoded: plain dicts,
    lists and strings, which is why their types can be compared."""
    codes: list[tuple[str, str]] = []
    words: list[tuple[str, str]] = []
    displays: list[tuple[str, str, str]] = []
    references: list[str] = []
    aside: list[Any] = []
    waiting: list[Any] = [body]
    for node in waiting:  # which grows meanwhile
        if type(node) is not dict:
            waiting += node if type(node) is list else ()
            continue
        code, display = node.get("code"), node.get("display")
        if code and isinstance(code, str):
            codes.append((str(node.get("system") or ""), code))
            displays.append((*codes[-1], display if isinstance(display, str) else ""))
        elif display is not None and isinstance(display, str):
            words += [(how, display) for how in _said_by(node)]
        for name, value in node.items():
            kind = type(value)
            if kind is str:
                if name in _WORDS:
                    words.append((TEXT, value))
                elif name == "reference":
                    references.append(value)
            elif kind is dict or kind is list:
                (aside if name in _NO_CONTENT and (name != "meta" or node is body) else waiting).append(value)
            if name in _READ:
                words += _READ[name](node)
    references += _references(aside)
    found = (one.partition("/_history/")[0] for one in references if not one.startswith("#"))
    return Content(codes, words, frozenset(found), displays)


def _said_by(named: dict[str, Any]) -> tuple[str, ...]:
    """How the display of something without a code is read: of a coding as text, of somebody as the name of a unit, of
    what a reference leads to besides (a diagnosis, a document) as both."""
    if "system" in named:
        return (TEXT,)
    literal = named.get("reference")
    if not isinstance(literal, str) or "/" not in literal:
        literal = "/"
    kind = named.get("type") or literal.partition("/_history/")[0].split("/")[-2]
    return (UNIT,) if not kind or kind in _SOMEBODY else (UNIT, TEXT)


def _written(attachment: dict[str, Any]) -> list[tuple[str, str]]:
    """The words of a content that stands in the resource, as base64."""
    data = attachment["data"]
    if not isinstance(data, str) or not _IS_NO_FILE.isdisjoint(attachment):
        return []
    try:
        text = text_of(str(attachment.get("contentType", "")), b64decode(data))
    except ValueError:
        return [(CLOSED, "")]
    return [(FILE, text)] if text is not None else [(CLOSED, "")]


def _filed(node: dict[str, Any]) -> list[tuple[str, str]]:
    """What a file is called, and where it is where it is kept here; the URL of an extension is no file's."""
    url = node["url"]
    if not isinstance(url, str):
        return []
    if url.startswith(_BINARY):
        return [(KEPT, url.removeprefix(_BINARY))]
    return [] if _is_extension(node) else [(TEXT, url)]


def _is_extension(node: dict[str, Any]) -> bool:
    for name in node:  # no generator: extensions are many
        if name[:5] == "value" or name[:6] == "_value":
            return True
    return "extension" in node and node.keys() <= _NESTED


def _listed(name: str, how: str) -> Callable[[dict[str, Any]], list[tuple[str, str]]]:
    """The texts of an element that is one, or a list of them."""

    def read(node: dict[str, Any]) -> list[tuple[str, str]]:
        told = node[name]
        return [(how, one) for one in (told if type(told) is list else [told]) if type(one) is str]

    return read


def _author(annotation: dict[str, Any]) -> list[tuple[str, str]]:
    """Who wrote a note, where it is told as a name."""
    name = annotation["authorString"]
    return [(UNIT, name)] if isinstance(name, str) else []


def _binary(node: dict[str, Any]) -> list[tuple[str, str]]:
    """A content in an extension, an input or an output, of no type."""
    return _written({"data": node["valueBase64Binary"]})


def _named(node: dict[str, Any]) -> list[tuple[str, str]]:
    """The name of a unit, a team, an account; of a person there are no words here."""
    name = node["name"]
    read = (UNIT, TEXT) if node.get("resourceType") in _NAMED else (UNIT,)
    return [(how, name) for how in read] if isinstance(name, str) else []


def _without_code(concept: dict[str, Any]) -> list[tuple[str, str]]:
    """The words of codings that are nothing else: no system, no code; and which codings have no words at all."""
    codings = concept["coding"]
    listed = [one for one in (codings if type(codings) is list else [codings]) if type(one) is dict]
    alone = [one.get("display") for one in listed if "code" not in one and "system" not in one]
    found = [(TEXT, display) for display in alone if isinstance(display, str)]
    if "text" not in concept and not any("display" in one for one in listed):
        found.append((BARE, "\n".join(f"{one.get('system', '')}|{one.get('code', '')}" for one in listed)))
    return found


_READ = {
    "coding": _without_code, "data": _written, "name": _named, "url": _filed,
    "valueBase64Binary": _binary, "authorString": _author, "alias": _listed("alias", UNIT),
    "instantiatesUri": _listed("instantiatesUri", TEXT), "protocol": _listed("protocol", TEXT),
    "instantiatesCanonical": _listed("instantiatesCanonical", TEXT),
}  # fmt: skip
"""Elements whose words are told by what stands beside them."""


def _references(waiting: list[Any]) -> Iterator[str]:
    for node in waiting:
        if isinstance(node, dict):
            if isinstance(node.get("reference"), str):
                yield node["reference"]
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
