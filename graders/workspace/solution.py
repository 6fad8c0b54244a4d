"""The reference answer: shown, or carried out in a fresh workspace."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from difflib import unified_diff
from pathlib import Path

from graders.attempts.make import carry_out
from graders.attempts.recipe import reference
from graders.problems import Problem
from graders.starter import Starter, starter_for
from graders.step import Place
from graders.workspace.locate import folder_of
from graders.workspace.progress import load
from graders.workspace.reset import reset
from graders.workspace.start import Workspace

_COPIED = re.compile(r'^cp "\$GIVEN/(\w+)" (\S+)$', re.MULTILINE)
# What of a learner's own settings could stop a commit that nobody is there to sign or to word.
_UNATTENDED = {"commit.gpgSign": "false", "tag.gpgSign": "false", "push.gpgSign": "false", "core.hooksPath": os.devnull}


def solution_text(place: Place, *, force: bool) -> str:
    """The reference answer as a script, then what its files change. Raises Problem before a pass, unless `force`."""
    seed = _earned(place, force)
    recipe, starter = reference(place), starter_for(place, seed)
    values = {name.upper(): value for name, value in starter.variant.items() if f"${name.upper()}" in recipe.run}
    targets = dict(_COPIED.findall(recipe.run))
    parts = [
        f"# {recipe.about}",
        *(f"{name}={shlex.quote(value)}" for name, value in values.items()),
        "",
        recipe.run.strip(),
        *(["", "# The files that it copies from $GIVEN:"] if targets else []),
        *("\n" + _change(starter, name, _filled(target, values)).rstrip() for name, target in targets.items()),
    ]
    return "\n".join(parts)


def apply_solution(place: Place, *, force: bool) -> tuple[Path, Path]:
    """Put the reference answer into the step's workspace; returns that folder, and where the earlier work is kept.

    It is carried out before the workspace is touched. Raises Problem where that fails; then all is as it was.
    """
    _earned(place, force)

    def carry(made: Workspace) -> None:
        try:
            carry_out(place, reference(place), made.seed, made.repo, _unattended(dict(os.environ)))
        except (Problem, OSError, subprocess.TimeoutExpired) as trouble:
            last = (str(trouble).strip().splitlines() or ["it said nothing"])[-1]
            raise Problem(
                f"The reference answer could not be carried out here: {last}",
                f"Your workspace is as it was. To read the answer instead: `ninesteps solution {place.name}`",
            ) from None

    folder = folder_of(place)
    return folder, reset(place, folder, carry)


def _unattended(env: dict[str, str]) -> dict[str, str]:
    """https://git-scm.com/docs/git-config#Documentation/git-config.txt-GITCONFIGCOUNT"""
    settings = {"GIT_CONFIG_COUNT": str(len(_UNATTENDED))}
    for number, (name, value) in enumerate(_UNATTENDED.items()):
        settings |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return env | settings


def _filled(target: str, values: dict[str, str]) -> str:
    return re.sub(r"\$([A-Z_]+)", lambda name: values.get(name[1], name[0]), target)


def _change(starter: Starter, name: str, target: str) -> str:
    """What the file changes against the starter; the whole of it where the starter has no such file."""
    text = starter.variant[name]
    for commit in reversed(starter.commits):
        if before := commit.files.get(target):
            lines = unified_diff(before.splitlines(), text.splitlines(), f"{target} (as you got it)", name, lineterm="")
            return "\n".join(lines)
    return f"+++ {name} (new: {target})\n{text}"


def _earned(place: Place, force: bool) -> int:
    """The seed of the learner's exercise. Raises Problem where they should not see the answer yet."""
    one = load().steps.get(place.name)
    if one is None or one.seed is None:
        raise Problem(
            f"Step {place.number} ({place.name}) was not started yet.", f"Start it: `ninesteps start {place.name}`"
        )
    if not force and one.passed_at is None:
        raise Problem(
            "The reference answer is shown once you have passed: it helps most then.",
            f"Try `ninesteps hint {place.name}` first; `--force` shows it all the same.",
        )
    return one.seed
