"""Make r4-facts.json: the R4 definitions, reduced to what the gateway asks of them.

    python profiles/extract_facts.py EXAMPLES.tgz EXPANSIONS.tgz > profiles/r4-facts.json

The two archives are npm's hl7.fhir.r4.examples@4.0.1 (definitions) and hl7.fhir.r4.expansions@4.0.1
(value sets, expanded); `make profiles` fetches them. profiles/README.md describes the result.
Standard library only; the same archives always give the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

RESOURCES = """Account Appointment AuditEvent Binary Bundle CapabilityStatement CarePlan CareTeam ClinicalImpression
CodeSystem Communication ConceptMap Condition Consent DocumentReference Encounter EpisodeOfCare Flag Goal
HealthcareService Location MessageHeader Observation OperationOutcome Organization Parameters Patient
Practitioner PractitionerRole Procedure Provenance RelatedPerson ServiceRequest Subscription Task ValueSet""".split()

LONGEST_CODE_LIST = 300  # longer ones (media types, languages) are named by their value set
DEFINITIONS = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE = DEFINITIONS + "structuredefinition-fhir-type"
NOT_CORE = re.compile("^example|-extensions-|-genetic-")  # search parameters of the package's examples
REGEX = DEFINITIONS + "regex"
FLAGS = {"summary": "isSummary", "modifier": "isModifier"}  # told where they are true


def read(archive: str, prefixes: tuple[str, ...]) -> Iterator[Json]:
    """The resources of an npm package whose file names start with one of the prefixes."""
    with tarfile.open(archive, "r:gz") as package:
        for member in package:
            name = member.name.removeprefix("package/")
            if name.endswith(".json") and name.startswith(prefixes):
                file = package.extractfile(member)
                if file is not None:
                    yield json.load(file)


def package_name(archive: str) -> str:
    """`name@version (licence)` of an npm package."""
    about = next(read(archive, ("package.json",)))
    return f"{about['name']}@{about['version']} ({about['license']})"


def codes_of(element: Json, types: list[str], value_sets: dict[str, Json]) -> Json:
    """The codes of a required binding: bare for code, `system|code` for Coding and CodeableConcept."""
    binding = element.get("binding", {})
    if binding.get("strength") != "required":
        return {}
    url = binding["valueSet"].split("|")[0]
    rows = list(contained(value_sets.get(url, {}).get("expansion", {})))
    coded = bool({"Coding", "CodeableConcept"} & set(types))
    codes = sorted({f"{row['system']}|{row['code']}" if coded else row["code"] for row in rows})
    if not codes or len(codes) > LONGEST_CODE_LIST:
        return {"valueset": url}
    return {"codes": codes}


def contained(expansion: Json) -> Iterator[Json]:
    """Every selectable row of an expansion, nested ones included."""
    for row in expansion.get("contains", []):
        if "code" in row and not row.get("abstract"):
            yield row
        yield from contained(row)


def type_name(code: Json) -> str:
    """The FHIR type of one `type` entry; ids and primitive values hide it in an extension."""
    if code["code"].startswith("http://hl7.org/fhirpath/"):
        written = [e["valueUrl"] for e in code.get("extension", []) if e["url"] == FHIR_TYPE]
        return str(written[0] if written else code["code"].rpartition(".")[2].lower())
    return str(code["code"])


def element_facts(element: Json, value_sets: dict[str, Json]) -> Json:
    """One element: cardinality, types, reference targets, codes."""
    facts: Json = {"min": element["min"], "max": element["max"]}
    if "contentReference" in element:
        facts["same"] = element["contentReference"].removeprefix("#")
        return facts
    if element["path"] == "Resource.id":
        return facts | {"types": ["id"], "summary": True}  # published as string, with the rule for ids in prose only
    facts["types"] = list(dict.fromkeys(type_name(t) for t in element["type"]))
    facts |= {flag: True for flag, told in FLAGS.items() if element.get(told)}
    targets = {p.removeprefix(DEFINITIONS) for t in element["type"] for p in t.get("targetProfile", [])}
    if targets - {"Resource"}:
        facts["targets"] = sorted(targets)
    return facts | codes_of(element, facts["types"], value_sets)


def type_facts(definition: Json, value_sets: dict[str, Json]) -> Json:
    """One type: its own elements, in the order that XML demands; what it has from its base type is left out."""
    kind = {"resource": "resource", "complex-type": "datatype", "primitive-type": "primitive"}[definition["kind"]]
    base = definition.get("baseDefinition", "").removeprefix(DEFINITIONS)
    facts: Json = {"kind": kind} | ({"base": base} if base else {})
    if kind == "primitive":
        value = definition["snapshot"]["element"][-1]["type"][0]
        patterns = [e["valueString"] for e in value.get("extension", []) if e["url"] == REGEX]
        if definition["type"] == "base64Binary":
            patterns = []  # the published one backtracks for ever on hostile input
        return facts | ({"pattern": patterns[0]} if patterns else {})
    elements = {}
    for element in definition["snapshot"]["element"][1:]:
        path = element["path"].split(".", 1)[1]
        inherited = element["base"]["path"].split(".")[0] != definition["type"]
        nested = path.endswith((".id", ".extension", ".modifierExtension"))
        if not inherited and not nested:
            elements[path] = element_facts(element, value_sets)
    return facts | {"elements": elements}


def wanted(definitions: dict[str, Json]) -> list[str]:
    """The resources, every type that they use, and the bases of both."""
    found: set[str] = set()
    waiting = [*RESOURCES, "Resource", "Element"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        definition = definitions[name]
        waiting.append(definition.get("baseDefinition", DEFINITIONS + "Element").removeprefix(DEFINITIONS))
        for element in definition["snapshot"]["element"]:
            names = [type_name(t) for t in element.get("type", []) if t["code"] != name]
            waiting += [n for n in names if n in definitions]
    return sorted(found)


def branches(expression: str, resource: str) -> str:
    """The part of a search expression that speaks of one resource type.

    >>> branches("AllergyIntolerance.patient | CarePlan.subject.where(resolve() is Patient)", "CarePlan")
    'CarePlan.subject.where(resolve() is Patient)'
    """
    own = [part.strip() for part in expression.split("|")]
    own = [part for part in own if re.match(rf"\(?{resource}\b", part)]
    return " | ".join(own)


def search_facts(parameters: list[Json], resource: str) -> Json:
    """The search parameters of one type, by code; of a composite the components, relative to its expression."""
    facts: Json = {}
    types = {parameter["url"]: parameter["type"] for parameter in parameters}
    for parameter in parameters:
        if resource not in parameter.get("base", []) or NOT_CORE.search(parameter["id"]):
            continue
        row: Json = {"type": parameter["type"], "id": parameter["id"]}
        expression = branches(parameter.get("expression", ""), resource)
        if expression:
            row["expression"] = expression
        if parameter["type"] == "reference":
            row["targets"] = sorted(parameter.get("target", []))
        if parameter["type"] == "composite":
            row["components"] = [
                {"type": types[one["definition"]], "expression": one["expression"]} for one in parameter["component"]
            ]
        facts[parameter["code"]] = row
    return dict(sorted(facts.items()))


def extract(examples: str, expansions: str) -> Json:
    """The whole file, as JSON values."""
    value_sets = {v["url"]: v for v in read(expansions, ("ValueSet-",))}
    definitions: dict[str, Json] = {}
    parameters: list[Json] = []
    for resource in read(examples, ("StructureDefinition-", "SearchParameter-")):
        if resource["resourceType"] == "SearchParameter":
            parameters.append(resource)
        elif resource["resourceType"] == "StructureDefinition" and resource.get("derivation") != "constraint":
            definitions[resource["type"]] = resource
    return {
        "fhirVersion": "4.0.1",
        "source": f"{package_name(examples)}, {package_name(expansions)}",
        "types": {name: type_facts(definitions[name], value_sets) for name in wanted(definitions)},
        "search": {name: search_facts(parameters, name) for name in [*RESOURCES, "Resource", "DomainResource"]},
    }


if __name__ == "__main__":
    made = extract(*sys.argv[1:3])
    json.dump(made, sys.stdout, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.write("\n")
