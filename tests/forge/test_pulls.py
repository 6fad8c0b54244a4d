"""A pull request's life: created, followed, viewed, merged in three ways, refused with a reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graders.forge import pulls
from graders.forge.merging import Method
from graders.problems import Problem

if TYPE_CHECKING:
    from conftest import Lab

METHODS = list(Method)


def events(lab: Lab) -> list[dict[str, object]]:
    text = lab.forge("log", "-z", "--reverse", "--format=%b", "refs/forge/log")
    return [json.loads(body) for body in text.split("\0") if body]


def test_the_colleagues_pull_request_is_there_and_merged(lab: Lab) -> None:
    (pull,) = pulls.list_pulls(lab.repo, "all")
    assert (pull.number, pull.state, pull.title, pull.author) == (
        1,
        "merged",
        "Raise the limit",
        "Noor <noor@example.org>",
    )
    assert lab.forge("rev-parse", "refs/pull/1/head") == lab.forge("rev-parse", "main") == pull.sha
    assert pulls.list_pulls(lab.repo) == []
    assert [event["event"] for event in events(lab)] == ["opened", "pr_opened", "pr_approved", "pr_merged"]


def test_the_log_is_a_chain_of_empty_trees_and_names_every_move_of_main(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    pulls.merge(lab.repo, method=Method.SQUASH)
    empty = lab.forge("hash-object", "-t", "tree", "/dev/null")
    assert set(lab.forge("log", "--format=%T", "refs/forge/log").split()) == {empty}
    opened, *rest = events(lab)
    main = opened["main"]
    for event in rest:
        if event["event"] == "pr_merged":
            assert event["old"] == main
            main = event["new"]
    assert main == lab.forge("rev-parse", "main")


def test_create_takes_the_pushed_branch_as_its_head(lab: Lab) -> None:
    tip = lab.push_branch()
    done = pulls.create(lab.repo, title="Notes", body="Why\n\nnot")
    assert (done.pull.number, done.pull.head, done.pull.sha, done.pull.state) == (2, "feature", tip, "open")
    assert done.pull.author == f"{lab.name} <{lab.mail}>"
    assert done.notes == ()
    assert lab.git("ls-remote", "origin", "refs/pull/2/head").split()[0] == tip
    assert events(lab)[-1] == {
        "event": "pr_opened",
        "number": 2,
        "title": "Notes",
        "body": "Why\n\nnot",
        "base": "main",
        "head": "feature",
        "author": f"{lab.name} <{lab.mail}>",
        "sha": tip,
        "at": done.pull.at,
    }


def test_fill_takes_the_only_commits_message_or_the_branch_and_the_subjects(lab: Lab) -> None:
    lab.git("switch", "-q", "-c", "fix/one", "origin/main")
    lab.commit("notes.md", "one\n", "Write one\n\nBecause.")
    lab.git("push", "-q", "-u", "origin", "fix/one")
    one = pulls.create(lab.repo, fill=True).pull
    assert (one.title, one.body) == ("Write one", "Because.")
    lab.push_branch("feat/write-two_things")
    two = pulls.create(lab.repo, fill=True).pull
    assert (two.title, two.body) == ("Write two things", "- Write one\n- Write two")
    lab.push_branch("third")
    assert pulls.create(lab.repo, fill=True, title="Mine").pull.title == "Mine"


def test_create_works_from_a_folder_inside_the_clone_and_for_another_branch(lab: Lab) -> None:
    lab.push_branch("one")
    lab.git("switch", "-q", "--detach", "origin/main")
    inside = lab.repo / "deep" / "er"
    inside.mkdir(parents=True)
    assert pulls.create(inside, title="One", head="one").pull.head == "one"


def test_create_tells_when_the_clone_is_ahead_of_what_was_pushed(lab: Lab) -> None:
    lab.push_branch()
    lab.commit("notes.md", "three\n", "Write three")
    (note,) = pulls.create(lab.repo, title="Notes").notes
    assert "git push origin feature" in note


@pytest.mark.parametrize(
    ("options", "found", "what_next"),
    [
        ({"title": "x", "head": "main"}, "this is main", "git switch -c"),
        ({"title": "x", "head": "absent"}, "not on origin yet", "git push -u origin absent"),
        ({"title": "x", "head": "--upload-pack=touch pwned"}, "can't be a branch's name", "git branch"),
        ({"title": "x", "head": "a b"}, "can't be a branch's name", "git branch"),
        ({"title": "x", "head": ""}, "no branch", "--head"),
        ({"title": "x", "head": "empty"}, "No commits between main and empty", "push"),
        ({"title": "x", "head": "foreign"}, "entirely different histories", "git switch -c"),
        ({"title": "x", "base": "feature"}, "into main only", "--base"),
        ({}, "needs a title", "--fill"),
        ({"title": "\x1b \n"}, "needs a title", "--fill"),
        ({"title": "x" * 257}, "257 characters", "--body"),
        ({"title": "x", "body": "y" * 65_537}, "65537 characters", "Shorten"),
    ],
)
def test_create_refuses_with_a_reason(lab: Lab, options: dict[str, str], found: str, what_next: str) -> None:
    lab.push_branch()
    lab.git("push", "-q", "origin", "origin/main:refs/heads/empty")
    tree = lab.git("rev-parse", "HEAD^{tree}")
    lab.git("push", "-q", "origin", f"{lab.git('commit-tree', tree, '-m', 'Foreign')}:refs/heads/foreign")
    before = lab.forge("for-each-ref")

    with pytest.raises(Problem) as caught:
        pulls.create(lab.repo, **options)  # type: ignore[arg-type]

    assert found in caught.value.found
    assert what_next in caught.value.next
    assert lab.forge("for-each-ref") == before


def test_create_on_a_detached_head_says_so(lab: Lab) -> None:
    lab.git("switch", "-q", "--detach", "origin/main")
    with pytest.raises(Problem, match="detached HEAD"):
        pulls.create(lab.repo, title="x")


def test_create_names_the_pull_request_that_is_open_already(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    with pytest.raises(Problem, match="#2, “Notes”"):
        pulls.create(lab.repo, title="Again")


def test_a_branch_can_have_another_pull_request_after_its_first_was_merged(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="First")
    merged = pulls.merge(lab.repo, method=Method.REBASE).pull
    tip = lab.commit("more.md", "more\n", "Write more")
    lab.git("push", "-q", "origin", "feature")
    second = pulls.create(lab.repo, title="Second").pull
    assert (second.number, second.sha) == (3, tip)
    assert pulls.view(lab.repo, "feature").pull.number == 3
    assert lab.forge("rev-parse", "refs/pull/2/head") == merged.sha


def test_the_ref_follows_pushes_forced_ones_too_and_other_branches_do_not_touch_it(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    lab.git("commit", "-q", "--amend", "-m", "Write two, better")
    lab.git("push", "-q", "--force", "origin", "feature")
    tip = lab.git("rev-parse", "HEAD")
    assert lab.forge("rev-parse", "refs/pull/2/head") == tip
    assert pulls.view(lab.repo).pull.sha == tip
    lab.commit("notes.md", "three\n", "Write three")
    lab.git("push", "-q", "origin", "HEAD:feature2")
    assert lab.forge("rev-parse", "refs/pull/2/head") == tip


def test_the_ref_stays_when_the_branch_is_deleted(lab: Lab) -> None:
    tip = lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    lab.git("push", "-q", "origin", "--delete", "feature")
    assert lab.forge("rev-parse", "refs/pull/2/head") == tip
    assert pulls.view(lab.repo, "2").pull.state == "open"


@pytest.mark.parametrize("method", METHODS)
def test_merge_moves_main_and_leaves_the_ref_at_the_merged_head(lab: Lab, method: Method) -> None:
    tip = lab.push_branch()
    old = lab.forge("rev-parse", "main")
    pulls.create(lab.repo, title="Take notes")

    pull = pulls.merge(lab.repo, "2", method=method).pull

    main = lab.forge("rev-parse", "main")
    assert pull.state == "merged"
    assert pull.approved_by == ("reviewer-bot",)
    assert pull.merge is not None
    assert (pull.merge.old, pull.merge.new, pull.merge.method) == (old, main, method.value)
    assert lab.forge("rev-parse", "refs/pull/2/head") == tip == pull.sha
    assert lab.forge("show", "main:notes.md") == "one\ntwo"
    lab.git("push", "-q", "origin", f"{old}:refs/heads/feature", "--force")  # a later push must not move it
    assert lab.forge("rev-parse", "refs/pull/2/head") == tip


def test_a_merge_commit_has_githubs_words_and_both_parents(lab: Lab) -> None:
    tip = lab.push_branch("feat/x")
    old = lab.forge("rev-parse", "main")
    pulls.create(lab.repo, title="Take notes")
    pulls.merge(lab.repo, method=Method.MERGE)
    assert lab.forge("log", "-1", "--format=%s|%an|%P|%b", "main") == (
        f"Merge pull request #2 from feat/x|{lab.name}|{old} {tip}|Take notes"
    )


def test_a_squash_is_one_commit_with_title_and_number(lab: Lab) -> None:
    lab.push_branch()
    old = lab.forge("rev-parse", "main")
    pulls.create(lab.repo, title="Take notes")
    pulls.merge(lab.repo, method=Method.SQUASH)
    assert lab.forge("log", "-1", "--format=%s|%ae|%P|%b", "main") == (
        f"Take notes (#2)|{lab.mail}|{old}|* Write one\n* Write two"
    )


def test_subject_and_body_can_be_chosen(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Take notes")
    pulls.merge(lab.repo, method=Method.SQUASH, subject="Mine\n\x1b[31m", body="Long " * 400)
    assert lab.forge("log", "-1", "--format=%B", "main") == "Mine\n\n" + ("Long " * 400).strip()


def test_a_rebase_replays_each_commit_with_its_author_and_runs_no_hooks(lab: Lab) -> None:
    lab.git("switch", "-q", "-c", "feature", "main")  # where the clone was made: behind
    lab.commit("notes.md", "one\n", "Write one")
    lab.git("commit", "-q", "--amend", "--no-edit", "--author=Ada <ada@example.org>", "--date=2001-02-03T04:05:06Z")
    lab.commit("notes.md", "one\ntwo\n", "Write two")
    lab.git("push", "-q", "-u", "origin", "feature")
    old = lab.forge("rev-parse", "main")
    pulls.create(lab.repo, title="Take notes")

    pulls.merge(lab.repo, method=Method.REBASE)

    assert lab.forge("log", "--reverse", "--format=%s|%an|%ad|%cn", "--date=unix", f"{old}..main").splitlines() == [
        f"Write one|Ada|981173106|{lab.name}",
        f"Write two|{lab.name}|{lab.git('log', '-1', '--format=%at')}|{lab.name}",
    ]
    assert lab.forge("show", "main:app.py") == "limit = 20"
    assert lab.forge("fsck", "--strict", "--no-dangling") == ""


def test_a_rebase_merge_of_a_branch_that_starts_at_main_keeps_its_commits(lab: Lab) -> None:
    tip = lab.push_branch()
    pulls.create(lab.repo, title="Take notes")
    pulls.merge(lab.repo, method=Method.REBASE)
    assert lab.forge("rev-parse", "main") == tip


def test_a_rebase_merge_drops_merge_commits(lab: Lab) -> None:
    lab.git("switch", "-q", "-c", "feature", "main")
    lab.commit("notes.md", "one\n", "Write one")
    lab.git("merge", "-q", "--no-edit", "origin/main")
    lab.git("push", "-q", "-u", "origin", "feature")
    pulls.create(lab.repo, title="Take notes")
    pulls.merge(lab.repo, method=Method.REBASE)
    assert lab.forge("rev-list", "--merges", "main") == ""
    assert lab.forge("log", "-1", "--format=%s", "main") == "Write one"


def test_a_rebase_that_conflicts_on_its_way_names_the_commit_and_moves_nothing(lab: Lab) -> None:
    lab.git("switch", "-q", "-c", "feature", "main")
    bad = lab.commit("app.py", "limit = 99\n", "Change the limit")
    lab.commit("app.py", "limit = 10\n", "Change it back")
    lab.commit("notes.md", "one\n", "Write")
    lab.git("push", "-q", "-u", "origin", "feature")
    pulls.create(lab.repo, title="Take notes")
    old = lab.forge("rev-parse", "main")
    with pytest.raises(Problem, match=bad[:7]):
        pulls.merge(lab.repo, method=Method.REBASE)
    assert lab.forge("rev-parse", "main") == old
    assert pulls.merge(lab.repo, method=Method.SQUASH).pull.state == "merged"


@pytest.mark.parametrize("method", METHODS)
def test_conflicts_refuse_the_merge_and_tell_how_to_rebase(lab: Lab, method: Method) -> None:
    lab.git("switch", "-q", "-c", "feature", "main")
    lab.commit("app.py", "limit = 99\n", "Change the limit")
    lab.git("push", "-q", "-u", "origin", "feature")
    pulls.create(lab.repo, title="Limit")
    before = lab.forge("for-each-ref")

    with pytest.raises(Problem) as caught:
        pulls.merge(lab.repo, method=method)

    assert "conflicts with main in app.py" in caught.value.found
    assert "git rebase origin/main" in caught.value.next
    assert lab.forge("for-each-ref") == before
    seen = pulls.view(lab.repo)
    assert (seen.mergeable, seen.conflicts) == (False, ("app.py",))


def test_a_rebased_branch_merges_after_the_conflict_was_mended(lab: Lab) -> None:
    lab.git("switch", "-q", "-c", "feature", "main")
    lab.commit("app.py", "limit = 99\n", "Change the limit")
    lab.git("push", "-q", "-u", "origin", "feature")
    pulls.create(lab.repo, title="Limit")
    lab.git("rebase", "origin/main", fails=True)
    (lab.repo / "app.py").write_text("limit = 20 + 99\n", encoding="utf-8")
    lab.git("add", "app.py")
    lab.git("-c", "core.editor=true", "rebase", "--continue")
    lab.git("push", "-q", "--force-with-lease", "origin", "feature")
    assert pulls.view(lab.repo).mergeable is True
    pulls.merge(lab.repo, method=Method.MERGE)
    assert lab.forge("show", "main:app.py") == "limit = 20 + 99"


def test_merging_twice_is_refused(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    pulls.merge(lab.repo, method=Method.SQUASH)
    with pytest.raises(Problem, match="merged already"):
        pulls.merge(lab.repo, method=Method.SQUASH)


def test_delete_branch_removes_it_on_both_sides_and_goes_to_the_new_main(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    notes = pulls.merge(lab.repo, method=Method.SQUASH, delete_branch=True).notes
    assert len(notes) == 3
    assert "feature" not in lab.forge("for-each-ref") + lab.git("for-each-ref")
    assert lab.git("symbolic-ref", "--short", "HEAD") == "main"
    assert lab.git("rev-parse", "main") == lab.forge("rev-parse", "main")


def test_delete_branch_never_loses_commits_that_were_not_merged(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    mine = lab.commit("notes.md", "three\n", "Write three")
    notes = pulls.merge(lab.repo, method=Method.SQUASH, delete_branch=True).notes
    assert "was kept" in notes[-1]
    assert lab.git("rev-parse", "feature") == mine


def test_delete_branch_never_loses_uncommitted_work(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    (lab.repo / "notes.md").write_text("not committed\n", encoding="utf-8")
    notes = pulls.merge(lab.repo, method=Method.SQUASH, delete_branch=True).notes
    assert "uncommitted" in notes[-1]
    assert (lab.repo / "notes.md").read_text(encoding="utf-8") == "not committed\n"
    assert lab.git("symbolic-ref", "--short", "HEAD") == "feature"


def test_a_merge_leaves_the_clone_as_it_is(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    before = lab.git("for-each-ref") + lab.git("status", "--porcelain=v2", "--branch")
    pulls.merge(lab.repo, method=Method.MERGE)
    assert lab.git("for-each-ref") + lab.git("status", "--porcelain=v2", "--branch") == before


def test_view_knows_a_pull_request_by_number_branch_and_current_branch(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    for which in ("2", "#2", "feature", None):
        seen = pulls.view(lab.repo, which)
        assert seen.pull.number == 2
        assert [commit.subject for commit in seen.commits] == ["Write one", "Write two"]
        assert seen.mergeable is True
    with pytest.raises(Problem, match="“99999999999999999999”"):
        pulls.view(lab.repo, "99999999999999999999")


def test_the_log_alone_restores_what_the_hook_reads(lab: Lab) -> None:
    lab.push_branch("one")
    pulls.create(lab.repo, title="One")
    (lab.origin / "forge" / "open-pulls").unlink()
    lab.push_branch("two")
    pulls.create(lab.repo, title="Two")
    lab.git("switch", "-q", "one")
    tip = lab.commit("notes.md", "three\n", "Write three")
    lab.git("push", "-q", "origin", "one")
    assert lab.forge("rev-parse", "refs/pull/2/head") == tip


def test_git_variables_of_the_caller_do_no_harm(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.push_branch()
    with monkeypatch.context() as caller:
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
            caller.setenv(name, str(tmp_path / "nowhere"))
        pulls.create(lab.repo, title="Notes")
        pulls.merge(lab.repo, method=Method.REBASE, delete_branch=True)
    assert not (tmp_path / "nowhere").exists()
    assert lab.forge("show", "main:notes.md") == "one\ntwo"


def at_once(code: str, lab: Lab, arguments: list[str]) -> list[str]:
    """Run Python once for each argument, all at the same time, in processes of their own; what each prints."""
    command = [sys.executable, "-c", f"from graders.forge import pulls\n{code}", str(lab.repo)]
    running = [
        subprocess.Popen([*command, argument], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for argument in arguments
    ]
    return [process.communicate(timeout=120)[0].strip() for process in running]


CREATE = """
import sys
from pathlib import Path
print(pulls.create(Path(sys.argv[1]), title="x", head=sys.argv[2]).pull.number)
"""


def test_pull_requests_created_at_once_get_different_numbers(lab: Lab) -> None:
    branches = [f"branch-{number}" for number in range(4)]
    lab.push_branch("first")
    lab.git("push", "-q", "origin", *[f"first:refs/heads/{branch}" for branch in branches])
    numbers = at_once(CREATE, lab, branches)
    assert sorted(numbers) == ["2", "3", "4", "5"]
    assert {str(pull.number) for pull in pulls.list_pulls(lab.repo)} == set(numbers)


MERGE = """
import sys
from pathlib import Path
from graders.problems import Problem
try:
    print(pulls.merge(Path(sys.argv[1]), sys.argv[2], method=pulls.Method.SQUASH).pull.state)
except Problem as problem:
    print(problem.found)
"""


def test_a_pull_request_merged_by_two_at_once_is_merged_once(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    refused, done = sorted(at_once(MERGE, lab, ["2", "2"]))
    assert done == "merged"
    assert "merged already" in refused
    assert [event["event"] for event in events(lab)].count("pr_merged") == 2  # the colleague's is one


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://github.com/me/widgets.git", "gh pr create"),
        ("git@gitlab.com:me/widgets.git", "glab mr create"),
        ("ssh://git@codeberg.org/me/widgets.git", "tea pulls create"),
        ("https://git.example.org/me/widgets.git", "own tool or web page"),
        ("../absent.git", "set-url"),
        (".", "`ninesteps start`"),
    ],
)
def test_an_origin_that_is_no_forge_is_told_what_to_use(lab: Lab, url: str, told: str) -> None:
    lab.git("remote", "set-url", "origin", url)
    with pytest.raises(Problem) as caught:
        pulls.list_pulls(lab.repo)
    assert told in caught.value.next


def test_a_file_url_and_an_absolute_path_are_forges_too(lab: Lab) -> None:
    for url in (lab.origin.as_uri(), str(lab.origin)):
        lab.git("remote", "set-url", "origin", url)
        assert len(pulls.list_pulls(lab.repo, "all")) == 1


def test_a_folder_outside_any_clone_and_a_clone_without_origin_are_problems(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="not inside a clone"):
        pulls.list_pulls(tmp_path / "home")
    lab.git("remote", "remove", "origin")
    with pytest.raises(Problem, match="no remote called origin"):
        pulls.list_pulls(lab.repo)


@pytest.mark.parametrize("message", ["no json here", "x\n\n[1]", 'x\n\n{"event": "pr_opened", "number": "2"}'])
def test_a_log_that_was_meddled_with_is_a_problem_and_not_a_traceback(lab: Lab, message: str) -> None:
    tip = lab.forge("rev-parse", "refs/forge/log")
    meddled = lab.forge("commit-tree", f"{tip}^{{tree}}", "-p", tip, "-m", message)
    lab.forge("update-ref", "refs/forge/log", meddled)
    with pytest.raises(Problem, match="log"):
        pulls.list_pulls(lab.repo)


def test_a_merged_pull_requests_ref_stays_when_its_branch_goes_on(lab: Lab) -> None:
    merged = lab.push_branch("feature")
    pulls.create(lab.repo, title="Notes")
    pulls.merge(lab.repo, method=Method.SQUASH)
    lab.git("fetch", "-q")
    lab.push_branch("other", "other.md")
    pulls.create(lab.repo, title="Other")
    lab.git("push", "-q", "--force", "origin", "other:feature")
    assert lab.forge("rev-parse", "refs/pull/2/head") == merged


def test_deleting_a_branch_with_an_open_pull_request_says_nothing_strange(lab: Lab) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    assert "remote:" not in lab.git("-c", "alias.p=!git push origin --delete feature 2>&1", "p")


@pytest.mark.parametrize("held", ["refs/pull/2/head", "refs/heads/feature", "refs/forge/log"])
def test_a_creation_that_fails_half_way_leaves_nothing_behind(lab: Lab, held: str) -> None:
    lab.push_branch()
    lock = lab.origin / f"{held}.lock"  # as if another git were writing it
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    before = lab.forge("for-each-ref")
    with pytest.raises(Problem, match="The forge changed while this ran"):
        pulls.create(lab.repo, title="Notes")
    assert lab.forge("for-each-ref") == before
    assert (lab.origin / "forge" / "open-pulls").read_text(encoding="utf-8") == ""
    lock.unlink()
    assert pulls.create(lab.repo, title="Notes").pull.number == 2


@pytest.mark.parametrize("held", ["refs/heads/main", "refs/pull/2/head", "refs/forge/log"])
def test_a_merge_that_fails_half_way_leaves_the_pull_request_open(lab: Lab, held: str) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    lock = lab.origin / f"{held}.lock"
    lock.touch()
    before = lab.forge("for-each-ref")
    with pytest.raises(Problem, match="The forge changed while this ran"):
        pulls.merge(lab.repo, method=Method.SQUASH, delete_branch=True)
    assert lab.forge("for-each-ref") == before
    lock.unlink()
    tip = lab.commit("notes.md", "three\n", "Write three")
    lab.git("push", "-q", "origin", "feature")
    assert lab.forge("rev-parse", "refs/pull/2/head") == tip


def test_a_leftover_ref_of_an_interrupted_creation_is_not_in_the_way(lab: Lab) -> None:
    tip = lab.push_branch()
    lab.forge("update-ref", "refs/pull/2/head", "main")
    assert pulls.create(lab.repo, title="Notes").pull.number == 2
    assert lab.forge("rev-parse", "refs/pull/2/head") == tip


def test_a_date_that_the_learner_chose_is_kept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.push_branch()
    pulls.create(lab.repo, title="Notes")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-02-03T04:05:06Z")
    pulls.merge(lab.repo, method=Method.SQUASH)
    assert lab.forge("log", "-1", "--format=%at", "main") == "981173106"


@pytest.mark.parametrize(
    ("variable", "value", "told"), [("GIT_AUTHOR_DATE", "not a date", "date"), ("GIT_AUTHOR_NAME", "<>", "name")]
)
def test_an_identity_that_git_refuses_is_a_problem_with_gits_reason(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    lab.push_branch()
    monkeypatch.setenv(variable, value)
    with pytest.raises(Problem, match=f"who you are: .*{told}"):
        pulls.create(lab.repo, title="Notes")
