"""A plan as Python source: sources (paths, calls, literals) and conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gateway.translate.rules.plan import AnyRule, Call, Condition, Constant, ObjectRule, Read, Source, paths
from gateway.translate.rules.reader import Path, Unfit
from gateway.translate.rules.writer import Writer

_GLANCE = 3  # more tests than this cost more than they save


def expression(w: Writer, one: Source, mode: str) -> str:
    """A source as a Python expression; `mode` is how a path is read (value, values, node, nodes)."""
    if isinstance(one, Constant):
        return repr(one.value)
    if isinstance(one, Read):
        return w.read(one.path, mode)
    function = one.function
    name = w.bind("f", function.call)
    args = [expression(w, arg, function.takes) for arg in one.args]
    if function.always or not args or isinstance(one.args[0], Constant) or _is_scope(one.args[0], function.takes):
        return f"{name}({', '.join(['env', *args])})"
    # One name does for all: it is read before any argument that stands behind it is worked out.
    test = f"(a := {args[0]})" + (" is not None" if function.takes == "node" else "")
    return f"({name}({', '.join(['env', 'a', *args[1:]])}) if {test} else None)"


def _is_scope(one: Source, mode: str) -> bool:
    """Whether it is what a `for` gave, which is never empty."""
    return isinstance(one, Read) and one.path.inline.get(mode) == "{s}"


@contextmanager
def there(w: Writer, *rules: AnyRule) -> Iterator[None]:
    """Passes by where nothing that the rules read is there, as far as that can be told at a glance."""
    read = [_first_read(rule) for rule in rules]
    forms = {(path.text, path.field, path.level): path for one in read for path in one}
    told = all(read) and len(forms) <= _GLANCE and all("there" in path.inline for path in forms.values())
    if w.traced or not told or w.is_there(forms):
        yield
    else:
        tests = " or ".join(w.spelled(path, path.inline["there"]) for path in forms.values())
        with w.block(f"if {tests}"), w.knowing(forms):
            yield


def _first_read(rule: AnyRule) -> list[Path]:
    """The paths of which one must be valued for the rule to make anything; none where that is not so."""
    if rule.each:
        return [rule.each]
    if isinstance(rule, ObjectRule):
        inner = [_first_read(one) for slot in rule.body.slots.values() for one in slot.rules if not one.constant]
        return [path for one in inner for path in one] if all(inner) else []
    calls = [one for one in rule.sources if isinstance(one, Call)]
    if any(one.function.always or not one.args for one in calls):
        return []
    read = [one.args[0] if isinstance(one, Call) else one for one in rule.sources]
    found = [one.path for one in read if isinstance(one, Read)]
    return found if len(found) == len(read) else []


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
            negated = absent != one.negated
            if "valued" in one.subject.path.inline:
                return f"{'not ' if negated else ''}{w.read(one.subject.path, 'node', 'valued')}"
            return f"{w.read(one.subject.path, 'node')} is {'' if negated else 'not '}None"
        return f"{'not ' if absent != one.negated else ''}{_asking(w, one.subject)}"
    text = _asking(w, one.subject)
    if one.word == "EQUALS":
        return f"{text} {'!=' if one.negated else '=='} {one.values[0]!r}"
    return f"{text} {'not in' if one.negated else 'in'} {w.bind('w', frozenset(one.values), one.values)}"


def _asking(w: Writer, subject: Source) -> str:
    if isinstance(subject, Read):
        return w.read(subject.path, "value")
    levels = [path.level for path in paths(subject)]
    text = expression(w, subject, "value")
    if not levels:
        return text
    if isinstance(subject, Call) and subject.function.alone:  # the rules of a file ask the same again and again
        return w.hold(max(levels), text, tried=True)
    return f"{w.bind('tried', _tried)}(lambda: {text})"


def _tried(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Unfit:
        return None


def scopes(depth: int) -> str:
    """`(s0, s1, )`: every scope down to a depth."""
    return "(" + "".join(f"s{level}, " for level in range(depth + 1)) + ")"
