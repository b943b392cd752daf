"""What compiled rules need at run time: the results they make, and what happens when a value does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from gateway.domain.statement import Act, Body, Verb
from gateway.errors import MissingField, UnknownCode, WrongType
from gateway.translate.rules.codes import CodeTable, Row
from gateway.translate.rules.plan import ValueRule
from gateway.translate.rules.reader import Env, Path, Unfit
from gateway.translate.translation import Finding


class Made(Struct):  # every message makes several, and a Struct takes a third of a dataclass's time
    """One object that a rule file made. `node` is the scope that it was made from, `name` the rule file."""

    kind: str
    key: str
    body: Body
    cleared: tuple[str, ...]
    act: Act | None
    verb: Verb | None
    happened: datetime | None
    recorded: datetime | None
    aliases: tuple[str, ...]
    name: str
    node: Any


class Step(NamedTuple):
    """One line of a trace, before its places are looked up."""

    target: str
    rule: Bound
    scopes: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Missed(Finding):
    """That a table does not have the code of one rule among several of an element, until `settled` knows what the
    others make. No translation holds any: `code` is a value of the message."""

    code: Any = field(default=None, repr=False)
    target: str = ""


class Bound:
    """A value rule at run time: knows what to do when a value is not in its table or cannot be read."""

    __slots__ = ("among", "rule", "shape", "table")

    def __init__(self, rule: ValueRule, among: bool = False) -> None:
        self.rule = rule
        self.among = among  # whether other rules make the same element or list
        self.table = rule.table or CodeTable("", rule.mark, ())
        self.shape = next((t for t in ("CodeableConcept", "Coding", "Reference") if t in rule.fact.types), "code")

    def where(self, scopes: tuple[Any, ...]) -> str:
        """The place in the message: of the first of the rule's paths that is valued."""
        paths: Sequence[Path] = self.rule.paths
        for path in paths:
            if path.node(scopes[path.level]) is not None:
                return path.where(scopes)
        return paths[0].where(scopes) if paths else ""

    def finding(self, env: Env, scopes: tuple[Any, ...], text: str) -> None:
        """Notes that something was left out."""
        env.findings.append(Finding(self.where(scopes), text, str(self.rule.mark)))

    def unfit(self, error: Unfit, env: Env, scopes: tuple[Any, ...]) -> None:
        """What a function cannot read: an error under policy refuse, else a finding."""
        if self.rule.policy == "refuse":
            raise WrongType(f"The value {error}", where=self.where(scopes), hint=f"Rule {self.rule.mark}.")
        self.finding(env, scopes, f"{error}; {self.rule.target} left out")

    def keyless(self, env: Env, scopes: tuple[Any, ...]) -> None:
        """Nothing names the object: an error under policy refuse, else a finding."""
        if self.rule.policy == "refuse":
            raise MissingField("The number that names it is missing", where=self.where(scopes))
        self.finding(env, scopes, "has no number that names it; left out")

    def unmapped(self, value: Any, system: str, env: Env, scopes: tuple[Any, ...]) -> Any:
        """What the table does not have, by the rule's policy."""
        if self.rule.policy == "refuse":
            hint = f"Table {self.table.name}, rule {self.rule.mark}."
            raise UnknownCode("The code is not in its table", where=self.where(scopes), hint=hint)
        if self.rule.policy == "drop":
            if self.among:
                text, mark = f"code is not in table {self.table.name}", str(self.rule.mark)
                env.findings.append(Missed(self.where(scopes), text, mark, code=value, target=self.rule.target))
                return None
            self.finding(env, scopes, f"code is not in table {self.table.name}; {self.rule.target} left out")
            return None
        self.finding(env, scopes, f"code is not in table {self.table.name}; kept as it is")
        return self._kept(value, system, env)

    def _kept(self, value: Any, system: str, env: Env) -> Any:
        if isinstance(value, str):
            if self.shape == "code":
                return value
            local = f"urn:faellesplan:source:{env.source.id}:{self.table.name}"
            coding = {"system": system or local, "code": value}
            return coding if self.shape == "Coding" else {"coding": [coding], "text": value}
        codings = _codings(value)
        if self.shape == "CodeableConcept":
            return value if "system" not in value and "code" not in value else {"coding": [value]}
        if not codings:
            return None
        return codings[0] if self.shape == "Coding" else codings[0].get("code")

    def mapped(self, value: Any, system: str, env: Env, scopes: tuple[Any, ...]) -> Any:
        """Any value through the table: a text, a Coding, a CodeableConcept or a logical Reference."""
        table, on = self.table, env.on
        if self.shape == "Reference":
            return self._named(value, env, scopes)
        codings: list[dict[str, Any]] = []
        row: Row | None = None
        if isinstance(value, str):
            row = table.find(system, value, on) if system else table.find_code(value, on)
        else:
            codings = _codings(value)
            for coding in codings:
                row = table.find(str(coding.get("system", "")), str(coding.get("code", "")), on)
                if row is not None:
                    break
        if row is None:
            return self.unmapped(value, system, env, scopes)
        if self.shape == "code" or not row.target_code:
            return row.target_code
        if self.shape == "Coding":
            return row.coding
        made: dict[str, Any] = {"coding": [row.coding, *[c for c in codings if not row.gives(c)]]}
        if codings and "text" in value:
            made["text"] = value["text"]
        return made

    def _named(self, reference: Body, env: Env, scopes: tuple[Any, ...]) -> Body | None:
        """A logical Reference by the table: the number that the table gives it, and a name where it has none. A code
        in the place of a name is no name."""
        number = reference.get("identifier", {})
        row = self.table.find(str(number.get("system", "")), str(number.get("value", "")), env.on)
        named = reference.get("display", "") not in ("", number.get("value", ""))
        if row is None:  # kept, nothing is lost: the number tells who it is
            made: Body | None = reference
            if self.rule.policy != "keep":
                made = self.unmapped(reference, "", env, scopes)
            return made
        if not row.target_code:
            return None
        made = reference | {"identifier": {"system": row.target_system, "value": row.target_code}}
        return made if named or not row.display else made | {"display": row.display}


def settled(env: Env, before: int, made: Any) -> None:
    """Tells of the codes that one of several rules did not find in its table what became of them: another rule of the
    same element may have kept them, or told something else. `before` is how many findings there were when the element
    was begun, `made` its items, or the element where it is a single one; None where nothing was made."""
    for number, one in enumerate(env.findings[before:], before):
        if type(one) is not Missed:
            continue
        fate = f"{one.target} left out"
        if any(_holds(item, one.code) for item in (made if isinstance(made, list) else [made])):
            fate = "kept as it is"
        elif made is not None and not isinstance(made, list):
            fate = f"{one.target} told without it"
        env.findings[number] = Finding(one.where, f"{one.text}; {fate}", one.rule)


def _holds(made: Any, code: Any) -> bool:
    """Whether a value has a code, in capitals or not: a text, or any of those of a Coding or CodeableConcept."""
    asked = {code.upper()} if isinstance(code, str) else {str(one.get("code", "")).upper() for one in _codings(code)}
    if isinstance(made, str):
        return made.upper() in asked
    return any(str(one.get("code", "")).upper() in asked for one in _codings(made))


def _codings(value: Any) -> list[dict[str, Any]]:
    """The codings of a Coding or CodeableConcept; anything else has none."""
    if not isinstance(value, dict):
        return []
    found = value.get("coding", [value])
    return [c for c in found if isinstance(c, dict)] if isinstance(found, list) else []


def carried(node: Body, names: Mapping[str, frozenset[str]]) -> Body:
    """The elements of a node that go over as they are, in the order of the names, each with the others of its choice:
    the first that is there counts. What is empty is left out; false and 0 are values."""
    made: Body = {}
    for name, rivals in names.items():
        if name in node and (not rivals or rivals.isdisjoint(made)):
            value = node[name]
            if type(value) is list:
                value = value.copy() if all(value) else [one for one in value if one or one == 0]
            if value or value == 0:
                made[name] = value
    return made


def cleared(body: Body, asked: Sequence[tuple[str, tuple[Path, ...]]], scopes: tuple[Any, ...]) -> tuple[str, ...]:
    """The top elements that the sender said are to be deleted and that nothing else has filled."""
    return tuple(
        name for name, paths in asked if name not in body and any(path.cleared(scopes[path.level]) for path in paths)
    )
