"""`ninesteps run`, `secret` and `variable` as a learner types them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from graders.forge import runs
from tests.pipelines.ci import Ci

REPORT = """
name: "\\e[31mReport\\u202e"
on: [push]
jobs:
  "test":
    strategy: {matrix: {n: [1, 2]}, fail-fast: false}
    runs-on: ubuntu-latest
    steps:
      - name: "Say \\e[2J it"
        run: |
          echo "one ${{ matrix.n }}"; printf '\\033[31m  red\\033[0m\\n'
          mkdir -p out/deep; echo "report ${{ matrix.n }}" > out/deep/r.txt; echo x > out/x.txt
      - {name: Check, run: 'echo "::warning file=app.py,line=2::look here"; test ${{ matrix.n }} = 1'}
      - {if: always(), uses: actions/upload-artifact@v4, with: {name: "report-${{ matrix.n }}", path: out}}
"""


def test_logs_artifacts_and_jobs_of_a_run(ci: Ci, tmp_path: Path) -> None:
    ci.push(REPORT, message="\x1b[31mRed\x1b[0m title")
    ci.settled()
    seen = ci.say("run", "view", "1")
    assert "\x1b" not in seen
    assert "\u202e" not in seen
    for part in ("Red title", "✔ success    test (1)", "✘ failure    test (2)", "Annotations", "warning app.py:2: look here",
                 "report-1: 2 files", "ninesteps run view 1 --log-failed", "ninesteps run download 1"):  # fmt: skip
        assert part in seen, seen
    log = ci.say("run", "view", "1", "--log", "--job", "test (1)").splitlines()
    assert "test (1)\tSay it\tone 1" in log
    assert "test (1)\tSay it\t  red" in log
    failed = ci.say("run", "view", "1", "--log-failed")
    assert "test (2)\tCheck" in failed
    assert "Say it" not in failed
    assert "report-2: 2 files in " in ci.say("run", "download", "1", "--dir", str(tmp_path / "all"))
    assert (tmp_path / "all" / "report-2" / "deep" / "r.txt").read_text() == "report 2\n"
    ci.say("run", "download", "1", "--name", "report-1", "--dir", str(tmp_path / "one"))
    assert (tmp_path / "one" / "deep" / "r.txt").read_text() == "report 1\n"
    again = ci.say("run", "download", "1", "--name", "report-1", "--dir", str(tmp_path / "one"), fails=2)
    assert "is there already." in again
    assert ci.say("run", "watch", "1", "--exit-status", fails=1)
    assert "run 1" in ci.say("run", "list", "--branch", "feature", "--limit", "1")
    assert "There are no runs of that kind." in ci.say("run", "list", "--branch", "main")


@pytest.mark.slow
def test_an_artifact_cannot_leave_its_folder(ci: Ci, tmp_path: Path) -> None:
    """A record that somebody has changed is a learner's, too."""
    import zipfile

    ci.push(REPORT)
    (run,) = ci.settled()
    with zipfile.ZipFile(runs.folder_of(ci.origin, 1) / "artifacts" / "0.zip", "w") as archive:
        archive.writestr("../../outside.txt", "x")
    name = run.artifacts[0].name
    said = ci.say("run", "download", "1", "--name", name, "--dir", str(tmp_path / "a" / "b"), fails=2)
    assert "a path that leaves its folder" in said
    assert not (tmp_path / "outside.txt").exists()


DISPATCH = """
name: By hand
on:
  workflow_dispatch:
    inputs:
      to: {type: choice, options: [staging, production], required: true}
      loud: {type: boolean}
      why: {default: no reason}
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo "${{ inputs.to }} ${{ inputs.loud }} ${{ inputs.why }}"'}]}}
"""


def test_a_start_by_hand_has_its_inputs_checked(ci: Ci) -> None:
    ci.push(DISPATCH)
    for words, said in (
        (["nope.yml"], "There is no workflow “nope.yml” on feature. There are: ci.yml."),
        (["ci.yml"], "Required input 'to' not provided."),
        (
            ["ci.yml", "-f", "to=moon"],
            "“moon” is none of the values that the input to takes. It takes: staging, production.",
        ),
        (["ci.yml", "-f", "from=x"], "Unexpected inputs provided: from. Its inputs: to, loud, why."),
        (["ci.yml", "-f", "to"], "“to” is no input."),
    ):
        assert said in ci.say("run", "start", *words, "--ref", "feature", fails=2)
    assert "There is no branch or tag nowhere on origin." in ci.say(
        "run", "start", "ci.yml", "--ref", "nowhere", fails=2
    )
    assert "Started .github/workflows/ci.yml" in ci.say("run", "start", "By hand", "-f", "to=staging", "-r", "feature")
    assert ci.started() == ["By hand workflow_dispatch success"]
    assert "staging false no reason" in ci.log(ci.settled()[0], "a")
    ci.push("on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo}]}}\n")
    said = ci.say("run", "start", "ci.yml", "--ref", "feature", fails=2)
    assert "Workflow does not have 'workflow_dispatch' trigger" in said


def test_secrets_and_variables_reach_runs_and_no_log(ci: Ci) -> None:
    assert "There are no secrets. To set one: ninesteps secret set NAME" in ci.say("secret", "list")
    ci.say("secret", "set", "api_key", "--body", "of-everybody")
    assert "for the environment Staging" in ci.say(
        "secret", "set", "API_KEY", "--body", "of-staging", "--env", "Staging"
    )
    ci.say("variable", "set", "REGION", "--body", "eu-west-1")
    file = ci.origin / "forge" / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == {"": {"API_KEY": "of-everybody"}, "staging": {"API_KEY": "of-staging"}}
    listed = ci.say("secret", "list")
    assert listed.splitlines() == ["API_KEY\tall jobs", "API_KEY\tstaging"]
    assert ci.say("variable", "list").splitlines() == ["REGION\tall jobs\teu-west-1"]
    step = """{run: 'echo "$KEY" | rev; echo "$KEY at ${{ vars.region }}"', env: {KEY: "${{ secrets.API_KEY }}"}}"""
    job = f"{{runs-on: ubuntu-latest, steps: [{step}]"
    ci.push(f"on: push\njobs:\n  plain: {job}}}\n  stage: {job}, environment: staging}}\n")
    (run,) = ci.settled()
    assert ci.log(run, "plain").splitlines() == ["ydobyreve-fo", "*** at eu-west-1"]
    assert ci.log(run, "stage").splitlines() == ["gnigats-fo", "*** at eu-west-1"]
    for file in runs.folder_of(ci.origin, 1).rglob("*"):
        assert not file.is_file() or b"of-everybody" not in file.read_bytes(), file
    assert "Removed the secret API_KEY for the environment staging." in ci.say(
        "secret", "delete", "API_KEY", "-e", "staging"
    )
    for words, said in (
        (["set", "1x", "-b", "v"], "can't be a secret's name"),
        (["set", "GITHUB_X", "-b", "v"], "begin with GITHUB_"),
        (["set", "X", "-b", ""], "would be empty"),
        (["set", "X", "-b", "it's"], "without the quote '"),
        (["delete", "NOPE"], "There is no secret NOPE."),
    ):
        assert said in ci.say("secret", *words, fails=2)
