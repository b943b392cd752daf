"""The files of the project, as the house tests see them: tracked ones and new ones, never ignored ones."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".csv", ".txt", ".json", ".fsh", ".sh", ".html", ".css", ".js", ".sql"}
NAMED = {"Makefile", "Dockerfile", "LICENSE", ".gitignore", ".dockerignore", "run"}


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file of the project that exists, relative to its root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return tuple(sorted(Path(name) for name in set(listed) if name and (ROOT / name).is_file()))


def below(*folders: str, suffix: str = "") -> list[Path]:
    """The files below some top folders, with one suffix when given."""
    return [f for f in files() if f.parts[0] in folders and (not suffix or f.suffix == suffix)]


def written() -> list[Path]:
    """The files that people write: text, and none of what a tool makes."""
    made = ("requirements", "profiles/r4-", "profiles/compiled/")
    return [f for f in files() if (f.suffix in TEXT or f.name in NAMED) and not str(f).startswith(made)]


def text(file: Path) -> str:
    """The content of a file, which has to be UTF-8."""
    return (ROOT / file).read_text(encoding="utf-8")


@functools.cache
def parsed(file: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(text(file), filename=str(file))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(file: Path) -> Iterator[Function]:
    """Every function and method of a file, inner ones too."""
    return (node for node in ast.walk(parsed(file)) if isinstance(node, Function))


def statements(function: Function) -> int:
    """How many statements a function has; its docstring and functions inside it do not count."""
    waiting: list[ast.AST] = [*function.body]
    if ast.get_docstring(function, clean=False) is not None:
        waiting = waiting[1:]
    count = 0
    while waiting:
        node = waiting.pop()
        count += isinstance(node, ast.stmt)
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return count
