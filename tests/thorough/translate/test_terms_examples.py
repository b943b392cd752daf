"""Our value sets hold what KL's own examples use where KL's profiles require them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.errors import NotFound
from tests.translate.terms.test_terms import terms

# Codes of the examples that KL's code systems of the same release do not hold.
STRAY = {"e6f35a88-6665-4471-9dce-9a98854532b4"}


def bindings(folder: Path) -> Iterator[tuple[str, list[str], str]]:
    """(profile, path below the resource, value set) of every required binding of a whole element."""
    for file in folder.glob("*.json"):
        profile = json.loads(file.read_bytes())
        for element in profile.get("differential", {}).get("element", []):
            binding = element.get("binding", {})
            if binding.get("strength") == "required" and ":" not in element["id"]:
                yield profile["url"], element["path"].split(".")[1:], binding["valueSet"]


def resources(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "resourceType" in node:
            yield node
        node = list(node.values())
    for inner in node if isinstance(node, list) else ():
        yield from resources(inner)


def at(node: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from at(item, path)
    elif not path:
        yield node
    elif isinstance(node, dict):
        name = path[0].removesuffix("[x]")
        for key in node:
            if key == name or (name != path[0] and key.startswith(name)):
                yield from at(node[key], path[1:])


def test_codes_of_the_examples_are_in_the_sets_that_their_profiles_require(examples: Path) -> None:
    kl = examples / "municipal" / "fhir"
    required = list(bindings(kl / "structuredefinitions"))
    bodies = [one for file in (kl / "examples").glob("*.json") for one in resources(json.loads(file.read_bytes()))]
    seen: set[str] = set()
    for body in bodies:
        for profile, path, url in required:
            if profile not in body.get("meta", {}).get("profile", ()):
                continue
            try:
                value_set = terms().value_set(url)
            except NotFound:
                continue
            for value in at(body, path):
                codings = value.get("coding", [value])
                coded = [(terms().system(c["system"]), c["code"]) for c in codings if c.get("system") and c.get("code")]
                good = [terms().validate_in(value_set, system, code).valid for system, code in coded if system]
                assert any(good) or STRAY & {code for _, code in coded}, (profile, path, codings)
                seen.add(value_set.about.name)
    assert len(seen) >= 9, seen
