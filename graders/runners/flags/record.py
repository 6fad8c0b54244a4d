"""What came of the starts of a service: what it answered whom, how fast an edit counted, and what it logged."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graders.runners.flags.plan import FREE, NEW

_WORD = re.compile(r"""(?<![\w.-])["']?(flag|user|variant|reason)["']?\s*[=:]\s*["']?([\w.:@+-]+)""")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one user got: `status` 0 where nobody answered."""

    user: str
    status: int
    body: str

    @property
    def new(self) -> bool:
        """Whether it is the new price."""
        return self.status == 200 and bool(re.search(NEW, self.body))

    @property
    def free(self) -> bool:
        """Whether it is free delivery."""
        return self.status == 200 and bool(re.search(FREE, self.body))


@dataclass(frozen=True, slots=True)
class Decision:
    """A line of the log that tells of one decision."""

    flag: str
    user: str
    variant: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """What came of a step: the answers, seconds until an edit counted (None: never), and what was logged meanwhile.

    `only_then` says that the same edit, made a second time, did count; `stored` gives a digest of what each of the
    database's tables holds.
    """

    answers: tuple[Answer, ...] = ()
    took: float | None = None
    log: str = ""
    only_then: bool = False
    stored: Mapping[str, str] = field(default_factory=dict)

    @property
    def new(self) -> frozenset[str]:
        """Who got the new price."""
        return frozenset(one.user for one in self.answers if one.new)

    @property
    def decisions(self) -> list[Decision]:
        """The lines that hold all four of `flag`, `user`, `variant` and `reason`."""
        read = [dict(_WORD.findall(line.replace("\\", ""))) for line in self.log.splitlines()]
        return [Decision(one["flag"], one["user"], one["variant"], one["reason"]) for one in read if len(one) == 4]


@dataclass(frozen=True, slots=True)
class Started:
    """One start: `exit_code` is None where the process was there to the end, `said` is what it printed where not."""

    up: bool
    exit_code: int | None
    said: str
    steps: Mapping[str, Step]


@dataclass(frozen=True, slots=True)
class Observed:
    """All starts by name; `trouble` says, as the middle of a sentence, why there is nothing."""

    starts: Mapping[str, Started]
    trouble: str = ""

    def step(self, start: str, name: str) -> Step:
        """What came of a step; one without answers where the service was not there for it."""
        return self.starts[start].steps.get(name, Step())


def read(data: Mapping[str, Any]) -> Observed:
    """The record that `inside.py` left. Raises ValueError, KeyError or TypeError where it is not one."""
    if data["trouble"]:
        return Observed({}, str(data["trouble"]))
    return Observed({str(one["name"]): _started(one) for one in data["starts"]})


def _started(data: Mapping[str, Any]) -> Started:
    code = data["exit_code"]
    steps = {str(one["name"]): _step(one) for one in data["steps"]}
    return Started(bool(data["up"]), None if code is None else int(code), str(data["said"]), steps)


def _step(data: Mapping[str, Any]) -> Step:
    took = data.get("took")
    answers = tuple(Answer(str(user), int(status), str(body)) for user, status, body in data.get("answers", ()))
    return Step(
        answers,
        None if took is None else float(took),
        str(data.get("log", "")),
        bool(data.get("only_then")),
        dict(data.get("stored", {})),
    )


def body_of(answer: Answer) -> object:
    """The answer's JSON; None where it is none."""
    try:
        found: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found


def differing(answers: Sequence[Answer], wanted: object) -> Answer | None:
    """The first answer that is not 200 with that JSON."""
    return next((one for one in answers if one.status != 200 or body_of(one) != wanted), None)
