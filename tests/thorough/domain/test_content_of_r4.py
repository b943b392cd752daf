"""Every element of the served types in which R4 lets somebody write words is read for what it tells."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.content import content_of
from gateway.inbound.rest.kinds import CLINICAL

FACTS = json.loads((Path(__file__).parents[3] / "profiles" / "r4-facts.json").read_text("utf-8"))["types"]
WORDS = "Har skizofreni"
WRITTEN = {"string", "markdown", "xhtml", "uri", "url", "canonical", "base64Binary"}
WORDLESS = {"Patient", "RelatedPerson", "Consent"}
# Names of people and places where they live, numbers, and what only machines read.
NOTHING = {
    "HumanName.family", "HumanName.given", "HumanName.prefix", "HumanName.suffix", "Address.city", "Address.country",
    "Address.district", "Address.line", "Address.postalCode", "Address.state", "Identifier.value", "ContactPoint.value",
    "Identifier.system", "Coding.system", "Quantity.system", "Coding.version", "Reference.reference", "Reference.type",
    "Meta.profile", "Meta.source", "Element.id", "Signature.data", "SampledData.data", "ContactPoint.system",
    "Expression.expression", "Expression.reference", "Attachment.hash",
}  # fmt: skip
# Types that describe data or measures and stand in no resource of a citizen but in extensions of them.
UNUSED = {"DataRequirement", "ParameterDefinition", "TriggerDefinition", "RelatedArtifact", "Expression", "Element"}


def elements(kind: str, seen: set[str]) -> Iterator[tuple[str, str, str, bool]]:
    """(type, element path, type of it, repeats) of all that may be written, in the type and in those it is made of."""
    if kind in seen or kind not in FACTS or kind in UNUSED:
        return
    seen.add(kind)
    for path, fact in FACTS[kind].get("elements", {}).items():
        for name in fact.get("types", ()):
            if name in WRITTEN:
                chosen = path.removesuffix("[x]") + name[0].upper() + name[1:] if path.endswith("[x]") else path
                if f"{kind}.{path}" not in NOTHING:
                    yield kind, chosen, name, fact["max"] == "*"
            elif name not in ("Resource", "Extension", "Narrative"):
                yield from elements(name, seen)


def every() -> list[tuple[str, str, str, bool]]:
    seen: set[str] = set()
    return [one for kind in CLINICAL if kind not in WORDLESS for one in elements(kind, seen)]


@pytest.mark.parametrize(("kind", "path", "type_", "repeats"), every())
def test_it_is_read(kind: str, path: str, type_: str, repeats: bool) -> None:
    told = b64encode(WORDS.encode()).decode() if type_ == "base64Binary" else WORDS
    node: Any = [told] if repeats else told
    for name in reversed(path.split(".")):
        node = {name: node}
    if path == "data":
        node |= {"contentType": "text/plain"}
    content = content_of({"resourceType": "Task", "input": [node], **(node if kind in CLINICAL else {})})
    words = [said for _, said in content.words] + [display for *_, display in content.displays]
    assert WORDS in words, f"{kind}.{path}"


def test_there_are_many() -> None:
    assert len(every()) > 40
