"""actionlint and zizmor as they are shipped: their words come in, and nothing of the learner's steers them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graders.evidence import linting
from graders.evidence.linting import Lint, LinterMissing
from graders.evidence.workflow.linters import actionlint, zizmor
from graders.problems import Problem

PATH = ".github/workflows/ci.yml"
BAD = b"""on: pull_request
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.event.pull_request.title }}
      - run: rm -rf $FOLDER/
      - uses: actions/checkout@v6  # zizmor: ignore[unpinned-uses]
  b:
    uses: ./.github/workflows/other.yml
    with: {nothing: 1}
"""
OTHER = b"""on:
  workflow_call:
    inputs: {image: {type: string, required: true}}
jobs:
  a:
    runs-on: ubuntu-latest
    steps: [{run: make}]
"""


def of_rule(found: tuple[Lint, ...], rule: str) -> list[Lint]:
    return [lint for lint in found if lint.rule == rule]


def test_actionlint_and_shellcheck_speak_in_their_own_words() -> None:
    found = actionlint({PATH: BAD, ".github/workflows/other.yml": OTHER})
    (untrusted,) = of_rule(found, "expression")
    assert untrusted.where.path == PATH
    assert (untrusted.where.line, untrusted.where.column) == (6, 23)
    assert "potentially untrusted" in untrusted.message
    assert any("SC2086" in lint.message for lint in of_rule(found, "shellcheck"))
    assert any("image" in lint.message for lint in of_rule(found, "workflow-call"))


def test_zizmor_speaks_and_heeds_no_ignore_comment() -> None:
    found = zizmor({PATH: BAD})
    (injection,) = of_rule(found, "template-injection")
    assert (injection.where.path, injection.where.line) == (PATH, 6)
    assert injection.severity == "high"
    assert injection.url.startswith("https://docs.zizmor.sh/")
    assert of_rule(found, "unpinned-uses")


def test_no_setting_of_the_learner_silences_them() -> None:
    settings = {
        ".github/actionlint.yaml": b"paths:\n  '**/*':\n    ignore: ['.*']\n",
        ".github/zizmor.yml": b"rules:\n  template-injection:\n    disable: true\n",
        "zizmor.yml": b"rules:\n  template-injection:\n    disable: true\n",
        ".shellcheckrc": b"disable=all\n",
    }
    assert actionlint({PATH: BAD, **settings}) == actionlint({PATH: BAD})
    assert of_rule(zizmor({PATH: BAD, **settings}), "template-injection") == of_rule(
        zizmor({PATH: BAD}), "template-injection"
    )


def test_nothing_of_our_machine_is_in_their_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    found = (*actionlint({PATH: BAD}), *zizmor({PATH: BAD}))
    assert any("other.yml" in str(lint) for lint in found)
    assert [str(lint) for lint in found if str(tmp_path) in str(lint) or "ninesteps-lint" in str(lint)] == []


def test_the_callers_environment_does_not_reach_them(monkeypatch: pytest.MonkeyPatch) -> None:
    before = actionlint({PATH: BAD})
    monkeypatch.setenv("SHELLCHECK_OPTS", "--exclude=SC2086")
    assert actionlint({PATH: BAD}) == before


def test_the_same_input_gives_the_same_words_twice() -> None:
    assert actionlint({PATH: BAD}) == actionlint({PATH: BAD})
    assert zizmor({PATH: BAD}) == zizmor({PATH: BAD})


def test_a_composite_action_is_audited() -> None:
    action = (
        b"name: x\ndescription: x\ninputs: {title: {description: x}}\nruns:\n  using: composite\n  steps:\n"
        b"    - run: echo ${{ inputs.title }}\n      shell: bash\n"
    )
    (found,) = of_rule(zizmor({".github/actions/x/action.yml": action}), "template-injection")
    assert found.where.path == ".github/actions/x/action.yml"


def test_without_workflows_there_is_nothing_to_say() -> None:
    assert actionlint({"README.md": b"on: push"}) == ()
    assert zizmor({"README.md": b"on: push", "other/ci.yml": b"on: push"}) == ()


@pytest.mark.parametrize("data", [b"", b"\t", b"on: [", b"\xff\xfe", b"- a\n", b"a: 1\n"])
def test_a_file_that_is_no_workflow_breaks_neither(data: bytes) -> None:
    assert actionlint({PATH: data})
    assert zizmor({PATH: data}) == ()
    assert of_rule(zizmor({PATH: data, ".github/workflows/bad.yml": BAD}), "template-injection")


@pytest.mark.parametrize("path", ["../ci.yml", "/etc/ci.yml", ".git/hooks/x.yml", "a\\..\\b.yml"])
def test_a_path_that_leaves_the_folder_is_refused(path: str) -> None:
    with pytest.raises(Problem):
        actionlint({path: b"on: push"})


def test_a_linter_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(linting.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LinterMissing, match="shellcheck is not installed"):
        actionlint({PATH: BAD})
    with pytest.raises(LinterMissing, match="zizmor is not installed"):
        zizmor({PATH: BAD})


def test_a_linter_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("a script stands in for the linter")
    stand_in = tmp_path / "zizmor"
    stand_in.write_text("#!/bin/sh\nexec sleep 60\n")
    stand_in.chmod(0o755)
    monkeypatch.setattr(linting.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(linting, "SECONDS", 0.2)
    with pytest.raises(Problem, match="gave no answer"):
        zizmor({PATH: BAD})
