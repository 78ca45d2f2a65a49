"""Files and functions stay small, and every module says what it is for."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.sources import named, python_files, tree

LONGEST_FILE = 400
LONGEST_TEST_FILE = 500
LONGEST_FUNCTION = 60
OURS = ("app", "requirements")
TESTS = ("tests", "e2e")
MADE_BY_MACHINE = "app/db/migrations/versions/"


def test_files_are_small() -> None:
    assert [named(path) for path in _written(*OURS) if _lines(path) > LONGEST_FILE] == []
    assert [named(path) for path in _written(*TESTS) if _lines(path) > LONGEST_TEST_FILE] == []


def test_functions_are_small() -> None:
    too_long = [
        f"{named(path)}: {function.name} has {_length(function)} lines"
        for path in _written(*OURS, *TESTS)
        for function in _functions(path)
        if _length(function) > LONGEST_FUNCTION
    ]
    assert too_long == []


def test_modules_say_what_they_are_for() -> None:
    silent = [
        named(path)
        for path in python_files(*OURS, *TESTS)
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert silent == []


def _written(*folders: str) -> list[Path]:
    return [path for path in python_files(*folders) if not named(path).startswith(MADE_BY_MACHINE)]


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1
