"""The compiled profiles are what their source says: `make profiles` was run after the last change."""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT, below, parsed, text

CANONICAL = "https://faellesplan.dk/fhir"
COMPILED = [f for f in below("profiles", suffix=".json") if f.parent.name == "compiled"]
SOURCES = sorted(f for f in below("profiles", suffix=".fsh"))


def test_compiled_from_these_sources() -> None:
    digest = hashlib.sha256()
    for file in [Path("profiles/sushi-config.yaml"), *SOURCES]:
        digest.update(f"{file.name}\0".encode() + (ROOT / file).read_bytes() + b"\0")
    assert f"sha256 {digest.hexdigest()}\n" in text(Path("profiles/compiled/SOURCE.txt")), "run make profiles"


def test_every_source_definition_is_compiled_and_no_other() -> None:
    kinds = {"Profile": "StructureDefinition", "Extension": "StructureDefinition", "ValueSet": "ValueSet"}
    kinds["CodeSystem"] = "CodeSystem"
    expected = set()
    for file in SOURCES:
        for kind, body in re.findall(r"^(\w+): \w+\n((?:\w+: .*\n)+)", text(file), flags=re.MULTILINE):
            identity = re.search(r"^Id: (\S+)$", body, flags=re.MULTILINE)
            if kind in kinds and identity:
                expected.add(f"{kinds[kind]}-{identity.group(1)}.json")
        for identity, kind in re.findall(r"^Instance: (\S+)\nInstanceOf: (\w+)$", text(file), flags=re.MULTILINE):
            expected.add(f"{kind}-{identity}.json")
    assert {f.name for f in COMPILED} == expected


def codes(system: str) -> set[str]:
    definition = json.loads(text(Path(f"profiles/compiled/CodeSystem-{system}.json")))
    return {concept["code"] for concept in definition["concept"]}


def failures() -> set[str]:
    """Every kind of failure: the classes below GatewayError, wherever they are."""
    nodes = [n for f in below("gateway", suffix=".py") for n in ast.walk(parsed(f)) if isinstance(n, ast.ClassDef)]
    found = {"GatewayError"}
    while more := {n.name for n in nodes if found & {ast.unparse(b) for b in n.bases}} - found:
        found |= more
    return found


def test_every_failure_has_its_code() -> None:
    expected = {re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower() for name in failures()}
    assert expected - codes("failure") == set(), "add it to profiles/fsh/codes.fsh and run make profiles"
    assert codes("failure") - expected == set(), "no such failure any more"


def test_policy_tables_speak_our_codes() -> None:
    own = {"data_class": codes("data-class"), "role": codes("reader-role"), "reader_role": codes("reader-role")}
    stray = []
    for file in below("mappings", suffix=".csv"):
        if file.parts[1] == "policy":
            for number, row in enumerate(csv.DictReader(text(file).splitlines()), 2):
                said = {name: row.get(name) or "*" for name in own}
                stray += [f"{file}:{number} {n}" for n, cell in said.items() if set(cell.split()) - own[n] - {"*"}]
    assert not stray


def test_every_definition_has_our_canonical_and_r4() -> None:
    for file in COMPILED:
        definition = json.loads(text(file))
        assert definition["url"] == f"{CANONICAL}/{definition['resourceType']}/{definition['id']}"
        assert definition["title"]
        assert definition["description"]
        if definition["resourceType"] == "StructureDefinition":
            assert definition["fhirVersion"] == "4.0.1"
            assert definition["snapshot"]["element"]


def test_every_name_of_ours_that_the_source_code_uses_is_defined() -> None:
    defined = {json.loads(text(f))["url"] for f in COMPILED}
    used = set()
    for file in below("gateway", suffix=".py") + below("mappings", suffix=".yaml") + below("mappings", suffix=".csv"):
        spelled = text(file).replace("{_OURS}", CANONICAL)
        used |= set(re.findall(rf"{CANONICAL}/(?:\w+Definition|CodeSystem|ValueSet)/[a-z0-9-]+", spelled))
    assert f"{CANONICAL}/OperationDefinition/joint-plan" in used
    assert used <= defined, f"not in profiles/fsh: {sorted(used - defined)}"


def test_fields_of_hl7_v2_are_those_of_hl7apy() -> None:
    """As profiles/extract_fields.py prints them with the hl7apy that is installed."""
    command = (sys.executable, str(ROOT / "profiles" / "extract_fields.py"))
    assert (
        subprocess.run(command, check=True, capture_output=True).stdout
        == (ROOT / "profiles/v2-fields.json").read_bytes()
    )
