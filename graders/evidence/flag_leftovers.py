"""What is left of a feature flag after its removal: its names, conditions that always hold, code that nobody reaches.

https://openfeature.dev/docs/reference/intro is about flags; that they are debt once rolled out, about
https://martinfowler.com/articles/feature-toggles.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

_PROSE = (".md", ".rst", ".txt", ".adoc")
_TESTS = {"tests", "test", "scripts", ".github"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing that is left: `where` is `file:line`, `what` names it."""

    where: str
    what: str


def names_left(files: Mapping[str, bytes], flag: str) -> list[Leftover]:
    """Where the flag's name stands, in any spelling of its words (`a-b`, `a_b`, `AB`), prose left out."""
    spelt = re.compile("[-_. ]?".join(map(re.escape, flag.split("-"))), re.IGNORECASE)
    found = []
    for path, content in sorted(files.items()):
        if path.endswith(_PROSE):
            continue
        if named := spelt.search(path):
            found.append(Leftover(path, named[0]))
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if named := spelt.search(line):
                found.append(Leftover(f"{path}:{number}", named[0]))
    return found


def fixed_conditions(files: Mapping[str, bytes]) -> list[Leftover]:
    """Conditions in the service's code that are always true or always false: what is left of a flag that was forced."""
    trees = _service(files)
    answers = {
        node.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, _Function) and _is_fixed(node)
    }  # fmt: skip
    attributes = _fixed_attributes(trees.values())
    found = []
    for path, tree in trees.items():
        for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, _Function))]:
            fixed = _fixed_names(scope)
            for node in _own(scope):
                if isinstance(node, (ast.If, ast.IfExp)) and _always(
                    node.test, fixed | _fixed_names(tree), answers | attributes
                ):
                    found.append(Leftover(f"{path}:{node.test.lineno}", ast.unparse(node.test)))
    return found


def unreached(files: Mapping[str, bytes]) -> list[Leftover]:
    """Statements of the service that stand behind a `return` or `raise` of the same block."""
    found = []
    for path, tree in _service(files).items():
        for node in ast.walk(tree):
            for block in ("body", "orelse", "finalbody"):
                statements = getattr(node, block, None)
                for one, behind in pairwise(statements) if isinstance(statements, list) else ():
                    if isinstance(one, (ast.Return, ast.Raise)):
                        found.append(Leftover(f"{path}:{behind.lineno}", ast.unparse(behind).splitlines()[0]))
    return found


def unused_functions(files: Mapping[str, bytes], before: Mapping[str, bytes]) -> list[Leftover]:
    """Functions of the service, methods left out, that it called in `before`, and that it holds and calls no more."""
    no_more = _used(before) - _used(files)
    return [
        Leftover(f"{path}:{node.lineno}", node.name)
        for path, tree in _service(files).items()
        for node in tree.body
        if isinstance(node, _Function) and not node.decorator_list and node.name in no_more
    ]


def functions_like(files: Mapping[str, bytes], given: Mapping[str, bytes], name: str) -> list[Leftover]:
    """Functions of the service, whatever their names, that do what the function `name` did in `given`."""
    known = {
        _done_by(node) for tree in _service(given).values() for node in ast.walk(tree)
        if isinstance(node, _Function) and node.name == name
    }  # fmt: skip
    return [
        Leftover(f"{path}:{node.lineno}", node.name)
        for path, tree in _service(files).items()
        for node in ast.walk(tree)
        if isinstance(node, _Function) and _done_by(node) in known
    ]


def _done_by(function: _Function) -> str:
    body = [ast.unparse(node) for node in function.body if not _is_docstring(node)]
    return "\n".join([ast.unparse(function.args), *body])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _service(files: Mapping[str, bytes]) -> dict[str, ast.Module]:
    """The service's own modules that can be read."""
    trees = {}
    for path, source in sorted(files.items()):
        name = PurePosixPath(path)
        if name.suffix != ".py" or _TESTS & set(name.parts) or name.name.startswith(("test_", "conftest")):
            continue
        try:
            trees[path] = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return trees


def _used(files: Mapping[str, bytes]) -> set[str]:
    names = set()
    for tree in _service(files).values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
    return names


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module or function, without those of functions within."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, _Function):
            yield child
            yield from _own(child)


def _fixed_names(scope: ast.AST) -> set[str]:
    """Names that are assigned once here, and a truth value then."""
    values: dict[str, list[bool]] = {}
    for node in _own(scope):
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For, ast.NamedExpr)) else targets
        for target in targets:
            if isinstance(target, ast.Name):
                values.setdefault(target.id, []).append(_is_truth(getattr(node, "value", None)))
    return {name for name, assigned in values.items() if assigned == [True]}


def _fixed_attributes(trees: Iterable[ast.Module]) -> set[str]:
    """Attributes that a class gives a truth value, and that nothing else is ever given."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    given = {name for node in nodes if isinstance(node, ast.ClassDef) for name in _fixed_names(node)}
    set_elsewhere = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    return given - set_elsewhere - {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}


def _is_truth(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _is_fixed(function: _Function) -> bool:
    """Whether a function does nothing but return a truth value."""
    body = [node for node in function.body if not _is_docstring(node)]
    return len(body) == 1 and isinstance(body[0], ast.Return) and _is_truth(body[0].value)


def _always(test: ast.expr, fixed: set[str], answers: set[str]) -> bool:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _always(test.operand, fixed, answers)
    if isinstance(test, ast.BoolOp):  # `True or x`, `False and x`
        return any(_is_truth(one) for one in test.values) or all(_always(one, fixed, answers) for one in test.values)
    if isinstance(test, ast.Attribute):
        return test.attr in answers
    if isinstance(test, ast.Call):
        function = test.func
        return (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) in answers
    return isinstance(test, ast.Constant) or (isinstance(test, ast.Name) and test.id in fixed)
