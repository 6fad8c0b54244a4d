"""The demo service's pipeline, good and broken: what a grader does with a learner's workflow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from graders.evidence.git_tree import files_of
from graders.runners.test_suite import run_suite
from graders.runners.workflow import events, mutants
from graders.runners.workflow import run as run_module
from graders.runners.workflow.record import Run
from graders.runners.workflow.repository import merge_commit, with_changes
from graders.runners.workflow.run import Limits
from graders.runners.workflow.side_by_side import side_by_side
from graders.step import ROOT

pytestmark = pytest.mark.slow

CI = """
on: [push, pull_request]
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - {id: python, uses: actions/setup-python@v5, with: {python-version: "3.12", cache: pip,
         cache-dependency-path: requirements-dev.lock}}
      - {id: install, run: python -m pip install --upgrade pip && pip install -q -r requirements-dev.lock}
      - {id: lint, run: ruff check .}
      - {id: tests, run: python -m pytest --junitxml=build/junit.xml}
      - {if: always(), uses: actions/upload-artifact@v4, with: {name: report, path: build/junit.xml}}
"""
EVENTS = """
on: {push: , pull_request: , release: , schedule: [{cron: '0 3 * * *'}],
     workflow_dispatch: {inputs: {who: {default: me}}}}
jobs:
  a:
    runs-on: ubuntu-latest
    env: {MORE: "${{ inputs.who }}${{ github.event.schedule }}${{ github.event.release.tag_name }}"}
    steps:
      - uses: actions/checkout@v4
      - run: |
          echo $GITHUB_EVENT_NAME $GITHUB_REF $GITHUB_REF_NAME $GITHUB_REF_TYPE $GITHUB_HEAD_REF $GITHUB_BASE_REF \\
            "$MORE"
          echo $GITHUB_SHA $(git rev-parse HEAD)
"""
LOCK = "requirements-dev.lock"
Service = dict[str, bytes]


@pytest.fixture(scope="module")
def service() -> Service:
    found = {}
    for path in sorted((ROOT / "sample_repo").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.parts):
            found[path.relative_to(ROOT / "sample_repo").as_posix()] = path.read_bytes()
    return found


def first_failure(run: Run) -> str:
    assert not run.trouble
    return next((step.id for job in run.jobs for step in job.steps if step.outcome == "failure"), "")


def test_each_mutant_turns_the_right_step_red(repository: Callable[..., Any], service: Service) -> None:
    made = repository({".github/workflows/ci.yml": CI, **service})
    changes = {
        "": {},
        "lint": mutants.lint_error(service).changes,
        "tests": next(mutants.broken_assertions(service)).changes,
        "tests ": mutants.no_tests(service).changes,
        "install": mutants.lock_version(service, LOCK).changes,
        "tests  ": {
            ".github/workflows/ci.yml": CI.replace(
                "pip install -q -r requirements-dev.lock", "pip install -q ruff"
            ).encode()
        },
    }
    commits = [with_changes(made.git, made.commit, change) for change in changes.values()]
    runs = side_by_side([partial(made.run, events.push("main", commit), offline_packages=True) for commit in commits])
    assert [first_failure(run) for run in runs] == [name.strip() for name in changes]
    good = runs[0]
    assert good.green
    report = good.artifact("report")
    assert report
    assert b"<testsuite" in report.files["junit.xml"]
    assert [call.argv[:2] for call in good.called("pip")] == [("install", "--upgrade"), ("install", "-q")]

    later = {"comment": mutants.lock_comment(service, LOCK), "package": mutants.lock_package(service, LOCK),
             "source": mutants.source_only(service)}  # fmt: skip
    again = side_by_side([
        partial(made.run, events.push("main", with_changes(made.git, made.commit, mutant.changes)),
                offline_packages=True, caches=good.caches)
        for mutant in later.values()
    ])  # fmt: skip
    assert [first_failure(run) for run in again] == ["", "", ""]
    assert [run.used("actions/cache")[0].told["hit"] for run in again] == [False, False, True]


def test_mutants_do_what_they_say(service: Service) -> None:
    broken = next(mutants.broken_assertions(service))
    suite = run_suite(broken.applied_to(service))
    assert [failure.test for failure in suite.failures] == [broken.what.split()[-1]]
    function = mutants.first_that(
        mutants.broken_functions(service), lambda mutant: bool(run_suite(mutant.applied_to(service)).failures)
    )
    assert function
    assert not run_suite(mutants.no_tests(service).applied_to(service)).passed
    with pytest.raises(SyntaxError):
        compile(next(iter(mutants.syntax_error(service).changes.values())), "x", "exec")
    assert list(mutants.broken_assertions({"test_x.py": b"def test_a(:\n", "other.py": b""})) == []


@pytest.mark.parametrize(
    ("check", "turned"),
    [
        ("x == 'ä'", "x != 'ä'"),
        ("(x) in ('ä', 'in')", "(x) not in ('ä', 'in')"),
        ("x\n        is x", "x\n        is not x"),
        ("x and True", "not (x and True)"),
        ("'a' < x < 'ö'", "not ('a' < x < 'ö')"),
    ],
)
def test_an_assertion_is_turned_round_where_it_stands(check: str, turned: str) -> None:
    source = "def test_a():\n    x = 'ä'; assert (\n        CHECK\n    ), 'no'\n"
    given = source.replace("CHECK", check).encode()
    changed = next(mutants.broken_assertions({"test_a.py": given})).changes["test_a.py"]
    assert changed.decode() == source.replace("CHECK", turned)


def test_pip_itself_where_there_is_no_uv(run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "_seen", lambda program: False)
    text = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: pip install --no-compile iniconfig},\n" + (
        "{run: python -c 'import iniconfig'}, {run: pip install no-such-package-of-ours}]}}\n"
    )
    result = run(text, offline_packages=True)
    assert [step.outcome for step in result.jobs[0].steps] == ["success", "success", "failure"]


def test_changes_and_merges_are_commits_of_their_own(repository: Callable[..., Any]) -> None:
    made = repository({"a.txt": "one\n", "b.txt": "two\n", "run.sh": "#!/bin/sh\n"})
    git = made.git
    changed = with_changes(git, made.commit, {"a.txt": b"other\n", "b.txt": None, "new/ä file": b"x"})
    assert files_of(git, changed) == {"a.txt": b"other\n", "run.sh": b"#!/bin/sh\n", "new/ä file": b"x"}
    assert changed == with_changes(git, made.commit, {"a.txt": b"other\n", "b.txt": None, "new/ä file": b"x"})
    beside = with_changes(git, made.commit, {"run.sh": b"exit\n"})
    joined = merge_commit(git, changed, beside)
    assert joined
    assert files_of(git, joined)["run.sh"] == b"exit\n"
    assert merge_commit(git, changed, with_changes(git, made.commit, {"a.txt": b"third\n"})) is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda commit: events.push("feature/x", commit), "push refs/heads/feature/x feature/x branch"),
        (lambda commit: events.push_tag("v1.2.3", commit), "push refs/tags/v1.2.3 v1.2.3 tag"),
        (
            lambda commit: events.pull_request(7, head=("feature", commit), base=("main", commit), merge=commit),
            "pull_request refs/pull/7/merge 7/merge branch feature main",
        ),
        (
            lambda commit: events.workflow_dispatch("main", commit, defaults={"who": "me"}),
            "workflow_dispatch refs/heads/main main branch me",
        ),
        (lambda commit: events.schedule("0 3 * * *", commit), "schedule refs/heads/main main branch 0 3 * * *"),
        (lambda commit: events.release("v2", commit), "release refs/tags/v2 v2 tag v2"),
    ],
)
def test_events(repository: Callable[..., Any], make: Callable[[str], events.Event], said: str) -> None:
    made = repository({".github/workflows/ci.yml": EVENTS})
    result = made.run(make(made.commit))
    assert result.green, result
    first, second = result.jobs[0].steps[1].log[:2]
    assert first.split() == said.split()
    assert second == f"{made.commit} {made.commit}"


def test_the_same_input_is_not_run_twice(repository: Callable[..., Any], tmp_path: Path, shared_cache: Path) -> None:
    made = repository(
        {".github/workflows/ci.yml": "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'date +%N'}]}}\n"}
    )
    once, again = made.run(remember=True), made.run(remember=True)
    assert once == again
    assert made.run(remember=True, secrets={"NEW": "x"}) != once
    assert made.run(remember=True, limits=Limits(seconds=119)) != once
    assert made.run() != once
