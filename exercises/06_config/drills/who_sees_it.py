"""Say which jobs of a workflow see a secret. https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-variables"""

from __future__ import annotations

import re
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, right, unclear, wrong
from graders.evidence.workflow.data_flow import visible
from graders.evidence.workflow.read import read_workflow

_JOBS = ("lint", "test", "build", "docs", "deploy", "notify")
_NAMES = ("SUPPLIER_API_KEY", "SMTP_PASSWORD", "MAPS_TOKEN")


def _workflow(random: Random, name: str, jobs: list[str], deep: list[str], whole: bool) -> str:
    given = f"{name}: ${{{{ secrets.{name} }}}}"
    lines = ["on: push", *(["env:", f"  {given}"] if whole else []), "jobs:"]
    for job in jobs:
        level = random.choice(["job", "step"]) if job in deep else ""
        lines += [f"  {job}:", "    runs-on: ubuntu-latest"]
        lines += ["    env:", f"      {given}"] if level == "job" else []
        lines += ["    steps:", "      - uses: actions/checkout@v5", f"      - run: ./{job}.sh"]
        lines += ["        env:", f"          {given}"] if level == "step" else []
    return "\n".join(lines) + "\n"


def _make(random: Random) -> Question:
    name, jobs = random.choice(_NAMES), random.sample(_JOBS, 4)
    whole = random.random() < 0.3
    deep = random.sample(jobs, random.choice([1, 1, 2]))
    text = _workflow(random, name, jobs, deep, whole)
    workflow = read_workflow(text.encode(), "workflow.yml")
    sees = [job.id for job in workflow.jobs.values() if name in visible(workflow, job).secrets]

    def judge(given: str) -> Feedback:
        words = set(re.findall(r"[a-z]+", given.lower()))
        found = set(jobs) if "all" in words else words & set(jobs)
        if not found or words - set(jobs) - {"all", "and"}:
            return unclear("Name jobs of this workflow.", f"Such as `{jobs[0]}, {jobs[1]}`, or `all`.")
        if whole and found != set(jobs):
            return wrong("The workflow's own `env:` stands above all jobs, so every one of them sees it.",
                         "Look at what stands left of `jobs:`.")  # fmt: skip
        for job in jobs:
            if (job in found) != (job in sees):
                where = "a job or one of its steps is handed it" if job in sees else "neither it nor its steps name it"
                return wrong(
                    f"`{job}`: {where}.", "A secret goes where an `env:` or a `with:` puts it, and nowhere else."
                )
        if whole:
            return right("The workflow's own `env:` reaches every job, whether or not it needs the secret.")
        return right("A job sees what its own `env:`, or that of one of its steps, is handed. No other job does.")

    answer = ", ".join(sees)
    others = [job for job in jobs if job not in sees]
    wrongs = [", ".join(others), ", ".join(jobs), others[0] if others else jobs[0]]
    return Question(
        text=f"In which jobs can code read `{name}`?",
        judge=judge,
        right=answer,
        wrong=tuple(dict.fromkeys(one for one in wrongs if one and one != answer)),
        example=f'"{jobs[0]}, {jobs[1]}"',
        figures=(Listing("workflow.yml", text),),
    )


DRILL = Drill("who sees the secret", _make)
