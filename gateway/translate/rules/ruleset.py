"""All rule files of one language, compiled, checked and ready to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.translate import r4
from gateway.translate.rules.bound import Made
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.compile import Compiler
from gateway.translate.rules.documents import documents
from gateway.translate.rules.emit import source
from gateway.translate.rules.functions import SHARED
from gateway.translate.rules.kept import Kept, state
from gateway.translate.rules.overlay import Folder
from gateway.translate.rules.plan import ObjectRule, Plan, rules
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.rules.reader import Env, Reader
from gateway.translate.rules.sheet import sheet
from gateway.translate.rules.trace import Explanation, explanation, outer

_NO_OVERLAY = "examples"
# What one file makes, and what it skips.
_Planned = dict[str, tuple[Plan | None, Mapping[str, tuple[str, Mark]]]]


@dataclass(frozen=True, slots=True)
class Guide:
    """One rule that names a row of the official guide."""

    guide: str
    target: str
    mark: Mark
    inside: tuple[Mark, ...] = ()  # the rules of the object that it makes


class RuleSet:
    """The rule files that one kind of sender gets: the plain ones, or those with an overlay."""

    def __init__(
        self,
        reader: Reader,
        plans: Sequence[Plan],
        skipped: Mapping[str, tuple[str, Mark]],
        below: RuleSet | None = None,
    ) -> None:
        """`below` is the rule set that this one is an overlay of: what it does not change is compiled there."""
        self.reader = reader
        self.plans = {plan.name: plan for plan in plans}
        self.makes = frozenset(plan.make for plan in plans)
        self.skipped = skipped
        self._runs = _Runs(self.plans, below)
        self._traced: dict[str, Callable[..., None]] = {}

    @property
    def names(self) -> frozenset[str]:
        """The names of the rule files that make something (for checks of lifecycle tables)."""
        return frozenset(self.plans)

    def run(self, message: Any, env: Env, only: Iterable[str] | None = None) -> list[Made]:
        """Everything the rules make of a message, in the order of `only` or of the file names.

        Findings are appended to `env.findings`. Raises UnknownCode, WrongType, MissingField under policy refuse.
        """
        made: list[Made] = []
        clearing = self.reader.clears(message)
        for name in self.plans if only is None else only:
            self._runs[name](message, env, clearing, made)
        return made

    def trace(self, message: Any, env: Env, only: Iterable[str] | None = None) -> tuple[list[Made], Explanation]:
        """As `run`, and which rule made which element of what, and what no rule read."""
        made: list[Made] = []
        steps: list[Any] = []
        names = list(self.plans if only is None else only)
        clearing = self.reader.clears(message)
        for name in names:
            if name not in self._traced:
                self._traced[name] = _compiled(self.plans[name], True)
            self._traced[name](message, env, clearing, made, steps.append)
        fields = {path.field for name in names for path, _ in self.plans[name].reads}
        reasons = {field: reason for field, (reason, _) in self.skipped.items()}
        return made, explanation(made, steps, self.reader.fields(message), fields, reasons, env.findings)

    def guides(self) -> tuple[Guide, ...]:
        """Every rule that names a row of the official guide."""
        found = [Guide(plan.guide, plan.make, plan.mark) for plan in self.plans.values() if plan.guide]
        for plan in self.plans.values():
            for rule in rules(plan.body):
                inner = rules(rule.body) if isinstance(rule, ObjectRule) else ()
                if rule.guide:
                    found.append(Guide(rule.guide, rule.target, rule.mark, tuple(one.mark for one in inner)))
        return tuple(found)


class _Runs(dict[str, Callable[..., None]]):
    """The Python of rule files, written when the first message needs it. What is wrong with a file is known before,
    from its plan, and most commands need few of them: writing all is half of reading all mappings."""

    def __init__(self, plans: Mapping[str, Plan], below: RuleSet | None) -> None:
        super().__init__()
        self._plans = plans
        self._below = below

    def __missing__(self, name: str) -> Callable[..., None]:
        plan, below = self._plans[name], self._below
        same = below is not None and below.plans.get(name) is plan
        self[name] = below._runs[name] if below and same else _compiled(plan, False)
        return self[name]


class Rulebook:
    """The rule sets of one language: `of("")` the plain one, `of(source.rules)` a source's own."""

    def __init__(self, sets: Mapping[str, RuleSet]) -> None:
        self._sets = sets

    def of(self, overlay: str = "") -> RuleSet:
        """The rule set of an overlay folder; KeyError when there is none (checked at start against the sources)."""
        return self._sets[overlay]

    @property
    def overlays(self) -> frozenset[str]:
        """The names of the overlay folders, "" for the plain rules."""
        return frozenset(self._sets)


def load(mappings: Path, reader: Reader, codes: Codes | None = None, facts: r4.Facts | None = None) -> Rulebook:
    """The rules of a language, mappings/<reader.name>. Raises MappingError with everything that is wrong."""
    problems = Problems()
    codes = codes or Codes.read(mappings / "codes", problems)
    book = compiled(mappings, reader, codes, facts or r4.facts(), problems)
    problems.check()
    return book


def compiled(mappings: Path, reader: Reader, codes: Codes, facts: r4.Facts, problems: Problems) -> Rulebook:
    """As `load`, but errors are noted in `problems`; a rule file with errors is left out.

    What has no errors is compiled once in a process for as long as no file of it changes.
    """
    functions = sorted((name, _told(one.call)) for name, one in reader.functions.items())
    about = f"{reader.name} {type(reader).__qualname__} {mappings.name} {id(facts)} {functions} {codes.state.hex()}"
    content = state(mappings / reader.name, told=about)
    return _KEPT.of(content, problems, lambda: _compiled_now(mappings, reader, codes, facts, problems))


def _told(call: Any) -> str:
    """What a function does, in words that another process of this file would find too: its code, and the tables that
    it was made for. One that cannot be told so is told by its identity."""
    code = getattr(call, "__code__", None)
    if code is None:
        return str(id(call))
    tables = [repr(cell.cell_contents) for cell in call.__closure__ or ()]
    return f"{call.__module__}.{call.__qualname__} {code.co_code.hex()} {code.co_consts} {code.co_names} {tables}"


_KEPT = Kept["Rulebook"](40)


def _compiled_now(mappings: Path, reader: Reader, codes: Codes, facts: r4.Facts, problems: Problems) -> Rulebook:
    top = mappings / reader.name
    base = Folder(documents(top, problems))
    planned: _Planned = {}
    sets = {"": _rule_set(base, Compiler(reader, SHARED, codes, facts), problems, planned)}
    for path in sorted(top.iterdir() if top.is_dir() else ()):
        if path.is_dir() and path.name != _NO_OVERLAY:
            folder, compiler = Folder(documents(path, problems), base), Compiler(reader, SHARED, codes, facts)
            sets[path.name] = _rule_set(folder, compiler, problems, dict(planned), sets[""])
    return Rulebook(sets)


def _rule_set(
    folder: Folder, compiler: Compiler, problems: Problems, planned: _Planned, below: RuleSet | None = None
) -> RuleSet:
    """The rules of one folder. `planned` holds the files below it, and is given those of this folder."""
    inherited = folder.base.files if folder.base else {}
    for name, table in folder.files.items():
        if name in inherited and "extends" not in table.entries:
            problems.add(table.mark, f"{name} stands one folder up: extends: {name} is missing")
        planned.pop(name, None)
        if (merged := folder.merged(name, problems)) is not None:
            written = sheet(name, merged, problems)
            planned[name] = (compiler.plan(written), compiler.skipped(written))
    plans: list[Plan] = []
    skipped: dict[str, tuple[str, Mark]] = {}
    for name in sorted(planned):
        plan, passed = planned[name]
        skipped |= passed
        if plan:
            plans.append(plan)
    problems.found += compiler.problems.found
    _read_and_skipped(plans, skipped, problems)
    return RuleSet(compiler.reader, [] if problems.found else plans, skipped, below)


def _read_and_skipped(plans: list[Plan], skipped: Mapping[str, tuple[str, Mark]], problems: Problems) -> None:
    """A field that is skipped must be read by no rule."""
    for plan in plans:
        for path, mark in plan.reads:
            for field in outer(path.field):
                if field in skipped:
                    problems.add(skipped[field][1], f"{field} is skipped, but {mark} reads {path.field}")


def _compiled(plan: Plan, traced: bool) -> Callable[..., None]:
    text, names = source(plan, traced)
    exec(compile(text, f"<rules {plan.name}>", "exec"), names)  # noqa: S102 - our own text, see emit.py
    made: Callable[..., None] = names["run"]
    return made
