"""Why a run stayed green although something was broken on purpose: the reason by its name, for the feedback.

That it stayed green is seen; this only explains it, by what the file says of the steps that should have noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graders.evidence.workflow.commands import Command, commands, words_in
from graders.evidence.workflow.data_flow import Library
from graders.evidence.workflow.model import Job, Step, UsesKind, Workflow
from graders.evidence.workflow.read import read_action
from graders.evidence.workflow.shells import RunSettings, run_settings
from graders.problems import Problem
from graders.runners.workflow.played import PlayedJob, PlayedStep, may_fail, played_job
from graders.runners.workflow.scenario import Outcome

_MAKERS = frozenset(("make", "just", "task", "tox", "nox", "hatch", "npm"))


@dataclass(frozen=True, slots=True)
class Tools:
    """What does a kind of check: programs, and the words by which targets and scripts are called.

    `verb` says what they do (`run the tests`), `example` is a command that does it.
    """

    verb: str
    example: str
    programs: frozenset[str]
    words: frozenset[str]
    narrowing: tuple[str, ...] = ()


TESTS = Tools(
    "run the tests", "python -m pytest", frozenset("pytest py.test unittest tox nox nose2 trial".split()),
    frozenset("test tests testing check checks ci pytest unittest".split()),
    ("-k", "-m", "--ignore", "--ignore-glob", "--deselect", "--collect-only", "--co", "--lf", "--last-failed"),
)  # fmt: skip
LINT = Tools(
    "run the linter", "ruff check .",
    frozenset("ruff flake8 pylint pyflakes pycodestyle black mypy prospector pre-commit isort tox nox".split()),
    frozenset("lint linting linter style check checks ci ruff flake8 format".split()),
    ("--select", "--ignore", "--exclude", "--exit-zero", "--fix", "--diff"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nothing turned red: `what` is a sentence, `next` what to try, `where` `file:line`, `job` the job's id."""

    mistake: str
    what: str
    next: str
    where: str
    job: str = ""


@dataclass(frozen=True, slots=True)
class _Doing:
    """A step that should have noticed, and the command in it."""

    job: PlayedJob
    played: PlayedStep | None
    step: Step
    command: Command

    @property
    def where(self) -> str:
        run = self.step.run
        if run is None or run.scalar is None:
            return str(self.step.where)
        lines = run.value.splitlines(keepends=True)
        return str(run.at(sum(map(len, lines[: self.command.line - 1]))))

    @property
    def named(self) -> str:
        return f"`{self.command.text[:80]}`"


def why_unnoticed(outcome: Outcome, tools: Tools, library: Library, files: Mapping[str, bytes]) -> Reason:
    """The reason, the likeliest first; `files` are the commit's, for its local actions."""
    doing = list(_doing(outcome, tools, library, files))
    if not doing:
        return _nothing_does(outcome, tools, library, files)
    reasons = [reason for one in doing if (reason := _reason(one, tools))]
    return next(iter(reasons), None) or _otherwise(doing[0], tools)


def does(workflow: Workflow, tools: Tools, library: Library, files: Mapping[str, bytes]) -> bool:
    """Whether a workflow, or one that its jobs call, has a step that is seen to do a kind of check."""
    called = [library[job.uses.path] for job in workflow.jobs.values() if job.uses and job.uses.path in library]
    steps = [step for one in (workflow, *called) for job in one.jobs.values() for step in job.steps]
    return any(_does(command, tools) for step in steps for _, command in _commands_of(step, files))


def lint_that_mends(workflow: Workflow, files: Mapping[str, bytes]) -> bool:
    """Whether a step has a linter mend what it finds, so that it complains only of the rest.

    https://docs.astral.sh/ruff/linter/#fixes
    """
    every = (
        command for job in workflow.jobs.values() for step in job.steps for _, command in _commands_of(step, files)
    )
    return any(_mends(command) for command in every if command.runs(LINT.programs))


def runs_tests(job: Job, files: Mapping[str, bytes]) -> bool:
    """Whether a step of a job calls a test runner, or make's target `test`."""
    every = (command for step in job.steps for _, command in _commands_of(step, files))
    return any(one.runs(TESTS.programs) or (one.name in _MAKERS and "test" in one.words[1:]) for one in every)


def _mends(command: Command) -> bool:
    return bool({"--fix", "--unsafe-fixes"} & set(command.words))


def _doing(outcome: Outcome, tools: Tools, library: Library, files: Mapping[str, bytes]) -> Iterator[_Doing]:
    for started in outcome.started:
        for run in started.run.jobs:
            job = played_job(started.workflow, run, library)
            if job is None:
                continue
            ran = {played.step.number: played for played in job.steps if played.step}
            for step in job.job.steps:
                for inner, command in _commands_of(step, files):
                    if _does(command, tools):
                        yield _Doing(job, ran.get(step.number), inner, command)


def _commands_of(step: Step, files: Mapping[str, bytes]) -> Iterator[tuple[Step, Command]]:
    if step.run:
        for command in commands(step.run.value):
            yield step, command
    if step.uses and step.uses.kind is UsesKind.LOCAL:
        for name in ("action.yml", "action.yaml"):
            path = f"{step.uses.path}/{name}".lstrip("/")
            try:
                inner_steps = read_action(files[path], path).steps if path in files else ()
            except Problem:
                inner_steps = ()
            for inner in inner_steps:
                for command in commands(inner.run.value) if inner.run else ():
                    yield inner, command


def _does(command: Command, tools: Tools) -> bool:
    if command.runs(tools.programs):
        return True
    if command.installs or command.prints:
        return False
    names = command.words[1:] if command.name in (*_MAKERS, "bash", "sh", "uv") else ()
    called = [command.name] if "/" in command.words[0] else []
    return any(set(words_in(name.rsplit("/", 1)[-1])) & tools.words for name in (*names, *called))


def _nothing_does(outcome: Outcome, tools: Tools, library: Library, files: Mapping[str, bytes]) -> Reason:
    event = outcome.scenario.named
    for workflow, skip in outcome.skipped:
        if any(_does(command, tools) for job in workflow.jobs.values() for step in job.steps
               for _, command in _commands_of(step, files)):  # fmt: skip
            return Reason(
                "not started", f"On {event}, the workflow that would {tools.verb} is not started: {skip.reason}",
                "Change what stands under `on:`.", str(skip.where),
            )  # fmt: skip
    first = outcome.started[0].workflow
    for one in outcome.started:
        if line := _comment_with(files.get(one.workflow.path, b""), tools):
            return Reason(
                "only a comment", f"Only a comment speaks of it; no step of the run would {tools.verb}.",
                f"Write it as a step: `- run: {tools.example}`.", f"{one.workflow.path}:{line}",
            )  # fmt: skip
    return Reason(
        "nothing does it", f"On {event}, no step is seen to {tools.verb}.",
        f"Add a step: `- run: {tools.example}`.", first.path,
    )  # fmt: skip


def _comment_with(text: bytes, tools: Tools) -> int:
    for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
        before, sign, comment = line.partition("#")
        if sign and (not before or before[-1].isspace()) and set(words_in(comment)) & tools.programs:
            return number
    return 0


def _reason(one: _Doing, tools: Tools) -> Reason | None:
    job, id = one.job, one.job.run.id

    def because(mistake: str, what: str, next: str, where: str = "") -> Reason:
        return Reason(mistake, what, next, where or one.where, id)

    if job.run.result == "skipped":
        place = job.job.if_ or (job.caller.if_ if job.caller else None)
        return because(
            "job skipped", f"The job `{id}`, which would {tools.verb}, is skipped.",
            "Take its `if:` out, or look at what it needs.", str(place.where if place else job.where),
        )  # fmt: skip
    if one.played is None or not one.played.ran:
        place = one.played.step.if_ if one.played and one.played.step else None
        return because(
            "step skipped", f"The step with {one.named} is skipped.",
            "Take its `if:` out: a step runs by itself when those before it have worked.",
            str(place.where) if place else "",
        )  # fmt: skip
    if one.played.run.outcome == "failure":
        return _forgiven(one)
    settings = run_settings(job.workflow, job.job, one.step)
    return _swallowed(one, settings, tools) or _elsewhere(one, settings, tools)


def _forgiven(one: _Doing) -> Reason | None:
    job, step = one.job.job, one.played.step if one.played else None
    forgiving = (step.continue_on_error if step else None) or one.step.continue_on_error
    level, text = ("step", forgiving) if forgiving else ("job", job.continue_on_error)
    if level == "job" and not may_fail(job, one.job.run):
        return None
    return Reason(
        "continue-on-error", f"{one.named} fails, and `continue-on-error` of its {level} lets the run go on as if it hadn't.",
        "Take `continue-on-error` out.", str(text.where if text else one.step.where), one.job.run.id,
    )  # fmt: skip


def _swallowed(one: _Doing, settings: RunSettings, tools: Tools) -> Reason | None:
    command, script = one.command, commands(one.step.run.value) if one.step.run else ()
    found = ""
    if command.after == "||":
        found, mistake = f"After {one.named}, `||` goes on as if it had passed", "or true"
        next = "Take `||` and what follows it out."
    elif command.after in ("|", "|&") and settings.pipefail is not True and not _sets(script, command, "pipefail"):
        found, mistake = f"{one.named} is piped into another command, and only the last one's exit code counts", "pipe"
        next = "Write `shell: bash` beside `run:`, which sets pipefail, or `set -o pipefail` above it."
    elif command.asked:
        found, mistake = f"{one.named} is only asked how it ended, which stops nothing", "exit code only asked"
        next = "Let it stand alone on its line."
    elif command.after == "&":
        found, mistake = (
            f"{one.named} runs in the background, where nobody waits for its exit code",
            "in the background",
        )
        next = "Take the `&` out."
    elif _sets(script, command, "+e") or settings.stops_at_failure is False:
        found, mistake = f"A failing command does not stop this script, so {one.named} may fail", "set +e"
        next = "Take `set +e` out, or the `shell:` without `-e`."
    elif command.after == "&&" and any(later.line > command.line for later in script):
        found, mistake = f"{one.named} stands before `&&`, where bash does not stop at a failure", "before &&"
        next = "Give each command a line of its own."
    elif {"--exit-zero", "--exit-zero-even-if-changed"} & set(command.words):
        found, mistake, next = f"{one.named} ends with 0 whatever it finds", "--exit-zero", "Take `--exit-zero` out."
    elif _mends(command) and tools is LINT:
        found, mistake = f"{one.named} mends what it can in the runner's copy, and complains of the rest only", "--fix"
        next = "Take `--fix` out: in CI the linter shall only check."
    elif _formats(command) and tools is LINT:
        found, mistake = f"{one.named} mends the files in the runner's copy, and complains of nothing", "formats"
        next = "Check instead: `ruff format --check .`, `black --check .`, or `ruff check .`."
    return Reason(mistake, f"{found}.", next, one.where, one.job.run.id) if found else None


def _sets(script: tuple[Command, ...], command: Command, option: str) -> bool:
    earlier = [one for one in script if one.line <= command.line and one.name == "set"]
    last = [word for one in earlier for word in one.words[1:] if option in word or word == option[1:]]
    return bool(last)


def _formats(command: Command) -> bool:
    words = set(command.words)
    return ("format" in words or "black" in words or "isort" in words) and not words & {
        "--check",
        "--diff",
        "-c",
        "check",
    }


def _elsewhere(one: _Doing, settings: RunSettings, tools: Tools) -> Reason | None:
    script = commands(one.step.run.value) if one.step.run else ()
    place = settings.working_directory
    moved = next((other for other in script if other.name == "cd" and other.line <= one.command.line), None)
    if place is not None and place.value.strip() not in (".", "./", ""):
        return Reason(
            "another directory", f"{one.named} runs in `{place.value[:60]}`, and sees only what is there.",
            "Take `working-directory` out: a step starts in the repository's own folder.", str(place.where), one.job.run.id,
        )  # fmt: skip
    if moved is not None:
        return Reason(
            "another directory", f"{one.named} runs after `{moved.text[:60]}`, and sees only what is there.",
            "Take the `cd` out: a step starts in the repository's own folder.", one.where, one.job.run.id,
        )  # fmt: skip
    names = [word.rsplit("/", 1)[-1] for word in one.command.words]
    at = next((place for place, name in enumerate(names) if name in tools.programs), 0)
    given = one.command.words[at + 1 :]
    narrow = next((word for word in given if word.partition("=")[0] in tools.narrowing), "")
    paths = [word for word in given if "/" in word or word.endswith(".py") or "::" in word]
    if narrow or paths:
        shown = narrow or paths[0]
        return Reason(
            "only a part", f"{one.named} looks at a part only (`{shown[:60]}`).",
            f"Let it look at everything: `{tools.example}`.", one.where, one.job.run.id,
        )  # fmt: skip
    return None


def _otherwise(one: _Doing, tools: Tools) -> Reason:
    return Reason(
        "ends green", f"The step with {one.named} ends green all the same.",
        f"Break something on purpose and run `{tools.example}`: does it end with an exit code other than 0?",
        one.where, one.job.run.id,
    )  # fmt: skip
