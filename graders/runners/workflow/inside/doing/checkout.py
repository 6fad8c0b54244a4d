"""actions/checkout: fetch what GitHub's would fetch, as deep as it would, from the run's own bare repository.

https://github.com/actions/checkout#usage
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from ..said import fail, inputs, output, record, workspace

_SHA = re.compile(r"[0-9a-f]{40}")


def main(root: Path) -> int:
    given = inputs()
    record()
    if given.get("repository", "") not in ("", os.environ["GITHUB_REPOSITORY"]):
        return fail(f"fetching {given['repository']} is not possible here: there is no network")
    folder = (workspace() / (given.get("path") or ".")).resolve()
    if not folder.is_relative_to(workspace().resolve()):
        return fail(f"Repository path '{folder}' is not under '{workspace()}'")
    _empty(folder)
    for words in (
        ["init", "--quiet", "--template=", "--initial-branch=main", "."],
        ["remote", "add", "origin", str(root / "remote")],
    ):
        _git(folder, *words)
    found = _wanted(given.get("ref", ""), folder)
    if found is None:
        return fail(f"A branch or tag with the name '{given['ref']}' could not be found")
    commit, tracking, branch = found
    depth = given.get("fetch-depth", "1") or "1"
    specs = [f"+{commit}:{tracking}"] if tracking else [commit]
    if depth == "0":
        _git(folder, "fetch", "--quiet", "--prune", "--no-recurse-submodules", "origin",
             "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")  # fmt: skip
        fetched = _git(folder, "fetch", "--quiet", "--no-tags", "origin", *specs)
    else:
        tags = [] if given.get("fetch-tags") == "true" else ["--no-tags"]
        fetched = _git(folder, "fetch", "--quiet", *tags, f"--depth={depth}", "origin", *specs)
    if fetched:
        return fail(f"The process '/usr/bin/git' failed with exit code {fetched}")
    start = ["-B", branch, tracking] if branch else ["--detach", tracking or commit]
    if _git(folder, "checkout", "--quiet", "--force", *start):
        return fail("The process '/usr/bin/git' failed with exit code 1")
    output(commit=commit, ref=given.get("ref") or os.environ["GITHUB_REF"])
    return 0


def _wanted(ref: str, folder: Path) -> tuple[str, str, str] | None:
    """The commit, the ref that follows it here, and the branch to stand on. None where there is no such ref."""
    commit = "" if ref else os.environ["GITHUB_SHA"]
    ref = ref or os.environ["GITHUB_REF"]
    if _SHA.fullmatch(ref):
        return ref, "", ""
    candidates = [ref] if ref.startswith("refs/") else [f"refs/heads/{ref}", f"refs/tags/{ref}"]
    for name in candidates:
        id = commit or _remote_ref(name, folder)
        if id and name.startswith("refs/heads/"):
            branch = name.removeprefix("refs/heads/")
            return id, f"refs/remotes/origin/{branch}", branch
        if id and name.startswith("refs/tags/"):
            return id, name, ""
        if id:
            return id, f"refs/remotes/{name.removeprefix('refs/')}", ""
    return None


def _remote_ref(name: str, folder: Path) -> str:
    listed = subprocess.run(
        ["git", "ls-remote", "origin", name], cwd=folder, capture_output=True, text=True, env=_environment()
    ).stdout
    return next((line.split()[0] for line in listed.splitlines() if line.split()[1] == name), "")


def _empty(folder: Path) -> None:
    """The work tree holds the commit's files and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _git(folder: Path, *words: str) -> int:
    return subprocess.call(["git", "-c", "advice.detachedHead=false", *words], cwd=folder, env=_environment())


def _environment() -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return mine | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
