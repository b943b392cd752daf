"""Make r4-definitions.json: what $validate asks of R4 beside r4-facts.json.

    python profiles/extract_definitions.py EXAMPLES.tgz EXPANSIONS.tgz EXTENSIONS.tgz TERMS.tgz > …

From the two archives of extract_facts.py, HL7's extension pack and HL7's terminology for R4: the types that are not in
r4-facts.json, the invariants of all types, the extensions and the code systems that HL7 defines, and R4's search
parameters by URL. profiles/README.md describes the result. Standard library only; the same archives always give the
same bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from extract_facts import DEFINITIONS, NOT_CORE, Json, package_name, read, type_facts, type_name, wanted

CHECKED_OTHERWISE = frozenset({"ele-1", "ext-1", "txt-1", "txt-2", "dom-3", "ref-1"})
"""Invariants that gateway/translate/fhir checks in Python: with every element, or with a better place."""
LONGEST_SYSTEM = 2000
NOT_CODES = "http://hl7.org/fhir/ValueSet"
CORRECTED = {"que-12": "enableWhen.count() > 1 implies enableBehavior.exists()"}
"""The published expression asks for more than two; its text, "more than one", is what R4 means."""


def invariants(definition: Json) -> Json:
    """By element path: [key, severity, expression, text] of what a definition adds itself."""
    found: Json = {}
    for element in definition["snapshot"]["element"]:
        for rule in element.get("constraint", []):
            source = rule.get("source", "").rpartition("/")[2]
            own = source in ("", definition["type"])
            if own and "expression" in rule and rule["key"] not in CHECKED_OTHERWISE:
                expression = CORRECTED.get(rule["key"], rule["expression"])
                row = [rule["key"], rule["severity"], expression, rule["human"]]
                found.setdefault(element["path"], []).append(row)
    return found


def extension(definition: Json) -> Json:
    """Where an extension may stand, and the types of its value; no types where it is made of further extensions."""
    contexts = [row["expression"] for row in definition.get("context", []) if row["type"] == "element"]
    others = [row for row in definition.get("context", []) if row["type"] != "element"]
    facts: Json = {"types": []} if others else {"contexts": sorted(contexts), "types": []}
    for element in definition["snapshot"]["element"]:
        if element["id"].startswith("Extension.value[x]") and element["max"] != "0":
            facts["types"] = sorted({type_name(t) for t in element.get("type", [])} | set(facts["types"]))
    return facts


def either(older: Json, newer: Json) -> Json:
    """An extension that both R4 and the extension pack define: what one of them allows."""
    made: Json = {"types": sorted({*older["types"], *newer["types"]})}
    if "contexts" in older and "contexts" in newer:
        made["contexts"] = sorted({*older["contexts"], *newer["contexts"]})
    return made


def codes(concepts: list[Json]) -> Iterator[str]:
    """Every code of a code system, nested ones included."""
    for concept in concepts:
        yield concept["code"]
        yield from codes(concept.get("concept", []))


def code_systems(*archives: str) -> Json:
    """The codes of HL7's own code systems that are published whole; of two editions those of both."""
    found: dict[str, set[str]] = {}
    for archive in archives:
        for system in read(archive, ("CodeSystem-",)):
            own = system["url"].startswith(("http://terminology.hl7.org/", "http://hl7.org/fhir/"))
            if own and system.get("content") == "complete" and not system["url"].startswith(NOT_CODES):
                found.setdefault(system["url"], set()).update(codes(system.get("concept", [])))
    return {url: sorted(held) for url, held in sorted(found.items()) if 0 < len(held) <= LONGEST_SYSTEM}


def extract(examples: str, expansions: str, pack: str, terms: str) -> Json:
    """The whole file, as JSON values."""
    value_sets = {v["url"]: v for v in read(expansions, ("ValueSet-",))}
    definitions: dict[str, Json] = {}
    extensions: Json = {}
    for definition in read(examples, ("StructureDefinition-",)):
        if definition.get("derivation") != "constraint":
            definitions[definition["type"]] = definition
        elif definition["type"] == "Extension" and "example" not in definition["url"]:
            extensions[definition["url"]] = extension(definition)
    for definition in read(pack, ("StructureDefinition-",)):
        url = definition["url"]
        if definition["type"] == "Extension":
            extensions[url] = either(extensions.get(url, extension(definition)), extension(definition))
    known = set(wanted(definitions))
    types = {name: d for name, d in definitions.items() if d["kind"] != "logical"}
    rules: Json = {}
    for name in sorted(types):
        rules |= invariants(types[name])
    parameters = sorted(read(examples, ("SearchParameter-",)), key=lambda p: str(p["url"]))
    return {
        "fhirVersion": "4.0.1",
        "source": f"{package_name(examples)}, {package_name(expansions)}, {package_name(pack)}, {package_name(terms)}",
        "types": {name: type_facts(types[name], value_sets) for name in sorted(types) if name not in known},
        "invariants": rules,
        "extensions": dict(sorted(extensions.items())),
        "codeSystems": code_systems(examples, terms),
        "searchParameters": {
            p["url"]: {"type": p["type"], "base": p["base"]}
            for p in parameters
            if p["url"].startswith(DEFINITIONS.replace("StructureDefinition", "SearchParameter"))
            and not NOT_CORE.search(p["id"])
        },
    }


if __name__ == "__main__":
    json.dump(extract(*sys.argv[1:5]), sys.stdout, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.write("\n")
