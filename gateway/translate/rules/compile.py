"""From a rule file as written to a plan: every target, path, function and table is found and checked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.domain.statement import Act, Verb
from gateway.translate.r4 import ElementFact, Facts
from gateway.translate.rules.codes import Codes, CodeTable
from gateway.translate.rules.expression import CallText, Expression, LiteralText, PathText, Test
from gateway.translate.rules.fit import MAPPED, Fit
from gateway.translate.rules.plan import (
    AnyRule,
    Body,
    Call,
    Condition,
    Constant,
    ObjectRule,
    Plan,
    Read,
    Slot,
    Source,
    ValueRule,
)  # fmt: skip
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.rules.reader import Function, Path, PathError, Reader
from gateway.translate.rules.sheet import Rule, Sheet

_STATEMENT_FACTS: Mapping[str, ElementFact] = {
    "key": ElementFact("key", 1, False, ("string",)),
    "aliases": ElementFact("aliases", 0, True, ("string",)),
    "act": ElementFact("act", 0, False, ("code",), frozenset(Act)),
    "verb": ElementFact("verb", 0, False, ("code",), frozenset(Verb)),
    "happened": ElementFact("happened", 0, False, ("moment",)),
    "recorded": ElementFact("recorded", 0, False, ("moment",)),
}
Within = tuple[Path, ...]


class Compiler:
    """Compiles the rule files of one language."""

    def __init__(self, reader: Reader, shared: Mapping[str, Function], codes: Codes, facts: Facts) -> None:
        self.reader = reader
        self.functions = {**shared, **reader.functions}
        self.codes = codes
        self.facts = facts
        self.problems = Problems()
        self.fit = Fit(facts, self.problems)
        self._reads: list[tuple[Path, Mark]] = []

    def plan(self, sheet: Sheet) -> Plan | None:
        """The plan of a rule file; errors are noted in `problems`."""
        self._reads = []
        if not sheet.make:
            return None
        if self.facts.kind(sheet.make) != "resource":
            meant = self.facts.suggest(sheet.make)
            self.problems.add(sheet.body.mark, f"{sheet.make} is no R4 resource", meant if meant != sheet.make else "")
            return None
        each = self._each(sheet.body, ())
        if sheet.body.each and each is None:
            return None
        within = (each,) if each else ()
        when = self._when(sheet.body.when, within)
        statement = {name: rule for name in sheet.statement if (rule := self._statement(sheet, name, within))}
        body = self._body(sheet.body, sheet.make, within)
        self._guides(sheet.body)
        mark, guide = sheet.body.mark, sheet.body.guide
        return Plan(sheet.name, mark, sheet.make, each, when, body, statement, tuple(self._reads), guide)

    def skipped(self, sheet: Sheet) -> dict[str, tuple[str, Mark]]:
        """The fields that the file skips, in their normal form, with reason and place."""
        found: dict[str, tuple[str, Mark]] = {}
        for text, (reason, mark) in sheet.skip.items():
            if path := self._path(text, mark, ()):
                found[path.field] = (reason, mark)
        return found

    def _guides(self, rule: Rule) -> None:
        """Every row of the official guide that a rule names is a field of the language, or several with commas."""
        for field in rule.guide.split(",") if rule.guide else ():
            self._path(field.strip(), rule.mark, ())
        for group in rule.rules or ():
            for part in group:
                self._guides(part)

    # --- objects

    def _body(self, rule: Rule, parent: str, within: Within) -> Body:
        body = Body()
        for name, mark in rule.carry:
            self._carry(body, name, mark, parent, within)
        for group in rule.rules or ():
            for part in group:
                self._place(body, part, part.target.split("."), parent, within, group[0])
        return body

    def _carry(self, body: Body, name: str, mark: Mark, parent: str, within: Within) -> None:
        if not self.reader.fhir:
            self.problems.add(mark, f"carry is for FHIR languages; {self.reader.name} needs a rule for {name}")
            return
        slot = self._slot(body, name, mark, parent, None)
        path = self._path("." + name, mark, within)
        if slot and path:
            self._reads.append((path, mark))
            slot.rules.append(ValueRule(f"{parent}.{name}", mark, slot.fact, (Read(path, raw=True),), carried=True))

    def _place(self, body: Body, rule: Rule, names: list[str], parent: str, within: Within, leader: Rule) -> None:
        """Puts a rule where its dotted target says, making the objects on the way."""
        name, *rest = names
        slot = self._slot(body, name, rule.mark, parent, None if rest else leader)
        if slot is None:
            return
        target = f"{parent}.{name}"
        if rest:
            if not self.fit.is_object(slot.fact):
                self.problems.add(rule.mark, f"{target} is a {slot.fact.types[0]}: it has no {rest[0]}")
                return
            if not slot.rules:
                slot.rules.append(ObjectRule(target, rule.mark, Body(), dotted=True))
            for inner in slot.rules:
                if isinstance(inner, ObjectRule):
                    self._place(inner.body, rule, rest, target, within, leader)
        else:
            slot.rules.extend(self._rule(rule, target, slot.fact, within))

    def _slot(self, body: Body, name: str, mark: Mark, parent: str, leader: Rule | None) -> Slot | None:
        """The place of an element in its object. `leader` is the first rule of a list of rules for it, None for a
        step of a dotted target and for carry."""
        slot = body.slots.get(name)
        target = f"{parent}.{name}"
        if slot is None:
            fact = self.facts.element(target)
            if fact is None:
                self.problems.add(mark, f"{target} is not an R4 element", self.facts.suggest(target))
                return None
            rivals = [other for other, held in body.slots.items() if fact.choice and held.fact.choice == fact.choice]
            for other in rivals:
                body.slots[other].rivals.append(name)
            slot = body.slots[name] = Slot(name, fact, [], rivals, leader)
            return slot
        joins = leader is None and slot.rules and isinstance(slot.rules[0], ObjectRule) and slot.rules[0].dotted
        if not joins and (leader is None or slot.leader is not leader):
            first = slot.rules[0].mark if slot.rules else mark
            self.problems.add(mark, f"{target} is made twice, first at {first}")
            return None
        return slot

    # --- rules

    def _rule(self, rule: Rule, target: str, fact: ElementFact, within: Within) -> list[AnyRule]:
        each = self._each(rule, within)
        if rule.each and each is None:
            return []
        inner = (*within, each) if each else within
        when = self._when(rule.when, inner)
        if rule.sources:
            made = self._value(rule, target, fact, inner)
            return [*(replace(r, each=each, when=when) for r in made)] if each or when else [*made]
        if not self.fit.is_object(fact):
            self.problems.add(rule.mark, f"{target} is a {fact.types[0]}: rules cannot build it")
            return []
        if fact.types == ("Resource",):
            self.problems.add(rule.mark, f"{target} cannot be built by rules")
            return []
        return [ObjectRule(target, rule.mark, self._body(rule, target, inner), each, when, guide=rule.guide)]

    def _value(self, rule: Rule, target: str, fact: ElementFact, within: Within) -> list[ValueRule]:
        """The rule for a value; a literal behind other sources becomes a rule of its own, the default."""
        function = self._function(rule.function, 1, rule.mark) if rule.function else None
        table = self._table(rule)
        if (rule.function and function is None) or (rule.table and table is None):
            return []
        sources: list[Source] = []
        constants: list[Source] = []
        for text in rule.sources:
            if isinstance(text, LiteralText):
                value = self.fit.literal(fact, text.text, rule.mark)
                if value is not None:
                    constants.append(Constant(value))
                continue
            if constants:
                self.problems.add(rule.mark, f"{target}: nothing behind a literal is ever read")
            raw = self._raw(function, table, fact)
            if source := self._source(text, raw, within):
                sources.append(source)
                self._check_value(rule, fact, source, function, table)
        self._check_policy(rule, fact, sources, function)
        system = self._source(rule.system, False, within) if rule.system else None
        if table and not system and table.ambiguous and not self._finds_system(fact, sources, function):
            self.problems.add(rule.mark, f"{table.name} has {table.ambiguous} in several systems: add system: <path>")
        made: list[ValueRule] = []
        if sources:
            made.append(
                ValueRule(target, rule.mark, fact, tuple(sources), rule.function, function, table, system, rule.policy,
                          guide=rule.guide)
            )  # fmt: skip
        return [*made, *(ValueRule(target, rule.mark, fact, (c,), guide=rule.guide) for c in constants)]

    def _raw(self, function: Function | None, table: CodeTable | None, fact: ElementFact) -> bool:
        """Whether a path is read as a node: for a function that wants one, and in FHIR languages as a rule."""
        if function:
            return function.takes in ("node", "nodes")
        if fact.path in _STATEMENT_FACTS:
            return False
        return self.reader.fhir and (table is None or bool(set(fact.types) & MAPPED))

    def _finds_system(self, fact: ElementFact, sources: list[Source], function: Function | None) -> bool:
        """Whether what goes into the table may carry its system itself (a Coding)."""
        gives = self.fit.gives(function) if function else ""
        calls = [self.fit.gives(s.function) for s in sources if isinstance(s, Call)]
        return bool({gives, *calls} & (MAPPED | {"any"})) or any(isinstance(s, Read) and s.raw for s in sources)

    def _check_value(
        self, rule: Rule, fact: ElementFact, source: Source, function: Function | None, table: CodeTable | None
    ) -> None:
        """Whether what the source (and function, and table) gives fits into the element."""
        if table:
            made_by = function or (source.function if isinstance(source, Call) else None)
            self.fit.table(fact, table, rule.policy, rule.mark, self.fit.gives(made_by) if made_by else "")
        elif function:
            self.fit.function(fact, rule.function, function, rule.mark)
        elif isinstance(source, Call):
            self.fit.function(fact, source.name, source.function, rule.mark)
            if self.fit.gives(source.function) == "Reference" and isinstance(source.args[0], Constant):
                self.fit.reference(fact, source.args[0].value, rule.mark)
        elif not self.reader.fhir or fact.path in _STATEMENT_FACTS:
            self.fit.text(fact, rule.mark)

    def _check_policy(self, rule: Rule, fact: ElementFact, sources: list[Source], function: Function | None) -> None:
        """Whether there is anything that the policy could be about; a key may be required without more."""
        if rule.table or not rule.policy:
            return
        if rule.policy == "keep":
            self.problems.add(rule.mark, f"{fact.path}: policy keep needs map")
        elif not function and not any(isinstance(s, Call) for s in sources) and fact.path != "key":
            self.problems.add(rule.mark, f"{fact.path}: policy needs map, with or a call")

    def _statement(self, sheet: Sheet, name: str, within: Within) -> ValueRule | None:
        rule = sheet.statement[name]
        fact = _STATEMENT_FACTS[name]
        if "moment" in fact.types and not rule.function and not all(isinstance(s, CallText) for s in rule.sources):
            rule = replace(rule, function="moment")
        made = self._value(rule, name, fact, within)
        if len(made) > 1 or ("moment" in fact.types and any(rule.constant for rule in made)):
            self.problems.add(rule.mark, f"{name} cannot have a literal among its sources")
        return replace(made[0], when=self._when(rule.when, within)) if made else None

    # --- sources

    def _source(self, text: Expression, raw: bool, within: Within) -> Source | None:
        if isinstance(text, PathText):
            path = self._path(text.text, text.mark, within)
            if path is None:
                return None
            self._reads.append((path, text.mark))
            return Read(path, raw)
        if isinstance(text, LiteralText):
            return Constant(text.text)
        function = self._function(text.name, len(text.args), text.mark)
        if function is None:
            return None
        args = [self._source(arg, function.takes in ("node", "nodes"), within) for arg in text.args]
        found = tuple(arg for arg in args if arg)
        return Call(text.name, function, found) if len(found) == len(args) else None

    def _when(self, tests: tuple[Test, ...], within: Within) -> tuple[Condition, ...]:
        made: list[Condition] = []
        for test in tests:
            subject = self._source(test.subject, test.word in ("VALUED", "EMPTY"), within)
            if isinstance(subject, Constant):
                self.problems.add(test.mark, "a condition asks a path, not a literal")
            elif subject:
                made.append(Condition(subject, test.word, test.values, test.negated))
        return tuple(made)

    def _each(self, rule: Rule, within: Within) -> Path | None:
        return self._path(rule.each.text, rule.each.mark, within) if rule.each else None

    def _path(self, text: str, mark: Mark, within: Within) -> Path | None:
        try:
            return self.reader.compile(text, within)
        except PathError as error:
            self.problems.add(mark, error.text, error.suggestion)
            return None

    def _function(self, name: str, args: int, mark: Mark) -> Function | None:
        function = self.functions.get(name)
        if function is None:
            self.problems.unknown(mark, "function", name, self.functions)
            return None
        fewest, most = function.arity
        if args < fewest or (args > most >= 0):
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}" if most >= 0 else f"at least {fewest}"
            self.problems.add(mark, f"{name} takes {wanted} arguments, not {args}")
            return None
        return function

    def _table(self, rule: Rule) -> CodeTable | None:
        table = self.codes.tables.get(rule.table) if rule.table else None
        if rule.table and table is None:
            self.problems.unknown(rule.mark, "code table", rule.table, self.codes.tables)
        return table
