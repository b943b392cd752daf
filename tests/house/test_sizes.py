"""Small files, small functions, at least as much test as source."""

from __future__ import annotations

import ast
import textwrap

from tests.house.tree import below, functions, statements, text

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
LONGEST_FLOW = 20


def test_no_file_is_too_long() -> None:
    source = below("gateway", "tests", "profiles", suffix=".py") + below("mappings", "profiles", suffix=".yaml")
    long = {str(f): lines for f in source if (lines := text(f).count("\n")) > LONGEST_FILE}
    assert not long, "make it a folder of the same name in the same room"


def test_no_function_is_too_long() -> None:
    long = {
        f"{file}:{function.lineno} {function.name}": count
        for file in below("gateway", "profiles", suffix=".py")
        for function in functions(file)
        if (count := statements(function)) > (LONGEST_FLOW if file.parts[1] == "flows" else LONGEST_FUNCTION)
    }
    assert not long


def test_there_is_at_least_as_much_test_as_source() -> None:
    source = sum(text(f).count("\n") for f in below("gateway", suffix=".py"))
    tests = sum(text(f).count("\n") for f in below("tests", suffix=".py"))
    assert tests >= source


def test_the_count_counts() -> None:
    written = '''
        def outer(a):
            """Text."""
            if a:
                b = 1
            else:
                b = 2
            def inner():
                c = 1
                return c
            return b
    '''
    module = ast.parse(textwrap.dedent(written))
    outer = module.body[0]
    assert isinstance(outer, ast.FunctionDef)
    assert statements(outer) == 5
