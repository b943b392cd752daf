"""A plan as Python source: sources (paths, calls, literals) and conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.translate.rules.plan import Condition, Constant, Read, Source, paths
from gateway.translate.rules.reader import Unfit
from gateway.translate.rules.writer import Writer


def expression(w: Writer, one: Source, mode: str) -> str:
    """A source as a Python expression; `mode` is how a path is read (value, values, node, nodes)."""
    if isinstance(one, Constant):
        return repr(one.value)
    if isinstance(one, Read):
        return w.read(one.path, mode)
    function = one.function
    name = w.bind("f", function.call)
    args = [expression(w, arg, function.takes) for arg in one.args]
    if function.always or not args or isinstance(one.args[0], Constant):
        return f"{name}({', '.join(['env', *args])})"
    first = w.fresh("a")
    test = f"({first} := {args[0]})" + (" is not None" if function.takes == "node" else "")
    return f"({name}({', '.join(['env', first, *args[1:]])}) if {test} else None)"


def unless(w: Writer, when: tuple[Condition, ...]) -> None:
    """Goes on to the next item unless the conditions hold."""
    if when:
        with w.block(f"if not ({test(w, when)})"):
            w.line("continue")


def test(w: Writer, when: tuple[Condition, ...]) -> str:
    """All conditions as one Python expression."""
    return " and ".join(_condition(w, one) for one in when)


def _condition(w: Writer, one: Condition) -> str:
    """One condition. A function in it that cannot read its text gives nothing."""
    absent = one.word == "EMPTY"
    if one.word in ("VALUED", "EMPTY"):
        if isinstance(one.subject, Read):
            return f"{w.read(one.subject.path, 'node')} is {'' if absent != one.negated else 'not '}None"
        return f"{'not ' if absent != one.negated else ''}{_asking(w, one.subject)}"
    text = _asking(w, one.subject)
    if one.word == "EQUALS":
        return f"{text} {'!=' if one.negated else '=='} {one.values[0]!r}"
    return f"{text} {'not in' if one.negated else 'in'} {w.bind('w', frozenset(one.values), one.values)}"


def _asking(w: Writer, subject: Source) -> str:
    if isinstance(subject, Read):
        return w.read(subject.path, "value")
    tried = any(True for _ in paths(subject))
    text = expression(w, subject, "value")
    return f"{w.bind('tried', _tried)}(lambda: {text})" if tried else text


def _tried(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Unfit:
        return None


def scopes(depth: int) -> str:
    """`(s0, s1, )`: every scope down to a depth."""
    return "(" + "".join(f"s{level}, " for level in range(depth + 1)) + ")"
