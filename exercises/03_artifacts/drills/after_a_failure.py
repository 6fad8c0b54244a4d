"""Say which steps run after one has failed. https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#status-check-functions"""

from __future__ import annotations

import re
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong
from graders.evidence.workflow.evaluate import Status, evaluate, truthy
from graders.evidence.workflow.expression import parse

_TITLES = ("Install", "Lint", "Test", "Write coverage", "Upload the report", "Tell the team", "Build")
_CONDITIONS = ("", "", "!cancelled()", "always()", "failure()", "success()", "success() || failure()")


def run(conditions: list[str], fails: int) -> list[int]:
    """The steps that run, counted from 1, where the step `fails` ends with an error and all others end well."""
    found = []
    for number, condition in enumerate(conditions, start=1):
        status = Status.FAILURE if number > fails else Status.SUCCESS
        if truthy(evaluate(parse(condition or "success()"), {}, status)):
            found.append(number)
    return found


def _make(random: Random) -> Question:
    titles = random.sample(_TITLES, 5)
    fails = random.randint(1, 2)
    while True:
        conditions = [""] * fails + [random.choice(_CONDITIONS) for _ in range(5 - fails)]
        after = conditions[fails:]
        ran = run(conditions, fails)
        if "" in after and fails < len(ran) < 5 and any(one not in ("", "success()") for one in after):
            break
    lines = ["steps:"]
    for number, (title, condition) in enumerate(zip(titles, conditions, strict=True), start=1):
        lines += [f"  - name: {title}  # step {number}"]
        lines += [f"    if: ${{{{ {condition} }}}}"] if condition else []
        lines += [f"    run: ./{title.split()[0].lower()}.sh"]
    answer = " ".join(map(str, ran))
    every_set = {
        answer,
        " ".join(map(str, range(1, fails + 1))),
        "1 2 3 4 5",
        " ".join(str(n) for n in ran if n != fails),
    }
    every_set |= {" ".join(str(n) for n in ran if n != gone) for gone in ran}
    every_set |= {" ".join(map(str, sorted({*ran, more}))) for more in range(1, 6)}

    def judge(given: str) -> Feedback:
        if not re.fullmatch(r"[\s,;]*[1-5]([\s,;]*(?:and)?[\s,;]*[1-5])*[\s,;.]*", given.strip("`'\"")):
            return unclear(f"{quoted(given)} is no list of steps.", "Answer with their numbers, such as `1 2 4`.")
        said = sorted({int(digit) for digit in re.findall(r"[1-5]", given)})
        if said == ran:
            return right(
                f"Up to step {fails}, which fails, all run. After it, a step needs an `if:` that is true after a failure; "
                "without one, GitHub puts `success()` there."
            )
        if extra := [number for number in said if number not in ran]:
            condition = conditions[extra[0] - 1]
            because = f"its `{condition}` is false by then" if condition else "it has no `if:`, which means `success()`"
            return wrong(
                f"Step {extra[0]} comes after the failed step {fails}, and {because}.", "Look at each `if:` again."
            )
        missing = next(number for number in ran if number not in said)
        if missing <= fails:
            return wrong(f"Step {missing} runs: nothing had failed when it began.", f"Only step {fails} fails.")
        return wrong(
            f"Step {missing} runs: `{conditions[missing - 1]}` is true after a failure.", "Nobody cancelled the run."
        )

    return Question(
        text=f"Step {fails} of this job fails, and nobody cancels the run. Which steps run? Count step {fails}, too.",
        judge=judge,
        right=answer,
        wrong=tuple(sorted(every_set - {answer, ""})),
        example='"1 2 4"',
        figures=(Listing("The job", "\n".join(lines) + "\n"),),
    )


DRILL = Drill("see what runs after a failure", _make)
