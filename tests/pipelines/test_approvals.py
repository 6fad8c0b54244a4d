"""A job whose environment has a reviewer waits; then it goes on, or fails."""

from __future__ import annotations

import pytest

from graders.forge import runs
from tests.pipelines.ci import Ci

RELEASE = """
name: Release
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {id: "${{ steps.it.outputs.id }}"}
    steps:
      - {id: it, run: 'echo "id=$RANDOM-$RANDOM" | tee -a "$GITHUB_OUTPUT" > id.txt'}
      - {uses: actions/upload-artifact@v4, with: {name: id, path: id.txt}}
  staging:
    needs: build
    environment: staging
    runs-on: ubuntu-latest
    steps: [{run: 'echo "deploy ${{ needs.build.outputs.id }}"'}]
  production:
    needs: [build, staging]
    environment: production
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: id}}
      - run: echo "deploy ${{ needs.build.outputs.id }} $(cat id.txt)"
"""


def test_production_waits_and_gets_what_staging_got(ci: Ci) -> None:
    ci.push(RELEASE)
    assert ci.started() == ["Release push waiting"]
    said = ci.say("run", "view")
    for part in ("‖ waiting", "environment production", "ninesteps run approve 1", "id: 1 file"):
        assert part in said
    assert "deploy" not in ci.log(runs.read(ci.origin, 1), "production")
    assert "does not wait for staging" in ci.say("run", "approve", "1", "--environment", "staging", fails=2)
    assert "Approved production" in ci.say("run", "approve")
    assert "✔ success" in ci.say("run", "watch", "--exit-status")
    (run,) = ci.settled()
    assert [(job.id, job.result) for job in run.jobs] == [
        ("build", "success"), ("staging", "success"), ("production", "success")
    ]  # fmt: skip
    id = ci.log(run, "staging").removeprefix("deploy ")
    assert ci.log(run, "production").splitlines()[-1] == f"deploy {id} id={id}"
    assert [(one.job, one.state, one.by) for one in run.reviews] == [("production", "approved", "Lea Example")]
    assert "waits for nobody: it is success" in ci.say("run", "approve", "1", fails=2)
    assert "No run waits for an approval." in ci.say("run", "approve", fails=2)


def test_rejected_it_fails_and_a_check_that_waits_is_no_green_one(ci: Ci) -> None:
    ci.push(RELEASE)
    ci.say("pr", "create", "--fill")
    ci.settled()
    assert "waits for an approval of production" in ci.say("pr", "merge", "--squash", "--auto", fails=2)
    ci.say("run", "reject", "1")
    assert ci.started() == ["Release push failure"]
    assert "was not approved" in ci.say("run", "view", "1")
    said = ci.say("pr", "merge", "--squash", fails=2)
    assert (
        "is failing: in the job `production`, `production` was not approved. Run it again: ninesteps run rerun 1"
        in said
    )
    assert "production: `production` was not approved." in ci.say("run", "view", "1", "--log-failed")
    assert ci.say("run", "view", "1", "--exit-status", fails=1)


@pytest.mark.slow
def test_a_run_that_waits_can_be_cancelled_and_bad_numbers_are_told(ci: Ci) -> None:
    ci.push(RELEASE)
    ci.settled()
    ci.say("run", "cancel")
    assert ci.started() == ["Release push cancelled"]
    assert [job.result for job in runs.read(ci.origin, 1).jobs] == ["success", "success", "cancelled"]
    assert "has ended already (cancelled)" in ci.say("run", "cancel", "1", fails=2)
    for words, said in (
        (("view", "7"), "There is no run 7 here."),
        (("view", "x1"), "“x1” is no run's number."),
        (("view", "1", "--job", "nope"), "Run 1 has no job “nope”. Its jobs: build, staging, production."),
        (("download", "1", "--name", "nope"), "Run 1 has no artifact “nope”."),
    ):
        assert said in ci.say("run", *words, fails=2)
