"""What compiled rules make: objects, lists, literals, choices, conditions, keys, deletions."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.statement import Act, Verb
from gateway.errors import MissingField, WrongType
from gateway.translate.rules.reader import Env, Function
from gateway.translate.rules.reader import Path as ToyPath
from gateway.translate.rules.ruleset import RuleSet, load
from tests.translate.rules import toy
from tests.translate.rules.desk import HEADER, body, book, run, write

NAME = """
name:
  for: PID-5
  rules: {family: .1, given: [.2, .3], use: = official}
"""


def test_one_object_per_repetition_and_none_for_empty_ones(tmp_path: Path) -> None:
    assert body(tmp_path, NAME, "PID|1||||Ørsted^Åse^Bo~^^~~Kjær") == {
        "name": [
            {"family": "Ørsted", "given": ["Åse", "Bo"], "use": "official"},
            {"family": "Kjær", "use": "official"},
        ]
    }


def test_nothing_but_literals_is_no_object(tmp_path: Path) -> None:
    assert body(tmp_path, NAME, "PID|1||||^^^X") == {}
    rules = "maritalStatus.coding.system: = http://a\nmaritalStatus.coding.code: PID-5"
    assert body(tmp_path, rules, "PID|1") == {}
    assert body(tmp_path, rules, "PID|1||||x") == {"maritalStatus": {"coding": [{"code": "x", "system": "http://a"}]}}


def test_an_object_of_literals_alone_is_made(tmp_path: Path) -> None:
    rules = "meta.tag.system: = http://a\nmeta.tag.code: = b\nactive: = true\nmultipleBirthInteger: = 2"
    assert body(tmp_path, rules, "PID|1") == {
        "meta": {"tag": [{"system": "http://a", "code": "b"}]}, "active": True, "multipleBirthInteger": 2,
    }  # fmt: skip


def test_a_constant_object_fills_no_object_around_it(tmp_path: Path) -> None:
    rules = """
identifier:
  rules:
    type.coding.code: = VN
    value: PID-5
"""
    assert body(tmp_path, rules, "PID|1") == {}
    assert body(tmp_path, rules, "PID|1||||7") == {"identifier": [{"value": "7", "type": {"coding": [{"code": "VN"}]}}]}


def test_a_rule_for_each_item_with_a_condition_and_a_literal(tmp_path: Path) -> None:
    rules = """
extension:
  for: PID-5
  when: .2 EQUALS Y
  rules: {url: = http://a, valueBoolean: = true}
"""
    assert body(tmp_path, rules, "PID|1||||a^Y~b^N") == {"extension": [{"url": "http://a", "valueBoolean": True}]}


def test_a_list_takes_all_and_a_single_element_the_first(tmp_path: Path) -> None:
    message = "PID|1||||~a^x~b|c"
    assert body(tmp_path, "name.given: [PID-5, PID-6, PID-9]", message) == {"name": [{"given": ["a", "b", "c"]}]}
    assert body(tmp_path, "name.given: {from: [PID-6, PID-5]}", message) == {"name": [{"given": ["c", "a", "b"]}]}
    assert body(tmp_path, "id: [PID-9, PID-5.2, PID-5]", message) == {"id": "x"}
    assert body(tmp_path, "id: {from: [PID-9, PID-5]}", message) == {"id": "a"}


def test_a_list_of_rules_keeps_its_order(tmp_path: Path) -> None:
    rules = """
identifier:
  - {for: PID-5, rules: {value: .1}}
  - rules: {value: = fixed}
  - {for: PID-3, when: .2 NOT EQUALS X, rules: {value: .1, system: = http://a}}
"""
    assert body(tmp_path, rules, "PID|1||c^X~d||a~b") == {
        "identifier": [{"value": "a"}, {"value": "b"}, {"value": "fixed"}, {"value": "d", "system": "http://a"}]
    }


def test_for_into_a_single_element_takes_the_first_item_that_gives_something(tmp_path: Path) -> None:
    rules = """
maritalStatus:
  for: PID-5
  when: .2 VALUED
  rules: {text: .1}
"""
    assert body(tmp_path, rules, "PID|1||||a~^y~b^x~c^z") == {"maritalStatus": {"text": "b"}}
    assert body(tmp_path, "id: {for: PID-5, from: .2}", "PID|1||||a~b^x~c^z") == {"id": "x"}


def test_values_for_each_item_into_a_list(tmp_path: Path) -> None:
    rules = "name.given: {for: PID-5, when: .2 EMPTY, from: .1, with: upper}"
    assert body(tmp_path, rules, "PID|1||||a~b^x~c") == {"name": [{"given": ["A", "C"]}]}


def test_a_literal_behind_sources_is_the_default(tmp_path: Path) -> None:
    rules = "gender: [{from: PID-5, map: sex, policy: drop}, = unknown]"
    assert body(tmp_path, rules, "PID|1||||M") == {"gender": "male"}
    assert body(tmp_path, rules, "PID|1") == {"gender": "unknown"}
    assert body(tmp_path, "name.text: {from: [PID-5, = nobody]}", "PID|1") == {}
    assert body(tmp_path, "id: {from: [PID-5, = nobody]}", "PID|1") == {"id": "nobody"}
    with_default = "contact:\n  rules: {name.text: PID-5, gender: {from: [PID-6, = other], with: gender}}"
    assert body(tmp_path, with_default, "PID|1") == {}
    assert body(tmp_path, with_default, "PID|1||||x") == {"contact": [{"name": {"text": "x"}, "gender": "other"}]}


def test_of_a_choice_the_first_that_gives_something_wins(tmp_path: Path) -> None:
    rules = "deceasedDateTime: {from: PID-5, with: datetime}\ndeceasedBoolean: {from: PID-6, with: boolean}"
    assert body(tmp_path, rules, "PID|1||||2025-03-14|Y") == {"deceasedDateTime": "2025-03-14"}
    assert body(tmp_path, rules, "PID|1|||||N") == {"deceasedBoolean": False}
    default = "deceasedBoolean: = false\ndeceasedDateTime: {from: PID-5, with: datetime}"
    assert body(tmp_path, default, "PID|1||||2025-03-14") == {"deceasedDateTime": "2025-03-14"}
    assert body(tmp_path, default, "PID|1") == {"deceasedBoolean": False}


@pytest.mark.parametrize(
    ("when", "made"),
    [
        ("PID-5 VALUED", True), ("PID-5 EMPTY", False), ("PID-6 EMPTY", True), ("PID-6 NOT VALUED", True),
        ("NOT PID-6 VALUED", True), ("PID-7 VALUED", True), ("PID-7.1 VALUED", False), ("PID-8 VALUED", False),
        ("PID-5 EQUALS a", True), ("PID-5 EQUALS b", False), ("PID-5 NOT EQUALS b", True), ("PID-6 EQUALS b", False),
        ("PID-5 IN [b, a]", True), ("PID-5 NOT IN [b, c]", True), ("PID-5 IN [b, c] AND PID-5 VALUED", False),
        ("PID-5 IN [a] AND PID-6 EMPTY AND PID-7 VALUED", True), ("upper(PID-5) EQUALS A", True),
        ("upper(PID-6) VALUED", False), ("date(PID-5) VALUED", False), ("date(PID-5) EMPTY", True),
    ],
)  # fmt: skip
def test_when(tmp_path: Path, when: str, made: bool) -> None:
    message = "PID|1||||a||^x|^~"
    assert body(tmp_path, f"id: {{from: PID-1, when: '{when}'}}", message) == ({"id": "1"} if made else {})
    assert bool(run(tmp_path, f"make: Patient\nkey: PID-1\nwhen: {when}\n", message)) is made


def test_when_of_a_file_is_asked_for_each_of_its_nodes(tmp_path: Path) -> None:
    rules = "make: Condition\nfor: DXX\nwhen: DXX-2 EQUALS Y\nkey: concat(PID-1, = /, DXX-1)\nrules:\n  id: DXX-1\n"
    made = run(tmp_path, rules, "PID|p\nDXX|1|Y\nDXX|2|N\nDXX|3|Y")
    assert [(one.kind, one.key, one.body, one.name) for one in made] == [
        ("Condition", "p/1", {"id": "1"}, "one"),
        ("Condition", "p/3", {"id": "3"}, "one"),
    ]
    assert made[0].node == toy.parse("DXX|1|Y")[0][1]


def test_what_a_statement_needs(tmp_path: Path) -> None:
    verbs = HEADER + ",D,,withdraw,,,,\n,U,,correct,,,,\n"
    rules = """make: Patient
key: {from: [PID-9, PID-1]}
aliases: [PID-5, PID-6]
act: member
verb: {from: PID-2, map: verb, policy: drop}
happened: [PID-9, PID-7, PID-8]
recorded: PID-8
"""
    files = {"toy/one.yaml": rules, "codes/verb.csv": verbs}
    one = book(tmp_path, files).of("").run(toy.parse("PID|1|D|||a~b|c||2025-03-14T09:15"), toy.env())[0]
    moment = datetime(2025, 3, 14, 8, 15, tzinfo=UTC)
    assert (one.key, one.aliases, one.act, one.verb) == ("1", ("a", "b", "c"), Act.MEMBER, Verb.WITHDRAW)
    assert (one.happened, one.recorded) == (moment, moment)
    other = book(tmp_path, files).of("").run(toy.parse("PID|1|Z"), toy.env())[0]
    assert (other.act, other.verb, other.happened) == (Act.MEMBER, None, None)


def test_without_a_key_nothing_is_made_and_it_is_told(tmp_path: Path) -> None:
    env = toy.env()
    assert run(tmp_path, "make: Patient\nkey: PID-1\n", "PID||x", env) == []
    assert [(f.where, f.text, f.rule) for f in env.findings] == [
        ("PID-1", "has no number that names it; left out", "mappings/toy/one.yaml:2")
    ]
    with pytest.raises(MissingField, match="at PID-1"):
        run(tmp_path, "make: Patient\nkey: {from: PID-1, policy: refuse}\n", "PID||x")


def test_what_a_function_cannot_read_is_dropped_or_refused_and_never_repeated(tmp_path: Path) -> None:
    env = toy.env()
    assert body(tmp_path, "birthDate: {from: PID-5, with: date}", "PID|1||||14.3.48", env=env) == {}
    assert [(f.where, f.text) for f in env.findings] == [("PID-5", "is not a date; Patient.birthDate left out")]
    with pytest.raises(WrongType) as caught:
        body(tmp_path, "birthDate: {from: PID-5, with: date, policy: refuse}", "PID|1||||14.3.48")
    assert caught.value.where == "PID-5"
    assert "mappings/toy/one.yaml:4" in caught.value.told()
    assert "14.3" not in caught.value.told()


def test_calls(tmp_path: Path) -> None:
    env = toy.env()
    message = "PID|1||||a|b|2512489996"
    rules = "name.text: join(= ', ', PID-5, PID-9, upper(PID-6))"
    assert body(tmp_path, rules, message) == {"name": [{"text": "a, B"}]}
    assert body(tmp_path, "id: concat(PID-5, PID-9)", message) == {}
    assert body(tmp_path, "id: concat(PID-9, PID-5)", message) == {}
    assert body(tmp_path, "id: first(PID-9, upper(PID-5))", message) == {"id": "A"}
    rules = "managingOrganization: reference(= Organization, own(= Organization, PID-5))"
    wanted = f"Organization/{env.ids('Organization', 'test-sender|Organization|a')}"
    assert body(tmp_path, rules, message) == {"managingOrganization": {"reference": wanted}}
    assert body(tmp_path, rules.replace("PID-5", "PID-9"), message) == {}


def test_a_language_may_have_functions_of_its_own(tmp_path: Path) -> None:
    def split(env: Env, text: str) -> list[str]:
        return text.split("/")

    def whole(env: Env, node: list[str]) -> dict[str, str] | None:
        return {"text": "+".join(node)} if len(node) > 1 else None

    functions = {
        "split": Function(split, gives="string*"),
        "whole": Function(whole, takes="node", gives="CodeableConcept"),
        "count": Function(lambda env, texts: len(texts), takes="values", gives="integer"),
        "keys": Function(split, gives="key*"),
    }
    rules = """make: Patient
key: PID-1
aliases: keys(PID-5)
rules:
  name:
    - rules: {given: {from: PID-5, with: split}}
    - rules: {given: split(PID-5)}
  maritalStatus: {from: PID-7, with: whole}
  communication:
    for: PID-6
    rules: {language: whole(PID-7)}
  multipleBirthInteger: {from: PID-6, with: count}
"""
    made = (
        book(tmp_path, {"toy/one.yaml": rules}, functions).of("").run(toy.parse("PID|1||||a/b|x~y|y^z"), toy.env())[0]
    )
    assert made.aliases == ("a", "b")
    assert made.body == {
        "name": [{"given": ["a", "b"]}, {"given": ["a", "b"]}],
        "maritalStatus": {"text": "y+z"},
        "communication": [{"language": {"text": "y+z"}}, {"language": {"text": "y+z"}}],
        "multipleBirthInteger": 2,
    }
    assert book(tmp_path, {"toy/one.yaml": rules}, functions).of("").run(toy.parse("PID|1"), toy.env())[0].body == {}


def test_deleted_fields_clear_the_elements_they_would_have_made(tmp_path: Path) -> None:
    rules = """make: Patient
for: PID
key: PID-1
rules:
  name:
    for: PID-5
    rules: {family: .1, use: = official}
  birthDate: {from: PID-7, with: date}
  gender: {from: PID-8, map: sex, policy: drop}
  maritalStatus.text: [PID-9, PID-10]
  active: = true
"""
    deleted = run(tmp_path, rules, 'PID|1||||""||""||""|x')[0]
    assert deleted.body == {"maritalStatus": {"text": "x"}, "active": True}
    assert deleted.cleared == ("name", "birthDate")
    assert run(tmp_path, rules, "PID|1||||||||x")[0].cleared == ()


def test_every_run_makes_new_objects(tmp_path: Path) -> None:
    rules = (
        "make: Encounter\nkey: PID-1\nrules:\n  class: {from: PID-5, map: class, policy: keep}\n  meta.tag.code: = a\n"
    )
    rule_set = book(tmp_path, {"toy/one.yaml": rules}).of("")
    message = toy.parse("PID|1||||I")
    first = rule_set.run(message, toy.env())[0].body
    first["class"]["code"] = "changed"
    first["meta"]["tag"][0]["code"] = "changed"
    again = rule_set.run(message, toy.env())[0].body
    assert again == {
        "class": {"system": "http://example.org/class", "code": "IMP", "display": "inpatient"},
        "meta": {"tag": [{"code": "a"}]},
    }


def test_only_the_files_that_an_event_names_are_run(tmp_path: Path) -> None:
    one = "make: Patient\nkey: PID-1\n"
    rule_set = book(tmp_path, {"toy/a.yaml": one, "toy/b.yaml": one, "toy/c.yaml": "skip:\n  PID-9: no\n"}).of("")
    message = toy.parse("PID|1")
    assert rule_set.names == {"a", "b"}
    assert [one.name for one in rule_set.run(message, toy.env())] == ["a", "b"]
    assert [one.name for one in rule_set.run(message, toy.env(), ("b",))] == ["b"]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    rules = "make: Patient\nkey: PID-1\nrules:\n  name: {for: PID-5, rules: {family: .1}}\n"
    return book(tmp_path_factory.mktemp("rules"), {"toy/one.yaml": rules}).of("")


_FIELD = st.text(st.characters(exclude_characters="|~^\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=6)


@given(st.lists(_FIELD, max_size=8))
def test_any_value_passes_unchanged_and_nothing_empty_is_made(names: RuleSet, texts: list[str]) -> None:
    message = toy.parse("PID|1||||" + "~".join(t.strip() and t for t in texts) + "|end")
    made = names.run(message, toy.env())[0].body
    kept = [t for t in texts if t.strip() and t != toy.NULL]
    assert made == ({"name": [{"family": t} for t in kept]} if kept else {})


def test_a_text_of_a_rule_file_is_never_code(tmp_path: Path) -> None:
    text = "x'); raise SystemExit('"
    assert body(tmp_path, f'name.text: "= {text}"', "PID|1") == {"name": [{"text": text}]}
    rules = f'id: {{from: PID-1, when: "PID-1 NOT EQUALS {text}"}}'
    assert body(tmp_path, rules, "PID|1") == {"id": "1"}


def test_a_language_may_spell_a_path_instead_of_a_call(tmp_path: Path) -> None:
    class Inlined(toy.Toy):
        def compile(self, path: str, within: tuple[ToyPath, ...]) -> ToyPath:
            spelled = {"value": "({call} if {s} else '') and ({t} := {call}) + '!'", "node": "None"}
            return replace(super().compile(path, within), inline=spelled)

    rules = "make: Patient\nkey: PID-1\nrules:\n  id: PID-5\n  language: {from: PID-6, when: PID-1 VALUED}\n"
    rule_set = load(write(tmp_path, {"toy/one.yaml": rules}), Inlined()).of("")
    made = rule_set.run(toy.parse("PID|1||||a|b"), toy.env())[0]
    assert (made.key, made.body) == ("1!", {"id": "a!"})


def test_a_language_may_spell_what_a_condition_asks(tmp_path: Path) -> None:
    class Inlined(toy.Toy):
        def compile(self, path: str, within: tuple[ToyPath, ...]) -> ToyPath:
            return replace(super().compile(path, within), inline={"valued": "({call} is None)"})  # the other way round

    rules = (
        "make: Patient\nkey: PID-1\nrules:\n  id: {from: PID-5, when: PID-9 VALUED}\n"
        "  language: {from: PID-5, when: PID-9 EMPTY}\n  implicitRules: {from: PID-5, when: PID-9 NOT EMPTY}\n"
    )
    rule_set = load(write(tmp_path, {"toy/one.yaml": rules}), Inlined()).of("")
    assert rule_set.run(toy.parse("PID|1||||a"), toy.env())[0].body == {"id": "a", "implicitRules": "a"}


def test_what_is_there_is_tested_once(tmp_path: Path) -> None:
    asked: list[str] = []

    class Asking(toy.Toy):
        def compile(self, path: str, within: tuple[ToyPath, ...]) -> ToyPath:
            made = super().compile(path, within)
            return replace(made, inline={"there": f"({{s}}.asked({made.text!r}) or True)"})

    class Message(list[tuple[str, toy.Segment]]):
        def asked(self, path: str) -> None:
            asked.append(path)

    rules = "make: Patient\nkey: PID-1\nrules:\n  maritalStatus.coding.code: PID-5\n"
    rule_set = load(write(tmp_path, {"toy/one.yaml": rules}), Asking()).of("")
    made = rule_set.run(Message(toy.parse("PID|1||||a")), toy.env())[0]
    assert made.body == {"maritalStatus": {"coding": [{"code": "a"}]}}
    assert asked == ["PID-1", "PID-5"]
