import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.rules.loader import Items, Table, Text, parse, read
from gateway.translate.rules.problems import Problems


def parsed(text: str) -> tuple[Table | None, list[str]]:
    problems = Problems()
    return parse(text, "a.yaml", problems), [str(p) for p in problems.found]


def value(text: str) -> str:
    table, wrong = parsed(text)
    assert not wrong
    assert table is not None
    node = table.entries["x"]
    assert isinstance(node, Text)
    return node.value


@pytest.mark.parametrize(
    "text",
    [".1", "NO", "no", "yes", "on", "~", "null", "2.5", "0101", "1_000", "0x1F", "2025-01-01", "12:30:45", "1e3",
     ".inf", ".nan", "= text", "=", "<<", "PV1-2 IN [I, E]", "urn:oid:1.2.3", "join(.2, .3)"],
)  # fmt: skip
def test_every_scalar_stays_as_it_is_written(text: str) -> None:
    assert value(f"x: {text}") == text


def _plain(node: object) -> object:
    if isinstance(node, Table):
        return {k: _plain(v) for k, v in node.entries.items()}
    return [_plain(v) for v in node.items] if isinstance(node, Items) else getattr(node, "value", None)


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
_TREES = st.recursive(
    _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS.filter(bool), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_TEXTS.filter(bool), _TREES, min_size=1, max_size=4))
def test_what_yaml_writes_comes_back_as_text(tree: dict[str, object]) -> None:
    table, wrong = parsed(yaml.safe_dump(tree, allow_unicode=True))
    assert not wrong
    assert _plain(table) == tree


@given(st.text(max_size=60))
def test_any_text_gives_a_table_or_an_error(text: str) -> None:
    table, wrong = parsed(text)
    assert table is not None or wrong


def test_every_value_knows_its_line() -> None:
    table, _ = parsed("make: Patient\nrules:\n  name:\n    family: PID-5\n")
    assert table is not None
    rules = table.entries["rules"]
    assert isinstance(rules, Table)
    name = rules.entries["name"]
    assert isinstance(name, Table)
    assert str(name.marks["family"]) == "a.yaml:4"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("x: 1\ny: 2\nx: 3", "a.yaml:3: x stands here twice, first in line 1"),
        ("x: &a 1", "a.yaml:1: anchors and aliases are not allowed"),
        ("x: 1\ny: *x", "a.yaml:2: anchors and aliases are not allowed"),
        ("x: !!python/object:os.system 1", "a.yaml:1: tags are not allowed"),
        ("x: 1\n---\ny: 2", "a.yaml:2: holds more than one document"),
        ("- a", "a.yaml:1: must be a mapping (key: value)"),
        ("", "a.yaml:1: must be a mapping (key: value)"),
        ("? [a]\n: b", "a.yaml:1: a key must be text"),
        ("x: " + "[" * 90 + "]" * 90, "a.yaml:1: is nested too deep"),
    ],
)
def test_what_is_not_allowed_is_told_with_its_line(text: str, wrong: str) -> None:
    assert wrong in parsed(text)[1]


def test_broken_yaml_is_told_with_its_line() -> None:
    _, wrong = parsed("x: 1\ny: [1, 2")
    assert len(wrong) == 1
    assert wrong[0].startswith(("a.yaml:2: is not YAML: ", "a.yaml:3: is not YAML: "))


def test_a_billion_laughs_is_refused_before_anything_is_copied() -> None:
    text = 'a: &a ["lol","lol"]\n' + "".join(
        f"{n}: &{n} [*{p},*{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert parsed(text) == (None, ["a.yaml:1: anchors and aliases are not allowed"])


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "latin.yaml").write_bytes("x: å".encode("latin-1"))
    problems = Problems()
    assert read(folder / "latin.yaml", "latin.yaml", problems) is None
    assert read(folder / "none.yaml", "none.yaml", problems) is None
    assert [str(p) for p in problems.found] == [
        "latin.yaml: is not UTF-8",
        "none.yaml: cannot be read: No such file or directory",
    ]
