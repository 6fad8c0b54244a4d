"""Mend a workflow that stays green too often, runs too seldom, or delivers too soon."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from graders.drills.question import Drill, Feedback, Listing, Question, right, unclear, wrong
from graders.evidence.workflow.commands import commands
from graders.evidence.workflow.model import Workflow
from graders.evidence.workflow.permissions import effective_permissions
from graders.evidence.workflow.read import read_workflow
from graders.evidence.workflow.shells import run_settings
from graders.evidence.workflow.triggers import PullRequest, Push, runs_on
from graders.problems import Problem

_TESTS = frozenset(("pytest",))


class Fault(NamedTuple):
    """A change that spoils the good workflow: what is replaced, and by what."""

    good: str
    bad: str


_FAULTS = (
    Fault("- run: python -m pytest\n", "- run: python -m pytest || true\n"),
    Fault("- run: python -m pytest\n", "- run: python -m pytest | tee log.txt\n"),
    Fault("- run: python -m pytest\n", "- run: python -m pytest\n        continue-on-error: true\n"),
    Fault("  pull_request:\n", ""),
    Fault("branches: [main]", "branches: [master]"),
    Fault("permissions:\n  contents: read\n", "permissions: write-all\n"),
    Fault("permissions:\n  contents: read\n", ""),
    Fault("    needs: {test}\n", ""),
    Fault("    needs: {test}\n    if: github.event_name == 'push'\n", "    needs: {test}\n    if: always()\n"),
)


def _make(random: Random) -> Question:
    test, deliver = random.choice((("test", "deliver"), ("checks", "deploy"), ("unit", "publish"), ("pytest", "ship")))
    good = _GOOD.format(test=test, deliver=deliver, version=random.choice(("3.11", "3.12", "3.13", "3.14")))
    first, second = _two(random, test)
    bad = good.replace(first.good, first.bad).replace(second.good, second.bad)

    def judge(given: str) -> Feedback:
        text = given.strip("\n") + "\n"
        if "on:" not in text or "jobs:" not in text:
            return unclear("That is no workflow: it needs `on:` and `jobs:`.", "Copy the workflow, and mend it there.")
        try:
            workflow = read_workflow(text.encode(), "ci.yml")
        except Problem as problem:
            return wrong(f"It can't be read: {problem.found}", problem.next)
        if workflow.refused:
            return wrong(f"GitHub would refuse it: {workflow.refused[0].what}", workflow.refused[0].next)
        return _fault_in(workflow, test, deliver) or right(
            f"It starts on pushes to main and on pull requests, `{test}` can fail, `{deliver}` waits for it and for main, "
            "and the token may only read."
        )

    return Question(
        text="Two things are wrong with this workflow. It should check each push to main and each pull request, fail when a "
        f"test fails, let `{deliver}` run only after `{test}` has passed and only on a push, and give the token no more than "
        "reading.",
        judge=judge,
        right=good,
        wrong=(bad, good.replace(first.good, first.bad), good.replace(second.good, second.bad)),
        example="'''\non: …\n'''",
        figures=(Listing(".github/workflows/ci.yml", bad),),
    )


def _two(random: Random, test: str) -> tuple[Fault, Fault]:
    faults = [Fault(one.good.format(test=test), one.bad.format(test=test)) for one in _FAULTS]
    first = random.choice(faults)
    second = random.choice([one for one in faults if one.good not in first.good and first.good not in one.good])
    return first, second


def _fault_in(workflow: Workflow, test: str, deliver: str) -> Feedback | None:
    for event, what in ((Push("main", paths=("a.py",)), "A push to main"),
                        (PullRequest("main", "topic", paths=("a.py",)), "A pull request into main")):  # fmt: skip
        if not (answer := runs_on(workflow, event)):
            return wrong(f"{what} does not start it. {answer.reason}", "Look at what stands under `on:`.")
    tested, delivering = workflow.job(test), workflow.job(deliver)
    if tested is None or delivering is None:
        return wrong(
            f"The jobs `{test}` and `{deliver}` should both still be there.", "Mend them, and leave their names."
        )
    found = [(step, one) for step in tested.steps if step.run for one in commands(step.run.value) if one.runs(_TESTS)]
    if not found:
        return wrong(f"No step of `{test}` runs pytest any more.", "Leave `python -m pytest` in.")
    step, command = found[0]
    piped = command.after == "|" and not run_settings(workflow, tested, step).pipefail
    if piped and not (step.run and "pipefail" in step.run.value):
        return wrong(
            "The pipe hides pytest's exit code: it ends with that of its last command.", "`shell: bash`, or no pipe."
        )
    if command.after == "||":
        return wrong("Behind `||` another command has the last word, and the step is green.", "Take `||` out.")
    if step.continue_on_error or tested.continue_on_error or step.if_ or tested.if_:
        return wrong(
            f"Something still lets `{test}` go on when pytest fails, or leaves it out.", "Which key beside `run:` does?"
        )
    if test not in [one.value for one in delivering.needs]:
        return wrong(f"`{deliver}` does not wait for `{test}`: without `needs` they run side by side.", "Add `needs:`.")
    condition = delivering.if_.value if delivering.if_ else ""
    if "always()" in condition or "failure()" in condition or "cancelled()" in condition:
        return wrong(
            f"`{deliver}` runs although `{test}` has failed: its `if:` says so.", "Ask for a push there instead."
        )
    if not any(word in condition for word in ("push", "refs/heads/main", "ref_name", "pull_request")):
        return wrong(f"`{deliver}` runs for pull requests, too.", "Give it `if: github.event_name == 'push'`.")
    for job in (tested, delivering):
        effective = effective_permissions(workflow, job)
        if effective.source == "default":
            return wrong(
                f"What the token may do in `{job.id}` is left to the repository's settings.", "Add `permissions:`."
            )
        if effective.writes:
            return wrong(f"The token may still write in `{job.id}`.", "`permissions:` with `contents: read` will do.")
    return None


_GOOD = """\
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  {test}:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "{version}"
      - run: pip install -r requirements.txt
      - run: python -m pytest
  {deliver}:
    needs: {test}
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: ./{deliver}.sh
"""

DRILL = Drill("mend a workflow", _make)
