"""The tables of the code systems: errors with their place, and the same content as the public definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.terms.terms import Terms
from tests.translate.terms.test_terms import FFB, KLE, terms

SYSTEMS = "table,name,title,url,also,version,date,owner,source,complete,displays,spelled"
GOOD = "a,A,A,urn:a,,1,2026-01-01,me,here,*,official,uuid"
CODES = "code,display,also,parent,valid_from,valid_to,same_as,note"
SETS = "url,also,name,title,table,choose,of,note"


def read(folder: Path, codes: str, systems: str = GOOD, sets: str = "") -> tuple[Terms, list[str]]:
    """What these lines become, and the errors in them."""
    tables = folder / "mappings" / "codes" / "terms"
    tables.mkdir(parents=True)
    (tables / "a.csv").write_text(f"{CODES}\n{codes}", "utf-8")
    (tables.parent.parent / "term-systems.csv").write_text(f"{SYSTEMS}\n{systems}\n", "utf-8")
    (tables.parent.parent / "term-sets.csv").write_text(f"{SETS}\n{sets}", "utf-8")
    problems = Problems()
    made = Terms.read(folder / "mappings", Codes({}), problems, folder / "none")
    return made, [str(one) for one in problems.found]


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ("1,One,,2,,,,\n", "mappings/codes/terms/a.csv:2: unknown parent 2"),
        ("one,One,,,,,,\ntwo,Two,,oen,,,,\n", "mappings/codes/terms/a.csv:3: unknown parent oen (did you mean one?)"),
        ("1,One,,1,,,,\n", "mappings/codes/terms/a.csv:2: 1 stands below itself"),
        ("1,One,,2,,,,\n2,Two,,1,,,,\n", "mappings/codes/terms/a.csv:3: 2 stands below itself"),
        ("1,One,,,,,,\n1,Uno,,,,,,\n", "mappings/codes/terms/a.csv:3: 1 stands here twice, first in line 2"),
        ("1,One,,,,,2,\n2,Two,,,,,,\n", "mappings/codes/terms/a.csv:3: 2 is a code of another concept, 1"),
        ("E1,One,,,,,,\ne1,Two,,,,,,\n", "mappings/codes/terms/a.csv:3: e1 cannot be told from E1 as people write it"),
        ("1,,,,,,,\n", "mappings/codes/terms/a.csv:2: display is empty"),
        ("1 2,One,,,,,,\n", "mappings/codes/terms/a.csv:2: a code has no blanks"),
        ("1,One,,,2026-02-30,,,\n", "mappings/codes/terms/a.csv:2: valid_from must be a day (2025-12-31)"),
        ("1,One,,,2026-02-01,2026-01-01,,\n", "mappings/codes/terms/a.csv:2: valid_to lies before valid_from"),
        ("1,One\n", "mappings/codes/terms/a.csv:2: has 2 columns instead of 8"),
        ('1,"One\n', "mappings/codes/terms/a.csv:2: is not CSV: unexpected end of data"),
    ],
)
def test_errors_of_a_table(tmp_path: Path, codes: str, told: str) -> None:
    assert told in read(tmp_path, codes)[1]


@pytest.mark.parametrize(
    ("systems", "sets", "told"),
    [
        (GOOD.replace("urn:a", "a"), "", "mappings/term-systems.csv:2: a url is missing or is none"),
        (GOOD.replace("official", "offical"), "", "unknown displays offical (did you mean official?)"),
        (GOOD.replace(",1,", ",,"), "", "mappings/term-systems.csv:2: version is empty"),
        (f"{GOOD}\n{GOOD}", "", "mappings/term-systems.csv:3: a stands here twice"),
        (f"{GOOD}\n{GOOD.replace('a,A', 'b,B')}", "", "mappings/term-systems.csv:3: urn:a is another system's already"),
        (GOOD.replace("a,A", "b,B"), "", "mappings/codes/terms/a.csv: mappings/term-systems.csv does not name"),
        (GOOD, "urn:s,,S,S,b,all,,\n", "mappings/term-sets.csv:2: unknown table b"),
        (GOOD, "urn:s,,S,S,a,leaves,9,\n", "mappings/term-sets.csv:2: unknown code 9"),
        (GOOD, "urn:s,,S,S,a,leafs,1,\n", "mappings/term-sets.csv:2: unknown choose leafs (did you mean leaves?)"),
        (GOOD, "urn:s,,S,S,a,below,,\n", "mappings/term-sets.csv:2: `of` names the codes"),
        (GOOD, "urn:s,,s s,S,a,all,,\n", "mappings/term-sets.csv:2: name must be one word"),
    ],
)  # fmt: skip
def test_errors_of_systems_and_sets(tmp_path: Path, systems: str, sets: str, told: str) -> None:
    found = read(tmp_path, "1,One,,,,,,\n", systems, sets)[1]
    assert [one for one in found if told in one], found


def test_a_code_may_change_its_meaning_with_the_day(tmp_path: Path) -> None:
    made, errors = read(tmp_path, "1,Old,,,,2025-12-31,,\n1,New,,,2026-01-01,,,\n")
    assert not errors
    system = made.named("urn:a")
    said = {on: made.lookup(system, "1", on).concept.display for on in ("2020-01-01", "2025-12-31", "2026-01-01", "")}
    assert said == {"2020-01-01": "Old", "2025-12-31": "Old", "2026-01-01": "New", "": "New"}
    assert system.codes == ("1",)


def test_sets_choose_by_place(tmp_path: Path) -> None:
    codes = "1,Top,,,,,,\n11,Mid,,1,,,,\n111,Low,,11,,,,\n12,Leaf,,1,,,,\n"
    sets = "urn:l,,L,L,a,leaves,1,\nurn:b,,B,B,a,below,11,\nurn:b,,B,B,a,these,12 1,\nurn:x,,X,X,a,all,,\n"
    made, errors = read(tmp_path, codes, sets=sets)
    assert not errors
    chosen = {one.about.url: list(one.members["urn:a"]) for one in made.sets.values()}
    assert chosen == {
        "urn:l": ["111", "12"],
        "urn:b": ["111", "12", "1"],
        "urn:x": ["1", "11", "111", "12"],
    }


def walked(concepts: list[dict[str, Any]], parent: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    for one in concepts:
        yield one, parent
        yield from walked(one.get("concept", []), one["code"])


@pytest.mark.parametrize("name", ["FFB", "FSIII", "CareSocialCodes"])
def test_every_concept_of_the_public_definition_is_here(examples: Path, name: str) -> None:
    file = examples / "municipal" / "terminology" / f"CodeSystem-{name}.json"
    definition = json.loads(file.read_bytes())
    system = terms().named(definition["url"], definition["version"])
    public = list(walked(definition["concept"]))
    assert sum(len(system.all_codes(system.concept(code))) for code in system.codes) == len(public)
    for one, parent in public:
        found = system.find(one["code"])
        assert found
        assert found.exact
        assert found.concept.display == one["display"]
        above = system.find(parent) if parent else None
        assert found.concept.parent == (above.concept.code if above else "")
        assert {d["value"] for d in one.get("designation", ())} <= set(found.concept.also)


def test_kle_is_the_public_list(examples: Path) -> None:
    public = json.loads((examples / "municipal" / "kle-15-27-29-32.json").read_bytes())["emner"]
    system = terms().named(KLE)
    assert set(system.codes) == {one["code"] for one in public}
    for one in public:
        concept = system.concept(one["code"])
        assert concept.display == one["title"]
        assert concept.retired_from == (f"{one['retiredFromYear']}-01-01" if one["retiredFromYear"] else "")


def test_municipalities_are_the_public_list(examples: Path) -> None:
    public = json.loads((examples / "municipal" / "municipalities.json").read_bytes())["municipalities"]
    system = terms().named("http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes")
    assert {code: system.concept(code).display for code in system.codes} == {
        one["municipalityCode"]: one["name"] for one in public
    }


def test_every_concept_whose_definition_cites_the_law_is_known(examples: Path) -> None:
    cited = json.loads((examples / "municipal" / "ffb-legal-references.json").read_bytes())["concepts"]
    system = terms().named(FFB)
    assert cited
    for one in cited:
        assert [c.display for c in system.above(one["code"])][::-1] == one["path"]
