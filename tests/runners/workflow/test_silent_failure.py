"""A failure that says nothing about the workflow is told from one that does, and is played again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graders.runners.workflow import run as runner
from graders.runners.workflow.plan import plan_of
from graders.runners.workflow.record import Run
from graders.runners.workflow.silent_failure import failed_by_itself
from tests.runners.workflow.conftest import CI

BROKEN_PLACE = '{run: "cd / && rm -rf $GITHUB_WORKSPACE && touch $GITHUB_WORKSPACE", shell: bash}, '


def workflow(steps: str) -> str:
    return f"on: push\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{steps}]}}}}\n"


@pytest.mark.parametrize(
    ("steps", "by_itself"),
    [
        (f"{BROKEN_PLACE}{{uses: actions/checkout@v5}}", True),
        ("{uses: actions/checkout@v5, with: {ref: no-such-branch}}", False),
        ("{uses: actions/download-artifact@v6, with: {name: nothing}}", False),
        ("{uses: actions/checkout@v5}, {run: exit 1}", False),
        ("{uses: actions/checkout@v5}", False),
    ],
)
def test_what_a_failure_says(run: Callable[..., Run], steps: str, by_itself: bool) -> None:
    text = workflow(steps)
    assert failed_by_itself(run(text), plan_of({CI: text.encode()}, CI)) is by_itself


@pytest.mark.parametrize(("steps", "runs"), [(f"{BROKEN_PLACE}{{uses: actions/checkout@v5}}", 2), ("{run: exit 1}", 1)])
def test_it_is_played_once_more(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, steps: str, runs: int
) -> None:
    played, really = [], runner._run

    def counted(*given: object) -> tuple[bytes, str]:
        played.append(given)
        return really(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "_run", counted)
    assert not run(workflow(steps)).green
    assert len(played) == runs
