"""A command that deploys or publishes, played: each call is noted, and answered plausibly and the same each time."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import docker, web
from .calls import note
from .manifests import images
from .said import settings, standard_error

Answer = tuple[str, str, int]
_STDIN_BYTES = 1 << 20
_ASKING = ("curl", "wget")


def main(root: str, argv: list[str]) -> int:
    tool, words = Path(argv[0]).name, argv[1:]
    if tool in _ASKING and web.asks_its_own_machine(words):
        return web.really(tool, words, Path(root))
    given = b""
    if stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISREG(os.fstat(0).st_mode):
        given = sys.stdin.buffer.read(_STDIN_BYTES)  # or what writes to a pipe would end with SIGPIPE
    out, error, code = _wanted(settings(root)["answers"], tool, words) or _usual(tool, words, Path(root))
    note(root, tool, words, exit_code=code, images=images(tool, words, given.decode("utf-8", "replace")))
    if out:
        print(out, flush=True)
    if error:
        standard_error(error)
    return code


def _wanted(answers: list[dict[str, Any]], tool: str, words: list[str]) -> Answer | None:
    """The grader's own answer, such as a deployment that fails."""
    line = " ".join(words)
    for answer in answers:
        if answer["tool"] == tool and all(part in line for part in answer["containing"]):
            return answer["stdout"], answer["stderr"], answer["exit_code"]
    return None


def _usual(tool: str, words: list[str], root: Path) -> Answer:
    answer = _ANSWERS.get(tool)
    if tool in _ASKING:
        return web.answer(tool, words)
    if answer is None:
        return "", "", 0
    return answer(words, root)


def _kubectl(words: list[str], root: Path) -> Answer:
    named = [word for word in words if not word.startswith("-")]
    thing = named[-1] if named else ""
    if named[:2] == ["rollout", "status"]:
        return f'deployment "{thing.split("/")[-1]}" successfully rolled out', "", 0
    if named[:2] == ["set", "image"]:
        return f"{named[2] if len(named) > 2 else thing} image updated", "", 0
    return f"{thing} configured" if named[:1] == ["apply"] else "", "", 0


def _helm(words: list[str], root: Path) -> Answer:
    named = [word for word in words if not word.startswith("-")]
    released = len(named) > 1 and named[0] in ("upgrade", "install")
    return f'Release "{named[1]}" has been upgraded. Happy Helming!\nSTATUS: deployed' if released else "", "", 0


def _terraform(words: list[str], root: Path) -> Answer:
    said = {"init": "Terraform has been successfully initialized!", "plan": "No changes.", "apply": "Apply complete!"}
    return said.get(words[0] if words else "", ""), "", 0


def _gh(words: list[str], root: Path) -> Answer:
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    if words[:2] == ["release", "create"]:
        tag = next((word for word in words[2:] if not word.startswith("-")), "")
        return f"https://github.com/{repository}/releases/tag/{tag}", "", 0
    return "{}" if words[:1] == ["api"] else "", "", 0


def _aws(words: list[str], root: Path) -> Answer:
    if words[:2] == ["sts", "get-caller-identity"]:
        return (
            '{"UserId": "EXAMPLE", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/learner"}',
            "",
            0,
        )
    return "", "", 0


_ANSWERS: dict[str, Callable[[list[str], Path], Answer]] = {
    "docker": docker.answer, "podman": docker.answer, "kubectl": _kubectl, "helm": _helm, "terraform": _terraform,
    "gh": _gh, "aws": _aws,
}  # fmt: skip
