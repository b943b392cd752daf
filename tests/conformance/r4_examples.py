"""The official examples of R4 (npm hl7.fhir.r4.examples@4.0.1, by HL7, CC0-1.0): found or fetched, never kept here.

Looked for in the folder that GATEWAY_R4_EXAMPLES names, in what `make profiles` has fetched, and in the user's cache,
where npm puts it the first time. Where there is none of these and no npm, the tests say so and are skipped.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

PACKAGE = "hl7.fhir.r4.examples@4.0.1"
ARCHIVE = "hl7.fhir.r4.examples-4.0.1.tgz"
PROJECT = Path(__file__).parents[2]
_SECONDS = 120
_LARGEST = 1_000_000
"""Bytes: larger Bundles hold R4's own definitions."""
Json = dict[str, Any]


class Absent(Exception):
    """The examples are not here and cannot be fetched."""


@dataclass(frozen=True)
class Example:
    """One resource of the package: by itself, or an entry of a Bundle (`bundle-x.json#3`)."""

    name: str
    body: Json

    @property
    def kind(self) -> str:
        return str(self.body["resourceType"])


def archive() -> Path:
    """The package as npm packs it. Raises Absent."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "faellesplan"
    named = os.environ.get("GATEWAY_R4_EXAMPLES")
    for folder in [Path(named)] if named else [PROJECT / "build" / "profiles", cache]:
        if (folder / ARCHIVE).is_file():
            return folder / ARCHIVE
    npm = shutil.which("npm")
    if named or npm is None:
        raise Absent(f"the official R4 examples need npm, or a folder with {ARCHIVE} (GATEWAY_R4_EXAMPLES)")
    cache.mkdir(parents=True, exist_ok=True)
    try:
        command = [npm, "pack", "--silent", PACKAGE]
        subprocess.run(command, cwd=cache, check=True, timeout=_SECONDS, stdout=subprocess.DEVNULL)
    except (subprocess.SubprocessError, OSError):
        raise Absent(f"npm could not fetch {PACKAGE}") from None
    return cache / ARCHIVE


@functools.cache
def examples(kinds: frozenset[str]) -> tuple[Example, ...]:
    """Every example of these types, those inside Bundles too, each once. Numbers are Decimals. Raises Absent."""
    found: dict[str, Example] = {}
    with tarfile.open(archive()) as package:
        for member in package:
            name = member.name.rpartition("/")[2]
            if not name.endswith(".json") or name.partition("-")[0] not in {*kinds, "Bundle"} or member.size > _LARGEST:
                continue
            content = package.extractfile(member)
            assert content is not None
            body = json.loads(content.read(), parse_float=Decimal)
            for one in _inside(name, body):
                if one.kind in kinds:
                    found.setdefault(json.dumps(one.body, sort_keys=True, default=str), one)
    return tuple(found.values())


def _inside(name: str, body: Json) -> Iterator[Example]:
    if body.get("resourceType") != "Bundle":
        yield Example(name, body)
        return
    for number, entry in enumerate(body.get("entry", [])):
        if isinstance(entry.get("resource"), dict):
            yield from _inside(f"{name}#{number}", entry["resource"])


def about(body: Any, patient: str) -> Any:
    """The same with this citizen wherever a Patient is referred to."""
    if isinstance(body, list):
        return [about(one, patient) for one in body]
    if not isinstance(body, dict):
        return body
    made = {name: about(value, patient) for name, value in body.items()}
    if str(made.get("reference", "")).startswith("Patient/") or "/Patient/" in str(made.get("reference", "")):
        made["reference"] = f"Patient/{patient}"
    return made


def written(body: Json) -> str:
    """FHIR JSON with every digit as it was written."""
    return json.dumps(body, default=_digits).replace('"\\u0000', "").replace('\\u0000"', "")


def _digits(number: Decimal) -> str:
    return f"\0{number}\0"
