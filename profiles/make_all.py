"""Make what a tool makes in this folder: r4-*.json, v2-fields.json and compiled/ (needs node and npm;
about half a minute).

    python profiles/make_all.py

Packages are fetched by npm in fixed versions and kept in build/, so that a second run needs no network. The same
sources give the same bytes; compiled/SOURCE.txt holds the hash of the FSH sources, and tests/house checks it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "profiles"
EXAMPLES = "hl7.fhir.r4.examples@4.0.1"
EXPANSIONS = "hl7.fhir.r4.expansions@4.0.1"
EXTENSIONS = "hl7.fhir.uv.extensions.r4@5.3.0-ballot-tc1"
TERMS = "hl7.terminology.r4@7.0.1"
FURTHER = (TERMS, EXTENSIONS)
TOOLS = "hl7.fhir.uv.tools.r4#latest"  # SUSHI asks for it by itself; nothing of ours uses it
SUSHI = "fsh-sushi@3.21.0"


def run(*command: str, **environment: str) -> str:
    """What a command prints; CalledProcessError when it fails."""
    made = subprocess.run(command, cwd=BUILD, env=os.environ | environment, check=True, stdout=subprocess.PIPE)
    return made.stdout.decode()


def packed(package: str) -> Path:
    """The archive of an npm package, fetched once."""
    archive = BUILD / f"{package.replace('@', '-')}.tgz"
    if not archive.exists():
        run("npm", "pack", "--silent", package)
    return archive


def make_facts() -> None:
    """r4-facts.json and r4-definitions.json."""
    command = (sys.executable, str(HERE / "extract_facts.py"), str(packed(EXAMPLES)), str(packed(EXPANSIONS)))
    (HERE / "r4-facts.json").write_text(run(*command), encoding="utf-8")
    archives = map(str, map(packed, (EXTENSIONS, TERMS)))
    further = (sys.executable, str(HERE / "extract_definitions.py"), *command[2:], *archives)
    (HERE / "r4-definitions.json").write_text(run(*further), encoding="utf-8")


def make_fields() -> None:
    """v2-fields.json."""
    made = run(sys.executable, str(HERE / "extract_fields.py"))
    (HERE / "v2-fields.json").write_text(made, encoding="utf-8")


def unpack(package: str, as_name: str) -> None:
    """Put a package where SUSHI looks for it. npm has no hl7.fhir.r4.core: the examples hold the same definitions."""
    folder = BUILD / "home" / ".fhir" / "packages" / as_name
    if folder.exists():
        return
    folder.mkdir(parents=True)
    run("tar", "-xzf", str(packed(package)), "-C", str(folder))
    about = folder / "package" / "package.json"
    content = json.loads(about.read_bytes())
    content["name"] = as_name.partition("#")[0]
    if package == EXAMPLES:
        content["type"] = "fhir.core"
    about.write_text(json.dumps(content), encoding="utf-8")


def source_hash() -> str:
    """SHA-256 of the FSH sources and the configuration, in name order."""
    digest = hashlib.sha256()
    for file in [HERE / "sushi-config.yaml", *sorted((HERE / "fsh").glob("*.fsh"))]:
        digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def without_mappings(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition without its mappings to HL7 v2, RIM and the like: half of its size, and R4 has them."""
    definition.pop("mapping", None)
    for view in ("snapshot", "differential"):
        for element in definition.get(view, {}).get("element", []):
            element.pop("mapping", None)
    return definition


def make_profiles() -> None:
    """compiled/: StructureDefinitions with snapshots, value sets, code systems."""
    unpack(EXAMPLES, "hl7.fhir.r4.core#4.0.1")
    for package in FURTHER:
        unpack(package, package.replace("@", "#"))
    if not (BUILD / "node_modules").exists():
        run("npm", "install", "--silent", "--no-save", "--prefix", str(BUILD), SUSHI)
    project = BUILD / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(HERE / "fsh", project / "input" / "fsh")
    shutil.copy(HERE / "sushi-config.yaml", project)
    report = run("node_modules/.bin/sushi", "build", "--snapshot", str(project), HOME=str(BUILD / "home"))
    warnings = [line for line in report.splitlines() if line.startswith("warn") and TOOLS not in line]
    if " 0 Errors" not in report or warnings:
        raise SystemExit(report)
    compiled = HERE / "compiled"
    shutil.rmtree(compiled, ignore_errors=True)
    compiled.mkdir()
    for file in sorted((project / "fsh-generated" / "resources").glob("*.json")):
        content = without_mappings(json.loads(file.read_bytes()))
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (compiled / file.name).write_text(text + "\n", encoding="utf-8")
    made_by = f"{SUSHI}, {EXAMPLES} as hl7.fhir.r4.core, {', '.join(FURTHER)}"
    (compiled / "SOURCE.txt").write_text(f"sha256 {source_hash()}\nmade by {made_by}\n", encoding="utf-8")


if __name__ == "__main__":
    BUILD.mkdir(parents=True, exist_ok=True)
    print("R4 facts")
    make_facts()
    print("fields of HL7 v2")
    make_fields()
    print("profiles")
    make_profiles()
