"""Reading: the model of what is right, and a finding for each thing that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.evidence.workflow.model import Uses, UsesKind, Where
from graders.evidence.workflow.read import read_action, read_workflows
from graders.evidence.workflow.shells import run_settings
from graders.evidence.workflow.uses import parse_uses
from tests.evidence.workflow.samples import HERE, JOB, job_of, said_of_file, sample_files, workflow

ERRORS = sorted((HERE / "err").glob("*.yaml"))
SHA = "0123456789abcdef0123456789abcdef01234567"


def said_of(path: Path) -> list[str]:
    return [said for _, said in said_of_file(path)]


@pytest.mark.parametrize("path", ERRORS, ids=[path.stem for path in ERRORS])
def test_what_is_said_of_a_wrong_file(path: Path) -> None:
    """As in actionlint's testdata: `NAME.out` beside `NAME.yaml` holds each finding, a line each."""
    assert said_of(path) == path.with_suffix(".out").read_text().splitlines()


def test_each_wrong_file_has_something_said_of_it() -> None:
    assert len(ERRORS) > 50
    assert [path.stem for path in ERRORS if not said_of(path)] == ["left_to_actionlint"]


def test_nothing_is_said_of_the_right_samples() -> None:
    read, unread = read_workflows(sample_files())
    assert len(read) >= 45
    assert unread == ()
    assert [str(finding) for one in read for finding in one.findings] == []


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        (".github/workflows/ci.yml", True), (".github/workflows/ci.yaml", True), (".github/workflows/ci.txt", False),
        (".github/workflows/deep/ci.yml", False), (".github/workflow/ci.yml", False), ("ci.yml", False),
    ],
)  # fmt: skip
def test_which_files_are_workflows(path: str, is_one: bool) -> None:
    assert bool(read_workflows({path: f"on: push\n{JOB}".encode()})[0]) is is_one


def test_one_unreadable_file_hides_no_other() -> None:
    read, unread = read_workflows(
        {".github/workflows/a.yml": b"\t", ".github/workflows/b.yml": f"on: push\n{JOB}".encode()}
    )
    assert [one.path for one in read] == [".github/workflows/b.yml"]
    assert [one.path for one in unread] == [".github/workflows/a.yml"]
    assert "tab" in unread[0].problem.found


@pytest.mark.parametrize(
    ("text", "kind", "name", "ref", "pinned"),
    [
        (f"actions/checkout@{SHA}", UsesKind.ACTION, "actions/checkout", SHA, True),
        (f"actions/checkout@{SHA.upper()}", UsesKind.ACTION, "actions/checkout", SHA.upper(), True),
        ("Actions/Checkout@v6", UsesKind.ACTION, "actions/checkout", "v6", False),
        (f"actions/checkout@{SHA[:12]}", UsesKind.ACTION, "actions/checkout", SHA[:12], False),
        ("actions/checkout@releases/v1", UsesKind.ACTION, "actions/checkout", "releases/v1", False),
        (f"owner/repo/deep/path@{SHA}", UsesKind.ACTION, "owner/repo/deep/path", SHA, True),
        ("./.github/actions/setup", UsesKind.LOCAL, ".github/actions/setup", "", True),
        ("./", UsesKind.LOCAL, "", "", True),
        ("./packages/@scope/action", UsesKind.LOCAL, "packages/@scope/action", "", True),
        ("$/tools/lint", UsesKind.LOCAL, "tools/lint", "", True),
        ("docker://alpine:3.20", UsesKind.DOCKER, "alpine:3.20", "", False),
        (f"docker://ghcr.io/a/b@sha256:{'a' * 64}", UsesKind.DOCKER, "ghcr.io/a/b", f"sha256:{'a' * 64}", True),
        ("${{ vars.ACTION }}", UsesKind.DYNAMIC, "", "", False),
        ("actions/checkout", UsesKind.UNREADABLE, "", "", False),
        ("checkout@v6", UsesKind.UNREADABLE, "", "", False),
        ("$/tools/lint@v1", UsesKind.UNREADABLE, "tools/lint@v1", "", False),
    ],
)
def test_what_a_step_uses(text: str, kind: UsesKind, name: str, ref: str, pinned: bool) -> None:
    found = parse_uses(text, Where("x", 1))
    assert (found.kind, found.name, found.ref, found.pinned) == (kind, name, ref, pinned)


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ("./.github/workflows/x.yml", UsesKind.LOCAL_WORKFLOW, ".github/workflows/x.yml"),
        ("owner/repo/.github/workflows/x.yaml@main", UsesKind.WORKFLOW, ".github/workflows/x.yaml"),
        ("./.github/workflows/x.yml@main", UsesKind.UNREADABLE, ".github/workflows/x.yml@main"),
        ("owner/repo@v1", UsesKind.UNREADABLE, ""),
        ("docker://alpine", UsesKind.UNREADABLE, ""),
    ],
)
def test_what_a_job_uses(text: str, kind: UsesKind, path: str) -> None:
    found: Uses = parse_uses(text, Where("x", 1), calls_workflow=True)
    assert (found.kind, found.path) == (kind, path)


@pytest.mark.parametrize(
    ("runs_on", "labels", "group"),
    [
        ("ubuntu-latest", ["ubuntu-latest"], None),
        ('"ubuntu-latest"  # quoted', ["ubuntu-latest"], None),
        ("[self-hosted, linux]", ["self-hosted", "linux"], None),
        ("{group: big, labels: [gpu]}", ["gpu"], "big"),
        ("{labels: gpu}", ["gpu"], None),
        ("${{ matrix.os }}", ["${{ matrix.os }}"], None),
    ],
)
def test_spellings_of_a_runner(runs_on: str, labels: list[str], group: str | None) -> None:
    job = job_of(workflow(f"on: push\njobs:\n  a:\n    runs-on: {runs_on}\n    steps: [{{run: x}}]\n"), "a")
    assert job.runs_on is not None
    assert [label.value for label in job.runs_on.labels] == labels
    assert (job.runs_on.group.value if job.runs_on.group else None) == group


def test_spellings_of_needs_environment_and_concurrency() -> None:
    found = workflow("""
        on: push
        concurrency: {group: all, cancel-in-progress: true, queue: single}
        cache-mode: read
        jobs:
          a: {runs-on: x, steps: [{run: x}], environment: staging, concurrency: one}
          b: {runs-on: x, steps: [{run: x}], needs: a, environment: {name: production, url: "https://x.example"}}
          c: {runs-on: x, steps: [{run: x}], needs: [a, B]}
    """)
    assert found.findings == ()
    a, b, c = found.jobs.values()
    assert a.environment is not None
    assert b.environment is not None
    assert (a.environment.name.value, b.environment.name.value, str(b.environment.url)) == (
        "staging",
        "production",
        "https://x.example",
    )
    assert [need.value for need in (*b.needs, *c.needs)] == ["a", "a", "B"]
    assert found.concurrency is not None
    assert found.concurrency.cancel_in_progress is not None
    assert found.concurrency.cancel_in_progress.boolean is True
    assert a.concurrency is not None
    assert str(a.concurrency.group) == "one"
    assert str(found.cache_mode) == "read"


def test_a_number_is_what_github_makes_of_it() -> None:
    found = workflow("on: push\nenv: {A: 3.10, B: '3.10', C: true, D: ~, E: 3.12}\n" + JOB)
    assert {name: text.value for name, text in found.env.values.items()} == {
        "A": "3.1",
        "B": "3.10",
        "C": "true",
        "D": "",
        "E": "3.12",
    }
    assert [finding.rule for finding in found.findings] == ["number-changes"]
    assert found.refused == ()


@pytest.mark.parametrize(
    ("shell", "default", "stops", "pipefail"),
    [
        ("", "", True, False),
        ("bash", "", True, True),
        ("", "bash", True, True),
        ("sh", "bash", True, False),
        ("bash -euo pipefail {0}", "", True, True),
        ("bash {0}", "", False, False),
        ("python", "", None, None),
        ("pwsh", "bash", None, None),
        ("'bash -c \"unclosed'", "", None, None),
    ],
)
def test_whether_a_failure_stops_a_script(shell: str, default: str, stops: bool | None, pipefail: bool | None) -> None:
    own = f", shell: {shell}" if shell[:1] == "'" else f", shell: '{shell}'" if shell else ""
    top = f"defaults: {{run: {{shell: {default}}}}}\n" if default else ""
    found = workflow(f"on: push\n{top}jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{{run: 'a | b'{own}}}]\n")
    job = job_of(found, "a")
    settings = run_settings(found, job, job.steps[0])
    assert (settings.stops_at_failure, settings.pipefail) == (stops, pipefail)


def test_the_nearest_working_directory_holds() -> None:
    found = workflow("""
        on: push
        defaults: {run: {working-directory: all}}
        jobs:
          a:
            runs-on: windows-latest
            defaults: {run: {working-directory: job}}
            steps: [{run: x}, {run: x, working-directory: step}]
    """)
    job = job_of(found, "a")
    assert [str(run_settings(found, job, step).working_directory) for step in job.steps] == ["job", "step"]
    assert run_settings(found, job, job.steps[0]).command.startswith("pwsh")


def test_a_composite_action_is_read() -> None:
    files = sample_files()
    found = read_action(files[".github/actions/setup/action.yml"], "action.yml")
    assert found.findings == ()
    assert found.using == "composite"
    assert {name: (one.required, str(one.default or "")) for name, one in found.inputs.items()} == {
        "tools": (True, ""), "version": (False, "latest"),
    }  # fmt: skip
    assert [step.title for step in found.steps] == ["install", "actions/cache@v5"]
    assert str(found.outputs["path"]) == "${{ steps.install.outputs.path }}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\n", "no `runs:`"),
        ("name: x\nruns: {using: composite}\n", "needs `steps:`"),
        ("name: x\nruns: {using: composite, steps: [{run: make}]}\n", "needs a `shell:`"),
        (
            "name: x\nruns: {using: composite, steps: [{run: 'echo ${{ secrets.X }}', shell: bash}]}\n",
            "`secrets` is not available",
        ),
        ("name: x\ninput: {}\nruns: {using: node24, main: x.js}\n", "Did you mean `inputs`?"),
    ],
)
def test_a_wrong_action(text: str, said: str) -> None:
    assert any(said in str(finding) for finding in read_action(text.encode(), "action.yml").findings)


def test_the_same_bytes_give_the_same_findings() -> None:
    for path in ERRORS:
        assert said_of(path) == said_of(path)
