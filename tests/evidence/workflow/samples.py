"""Small workflows for tests, and the sample files of this folder."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from graders.evidence.workflow.model import Job, Workflow
from graders.evidence.workflow.read import read_workflow, read_workflows

HERE = Path(__file__).parent
PATH = ".github/workflows/ci.yml"
JOB = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"


def workflow(text: str, path: str = PATH) -> Workflow:
    """The workflow in `text`."""
    return read_workflow(dedent(text).encode(), path)


def triggered_by(on: str) -> Workflow:
    """A workflow with these lines under `on:`."""
    lines = dedent(on).strip("\n").replace("\n", "\n  ")
    return workflow(f"name: Some\non:\n  {lines}\n{JOB}")


def job_of(found: Workflow, name: str) -> Job:
    """The job called `name`, which must be there."""
    job = found.job(name)
    assert job is not None, f"no job {name} in {sorted(found.jobs)}"
    return job


def sample_files() -> dict[str, bytes]:
    """The files of `ok/`, at their places in a repository."""
    folder = HERE / "ok"
    return {
        (".github/" if name.startswith("actions/") else ".github/workflows/") + name: path.read_bytes()
        for path in sorted(folder.rglob("*.y*ml"))
        for name in [path.relative_to(folder).as_posix()]
    }


def samples() -> dict[str, Workflow]:
    """The workflows of `ok/` by their file's name without its ending."""
    read, unread = read_workflows(sample_files())
    assert not unread
    return {Path(one.path).stem: one for one in read}
