"""A plan as Python source: one value on its way from its sources through function and table into its element."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.translate.rules.bound import Bound
from gateway.translate.rules.codes import CodeTable, Row
from gateway.translate.rules.emit_source import expression, scopes, test, unless
from gateway.translate.rules.fit import MAPPED
from gateway.translate.rules.plan import AnyRule, Call, Constant, Read, Source, ValueRule
from gateway.translate.rules.writer import Sink, Writer

_FALSE_COUNTS = frozenset({"boolean", "integer", "positiveInt", "unsignedInt", "decimal", "any"})


@contextmanager
def around(w: Writer, rule: AnyRule, depth: int) -> Iterator[int]:
    """The rule's `for` and `when`; gives the depth inside."""
    if rule.each:
        with w.block(f"for s{depth + 1} in {w.read(rule.each, 'nodes')}"):
            w.scope(depth + 1)
            unless(w, rule.when)
            yield depth + 1
    elif rule.when:
        with w.block(f"if {test(w, rule.when)}"):
            yield depth
    else:
        yield depth


def last(w: Writer, rule: AnyRule, sink: Sink, index: str) -> Sink:
    """A sink for a single element inside a `for`: the first item that gives something ends the loop."""
    if index or not rule.each:
        return sink

    def once(text: str) -> None:
        sink(text)
        w.line("break")

    return once


def value(w: Writer, rule: ValueRule, sink: Sink, depth: int, index: str, at: str) -> None:
    """A value rule into a sink; `index` as in _rule."""
    with around(w, rule, depth) as inner:
        target = last(w, rule, sink, index)
        if w.traced and at:
            target = _tracing(w, rule, target, inner, index, at)
        if not index:
            _first(w, rule, target, inner)
            return
        for one in rule.sources:
            _all(w, rule, one, target, inner)


def _tracing(w: Writer, rule: ValueRule, sink: Sink, depth: int, index: str, at: str) -> Sink:
    def both(text: str) -> None:
        place = at + (f" + '[' + str({index}) + ']'" if index else "")
        w.line(f"trace(Step({place}, {w.rule(rule)}, {scopes(depth)}))")
        sink(text)

    return both


def _first(w: Writer, rule: ValueRule, sink: Sink, depth: int) -> None:
    """The first source that is valued, into a single element."""
    if isinstance(rule.sources[0], Constant):
        sink(repr(rule.sources[0].value))
        return
    x = w.fresh("x")
    mode = _mode(rule)
    texts = [expression(w, one, mode) for one in rule.sources]
    calls = any(isinstance(one, Call) for one in rule.sources)
    if mode == "node":
        with _guarded(w, rule, x, depth, calls):
            w.line(f"{x} = {texts[0]}")
            for text in texts[1:]:
                w.line(f"if {x} is None: {x} = {text}")
    else:
        with _guarded(w, rule, x, depth, calls):
            w.line(f"{x} = {' or '.join(texts)}")
    with w.block(f"if {_there(x, rule, mode)}"):
        _made(w, rule, x, sink, depth)


def _all(w: Writer, rule: ValueRule, one: Source, sink: Sink, depth: int) -> None:
    """Everything that one source has, into a list."""
    if isinstance(one, Constant):
        sink(repr(one.value))
        return
    x = w.fresh("x")
    mode = _mode(rule)
    if isinstance(one, Call):
        several = one.function.gives.endswith("*")
        with _guarded(w, rule, x, depth, True):
            w.line(f"{x} = {expression(w, one, mode)}")
        if several:
            with w.block(f"for {x} in {x} or ()"):
                _made(w, rule, x, sink, depth)
        else:
            with w.block(f"if {x}"):
                _made(w, rule, x, sink, depth)
    elif mode in ("values", "nodes"):
        w.line(f"{x} = {expression(w, one, mode)}")
        with w.block(f"if {x}"):
            _made(w, rule, x, sink, depth)
    else:
        with w.block(f"for {x} in {expression(w, one, mode + 's')}"):
            _made(w, rule, x, sink, depth)


def _made(w: Writer, rule: ValueRule, x: str, sink: Sink, depth: int) -> None:
    """A value through the rule's function and table."""
    gives = ""
    function = rule.function
    if function is not None:
        y = w.fresh("x")
        with _guarded(w, rule, y, depth, True):
            w.line(f"{y} = {w.bind('f', function.call)}(env, {x})")
        gives = function.gives.removesuffix("*")
        if function.gives.endswith("*"):
            with w.block(f"for {y} in {y} or ()"):
                _mapped(w, rule, y, gives, sink, depth)
            return
        with w.block(f"if {y} is not None and {y} != ''" if gives in _FALSE_COUNTS else f"if {y}"):
            _mapped(w, rule, y, gives, sink, depth)
        return
    _mapped(w, rule, x, gives, sink, depth)


def _mapped(w: Writer, rule: ValueRule, x: str, gives: str, sink: Sink, depth: int) -> None:
    table = rule.table
    if table is None:
        sink(x)
        return
    y, bound, here = w.fresh("y"), w.rule(rule), scopes(depth)
    shape = Bound(rule).shape
    if _simple(rule, table, gives):
        rows = {code: row.target_code if shape == "code" else _coding(row) for code, row in table.plain().items()}
        w.line(f"{y} = {w.bind('m', rows, (table.name, shape))}.get({x})")
        with w.block(f"if {y} is None"):
            w.line(f"{y} = {bound}.unmapped({x}, '', env, {here})")
        if shape == "CodeableConcept":
            with w.block(f"elif {y}"):
                w.line(f"{y} = {{'coding': [{y}.copy()]}}")
    else:
        system = expression(w, rule.system, "value") if rule.system else "''"
        w.line(f"{y} = {bound}.mapped({x}, {system} or '', env, {here})")
    with w.block(f"if {y}"):
        sink(f"{y}.copy()" if shape == "Coding" else y)


def _coding(row: Row) -> dict[str, str]:
    return row.coding if row.target_code else {}


def _simple(rule: ValueRule, table: CodeTable, gives: str) -> bool:
    """Whether a plain dict is enough: texts only, no dates, no systems."""
    if table.dated or table.ambiguous or rule.system or gives in MAPPED | {"any"}:
        return False
    for one in rule.sources:
        if isinstance(one, Read) and one.raw and rule.function is None:
            return False
        if isinstance(one, Call) and one.function.gives.removesuffix("*") in MAPPED | {"any"}:
            return False
    return True


@contextmanager
def _guarded(w: Writer, rule: ValueRule, x: str, depth: int, needed: bool) -> Iterator[None]:
    """Catches what a function cannot read; `x` is then absent."""
    if not needed:
        yield
        return
    with w.block("try"):
        yield
    with w.block("except Unfit as unfit"):
        w.line(f"{x} = {w.rule(rule)}.unfit(unfit, env, {scopes(depth)})")


def _mode(rule: ValueRule) -> str:
    """How the rule's paths are read."""
    if rule.function is not None:
        return rule.function.takes
    return "node" if any(isinstance(one, Read) and one.raw for one in rule.sources) else "value"


def _there(x: str, rule: ValueRule, mode: str) -> str:
    """The test that something was found; numbers and truth values count when they are 0 or false."""
    gives = {s.function.gives for s in rule.sources if isinstance(s, Call)}
    return f"{x} is not None and {x} != ''" if mode == "node" or gives & _FALSE_COUNTS else x
