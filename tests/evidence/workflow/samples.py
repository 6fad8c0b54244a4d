"""Small workflows for tests, and the sample files of this folder."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from graders.evidence.workflow.data_flow import From, sources_of_expression
from graders.evidence.workflow.model import Job, Workflow
from graders.evidence.workflow.occurrences import in_workflow
from graders.evidence.workflow.read import read_workflow, read_workflows
from graders.evidence.workflow.untrusted import injections
from graders.problems import Problem

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


def said_of_file(path: Path) -> list[tuple[int, str]]:
    """All that our evidence has against a file, by line: what reading notes, strangers' texts, values from nowhere."""
    try:
        found = read_workflow(path.read_bytes(), path.name)
    except Problem as problem:
        return [(getattr(problem, "line", 0), str(problem))]
    said = [(finding.where.line, str(finding)) for finding in found.findings]
    said += [(one.where.line, f"{one.where}: A stranger's {one.value} in a script.") for one in injections(found)]
    for use in in_workflow(found):
        job = found.job(use.job) or Job("", use.where)
        sources = sources_of_expression(found, job, use.expression, use.where, use.step)
        nothing = [one for one in sources if one.kind is From.NOTHING]
        said += [(use.where.line, f"{use.where}: Nothing comes of {one.path}: {one.why}.") for one in nothing]
    return sorted(said)


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
