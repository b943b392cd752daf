"""Lines of Python source at an indent, with the objects that they name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from gateway.translate.rules.bound import Bound, Made, Step, cleared, settled
from gateway.translate.rules.plan import AnyRule, ValueRule
from gateway.translate.rules.reader import Path, Unfit

Sink = Callable[[str], None]
"""Writes the lines that store a value, given as a Python expression."""


class Writer:
    """Lines at an indent, names bound once, scopes and paths of the moment."""

    def __init__(self, traced: bool) -> None:
        self.traced = traced
        self._lines: list[str | list[str]] = []
        self.names: dict[str, Any] = {one.__name__: one for one in (Made, Step, Unfit, cleared, settled)}
        self._indent = 0
        self._bound: dict[Any, str] = {}
        self._held: dict[int, dict[str, str]] = {}
        self._heads: dict[int, tuple[list[str], str]] = {}
        self._known: list[frozenset[Hashable]] = []
        self._among: set[int] = set()
        self._count = 0

    @property
    def text(self) -> str:
        """All lines, each scope's with what it holds at its head."""
        return "".join(f"{line}\n" for one in self._lines for line in ([one] if isinstance(one, str) else one))

    def line(self, text: str) -> None:
        self._lines.append("    " * self._indent + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.line(head + ":")
        self._indent += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._indent -= 1

    def scope(self, level: int) -> None:
        """Here a scope of this level is entered: what it holds is written here, once something asks for it."""
        head: list[str] = []
        self._lines.append(head)
        self._heads[level], self._held[level] = (head, "    " * self._indent), {}

    @contextmanager
    def knowing(self, forms: Collection[Hashable]) -> Iterator[None]:
        """Inside of a test that one of these is there."""
        self._known.append(frozenset(forms))
        yield
        self._known.pop()

    def is_there(self, forms: Collection[Hashable]) -> bool:
        """Whether a test around this has said that one of these is there."""
        return any(known <= set(forms) for known in self._known)

    def hold(self, level: int, text: str, *, tried: bool = False) -> str:
        """The variable with the value that this expression has when the scope of a level is entered; `tried`: None
        where a function in it cannot read its text."""
        held, (head, indent) = self._held[level], self._heads[level]
        if text not in held:
            name = held[text] = self.fresh("h")
            lines = ["try:", f"    {name} = {text}", "except Unfit:", f"    {name} = None"]
            head += [indent + line for line in (lines if tried else [f"{name} = {text}"])]
        return held[text]

    def fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def bind(self, prefix: str, value: Any, key: Any = None) -> str:
        key = (prefix, id(value) if key is None else key)
        if key not in self._bound:
            name = self._bound[key] = self.fresh(prefix)
            self.names[name] = value
        return self._bound[key]

    def read(self, path: Path, mode: str, form: str = "") -> str:
        """`v7(s1)`: a path's closure on its scope, or what the language spells instead (`Path.inline`)."""
        # Compiled anew wherever it is written, and alike each time inside of one scope.
        same = (mode, path.text, path.field, id(self._heads[path.level][0]))
        call = f"{self.bind(mode[0] + mode[-1] + '_', getattr(path, mode), same)}(s{path.level})"
        spelled = path.inline.get(form or mode)
        return self.spelled(path, spelled, call) if spelled else call

    def spelled(self, path: Path, form: str, call: str = "") -> str:
        """A form of the path's language with its names filled in."""
        scope = f"s{path.level}"
        held = {n: self.hold(path.level, text.format(s=scope)) for n, text in path.held.items() if f"{{{n}}}" in form}
        return form.format(s=scope, call=call, t="t", **held)

    def rule(self, rule: ValueRule) -> str:
        return self.bind("r", Bound(rule, id(rule) in self._among), id(rule))

    def among(self, rules: Iterable[AnyRule]) -> None:
        """These rules make one element or list together, and what one of them leaves out another one may keep."""
        self._among.update(map(id, rules))
