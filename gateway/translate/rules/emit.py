"""A plan as Python source: the rule file and its objects. Closures per rule are half as fast (measured).

What is written reads like the rules. Every name in it is made here and every text of a rule file enters by `repr`, so
a rule file cannot put code in. Names: `s0`, `s1` scopes by level; `o1` objects; `l1` lists; `x1` values; the rest is
bound in the namespace. The traced form is the same source with a line of trace before every element; the plain one
pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from gateway.domain.statement import Act, Verb
from gateway.translate.rules.alike import basis, short
from gateway.translate.rules.bound import carried
from gateway.translate.rules.emit_source import scopes, there, unless
from gateway.translate.rules.emit_value import around, last, value
from gateway.translate.rules.plan import AnyRule, Body, Constant, ObjectRule, Plan, Slot, ValueRule
from gateway.translate.rules.reader import Path
from gateway.translate.rules.writer import Sink, Writer


def source(plan: Plan, traced: bool) -> tuple[str, dict[str, Any]]:
    """The Python source of a rule file and the namespace that it runs in; it defines `run`."""
    writer = Writer(traced)
    _sheet(writer, plan)
    return writer.text, writer.names


def _sheet(w: Writer, plan: Plan) -> None:
    depth = 1 if plan.each else 0
    around_here = scopes(depth)
    head = f"def run(s0, env, clearing, out{', trace' if w.traced else ''})"
    with w.block(head), _scopes(w, plan):
        unless(w, plan.when)
        key = _statement(w, plan.statement["key"], depth)
        with w.block(f"if not {key}"):
            w.line(f"{w.rule(plan.statement['key'])}.keyless(env, {around_here})")
            w.line("continue")
        rest = {name: _statement(w, plan.statement[name], depth) for name in plan.statement if name != "key"}
        for name, enum in (("act", Act), ("verb", Verb)):
            if name in rest:
                rest[name] = _member(w, enum, plan.statement[name], rest[name])
        over = {} if w.traced else {s.name: frozenset(s.rivals) for s in plan.body.slots.values() if _is_carried(s)}
        w.line(f"o = {w.bind('f', carried)}(s{depth}, {w.bind('q', over)})" if over else "o = {}")
        if w.traced:
            w.line("p = str(len(out)) + '|'")
        _slots(w, (slot for slot in plan.body.slots.values() if slot.name not in over), "o", "p", depth)
        _constants(w, plan.body, "o", "p", depth)
        asked = _clearable(plan.body, depth)
        w.line(f"c = cleared(o, {w.bind('q', asked)}, {around_here}) if clearing else ()" if asked else "c = ()")
        values = [rest.get(name, "None") for name in ("act", "verb", "happened", "recorded")]
        values.append(f"tuple({rest['aliases']})" if "aliases" in rest else "()")
        w.line(f"out.append(Made({plan.make!r}, {key}, o, c, {', '.join(values)}, {plan.name!r}, s{depth}))")


def _is_carried(slot: Slot) -> bool:
    """Whether it goes over as it is."""
    return any(isinstance(rule, ValueRule) and rule.carried for rule in slot.rules)


def _member(w: Writer, enum: type[Act | Verb], rule: ValueRule, text: str) -> str:
    members = {str(member): member for member in enum}
    if rule.constant:
        return w.bind("e", members.get(_literal(rule)), (enum, text))
    return f"{w.bind('e', members, enum)}.get({text})"


@contextmanager
def _scopes(w: Writer, plan: Plan) -> Iterator[None]:
    """The message, and each of the nodes that the file is for."""
    w.scope(0)
    with w.block(f"for s1 in {w.read(plan.each, 'nodes')}" if plan.each else "for _ in (0,)"):
        if plan.each:
            w.scope(1)
        yield


def _statement(w: Writer, rule: ValueRule, depth: int) -> str:
    """The variable that holds key, act, happened, …"""
    if rule.constant:
        return repr(_literal(rule))
    name = w.fresh("k")
    w.line(f"{name} = {'[]' if rule.fact.is_list else None}")
    with there(w, rule):
        if rule.fact.is_list:
            value(w, rule, lambda x: w.line(f"{name}.append({x})"), depth, f"len({name})", "")
        else:
            value(w, rule, lambda x: w.line(f"{name} = {x}"), depth, "", "")
    return name


def _clearable(body: Body, depth: int) -> tuple[tuple[str, tuple[Path, ...]], ...]:
    """Per top element the paths that can say that it is deleted."""
    found = ((slot.name, tuple(p for rule in slot.rules for p in _asked(rule, depth))) for slot in body.slots.values())
    return tuple((name, asked) for name, asked in found if asked)


def _asked(rule: AnyRule, depth: int) -> Iterator[Path]:
    if rule.each:
        yield rule.each
    elif isinstance(rule, ObjectRule):
        for slot in rule.body.slots.values():
            for inner in slot.rules:
                yield from (p for p in _asked(inner, depth) if p.level <= depth)
    else:
        yield from (p for p in rule.paths if p.level <= depth)


def _slots(w: Writer, slots: Iterable[Slot], var: str, at: str, depth: int) -> None:
    for slot in slots:
        if slot.constant:
            continue
        if slot.rivals:
            guard = " and ".join(f"{rival!r} not in {var}" for rival in slot.rivals)
            with w.block(f"if {guard}"):
                _slot(w, slot, var, at, depth)
        else:
            _slot(w, slot, var, at, depth)


def _slot(w: Writer, slot: Slot, var: str, at: str, depth: int) -> None:
    place = f"{at} + {'.' + slot.name!r}"
    if slot.fact.is_list:
        with there(w, *slot.rules):
            _list(w, slot, var, place, depth)
        return
    before = _begun(w, slot)
    for number, rule in enumerate(slot.rules):
        if rule.constant:
            continue  # a default: _constants
        with w.block(f"if {slot.name!r} not in {var}") if number else nullcontext(), there(w, rule):
            _rule(w, rule, lambda x: w.line(f"{var}[{slot.name!r}] = {x}"), depth, "", place)
    default = next((repr(_literal(one)) for one in slot.rules if isinstance(one, ValueRule) and one.constant), "None")
    _settled(w, before, f"{var}.get({slot.name!r}, {default})")


def _list(w: Writer, slot: Slot, var: str, place: str, depth: int) -> None:
    found = w.fresh("l")
    w.line(f"{found} = []")

    def one(made: str) -> None:
        w.line(f"{found}.append({made})")

    def several(made: str) -> None:
        w.line(f"{found} += {made}")

    before = _begun(w, slot)
    for rule in slot.rules:
        with there(w, rule) if len(slot.rules) > 1 else nullcontext():
            _rule(w, rule, one, depth, f"len({found})", place, several)
    _settled(w, before, found)
    with w.block(f"if {found}"):
        w.line(f"{var}[{slot.name!r}] = {found}")


def _begun(w: Writer, slot: Slot) -> str:
    """The variable with the number of findings before an element whose rules may keep what one of them leaves out;
    empty where none may."""
    dropping = [one for one in slot.rules if isinstance(one, ValueRule) and one.table and one.policy == "drop"]
    if not dropping or len(slot.rules) == 1:
        return ""
    w.among(dropping)
    before = w.fresh("n")
    w.line(f"{before} = len(env.findings)")
    return before


def _settled(w: Writer, before: str, made: str) -> None:
    if before:
        with w.block(f"if len(env.findings) > {before}"):
            w.line(f"settled(env, {before}, {made})")


def _constants(w: Writer, body: Body, var: str, at: str, depth: int) -> None:
    """The literals of an object that turned out not to be empty, and defaults."""
    for slot in body.slots.values():
        fixed = [rule for rule in slot.rules if rule.constant]
        if not fixed or (slot.fact.is_list and not slot.constant):
            continue
        if slot.constant and not slot.rivals:
            _constant(w, slot, fixed, var, at, depth)
        else:
            names = (slot.name, *slot.rivals)
            with w.block("if " + " and ".join(f"{name!r} not in {var}" for name in names)):
                _constant(w, slot, fixed, var, at, depth)


def _constant(w: Writer, slot: Slot, fixed: list[AnyRule], var: str, at: str, depth: int) -> None:
    text = f"[{', '.join(map(_display, fixed))}]" if slot.fact.is_list else _display(fixed[0])
    w.line(f"{var}[{slot.name!r}] = {text}")
    if not w.traced:
        return
    for number, rule in enumerate(fixed if slot.fact.is_list else fixed[:1]):
        index = f"[{number}]" if slot.fact.is_list else ""
        for tail, leaf in _leaves(rule):
            w.line(f"trace(Step({at} + {'.' + slot.name + index + tail!r}, {w.rule(leaf)}, {scopes(depth)}))")


def _display(rule: AnyRule) -> str:
    """A constant rule as a Python display, so that every use is a new object."""
    if isinstance(rule, ValueRule):
        return repr(_literal(rule))
    parts = []
    for slot in rule.body.slots.values():
        texts = [_display(inner) for inner in slot.rules]
        parts.append(f"{slot.name!r}: " + (f"[{', '.join(texts)}]" if slot.fact.is_list else texts[0]))
    return "{" + ", ".join(parts) + "}"


def _leaves(rule: AnyRule) -> Iterator[tuple[str, ValueRule]]:
    if isinstance(rule, ValueRule):
        yield "", rule
        return
    for slot in rule.body.slots.values():
        for number, inner in enumerate(slot.rules if slot.fact.is_list else slot.rules[:1]):
            index = f"[{number}]" if slot.fact.is_list else ""
            for tail, leaf in _leaves(inner):
                yield f".{slot.name}{index}{tail}", leaf


def _rule(w: Writer, rule: AnyRule, sink: Sink, depth: int, index: str, at: str, several: Sink | None = None) -> None:
    """One rule into a sink. `index` is the Python expression of the place in a list, empty for a single element;
    `several` takes a whole list of what goes there."""
    fields = () if w.traced else basis(rule, depth)
    if fields:
        _recalled(w, rule, fields, sink, depth, index, several)
    elif rule.constant and isinstance(rule, ObjectRule):
        sink(_display(rule))
    else:
        _worked_out(w, rule, sink, depth, index, at)


def _recalled(
    w: Writer, rule: AnyRule, fields: tuple[Path, ...], sink: Sink, depth: int, index: str, several: Sink | None
) -> None:
    """What was made of the same texts before; else it is made now and remembered, unless there was a finding, which is
    told of each time."""
    made, before = w.fresh("m"), w.fresh("n")
    texts = [w.spelled(field, field.alike) for field in fields]
    key = f"({w.bind('u', object())}, {', '.join(texts)})"
    w.line(f"{made} = {w.hold(0, 'env.memo.get')}({key})")
    with w.block(f"if {made} is None"):
        w.line(f"{made}, {before} = [], len(env.findings)")
        _worked_out(w, rule, lambda x: w.line(f"{made}.append({x})"), depth, index, "")
        with w.block(f"if len(env.findings) == {before} and {w.bind('short', short)}({key})"):
            w.line(f"env.memo[{key}] = {made}")
    if several:
        several(made)
        return
    one = w.fresh("x")
    with w.block(f"for {one} in {made}"):
        sink(one)


def _worked_out(w: Writer, rule: AnyRule, sink: Sink, depth: int, index: str, at: str) -> None:
    if isinstance(rule, ValueRule):
        value(w, rule, sink, depth, index, at)
    else:
        with around(w, rule, depth) as inner:
            _object(w, rule, last(w, rule, sink, index), inner, index, at)


def _object(w: Writer, rule: ObjectRule, sink: Sink, depth: int, index: str, at: str) -> None:
    fixed = all(slot.constant for slot in rule.body.slots.values())
    if fixed and not w.traced:
        sink(_display(rule))
        return
    var, path = w.fresh("o"), w.fresh("p")
    if w.traced:
        w.line(f"{path} = {at}" + (f" + '[' + str({index}) + ']'" if index else ""))
    w.line(f"{var} = {{}}")
    _slots(w, rule.body.slots.values(), var, path, depth)
    if fixed:
        _constants(w, rule.body, var, path, depth)
        sink(var)
        return
    with w.block(f"if {var}"):
        _constants(w, rule.body, var, path, depth)
        sink(var)


def _literal(rule: ValueRule) -> Any:
    return next((one.value for one in rule.sources if isinstance(one, Constant)), None)
