"""What of a run brings the software somewhere: a deployment, a publication, a release.

Played commands and well-known actions say it by what they do; a step, job, script or target of another name by its words:
a verb of delivering, with nothing before it that makes it a check and nothing after it that makes it a report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.evidence.workflow.commands import Command, commands, words_in
from graders.evidence.workflow.data_flow import Library
from graders.evidence.workflow.model import Job, Step, Where
from graders.runners.workflow.played import PlayedJob, PlayedStep, played_job
from graders.runners.workflow.record import ActionCall, Call
from graders.runners.workflow.scenario import Outcome

_VERBS = frozenset(
    "deploy deploys deploying deployment deliver delivers delivering delivery publish publishes publishing release "
    "releases ship ships rollout promote promotes".split()
)
_CHECKS = frozenset(
    "test tests testing lint check checks checking verify validate dry pre before until no not without can may plan "
    "prepare preview if draft notify wait".split()
)
_REPORTS = frozenset(
    "test tests result results report reports coverage summary artifact artifacts comment comments badge notes drafter "
    "please annotations status log logs message check checks preview".split()
)
_PLACES = frozenset("server servers environment env host stage system".split())  # “the test server” is no test
_LIVE = frozenset("prod production staging stage live".split())
_ACTIONS = frozenset("ssh scp rsync sftp ftp".split())
_STARTERS = frozenset(
    "sh bash zsh python python3 node make just task npm yarn pnpm invoke fly flyctl vercel netlify heroku serverless sls "
    "firebase twine flit poetry hatch uv pdm cargo goreleaser ansible-playbook cdk sam eb cf".split()
)
_ASKING: dict[str, frozenset[str]] = {
    "docker": frozenset(("push",)), "podman": frozenset(("push",)),
    "kubectl": frozenset("apply create replace patch set scale rollout run".split()),
    "helm": frozenset(("upgrade", "install", "push")), "terraform": frozenset(("apply", "destroy")),
    "gh": frozenset(("release", "workflow")),
}  # fmt: skip
_NOTHING = frozenset(("true", ":", "set", "cd", "exit", "test", "["))
_ALWAYS = frozenset(("rsync", "scp", "sftp"))
_LOOKING = frozenset("get describe list ls show login configure version --version sts help status history".split())


@dataclass(frozen=True, slots=True)
class Delivery:
    """A step, or where `played` is None a whole job, that delivered; `how` is what shows it, as `it calls `rsync``."""

    job: PlayedJob
    played: PlayedStep | None
    how: str

    @property
    def where(self) -> Where:
        return self.played.step.where if self.played and self.played.step else self.job.where

    @property
    def named(self) -> str:
        job = f"the job `{self.job.run.id}`"
        return f"the step “{self.played.run.name[:60]}” of {job}" if self.played else job


def deliveries(outcome: Outcome, library: Library) -> tuple[Delivery, ...]:
    """Every delivery that happened in an outcome, in the order of the runs."""
    found: list[Delivery] = []
    for started in outcome.started:
        for run in started.run.jobs:
            if played := played_job(started.workflow, run, library):
                found += _in_job(played, started.run.calls, started.run.actions)
    return tuple(found)


def _in_job(job: PlayedJob, calls: tuple[Call, ...], actions: tuple[ActionCall, ...]) -> Iterator[Delivery]:
    own_calls = [call for call in calls if call.job in (job.run.id, job.job.id) and _delivers(call)]
    own_actions = [call for call in actions if call.job == job.run.id and call.matrix == job.run.matrix]
    steps = [played for played in job.steps if played.ran]
    seen = False
    for played in steps:
        how = next((f"it calls `{call.tool}`" for call in own_calls if _is_of(call, played)), "")
        how = how or next((f"it uses `{one.action}`" for one in own_actions if _pushes(one, played)), "")
        how = how or (_by_words(played.step) if played.step and played.run.outcome == "success" else "")
        if how:
            seen = True
            yield Delivery(job, played, how)
    if not seen and job.job.steps and not any(_by_words(step) for step in job.job.steps):
        how = _job_by_words(job.job)
        if how and any(_works(played) for played in steps):
            yield Delivery(job, None, how)


def _is_of(call: Call, played: PlayedStep) -> bool:
    """GITHUB_ACTION is a step's id, else its place counted from 0; where it is neither, its one caller is meant."""
    return call.step in (played.run.id, str(played.run.number - 1)) and call.step != ""


def _delivers(call: Call) -> bool:
    words = [word for word in call.argv if not word.startswith("-")]
    if call.tool in _ASKING:
        return bool(_ASKING[call.tool] & set(words[:2])) or "--push" in call.argv
    if call.tool in ("aws", "gcloud", "az"):
        return bool(words) and not _LOOKING & set(words[:3]) and not any(word.startswith(("get-", "describe-", "list-"))
                                                                        for word in words)  # fmt: skip
    return call.tool in _ALWAYS or (call.tool == "ssh" and len(words) > 1)


def _pushes(call: ActionCall, played: PlayedStep) -> bool:
    if call.step != played.run.number:
        return False
    if call.action == "docker/build-push-action":
        return bool(call.told.get("pushed"))
    return _action_delivers(call.action)


def _action_delivers(name: str) -> bool:
    words = [word for word in words_in(name.partition("/")[2]) if word not in ("action", "gh", "github")]
    return delivers_by_name(" ".join(words)) or (bool(_ACTIONS & set(words)) and "agent" not in words)


def delivers_by_name(text: str) -> bool:
    """Whether a name tells of a delivery: `Deploy`, `publish image`; not `Check before deploying`, `publish test report`."""
    words = words_in(text)
    at = next((place for place, word in enumerate(words) if word in _VERBS), -1)
    if at < 0 or (words[at].startswith("release") and at > 0):
        return False
    after = [word for place, word in enumerate(words[at + 1 :], at + 1) if not _is_place(words, place)]
    return not _CHECKS & set(words[:at]) and not _REPORTS & set(after)


def _is_place(words: tuple[str, ...], at: int) -> bool:
    return words[at] == "test" and (at + 1 == len(words) or words[at + 1] in _PLACES)


def _by_words(step: Step | None) -> str:
    """What of a step's name, id or commands says that it delivers, as the end of a sentence; else empty."""
    if step is None:
        return ""
    for name in (step.name.value if step.name else "", step.id):
        if delivers_by_name(name):
            return f"it is called `{name[:60]}`"
    if step.uses and _action_delivers(step.uses.name):
        return f"it uses `{step.uses.name}`"
    for command in commands(step.run.value) if step.run else ():
        if _command_delivers(command):
            return f"it runs `{command.text[:60]}`"
    return ""


def _command_delivers(command: Command) -> bool:
    if command.installs or command.prints:
        return False
    arguments = [word for word in command.words[1:] if not word.startswith("-")]
    if "/" in command.words[0] or command.words[0].endswith((".sh", ".py")):
        return delivers_by_name(_stem(command.name))
    if command.name not in _STARTERS:
        return False
    if command.name == "twine" and "upload" in arguments:
        return True
    scripts = arguments[:2] if command.name in ("npm", "yarn", "pnpm", "uv", "poetry", "hatch") else arguments[:1]
    targets = arguments if command.name in ("make", "just", "task") else scripts
    return any(delivers_by_name(_stem(one)) for one in targets)


def _stem(path: str) -> str:
    return path.rsplit("/", 1)[-1].split(".")[0]


def _job_by_words(job: Job) -> str:
    for name in (job.id, job.name.value if job.name else ""):
        if delivers_by_name(name):
            return f"it is called `{name[:60]}`"
    environment = job.environment.name.value if job.environment else ""
    return f"its environment is `{environment}`" if set(words_in(environment)) & _LIVE else ""


def _works(played: PlayedStep) -> bool:
    """Whether a step did more than to get ready: a script that came to its end and is no check."""
    script = played.step.run.value if played.step and played.step.run else ""
    if played.run.outcome != "success" or not script:
        return False
    return any(not one.installs and one.name not in _NOTHING and not _is_check(one) for one in commands(script))


def _is_check(command: Command) -> bool:
    return bool(
        command.runs(frozenset("pytest unittest tox nox ruff flake8 pylint mypy black pre-commit".split()))
    ) or (command.name == "make" and any({"test", "lint", "check"} & set(words_in(word)) for word in command.words[1:]))
