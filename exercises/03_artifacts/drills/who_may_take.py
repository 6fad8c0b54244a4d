"""Say which jobs can count on an artifact. https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-jobs"""

from __future__ import annotations

import re
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong

_JOBS = ("lint", "test", "build", "scan", "docs", "smoke", "publish")


def after(needs: dict[str, list[str]], job: str) -> set[str]:
    """The jobs that need `job`, directly or through others."""
    found: set[str] = set()
    while more := {one for one, needed in needs.items() if one not in found and ({job} | found) & set(needed)}:
        found |= more
    return found


def _make(random: Random) -> Question:
    while True:
        jobs = random.sample(_JOBS, 6)
        needs = {
            job: sorted(random.sample(jobs[:place], min(place, random.choice([0, 1, 1, 2]))))
            for place, job in enumerate(jobs)
        }
        maker = random.choice(jobs[:4])
        takers = after(needs, maker)
        direct = {job for job in jobs if maker in needs[job]}
        if 1 <= len(takers) <= 4 and takers != direct:
            break
    shown = random.sample(jobs, len(jobs))
    lines = ["jobs:"]
    for job in shown:
        lines.append(f"  {job}:" + ("  # uploads an artifact" if job == maker else ""))
        lines += [f"    needs: [{', '.join(needs[job])}]"] if needs[job] else []
        lines.append("    # …")
    answer = " ".join(sorted(takers))
    others = [set(jobs) - {maker}, direct, *[takers - {one} for one in takers], *[takers | {one} for one in jobs]]

    def judge(given: str) -> Feedback:
        words = set(re.findall(r"[a-z]+", given.lower())) - {"and"}
        if not words or words - set(jobs):
            return unclear(
                f"{quoted(given)} is no list of jobs.",
                f"Answer with names from the file, such as `{jobs[0]} {jobs[1]}`.",
            )
        if words == takers:
            return right(
                f"Each of them waits for `{maker}`, some through another job. All others may begin before it ends."
            )
        if maker in words:
            return wrong(
                f"`{maker}` itself uploads the artifact; it need not download it.", "Which jobs come after it?"
            )
        if extra := sorted(words - takers):
            return wrong(
                f"`{extra[0]}` does not wait for `{maker}`: nothing that it needs leads there, so it may begin before.",
                "Follow each `needs:` back to its beginning.",
            )
        lacking = sorted(takers - words)
        through = "" if lacking[0] in direct else " through another job"
        return wrong(
            f"`{lacking[0]}` can count on it, too: what it needs leads to `{maker}`{through}.",
            "Waiting for a job means waiting for all that it waits for.",
        )

    return Question(
        text=f"The job `{maker}` uploads an artifact. Which jobs can be sure that it is there when they begin?",
        judge=judge,
        right=answer,
        wrong=tuple(sorted({" ".join(sorted(one)) for one in others if one and one != takers})),
        example='"build smoke"',
        figures=(Listing("The workflow, in short", "\n".join(lines) + "\n"),),
    )


DRILL = Drill("find the jobs that can count on an artifact", _make)
