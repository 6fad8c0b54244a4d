"""Copy what a learner made into a bare repository of ours, and leave everything that could act behind.

All that is read later is refs and objects of this copy: `refs/local/*` are the clone's branches, `refs/origin/heads/*`
its origin's, `refs/origin/pull/N` the heads of pull and merge requests, `refs/origin/forge/log` the local forge's log.
GitHub, Gitea and Forgejo publish `refs/pull/N/head`, GitLab `refs/merge-requests/N/head`.
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/checking-out-pull-requests-locally
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from graders.evidence import hand_in
from graders.evidence.git_command import Git, GitFailed
from graders.evidence.history import History
from graders.evidence.hostile_git import git_dir_of, refuse_redirects
from graders.evidence.submission import locate
from graders.problems import Problem
from graders.step import Place

_ORIGIN_REFS = (
    "+refs/heads/*:refs/origin/heads/*",
    "+refs/pull/*/head:refs/origin/pull/*",
    "+refs/merge-requests/*/head:refs/origin/pull/*",
    "+refs/forge/*:refs/origin/forge/*",
)
_SCP_LIKE = re.compile(r"^[^/\\:]{2,}:(?!//)")  # host:path; one letter before the colon is a Windows drive


@dataclass(slots=True)
class Origin:
    """Where pull requests are: `problem` says why nothing is known of it, `local` that it is a folder here."""

    url: str = ""
    local: bool = False
    problem: Problem | None = None


@dataclass
class Snapshot:
    """Our copy. `notes` are remarks on the clone's state that judge nothing.

    `rebasing` says that a rebase waits to be finished, `detached` names a commit at HEAD that no branch holds.
    """

    git: Git
    origin: Origin
    notes: list[str] = field(default_factory=list)
    rebasing: bool = False
    detached: str = ""

    @cached_property
    def refs(self) -> dict[str, str]:
        """Ref name to commit id, sorted by name; refs that lead to no commit are left out."""
        kind = "%(refname)%00%(if)%(*objectname)%(then)%(*objecttype)%00%(*objectname)%(else)%(objecttype)%00%(objectname)%(end)"
        found = {}
        for line in self.git.text("for-each-ref", f"--format={kind}", "refs/local", "refs/origin").splitlines():
            name, type, id = line.split("\0")
            if type == "commit":
                found[name] = id
        return found

    def under(self, prefix: str) -> dict[str, str]:
        """The refs below `prefix`, named by what follows it."""
        return {name.removeprefix(prefix): id for name, id in self.refs.items() if name.startswith(prefix)}

    @cached_property
    def history(self) -> History:
        return History(self.git)


@contextmanager
def snapshot_of(path: Path, place: Place) -> Iterator[Snapshot]:
    """A snapshot of what is at `path`, gone when the context ends. Raises Problem where it can't be read."""
    with tempfile.TemporaryDirectory(prefix="ninesteps-", ignore_cleanup_errors=True) as scratch:
        git = Git(Path(scratch))
        found = locate(path, place)
        yield _from_hand_in(git, found, place, Path(scratch)) if found.is_file() else _from_repository(git, found)


def _from_hand_in(git: Git, file: Path, place: Place, scratch: Path) -> Snapshot:
    manifest, bundle = hand_in.unpack(file, place.name, scratch)
    try:
        git.fetch(str(bundle), ["+refs/local/*:refs/local/*", "+refs/origin/*:refs/origin/*"])
    except GitFailed as failure:
        again = f"Make it anew with `ninesteps submit {place.name}`, and send the file as it is."
        raise Problem(f"The bundle in {file.name} is damaged: git cannot read it.", again) from failure
    problem = Problem(manifest.problem, "Mend that, then submit again.") if manifest.problem else None
    snapshot = Snapshot(git, Origin(local=True, problem=problem))
    if not snapshot.refs:
        raise Problem(
            f"The bundle in {file.name} holds no branch.", f"Make it anew with `ninesteps submit {place.name}`."
        )
    return snapshot


def _from_repository(git: Git, repository: Path) -> Snapshot:
    git_dir = git_dir_of(repository)
    refuse_redirects(git_dir)
    url = git.setting_of(git_dir / "config", "remote.origin.url")
    origin = Origin(url)
    with ThreadPoolExecutor(1) as beside:
        reading_origin = beside.submit(_fetch_origin, git, origin, repository)
        try:
            git.fetch(str(git_dir), ["+refs/heads/*:refs/local/*"])
        except GitFailed as failure:
            _explain_unreadable(repository, failure)
        finally:
            reading_origin.result()
    snapshot = Snapshot(git, origin)
    if not snapshot.refs:
        raise Problem(
            f"{repository} has no commits yet.", "Start with `ninesteps start`, and work in the clone it makes."
        )
    _look_at_state(git_dir, snapshot)
    return snapshot


def _explain_unreadable(repository: Path, failure: GitFailed) -> None:
    raise Problem(
        f"git cannot read {repository}: {failure.reason}.",
        "See `git fsck`. What you pushed is safe in origin: clone it anew, and check the new clone.",
    ) from None


def _fetch_origin(git: Git, origin: Origin, repository: Path) -> None:
    if not origin.url:
        url = "../origin.git" if (repository.parent / "origin.git").is_dir() else "PATH-OR-URL"
        origin.problem = Problem(
            "The clone has no remote called origin, so its pull requests cannot be seen.",
            f"Add it with `git remote add origin {url}`.",
        )
        return
    try:
        source, origin.local = _source(origin.url, repository)
        git.fetch(source, _ORIGIN_REFS, network=not origin.local)
    except GitFailed as failure:
        origin.problem = Problem(
            f"origin ({_shown(origin.url)}) cannot be read: {_without_secrets(failure.reason)}.",
            "See whether `git ls-remote origin` works, mend it with `git remote set-url origin PATH-OR-URL`, and check again.",
        )
    except Problem as problem:
        origin.problem = Problem(f"origin cannot be read. {problem.found}", problem.next)
    except (ValueError, OSError, RuntimeError) as trouble:
        origin.problem = Problem(
            f"origin ({_shown(origin.url)}) cannot be read: {trouble}.",
            "Mend it with `git remote set-url origin PATH-OR-URL`.",
        )


def _source(url: str, repository: Path) -> tuple[str, bool]:
    """What to fetch from, and whether it is a folder on this machine. Raises Problem for any other transport."""
    mend = "Tell git where it is: `git remote set-url origin PATH-OR-URL` (a path, https or ssh)."
    if url.startswith("-") or re.match(r"\w+::", url) or "\n" in url:
        raise Problem(f"Its URL {_shown(url)!r} is not one that is followed.", mend)
    scheme = urlsplit(url).scheme if "://" in url else ""
    if scheme in ("https", "http", "ssh", "git") or (not scheme and _SCP_LIKE.match(url)):
        return url, False
    if scheme not in ("", "file"):
        raise Problem(f"Its URL {_shown(url)!r} uses a transport that is not followed.", mend)
    folder = (repository / (_path_in(url) if scheme else url)).resolve()
    if not folder.exists():
        raise Problem(f"There is nothing at {_shown(url)}, where its URL leads.", mend)
    try:
        git_dir = git_dir_of(folder)
    except Problem as problem:
        raise Problem(problem.found, mend) from None
    refuse_redirects(git_dir)
    return str(git_dir), True


def _path_in(url: str) -> str:
    from urllib.request import url2pathname  # brings http and ssl along

    return url2pathname(urlsplit(url).path)


def _shown(url: str) -> str:
    """A URL without the password or token that it may hold."""
    return _without_secrets(url)[:200]


def _without_secrets(text: str) -> str:
    return re.sub(r"[^\s/@'\"]+:[^\s/@'\"]*@|(?<=://)[^\s/@'\"]+@", "", text)


def _look_at_state(git_dir: Path, snapshot: Snapshot) -> None:
    head = (git_dir / "HEAD").read_bytes()[:200].decode("utf-8", "replace").strip()
    if (git_dir / "rebase-merge").exists() or (git_dir / "rebase-apply").exists():
        snapshot.rebasing = True
        snapshot.notes.append(
            "A rebase is in progress: finish it with `git rebase --continue`, or leave it with `git rebase --abort`."
        )
    elif (git_dir / "MERGE_HEAD").exists():
        snapshot.notes.append(
            "A merge is in progress: finish it with `git commit`, or leave it with `git merge --abort`."
        )
    elif re.fullmatch(r"[0-9a-f]{40}", head) and head not in snapshot.history:
        snapshot.detached = head
        keep = "`git switch -c NAME` gives it one"
        snapshot.notes.append(
            f"HEAD is detached at {head[:7]}, a commit that no branch holds, so it is not judged: {keep}."
        )
