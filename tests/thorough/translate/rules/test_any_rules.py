"""Any rule file, however wrong, gives an error with its place or rules that run; nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate import r4
from gateway.translate.rules.codes import Codes, table
from gateway.translate.rules.problems import MappingError, Mark, Problem, Problems
from gateway.translate.rules.ruleset import RuleSet, compiled, load
from tests.translate.rules import toy
from tests.translate.rules.desk import CLASSES, SEX, write

PATHS = st.sampled_from(["PID-1", "PID-5", "PID-5.1", "PID-6", "PID-6.2", "PID-9", "ZXX-1"])
CALLS = st.sampled_from(
    ["join(= /, PID-6, PID-5)", "concat(PID-1, PID-5)", "first(PID-6.2, PID-5)", "upper(date(PID-5))", "upper(PID-6)"]
)
SOURCES = st.one_of(PATHS, PATHS, CALLS, st.sampled_from(["= a", "= male"]))
PARTS = SOURCES | st.sampled_from([".1", ".2", "upper(.2)"])
WHEN = st.sampled_from(
    ["PID-5 VALUED", "PID-6.2 EMPTY", "PID-6 NOT IN [a, b]", "NOT PID-5 EQUALS a", "date(PID-5) VALUED", "PID-1 VALUED"]
)
NONSENSE = st.sampled_from(["pid", "", ".1", "first(", "none(PID-1)", "= ", "x VALUED", "PID"])


def _long(wanted: dict[str, Any], **more: Any) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(wanted, optional={"when": WHEN, "for": st.sampled_from(["PID-5", "PID-6"])} | more)


def _maybe_several(rule: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(rule, rule, st.lists(rule, min_size=1, max_size=3))


FROM = PATHS | st.lists(PARTS, min_size=1, max_size=3)
TEXTS = _maybe_several(st.one_of(PARTS, _long({"from": FROM}, **{"with": st.just("upper")}), NONSENSE))
FIT = st.sampled_from(["drop", "refuse"])
DATES = _maybe_several(_long({"from": FROM, "with": st.sampled_from(["date", "boolean", "moment"])}, policy=FIT))
TIMES = _maybe_several(_long({"from": FROM, "with": st.sampled_from(["datetime", "date"])}, policy=FIT))
CODES_OF = _maybe_several(_long({"from": FROM, "map": st.just("sex"), "policy": FIT}))
CONCEPTS = _maybe_several(
    _long({"from": FROM, "map": st.just("class"), "policy": st.sampled_from(["keep", "drop", "refuse"])})
    | _long(
        {"rules": st.fixed_dictionaries({}, optional={"text": TEXTS, "coding.code": TEXTS, "coding.system": TEXTS})}
    )
)
PERIOD = {
    "period.start": TIMES,
    "period.end": TIMES,
    "period": _long({"rules": st.fixed_dictionaries({"start": TIMES})}),
}
NAMES = _maybe_several(
    _long(
        {
            "rules": st.fixed_dictionaries(
                {}, optional={"family": TEXTS, "given": TEXTS, "use": st.just("= usual")} | PERIOD
            )
        }
    )
)
RULES: dict[str, Any] = {
    "id": TEXTS, "language": TEXTS, "name": NAMES, "gender": CODES_OF, "birthDate": DATES, "deceasedDateTime": TIMES,
    "deceasedBoolean": _maybe_several(_long({"from": FROM, "with": st.just("boolean")})), "maritalStatus": CONCEPTS,
    "contact.name": NAMES, "contact.name.family": TEXTS, "contact.relationship": CONCEPTS, "contact.gender": CODES_OF,
    "meta.tag.code": TEXTS, "active": st.just("= true"), "nothing": TEXTS, "extension": TEXTS,
}  # fmt: skip
FILE = st.fixed_dictionaries(
    {"make": st.just("Patient"), "key": st.sampled_from(["PID-1", "concat(PID-1, = x)", ".1"])},
    optional={
        "for": st.sampled_from(["PID", "PID-5"]),
        "when": WHEN | NONSENSE,
        "happened": PATHS,
        "aliases": SOURCES,
        "rules": st.fixed_dictionaries({}, optional=RULES),
        "skip": st.dictionaries(PATHS, st.just("why"), max_size=2),
    },
)
TEXT = st.sampled_from(["", "a", "male", "M", "I", "2025-03-14", "2025-03-14T09:15", "Y", "12345678", '""', "x y"])
MESSAGE = st.lists(st.lists(st.lists(TEXT, min_size=1, max_size=2), min_size=1, max_size=2), min_size=1, max_size=9)


CODES = Codes({n: table(n, Mark(n, 0), text, Problems()) for n, text in (("sex", SEX), ("class", CLASSES))})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


@settings(max_examples=15)  # 2,500 take a minute and a half and found nothing
@given(FILE, MESSAGE)
def test_an_error_with_its_place_or_rules_that_run(folder: Path, tree: Any, fields: list[list[list[str]]]) -> None:
    told = _wrong(folder, tree)
    assert all(problem.mark.line for problem in told)
    good = {target: rule for target, rule in tree.pop("rules", {}).items() if not _wrong(folder, _alone(target, rule))}
    tree = tree if not _wrong(folder, tree) else {"make": "Patient", "key": "PID-1"}
    rule_set = _load(folder, tree | ({"rules": good} if good else {}))
    if rule_set is None:
        return  # good alone and not together: an element made twice
    message = toy.parse("|".join(["PID", "1", *("~".join("^".join(r) for r in f) for f in fields)]))
    plain, refused = _outcome(lambda: rule_set.run(message, toy.env()))
    traced, refused_too = _outcome(lambda: rule_set.trace(message, toy.env()))
    assert type(refused) is type(refused_too)
    if refused is not None:
        assert refused.where
        return
    assert traced[0] == plain
    assert all(_full(made.body) for made in plain if made.body)
    assert traced[1].rows or not any(made.body for made in plain)


def _alone(target: str, rule: Any) -> dict[str, Any]:
    return {"make": "Patient", "key": "PID-1", "for": "PID", "rules": {target: rule}}


def _load(folder: Path, tree: dict[str, Any]) -> RuleSet | None:
    text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
    try:
        return load(write(folder, {"toy/one.yaml": text}), toy.Toy(), CODES).of("")
    except MappingError:
        return None


def _wrong(folder: Path, tree: dict[str, Any]) -> tuple[Problem, ...]:
    text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
    problems = Problems()
    compiled(write(folder, {"toy/one.yaml": text}), toy.Toy(), CODES, r4.facts(), problems)
    return tuple(problems.found)


def _outcome(run: Callable[[], Any]) -> tuple[Any, GatewayError | None]:
    try:
        return run(), None
    except GatewayError as error:
        return None, error


def _full(value: Any) -> bool:
    """Whether nothing empty is in it."""
    if isinstance(value, dict):
        return bool(value) and all(map(_full, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(_full, value))
    return value is not None and value != ""
