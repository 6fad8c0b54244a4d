"""Step 2, CI basics: a workflow that checks every push and pull request, and that can turn red.

It is run on good code first, then on code that is broken on purpose. What only the file can tell (rights of the token,
what a stranger's text gets into) is read from the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from pathlib import Path

from graders.criterion import Kind, Verdict, cannot_check, criterion, failed, passed
from graders.evidence.linting import Lint, LinterMissing
from graders.evidence.workflow.commands import words_in
from graders.evidence.workflow.model import Workflow
from graders.evidence.workflow.privilege import Excess, excesses
from graders.evidence.workflow.strangers import strangers_code, strangers_text
from graders.evidence.workflow.triggers import Event, PullRequest, Push, Skip, runs_on
from graders.picture import Pipelines
from graders.runners.test_suite import SuiteRun
from graders.runners.workflow.delivered_anyway import why_delivered
from graders.runners.workflow.delivery import Delivery, deliveries
from graders.runners.workflow.mutants import (
    Mutant,
    broken_assertions,
    comment_more,
    first_that,
    lint_error,
    mendable_lint_error,
    no_tests,
    sources,
    telling_tests,
    test_names,
    tests_told,
)
from graders.runners.workflow.picture import pipeline_of
from graders.runners.workflow.scenario import MAIN, Outcome, Scenario
from graders.runners.workflow.unnoticed import LINT, TESTS, Reason, Tools, does, lint_that_mends, why_unnoticed
from graders.runners.workflow.verdicts import cannot_play, not_green, ran, unreadable
from graders.runners.workflow.work import PipelineWork, open_pipeline
from graders.step import Step

PUSH, PULL_REQUEST = "push", "pull_request"
_TOPIC = "shorter-names"  # the pull request's branch, and that of a push which is not to main
_MOST_FILES = 4  # of tests: each is broken in a run of its own
_CHOOSES = re.compile(  # what has pytest leave tests out
    rb"(^|\s)(-k|-m\s*[\"']?not|--ignore|--lf|--last-failed)\b|deselect|\.py::|addopts|modifyitems|collect_ignore",
    re.IGNORECASE,
)
_LOCKS = (
    "requirements-dev.lock",
    "uv.lock",
    "poetry.lock",
    "requirements-dev.txt",
    "requirements.txt",
    "pyproject.toml",
)


class CiWork(PipelineWork):
    """The evidence of step 2: what is changed in the learner's commit, on which event."""

    @cached_property
    def python(self) -> Mapping[str, bytes]:
        """The Python files of the commit, which is what gets broken."""
        return {path: text for path, text in self.files.items() if path.endswith(".py")}

    @cached_property
    def kinds_of_change(self) -> Mapping[str, str]:
        """A file for each kind of change that must start the checks."""
        tests = [path for path in sorted(self.python) if path.rpartition("/")[2].startswith("test_")]
        lock = next((path for path in _LOCKS if path in self.files), "")
        project = "pyproject.toml" if "pyproject.toml" in self.files else ""
        found = {"the service's code": next(iter(sources(self.python)), ""), "a test": next(iter(tests), "")}
        more = {"the dependencies": lock, "the settings of pytest and the linter": project}
        return {kind: path for kind, path in {**found, **more}.items() if path}

    @cached_property
    def events(self) -> tuple[str, ...]:
        """Push and pull request, less the one for which nothing dependable starts."""
        found = {PUSH: starts_on_push, PULL_REQUEST: starts_on_pull_request}
        return tuple(event for event, one in found.items() if one.judge(self).kind is Kind.PASSED)

    @cached_property
    def broken_tests(self) -> tuple[Mutant, ...]:
        """A broken test for each file of tests, such that this test turns red, and no other does."""
        return tuple(
            mutant
            for _, mutants in groupby(broken_assertions(self.python), lambda one: one.what.partition(":")[0])
            if (mutant := first_that(iter(list(mutants)), self._turns_one_red, most=3))
        )[:_MOST_FILES]

    def _turns_one_red(self, mutant: Mutant) -> bool:
        run = self._suite_with(mutant.changes)
        return not run.trouble and [one.test for one in run.failures] == [mutant.what.rpartition(" ")[2]]

    @cached_property
    def tests_gone(self) -> list[str]:
        """Tests that the learner was given and that do not run any more."""
        run = self._suite_with({})
        seen = {name.partition("[")[0] for name in (*run.passed, *(one.test for one in run.failures))}
        given = {path: text for path, text in self.given.items() if path.endswith(".py")}
        return sorted(test_names(given) - seen) if not run.trouble else []

    @cached_property
    def telling(self) -> Scenario | None:
        """Good code whose tests tell that they ran; None where nothing is seen that would choose among them."""
        changed = b"\n".join(text for path, text in self.files.items() if self.given.get(path) != text)
        telling = telling_tests()
        can_tell = not telling.changes.keys() & self.files.keys()
        told = replace(self.on(self.events[0], telling), paths=tuple(self.files))
        return told if can_tell and _CHOOSES.search(changed) else None

    @property
    def left_out(self) -> list[str]:
        """Tests that the learner was given and that the workflows leave out; empty where nothing tells."""
        outcome = self.outcome(self.telling) if self.telling else None
        ran = tests_told(outcome.calls) if outcome and outcome.green else set()
        given = {path: text for path, text in self.given.items() if path.endswith(".py")}
        return sorted(test_names(given) - ran) if ran else []

    def _suite_with(self, changes: Mapping[str, bytes]) -> SuiteRun:
        """The tests without `.github`, which they do not depend on: so the answer is known from one try to the next."""
        return self.suite({**{path: None for path in self.files if path.startswith(".github/")}, **changes})

    def on(self, event: str, mutant: Mutant | None = None) -> Scenario:
        """An event, with a change of ours."""
        changes = mutant.changes if mutant else {}
        return Scenario(event, MAIN if event == PUSH else _TOPIC, changes)

    @cached_property
    def good(self) -> Mapping[str, Scenario]:
        """The good case of each event; in the pull request there is a comment more, which no check may mind."""
        comment = comment_more(self.python, *list(self.kinds_of_change.values())[:2])
        every = {PUSH: self.on(PUSH), PULL_REQUEST: self.on(PULL_REQUEST, comment)}
        return {event: every[event] for event in self.events}

    @cached_property
    def with_broken_test(self) -> tuple[tuple[Scenario, Mutant], ...]:
        """One file's test is broken on the first event, each of the others' on the second."""
        events, mutants = self.events, self.broken_tests
        pairs = [(events[min(number, len(events) - 1)], one) for number, one in enumerate(mutants)]
        if len(events) > len(pairs) > 0:
            pairs.append((events[-1], mutants[0]))
        return tuple((self.on(event, one), one) for event, one in pairs)

    @cached_property
    def with_lint_error(self) -> tuple[tuple[Scenario, Mutant], ...]:
        """Another file on each event."""
        files = sources(self.python)
        errors = [lint_error(self.python, files[number % len(files)]) for number in range(len(self.events))]
        return tuple((self.on(event, one), one) for event, one in zip(self.events, errors, strict=True))

    @cached_property
    def with_mendable_error(self) -> tuple[tuple[Scenario, Mutant], ...]:
        """What a linter can mend by itself, where a step lets it: then it may not complain."""
        if not any(lint_that_mends(workflow, self.files) for workflow in self.workflows):
            return ()
        error = mendable_lint_error(self.python, sources(self.python)[0])
        return ((self.on(self.events[0], error), error),)

    @cached_property
    def without_tests(self) -> Scenario:
        return self.on(self.events[0], no_tests(self.python))

    def play_all(self) -> None:
        """Begin with all that is broken on purpose, side by side."""
        broken = [*self.with_broken_test, *self.with_lint_error, *self.with_mendable_error]
        more = [self.telling] if self.telling else []
        self.start_playing(*(scenario for scenario, _ in broken), self.without_tests, *more)

    def idle(self, event: Event) -> tuple[Workflow, ...]:
        """The workflows that wait for such an event and would check, where it starts none of them; all, if none does."""
        if not any(runs_on(workflow, event) for workflow in self.workflows):
            return self.workflows
        for tools in (TESTS, LINT):
            able = [
                one for one in self.workflows if one.trigger(event.name) and does(one, tools, self.library, self.files)
            ]
            if able and not any(runs_on(workflow, event) for workflow in able):
                return tuple(able)
        return ()


@criterion(points=1)
def readable(work: CiWork) -> Verdict:
    """GitHub would run your workflow.

    Why: a file that GitHub refuses, or never looks at, checks nothing, and on your pull request nothing shows it.
    Hint: Where does GitHub look? `.github/workflows/`, files that end in `.yml` or `.yaml`.
    Hint: `actionlint` reads the file as GitHub does, and names line and column.
    """
    count = len(work.workflows)
    files = "1 file holds a workflow" if count == 1 else f"{count} files hold workflows"
    return unreadable(work) or passed(f"{files}, and GitHub would take it.", ran=["actionlint"])


@criterion(points=1, after=[readable])
def starts_on_push(work: CiWork) -> Verdict:
    """It runs on a push to main.

    Why: main is what gets released, so each state of it has to be known to work, however it came about.
    Hint: What stands under `on:`? Are there filters for branches or paths, and what do they leave out?
    Hint: `on: {push: {branches: [main]}, pull_request: }` is all that it takes. Leave path filters away at first.
    """
    expected = "a workflow that starts when code, tests or dependencies change on main"
    for kind, path in work.kinds_of_change.items():
        event = Push(MAIN, paths=(path,))
        if idle := work.idle(event):
            return _not_started(work, idle, event, f"A push to main that changes {kind} (`{path}`)", expected)
    return passed("A push to main that changes code, tests or dependencies starts it.", ran=_shown(work))


@criterion(points=1, after=[readable])
def starts_on_pull_request(work: CiWork) -> Verdict:
    """It runs on a pull request into main.

    Why: before the merge a mistake costs you a minute; after it, everybody.
    Hint: `push` alone does not see what comes from a fork, nor the merge that GitHub would make. Which event does?
    Hint: `pull_request:` on a line of its own under `on:`; with `types:` you would have to name `opened` and `synchronize`.
    """
    expected = "a workflow that starts when a pull request is opened, and again with each of its pushes"
    moments = {"opened": "A new pull request", "synchronize": "A push to an open pull request"}
    for kind, path in work.kinds_of_change.items():
        for action, moment in moments.items():
            event = PullRequest(MAIN, _TOPIC, action, (path,))
            if idle := work.idle(event):
                return _not_started(work, idle, event, f"{moment} that changes {kind} (`{path}`)", expected)
    return passed("A pull request starts it, when it is opened and with each push.", ran=_shown(work))


def _shown(work: CiWork) -> list[str]:
    return [f"git show HEAD:{workflow.path}" for workflow in work.workflows[:3]]


def _not_started(
    work: CiWork, idle: tuple[Workflow, ...], event: Push | PullRequest, what: str, expected: str
) -> Verdict:
    skips = [(workflow, skip) for workflow in idle if isinstance(skip := runs_on(workflow, event), Skip)]
    listening = [one for one in skips if one[0].trigger(event.name)] or skips
    workflow, skip = listening[0]
    trigger = workflow.trigger(event.name)
    target = workflow.trigger("pull_request_target")
    mistake, next = "wrong filter", "Change the filter, or take it out."
    if trigger is None and target is not None and event.name == PULL_REQUEST:
        mistake = "pull_request_target"
        next = "Write `pull_request:`. `pull_request_target` runs main's own code, not what the pull request brings."
    elif trigger is None:
        mistake, next = f"no {event.name}", f"Add `{event.name}:` under `on:`."
    elif "`paths" in skip.reason:
        mistake, next = "path filter", "Take the filter out, or let it leave out nothing but documentation."
    elif trigger.tags is not None and trigger.branches is None:
        mistake, next = "tags only", f"Add `branches: [{MAIN}]` beside the tags."
    elif "branch" in skip.reason:
        mistake, next = (
            "another branch",
            f"The branch is called `{MAIN}`: write `branches: [{MAIN}]`, or leave the filter out.",
        )
    elif trigger.types is not None:
        mistake, next = "types", "Take `types:` out: by default it runs for `opened`, `synchronize` and `reopened`."
    started = "starts nothing" if idle == work.workflows else f"does not start `{workflow.path}`"
    return failed(
        f"{what} {started}. {skip.reason}", expected=expected, where=str(skip.where), next=next, mistake=mistake,
        ran=[f"git show HEAD:{workflow.path}"],
    )  # fmt: skip


@criterion(points=1, after=[readable])
def green(work: CiWork) -> Verdict:
    """It is green on good code.

    Why: a check that is red for no reason is soon one that nobody looks at.
    Hint: Which step fails, and what does it say? A job starts on an empty machine, with no copy of your code.
    Hint: Four steps do it: check out, set up Python, `pip install -r requirements-dev.lock`, run. Try them in a fresh clone.
    """
    if not work.events:
        return _nothing_starts()
    work.start_playing(*work.good.values())
    for scenario in work.good.values():
        outcome = work.outcome(scenario)
        verdict = not_green(outcome, expected="every job green on the code as you were given it")
        if verdict is not None and scenario.changes:
            more = f"with one comment more in `{'` and `'.join(scenario.changes)}`"
            return replace(verdict, found=verdict.found.replace("with your code as it is", more))
        if verdict is not None:
            return verdict
    named = " and ".join(scenario.named for scenario in work.good.values())
    unknown = [call.action for one in work.good.values() for call in work.outcome(one).actions if call.unknown]
    besides = f" {_listed(unknown)}: not known here, and taken to do nothing." if unknown else ""
    return passed(f"All green on {named}.{besides}", ran=_ran(work))


def _nothing_starts() -> Verdict:
    return cannot_check(
        "Nothing starts dependably, neither on a push nor on a pull request, so there is nothing to run.",
        next="Mend that first (“It runs on a push to main”); this is judged then.",
    )


def _ran(work: CiWork) -> list[str]:
    return list(dict.fromkeys(line for scenario in work.good.values() for line in ran(work.outcome(scenario))))


@criterion(points=2, after=[green])
def red_on_broken_test(work: CiWork) -> Verdict:
    """It is red when a test fails.

    Why: a pipeline that can't fail protects nobody; a green tick on broken code is worse than none.
    Hint: Break a test on purpose, push, and look: does the job turn red? Is every test among those that ran?
    Hint: What makes a step fail is its exit code. What takes it away? `||`, a pipe, `set +e`, `continue-on-error`, `if:`.
    """
    work.play_all()
    expected = "a red run whenever a test of the service fails"
    if work.tests_gone:
        name = work.tests_gone[0]
        file = next((path for path, text in work.given.items() if f"def {name}(".encode() in text), "tests")
        return failed(
            f"The test `{name}` in `{file}`, which you were given, does not run any more.", expected=expected, where=file,
            mistake="tests gone", next="Bring it back: the workflow must be able to fail by it.", ran=["python -m pytest -v"],
        )  # fmt: skip
    if not work.broken_tests:
        return cannot_check("No test of your commit could be broken on purpose, so nothing can be said.",
                            next="Do the tests pass in a fresh clone? `python -m pytest`")  # fmt: skip
    return (
        _each_red(work, work.with_broken_test, TESTS, "a broken test in {}", expected)
        or _left_out(work, expected)
        or passed(
            f"A broken test turned it red, in each of {len(work.broken_tests)} files, one at a time.", ran=_ran(work)
        )
    )


def _left_out(work: CiWork, expected: str) -> Verdict | None:
    """Whether the workflow runs some of a file's tests only, as the tests themselves tell."""
    if not work.telling or not work.left_out:
        return None
    outcome, name = work.outcome(work.telling), work.left_out[0]
    file = next((path for path, text in work.given.items() if f"def {name}(".encode() in text), "tests")
    seen = f"On {outcome.scenario.named}, the test `{name}` in `{file}` does not run, so nothing turns red if it fails."
    return _unnoticed(work, outcome, TESTS, seen, expected)


@criterion(points=1, after=[green])
def red_on_lint(work: CiWork) -> Verdict:
    """It is red when the linter complains.

    Why: what nobody has to discuss in a review is best left to a program that never tires.
    Hint: Add `import os` to a module that does not need it, and push. Does it turn red?
    Hint: `ruff check .` ends with an exit code of 1 when it finds something; `ruff format .` does not, `--check` makes it.
    """
    work.play_all()
    expected = "a red run whenever the service's code has a lint error"
    return (
        _each_red(work, work.with_lint_error, LINT, "an unused import and an unknown name in {}", expected)
        or _each_red(work, work.with_mendable_error, LINT, "nothing but an unused import in {}", expected)
        or passed(
            f"A lint error turned it red, in {_listed([one.what for _, one in work.with_lint_error])}.", ran=_ran(work)
        )
    )


def _each_red(
    work: CiWork, broken: tuple[tuple[Scenario, Mutant], ...], tools: Tools, what: str, expected: str
) -> Verdict | None:
    """Why one of the broken commits is not refused, or None where each is."""
    for scenario, mutant in broken:
        outcome = work.outcome(scenario)
        if outcome.trouble:
            return cannot_play(outcome)
        if not outcome.red:
            changed = what.format(f"`{mutant.what}`")
            return _unnoticed(work, outcome, tools, f"With {changed}, {scenario.named} stays green.", expected)
    return None


def _unnoticed(work: CiWork, outcome: Outcome, tools: Tools, seen: str, expected: str) -> Verdict:
    if not outcome.started:
        skip = outcome.skipped[0][1]
        reason = Reason(
            "not started", f"It starts nothing: {skip.reason}", "Change what stands under `on:`.", str(skip.where)
        )
    elif unknown := _unknown_checks(outcome):
        return cannot_check(
            f"{seen} The action `{unknown}` is not known here and did nothing, so that it might notice on GitHub.",
            next=f"With a script, such as `- run: {tools.example}`, it can be seen here.", ran=ran(outcome),
        )  # fmt: skip
    else:
        reason = why_unnoticed(outcome, tools, work.library, work.files)
    return failed(
        f"{seen} {reason.what}", expected=expected, where=reason.where, next=reason.next, mistake=reason.mistake,
        ran=[tools.example, *ran(outcome)], marks=[reason.job] if reason.job else [],
    )  # fmt: skip


def _unknown_checks(outcome: Outcome) -> str:
    """An action that is not known here and whose name says that it checks something; else empty."""
    words = LINT.words | LINT.programs | TESTS.words | TESTS.programs | {"super", "reviewdog", "quality"}
    unknown = (call.action for call in outcome.actions if call.unknown)
    return next((action for action in unknown if words & set(words_in(action)) or words & set(action.split("/"))), "")


@criterion(points=1, after=[green])
def red_on_no_tests(work: CiWork) -> Verdict:
    """It is red when no test is found.

    Why: rename a folder, and a suite of no tests passes for ever; pytest says so with an exit code of its own, 5.
    Hint: Rename every `test_…` function and run `python -m pytest; echo $?`. What does your workflow make of that number?
    Hint: Let pytest's exit code reach the step as it is: no `||`, no `exit 0`, no script that forgives 5.
    """
    work.play_all()
    outcome = work.outcome(work.without_tests)
    if outcome.trouble:
        return cannot_play(outcome)
    expected = "a red run when pytest finds no test"
    if not outcome.red:
        seen = f"With every test function renamed, so that pytest finds none, {outcome.scenario.named} stays green."
        return _unnoticed(work, outcome, TESTS, seen, expected)
    return passed("Without a single test, it turned red.", ran=["python -m pytest; echo $?"])


@criterion(points=1, after=[red_on_broken_test])
def stops_after_failure(work: CiWork) -> Verdict:
    """Nothing is delivered unless all checks are green, and only from main.

    Why: a check that comes after the delivery, or beside it, only tells you what your users have found already.
    Hint: Which of your jobs wait for which? Without `needs`, jobs run side by side.
    Hint: Let the delivering job have `needs: [lint, test]`, and
        `if: github.event_name == 'push' && github.ref == 'refs/heads/main'`.
    """
    work.play_all()
    expected = "a delivery only from main, and only after every check has passed"
    for scenario, mutant in (*work.with_broken_test, *work.with_lint_error):
        outcome = work.outcome(scenario)
        made = deliveries(outcome, work.library) if outcome.red else ()
        if made:
            reason = why_delivered(made[0], outcome)
            return failed(
                f"With `{mutant.what}` broken, {scenario.named} delivers all the same ({made[0].how}). {reason.what}",
                expected=expected, where=reason.where, next=reason.next, mistake=reason.mistake, ran=ran(outcome),
                marks=[reason.job],
            )  # fmt: skip
    for scenario, mistake in _must_not_deliver(work):
        outcome = work.outcome(scenario)
        if outcome.trouble:
            return cannot_play(outcome)
        if made := deliveries(outcome, work.library):
            return _delivers_from_elsewhere(made[0], outcome, expected, mistake)
    delivering = _delivering(work)
    found = f"It delivers on a push to main ({delivering[0].how}), and only with every check green." if delivering else (
        "Nothing is delivered, neither with broken code nor from a pull request.")  # fmt: skip
    return passed(found, ran=_ran(work))


def _delivering(work: CiWork) -> tuple[Delivery, ...]:
    return deliveries(work.outcome(work.good[PUSH]), work.library) if PUSH in work.good else ()


def _must_not_deliver(work: CiWork) -> Iterator[tuple[Scenario, str]]:
    """Good code on events that are not main's; a push to another branch only where something is delivered at all."""
    if PULL_REQUEST in work.good:
        yield work.good[PULL_REQUEST], "delivers on a pull request"
    if _delivering(work) and any(runs_on(one, Push(_TOPIC, paths=tuple(work.files))) for one in work.workflows):
        yield Scenario(PUSH, _TOPIC), "delivers from any branch"


def _delivers_from_elsewhere(made: Delivery, outcome: Outcome, expected: str, mistake: str) -> Verdict:
    return failed(
        f"On {outcome.scenario.named}, {made.named} delivers ({made.how}).", expected=expected, where=str(made.where),
        mistake=mistake, ran=ran(outcome), marks=[made.job.run.id],
        next="Give it `if: github.event_name == 'push' && github.ref == 'refs/heads/main'`.",
    )  # fmt: skip


@criterion(points=1, after=[readable])
def least_privilege(work: CiWork) -> Verdict:
    """The token may do no more than it needs to.

    Why: every action in a job, and every package that it installs, can use the job's token.
    Hint: What may your jobs do with `GITHUB_TOKEN`? Where the file does not say, the repository's settings decide.
    Hint: `permissions: {contents: read}` at the top; what writes gets a job of its own with its own `permissions`.
    """
    expected = "`permissions` that give each job what it uses, and no more"
    for workflow in _started(work):
        for excess in excesses(workflow, work.library, work.files):
            what, mistake, next = _of_excess(excess)
            return failed(
                what, expected=expected, where=str(excess.where), mistake=mistake, next=next,
                marks=[excess.job.id], ran=[f"git show HEAD:{excess.workflow.path}", "zizmor --offline .github/workflows"],
            )  # fmt: skip
    return passed("Every job says what its token may do, and needs it.", ran=["zizmor --offline .github/workflows"])


def _of_excess(excess: Excess) -> tuple[str, str, str]:
    least = "At the top: `permissions: {contents: read}`, which is what checking out takes."
    job = f"the job `{excess.job.id}`"
    if excess.source == "default":
        return (f"{job[0].upper()}{job[1:]} does not say what its token may do, so the repository's settings decide.",
                "no permissions", least)  # fmt: skip
    many = len(excess.scopes) > 5
    scopes = "everything" if many else ", ".join(f"`{scope}`" for scope in excess.scopes)
    where = "The workflow gives every job" if excess.source == "workflow" else f"{job[0].upper()}{job[1:]} has"
    found = f"{where} the right to write {scopes}; nothing in {job} is seen to use it."
    mistake = "write-all" if many else "writes for all jobs" if excess.source == "workflow" else "writes in vain"
    return found, mistake, least if excess.source == "workflow" else f"Take it out, or let it be `read`. {least}"


def _started(work: CiWork) -> list[Workflow]:
    every = tuple(work.files)
    events: list[Event] = [Push(MAIN, paths=every), Push(_TOPIC, paths=every), PullRequest(MAIN, _TOPIC, paths=every),
              PullRequest(MAIN, _TOPIC, paths=every, target=True)]  # fmt: skip
    return [
        one for one in work.workflows if one.trigger("workflow_run") or any(runs_on(one, event) for event in events)
    ]


@criterion(points=1, after=[readable])
def nothing_untrusted(work: CiWork) -> Verdict:
    """No script takes in a stranger's text.

    Why: `${{ }}` is put into a script before the shell reads it, so the title of a pull request can be a command.
    Hint: Who chooses what stands in `github.event.pull_request.title` or `github.head_ref`? Is it in a `run:`?
    Hint: Hand it over as a variable, `env: {TITLE: "${{ github.event.pull_request.title }}"}`, and write `"$TITLE"` in
        the script.
    """
    for workflow in work.workflows:
        for found in strangers_text(workflow, work.library, work.files):
            return failed(
                f"`{found.value}` becomes part of a script, and whoever opens a pull request chooses it.",
                expected="scripts that get such values as environment variables", where=str(found.where),
                mistake="script injection", marks=[found.job], ran=["zizmor --offline .github/workflows"],
                next="Hand it over by `env:` on the step, and use the variable in quotes.",
            )  # fmt: skip
        for code in strangers_code(workflow):
            return failed(
                "`pull_request_target` runs with the repository's secrets, and here it runs the pull request's own code.",
                expected="a stranger's code run by `pull_request`, which has no secrets", where=str(code.where),
                mistake="stranger's code", marks=[code.job], ran=["zizmor --offline .github/workflows"],
                next="Use `pull_request:`, and check out without `ref:`.",
            )  # fmt: skip
    return passed("No script holds a value that a stranger chooses.", ran=["zizmor --offline .github/workflows"])


@criterion(points=1, after=[readable])
def lint_of_the_workflow(work: CiWork) -> Verdict:
    """actionlint finds nothing in the workflow.

    Why: a misspelt name in a workflow is no error to GitHub: it is empty, and the step does something else.
    Hint: `actionlint` runs shellcheck on your scripts, too. Each finding names line and column.
    Hint: Most often it is an unknown name in `${{ }}`, an input that an action does not have, or a slip in a script.
    """
    try:
        found = [one for one in work.actionlint if _decides(one)]
    except LinterMissing as missing:
        return cannot_check(missing.found, next=missing.next)
    if found:
        first = found[0]
        return failed(
            f"{first.message[:300]} [{first.rule}]" + (f" And {len(found) - 1} more." if len(found) > 1 else ""),
            expected="no finding", where=str(first.where), mistake=first.rule, ran=["actionlint"],
            next="Mend it and run `actionlint` again, until it is silent.",
        )  # fmt: skip
    return passed("actionlint and shellcheck find nothing.", ran=["actionlint"])


def _decides(one: Lint) -> bool:
    """Not what only grows old (an action's runtime, the names of runners), nor taste, nor what is judged above."""
    if one.rule == "action":
        return "is not defined in action" in one.message or "missing input" in one.message
    if one.rule == "shellcheck":
        return ":info:" not in one.message and ":style:" not in one.message
    return one.rule != "runner-label" and "is potentially untrusted" not in one.message


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def picture(work: CiWork) -> Pipelines | None:
    """What a push to main (or a pull request, where only that starts something) set off on good code."""
    if readable.judge(work).kind is not Kind.PASSED or not work.good:
        return None
    outcome = work.outcome(next(iter(work.good.values())))
    runs = tuple(pipeline_of(one.run, one.workflow, called=work.library) for one in outcome.started)
    named = outcome.scenario.named
    return Pipelines(f"{named[0].upper()}{named[1:]}, with good code", runs) if runs else None


@contextmanager
def open_work(path: Path) -> Iterator[CiWork]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    with open_pipeline(path, "ci", CRITERIA, CiWork) as work:
        yield work


CRITERIA = (
    readable, starts_on_push, starts_on_pull_request, green, red_on_broken_test, red_on_lint, red_on_no_tests,
    stops_after_failure, least_privilege, nothing_untrusted, lint_of_the_workflow,
)  # fmt: skip

STEP = Step(
    title="CI basics", subskill="Continuous integration", minutes=60, open=open_work, criteria=CRITERIA, picture=picture
)
