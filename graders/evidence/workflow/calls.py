"""Calls of reusable workflows in the same repository, for which GitHub refuses the caller's file where they don't fit.

https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows
https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from graders.evidence.workflow.model import Finding, Job, Text, Trigger, UsesKind, Where, Workflow
from graders.evidence.workflow.permissions import SCOPES, effective_permissions

MOST_LEVELS = 10
_RANKS = ("none", "read", "write")
_RULE = "call"


def what_does_not_fit(workflow: Workflow, others: Mapping[str, Workflow]) -> tuple[Finding, ...]:
    """What is wrong with the calls in `workflow`; `others` are the repository's readable workflows by path."""
    return tuple(
        Finding(_RULE, where, what, next, refused=True)
        for job in workflow.jobs.values()
        if job.uses is not None and job.uses.kind is UsesKind.LOCAL_WORKFLOW
        for where, what, next in _of_job(workflow, job, others)
    )


_Found = Iterator[tuple[Where, str, str]]


def _of_job(workflow: Workflow, job: Job, others: Mapping[str, Workflow]) -> _Found:
    assert job.uses is not None
    where, path = job.uses.where, job.uses.path
    called = others.get(path)
    if called is None:
        near = get_close_matches(path, sorted(others), n=1, cutoff=0.6)
        hint = f"Did you mean `./{near[0]}`?" if near else "Add and commit it, or mend the path."
        yield where, f"`{job.id}` calls `./{path}`, and there is no such workflow.", hint
        return
    if circle := _circle(path, others, (workflow.path,), set()):
        names = " → ".join(one.rsplit("/", 1)[-1] for one in circle)
        what = "call each other without end" if circle[-1] in circle[:-1] else f"call more than {MOST_LEVELS} deep"
        yield where, f"These workflows {what}: {names}.", "Take one of the calls out."
        return
    trigger = called.trigger("workflow_call")
    if trigger is None:
        yield where, f"`./{path}` can't be called: its `on:` has no `workflow_call`.", "Add `workflow_call:` there."
        return
    if called.refused:
        first = called.refused[0]
        yield where, f"`./{path}` is refused itself: {first.what}", f"See {first.where}."
        return
    yield from _inputs(job, trigger, path)
    yield from _secrets(job, trigger, path)
    yield from _permissions(workflow, job, called)


def _circle(path: str, others: Mapping[str, Workflow], before: tuple[str, ...], seen: set[str]) -> tuple[str, ...]:
    """The paths of a circle of calls that `path` stands in or leads to, of a chain that is too long, or nothing."""
    if path in before or len(before) >= MOST_LEVELS:
        return (*before[before.index(path) if path in before else 0 :], path)
    if path not in seen:
        seen.add(path)
        called = others.get(path)
        for uses in [job.uses for job in called.jobs.values()] if called else ():
            local = uses is not None and uses.kind is UsesKind.LOCAL_WORKFLOW
            if uses and local and (found := _circle(uses.path, others, (*before, path), seen)):
                return found
    return ()


def _inputs(job: Job, trigger: Trigger, path: str) -> _Found:
    given, known = _by_name(job.with_.values), {name.lower(): one for name, one in trigger.inputs.items()}
    for name, text in given.items():
        if name not in known:
            yield text.where, f"`./{path}` has no input `{name[:60]}`.", _like(name, known, "inputs")
    for name, one in known.items():
        if one.required and one.default is None and name not in given and job.with_.dynamic is None:
            yield job.where, f"`{job.id}` does not give `./{path}` its input `{one.name}`.", "Add it under `with:`."


def _secrets(job: Job, trigger: Trigger, path: str) -> _Found:
    if job.secrets.inherit or job.secrets.values.dynamic is not None:
        return
    given, known = _by_name(job.secrets.values.values), {name.lower(): name for name in trigger.secrets}
    for name, text in given.items():
        if name not in known:
            yield text.where, f"`./{path}` has no secret `{name[:60]}`.", _like(name, known, "secrets")
    for name in trigger.required_secrets:
        if name.lower() not in given:
            yield job.where, f"`{job.id}` does not give `./{path}` its secret `{name}`.", "Add it under `secrets:`."


def _permissions(workflow: Workflow, job: Job, called: Workflow) -> _Found:
    allowed = effective_permissions(workflow, job)
    for inner in called.jobs.values() if allowed.source != "default" else ():
        wanted = effective_permissions(called, inner)
        for scope in SCOPES if wanted.source != "default" else ():
            if _RANKS.index(wanted.level(scope)) > _RANKS.index(allowed.level(scope)):
                asks = f"`{scope}: {wanted.level(scope)}`, and `{job.id}` has `{scope}: {allowed.level(scope)}`"
                what = f"The job `{inner.id}` of `./{called.path}` asks for {asks}."
                yield job.where, what, f"Give `{job.id}` what it asks for, or ask for less there."


def _by_name(values: Mapping[str, Text]) -> dict[str, Text]:
    return {name.lower(): text for name, text in values.items()}


def _like(name: str, known: Mapping[str, object], what: str) -> str:
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else f"Its {what}: {', '.join(sorted(known)) or 'none'}."
