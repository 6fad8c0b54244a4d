"""Small changes to a service, each of which a good pipeline notices, or must not mind.

A mutant says what it changes; whether it does what it should (one test red, and no other) is for the caller to see
first, with `run_suite`. https://en.wikipedia.org/wiki/Mutation_testing
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from graders.runners.workflow.record import Call
from graders.runners.workflow.wheels import TOOLS

_PINNED = re.compile(rb"^([A-Za-z0-9._-]+)==(\d+(?:\.\d+)*)\.(\d+)\b", re.MULTILINE)
_LINT = b"\n\nimport fractions\ndef  _never_called( ) : return  undefined_name\n"  # no line that no test reaches
_MENDABLE = b"\n\ndef _never_called() -> None:\n    import fractions\n"  # a linter can take the import out by itself
_OPPOSITE: Mapping[type[ast.cmpop], tuple[bytes, bytes]] = {
    ast.Eq: (b"==", b"!="), ast.NotEq: (b"!=", b"=="), ast.In: (b"in", b"not in"), ast.NotIn: (b"not in", b"in"),
    ast.Is: (b"is", b"is not"), ast.IsNot: (b"is not", b"is"),
}  # fmt: skip
_TOLD = ("kubectl", "tests-that-ran")
_CONFTEST = "conftest.py"
_TELLS = b"""import subprocess

_ran: set[str] = set()


def pytest_runtest_logreport(report) -> None:
    if report.when == "call":
        _ran.add(report.nodeid)


def pytest_sessionfinish() -> None:
    subprocess.run(["kubectl", "tests-that-ran", *sorted(_ran)], check=False)
"""
_FOR_LOCKS = "mccabe"  # small, needs nothing, and is in the wheelhouse


@dataclass(frozen=True, slots=True)
class Mutant:
    """`changes` maps paths to new content; `what` says in a few words what was changed, and where."""

    kind: str
    what: str
    changes: Mapping[str, bytes]

    def applied_to(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        return {**files, **self.changes}


def broken_assertions(files: Mapping[str, bytes]) -> Iterator[Mutant]:
    """One assertion turned round, for each test that can fail alone: no parametrized ones, no expected failures.

    Comparisons come first: `!=` for `==` is nothing that a linter minds.
    """
    others = []
    for path in _tests(files):
        for test in _test_functions(files[path]):
            check = next((node for node in reversed(test.body) if isinstance(node, ast.Assert)), None)
            if check and not test.decorator_list:
                what, turned = f"{path}:{check.lineno} {test.name}", _turned(files[path], check.test)
                if turned:
                    yield Mutant("broken assertion", what, {path: turned})
                else:
                    others.append(Mutant("broken assertion", what, {path: _negated(files[path], check.test)}))
    yield from others


def broken_functions(files: Mapping[str, bytes]) -> Iterator[Mutant]:
    """One function of the service made to raise, for each function; the outermost and longest first in each file."""
    for path in _sources(files):
        functions = [node for node in _nodes(files[path]) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        for function in sorted(functions, key=lambda node: node.lineno - (node.end_lineno or 0)):
            first = next((node for node in function.body if not _is_docstring(node)), None)
            if first and first.lineno > function.lineno:
                lines = files[path].splitlines(keepends=True)
                indent = b" " * first.col_offset
                lines.insert(first.lineno - 1, indent + b'raise RuntimeError("broken on purpose")\n')
                yield Mutant("broken function", f"{path}:{function.lineno} {function.name}", {path: b"".join(lines)})


def first_that(mutants: Iterator[Mutant], holds: Callable[[Mutant], bool], most: int = 12) -> Mutant | None:
    """The first of the first `most` mutants for which `holds`, such as: the suite turns red."""
    return next((mutant for _, mutant in zip(range(most), mutants, strict=False) if holds(mutant)), None)


def lint_error(files: Mapping[str, bytes], path: str = "") -> Mutant:
    """Code that works, and that every linter and formatter minds: an unused import, an unknown name, odd spaces."""
    path = path or _main_source(files)
    return Mutant("lint error", path, {path: files[path].rstrip(b"\n") + b"\n" + _LINT})


def mendable_lint_error(files: Mapping[str, bytes], path: str) -> Mutant:
    """An unused import and nothing else: what `--fix` of a linter takes out, and no formatter minds."""
    return Mutant("mendable lint error", path, {path: files[path].rstrip(b"\n") + b"\n" + _MENDABLE})


def syntax_error(files: Mapping[str, bytes]) -> Mutant:
    """A source file that is no Python any more."""
    path = _main_source(files)
    return Mutant("syntax error", path, {path: files[path].rstrip(b"\n") + b"\n\n\ndef broken(:\n"})


def no_tests(files: Mapping[str, bytes]) -> Mutant:
    """Every test renamed, so that pytest finds none. https://docs.pytest.org/en/stable/reference/exit-codes.html"""
    changes = {}
    for path in _tests(files):
        text = re.sub(rb"^(\s*(?:async )?def )test", rb"\1check", files[path], flags=re.MULTILINE)
        changes[path] = re.sub(rb"^class Test", b"class Check", text, flags=re.MULTILINE)
    return Mutant("no tests", f"{len(changes)} files", changes)


def lock_comment(files: Mapping[str, bytes], lock: str) -> Mutant:
    """A lock file with another comment: other bytes, the same packages."""
    return Mutant("lock comment", lock, {lock: files[lock].rstrip(b"\n") + b"\n# Locked again; nothing changed.\n"})


def lock_package(files: Mapping[str, bytes], lock: str) -> Mutant:
    """A lock file with one package more, which can be installed."""
    entry = re.search(rf"^{_FOR_LOCKS}==.*?(?=^\S|\Z)", TOOLS.read_text(), re.MULTILINE | re.DOTALL)
    assert entry
    return Mutant("lock package", lock, {lock: files[lock].rstrip(b"\n") + b"\n" + entry[0].encode()})


def lock_version(files: Mapping[str, bytes], lock: str) -> Mutant:
    """A lock file that asks for a version that does not exist: installing fails, after a cache key has differed."""
    changed = _PINNED.sub(lambda match: b"%b==%b.%d" % (match[1], match[2], int(match[3]) + 7919), files[lock], count=1)
    return Mutant("lock version", lock, {lock: changed})


def source_only(files: Mapping[str, bytes]) -> Mutant:
    """A comment more in the service's code."""
    return comment_more(files, _main_source(files))


def comment_more(files: Mapping[str, bytes], *paths: str) -> Mutant:
    """A comment more at the top of Python files, where no formatter minds one."""
    return Mutant("source only", ", ".join(paths), {path: b"# Changed.\n" + files[path] for path in paths})


def telling_tests() -> Mutant:
    """The tests tell, by a played command's arguments, which of them ran: `tests_told` reads it."""
    return Mutant("telling tests", _CONFTEST, {_CONFTEST: _TELLS})


def tests_told(calls: Iterable[Call]) -> set[str]:
    """The names of the tests that ran in a pipeline with `telling_tests`; empty where none came to tell."""
    told = (word for call in calls if call.tool == _TOLD[0] and call.argv[:1] == _TOLD[1:] for word in call.argv[1:])
    return {word.rpartition("::")[2].partition("[")[0] for word in told}


def test_names(files: Mapping[str, bytes]) -> set[str]:
    """The names of the tests that pytest would find in these files."""
    return {test.name for path in _tests(files) for test in _test_functions(files[path])}


def sources(files: Mapping[str, bytes]) -> list[str]:
    """The service's modules that hold code, those with most of it first."""
    return [path for path in _sources(files) if not path.endswith("__init__.py")]


def _tests(files: Mapping[str, bytes]) -> list[str]:
    return [path for path in sorted(files) if re.fullmatch(r"(.*/)?(test_[^/]*|[^/]*_test)\.py", path)]


def _sources(files: Mapping[str, bytes]) -> list[str]:
    """The service's modules, those with the most code first."""
    python = [path for path in files if path.endswith(".py") and path not in _tests(files)]
    own = [path for path in python if not {"tests", "test", "docs", ".github"} & set(PurePosixPath(path).parts)]
    return sorted(
        (path for path in own if PurePosixPath(path).name != "conftest.py"), key=lambda path: (-len(files[path]), path)
    )


def _main_source(files: Mapping[str, bytes]) -> str:
    found = sources(files)
    if not found:
        raise ValueError("no Python source to change")
    return found[0]


def _nodes(source: bytes) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return


def _test_functions(source: bytes) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in _nodes(source):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            yield node


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _turned(source: bytes, node: ast.expr) -> bytes:
    """The source with the comparison's operator turned round; empty where it is none of these."""
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPPOSITE):
        return b""
    old, new = _OPPOSITE[type(node.ops[0])]
    start, end = _place(source, node.left)[1], _place(source, node.comparators[0])[0]
    return source[:start] + source[start:end].replace(old, new, 1) + source[end:]


def _negated(source: bytes, node: ast.expr) -> bytes:
    start, end = _place(source, node)
    return source[:start] + b"not (" + source[start:end] + b")" + source[end:]


def _place(source: bytes, node: ast.expr) -> tuple[int, int]:
    """ast counts columns in UTF-8 bytes."""
    lines = source.splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    return start, sum(map(len, lines[: (node.end_lineno or node.lineno) - 1])) + (node.end_col_offset or 0)
