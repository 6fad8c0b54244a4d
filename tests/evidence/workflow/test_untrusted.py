"""A stranger's text in scripts.

https://docs.github.com/en/actions/concepts/security/script-injections
"""

from __future__ import annotations

import pytest

from graders.evidence.workflow.untrusted import UNTRUSTED, injections
from tests.evidence.workflow.samples import samples, workflow


def values(step: str, more: str = "") -> list[str]:
    found = workflow(f"""
        on: pull_request
        {more}
        jobs:
          a:
            runs-on: ubuntu-latest
            outputs:
              title: ${{{{ github.event.pull_request.title }}}}
            env:
              TITLE: ${{{{ github.event.pull_request.title }}}}
              SAFE: ${{{{ github.sha }}}}
            steps:
              - {step}
          b:
            needs: a
            runs-on: ubuntu-latest
            steps:
              - run: echo $NEEDED
                env: {{NEEDED: "${{{{ needs.a.outputs.title }}}}"}}
    """)
    assert not found.refused, found.refused
    return [one.value for one in injections(found)]


TITLE = "github.event.pull_request.title"


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (TITLE, [TITLE]),
        ("github.head_ref", ["github.head_ref"]),
        ("GITHUB.Event.PULL_REQUEST.Title", ["github.Event.PULL_REQUEST.Title"]),
        ("github['event']['pull_request']['title']", [TITLE]),
        ("github.event['pull_request'].title", [TITLE]),
        ("github.event.commits[0].message", ["github.event.commits.*.message"]),
        ("join(github.event.commits.*.message, ' ')", ["github.event.commits.*.message"]),
        ("github.event.*.title", ["github.event.*.title"]),
        (f"format('v{{0}}', {TITLE})", [TITLE]),
        (f"{TITLE} || 'none'", [TITLE]),
        (f"github.base_ref && {TITLE}", [TITLE]),
        ("toJSON(github.event)", ["github.event"]),
        ("toJSON(github)", ["github.*"]),
        ("env.TITLE", [TITLE]),
        ("env['title']", [TITLE]),
        (f"case(github.base_ref == 'x', {TITLE}, 'b')", [TITLE]),
        # and what is harmless
        ("github.sha", []),
        ("github.event.number", []),
        ("github.event.pull_request.base.ref", []),
        ("github.event.repository.name", []),
        ("env.SAFE", []),
        (f"contains({TITLE}, 'x')", []),
        (f"startsWith({TITLE}, 'x')", []),
        (f"{TITLE} == 'x'", []),
        (f"!{TITLE}", []),
        (f"{TITLE} && 'yes'", []),
        (f"case({TITLE} == 'x', 'a', 'b')", []),
        ("github.event", []),
    ],
)
def test_expressions_in_a_script(expression: str, found: list[str]) -> None:
    assert values(f'run: echo "${{{{ {expression} }}}}"'.replace('"', "")) == found


@pytest.mark.parametrize(
    "step",
    [
        "{run: 'echo \"$TITLE\"', env: {TITLE: '${{ github.event.pull_request.title }}'}}",
        "{run: 'echo \"$TITLE\"'}",
        "{name: '${{ github.event.pull_request.title }}', run: make}",
        "{run: make, if: \"contains(github.event.pull_request.title, 'x')\"}",
        "{uses: owner/action@v1, with: {title: '${{ github.event.pull_request.title }}'}}",
        "{uses: actions/github-script@v8, with: {script: 'core.info(1)', result-encoding: '${{ github.head_ref }}'}}",
    ],
)
def test_a_variable_is_the_right_way(step: str) -> None:
    assert values(step) == []


def test_the_script_of_github_script_is_a_script() -> None:
    assert values("{uses: Actions/GitHub-Script@v8, with: {script: 'return `${{ github.head_ref }}`'}}") == [
        "github.head_ref"
    ]


def test_it_says_where_and_by_which_way() -> None:
    found = workflow("""
        on: issues
        jobs:
          a:
            runs-on: x
            outputs: {t: "${{ github.event.issue.title }}"}
            steps: [{run: make}]
          b:
            needs: a
            runs-on: x
            steps:
              - run: |
                  echo fine
                  echo ${{ needs.a.outputs.t }}
    """)
    (one,) = injections(found)
    assert (one.value, one.where.line, one.where.column, one.job) == ("github.event.issue.title", 14, 16, "b")
    assert [place.line for place in one.through] == [14, 6]


@pytest.mark.parametrize("path", [".".join(parts) for parts in UNTRUSTED])
def test_every_known_source_is_found(path: str) -> None:
    assert values(f"run: echo ${{{{ github.{path.replace('.*', '[0]')} }}}}") == [f"github.{path}"]


def test_the_samples_have_none() -> None:
    assert {name: injections(found) for name, found in samples().items() if injections(found)} == {}
