"""What of a run can be read by others than the step that it belongs to: logs, outputs, arguments, inputs, artifacts, caches."""

from __future__ import annotations

from collections.abc import Iterator

from graders.runners.workflow.scenario import Outcome


def traces(outcome: Outcome) -> Iterator[tuple[str, bytes]]:
    """Each of them by name: its kind, what to call it and where it comes from, with a NUL between."""
    for started in outcome.started:
        path = started.workflow.path
        for job in started.run.jobs:
            for step in job.steps:
                origin = f"{path}\0{job.id}\0{step.number}\0{job.matrix}"
                said = [*step.log, *(one.message for one in step.annotations)]
                yield f"log\0the job {job.id}\0{origin}", "\n".join(said).encode()
                yield f"output\0the job {job.id}\0{origin}", "\n".join(step.outputs.values()).encode()
        for number, call in enumerate(started.run.calls):
            yield f"argument\0{call.tool}\0{number}", "\n".join(call.argv).encode()
        for use in started.run.actions:
            if use.action.startswith("docker/build-push-action"):
                shown = [value for name, value in use.inputs.items() if name in ("build-args", "labels", "tags")]
                yield f"input\0{use.action}\0{path}\0{use.job}\0{use.step}\0", "\n".join(shown).encode()
        for artifact in started.run.artifacts:
            for name, content in artifact.files.items():
                yield f"artifact\0{artifact.name}\0{name}", content
        for entry in started.run.caches:
            yield f"cache\0{entry.key[:60]}\0", entry.archive
