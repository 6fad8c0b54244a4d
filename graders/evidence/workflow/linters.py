"""What actionlint and zizmor say of workflow files, in their own words.

The files are data to them: a copy in a folder of ours, no network, none of the caller's environment, and no settings or
ignore comments of the learner's. https://github.com/rhysd/actionlint/blob/main/docs/checks.md https://docs.zizmor.sh/audits/
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from graders.evidence.linting import Lint, program, said_as_json
from graders.evidence.workflow.model import Where
from graders.evidence.workflow.read import FOLDER
from graders.evidence.yaml_document import YamlProblem, load
from graders.problems import Problem

_ZIZMOR_TOOK_NOTHING = 3  # https://docs.zizmor.sh/usage/#exit-codes


def actionlint(files: Mapping[str, bytes]) -> tuple[Lint, ...]:
    """actionlint's findings, shellcheck's among them, on the workflows in `files` (repository paths to content).

    Local actions and reusable workflows among `files` are looked up where a workflow uses them. Raises LinterMissing,
    and Problem where the linter itself fails.
    """
    shellcheck = program("shellcheck")
    with tempfile.TemporaryDirectory(prefix="ninesteps-lint-") as folder:
        root, paths = _copy(files, Path(folder))
        if not paths:
            return ()
        (root / ".git").mkdir()  # how actionlint knows the root of a repository
        settings = Path(folder) / "actionlint.yaml"
        settings.touch()
        argv = [
            program("actionlint"), "-no-color", "-config-file", str(settings), "-shellcheck", shellcheck, "-pyflakes=",
            "-format", "{{json .}}", *paths,
        ]  # fmt: skip
        said = said_as_json(argv, root, expected=(0, 1))
    found = (
        Lint(
            "actionlint",
            one["kind"],
            one["message"].replace(f"{root}{os.sep}", ""),
            Where(_posix(one["filepath"]), one["line"], one["column"]),
        )
        for one in said or ()
    )
    return tuple(sorted(found, key=lambda lint: (lint.where, lint.rule, lint.message)))


def zizmor(files: Mapping[str, bytes]) -> tuple[Lint, ...]:
    """zizmor's offline findings on the workflows and `action.yml` files among `files`; raises as `actionlint` does.

    It leaves out a file that is no workflow or action without a word: what it says nothing of may be unreadable.
    """
    with tempfile.TemporaryDirectory(prefix="ninesteps-lint-") as folder:
        root, paths = _copy(files, Path(folder))
        actions = [path for path in files if PurePosixPath(path).name in ("action.yml", "action.yaml")]
        inputs = sorted(path for path in {*paths, *actions} if _is_readable(files[path]))
        if not inputs:
            return ()
        argv = [
            program("zizmor"), "--offline", "--no-config", "--no-ignores", "--no-progress", "--quiet", "--color=never",
            "--no-exit-codes", "--format=json-v1", "--", *inputs,
        ]  # fmt: skip
        said = said_as_json(argv, root, expected=(0, _ZIZMOR_TOOK_NOTHING))
    found = {_from_zizmor(one) for one in said or ()}
    return tuple(sorted(found, key=lambda lint: (lint.where, lint.rule, lint.message)))


def _is_readable(data: bytes) -> bool:
    """One file that is no YAML would end zizmor for all of them."""
    try:
        load(data)
    except YamlProblem:
        return False
    return True


def _from_zizmor(one: Mapping[str, Any]) -> Lint:
    places = one["locations"]
    main = next((place for place in places if place["symbolic"]["kind"] == "Primary"), places[0])
    start = main["concrete"]["location"]["start_point"]
    path = main["symbolic"]["key"]["Local"]["verbatim_path"]
    where = Where(_posix(path), start["row"] + 1, start["column"] + 1)
    message = f"{one['desc']}: {main['symbolic']['annotation']}"
    return Lint("zizmor", one["ident"], message, where, one["determinations"]["severity"].lower(), one["url"])


def _copy(files: Mapping[str, bytes], folder: Path) -> tuple[Path, list[str]]:
    """Lay the YAML among `files` out in a folder of ours; the paths of the workflows."""
    root = folder / "repository"
    root.mkdir()
    workflows = []
    for path in sorted(files):
        pure = PurePosixPath(path)
        if pure.suffix not in (".yml", ".yaml"):
            continue
        if pure.is_absolute() or ".." in pure.parts or pure.parts[0] == ".git" or "\\" in path or "\0" in path:
            raise Problem(f"{path!r} is no path in a repository.", "Rename that file.")
        target = root.joinpath(*pure.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(files[path])
        if str(pure.parent) == FOLDER:
            workflows.append(str(pure))
    return root, workflows


def _posix(path: str) -> str:
    return path.replace("\\", "/").removeprefix("./")
