"""Lines of Python source at an indent, with the objects that they name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gateway.translate.rules.bound import Bound, Made, Step, cleared
from gateway.translate.rules.plan import ValueRule
from gateway.translate.rules.reader import Path, Unfit

Sink = Callable[[str], None]
"""Writes the lines that store a value, given as a Python expression."""


class Writer:
    """Lines at an indent, names bound once, scopes and paths of the moment."""

    def __init__(self, traced: bool) -> None:
        self.traced = traced
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"Made": Made, "Step": Step, "Unfit": Unfit, "cleared": cleared}
        self._indent = 0
        self._bound: dict[Any, str] = {}
        self._count = 0

    def line(self, text: str) -> None:
        self.lines.append("    " * self._indent + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.line(head + ":")
        self._indent += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self._indent -= 1

    def fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def bind(self, prefix: str, value: Any, key: Any = None) -> str:
        key = (prefix, id(value) if key is None else key)
        if key not in self._bound:
            name = self._bound[key] = self.fresh(prefix)
            self.names[name] = value
        return self._bound[key]

    def read(self, path: Path, mode: str) -> str:
        """`v7(s1)`: a path's closure on its scope, or what the language spells instead (`Path.inline`)."""
        call = f"{self.bind(mode[0] + mode[-1] + '_', getattr(path, mode))}(s{path.level})"
        form = path.inline.get(mode)
        return form.format(s=f"s{path.level}", call=call, t="t") if form else call

    def rule(self, rule: ValueRule) -> str:
        return self.bind("r", Bound(rule), id(rule))
