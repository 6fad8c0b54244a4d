"""What the reader says of a workflow, as short lines that a person can check against the file.

on: main, tag v1.2.3                 which of EVENTS start it
group: release, cancels false        the workflow's concurrency
build: after plan; on ubuntu-latest; may contents:read packages:write; legs 3; secrets KEY; vars REGION
build if: push yes, pull_request no  what its condition comes to for `example/service`'s main; ? is told by a run
build <- plan.changed.packages       where a value that comes from another job or an input was made
stranger's text: build 2 github.head_ref
not run here: …                      why the runner can't take it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graders.evidence.workflow.data_flow import From, Library, Source, sources_of_expression, visible
from graders.evidence.workflow.evaluate import PartlyKnown, Status, evaluate, truthy
from graders.evidence.workflow.expression import references
from graders.evidence.workflow.matrix import expand
from graders.evidence.workflow.model import Concurrency, Job, Text, Workflow
from graders.evidence.workflow.occurrences import in_workflow
from graders.evidence.workflow.permissions import SCOPES, effective_permissions
from graders.evidence.workflow.template import condition
from graders.evidence.workflow.triggers import (
    Event,
    MergeGroup,
    Other,
    PullRequest,
    Push,
    Schedule,
    WorkflowRun,
    runs_on,
)
from graders.evidence.workflow.untrusted import injections
from graders.runners.workflow.plan import plan_of

API, DOCS = ("api/src/main.py", "README.md"), ("docs/guide.md", "README.md")
EVENTS: Mapping[str, Event] = {
    "main": Push("main", paths=API),
    "main docs": Push("main", paths=DOCS),
    "main infra": Push("main", paths=("infra/main.tf",)),
    "feature": Push("feature/x", paths=API),
    "wip": Push("wip/x", paths=API),
    "next": Push("next", paths=("web/app.ts",)),
    "1.x": Push("1.x", paths=API),
    "release/1.2": Push("release/1.2", paths=API),
    "tag v1.2.3": Push(tag="v1.2.3"),
    "tag v0.1.0-rc1": Push(tag="v0.1.0-rc1"),
    "tag x": Push(tag="x"),
    "skip ci": Push("main", paths=API, message="Typo [skip ci]"),
    "pr": PullRequest("main", "feature/x", paths=API),
    "pr docs": PullRequest("main", "feature/x", paths=DOCS),
    "pr web": PullRequest("main", "feature/x", paths=("web/app.ts", "web/app.test.ts")),
    "pr infra": PullRequest("main", "feature/x", paths=("infra/main.tf",)),
    "pr to dev": PullRequest("dev", "feature/x", paths=API),
    "pr ready": PullRequest("main", "feature/x", action="ready_for_review", paths=API),
    "pr labeled": PullRequest("main", "feature/x", action="labeled", paths=API),
    "pr closed": PullRequest("main", "feature/x", action="closed", paths=("web/app.ts",)),
    "pr target": PullRequest("main", "feature/x", target=True),
    "pr target closed": PullRequest("main", "feature/x", action="closed", target=True),
    "queue": MergeGroup("main"),
    "time": Schedule(),
    "by hand": Other("workflow_dispatch"),
    "called": Other("workflow_call"),
    "issue": Other("issues", "opened"),
    "comment": Other("issue_comment", "created"),
    "comment edited": Other("issue_comment", "edited"),
    "release": Other("release", "published"),
    "prerelease": Other("release", "prereleased"),
    "deleted": Other("delete"),
    "label": Other("label", "created"),
    "dispatch": Other("repository_dispatch", "rebuild"),
    "other dispatch": Other("repository_dispatch", "hello"),
    "tests done": WorkflowRun("Tests", "feature/x"),
    "tests done on main": WorkflowRun("Tests", "main"),
}


def what_is_true(workflow: Workflow, others: Library, files: Mapping[str, bytes]) -> str:
    """The lines for `workflow`; `others` and `files` are the repository that it stands in."""
    return "\n".join(_lines(workflow, others, files))


def _lines(workflow: Workflow, others: Library, files: Mapping[str, bytes]) -> Iterator[str]:
    yield "on: " + ", ".join(name for name, event in EVENTS.items() if runs_on(workflow, event))
    yield from (f"group: {_group(workflow.concurrency)}" for _ in range(bool(workflow.concurrency)))
    for job in workflow.jobs.values():
        yield f"{job.id}: " + "; ".join(filter(None, _of_job(workflow, job)))
        if job.if_:
            yield f"{job.id} if: " + ", ".join(_outcomes(workflow, job.if_))
    seen = set()
    for user, source in _from_elsewhere(workflow, others):
        line = f"{user} <- {_named(source)}"
        if line not in seen:
            seen.add(line)
            yield line
    for found in injections(workflow, others=others):
        yield f"stranger's text: {found.job} {found.step.number} {found.value}"
    if cannot := plan_of(files, workflow.path).cannot:
        yield f"not run here: {cannot}"


def _of_job(workflow: Workflow, job: Job) -> Iterator[str]:
    if job.needs:
        yield "after " + " ".join(need.value for need in job.needs)
    if job.uses:
        yield f"calls {job.uses.text}" + (" with all secrets" if job.secrets.inherit else "")
    if job.runs_on:
        labels = [label.value for label in (*job.runs_on.labels, job.runs_on.group) if label]
        yield "on " + " ".join(labels)
    yield "may " + _permissions(workflow, job)
    if job.environment:
        url = f" at {job.environment.url}" if job.environment.url else ""
        yield f"in {job.environment.name}{url}"
    if job.concurrency:
        yield f"group {_group(job.concurrency)}"
    if job.strategy and job.strategy.matrix:
        expansion = expand(job.strategy.matrix)
        yield f"legs {expansion.count if expansion.legs else 'told by a run'}"
    seen = visible(workflow, job)
    yield f"secrets {' '.join(seen.secrets)}" if seen.secrets else ""
    yield f"vars {' '.join(seen.variables)}" if seen.variables else ""


def _permissions(workflow: Workflow, job: Job) -> str:
    found = effective_permissions(workflow, job)
    if found.source == "default":
        return "what the repository's settings say"
    for word in ("read", "write"):
        if all(
            found.level(scope) == (word if word in levels else levels[word == "read"])
            for scope, levels in SCOPES.items()
        ):
            return f"{word} all"
    return " ".join(f"{scope}:{found.level(scope)}" for scope in SCOPES if found.level(scope) != "none") or "nothing"


def _outcomes(workflow: Workflow, text: Text) -> Iterator[str]:
    for trigger in workflow.triggers:
        request = trigger.event.startswith("pull_request")
        github = {
            "ref": "refs/pull/7/merge" if request else "refs/heads/main",
            "ref_name": "7/merge" if request else "main",
        }
        known = {"repository": "example/service", "repository_owner": "example", **github}
        if trigger.event != "workflow_call":  # there, the caller's event has the name
            known["event_name"] = trigger.event
        worth = truthy(
            evaluate(
                condition(text.value).effective, {"github": PartlyKnown(known), "needs": PartlyKnown()}, Status.SUCCESS
            )
        )
        yield f"{trigger.event} {'?' if worth is None else 'yes' if worth else 'no'}"


def _group(concurrency: Concurrency | None) -> str:
    cancels = concurrency.cancel_in_progress if concurrency else None
    return f"{concurrency.group if concurrency else ''}" + (f", cancels {cancels}" if cancels else "")


def _from_elsewhere(workflow: Workflow, others: Library) -> Iterator[tuple[str, Source]]:
    """Each value that a job takes from another job or from an input, with its origins."""
    for use in in_workflow(workflow):
        contexts = {path[0] for path, _ in references(use.expression)}
        job = workflow.job(use.job)
        if job is None or not contexts & {"needs", "inputs"}:
            continue
        for source in sources_of_expression(workflow, job, use.expression, use.where, use.step, others=others):
            yield f"{job.id} {f'{use.step.number} ' if use.step else ''}{use.key}", source


def _named(source: Source) -> str:
    if source.kind is From.STEP and source.step:
        return f"{source.job}.{source.step.id or source.step.number}.{source.name}"
    return f"{source.kind}: {source.name}" + (f" ({source.why})" if source.kind is From.NOTHING else "")
