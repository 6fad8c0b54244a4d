"""Run a workflow for an event, in the sandbox, and say what it did."""

from __future__ import annotations

import hashlib
import json
import marshal
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from graders.evidence.git_command import Git
from graders.evidence.workflow.model import Job
from graders.problems import Problem
from graders.runners import sandbox
from graders.runners.remembered import fingerprint, recall
from graders.runners.remembered import remember as keep
from graders.runners.workflow import programs, wheels
from graders.runners.workflow.events import Event
from graders.runners.workflow.inside.docker import REGISTRY
from graders.runners.workflow.known_actions import meant
from graders.runners.workflow.plan import FOLDER, Plan, as_github_reads, plan_of, workflow_files
from graders.runners.workflow.read_report import read_report
from graders.runners.workflow.record import CacheEntry, Run
from graders.runners.workflow.repository import project_files, readable_by_all, remote_files
from graders.runners.workflow.service_containers import CannotStart
from graders.runners.workflow.service_steps import with_service_steps
from graders.runners.workflow.services import Services, services_for
from graders.runners.workflow.silent_failure import failed_by_itself
from graders.runners.workflow.tools import tools, unknown_action

SHIMS = (
    "docker", "podman", "kubectl", "helm", "kustomize", "terraform", "aws", "gcloud", "az", "gh", "ssh", "scp", "rsync",
    "curl", "wget",
)  # fmt: skip
_FORMAT = 3
_MOST_REMEMBERED = 16 << 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENVIRONMENT = {"RUNNER_ENVIRONMENT": "github-hosted", "ImageOS": "ubuntu24"}
_TOKEN = "ghs_standin0000000000000000000000000000"  # noqa: S105 - what GitHub always gives; without one, act asks `gh`
_SPARE_SECONDS = 20
_SECONDS_FOR_SERVICES = 120  # they are waited for as part of the run


@dataclass(frozen=True, slots=True)
class Answer:
    """What a played command answers where its words hold all of `containing`: a deployment that fails, for one."""

    tool: str
    containing: tuple[str, ...] = ()
    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use."""

    seconds: int = 120
    log_bytes: int = 16 << 20
    disk_bytes: int = 512 << 20
    memory_bytes: int = 4 << 30
    report_bytes: int = 56 << 20
    processes: int = 400


@dataclass(frozen=True, slots=True)
class Finished:
    """How a job of an earlier part of a run ended, as later jobs see it: `needs.JOB.result` and `needs.JOB.outputs`."""

    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a run that goes in parts, see `gated`.

    `files` stand for those of `.github/` in the commit; `finished` are jobs of earlier parts, `before` what those left.
    """

    files: Mapping[str, bytes]
    finished: Mapping[str, Finished]
    before: Run


def run_workflow(
    git: Git,
    path: str,
    event: Event,
    *,
    cache: Path,
    refs: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    caches: Sequence[CacheEntry] = (),
    answers: Sequence[Answer] = (),
    damaged: Sequence[str] = (),
    shims: Sequence[str] = SHIMS,
    offline_packages: bool = True,
    limits: Limits = Limits(),
    remember: bool = False,
    part: Part | None = None,
) -> Run:
    """Run the workflow at `path` in the event's commit, whether or not its `on:` would start it.

    `git` is our bare copy, `refs` what else its remote has (full name to commit id). `secrets` and `variables` are
    canaries: one line each, without quotes. `caches` are what an earlier run left. `answers` tell played commands what
    to say; files of artifacts whose names match one of `damaged` reach later jobs damaged.
    `cache` is our folder for programs and packages; with `remember`, no run of the same input is repeated.
    `part` is for `gated`, which runs some of the jobs at a time.
    Raises Problem where the workflow can't be read, or the programs are not there.
    """
    committed = {**workflow_files(git, event.commit), **(part.files if part else {})}
    plan = plan_of(committed, path, ours=part is not None)
    if plan.cannot or os.name == "nt":
        return Run(trouble=plan.cannot or "workflows run on Linux and macOS only, or in WSL")
    canaries = {"GITHUB_TOKEN": _TOKEN, **(secrets or {})}
    try:
        services = services_for(plan.serviced, seed=event.commit, secrets=canaries, variables=variables or {})
    except CannotStart as cannot:
        return Run(trouble=cannot.trouble, mend=cannot.mend)
    if services:
        limits = replace(limits, seconds=limits.seconds + _SECONDS_FOR_SERVICES)
        committed = {name: with_service_steps(data, _in(name, plan)) for name, data in committed.items()}
    house = wheels.wheelhouse(cache) if offline_packages else None
    programs_here = programs.program_folder(cache)
    finished = {job: asdict(one) for job, one in part.finished.items()} if part else {}
    asks_at = services.asks_at if services else 0
    given = _Given(canaries, dict(variables or {}), answers, damaged, shims, limits, finished, asks_at)
    settings = _settings(plan, event, programs_here, house, given)
    files = _files(git, event, committed, {**(refs or {}), event.ref: event.commit}, caches)
    files |= _left(part.before) if part else {}
    images = services.images if services else {}
    known = None
    if remember and images is not None:
        known = cache / "runs" / f"{_fingerprint([settings, images], files, house)}.tar"
    if report := recall(known):
        return read_report(report, plan, canaries)

    def once() -> tuple[bytes, Run]:
        report, trouble = _run(git, settings, files, programs_here, house, limits, services)
        return report, Run(trouble=trouble) if trouble else read_report(report, plan, canaries)

    with services or nullcontext():
        report, run = once()
        if failed_by_itself(run, plan):
            report, run = once()
    if services and services.trouble:
        return Run(trouble=services.trouble, mend=services.mend)
    if report and len(report) < _MOST_REMEMBERED and not (services and services.failed):
        keep(known, report)
    return run


def _in(path: str, plan: Plan) -> dict[str, Job]:
    return {job.id: job for job in plan.serviced if job.where.path == path}


@dataclass(frozen=True, slots=True)
class _Given:
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    answers: Sequence[Answer]
    damaged: Sequence[str]
    shims: Sequence[str]
    limits: Limits
    finished: Mapping[str, Any]
    services_at: int = 0


def _settings(plan: Plan, event: Event, here: Path, house: Path | None, given: _Given) -> dict[str, Any]:
    for name, value in [*given.secrets.items(), *given.variables.items()]:
        if not _NAME.fullmatch(name) or "'" in value or "\n" in value:
            raise ValueError(f"{name} is no name, or its value holds a quote or a line break")
    uv = wheels.uv_program() if house else None
    python, node = os.path.realpath(sys.executable), programs.node_folder()
    told = {
        "python": python, "node": node, "uv": str(uv) if uv and _seen(uv) else "",
        "wheels": str(house) if house else "",
        "answers": [asdict(answer) for answer in given.answers],
        **({"damaged": list(given.damaged)} if given.damaged else {}),
        **({"finished": given.finished} if given.finished else {}),
        **({"services": given.services_at} if given.services_at else {}),
    }  # fmt: skip
    uses, unknown = _uses(plan, here)
    ref_type = "tag" if event.ref.startswith("refs/tags/") else "branch"
    return {
        "act": str(here / "act"), "node": node, "event": event.name, "workflow": plan.path, "uses": uses,
        "platforms": list(plan.labels), "secrets": dict(given.secrets), "variables": dict(given.variables),
        "env": {**_ENVIRONMENT, "GITHUB_REF_TYPE": ref_type, **_numbers(event), **(wheels.for_pip(house) if house else {})},
        "tools": {**tools(here, python, given.shims, told), **unknown},
        "concurrent_jobs": os.cpu_count() or 1, "alone": sandbox.isolates(), **asdict(given.limits),
    }  # fmt: skip


def _numbers(event: Event) -> dict[str, str]:
    """Each commit's run has numbers of its own, the same each time."""
    number = int(event.commit[:8], 16)
    return {"GITHUB_RUN_ID": str(10_000_000_000 + number), "GITHUB_RUN_NUMBER": str(1 + number % 9_999)}


def _seen(program: Path) -> bool:
    """Whether the sandbox sees it: it is part of our own environment or of the system."""
    return not sandbox.isolates() or any(
        program.is_relative_to(place) for place in ("/usr", sys.prefix, sys.base_prefix)
    )


def _uses(plan: Plan, here: Path) -> tuple[list[dict[str, str]], dict[str, tuple[str, int]]]:
    """For each repository and ref the folder of its stand-in, and the files of those that are made for unknown ones."""
    found: dict[tuple[str, str], str] = {}
    files: dict[str, tuple[str, int]] = {}
    for use, inputs in sorted({**plan.uses, "ninesteps/cache@v1": ()}.items()):
        name, _, ref = use.partition("@")
        owner, repository, *path = name.split("/")
        known = "actions/cache" if use == "ninesteps/cache@v1" else f"{owner}/{repository}".lower()
        standin = here / "inside" / "actions" / known
        if (standin / "action.yml").is_file():
            found[f"{owner}/{repository}", ref] = str(standin)
        else:
            folder = found.setdefault((f"{owner}/{repository}", ref), f"unknown/{len(found)}")
            files["/".join([folder, *path, "action.yml"])] = (unknown_action(inputs, meant(name)), 0o644)
    return [{"repository": name, "ref": ref, "folder": folder} for (name, ref), folder in found.items()], files


def _files(
    git: Git, event: Event, committed: Mapping[str, bytes], refs: Mapping[str, str], caches: Sequence[CacheEntry]
) -> dict[str, bytes]:
    github = {path: as_github_reads(data) for path, data in committed.items() if path.startswith(FOLDER)}
    address = f"https://github.com/{event.payload['repository']['full_name']}.git"
    project = {**github, **project_files(event.commit, event.ref, address)}
    files = {f"project/{name}": content for name, content in project.items()}
    files |= {f"remote/{name}": content for name, content in remote_files(git, refs).items()}
    for entry in caches:
        name = hashlib.sha256(entry.key.encode()).hexdigest()[:32]
        files |= {f"caches/{name}.tar": entry.archive, f"caches/{name}.json": entry.settings}
    return {**files, "event.json": json.dumps(event.payload).encode()}


def _left(before: Run) -> dict[str, bytes]:
    """What earlier parts left for later ones, where stand-ins look for it."""
    files = {f"artifacts/{one.name}/{name}": data for one in before.artifacts for name, data in one.files.items()}
    return {**files, REGISTRY: json.dumps(dict(before.registry)).encode()}


def _run(
    git: Git,
    settings: Mapping[str, Any],
    files: Mapping[str, bytes],
    here: Path,
    house: Path | None,
    limits: Limits,
    services: Services | None,
) -> tuple[bytes, str]:
    """The archive that the launcher made, or why there is none that can be relied on."""
    readable_by_all(git.folder)
    launch = f"import os, sys; sys.path.insert(0, {str(here)!r}); from inside.launch import main; "
    launch += "os._exit(main(sys.argv[1]))"
    command = [os.path.realpath(sys.executable), "-IS", "-c", launch, "{report}"]
    done = sandbox.run(
        services.relay.around(command) if services else command,
        descriptors=[services.relay.descriptor] if services else (),
        files={},  # the launcher lays them out: sooner done in memory than copied there
        folders=[here, git.folder, *([house] if house else [])],
        stdin=marshal.dumps({**settings, "files": dict(files)}),
        binary_report=True,
        limits=sandbox.Limits(
            seconds=limits.seconds + _SPARE_SECONDS, cpu_seconds=limits.seconds, memory_bytes=16 << 30,
            file_bytes=64 << 20, disk_bytes=limits.disk_bytes, output_bytes=16 << 20, processes=limits.processes,
        ),
    )  # fmt: skip
    if done.timed_out:
        return b"", f"it did not end within {limits.seconds} seconds, and left no record"
    if done.exit_code:
        said = (done.stderr.strip().splitlines() or ["nothing was said"])[-1][:200]
        return b"", f"it ended the process that watches over it (exit code {done.exit_code}): {said}"
    return done.report, ""


def _fingerprint(settings: Any, files: Mapping[str, bytes], house: Path | None) -> str:
    head = [_FORMAT, programs.versions(), settings, str(house)]
    return fingerprint(head, {name: files[name] for name in files if name != "remote/objects/info/alternates"})


__all__ = ["SHIMS", "Answer", "Finished", "Limits", "Part", "Problem", "run_workflow"]
