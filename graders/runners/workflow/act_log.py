"""Read act's JSON lines: bounded, and never taking what a step printed for what act says.

act escapes what steps print into `msg` of lines that carry `raw_output`; all else in a line is act's own.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graders.runners.workflow.inside.said import MARK
from graders.runners.workflow.record import ActionCall, Annotation, JobRun, StepRun
from graders.runners.workflow.service_steps import BEGIN, END

_MOST_LINES = 3_000  # of a step's log: the first third and what comes last
_LONGEST_LINE = 4_000
_MOST_LEGS = 600
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NO_ACTION = re.compile(r"failed to read 'action\.yml' from action '([^']+)'")
_INTERPOLATION = re.compile(r"Unable to interpolate expression '(.*)': ([^']*)$", re.DOTALL)
_FAILS = "fails"
_LEVELS = ("error", "warning", "notice")


@dataclass
class _Step:
    id: str
    name: str
    outcome: str = ""
    continued: bool = False
    broken: bool = False
    log: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    annotations: list[Annotation] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class _Leg:
    id: str
    name: str
    matrix: dict[str, Any]
    result: str = ""
    why: str = ""
    broken: str = ""
    unserved: bool = False
    steps: dict[str, _Step] = field(default_factory=dict)


def read_act_log(
    log: bytes, secrets: Mapping[str, str], title: str, calls: Mapping[str, str]
) -> tuple[tuple[JobRun, ...], tuple[ActionCall, ...]]:
    """Every leg of every job that act told of, in its order of appearance, and every use of an action.

    `title` is what act calls the workflow. `calls` maps the id of each job that calls a workflow to its name; the jobs
    called are `caller / job`, as on GitHub.
    """
    legs: dict[tuple[str, str], _Leg] = {}
    actions: list[ActionCall] = []
    for line in _lines(log):
        id, matrix = line["jobID"], line.get("matrix")
        matrix = matrix if isinstance(matrix, dict) else {}
        key = (str(line.get("job", "")), json.dumps(matrix, sort_keys=True))
        if key not in legs and len(legs) >= _MOST_LEGS:
            continue
        if key not in legs:
            name = key[0].strip()
            own = name.startswith(f"{title}/")
            legs[key] = _Leg(id if own else _called(name, id, calls), name.removeprefix(f"{title}/"), matrix)
        leg = legs[key]
        _read_line(line, leg, actions)
    hidden = [value for value in secrets.values() if value]
    return tuple(_job(leg, hidden) for leg in legs.values()), tuple(actions)


def _called(name: str, id: str, calls: Mapping[str, str]) -> str:
    """`caller / job`; act's name for it begins with the caller's, a leg's number and a slash."""
    for caller, shown in calls.items():
        if any(re.match(rf"{re.escape(start)}(-\d+)?/", name) for start in (shown, caller)):
            return f"{caller} / {id}"
    return f"{name.partition('/')[0]} / {id}"


def _lines(log: bytes) -> Iterator[dict[str, Any]]:
    for text in log.splitlines():
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("jobID"), str) and isinstance(line.get("msg", ""), str):
            yield line


def _read_line(line: dict[str, Any], leg: _Leg, actions: list[ActionCall]) -> None:
    message, raw = line.get("msg", ""), bool(line.get("raw_output"))
    if not raw and isinstance(line.get("jobResult"), str):
        leg.result = line["jobResult"]
    if not raw and "Skipping unsupported platform" in message and "stepID" not in line:
        leg.result, leg.why = (
            "not run",
            "its runner is none of GitHub's Linux runners, which are all that is played here",
        )
    path = line.get("stepID")
    if not (isinstance(path, list) and path and all(isinstance(part, str) for part in path)):
        return
    if path[0] in (BEGIN, END):
        if path[0] == BEGIN and line.get("command") == "error":
            leg.why, leg.unserved = str(line.get("arg", ""))[:_LONGEST_LINE], True
        return
    stage = line.get("stage")
    if stage == "Pre" and line.get("level") != "error":
        return
    step = leg.steps.setdefault(path[0], _Step(path[0], str(line.get("step", ""))))
    if raw and message.startswith(MARK):
        if call := _action(message[len(MARK) :], leg, list(leg.steps).index(path[0]) + 1):
            actions.append(call)
    elif raw:
        _keep(step.log, _ESCAPE.sub("", message).rstrip("\r\n")[:_LONGEST_LINE])
    elif line.get("command") in _LEVELS:
        given = line.get("kvPairs")
        pairs = given if isinstance(given, dict) else {}
        step.annotations.append(Annotation(line["command"], str(line.get("arg", ""))[:_LONGEST_LINE],
                                           str(pairs.get("file", "")), str(pairs.get("line", ""))))  # fmt: skip
        _keep(step.log, message.strip()[:_LONGEST_LINE])
    elif line.get("command") == "set-output" and len(path) == 1:
        step.outputs[str(line.get("name", ""))[:200]] = str(line.get("arg", ""))[:_LONGEST_LINE]
    elif stage == "Main" and len(path) == 1 and "but continue next step" in message:
        step.continued = True
    elif stage == "Main" and len(path) == 1 and isinstance(line.get("stepResult"), str):
        step.outcome = line["stepResult"]
        if isinstance(line.get("executionTime"), int):
            step.seconds = line["executionTime"] / 1e9
    elif stage == "Post" and len(path) == 1 and line.get("stepResult") == "failure":
        step.outcome = "failure"
    elif line.get("level") == "error":
        _keep(step.log, _as_github_says(message.strip())[:_LONGEST_LINE])
        if (error := _INTERPOLATION.match(message)) and len(path) == 1:
            step.broken, leg.broken = True, leg.broken or _why_broken(error)


def _as_github_says(message: str) -> str:
    """act's word on an action that is not there names its own folders, three times."""
    missing = _NO_ACTION.match(message)
    if not missing:
        return message
    hint = " Did you forget to run actions/checkout before running your local action?"
    return f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '{missing[1]}'." + (
        hint if missing[1].startswith("./") else ""
    )


def _why_broken(error: re.Match[str]) -> str:
    """What act goes on after: where it tried to read JSON, GitHub fails the step; else it may be act that knows less."""
    return _FAILS if error[2].startswith("Invalid JSON") else f"act could not work out `{error[1][:120]}`"


def _keep(log: list[str], line: str) -> None:
    log.append(line)
    if len(log) > _MOST_LINES:
        del log[_MOST_LINES // 3]


def _action(told: str, leg: _Leg, number: int) -> ActionCall | None:
    try:
        record = json.loads(base64.b64decode(told.strip(), validate=True))
        inputs = {str(name): str(value) for name, value in record.pop("inputs").items()}
        room = str(record.pop("room", ""))
        return ActionCall(leg.id, leg.matrix, number, str(record.pop("action")).lower(), inputs, record, room)
    except (ValueError, binascii.Error, KeyError, AttributeError, TypeError, RecursionError):
        return None


def _job(leg: _Leg, hidden: list[str]) -> JobRun:
    steps = []
    for number, step in enumerate(leg.steps.values(), 1):
        outcome = step.outcome or "failure"  # it began, and act never said how it ended
        if step.broken and outcome == "success":
            outcome = "failure"
        name = step.name
        for value in hidden:
            name = name.replace(value, "***")
        id = "" if step.id.isdigit() else step.id
        result = "success" if step.continued else outcome
        steps.append(
            StepRun(
                number, id, name, outcome, result, tuple(step.log), step.outputs, tuple(step.annotations), step.seconds
            )
        )
    result, why = leg.result or "not run", leg.why or ("" if leg.result else _CUT)
    if leg.broken and result == "success":
        result, why = ("failure", "") if leg.broken == _FAILS else ("not run", leg.broken)
    return JobRun(leg.id, leg.name, leg.matrix, result, tuple(steps), why, leg.unserved)


_CUT = "it was stopped before it ended"
