"""Rights of a job's token that nothing in the job plausibly uses.

https://docs.github.com/en/actions/reference/security/secure-use#use-the-principle-of-least-privilege
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from graders.evidence.workflow.commands import commands, words_in
from graders.evidence.workflow.data_flow import Library
from graders.evidence.workflow.expression import references
from graders.evidence.workflow.model import Job, Step, Uses, UsesKind, Where, Workflow
from graders.evidence.workflow.occurrences import Use, in_job, in_step
from graders.evidence.workflow.permissions import Effective, effective_permissions
from graders.evidence.workflow.read import read_action
from graders.problems import Problem

_READY = frozenset("checkout cache setup install python node uv ruff lint linter pytest actionlint".split())
_WRITING = frozenset(
    "release commit push deploy pages tag bump version versioning changelog badge publish benchmark changesets script "
    "pr request merge".split()
)
_TELLING = frozenset("annotate annotations comment report reporter review reviewdog".split())
_CALLERS = frozenset("gh hub curl wget node python python3 bash sh".split())
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Excess:
    """A right too many. `source` is `default` where the file says nothing, else `workflow` or `job`."""

    workflow: Workflow
    job: Job
    source: str
    scopes: tuple[str, ...]
    where: Where


def excesses(workflow: Workflow, library: Library, files: Mapping[str, bytes]) -> Iterator[Excess]:
    """For each job of a started workflow, the jobs of workflows that it calls among them, what its token may do in vain.

    `files` are the commit's, for the local actions that steps use.
    """
    for job in workflow.jobs.values():
        yield from _of_job(workflow, job, effective_permissions(workflow, job), library, files)


def _of_job(
    workflow: Workflow, job: Job, effective: Effective, library: Library, files: Mapping[str, bytes]
) -> Iterator[Excess]:
    called = library.get(job.uses.path) if job.uses and job.uses.kind is UsesKind.LOCAL_WORKFLOW else None
    if called is not None:
        for inner in called.jobs.values():
            own = effective_permissions(called, inner)
            yield from _of_job(called, inner, effective if own.source == "default" else own, {}, files)
        return
    if effective.source == "default":
        yield Excess(workflow, job, "default", (), job.where)
        return
    unused = tuple(scope for scope in effective.writes if not _uses(job, scope, files))
    if unused:
        yield Excess(workflow, job, effective.source, unused, effective.where or job.where)


def _uses(job: Job, scope: str, files: Mapping[str, bytes]) -> bool:
    """Whether something in the job plausibly writes to `scope`; a workflow of another repository always may."""
    if job.uses is not None:
        return True
    token = any(_names_token(use) for use in in_job(job) if use.step is None)
    return _some_step_uses(job.steps, scope, files, 0, token=token)


def _some_step_uses(
    steps: tuple[Step, ...], scope: str, files: Mapping[str, bytes], depth: int, *, token: bool
) -> bool:
    for step in steps:
        if step.uses and step.uses.kind is UsesKind.LOCAL and depth < _DEEPEST:
            if _some_step_uses(_steps_of(step.uses, files), scope, files, depth + 1, token=token):
                return True
        elif (step.uses and _action_uses(step.uses, scope)) or (step.run and _script_uses(step, scope, token)):
            return True
    return False


def _steps_of(uses: Uses, files: Mapping[str, bytes]) -> tuple[Step, ...]:
    for name in ("action.yml", "action.yaml"):
        path = f"{uses.path}/{name}" if uses.path else name
        if path in files:
            with suppress(Problem):
                return read_action(files[path], path).steps
    return ()


def _action_uses(uses: Uses, scope: str) -> bool:
    words = {*words_in(uses.name.partition("/")[2])}
    if uses.owner.lower() == "actions" and words & {"artifact", "checkout", "cache", "setup"}:
        return False
    if scope == "contents":
        return bool(words & _WRITING)
    if scope == "packages":
        return bool(words & {"docker", "login", "build", "publish", "push", "ghcr", "package"})
    return bool({uses.owner.lower(), *words} & _TELLING) or not words & _READY


def _script_uses(step: Step, scope: str, token: bool) -> bool:
    has_token = token or any(_names_token(use) for use in in_step(step))
    for command in commands(step.run.value if step.run else ""):
        words = set(command.words)
        if command.prints or command.installs:
            continue
        if scope == "contents" and command.name == "git" and "push" in words:
            return True
        if scope == "packages" and words & {"push", "publish"}:
            return True
        if has_token and (command.name in _CALLERS or "/" in command.words[0]):
            return True
    return False


def _names_token(use: Use) -> bool:
    """Whether an expression gives the token: `secrets.GITHUB_TOKEN` or `github.token`."""
    paths = (tuple(part.lower() for part in path) for path, _ in references(use.expression))
    return any(path in (("secrets", "github_token"), ("github", "token")) for path in paths)
