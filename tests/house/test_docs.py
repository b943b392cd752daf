"""The pages are complete: what a reader can do is named where a reader looks."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from gateway.inbound.doors import DOORS
from gateway.settings import Settings
from tests.house.tree import ROOT, below, files, functions, text

PAGES = [f for f in files() if f.suffix == ".md"]


def readme() -> str:
    return text(Path("README.md"))


def targets() -> list[str]:
    return re.findall(r"^([a-z]+):.*## ", text(Path("Makefile")), flags=re.MULTILINE)


def settings() -> set[str]:
    return {f"GATEWAY_{field.name.upper()}" for field in dataclasses.fields(Settings)}


def spelled(*pages: str) -> set[str]:
    words = "\n".join(text(Path(page)) for page in pages)
    return set(re.findall(r"\bGATEWAY_[A-Z0-9_]*[A-Z0-9]\b", words))


def commands() -> list[str]:
    found = []
    for file in below("gateway", suffix=".py"):
        if file.parent == Path("gateway/cli") and {"arguments", "run"} <= {f.name for f in functions(file)}:
            found.append(file.stem.replace("_", "-"))
    return sorted(found)


def test_readme_names_every_make_target() -> None:
    assert len(targets()) >= 10
    assert not [t for t in targets() if f"make {t}" not in readme()]


def test_makefile_describes_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", text(Path("Makefile")), flags=re.MULTILINE)
    assert phony
    assert sorted(phony.group(1).split()) == sorted(targets())


def test_readme_names_every_setting_and_none_that_is_gone() -> None:
    only_tests = spelled("tests/conftest.py") - settings()
    assert settings()
    assert not sorted(settings() - spelled("README.md"))
    assert not sorted(spelled("README.md") - settings() - only_tests)


def test_the_container_and_the_source_name_no_setting_that_is_gone() -> None:
    source = [str(f) for f in below("gateway", suffix=".py") if f.name != "settings.py"]
    assert not sorted(spelled("compose.yaml", "Dockerfile", "Makefile", *source) - settings())


def test_readme_names_every_command() -> None:
    assert {"demo", "serve", "check", "translate", "explain", "verify-log"} <= set(commands())
    assert not [c for c in commands() if f"gateway {c}" not in readme()]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "docs/glossary.md"])
def test_the_pages_are_there(page: str) -> None:
    assert text(Path(page)).strip()


def test_every_link_between_pages_leads_somewhere() -> None:
    dead = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", text(page)):
            if "://" not in target and not target.startswith("mailto:"):
                there = (ROOT / page.parent / target).exists()
                dead += [] if there else [f"{page}: {target}"]
    assert not dead


def test_every_file_that_a_page_names_is_there() -> None:
    rooms = ("gateway", "tests", "mappings", "profiles", "fixtures", "docs", "deploy")
    dead = []
    for page in PAGES:
        if page.name == "CHANGELOG.md":
            continue  # it tells of files that are gone
        for name in re.findall(rf"`((?:{'|'.join(rooms)})/[\w./-]+\.\w+)`", text(page)):
            dead += [] if (ROOT / name).exists() else [f"{page}: {name}"]
    assert not dead


def test_readme_leads_to_every_page() -> None:
    pages = [str(f) for f in below("docs") if f.suffix == ".md" and f.parent == Path("docs")]
    assert len(pages) > 10
    assert not [page for page in pages if f"]({page})" not in readme()]


def test_every_page_says_whom_it_is_for() -> None:
    pages = [f for f in below("docs") if f.suffix == ".md" and f.parent == Path("docs") and f.stem != "glossary"]
    assert not [f for f in pages if not re.match(r"# .+\n\n\*(?:For|Til) .+\*\n\n", text(f))]


def test_readme_names_every_door() -> None:
    """By its path; operations on one definition by those on all, the pages of the console by the console."""
    section = readme().partition("## The doors")[2].partition("## Settings")[0]
    spans = {span.split()[-1].partition("?")[0] for span in re.findall(r"`([^`]+)`", section)}
    named = {shape(span) for span in spans if span.startswith("/")}
    unnamed = []
    for door in DOORS:
        path = shape(re.sub("^/console/.*", "/console", door.path))
        kinds = {path.replace("/fhir/{}", f"/fhir/{kind}", 1) for kind in door.kinds}
        unnamed += [] if {path, path.replace("/{}/$", "/$"), *kinds} & named else [f"{door.method} {path}"]
    assert not unnamed


def shape(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


def test_decisions_are_listed_once_each_by_their_number() -> None:
    listed = re.findall(
        r"^\| (\d+) \| \[.+\]\((\d{4})-[\w-]+\.md\) \|$", text(Path("docs/decisions/README.md")), re.MULTILINE
    )
    numbers = sorted(f.name[:4] for f in below("docs") if f.parent.name == "decisions" and f.name != "README.md")
    assert [number for _, number in listed] == numbers == sorted(set(numbers))
    assert [f"{int(place):04}" for place, _ in listed] == numbers


def test_every_page_that_is_named_in_code_or_rules_is_there() -> None:
    gone = []
    for file in [*below("gateway", "tests", suffix=".py"), *below("mappings", suffix=".yaml")]:
        for name in re.findall(r"(?<![\w/{}*])[\w/-]+\.md\b", text(file)):
            there = [ROOT / folder / name for folder in ("", "docs", "docs/decisions")]
            gone += [] if any(one.exists() for one in there) else [f"{file}: {name}"]
    assert not gone


def test_every_decision_names_what_enforces_it() -> None:
    decisions = [f for f in below("docs") if f.parent.name == "decisions" and f.suffix == ".md"]
    assert decisions
    idle = []
    for page in decisions:
        proofs = re.findall(r"tests/[\w/]+\.py|pyproject\.toml", text(page))
        idle += [] if any((ROOT / proof).exists() for proof in proofs) else [str(page)]
    assert not idle


def test_the_glossary_is_the_glossary() -> None:
    glossary = text(Path("docs/glossary.md"))
    for word in ("statement", "stay", "joint plan", "intervention", "care team", "coordinator", "override", "look-up"):
        assert word in glossary
    first = glossary.partition("\n\n## ")[0].partition("\n\nVerbs")
    rows = [line.strip("|").split(" | ") for line in first[0].splitlines() if line.startswith("|")][2:]
    assert "\n|" not in first[2], "a row stands behind its table"
    assert {len(row) for row in rows} == {5}
    words = [row[1].strip() for row in rows]
    assert sorted(set(words)) == sorted(words), "one word per idea"
