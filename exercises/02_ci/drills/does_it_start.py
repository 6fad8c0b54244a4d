"""Tell which events start a workflow, by its filters.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#on
"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several
from graders.evidence.workflow.read import read_workflow
from graders.evidence.workflow.triggers import Event, PullRequest, Push, Runs, runs_on

_BRANCHES = ("search", "login", "fix-prices", "docs")
_PUSH = ("  push:\n", "  push:\n    branches: [main]\n", "  push:\n    branches: [main, 'release/**']\n",
         "  push:\n    branches: [main]\n    paths-ignore: ['**.md']\n", "  push:\n    tags: ['v*']\n",
         "  push:\n    branches-ignore: [main]\n", "  push:\n    branches: [main]\n    paths: ['src/**']\n")  # fmt: skip
_PULL_REQUEST = ("", "  pull_request:\n", "  pull_request:\n    types: [opened]\n", "  pull_request:\n    branches: [develop]\n",
                 "  pull_request:\n    paths-ignore: ['**.md']\n")  # fmt: skip


def _make(random: Random) -> Question:
    on = "on:\n" + random.choice(_PUSH) + random.choice(_PULL_REQUEST)
    workflow = read_workflow(
        f"{on}jobs: {{test: {{runs-on: ubuntu-latest, steps: [{{run: pytest}}]}}}}\n".encode(), "ci.yml"
    )
    candidates = []
    for said, event in random.sample(_events(random.choice(_BRANCHES)), 4):
        answer = runs_on(workflow, event)
        why = "Nothing under `on:` keeps it from starting." if isinstance(answer, Runs) else answer.reason
        candidates.append(Candidate(Listing("", said), isinstance(answer, Runs), why))
    return several(
        random,
        "Which of these events start the workflow?",
        candidates,
        figures=(Listing(".github/workflows/ci.yml", on),),
    )


def _events(branch: str) -> list[tuple[str, Event]]:
    code, words = ("src/app.py", "README.md"), ("README.md",)
    return [
        ("a push to main that changes src/app.py and README.md", Push("main", paths=code)),
        ("a push to main that changes README.md alone", Push("main", paths=words)),
        (f"a push to the branch {branch} that changes src/app.py", Push(branch, paths=("src/app.py",))),
        ("a push to the branch release/2.0 that changes src/app.py", Push("release/2.0", paths=("src/app.py",))),
        ("a push of the tag v1.4.0", Push(tag="v1.4.0")),
        (f"a new pull request from {branch} into main that changes src/app.py",
         PullRequest("main", branch, "opened", ("src/app.py",))),
        (f"another push to {branch}, whose pull request into main is open; it changes src/app.py",
         PullRequest("main", branch, "synchronize", ("src/app.py",))),
    ]  # fmt: skip


DRILL = Drill("which events start it?", _make)
