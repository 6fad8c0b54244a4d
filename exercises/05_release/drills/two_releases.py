"""Say what becomes of two releases at the same time. The answer is computed by what judges the mini task.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#concurrency
"""

from __future__ import annotations

from random import Random

from graders.drills.choice import Option, choice
from graders.drills.question import Drill, Listing, Question
from graders.evidence.workflow.call_chains import Link
from graders.evidence.workflow.concurrency import locks
from graders.evidence.workflow.read import read_workflow

_GROUPS = (
    "release", "production", "${{ github.workflow }}", "${{ github.workflow }}-${{ github.ref }}",
    "release-${{ github.ref_name }}", "deploy-${{ github.sha }}", "${{ github.event_name }}-${{ github.run_id }}",
)  # fmt: skip
_CANCEL = ("", "false", "true", "${{ github.ref != 'refs/heads/main' }}", "${{ github.ref_type == 'branch' }}")
WAITS, SIDE_BY_SIDE, CANCELS = "the second one waits", "both run at the same time", "the first one is cancelled"


def workflow_text(group: str, cancel: str, tags: bool) -> str:
    """The top of a release workflow; without a group it has no `concurrency`."""
    lines = ["name: Release", "on:", "  push:", '    tags: ["v*"]' if tags else "    branches: [main]"]
    if group:
        lines += ["concurrency:", f"  group: {group}", *([f"  cancel-in-progress: {cancel}"] if cancel else [])]
    return "\n".join([*lines, "jobs:", "  production:", "    runs-on: ubuntu-latest", "    environment: production",
                      "    steps: [run: scripts/deploy.sh production]", ""])  # fmt: skip


def outcome(text: str, tags: bool) -> str:
    """What becomes of two releases of this workflow, the second a minute after the first."""
    workflow = read_workflow(text.encode(), ".github/workflows/release.yml")
    chain = (Link(workflow, workflow.jobs["production"]),)
    first, second = (locks(chain, _github(run, tags)) for run in (1, 2))
    if not first or first[0].group != second[0].group:
        return SIDE_BY_SIDE
    return CANCELS if second[0].cancels else WAITS


def _github(run: int, tags: bool) -> dict[str, str]:
    name = f"v1.4.{run}" if tags else "main"
    ref = f"refs/tags/{name}" if tags else "refs/heads/main"
    return {
        "ref": ref, "ref_name": name, "ref_type": "tag" if tags else "branch", "sha": f"{run}" * 40, "run_id": f"{run}",
        "workflow": "Release", "event_name": "push",
    }  # fmt: skip


def _make(random: Random) -> Question:
    tags = random.random() < 0.6
    wanted = random.choice([WAITS, SIDE_BY_SIDE, CANCELS])
    while True:
        group = random.choice(("", *_GROUPS))
        text = workflow_text(group, random.choice(_CANCEL), tags)
        if outcome(text, tags) == wanted:
            break
    events = "the tags v1.4.1 and v1.4.2 are pushed" if tags else "two commits are pushed to main"
    options = {one: Option(Listing("", one), _why(one, wanted, group, tags)) for one in (WAITS, SIDE_BY_SIDE, CANCELS)}
    return choice(
        random,
        f"Within a minute, {events}; a deploy takes five. What happens?",
        options.pop(wanted),
        list(options.values()),
        figures=(Listing("release.yml", text.rstrip()),),
    )


def _why(chosen: str, wanted: str, group: str, tags: bool) -> str:
    """Why `wanted` is what happens, said to who chose `chosen`."""
    differing = "the tag" if tags and "ref" in group else "the commit" if "sha" in group else "the run"
    reasons = {
        SIDE_BY_SIDE: f"{differing} is part of the group's name, so each release has a group of its own"
        if group else "there is no `concurrency`, so nothing holds either of them",
        WAITS: "both have the same group, and nothing that is running is cancelled",
        CANCELS: "both have the same group, and `cancel-in-progress` is true for the second one",
    }  # fmt: skip
    reason = reasons[wanted]
    if chosen == wanted:
        return f"{reason[0].upper()}{reason[1:]}."
    return f"Not so: {reason}."


DRILL = Drill("two releases at once", _make)
