"""The house keeps to its plan (CONTRIBUTING): who may import whom, what starts fast, what is never written down."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from graders.step import ROOT, places

PACKAGE = ROOT / "graders"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = (
    "jupyter", "jupyterlab", "jupyter_server", "jupyter_core", "notebook", "nbgrader", "nbformat", "nbconvert",
    "jupytext", "docker", "dask", "distributed", "IPython", "ipykernel", "pydantic", "git", "pytest", "fastapi",
    "sqlalchemy",
)  # fmt: skip


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> Iterator[str]:
    """Every module that a file names in an import, also those inside functions and in type checking."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = name_of(file).split(".")[: -node.level] if node.level else []
            yield from (".".join([*above, *([node.module] if node.module else []), alias.name]) for alias in node.names)


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


@pytest.mark.parametrize(
    ("room", "never"),
    [
        ("graders.evidence", ("graders.steps", "graders.reports", "graders.classroom", "graders.cli")),
        ("graders.runners", ("graders.steps", "graders.reports", "graders.classroom", "graders.cli")),
        ("graders.steps", ("graders.reports", "graders.classroom", "graders.cli", "graders.forge")),
        ("graders.reports", ("git", "docker", "graders.evidence", "graders.runners", "graders.steps", "graders.forge")),
        (
            "graders.forge",
            ("graders.steps", "graders.classroom", "graders.cli", "graders.evidence", "graders.pipelines"),
        ),
        ("graders.pipelines", ("graders.steps", "graders.classroom", "graders.cli")),
    ],
)
def test_each_room_imports_only_what_stands_before_it(room: str, never: tuple[str, ...]) -> None:
    files = [file for file in MODULES if within(name_of(file), room)]
    assert len(files) > 1
    found = [
        f"{name_of(file)} imports {one}"
        for file in files
        for one in imports(file)
        if any(within(one, no) for no in never)
    ]
    assert found == []


def test_one_step_never_imports_another() -> None:
    steps = {f"graders.steps.{place.name}" for place in places()}
    for file in (PACKAGE / "steps").glob("*.py"):
        assert not {one for one in imports(file) if any(within(one, step) for step in steps - {name_of(file)})}


def test_nothing_but_the_registry_knows_a_step_by_its_module() -> None:
    """A new step is one file, one folder and one page: no list of steps anywhere."""
    for file in MODULES:
        if not within(name_of(file), "graders.steps"):
            assert not [one for one in imports(file) if re.match(r"graders\.steps\.\w", one)], name_of(file)


def loaded(*words: str, home: Path, cwd: Path) -> set[str]:
    """The modules that a `ninesteps` command loads, as the interpreter itself counts them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "graders", *words],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "NINESTEPS_HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"},
        cwd=cwd, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr[-2000:]
    found = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "graders.cli" in found
    return found


def test_nothing_heavy_is_loaded_for_the_learners_everyday_commands(tmp_path: Path) -> None:
    started = loaded("start", "git", home=tmp_path, cwd=tmp_path)
    assert "git" in started  # the control: this is how a heavy module would show
    for words in (
        ["--help"],
        ["check", "git"],
        ["hint", "git"],
        ["progress"],
        ["doctor"],
        ["submit", "git"],
        ["pr", "--help"],
        ["run", "--help"],
        ["secret", "--help"],
        ["registry", "--help"],
    ):
        found = loaded(*words, home=tmp_path, cwd=tmp_path)
        assert not {one for one in found if one.split(".")[0] in HEAVY}, words


def test_help_loads_no_step_and_no_rich(tmp_path: Path) -> None:
    found = loaded("--help", home=tmp_path, cwd=tmp_path)
    assert not {one for one in found if within(one, "graders.steps") or within(one, "rich")}


def test_reports_load_neither_git_nor_docker() -> None:
    names = [name_of(file) for file in MODULES if within(name_of(file), "graders.reports")]
    code = f"import sys, importlib\nfor name in {names!r}: importlib.import_module(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "graders.reports.card" in done.stdout.split()
    assert not {"git", "docker"} & set(done.stdout.split())


def test_no_module_is_called_utils() -> None:
    assert not [file for file in MODULES if re.fullmatch(r"_?(utils?|helpers?|common|misc)", file.stem)]


def public_functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree_of(file).body:
        # A script's `main` is what the docstring of its module describes.
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not re.match(r"_|main$", node.name):
            yield node


def test_every_module_says_what_it_is_and_every_public_function_what_it_does() -> None:
    silent = [name_of(file) for file in MODULES if tree_of(file).body and not ast.get_docstring(tree_of(file))]
    silent += [
        f"{name_of(file)}.{node.name}"
        for file in MODULES
        for node in public_functions(file)
        if not ast.get_docstring(node)
    ]
    assert silent == []


def written_files() -> list[Path]:
    """Every text file that is, or would be, in the repository."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    if listing.returncode:
        pytest.skip("this is no git repository")
    every = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in every if path.is_file() and b"\0" not in path.read_bytes()[:8000]]


def test_no_file_names_a_registrys_host_or_a_developers_machine() -> None:
    files = written_files()
    assert Path(__file__).resolve() in files
    # Put together here, so that this file does not name them either.
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "proxy.golang" + ".org"]
    machines = [
        r"/" + r"root/(?!\.cache/(?:pip|uv)|supplier\.ini)",  # in Dockerfiles: an image has that home, too
        r"/" + r"home/(?!runner)[a-z]\w*/",
        r"/" + r"work/(main|shared)",
        r"/" + r"Users/[a-z]\w*/",
    ]
    forbidden = re.compile("|".join([*map(re.escape, hosts), *machines]))
    found = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if match := forbidden.search(line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {match[0]}")
    assert found == []
