"""What a stranger gets into a workflow: text that becomes part of a script, and code that runs with the repository's rights.

Beside the scripts of the workflow itself (see `untrusted`), text is followed into the local actions and the reusable
workflows that are given it as an input.
https://docs.github.com/en/actions/reference/security/secure-use#mitigating-the-risks-of-untrusted-code-checkout
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graders.evidence.workflow.data_flow import From, Library, sources_of
from graders.evidence.workflow.expression import references
from graders.evidence.workflow.model import Job, Settings, Step, Text, UsesKind, Where, Workflow
from graders.evidence.workflow.occurrences import in_step
from graders.evidence.workflow.read import read_action
from graders.evidence.workflow.untrusted import injections, is_untrusted
from graders.problems import Problem

_HEAD = ("github.event.pull_request.head", "github.head_ref", "refs/pull/")
_NAMES_OF_ITS_CODE = (
    "event.pull_request.head", "event.pull_request.merge_commit_sha", "event.pull_request.number", "event.number", "head_ref"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stranger:
    """A place where a stranger gets in: what is chosen by them (`github.head_ref`), where it ends up, in which job."""

    value: str
    where: Where
    job: str


def strangers_text(workflow: Workflow, library: Library, files: Mapping[str, bytes]) -> Iterator[Stranger]:
    """Every untrusted text in a script of the workflow, of its local actions, and of workflows that it calls."""
    for one in injections(workflow, others=library):
        yield Stranger(one.value, one.where, one.job)
    for job in workflow.jobs.values():
        called = library.get(job.uses.path) if job.uses and job.uses.kind is UsesKind.LOCAL_WORKFLOW else None
        if called is not None:
            steps = [step for inner in called.jobs.values() for step in inner.steps]
            yield from _through(workflow, job, None, job.with_, steps, library)
        for step in job.steps:
            if step.uses and step.uses.kind is UsesKind.LOCAL:
                yield from _through(workflow, job, step, step.with_, _steps_of(step.uses.path, files), library)


def strangers_code(workflow: Workflow) -> Iterator[Stranger]:
    """Every checkout of a pull request's own code in a workflow that runs with the rights of main."""
    if workflow.trigger("pull_request_target") is None:
        return
    for job in workflow.jobs.values():
        for step in job.steps:
            if step.uses and step.uses.name == "actions/checkout":
                for name in ("ref", "repository"):
                    text = step.with_.get(name)
                    if text and (
                        any(head in text.value for head in _HEAD) or _names_its_code(workflow, job, step, text)
                    ):
                        yield Stranger("the pull request's code", text.where, job.id)


def _names_its_code(workflow: Workflow, job: Job, step: Step, text: Text) -> bool:
    """Whether the pull request is what a text is made from, also by way of a variable or an output."""
    found = sources_of(workflow, job, text, step, others={})
    return any(one.kind is From.EVENT and one.name.startswith(_NAMES_OF_ITS_CODE) for one in found)


def _through(
    workflow: Workflow, job: Job, step: Step | None, given: Settings, steps: list[Step], library: Library
) -> Iterator[Stranger]:
    for name, text in given.values.items():
        for source in sources_of(workflow, job, text, step, others=library):
            if source.kind is From.EVENT and is_untrusted(source.name):
                yield from (
                    Stranger(f"github.{source.name}", where, job.id) for where in _scripts_with(f"{name}", steps)
                )


def _scripts_with(name: str, steps: list[Step]) -> Iterator[Where]:
    for step in steps:
        for use in in_step(step):
            if use.key == "run" and any(
                [part.lower() for part in path[:2]] == ["inputs", name.lower()]
                for path, _ in references(use.expression)
            ):
                yield use.where


def _steps_of(folder: str, files: Mapping[str, bytes]) -> list[Step]:
    for name in ("action.yml", "action.yaml"):
        path = f"{folder}/{name}" if folder else name
        try:
            return list(read_action(files[path], path).steps)
        except (KeyError, Problem):
            continue
    return []
