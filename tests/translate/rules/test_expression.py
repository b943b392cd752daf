import pytest

from gateway.translate.rules.expression import CallText, LiteralText, PathText, conditions, expression
from gateway.translate.rules.problems import Mark, Problems

HERE = Mark("a.yaml", 3)


def read(text: str) -> object:
    problems = Problems()
    found = expression(text, HERE, problems)
    assert not problems.found
    return found


def test_a_path_a_literal_and_a_call() -> None:
    assert read(" PID-3.4.2 ") == PathText("PID-3.4.2", HERE)
    assert read("= http://example.org/a b") == LiteralText("http://example.org/a b", HERE)
    assert read("=") == LiteralText("", HERE)
    assert read('join(= ", ", .2, first(.3, .4))') == CallText(
        "join",
        (
            LiteralText(", ", HERE),
            PathText(".2", HERE),
            CallText("first", (PathText(".3", HERE), PathText(".4", HERE)), HERE),
        ),
        HERE,
    )


def test_paths_of_other_languages_are_left_alone() -> None:
    for text in (".identifier[system=urn:oid:1.2,3].value", "Encounter.extension[http://a/b(c)].valuePeriod", "a/b/@c"):
        assert read(text) == PathText(text, HERE)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "a path, a call or a literal (= text) is missing"),
        ("join(.1, )", "a path, a call or a literal (= text) is missing"),
        ("join(.1", "join(.1 has no closing bracket (inside {…} and […] quote the call)"),
    ],
)
def test_what_is_no_expression_is_told(text: str, wrong: str) -> None:
    problems = Problems()
    assert expression(text, HERE, problems) is None
    assert str(problems.found[0]) == f"a.yaml:3: {wrong}"


def test_conditions() -> None:
    problems = Problems()
    found = conditions(
        'PV1-2 IN [I, "E, F"] AND NOT .1 VALUED AND .2 NOT EQUALS Ø AND up(.3) EQUALS AND', HERE, problems
    )
    assert not problems.found
    assert [(t.word, t.values, t.negated) for t in found] == [
        ("IN", ("I", "E, F"), False),
        ("VALUED", (), True),
        ("EQUALS", ("Ø",), True),
        ("EQUALS", ("AND",), False),
    ]
    assert found[3].subject == CallText("up", (PathText(".3", HERE),), HERE)


def test_not_twice_is_no_not() -> None:
    assert conditions("NOT .1 NOT EMPTY", HERE, Problems())[0].negated is False


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("PV1-2", "PV1-2 is no condition: write <path> VALUED, EMPTY, EQUALS text or IN [a, b]"),
        ("PV1-2 = I", "PV1-2 = I is no condition: write <path> VALUED, EMPTY, EQUALS text or IN [a, b]"),
        ("PV1-2 VALUED OR .1 VALUED", "PV1-2 VALUED OR .1 VALUED: EQUALS needs a text, VALUED and EMPTY take none"),
        (".1 EQUALS", ".1 EQUALS: EQUALS needs a text, VALUED and EMPTY take none"),
        (".1 IN a", ".1 IN a: IN needs a list, [a, b]"),
        (".1 IN []", ".1 IN []: IN needs a list, [a, b]"),
        (".1 VALUED AND ", "nothing is no condition: write <path> VALUED, EMPTY, EQUALS text or IN [a, b]"),
    ],
)
def test_what_is_no_condition_is_told(text: str, wrong: str) -> None:
    problems = Problems()
    conditions(text, HERE, problems)
    assert str(problems.found[0]) == f"a.yaml:3: {wrong}"
