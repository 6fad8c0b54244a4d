"""Who built what, and who brought which image where, by the record of an event's runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from graders.evidence.workflow.call_chains import Chain, contexts_of, jobs_before, leaf_jobs, value_of
from graders.evidence.workflow.data_flow import Library
from graders.evidence.workflow.evaluate import Unknown, as_text
from graders.evidence.workflow.image_reference import Reference, references_in
from graders.evidence.workflow.model import Step, Workflow
from graders.runners.workflow.played_commands import (
    Role,
    any_reference,
    images_made,
    images_made_by_action,
    role_of,
    role_of_action,
)
from graders.runners.workflow.record import ActionCall, Call
from graders.runners.workflow.scenario import Outcome, Started

STAGING, PRODUCTION = "staging", "production"
_NAMED = {
    STAGING: re.compile(r"(?<![a-z])(staging|stage|stg)(?![a-z])"),
    PRODUCTION: re.compile(r"(?<![a-z])(production|prod|prd)(?![a-z])"),
}


@dataclass(frozen=True, slots=True)
class Job:
    """A job of one of the runs: `id` is `caller / id` in a called workflow; `environment` is what it is called there."""

    workflow: Workflow = field(compare=False)
    path: str
    id: str
    environment: str = ""
    chain: Chain = field(default=(), compare=False)

    @property
    def meant_for(self) -> str:
        """`staging` or `production` by its environment, else by its id, or empty."""
        return environment_meant(self.environment) or environment_meant(self.id)

    @property
    def where(self) -> str:
        """`file:line` of the job that has the steps."""
        return str(self.chain[-1].job.where) if self.chain else self.path


@dataclass(frozen=True, slots=True)
class Deed:
    """One call or use of an action that has a role. `lands` is the environment that it is about, or empty.

    `part` counts the parts of the runs between approvals; `order` is its place in the record of its kind.
    """

    role: Role
    job: Job
    part: int
    order: int
    made_by: Call | ActionCall
    images: tuple[Reference, ...]
    lands: str

    @property
    def step(self) -> Step | None:
        """The step that did it, where it is one of the job's own."""
        steps = self.job.chain[-1].job.steps if self.job.chain else ()
        if isinstance(self.made_by, ActionCall):
            number = self.made_by.step
        else:
            id = self.made_by.step
            known = next((one.number for one in steps if one.id and one.id == id), 0)
            number = known or (int(id) + 1 if id.isdigit() else 0)
        return steps[number - 1] if 0 < number <= len(steps) else None

    @property
    def where(self) -> str:
        """`file:line` of the step, else of the job."""
        return str(self.step.where) if self.step else self.job.where

    @property
    def words(self) -> tuple[str, ...]:
        """What was said: the command's words, or the action's inputs."""
        return self.made_by.argv if isinstance(self.made_by, Call) else tuple(self.made_by.inputs.values())


class Deployments:
    """What an outcome's record says of images. `library` are the workflows, for following calls."""

    def __init__(self, outcome: Outcome, library: Library) -> None:
        self.outcome, self._library = outcome, library
        self.registry: dict[str, str] = {}
        for one in outcome.started:
            self.registry |= one.run.registry

    @cached_property
    def known(self) -> tuple[Reference, ...]:
        """The images that were made, and their digests."""
        made = [one for call in self.outcome.calls for one in images_made(call)]
        made += [one for call in self.outcome.actions for one in images_made_by_action(call)]
        names = dict.fromkeys(one.name for one in made)
        digests = [Reference(name, "", digest) for name in names for digest in dict.fromkeys(self.registry.values())]
        return tuple(dict.fromkeys([*made, *digests]))

    @cached_property
    def deeds(self) -> tuple[Deed, ...]:
        """All of it, part after part."""
        found: list[Deed] = []
        part = 0
        for started in self.outcome.started:
            jobs = self._jobs(started)
            for calls, actions in _parts(started):
                found += self._of_part(jobs, part, calls, actions)
                part += 1
        return tuple(found)

    @cached_property
    def approved(self) -> tuple[Mapping[str, str], ...]:
        """For each part, the jobs that were approved before it, with the environment that each waited for."""
        found: list[Mapping[str, str]] = []
        for started in self.outcome.started:
            before: Mapping[str, str] = {}
            for stage in started.stages or (None,):
                waiting = stage.waiting if stage else {}
                found.append({job: name for job, name in before.items() if job not in waiting})
                before = waiting
        return tuple(found)

    def with_role(self, role: Role) -> tuple[Deed, ...]:
        return tuple(one for one in self.deeds if one.role is role)

    def to(self, environment: str) -> tuple[Deed, ...]:
        """What brings an image to an environment."""
        return tuple(one for one in self.with_role(Role.DEPLOY) if one.lands == environment)

    def comes_after(self, later: Job, earlier: Job) -> bool:
        """Whether `later` starts only when `earlier` has ended: by `needs`, or as a workflow that waits for the other."""
        if later.path == earlier.path:
            return earlier.id in self._before[later.path].get(later.id, ())
        trigger = later.workflow.trigger("workflow_run")
        names = {text.value for text in trigger.workflows or ()} if trigger else set()
        return (earlier.workflow.name.value if earlier.workflow.name else earlier.path) in names

    @cached_property
    def _before(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        return {one.workflow.path: jobs_before(one.workflow, self._library) for one in self.outcome.started}

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """Every job with steps of the workflows that started."""
        return tuple(job for one in self.outcome.started for job in self._jobs(one).values())

    def _jobs(self, started: Started) -> dict[str, Job]:
        seen = {job: name for stage in started.stages for job, name in stage.waiting.items()}
        found = {}
        for id, chain in leaf_jobs(started.workflow, self._library).items():
            environment = seen.get(id) or _environment(chain)
            found[id] = Job(started.workflow, started.workflow.path, id, environment, chain)
        return found

    def _of_part(
        self, jobs: Mapping[str, Job], part: int, calls: tuple[Call, ...], actions: tuple[ActionCall, ...]
    ) -> Iterator[Deed]:
        for order, call in enumerate(calls):
            if job := jobs.get(call.job):
                images = self._images((*call.argv, *call.images))
                if role := role_of(call, images):
                    yield self._deed(role, job, part, order, call, images, (*call.argv, call.cwd))
        for order, used in enumerate(actions):
            if job := jobs.get(used.job):
                images = self._images(tuple(used.inputs.values()))
                if role := role_of_action(used, images):
                    yield self._deed(role, job, part, order, used, images, tuple(used.inputs.values()))

    def _images(self, words: tuple[str, ...]) -> tuple[Reference, ...]:
        return references_in(words, self.known) if self.known else any_reference(words)

    def _deed(
        self, role: Role, job: Job, part: int, order: int, made_by: Call | ActionCall, images: tuple[Reference, ...],
        words: tuple[str, ...],
    ) -> Deed:  # fmt: skip
        said = " ".join(words)
        for image in images:
            said = said.replace(image.name, " ")
        named = [name for name, pattern in _NAMED.items() if pattern.search(said.lower())]
        return Deed(role, job, part, order, made_by, images, named[0] if len(named) == 1 else job.meant_for)


def jobs_of(deeds: Iterable[Deed]) -> list[Job]:
    """The jobs of the deeds, in their order, each once."""
    return list(dict.fromkeys(deed.job for deed in deeds))


def how_to_wait(later: Job, earlier: Job) -> str:
    """What makes one job start after another: the line of `needs:`, between the callers where both are called."""
    if later.path != earlier.path:
        return "Bring both into one workflow: only there can one need the other."
    pairs = zip(later.id.split(" / "), earlier.id.split(" / "), strict=False)
    one, other = next((pair for pair in pairs if pair[0] != pair[1]), (later.id, earlier.id))
    return f"Add `{other}` to the `needs:` of `{one}`."


def environment_meant(text: str) -> str:
    """`staging` or `production` where the text names just one of them, in a usual short form too; else empty."""
    found = [name for name, pattern in _NAMED.items() if pattern.search(text.lower().replace("_", "-"))]
    return found[0] if len(found) == 1 else ""


def _environment(chain: Chain) -> str:
    given = chain[-1].job.environment
    if given is None:
        return ""
    value = value_of(given.name, contexts_of(chain, {}))
    return given.name.value if isinstance(value, Unknown) else as_text(value)


def _parts(started: Started) -> Iterator[tuple[tuple[Call, ...], tuple[ActionCall, ...]]]:
    calls = actions = 0
    for run in [stage.run for stage in started.stages] or [started.run]:
        yield run.calls[calls:], run.actions[actions:]
        calls, actions = len(run.calls), len(run.actions)
