"""Tell which steps end red when a test fails.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#exit-codes-and-error-action-preference
"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several

# The step's script, what stands beside it, whether it ends red, and why. A test runs each in bash.
STEPS: tuple[tuple[str, str, bool, str], ...] = (
    ("pytest", "", True, "The step ends with pytest's exit code, 1."),
    ("pytest || true", "", False, "Behind `||`, `true` has the last word, and it ends with 0."),
    ("pytest | tee log.txt", "", False, "A pipe ends with the code of its last command, and `tee` ends with 0."),
    ("pytest | tee log.txt", "shell: bash", True, "`shell: bash` sets pipefail: a pipe fails when any command in it does."),
    ("set -o pipefail\npytest | tee log.txt", "", True, "With pipefail a pipe fails when any command in it does."),
    ("set +e\npytest\necho done", "", False, "After `set +e` the script goes on, and ends with the code of `echo`."),
    ("pytest\necho done", "", True, "GitHub runs scripts with `bash -e`: the first failing line ends them, with its code."),
    ("pytest; echo done", "", True, "Under `bash -e` the failing `pytest` ends the script before `echo` is reached."),
    ("pytest && echo done", "", True, "`echo` is left out, and the last line ends with pytest's code."),
    ("pytest && echo done\necho over", "", False,
     "Before `&&` a failure does not stop the script, and `echo over` ends it with 0."),
    ("if ! pytest; then\n  echo broken\nfi", "", False, "`if` looks at the code and drops it; the last code is that of `echo`."),
    ("pytest || exit 3", "", True, "The step ends with 3, and every code but 0 is a failure."),
    ("echo \"$(pytest)\"", "", False, "A command inside the words of `echo` has no say: `echo` ends with 0."),
    ("pytest &\nwait", "", False, "In the background nobody asks how it ended: `wait` without a number gives 0."),
)  # fmt: skip


def _make(random: Random) -> Question:
    chosen = random.sample(STEPS, 4)
    while len({red for _, _, red, _ in chosen}) == 1:
        chosen = random.sample(STEPS, 4)
    candidates = [Candidate(Listing("", _shown(script, beside)), red, why) for script, beside, red, why in chosen]
    return several(random, "A test is broken, so `pytest` ends with 1. Which of these steps turn red?", candidates)


def _shown(script: str, beside: str) -> str:
    lines = script.splitlines()
    shown = f"- run: {script}" if len(lines) == 1 else "- run: |\n" + "\n".join(f"    {line}" for line in lines)
    return f"{shown}\n  {beside}" if beside else shown


DRILL = Drill("which steps turn red?", _make)
