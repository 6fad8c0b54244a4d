"""Read what came out of the sandbox, and hold it against what the workflow asks for."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from graders.evidence.workflow.matrix import MOST_JOBS
from graders.evidence.workflow.model import Job, UsesKind
from graders.runners.workflow.act_log import read_act_log
from graders.runners.workflow.inside.docker import REGISTRY
from graders.runners.workflow.plan import Plan
from graders.runners.workflow.record import ActionCall, Artifact, CacheEntry, Call, JobRun, Run
from graders.runners.workflow.runner_labels import labels_of, why_not_here

_ROOM = re.compile(rb"(?:/[\w.+-]+)+/rooms/[0-9a-f]{16}/(\w+)")
_PLACES = {
    b"hostexecutor": b"/home/runner/work/widgets/widgets", b"home": b"/home/runner", b"tmp": b"/home/runner/work/_temp",
    b"python": b"/opt/hostedtoolcache/Python",
}  # fmt: skip
_MOST_CALLS = 5_000
_NOTHING_SAID = "act said nothing of it"


def read_report(report: bytes, plan: Plan, secrets: Mapping[str, str]) -> Run:
    """The run that the launcher's archive tells of."""
    members = _members(report)
    if "exit_code" not in members:
        return Run(trouble="its record cannot be read")
    log = _ROOM.sub(lambda match: _PLACES.get(match[1], b"/home/runner/work/_runner/" + match[1]), members["act.jsonl"])
    names = {id: job.name.value if job.name else id for id, job in plan.jobs.items() if job.uses}
    jobs, actions = read_act_log(log, secrets, plan.title, names)
    jobs = _in_order(_as_asked(jobs, plan), plan)
    leg = {(job.id, json.dumps(job.matrix)): number for number, job in enumerate(jobs)}
    actions = tuple(sorted(actions, key=lambda one: (leg.get((one.job, json.dumps(one.matrix)), 0), one.step)))
    unsaid = _unsaid(jobs, plan)
    return Run(
        jobs=jobs,
        actions=tuple(
            replace(one, action=one.action.replace("ninesteps/", "actions/")) for one in actions if _can_be(one, plan)
        ),
        calls=_calls(members, {one.room: one.job for one in actions if one.room}, [job.id for job in jobs]),
        artifacts=_artifacts(members),
        caches=_caches(members),
        trouble=_trouble(members, [job for job in jobs if job.id not in unsaid]),
        left_out=tuple(filter(None, members["left_out"].decode("utf-8", "replace").split("\0"))),
        registry=_registry(members),
        unsaid=unsaid,
    )


def _unsaid(jobs: Sequence[JobRun], plan: Plan) -> tuple[str, ...]:
    """The jobs of which act says nothing since a workflow that was called has failed: it then begins no other job."""
    calls = {id for id, job in plan.jobs.items() if job.uses}
    if not any(job.id in calls and job.result == "failure" for job in jobs):
        return ()
    return tuple(job.id for job in jobs if job.why == _NOTHING_SAID)


def _can_be(call: ActionCall, plan: Plan) -> bool:
    """Whether the step that a record line stands in uses that action: any step can print such a line."""
    job = plan.jobs.get(call.job)
    if job is None:  # of a called workflow
        return " / " in call.job
    uses = job.steps[call.step - 1].uses if call.step <= len(job.steps) else None
    if uses is None or uses.kind is not UsesKind.ACTION:
        return uses is not None
    return call.action in (uses.repository.lower(), "ninesteps/cache")


def _members(report: bytes) -> dict[str, bytes]:
    """What `inside/hand_out.py` wrote."""
    members, position = {}, 0
    while (end := report.find(b"\n", position)) > 0:
        name, _, size = report[position:end].partition(b"\t")
        if not size.isdigit() or end + 1 + int(size) > len(report):
            return {}
        position = end + 1 + int(size)
        members[name.decode("utf-8", "replace")] = report[end + 1 : position]
    return members


def _trouble(members: Mapping[str, bytes], jobs: Sequence[JobRun]) -> str:
    legs = Counter(job.id for job in jobs if job.matrix)
    if too_many := next((id for id, count in legs.items() if count > MOST_JOBS), ""):
        return f"the matrix of its job `{too_many}` makes more than {MOST_JOBS} jobs, and GitHub fails such a run"
    if members["trouble"]:
        return members["trouble"].decode()
    exit_code = int(members["exit_code"])
    if exit_code < 0:
        return f"act was ended by signal {-exit_code}"
    if not any(job.result in ("success", "failure", "skipped") for job in jobs):
        said = [line for line in members["stderr"].decode("utf-8", "replace").splitlines() if line.strip()]
        if exit_code and said:
            return f"act could not run it: {said[-1].removeprefix('Error: ')[:300]}"
    return next((f"its job `{job.id}` was not run: {job.why}" for job in jobs if job.result == "not run"), "")


def _as_asked(jobs: Sequence[JobRun], plan: Plan) -> list[JobRun]:
    """What act told of, held against what the workflow asks for: a job it left out, a runner it took another for."""
    found = []
    for run in jobs:
        job = plan.jobs.get(run.id)
        why = why_not_here(labels_of(job, run.matrix)) if job and run.result != "skipped" else ""
        found.append(replace(run, result="not run", why=why) if why else _by_its_own_steps(run, job))
    seen = {run.id for run in found}
    for id, job in plan.jobs.items():
        called = [run.result for run in found if run.id.startswith(f"{id} / ")] if job.uses else []
        if called:
            found = [run for run in found if run.id != id]
            result = next((one for one in ("not run", "failure", "success") if one in called), "skipped")
            found.append(
                JobRun(id, id, {}, result, (), "a job that it calls was not run" if result == "not run" else "")
            )
        elif id not in seen:
            found.append(JobRun(id, id, {}, "not run", (), why_not_here(labels_of(job, {})) or _NOTHING_SAID))
    return found


def _by_its_own_steps(run: JobRun, job: Job | None) -> JobRun:
    """A matrix leg as its steps ended: act keeps one result for all legs of a job, and says whichever came last."""
    if job is None or run.result not in ("success", "failure") or not (job.strategy and job.strategy.matrix):
        return run
    if not run.matrix:  # act makes one job of an empty list
        return replace(run, result="failure", steps=(), why="its matrix has no values, and GitHub fails such a job")
    if run.unserved or any(step.result == "failure" for step in run.steps):
        return run if job.continue_on_error else replace(run, result="failure")
    return replace(run, result="success") if len(run.steps) >= len(job.steps) else run


def _in_order(jobs: Sequence[JobRun], plan: Plan) -> tuple[JobRun, ...]:
    place = {id: number for number, id in enumerate(plan.jobs)}
    return tuple(
        sorted(
            jobs, key=lambda job: (place.get(job.id.split(" / ")[0], len(place)), " / " in job.id, _leg(job), job.name)
        )
    )


def _leg(job: JobRun) -> int:
    """act numbers the legs of a matrix at the end of their name."""
    number = re.search(r"-(\d+)$", job.name) if job.matrix else None
    return int(number[1]) if number else 0


def _calls(members: Mapping[str, bytes], rooms: Mapping[str, str], jobs: Sequence[str]) -> tuple[Call, ...]:
    """`rooms` tells the job where its own name for itself would not: two calls of one workflow have the same job.

    A job that uses no action has no room that is known; then its name must do, which may be one of a called workflow.
    """
    calls = []
    for text in members.get("record/calls.jsonl", b"").splitlines()[:_MOST_CALLS]:
        try:
            line = json.loads(text)
            if not line["job"]:  # act itself looks for tools
                continue
            words, names = tuple(map(str, line["argv"])), tuple(map(str, line["names"]))
            code, images = int(line.get("exit_code", 0)), tuple(map(str, line.get("images", ())))
            named = str(line["job"])
            called = {job for job in jobs if named not in jobs and job.endswith(f" / {named}")} - set(rooms.values())
            job = rooms.get(str(line.get("room", "")), next(iter(called)) if len(called) == 1 else named)
            calls.append(Call(str(line["tool"]), words, job, str(line["step"]), str(line["cwd"]), names, code, images))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return tuple(calls)


def _registry(members: Mapping[str, bytes]) -> dict[str, str]:
    try:
        found = json.loads(members.get(REGISTRY, b"{}"))
    except (ValueError, RecursionError):
        return {}
    return {str(image): str(digest) for image, digest in found.items()} if isinstance(found, dict) else {}


def _artifacts(members: Mapping[str, bytes]) -> tuple[Artifact, ...]:
    found: dict[str, dict[str, bytes]] = {}
    for name, content in members.items():
        folder, _, rest = name.partition("/")
        if folder == "artifacts" and "/" in rest:
            artifact, _, file = rest.partition("/")
            found.setdefault(artifact, {})[file] = content
    return tuple(Artifact(name, files) for name, files in sorted(found.items()))


def _caches(members: Mapping[str, bytes]) -> tuple[CacheEntry, ...]:
    found = []
    for name, content in sorted(members.items()):
        if (
            name.startswith("caches/")
            and name.endswith(".json")
            and (archive := members.get(f"{name[:-5]}.tar")) is not None
        ):
            try:
                entry = json.loads(content)
                found.append(CacheEntry(str(entry["key"]), tuple(map(str, entry["paths"])), archive, content))
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
    return tuple(sorted(found, key=lambda entry: entry.key))
