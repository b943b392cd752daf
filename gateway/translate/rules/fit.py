"""What may go into an element: types, literals and codes against the R4 facts."""

from __future__ import annotations

import re
from typing import Any

from gateway.translate.r4 import ElementFact, Facts
from gateway.translate.rules.codes import CodeTable
from gateway.translate.rules.problems import Mark, Problems, nearest
from gateway.translate.rules.reader import Function

TEXTS = frozenset({"string", "code", "uri", "url", "canonical", "oid", "uuid", "id", "markdown"})
CODED = frozenset({"Coding", "CodeableConcept"})
MAPPED = CODED | {"Reference"}
"""What carries its own system: a code table looks it up by both, a logical reference by its identifier."""
_WHOLE = frozenset({"integer", "positiveInt", "unsignedInt"})
_FITS = {
    "date": frozenset({"date", "dateTime"}),
    "instant": frozenset({"instant", "dateTime"}),
    "integer": _WHOLE | {"decimal"},
    "positiveInt": _WHOLE | {"decimal"},
    "unsignedInt": _WHOLE | {"decimal"},
    "key": TEXTS,
    "decimal": frozenset({"decimal"}),
    "Quantity": frozenset({"Quantity", "Age", "Duration", "SimpleQuantity"}),
} | dict.fromkeys(TEXTS, TEXTS)


class Fit:
    """Checks what a rule gives against what its element takes."""

    def __init__(self, facts: Facts, problems: Problems) -> None:
        self.facts = facts
        self.problems = problems

    def is_object(self, fact: ElementFact) -> bool:
        """Whether the element is an object and not a text, number or truth value."""
        return not all(t == "moment" or self.facts.kind(t) == "primitive" for t in fact.types)

    def gives(self, function: Function) -> str:
        """The R4 type that a function gives, without its list sign."""
        return function.gives.removesuffix("*")

    def text(self, fact: ElementFact, mark: Mark) -> None:
        """A bare text goes into the element."""
        wanted = _name(fact)
        if self.is_object(fact):
            self.problems.add(mark, f"{fact.path} is an object ({wanted}): a text cannot go into it")
        elif not set(fact.types) & TEXTS:
            hint = {"dateTime": "datetime"}.get(wanted, wanted)
            self.problems.add(mark, f"{fact.path} is a {wanted}: a text cannot go into it, use with: {hint}")
        elif fact.codes is not None:
            self.problems.add(mark, f"{fact.path} takes R4's own codes only: use map")

    def function(self, fact: ElementFact, name: str, function: Function, mark: Mark) -> None:
        """What a function gives goes into the element."""
        gives = self.gives(function)
        if gives == "any" or gives in fact.types:
            pass
        elif not set(fact.types) & _FITS.get(gives, frozenset()):
            self.problems.add(mark, f"{fact.path} is a {_name(fact)}: {name} gives a {gives}")
            return
        if function.gives.endswith("*") and not fact.is_list:
            self.problems.add(mark, f"{fact.path} is no list: {name} gives several")
        if fact.codes is None or self.is_object(fact):
            return
        wrong = sorted((function.codes or frozenset()) - fact.codes)
        if wrong:
            self.problems.add(mark, f"{fact.path}: {name} gives {wrong[0]}, which R4 does not allow here")
        elif function.codes is None and gives not in ("code", "any"):
            self.problems.add(mark, f"{fact.path} takes R4's own codes only: {name} gives any text, use map")

    def reference(self, fact: ElementFact, kind: str, mark: Mark) -> None:
        """A reference to a resource of this type goes into the element."""
        if kind in fact.targets:
            return
        if fact.targets and "Resource" not in fact.targets:
            meant = nearest(kind, fact.targets)
            self.problems.add(mark, f"{fact.path} refers to {', '.join(fact.targets)}, not to {kind}", meant)
        elif self.facts.kind(kind) != "resource":
            self.problems.add(mark, f"{kind} is no R4 resource", self.facts.suggest(kind))

    def table(self, fact: ElementFact, table: CodeTable, policy: str, mark: Mark, gives: str = "") -> None:
        """The targets of a code table go into the element; `gives` is the type of what is looked up."""
        coded = bool(set(fact.types) & CODED)
        if "Reference" in fact.types and gives == "Reference":
            return
        if not coded and not set(fact.types) & TEXTS:
            self.problems.add(mark, f"{fact.path} is a {_name(fact)}: a code cannot go into it")
            return
        if fact.codes is None:
            return
        if policy == "keep":
            self.problems.add(mark, f"{fact.path} takes R4's own codes only: policy must be refuse or drop")
        for row in table.rows:
            code = f"{row.target_system}|{row.target_code}" if coded else row.target_code
            if row.target_code and code not in fact.codes:
                meant = nearest(code, fact.codes)
                self.problems.add(row.mark, f"{code} is no code of {fact.path} (used at {mark})", meant)

    def literal(self, fact: ElementFact, text: str, mark: Mark) -> Any:
        """The literal in the type of the element, None when it does not fit."""
        if self.is_object(fact):
            self.problems.add(mark, f"{fact.path} is an object ({_name(fact)}): a text cannot go into it")
            return None
        kind = _name(fact)
        pattern = self.facts.pattern(kind)
        if not text or (pattern and not re.fullmatch(pattern, text)):
            self.problems.add(mark, f"{fact.path}: {text or 'nothing'} is no {kind}")
            return None
        if fact.codes is not None and text not in fact.codes:
            self.problems.add(mark, f"{fact.path}: {text} is not one of R4's codes", nearest(text, fact.codes))
            return None
        if kind == "boolean":
            return text == "true"
        if kind in _WHOLE:
            return int(text)
        return float(text) if kind == "decimal" else text


def _name(fact: ElementFact) -> str:
    return fact.types[0] if fact.types else "choice"
