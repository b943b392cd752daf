"""The walk: how it is written, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.identifier import CVR, Identifier
from gateway.domain.source import Source
from gateway.translate.rules.problems import Problems
from gateway.translate.vendor import Vendor
from gateway.translate.vendor.walk import at, deep, filled, read, started

GOOD = """\
name: walk
walk:
  citizen: {link: search, post: {key: "{asked}"}}
  tree: {of: citizen, link: tree, keep: no}
  grants: {of: tree, deep: children, only: {type: grant}, link: self, optional: yes}
leave-out: [_links]
"""


def wrong(tmp_path: Path, text: str) -> list[str]:
    folder = tmp_path / "mappings" / "toy"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "toy.yaml").write_text(text, "utf-8")
    problems = Problems()
    read(folder, problems)
    return [str(one) for one in problems.found]


def test_a_walk_as_it_should_be(tmp_path: Path) -> None:
    assert wrong(tmp_path, GOOD) == []
    walk = read(tmp_path / "mappings" / "toy", Problems())[""]
    assert walk.names == {"citizen", "grants"}
    assert walk.leave_out == {"_links"}


def test_an_overlay_replaces_steps_and_keeps_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "mappings" / "toy" / "odense"
    folder.mkdir(parents=True)
    (folder / "changes.yaml").write_text("walk:\n  tree: {of: citizen, link: forest}\n  more: {of: tree, link: x}\n")
    assert wrong(tmp_path, GOOD) == []
    plain, odense = read(tmp_path / "mappings" / "toy", Problems()).values()
    assert [step.name for step in odense.steps] == ["citizen", "tree", "grants", "more"]
    assert [one.steps[1].link for one in (plain, odense)] == ["tree", "forest"]
    assert odense.names == {"citizen", "tree", "grants", "more"}
    assert odense.leave_out == {"_links"}
    (folder / "changes.yaml").write_text("walk:\n  tree: {of: citzen, link: forest}\n")
    assert wrong(tmp_path, GOOD) == ["mappings/toy/odense/changes.yaml:2: unknown step citzen (did you mean citizen?)"]


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("of: tree", "of: tre").replace("keep: no", "keep: perhaps").replace("link: self, ", "")
    assert wrong(tmp_path, text + "leave: x\n") == [
        "mappings/toy/toy.yaml:7: unknown key leave (did you mean leave-out?)",
        "mappings/toy/toy.yaml:4: keep must be yes or no",
        "mappings/toy/toy.yaml:5: unknown step tre (did you mean tree?)",
        "mappings/toy/toy.yaml:5: grants needs either a link or a get",
    ]
    assert wrong(tmp_path, "make: Patient\n") == ["mappings/toy: there is no walk: what is fetched of a citizen"]
    for path in ("/etc", "https://elsewhere/", "../up"):
        assert wrong(tmp_path, f"walk:\n  a: {{get: '{path}'}}\n") == [
            "mappings/toy/toy.yaml:2: a: get is a path below the root URL"
        ]


def test_actions_on_letters_are_checked(tmp_path: Path) -> None:
    letters = (
        "walk:\n  a: {link: x, letters: {raw: raw, accept: {link: y, method: delete}, place: {among: z}, shred: {}}}\n"
    )
    assert wrong(tmp_path, letters) == [
        "mappings/toy/toy.yaml:2: unknown key shred",
        "mappings/toy/toy.yaml:2: unknown method delete",
        "mappings/toy/toy.yaml:2: place needs a link",
    ]


def test_a_path_of_the_rules_begins_at_a_step(nexus: Vendor, momentum: Vendor) -> None:
    plain = Source("x", "X", "municipality", Identifier(CVR, "64942212"), "nexus", ("x",))
    assert nexus.walk_of(plain).names == {"citizen", "grants", "conditions"}
    assert momentum.walk_of(plain).names == {"citizen", "markings", "tasks", "notes", "caseworkers", "plans"}


def test_where_a_step_starts(tmp_path: Path) -> None:
    walk = read_good(tmp_path)
    step = next(one for one in walk.steps if one.name == "grants")
    leaf = {"type": "grant", "id": 3}
    tree = {"type": "path", "children": [{"type": "path", "children": [leaf]}, "odd", {"type": "grant"}]}
    assert list(started(step, tree)) == [{"type": "grant"}, leaf]
    assert at([{"a": {"b": [1, 2]}}, 5, {"a": [{"b": 3}]}], ("a", "b")) == [1, 2, 3]
    assert list(deep([1, {"c": [2]}], "c")) == [1, {"c": [2]}, 2]


def read_good(tmp_path: Path):  # type: ignore[no-untyped-def]
    wrong(tmp_path, GOOD)
    return read(tmp_path / "mappings" / "toy", Problems())[""]


def test_what_is_missing_fills_nothing() -> None:
    assert filled("x/{id}?n={asked}", "7", {"id": 5}) == "x/5?n=7"
    assert filled("x/{id}", "7", {"id": ""}) is None
    assert filled("x/{a.b}", "7", {"a": [{"b": "c"}]}) == "x/c"
    assert filled("x/{id}", "7", {"id": {"no": "text"}}) is None
