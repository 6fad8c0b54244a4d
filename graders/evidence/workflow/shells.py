"""How a `run:` script is run: its shell, whether a failing command stops it, and its folder.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from graders.evidence.workflow.model import Job, Step, Text, Workflow

_COMMANDS = {
    "bash": "bash --noprofile --norc -eo pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
    "pwsh": "pwsh -command \". '{0}'\"",
    "powershell": "powershell -command \". '{0}'\"",
    "cmd": 'cmd /D /E:ON /V:OFF /S /C "CALL "{0}""',
}
SHELLS = tuple(_COMMANDS)
_UNSPECIFIED = "bash -e {0}"


@dataclass(frozen=True, slots=True)
class RunSettings:
    """`shell` is the setting (None where nobody set one) and `command` what it makes GitHub run; `{0}` is the script.

    `stops_at_failure` and `pipefail` are None for a shell that is none of the bash family.
    """

    shell: Text | None
    command: str
    stops_at_failure: bool | None
    pipefail: bool | None
    working_directory: Text | None


def run_settings(workflow: Workflow, job: Job, step: Step) -> RunSettings:
    """How `step`'s script is run: its own settings, else the job's defaults, else the workflow's.

    Without any, GitHub takes `bash -e`, which does not see a failure inside a pipe; `shell: bash` does.
    """
    shell = step.shell or job.defaults.shell or workflow.defaults.shell
    directory = step.working_directory or job.defaults.working_directory or workflow.defaults.working_directory
    command = _UNSPECIFIED if shell is None else _COMMANDS.get(shell.value.strip(), shell.value)
    if shell is None and job.runs_on and any("windows" in label.value.lower() for label in job.runs_on.labels):
        command = _COMMANDS["pwsh"]
    stops, pipefail = _options(command)
    return RunSettings(shell, command, stops, pipefail, directory)


def _options(command: str) -> tuple[bool | None, bool | None]:
    try:
        words = shlex.split(command)
    except ValueError:
        return None, None
    if not words or words[0].rsplit("/", 1)[-1] not in ("bash", "sh", "dash", "zsh", "ksh"):
        return None, None
    short = [word for word in words[1:] if word.startswith("-") and not word.startswith("--")]
    stops = any("e" in word for word in short) or "errexit" in words
    return stops, "pipefail" in words
