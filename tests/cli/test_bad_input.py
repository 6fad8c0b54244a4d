"""What can't be judged: a clear sentence and what to do, exit code 2 or a `cannot_check`, and nothing is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from learners_terminal import Terminal, fingerprint

Make = Callable[[Terminal, Path], Path]


def plain_folder(learner: Terminal, tmp: Path) -> Path:
    (tmp / "folder").mkdir()
    (tmp / "folder" / "notes.txt").write_text("mine", encoding="utf-8")
    return tmp / "folder"


def empty_repository(learner: Terminal, tmp: Path) -> Path:
    learner.git("init", "-q", tmp / "empty")
    return tmp / "empty"


def shallow_clone(learner: Terminal, tmp: Path) -> Path:
    learner.git("clone", "-q", "--depth", "1", f"file://{learner.clone}", tmp / "shallow")
    return tmp / "shallow"


def somebody_elses_history(learner: Terminal, tmp: Path) -> Path:
    learner.git("init", "-q", tmp / "other")
    learner.git("-C", tmp / "other", "commit", "-q", "--allow-empty", "-m", "Begin")
    return tmp / "other"


def rewritten_start(learner: Terminal, tmp: Path) -> Path:
    learner.git("switch", "-q", "--orphan", "again")
    learner.git("commit", "-q", "--allow-empty", "-m", "Begin\n\nExercise: git\nSeed: 3\nCourse-Version: 0.0.1")
    for branch in ("main", "list-by-min_price_cents"):
        learner.git("branch", "-q", "-D", branch)
    learner.git("remote", "remove", "origin")
    return learner.clone


def corrupt_object(learner: Terminal, tmp: Path) -> Path:
    tree = learner.git("rev-parse", "HEAD^{tree}")
    loose = learner.clone / ".git" / "objects" / tree[:2] / tree[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"not an object")
    return learner.clone


def missing_object(learner: Terminal, tmp: Path) -> Path:
    tree = learner.git("rev-parse", "HEAD^{tree}")
    (learner.clone / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    shutil.rmtree(learner.clone.parent / "origin.git")
    return learner.clone


def gitfile(learner: Terminal, tmp: Path) -> Path:
    (tmp / "points").mkdir()
    (tmp / "points" / ".git").write_text(f"gitdir: {learner.clone}/.git\n", encoding="utf-8")
    return tmp / "points"


def linked_git_folder(learner: Terminal, tmp: Path) -> Path:
    (tmp / "linked").mkdir()
    (tmp / "linked" / ".git").symlink_to(learner.clone / ".git")
    return tmp / "linked"


def commondir(learner: Terminal, tmp: Path) -> Path:
    (learner.clone / ".git" / "commondir").write_text("../../origin.git\n", encoding="utf-8")
    return learner.clone


def alternates(learner: Terminal, tmp: Path) -> Path:
    learner.git("clone", "-q", "--shared", learner.clone, tmp / "borrows")
    return tmp / "borrows"


def linked_worktree(learner: Terminal, tmp: Path) -> Path:
    learner.git("worktree", "add", "-q", tmp / "tree", "HEAD~")
    return tmp / "tree"


def link_among_the_refs(learner: Terminal, tmp: Path) -> Path:
    (learner.clone / ".git" / "refs" / "heads" / "elsewhere").symlink_to(tmp)
    return learner.clone


def missing_path(learner: Terminal, tmp: Path) -> Path:
    return tmp / "nowhere"


def text_file(learner: Terminal, tmp: Path) -> Path:
    (tmp / "essay.txt").write_text("This is my hand-in.", encoding="utf-8")
    return tmp / "essay.txt"


def pipe(learner: Terminal, tmp: Path) -> Path:
    os.mkfifo(tmp / "pipe")
    return tmp / "pipe"


def zip_of_other_files(learner: Terminal, tmp: Path) -> Path:
    with zipfile.ZipFile(tmp / "git.ninesteps", "w") as archive:
        archive.writestr("../../evil.sh", "echo")
    return tmp / "git.ninesteps"


def cut_off_hand_in(learner: Terminal, tmp: Path) -> Path:
    assert learner("submit", "git", "--into", tmp).code == 0
    whole = (tmp / "git.ninesteps").read_bytes()
    (tmp / "git.ninesteps").write_bytes(whole[: len(whole) // 2])
    return tmp / "git.ninesteps"


def too_long_a_name(learner: Terminal, tmp: Path) -> Path:
    return tmp / ("x" * 300)


UNUSABLE: list[tuple[Make, str]] = [
    (plain_folder, "is not a git repository"),
    (empty_repository, "has no commits yet"),
    (shallow_clone, "is a shallow clone"),
    (somebody_elses_history, "grew from a first commit"),
    (rewritten_start, "first commit is not the one"),
    (corrupt_object, "git cannot read"),
    (missing_object, "git cannot read"),
    (gitfile, "is a file that points to another repository"),
    (linked_git_folder, "is a symbolic link"),
    (commondir, "is a linked worktree's"),
    (alternates, "borrows objects from another repository"),
    (linked_worktree, "is a file that points to another repository"),
    (link_among_the_refs, "is a symbolic link"),
    (missing_path, "does not exist"),
    (text_file, "cannot be read as a hand-in"),
    (pipe, "is neither a folder nor a file"),
    (zip_of_other_files, "is not a hand-in"),
    (cut_off_hand_in, "cannot be read as a hand-in"),
    (too_long_a_name, "too long"),
]


@pytest.mark.parametrize(("make", "said"), UNUSABLE, ids=lambda value: getattr(value, "__name__", ""))
def test_it_says_what_is_wrong_and_what_to_do(make: Make, said: str, solved: Terminal, tmp_path: Path) -> None:
    path = make(solved, tmp_path)
    before = fingerprint(solved.clone.parent)
    done = solved("check", "git", path)
    assert (done.code, done.out) == (2, "")
    found, _ = done.err.strip().splitlines()
    assert said in found
    assert fingerprint(solved.clone.parent) == before


def gone_origin(learner: Terminal) -> None:
    shutil.rmtree(learner.clone.parent / "origin.git")


def no_origin(learner: Terminal) -> None:
    learner.git("remote", "remove", "origin")


def silent_host(learner: Terminal) -> None:
    learner.git("remote", "set-url", "origin", "https://lea:s3cret@127.0.0.1:1/widgets.git")


def command_as_origin(learner: Terminal) -> None:
    learner.git("remote", "set-url", "origin", f"ext::touch {learner.cwd}/ran")


def redirected_origin(learner: Terminal) -> None:
    origin = learner.clone.parent / "origin.git"
    (origin / "objects" / "info").mkdir(exist_ok=True)
    (origin / "objects" / "info" / "alternates").write_text(f"{learner.clone}/.git/objects\n", encoding="utf-8")


@pytest.mark.parametrize("spoil", [gone_origin, no_origin, silent_host, command_as_origin, redirected_origin])
def test_an_origin_that_cannot_be_read_cannot_be_checked(spoil: Callable[[Terminal], None], solved: Terminal) -> None:
    spoil(solved)
    before = fingerprint(solved.clone.parent)
    done = solved("check", "git", "--json", "-")
    assert done.code == 3
    pull = next(one for one in done.json["criteria"] if one["id"] == "git.pull_request")
    assert pull["verdict"] == "cannot_check"
    assert "origin" in pull["found"]
    assert pull["next"]
    assert "s3cret" not in done.out + done.err + solved("check", "git").out
    assert fingerprint(solved.clone.parent) == before
    assert not list(solved.cwd.iterdir())


def test_a_detached_head_is_judged_by_its_branches_and_noted(solved: Terminal) -> None:
    solved.git("switch", "-q", "--detach")
    solved.commit("notes.md", "Notes\n", "Take notes")
    before = fingerprint(solved.clone)
    done = solved("check", "git")
    assert done.code == 0
    assert "Note: HEAD is detached" in done.out
    assert "git switch -c NAME" in done.out
    assert fingerprint(solved.clone) == before


def test_nothing_that_a_repository_names_is_run(solved: Terminal, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n", encoding="utf-8")
    trap.chmod(0o755)
    git_dir = solved.clone / ".git"
    for hook in ("post-checkout", "pre-push", "reference-transaction", "post-index-change", "pre-auto-gc"):
        shutil.copy(trap, git_dir / "hooks" / hook)
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / "info" / "attributes").write_text("* filter=trap diff=trap\n", encoding="utf-8")
    settings = {
        "core": ("fsmonitor", "sshCommand", "pager", "editor", "alternateRefsCommand", "askPass", "gitProxy"),
        'filter "trap"': ("smudge", "clean", "process"),
        'diff "trap"': ("textconv", "command"),
        "uploadpack": ("packObjectsHook",),
        'remote "origin"': ("uploadpack", "vcs", "proxy"),
        "gpg": ("program",),
        "alias": ("fetch", "log", "rev-list"),
        "credential": ("helper",),
    }
    added = "".join(
        f"[{part}]\n" + "".join(f"\t{name} = {trap}\n" for name in names) for part, names in settings.items()
    )
    with (git_dir / "config").open("a", encoding="utf-8") as config:
        config.write(f"{added}[log]\n\tshowSignature = true\n[include]\n\tpath = {tmp_path}/more\n")
    (tmp_path / "more").write_text(added, encoding="utf-8")
    before = fingerprint(solved.clone.parent)
    assert solved("check", "git").code == 0
    assert solved("check", "git", solved.clone).code == 0
    assert solved("submit", "git").code == 0
    assert not (tmp_path / "ran").exists()
    assert fingerprint(solved.clone.parent) == before
    solved.git("status", fails=True)
    assert (tmp_path / "ran").exists()  # the control: the trap does go off


def test_replace_refs_and_grafts_change_no_verdict(fresh: Terminal) -> None:
    fresh.git("fetch", "-q")
    fresh.git("switch", "-q", "-c", "list-few")
    fresh.commit("notes.md", "Notes\n", "Take notes")
    honest = fresh("check", "git", "--json", "-").out
    fresh.git("replace", "--graft", "HEAD", "origin/main")
    assert fresh.git("merge-base", "HEAD", "origin/main") == fresh.git("rev-parse", "origin/main")
    assert fresh("check", "git", "--json", "-").out == honest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check"], "Missing argument 'STEP'"),
        (["check", "gti"], "There is no step called 'gti'."),
        (["check", "99"], "There is no step called '99'."),
        (["check", "\x1b[31mred"], "There is no step called"),
        (["check", "git", "--jsn", "x"], "No such option: --jsn"),
        (["chek", "git"], "Did you mean 'check'?"),
        (["start", "git", "--seed", "-1"], "There is no seed -1."),
        (["start", "git", "--seed", "10000"], "Seeds go from 0 to 9999."),
        (["start", "git", "--seed", "abc"], "'abc' is not a valid int"),
        (["start", "gti"], "Steps here: 1 or git"),
        (["check", "git"], "ninesteps start git"),
        (["hint", "git"], "ninesteps start git"),
        (["reset", "git"], "ninesteps start git"),
        (["solution", "git"], "ninesteps start git"),
        (["solution", "git", "--apply", "--force"], "ninesteps start git"),
        (["submit", "git"], "ninesteps start git"),
        (["pr", "list"], "ninesteps start git"),
        (["check", "git", "--watch"], "ninesteps start git"),
    ],
)
def test_a_call_that_cannot_be_carried_out(newcomer: Terminal, words: list[str], said: str) -> None:
    done = newcomer(*words)
    assert done.code == 2
    assert said in done.err
    assert "\x1b" not in done.err
    assert not Path(newcomer.env["NINESTEPS_HOME"]).exists()


@pytest.fixture
def unwritable(tmp_path: Path) -> str:
    """A folder in which nobody can make anything, not even root: what stands in its place is a file."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    return str(tmp_path / "file" / "home")


def test_a_home_that_cannot_be_written(solved: Terminal, unwritable: str) -> None:
    for words in (["start", "git"], ["start", "git", "--into", unwritable]):
        done = solved(*words, NINESTEPS_HOME=unwritable)
        assert done.code == 2
        assert "can't be" in done.err
        assert len(done.err.strip().splitlines()) == 2


def test_a_home_that_cannot_be_written_costs_no_verdict(solved: Terminal, unwritable: str) -> None:
    done = solved.at(solved.clone)("check", "git", NINESTEPS_HOME=unwritable)
    assert done.code == 0
    assert "10 of 10 points" in done.out
    assert "Your progress can't be kept" in done.err


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")
def test_no_chosen_home_and_a_read_only_one(solved: Terminal, tmp_path: Path) -> None:
    home = Path(solved.env["HOME"])
    env = {name: value for name, value in solved.env.items() if name != "NINESTEPS_HOME"}

    def shut_in(*words: str | Path) -> subprocess.CompletedProcess[str]:
        shut = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", home, home, "--", env["PATH"].split(":")[0] + "/python"]
        return subprocess.run(
            [*map(str, shut), "-m", "graders", *map(str, words)],
            env=env, cwd=solved.cwd, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    done = shut_in("start", "git")
    assert done.returncode == 2
    assert (
        done.stderr.splitlines()[0] == f"The workspace can't be made in {home}/ninesteps/01_git: Read-only file system."
    )
    done = shut_in("check", "git", solved.clone)
    assert (done.returncode, done.stderr) == (0, "")
    done = shut_in("doctor")
    assert done.returncode == 1
    assert "export NINESTEPS_HOME=DIR" in done.stdout


def test_a_current_folder_that_is_gone(newcomer: Terminal, tmp_path: Path) -> None:
    (tmp_path / "soon gone").mkdir()
    command = f"cd '{tmp_path}/soon gone' && rmdir '{tmp_path}/soon gone' && ninesteps check git"
    done = subprocess.run(["sh", "-c", command], env=newcomer.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["The folder you are in is gone.", "Go to one that is there: cd"]


def test_names_with_spaces_and_any_letters(newcomer: Terminal, tmp_path: Path) -> None:
    place = tmp_path / "Zoë's Übungen 名前 & $5"
    started = newcomer("start", "git", "--into", place)
    assert started.code == 0
    step_there = next(line for line in started.out.splitlines() if line.startswith("Next: cd "))
    shell = f"{step_there.removeprefix('Next: ')} && ninesteps check git --json -"
    done = subprocess.run(["sh", "-c", shell], env=newcomer.env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "")
    made = newcomer("submit", "git", "--into", place / "to send")
    assert made.code == 0
    assert str(place / "to send" / "git.ninesteps") in made.out
    assert newcomer("check", "git", place / "to send").code == 1


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=lambda env: env["LC_ALL"],
)
def test_the_language_of_the_machine_changes_no_verdict(solved: Terminal, locale: dict[str, str]) -> None:
    assert solved("check", "git", "--json", "-", **locale).json == solved("check", "git", "--json", "-").json
    for words in (
        ["check", "git"],
        ["doctor"],
        ["progress"],
        ["solution", "git"],
        ["hint", "git"],
        ["pr", "view", "2"],
    ):
        done = solved(*words, **locale)
        assert done.code == 0, done
    shown = solved("check", "git", **locale).out
    if locale.get("PYTHONUTF8") == "0":
        assert shown.isascii()


def test_gits_variables_of_the_caller_change_no_verdict(solved: Terminal, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    names = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE")
    caller = dict.fromkeys(names, nowhere) | {"GIT_TRACE": "1", "GIT_CONFIG_COUNT": "1"}
    caller |= {"GIT_CONFIG_KEY_0": "core.bare", "GIT_CONFIG_VALUE_0": "maybe"}
    before = solved("check", "git", "--json", "-")
    after = solved("check", "git", "--json", "-", **caller)
    assert (after.code, after.out, after.err) == (0, before.out, "")
    assert solved.at(solved.clone)("check", "git", **caller).code == 0
    assert solved.at(solved.clone)("pr", "list", **caller).code == 0
    assert solved("submit", "git", **caller).code == 0
    assert solved("reset", "git", **caller).code == 0
    assert solved("solution", "git", "--apply", **caller).code == 0
    assert solved("check", "git", **caller).code == 0
    assert not Path(nowhere).exists()


def test_from_a_folder_without_notebooks_or_clone_the_workspace_is_meant(solved: Terminal) -> None:
    assert not list(solved.cwd.iterdir())
    assert solved("check", "git").code == 0
    assert solved("pr", "view", "2").code == 0
    assert not list(solved.cwd.iterdir())


def test_a_defect_of_ours_is_told_and_its_traceback_kept(newcomer: Terminal, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import graders.step\ndef broken(name):\n    raise ZeroDivisionError('boom')\ngraders.step.find = broken\n",
        encoding="utf-8",
    )
    path = os.pathsep.join([str(tmp_path), newcomer.env.get("PYTHONPATH", "")])
    done = newcomer.unchecked("check", "git", PYTHONPATH=path, TMPDIR=str(tmp_path))
    assert done.code == 2
    assert "Traceback" not in done.out + done.err
    assert "The command itself broke (ZeroDivisionError: boom)." in done.err
    (kept,) = tmp_path.glob("ninesteps-defect-*.txt")
    assert str(kept) in done.err
    assert "Traceback" in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("into", "said"),
    [
        ("x$HOME", "holds a variable, which git is not given."),
        ("~no-such-user/x", "~no-such-user/x names a home folder that is not there."),
    ],
)
def test_a_folder_that_means_another_is_refused(newcomer: Terminal, into: str, said: str) -> None:
    done = newcomer("start", "git", "--into", into)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
