"""Compute the change failure rate or the recovery time from a record. https://dora.dev/guides/dora-metrics-four-keys/"""

from __future__ import annotations

import json
import re
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong
from graders.evidence.deployment_record import metrics, read_record


def _line(minute: int, action: str, number: int, outcome: str) -> str:
    when = f"2026-11-24T{9 + minute // 60:02}:{minute % 60:02}:00Z"
    digest = f"sha256:{number:064x}"
    return json.dumps({"time": when, "actor": "mei", "action": action, "digest": digest, "outcome": outcome})


def _make(random: Random) -> Question:
    total = random.choice([4, 5, 8, 10])
    refused, gone = random.sample(range(1, total), 2)
    lines, minute = [], 0
    for number in range(total):
        lines.append(_line(minute, "deploy", number, "failed" if number == refused else "succeeded"))
        if number == gone:
            back = max(one for one in range(number) if one != refused) if number != 1 or refused != 0 else 0
            minute += random.choice([3, 7, 12, 16])
            lines.append(_line(minute, "rollback", back, "succeeded"))
        minute += random.choice([20, 25, 35])
    seen = metrics(read_record("\n".join(lines))[0])
    rate = random.random() < 0.5
    answer = 100 * seen.failed // seen.deployments if rate else int((seen.recovery_seconds or 0) // 60)
    unit = "per cent" if rate else "minutes"
    shown = "\n".join(re.sub(r'"sha256:0+(\w{2})"', r'"sha256:…\1"', line) for line in lines)
    others = {100 // total, 100 * seen.failed // (total + 1), 0, 100} if rate else {0, answer + 20, answer + 1, 60}

    def judge(given: str) -> Feedback:
        found = re.fullmatch(r"(\d{1,4})(?:\.0+)?\s*(?:%|per ?cent|min(?:ute)?s?)?", given.strip(" `'\".").lower())
        if not found:
            return unclear(f"{quoted(given)} is no number of {unit}.", "Answer with a number, such as `15`.")
        if int(found[1]) == answer:
            return right(f"{seen.failed} of {seen.deployments} deployments were bad: one was refused, one rolled back." if rate
                         else "From the deployment that went bad to the end of its rollback.")  # fmt: skip
        if rate and int(found[1]) == 100 // total:
            return wrong("Only one kind was counted.", "What was refused counts, and so does what was rolled back.")
        if rate:
            return wrong("That is not the share.", "Bad deployments (refused, or rolled back) by all deployments; "
                         "a rollback is no deployment.")  # fmt: skip
        return wrong(
            "That is not the time between the two.", "From the `deploy` before the `rollback` to the `rollback`."
        )

    return Question(
        text="What does this record say: how many per cent of the deployments were bad (the change failure rate)?" if rate
        else "What does this record say: how many minutes did it take to recover from the deployment that was rolled back?",
        judge=judge,
        right=str(answer),
        wrong=tuple(str(one) for one in sorted(others - {answer})),
        example='"15"',
        figures=(Listing("deployments.jsonl", shown),),
    )  # fmt: skip


DRILL = Drill("what the record says", _make)
