"""Whatever text of a message reaches a resource is read for its labels: each one is replaced by a sensitive word, in
every example of every language, and what then holds it is labelled."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import Rules, read_rules
from gateway.domain.security_label import ACT_CODE
from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.translate.door import door_of

TAINT, SDV = "Kvindekrisecenter", f"{ACT_CODE}|SDV"
MAPPINGS = Settings().mappings_folder
WORDLESS = {"Patient", "RelatedPerson", "Consent"}  # names and numbers; what is permitted
# Elements that hold no words: numbers, addresses of systems, codes of known lists.
NO_WORDS = re.compile(
    r"(identifier|groupIdentifier|valueIdentifier|preAdmissionIdentifier|masterIdentifier|telecom|valueContactPoint)\.(value|system)$"
    r"|\.(system|url|reference|code|valueCode|status|use|unit|version|family|given|prefix|suffix|slot|what|type|by)$"
)
# What no citizen's resource takes its words from, or what names them: not worth a translation each.
_SKIPPED = {"reference", "system", "code", "url", "id", "resourceType", "status", "fullUrl", "versionId", "use", "uuid"}


@pytest.fixture(scope="module")
def rules() -> Rules:
    return read_rules(MAPPINGS, b"x" * 32, strangers=True)


def of_hl7v2(text: str) -> Iterator[str]:
    segments = re.split(r"[\r\n]+", text.strip())
    for number, segment in enumerate(segments):
        fields = segment.split("|")
        for place in range(1, len(fields)) if segment[:3] not in ("MSH", "EVN") else ():
            parts = fields[place].partition("~")[0].split("^")
            for at in range(max(len(parts), 2)):
                said = [*parts, ""][: max(len(parts), 2)]
                said[at] = TAINT
                tainted = "|".join([*fields[:place], "^".join(said), *fields[place + 1 :]])
                yield "\r".join([*segments[:number], tainted, *segments[number + 1 :]])


def of_json(text: str) -> Iterator[str]:
    def walk(node: Any) -> Iterator[None]:
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(value, str) and key not in _SKIPPED:
                node[key] = TAINT
                yield
                node[key] = value
            elif isinstance(value, dict | list):
                yield from walk(value)

    tree = json.loads(text)
    for _ in walk(tree):
        yield json.dumps(tree)


def of_xml(text: str) -> Iterator[str]:
    for found in re.finditer(r">([^<>]*[^<>\s][^<>]*)<|[vV]alue=\"([^\"]+)\"", text):
        group = 1 if found[1] else 2
        yield text[: found.start(group)] + TAINT + text[found.end(group) :]


def of_edifact(text: str) -> Iterator[str]:
    for found in re.finditer(r"(?<=[+:])[^+:'?]{3,}(?=[+:'])", text):
        yield text[: found.start()] + TAINT + text[found.end() :]


def tainted(file: Path) -> Iterator[bytes]:
    charset = "latin-1" if file.suffix == ".edi" or "edifact" in file.parts else "utf-8"
    text = file.read_bytes().decode(charset, errors="replace")
    if "hl7v2" in file.parts:
        ways = of_hl7v2(text)
    elif "edifact" in file.parts:
        ways = of_edifact(text)
    else:
        ways = of_json(text) if text.lstrip()[:1] in ("{", "[") else of_xml(text)
    for one in ways:
        yield one.encode(charset, errors="replace")


def places(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from places(value, f"{path}.{name}")
    elif isinstance(node, list):
        for value in node:
            yield from places(value, path)
    elif isinstance(node, str) and TAINT in node:
        yield path


def held(rules: Rules, raw: bytes, language: str) -> Iterator[tuple[str, bool]]:
    """Elements that hold the word, and whether their resource is labelled by it."""
    try:
        told = rules.languages.of(language).translate(raw)
    except GatewayError:
        return
    for one in told.statements:
        found = [where for where in places(one.body, one.kind) if not NO_WORDS.search(where)]
        if found and one.kind not in WORDLESS:
            labels, _ = rules.labeller.label(
                {"resourceType": one.kind, **one.body}, told.source.sector, one.kind, told.source.id
            )
            yield from ((where, SDV in labels) for where in found)


@pytest.mark.parametrize("language", sorted(one.parent.name for one in MAPPINGS.glob("*/examples")))
def test_no_text_is_unread(rules: Rules, language: str) -> None:
    told: set[tuple[str, bool]] = set()
    for file in sorted((MAPPINGS / language / "examples").iterdir()):
        if ".expected." not in file.name:
            spoken = door_of(file.read_bytes())
            for raw in tainted(file):
                told |= set(held(rules, raw, spoken))
    assert len(told) > 2, "some of them reached a resource"
    assert not sorted(where for where, labelled in told if not labelled)
