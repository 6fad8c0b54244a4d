"""What of a run is a delivery: by what it calls and uses, and by its words."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from graders.evidence.workflow.data_flow import library
from graders.runners.workflow.delivered_anyway import why_delivered
from graders.runners.workflow.delivery import deliveries, delivers_by_name
from graders.runners.workflow.scenario import Scenario, play

CI = ".github/workflows/ci.yml"


@pytest.mark.parametrize(
    ("name", "delivers"),
    [
        ("Deploy", True), ("Deliver to the test server", True), ("deliver-to-test", True), ("build-and-deploy", True),
        ("deployToStaging", True), ("Release", True), ("Deploy (main only)", True), ("ship it", True),
        ("Publish test results", False), ("publish coverage", False), ("Check before deploying", False),
        ("Test then deploy", False), ("Build release wheel", False), ("release-please", False), ("dry run of deploy", False),
        ("Upload report", False), ("Draft release notes", False), ("", False), ("test", False),
    ],
)  # fmt: skip
def test_names(name: str, delivers: bool) -> None:
    assert delivers_by_name(name) is delivers


JOBS = """
a:
  runs-on: ubuntu-latest
  steps:
    - uses: actions/checkout@v5
    - run: rsync -a x host:/y
    - run: kubectl get pods
    - run: kubectl apply -f x.yml
    - run: docker build -t r.example/x . && docker push r.example/x
    - {uses: pypa/gh-action-pypi-publish@v1}
    - {uses: EnricoMi/publish-unit-test-result-action@v2}
    - {uses: docker/build-push-action@v6, with: {push: true, tags: r.example/x}}
    - {uses: docker/build-push-action@v6, with: {push: false, tags: r.example/x}}
    - run: ./deploy.sh
    - run: 'echo ./deploy.sh'
    - run: make deploy
    - {name: Deliver, run: echo soon}
    - {name: Deliver, run: exit 1, continue-on-error: true}
    - {if: false, run: rsync -a x host:/y}
deploy:
  runs-on: ubuntu-latest
  steps: [{run: echo deploying}]
check:
  runs-on: ubuntu-latest
  environment: staging
  steps: [{run: python3 -m pytest --version || true}]
live:
  runs-on: ubuntu-latest
  environment: {name: Production}
  steps: [{run: echo up}]
"""
FILES = {"Dockerfile": "FROM scratch\n", "deploy.sh": "true\n", "Makefile": "deploy:\n\ttrue\n", "x": "x\n"}


def test_steps_and_jobs(repository: Callable[..., Any]) -> None:
    jobs = JOBS.replace("./deploy.sh\n    - run: 'echo", "sh ./deploy.sh\n    - run: 'echo")
    made = repository({CI: "on: push\njobs:\n" + textwrap.indent(jobs, "  "), **FILES})
    outcome = play(made.git, made.commit, made.commit, Scenario(), made.cache)
    workflow = outcome.started[0].workflow

    found = deliveries(outcome, library([workflow]))

    assert [one.played.run.number for one in found if one.job.run.id == "a" and one.played] == [
        2,
        4,
        5,
        6,
        8,
        10,
        12,
        13,
    ]
    assert [one.job.run.id for one in found if one.played is None] == ["deploy", "live"]
    assert found[0].how == "it calls `rsync`"
    assert str(found[0].where) == f"{CI}:8"


@pytest.mark.parametrize(
    ("deliver", "mistake"),
    [
        ("{runs-on: ubuntu-latest, steps: [{run: rsync a b}]}", "needs missing"),
        ("{needs: lint, runs-on: ubuntu-latest, steps: [{run: rsync a b}]}", "needs the wrong job"),
        ("{needs: test, if: always(), runs-on: ubuntu-latest, steps: [{run: rsync a b}]}", "delivers always"),
        ("{needs: test, runs-on: ubuntu-latest, steps: [{run: rsync a b}]}", ""),
    ],
)
def test_why_it_happened_all_the_same(repository: Callable[..., Any], deliver: str, mistake: str) -> None:
    text = f"""on: push
jobs:
  lint: {{runs-on: ubuntu-latest, steps: [{{run: 'true'}}]}}
  test: {{runs-on: ubuntu-latest, steps: [{{run: exit 1}}]}}
  deliver: {deliver}
"""
    made = repository({CI: text})
    outcome = play(made.git, made.commit, made.commit, Scenario(), made.cache)

    found = deliveries(outcome, library([outcome.started[0].workflow]))

    assert [why_delivered(one, outcome).mistake for one in found] == ([mistake] if mistake else [])
