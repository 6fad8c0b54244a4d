"""Which environment variables Python code names: `os.environ["X"]`, `environ.get("X")`, `getenv("X")`, and the like.

https://docs.python.org/3/library/os.html#os.environ
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

_GETTERS = ("get", "pop", "setdefault", "getenv")
_MAPPINGS = ("environ", "environment", "env")


def environment_reads(files: Mapping[str, bytes]) -> dict[str, str]:
    """Variable to `file:line` of its first reading, in the Python among `files` (path to content) that is no test."""
    found: dict[str, str] = {}
    for path, source in sorted(files.items()):
        parts = path.split("/")
        if path.endswith(".py") and not {"tests", "test", "scripts"} & set(parts[:-1]) and "test_" not in parts[-1]:
            for name, line in _reads(source):
                found.setdefault(name, f"{path}:{line}")
    return found


def _reads(source: bytes) -> Iterator[tuple[str, int]]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_environment(node.value):
            yield from _named(node.slice, node.lineno)
        elif isinstance(node, ast.Call) and node.args:
            function = node.func
            by_name = isinstance(function, ast.Name) and function.id == "getenv"
            if by_name or (isinstance(function, ast.Attribute) and _gets(function)):
                yield from _named(node.args[0], node.lineno)


def _gets(function: ast.Attribute) -> bool:
    return function.attr == "getenv" or (function.attr in _GETTERS and _is_environment(function.value))


def _is_environment(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in _MAPPINGS


def _named(node: ast.expr, line: int) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        yield node.value, line
