"""Every expression in a workflow, with the place it stands at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.evidence.workflow.expression import Expression, ExpressionProblem
from graders.evidence.workflow.model import Container, Job, Settings, Step, Text, Where, Workflow
from graders.evidence.workflow.template import OPEN, condition, pieces


@dataclass(frozen=True, slots=True)
class Use:
    """One expression. `key` is the path below the job or step (`env.TITLE`, `run`, `if`); `text` is the whole value.

    `job` is empty for what belongs to the workflow; `step` is None for what belongs to the job.
    """

    expression: Expression
    key: str
    text: Text
    where: Where
    job: str = ""
    step: Step | None = None


def in_workflow(workflow: Workflow) -> Iterator[Use]:
    """Every expression of the file, in the order: workflow, then job after job. What does not parse is left out."""
    if workflow.run_name:
        yield from _of(workflow.run_name, "run-name")
    yield from _settings(workflow.env, "env")
    if workflow.concurrency:
        for key, text in (
            ("group", workflow.concurrency.group),
            ("cancel-in-progress", workflow.concurrency.cancel_in_progress),
        ):
            yield from _of(text, f"concurrency.{key}")
    for trigger in workflow.triggers:
        for name, output in trigger.outputs.items():
            yield from _of(output, f"on.{trigger.event}.outputs.{name}")
        for name, given in trigger.inputs.items():
            yield from _of(given.default, f"on.{trigger.event}.inputs.{name}.default")
    for job in workflow.jobs.values():
        yield from in_job(job)


def in_job(job: Job) -> Iterator[Use]:
    """Every expression of one job, its steps' too."""
    id = job.id
    yield from _of(job.name, "name", id)
    if job.if_:
        yield from _condition(job.if_, id)
    if job.runs_on:
        for label in (*job.runs_on.labels, job.runs_on.group):
            yield from _of(label, "runs-on", id)
    if job.environment:
        yield from _of(job.environment.name, "environment.name", id)
        yield from _of(job.environment.url, "environment.url", id)
    if job.concurrency:
        yield from _of(job.concurrency.group, "concurrency.group", id)
        yield from _of(job.concurrency.cancel_in_progress, "concurrency.cancel-in-progress", id)
    if job.strategy:
        yield from _matrix(job)
    for key, settings in (
        ("env", job.env),
        ("with", job.with_),
        ("secrets", job.secrets.values),
        ("outputs", job.outputs),
    ):
        yield from _settings(settings, key, id)
    for key, text in (
        ("defaults.run.shell", job.defaults.shell), ("defaults.run.working-directory", job.defaults.working_directory),
        ("timeout-minutes", job.timeout_minutes), ("continue-on-error", job.continue_on_error),
    ):  # fmt: skip
        yield from _of(text, key, id)
    if job.container:
        yield from _container(job.container, "container", id)
    for name, service in job.services.items():
        yield from _container(service, f"services.{name}", id)
    for step in job.steps:
        yield from in_step(step, id)


def in_step(step: Step, job: str = "") -> Iterator[Use]:
    """Every expression of one step."""
    yield from _of(step.name, "name", job, step)
    if step.if_:
        yield from _condition(step.if_, job, step)
    yield from _of(step.run, "run", job, step)
    yield from _settings(step.with_, "with", job, step)
    yield from _settings(step.env, "env", job, step)
    for key, text in (
        ("shell", step.shell), ("working-directory", step.working_directory),
        ("continue-on-error", step.continue_on_error), ("timeout-minutes", step.timeout_minutes),
    ):  # fmt: skip
        yield from _of(text, key, job, step)


def _of(text: Text | None, key: str, job: str = "", step: Step | None = None) -> Iterator[Use]:
    if text is None or OPEN not in text.value:
        return
    try:
        found = pieces(text.value)
    except ExpressionProblem:
        return
    for piece in found:
        yield Use(piece.expression, key, text, text.at(piece.start), job, step)


def _condition(text: Text, job: str, step: Step | None = None) -> Iterator[Use]:
    try:
        yield Use(condition(text.value).expression, "if", text, text.where, job, step)
    except ExpressionProblem:
        return


def _settings(settings: Settings, key: str, job: str = "", step: Step | None = None) -> Iterator[Use]:
    yield from _of(settings.dynamic, key, job, step)
    for name, text in settings.values.items():
        yield from _of(text, f"{key}.{name}", job, step)


def _container(container: Container, key: str, job: str) -> Iterator[Use]:
    yield from _of(container.image, f"{key}.image", job)
    yield from _settings(container.env, f"{key}.env", job)
    yield from _settings(container.credentials, f"{key}.credentials", job)
    for text in (container.options, *container.ports, *container.volumes):
        yield from _of(text, key, job)


def _matrix(job: Job) -> Iterator[Use]:
    strategy = job.strategy
    if strategy is None:
        return
    yield from _of(strategy.fail_fast, "strategy.fail-fast", job.id)
    yield from _of(strategy.max_parallel, "strategy.max-parallel", job.id)
    matrix = strategy.matrix
    if matrix is None:
        return
    yield from _of(matrix.dynamic, "strategy.matrix", job.id)
    for name, values in (*matrix.vectors.items(), ("include", matrix.include), ("exclude", matrix.exclude)):
        for text in _texts(values):
            yield from _of(text, f"strategy.matrix.{name}", job.id)


def _texts(value: object) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _texts(item)
    elif hasattr(value, "values"):
        for item in value.values():
            yield from _texts(item)
