"""Tell what a job's token may do.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong
from graders.evidence.workflow.permissions import Effective, effective_permissions
from graders.evidence.workflow.read import read_workflow

_TOP = ("", "permissions: read-all\n", "permissions: {}\n", "permissions:\n  contents: read\n",
        "permissions:\n  contents: write\n  issues: read\n", "permissions: write-all\n")  # fmt: skip
_JOB = ("", "", "    permissions:\n      contents: read\n", "    permissions:\n      packages: write\n",
        "    permissions:\n      contents: write\n      issues: write\n", "    permissions: {}\n")  # fmt: skip
_SCOPES = ("contents", "issues", "packages")
_NAMES = ("test", "lint", "image", "notes")
_ANSWERS = ("write", "read", "none", "settings")


def _make(random: Random) -> Question:
    name, other = random.sample(_NAMES, 2)
    scope = random.choice(_SCOPES)
    text = f"on: push\n{random.choice(_TOP)}jobs:\n"
    for job in (name, other):
        text += f"  {job}:\n{random.choice(_JOB)}    runs-on: ubuntu-latest\n    steps:\n      - run: ./{job}.sh\n"
    workflow = read_workflow(text.encode(), "ci.yml")
    found = workflow.job(name)
    assert found
    effective = effective_permissions(workflow, found)
    level = effective.level(scope)
    answer = "settings" if level == "unknown" else level

    def judge(given: str) -> Feedback:
        word = given.strip("`'\". ").lower()
        if word not in _ANSWERS:
            return unclear(f"{quoted(given)} is none of the four.", "Answer `write`, `read`, `none` or `settings`.")
        if word == answer:
            return right(_why(effective, name, scope, answer))
        return wrong(f"It is not `{word}` here. {_look(effective, name)}", f"Is `{scope}` named there?")

    return Question(
        text=f"What may the token do with `{scope}` in the job `{name}`: `write`, `read`, `none`, or do the repository's "
        "`settings` decide?",
        judge=judge,
        right=answer,
        wrong=tuple(one for one in _ANSWERS if one != answer),
        example='"read"',
        figures=(Listing(".github/workflows/ci.yml", text),),
    )


def _why(effective: Effective, job: str, scope: str, answer: str) -> str:
    if effective.source == "default":
        return "Neither the job nor the workflow has `permissions`, so the repository's settings decide: read, or read and write."
    place = f"The job `{job}` has `permissions` of its own, which replace the workflow's as a whole" if (
        effective.source == "job") else "The workflow's `permissions` hold for the job, which has none of its own"  # fmt: skip
    said = "a scope that is not named there is none" if answer == "none" else f"there `{scope}` is `{answer}`"
    return f"{place}; {said}."


def _look(effective: Effective, job: str) -> str:
    return {
        "default": "Look for `permissions` at the top and in the job: there are none.",
        "job": f"The job `{job}` has `permissions` of its own; the workflow's no longer hold for it.",
        "workflow": "The job has no `permissions`, so the workflow's at the top hold for it.",
    }[effective.source]


DRILL = Drill("what may the token do?", _make)
