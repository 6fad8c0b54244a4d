"""What step 3 asks of runs: which lock, which key, which package, and who waits for whom."""

from __future__ import annotations

import io
import tarfile

import pytest

from graders.evidence.workflow.data_flow import library
from graders.evidence.workflow.model import Workflow
from graders.evidence.workflow.read import read_workflow
from graders.runners.workflow.cache_use import Lookup, chosen_by, hashed, holds_dependencies, knows_the_system
from graders.runners.workflow.hand_over import built_again, waits_for
from graders.runners.workflow.locks import changed_lock, installed_from
from graders.runners.workflow.record import ActionCall, CacheEntry, Call, Run
from graders.runners.workflow.scenario import Started

PATH = ".github/workflows/ci.yml"
CACHING = """\
on: push
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy: {matrix: {os: [ubuntu-latest], python: ["3.12"]}}
    env: {SYSTEM: "${{ runner.os }}"}
    steps:
      - {id: made, run: 'echo "key=$RUNNER_OS" >> "$GITHUB_OUTPUT"'}
      - {uses: actions/cache@v5, with: {path: ~/.cache/pip, key: "KEY"}}
"""
CHAIN = """\
on: push
jobs:
  build: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}
  scan: {needs: build, runs-on: ubuntu-latest, steps: [{run: 'true'}]}
  use: {needs: [scan], runs-on: ubuntu-latest, steps: [{run: 'true'}]}
  beside: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}
"""


def read(text: str) -> Workflow:
    return read_workflow(text.encode(), PATH)


def call(*words: str, tool: str = "pip", cwd: str = ".", job: str = "use") -> Call:
    return Call(tool, words, job, "1", cwd, ())


def lookup(key: str, evaluated: str = "") -> Lookup:
    workflow = read(CACHING.replace("KEY", key))
    job = workflow.jobs["test"]
    told = ActionCall("test", {}, 2, "actions/cache", {}, {"key": evaluated})
    return Lookup(workflow, told, job, job.steps[1])


@pytest.mark.parametrize(
    ("key", "knows"),
    [
        ("${{ runner.os }}-x", True), ("${{ matrix.os }}-x", True), ("${{ env.SYSTEM }}-x", True),
        ("${{ steps.made.outputs.key }}", True), ("linux-x", False), ("${{ matrix.python }}-x", False),
        ("${{ runner.arch }}-x", False), ("${{ hashFiles('a') }}", False),
    ],
)  # fmt: skip
def test_whether_a_key_names_the_system(key: str, knows: bool) -> None:
    one = lookup(key)

    assert knows_the_system(one, library([one.workflow])) is knows


def test_what_hash_files_takes() -> None:
    text = lookup("${{ hashFiles('**/*.lock', '!old/**') }}").key_text
    assert text

    (patterns,) = hashed(text)

    assert chosen_by(patterns, ["a.lock", "deep/b.lock", "old/c.lock", "a.py"]) == ["a.lock", "deep/b.lock"]
    assert chosen_by(("requirements.txt",), ["requirements.lock"]) == []


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("HOME/.cache/pip/http-v2/a", True), ("WORKSPACE/.venv/lib/python3.12/site-packages/x.py", True),
        ("WORKSPACE/wheels/x-1-py3-none-any.whl", True), ("WORKSPACE/node_modules/left/index.js", True),
        ("WORKSPACE/.pytest_cache/v/lastfailed", False), ("WORKSPACE/build/out.txt", False),
    ],
)  # fmt: skip
def test_what_a_cache_of_dependencies_holds(name: str, holds: bool) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))

    assert holds_dependencies(CacheEntry("key", (".",), stream.getvalue())) is holds


def test_an_empty_folder_is_no_dependency() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        folder = tarfile.TarInfo("WORKSPACE/.venv/lib/site-packages")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)

    assert not holds_dependencies(CacheEntry("key", (".",), stream.getvalue()))
    assert not holds_dependencies(CacheEntry("key", (".",), b"no archive"))


def test_the_lock_is_the_one_that_is_installed_from() -> None:
    files = {"requirements.lock": b"", "requirements-dev.lock": b"", "deps/all.txt": b""}

    assert installed_from([call("install", "-r", "requirements-dev.lock")], files) == ("requirements-dev.lock",)
    assert installed_from([call("install", "-rall.txt", cwd="deps")], files) == ("deps/all.txt",)
    assert installed_from([call("install", "--requirement=/x/hostexecutor/requirements.lock")], files) == (
        "requirements.lock",
    )
    assert installed_from([call("install", "ruff")], files) == ("requirements-dev.lock",)
    assert installed_from([], {}) == ()


def test_another_lock_can_be_installed() -> None:
    hashed_lock = b"a==1 \\\n    --hash=sha256:0\n"

    assert b"--hash=" in changed_lock({"x.lock": hashed_lock}, "x.lock").removeprefix(hashed_lock)
    assert changed_lock({"x.txt": b"a==1\n"}, "x.txt").startswith(b"a==1\n#")
    assert changed_lock({"x.json": b"{}\n"}, "x.json") == b"{}\n\n"


def test_who_waits_for_whom() -> None:
    workflow = read(CHAIN)

    assert waits_for(workflow, "scan", "build")
    assert waits_for(workflow, "use", "build")
    assert not waits_for(workflow, "beside", "build")
    assert not waits_for(workflow, "build", "use")


@pytest.mark.parametrize(
    ("made", "builds"),
    [
        (call("install", "."), True), (call("install", "-e", "."), True), (call("install", ".[postgres]"), True),
        (call("wheel", "--no-deps", "."), True), (call("--python", "build-env/bin/python", "install", "-r", "y"), True),
        (call("build", tool="uv"), True), (call("pip", "install", ".", tool="uv"), True),
        (call("install", "dist/w.whl"), False), (call("install", "./w-1.tar.gz"), False),
        (call("install", "-r", "./requirements.lock"), False), (call("install", "--find-links", "./dist", "w"), False),
        (call("pip", "install", "./w.whl", tool="uv"), False), (call("install", ".", job="build"), False),
    ],
)  # fmt: skip
def test_what_builds_a_package_again(made: Call, builds: bool) -> None:
    started = Started(read(CHAIN), Run(calls=(made,)))

    assert bool(built_again(started, "use")) is builds
