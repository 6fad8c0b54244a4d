"""Step 1, Git and branching: a feature branch, rebased on a main that moved, and a pull request.

Everything is judged from refs and objects; only the tests are run, each commit's in the sandbox.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from pathlib import Path
from types import ModuleType

from graders.criterion import Criterion, Kind, Verdict, cannot_check, criterion, failed, passed
from graders.evidence.commit_message import vagueness
from graders.evidence.conflict_markers import marker_line
from graders.evidence.feature_branch import MAIN, FeatureBranch, feature_branches
from graders.evidence.forge_log import ForgeLog, read_forge_log
from graders.evidence.git_command import AnswerTooLong, GitFailed
from graders.evidence.git_tree import TreeTooLarge, contents, files_of, sizes_of, touched
from graders.evidence.history import Commit, History
from graders.evidence.main_moves import Moves, explain
from graders.evidence.snapshot import Snapshot, snapshot_of
from graders.evidence.starting_point import StartingPoint, starting_point
from graders.picture import CommitGraph, Node
from graders.problems import Problem
from graders.runners.test_suite import Failure, SuiteRun, run_suite
from graders.starter import exercise_module
from graders.step import Step, find
from graders.workspace.home import cache_dir

_TICKET = "tests/test_ticket.py"
_MOST_COMMITS = 100
_MOST_TRIED = 5
_MOST_MARKED_BYTES = 1 << 20


class GitWork:
    """The evidence of step 1: a snapshot, the starter it grew from, and the branch that does best."""

    def __init__(self, snapshot: Snapshot, start: StartingPoint) -> None:
        self.snapshot = snapshot
        self.start = start
        self.notes = snapshot.notes
        self._runs: dict[tuple[str, bool], SuiteRun] = {}  # by commit, and whether it was run as a branch's tip

    @property
    def history(self) -> History:
        return self.snapshot.history

    @property
    def moved(self) -> Commit:
        """Main's tip after the colleague's pull request."""
        return self.history[self.start.commits.moved]

    @property
    def main(self) -> str | None:
        return self.snapshot.refs.get(f"refs/origin/heads/{MAIN}")

    @cached_property
    def log(self) -> ForgeLog | None:
        """What the local forge itself wrote down; None on GitHub and the like."""
        return read_forge_log(self.snapshot)

    @cached_property
    def pulls(self) -> dict[str, str]:
        """The learner's pull requests, number to head."""
        every = self.snapshot.under("refs/origin/pull/")
        numbers = [number for number in every if re.fullmatch("[0-9]{1,9}", number)]
        if self.log:
            numbers = [number for number in numbers if number in self.log.opened]
        return {number: every[number] for number in numbers if every[number] != self.moved.id}

    @cached_property
    def moves(self) -> Moves:
        return explain(self.snapshot, self.moved.id, self.main, self.pulls) if self.main else Moves(())

    @cached_property
    def branches(self) -> list[FeatureBranch]:
        return feature_branches(self.snapshot, self.moved.id, self.start.starter, self.pulls, self.moves)

    @cached_property
    def branch(self) -> FeatureBranch | None:
        """The branch to judge: the one that earns most, so that an abandoned attempt costs nothing.

        Where that is what was pushed, and the clone's own branch of that name is newer and no worse, it is the newer
        one: a learner who mended something sees that it is mended, and what is still to be pushed.
        """
        if len(self.branches) < 2:
            return self.branches[0] if self.branches else None
        quick = [one for one in STEP.criteria if one not in (conflict_resolved, each_commit_passes)]
        promise = {branch.tip: self._earned(branch, quick) for branch in self.branches}
        slow = sum(one.points for one in STEP.criteria if one not in quick)
        likeliest = sorted(self.branches, key=lambda branch: (-promise[branch.tip], not branch.pulls))
        best, most = likeliest[0], -1.0
        for branch in likeliest[:_MOST_TRIED]:
            if promise[branch.tip] + slow <= most:
                break
            if (points := self._earned(branch, STEP.criteria)) > most:
                best, most = branch, points
        if most < sum(one.points for one in STEP.criteria):
            pushed = [one for one in STEP.criteria if one not in (pull_request, main_only_by_pull_request)]
            for newer in self._newer_than(best):
                if self._earned(newer, pushed) >= self._earned(best, pushed):
                    return newer
        return best

    def _newer_than(self, pushed: FeatureBranch) -> list[FeatureBranch]:
        """The clone's branches that have the name under which origin has `pushed`, and are elsewhere."""
        refs = self.snapshot.refs
        names = [name for name in pushed.names if refs.get(f"refs/origin/heads/{name}") == pushed.tip]
        tips = {refs.get(f"refs/local/{name}") for name in names} - {pushed.tip}
        return [branch for branch in self.branches if branch.tip in tips]

    def _earned(self, branch: FeatureBranch, criteria: Iterable[Criterion]) -> float:
        """The points of those `criteria` that pass on a branch, each after those that it needs."""
        work = self.with_branch(branch)
        earned: dict[str, float] = {}
        for one in criteria:
            if all(needed.name in earned for needed in one.after) and one.judge(work).kind is Kind.PASSED:
                earned[one.name] = one.points
        return sum(earned.values())

    def with_branch(self, branch: FeatureBranch) -> GitWork:
        """The same evidence, with `branch` as the one to judge."""
        other = copy(self)
        other.__dict__["branch"] = branch
        return other

    @property
    def chosen(self) -> FeatureBranch:
        if self.branch is None:
            raise LookupError("a criterion that needs a branch ran without one")
        return self.branch

    def tests_of(self, branch: FeatureBranch) -> list[SuiteRun]:
        """One run for each own commit, oldest first; the tip's also holds the tests of both sides."""
        return self._run(branch.tip, [commit for commit in branch.own if len(commit.parents) < 2])

    def tip_tests(self, branch: FeatureBranch) -> SuiteRun:
        return self._run(branch.tip, [self.history[branch.tip]])[0]

    def keeps_colleagues_test(self, branch: FeatureBranch) -> bool:
        """Whether the branch's own tests notice when the colleague's filter does nothing, whatever they are called."""
        theirs = self.start.starter.variant["theirs"]
        files = files_of(self.snapshot.git, self.history[branch.tip].tree)
        if files.get(f"tests/test_{theirs}.py") == self._main_tests[f"test_{theirs}.py"]:
            return any(test == f"test_list_by_{theirs}" for test in self.tip_tests(branch).passed)
        deaf = files.get("tests/conftest.py", b"") + self._exercise.deaf_to(theirs).encode()
        run = run_suite({**files, "tests/conftest.py": deaf}, cache=cache_dir() / "suites")
        return bool(run.failures) and not run.trouble

    def _run(self, tip: str, commits: list[Commit]) -> list[SuiteRun]:
        missing = [commit for commit in commits if (commit.id, commit.id == tip) not in self._runs]
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as side_by_side:
            for commit, done in zip(missing, side_by_side.map(lambda one: self._suite(one, tip), missing), strict=True):
                self._runs[commit.id, commit.id == tip] = done
        return [self._runs[commit.id, commit.id == tip] for commit in commits]

    def touched(self, commits: Iterable[Commit]) -> dict[str, dict[str, str]]:
        """Commit to path to blob of what each changed against all its parents. Raises TreeTooLarge."""
        before = {commit.id: [self.history[parent].tree for parent in commit.parents] for commit in commits}
        return touched(self.snapshot.git, {id: (self.history[id].tree, trees) for id, trees in before.items()})

    def touched_in_all(self, branch: FeatureBranch) -> dict[str, dict[str, str]]:
        """The same for a whole branch, as what its tip changed. Raises TreeTooLarge."""
        tip, base = self.history[branch.tip], self.history[branch.base]
        return touched(self.snapshot.git, {tip.id: (tip.tree, [base.tree])})

    @property
    def _exercise(self) -> ModuleType:
        return exercise_module(find("git"), "starter")

    @cached_property
    def _main_tests(self) -> dict[str, bytes]:
        files = files_of(self.snapshot.git, self.moved.tree)
        return {name.removeprefix("tests/"): text for name, text in files.items() if name.startswith("tests/")}

    @property
    def _tests_in_main(self) -> set[str]:
        return self._tests_in(self._main_tests)

    @staticmethod
    def _tests_in(files: Mapping[str, bytes]) -> set[str]:
        return {
            name.decode()
            for text in files.values()
            for name in re.findall(rb"^\s*(?:async )?def (test_\w+)", text, re.M)
        }

    def _suite(self, commit: Commit, tip: str) -> SuiteRun:
        try:
            files = files_of(self.snapshot.git, commit.tree)
        except TreeTooLarge as trouble:
            mend = "Take what does not belong in a repository out of the commit, and list it in `.gitignore`."
            return SuiteRun((), (), (), f"the commit holds {trouble}", mend)
        ours = {
            "conftest.py": self._main_tests["conftest.py"],
            _TICKET.removeprefix("tests/"): self._ticket(at_tip=commit.id == tip),
        }
        if self.moved.id not in self.history.ancestors(commit.id):
            return run_suite(files, ours, cache_dir() / "suites")
        changed = {name: text for name, text in self._main_tests.items() if files.get(f"tests/{name}") != text}
        if "conftest.py" not in changed:
            run = run_suite(files, {**changed, **ours}, cache_dir() / "suites")
            seen = {test.partition("[")[0] for test in (*run.passed, *(failure.test for failure in run.failures))}
            left_out = self._tests_in_main - self._tests_in(changed) - seen
            if run.trouble or run.failures or not left_out:
                return run
        return run_suite(files, {**self._main_tests, **ours}, cache_dir() / "suites")

    def _ticket(self, *, at_tip: bool) -> bytes:
        tests = self._exercise.acceptance if at_tip else self._exercise.control
        return str(tests(self.start.starter.variant)).encode()


def _named(commits: list[Commit], most: int = 3) -> str:
    shown = ", ".join(f"{commit.short} “{commit.subject[:60]}”" for commit in commits[:most])
    return f"{shown} and {len(commits) - most} more" if len(commits) > most else shown


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@criterion(points=1)
def feature_branch(work: GitWork) -> Verdict:
    """Your work is on a branch of its own.

    Why: while main stays releasable, you can try, push and throw away on your own branch.
    Hint: Which branches are there, and which one are you on? `git branch -vv`
    Hint: `git switch -c short-name` makes a branch and goes there; what you commit now is on it, and not on main.
    """
    ran = ["git branch --all -vv"]
    if branch := work.branch:
        return passed(f"`{branch.name}` holds {_counted(len(branch.own), 'commit')} of yours.", ran=ran)
    expected = "a branch beside main with commits of yours"
    local_main = work.snapshot.refs.get(f"refs/local/{MAIN}")
    if local_main and (ahead := work.history.between(work.moved.id, local_main)):
        return failed(
            f"Your {_counted(len(ahead), 'commit')} ({_named(ahead)}) went to your local main itself.",
            expected=expected, where=MAIN, mistake="committed on main", marks=[commit.id for commit in ahead], ran=ran,
            next="Keep them on a branch with `git switch -c my-feature`, then put main back: "
            "`git branch -f main origin/main`.",
        )  # fmt: skip
    empty = sorted(
        name for prefix in ("refs/local/", "refs/origin/heads/") for name in work.snapshot.under(prefix) if name != MAIN
    )
    if empty:
        return failed(
            f"`{empty[0]}` is there, but it holds no commit of yours: uncommitted work counts for nobody but you.",
            expected=expected, where=empty[0], mistake="nothing committed", ran=ran,
            next="See what waits with `git status`, then `git add -p` and `git commit`.",
        )  # fmt: skip
    if lost := work.snapshot.detached:
        return failed(
            f"You committed {lost[:7]} on no branch at all (a detached HEAD).", expected=expected, where=lost[:7],
            mistake="detached HEAD", ran=ran, next=f"Give it a branch: `git switch -c my-feature {lost[:7]}`.",
        )  # fmt: skip
    return failed(
        "There is no branch beside main yet.", expected=expected, mistake="no branch", ran=ran,
        next="Make one with `git switch -c short-name`, change something for the ticket, and commit it.",
    )  # fmt: skip


@criterion(points=1, after=[feature_branch])
def two_commits(work: GitWork) -> Verdict:
    """At least two commits of yours, none empty.

    Why: small commits can be read, reverted and bisected one by one.
    Hint: What is on your branch and not on main? `git log --oneline origin/main..HEAD`
    Hint: Commit the change first and its test second. One big commit comes apart with `git reset HEAD~`, `git add -p`,
        `git commit`.
    """
    branch = work.chosen
    real = [commit for commit in branch.own if len(commit.parents) < 2]
    empty = [commit for commit in real if commit.parents and work.history[commit.parents[0]].tree == commit.tree]
    ran = [*branch.fetching, f"git log --stat --oneline {branch.span}"]
    if empty:
        return failed(
            f"{_named(empty)} changes no file.", expected="commits that each change something", where=empty[0].short,
            mistake="empty commit", marks=[commit.id for commit in empty], ran=ran,
            next="Drop it: in `git rebase -i origin/main` delete its line.",
        )  # fmt: skip
    if len(real) < 2:
        return failed(
            f"`{branch.name}` has {_counted(len(real), 'commit')} of yours" + (f": {_named(real)}." if real else "."),
            expected="two commits or more", where=branch.name, mistake="one commit", ran=ran,
            next="Commit the test on its own, or split the commit: `git reset HEAD~`, then `git add -p` and `git commit` twice.",
        )  # fmt: skip
    return passed(f"{len(real)} commits: {_named(real)}.", ran=ran)


@criterion(points=0.5, after=[two_commits])
def messages(work: GitWork) -> Verdict:
    """Each message says what changed.

    Why: the history is what the next person reads when something breaks at night.
    Hint: Read your subjects as somebody who was not there: `git log --format=%s origin/main..HEAD`
    Hint: Finish the sentence “If applied, this commit will …”. Reword with `git rebase -i origin/main` and `reword`.
    """
    branch = work.chosen
    own = [commit for commit in branch.own if len(commit.parents) < 2]
    ran = [*branch.fetching, f"git log --format='%h %s' {branch.span}"]
    reword = "Reword it: `git rebase -i origin/main`, and change `pick` to `reword` on its line."
    for commit in own:
        if why := vagueness(commit.subject):
            waiting = "autosquash" in why
            return failed(
                f"The message “{commit.subject[:80]}” {why}." if commit.subject else f"{commit.short} has no message.",
                expected="a subject that says what the commit changes", where=commit.short, marks=[commit.id], ran=ran,
                mistake="autosquash waits" if waiting else "vague message",
                next="Let git put it in its place: `git rebase -i --autosquash origin/main`." if waiting else reword,
            )  # fmt: skip
    subjects = Counter(commit.subject.strip().lower() for commit in own)
    twice = [commit for commit in own if subjects[commit.subject.strip().lower()] > 1]
    if twice and not branch.merges:  # a merge may bring the same commits in again, and is spoken of elsewhere
        return failed(
            f"More than one commit says “{twice[0].subject[:80]}”.", expected="a subject for each commit",
            where=twice[0].short, mistake="same message twice", next=reword, ran=ran,
            marks=[commit.id for commit in twice if commit.subject.strip().lower() == twice[0].subject.strip().lower()],
        )  # fmt: skip
    return passed(f"“{own[0].subject[:80]}” and {_counted(len(own) - 1, 'other')} each say what changed.", ran=ran)


@criterion(points=0.5, after=[two_commits])
def linear(work: GitWork) -> Verdict:
    """No merge commit on the branch.

    Why: on a short-lived branch a merge commit only says that you were late; a straight line can be read and bisected.
    Hint: Which of your commits has two parents? `git log --merges --oneline origin/main..HEAD`
    Hint: `git rebase origin/main` lays your commits in one line and leaves merges out.
    """
    branch = work.chosen
    ran = [*branch.fetching, f"git log --merges --oneline {branch.span}"]
    if kept := _before_pull(work, branch):
        return failed(
            f"{_named(branch.merges[-1:])} brings back your commits from before the rebase: they are there twice now.",
            expected="commits with one parent each", where=branch.tip[:7], mistake="pulled after the rebase",
            marks=[branch.tip], ran=ran, next=_take_back(branch, kept),
        )  # fmt: skip
    if merges := branch.merges:
        brought_main = any(parent in branch.outside for parent in merges[0].parents[1:])
        what = "merges main into your branch" if brought_main else "is a merge commit"
        return failed(
            f"{_named(merges[:1])} {what}.", expected="commits with one parent each", where=merges[0].short,
            mistake="merged main" if brought_main else "merge commit", marks=[commit.id for commit in merges], ran=ran,
            next="Lay your commits in one line: `git rebase origin/main`.",
        )  # fmt: skip
    return passed(f"{_counted(len(branch.own), 'commit')}, each with one parent.", ran=ran)


def _before_pull(work: GitWork, branch: FeatureBranch) -> str:
    """The rebased tip, where the last commit merges the branch as it was before the rebase; else empty."""
    tip = work.history[branch.tip]
    if len(tip.parents) != 2:
        return ""
    ours, theirs = (work.history.ancestors(parent) for parent in tip.parents)
    moved = work.moved.id
    again = {work.history[id].subject for id in ours - theirs} & {work.history[id].subject for id in theirs - ours}
    return tip.parents[0] if moved in ours and moved not in theirs and again else ""


def _take_back(branch: FeatureBranch, kept: str) -> str:
    return (
        f"Take the pull back with `git reset --keep {kept[:7]}`, then replace what is on origin: "
        f"`git push --force-with-lease origin {branch.quoted}`."
    )


@criterion(points=2, after=[feature_branch])
def rebased_on_main(work: GitWork) -> Verdict:
    """The branch starts at the tip of the moved main.

    Why: a branch that already builds on main's newest commit merges without surprises.
    Hint: How far has main moved since you branched? `git fetch origin`, then `git log --oneline HEAD..origin/main`
    Hint: `git rebase origin/main`; mend the conflict so that both filters work, `git add`, `git rebase --continue`.
    """
    branch, moved, history = work.chosen, work.moved, work.history
    ran = [*(branch.fetching or ["git fetch origin"]), f"git merge-base origin/main {branch.revision}"]
    expected = f"a branch that starts at {moved.short} “{moved.subject}” or later on main"
    rebase = "`git fetch origin`, then `git rebase origin/main`."
    if work.snapshot.rebasing:
        rebase = "Finish the rebase: mend the files that `git status` names, `git add` them, `git rebase --continue`."
    reached = history.ancestors(branch.tip)
    if moved.id not in reached:
        start = history.merge_base(moved.id, branch.tip)
        if start is None:
            return failed(
                f"`{branch.name}` shares no commit with main: its history is a separate one.", expected=expected,
                where=branch.name, mistake="unrelated history", ran=ran,
                next="Branch off main with `git switch -c new-name origin/main`, and make your change there; "
                f"`git diff {work.start.commits.base[:7]} {branch.revision}` shows it.",
            )  # fmt: skip
        copied = [
            commit for commit in history.between(start, branch.tip)
            if commit not in branch.own and commit.subject == moved.subject
        ]  # fmt: skip
        if copied:
            return failed(
                f"{copied[0].short} is a copy of main's {moved.short} (cherry-picked or amended), with an id of its own.",
                expected=expected, where=copied[0].short, mistake="copied main", marks=[copied[0].id], ran=ran,
                next=f"{rebase} Git leaves an unchanged copy out by itself.",
            )  # fmt: skip
        return failed(
            f"`{branch.name}` starts at {history[start].short}, and main has moved on to {moved.short} "
            f"“{moved.subject}”.", expected=expected, where=branch.name, mistake="not rebased", next=rebase, ran=ran,
            marks=[branch.own[0].id],
        )  # fmt: skip
    stray = [parent for parent in branch.outside if moved.id not in history.ancestors(parent)]
    if stray or not branch.outside:
        oldest = history.in_order(stray)[:1]
        still = f": it still starts at {oldest[0].short}" if oldest else ""
        return failed(
            f"`{branch.name}` holds main's {moved.short}, but by a merge{still}.",
            expected=expected, where=branch.name, mistake="merged main", ran=ran,
            next=_take_back(branch, kept) if (kept := _before_pull(work, branch)) else rebase,
            marks=[commit.id for commit in branch.merges],
        )  # fmt: skip
    foot = history[branch.outside[0] if len(branch.outside) == 1 else branch.base]
    return passed(f"`{branch.name}` starts at {foot.short} “{foot.subject}”.", ran=ran)


@criterion(points=2, after=[feature_branch])
def conflict_resolved(work: GitWork) -> Verdict:
    """Your change and your colleague's work together.

    Why: a resolved conflict is one where both sides still do what they were meant to do, not one where git is quiet.
    Hint: What did your colleague change, and what did you? `git diff origin/main~ origin/main` and `git diff origin/main`
    Hint: The list must take both parameters, and add one `where` for each; then run all tests with `python -m pytest`.
    """
    branch, history, variant = work.chosen, work.history, work.start.starter.variant
    to = branch.revision if branch.local else f"--detach {branch.revision}"
    tests = [*branch.fetching, f"git switch {to}", "python -m pytest"]
    if work.moved.id not in history.ancestors(branch.tip):
        return cannot_check(
            f"`{branch.name}` does not hold main's {work.moved.short} yet, so there was no conflict to resolve.",
            next="Mend that first (“The branch starts at the tip of the moved main”); this is judged then.",
        )
    if marker := _marker(work, branch):
        path, line, commit = marker
        return failed(
            f"A conflict marker was committed in {path}, line {line}.", expected="files without <<<<<<< and >>>>>>>",
            where=f"{path}:{line} in {commit[:7]}", mistake="marker committed", marks=[commit],
            ran=[f"git grep -nE '^(<{{7}}|>{{7}})' {commit[:7]}"],
            next="Open the file, keep what both sides meant, remove the three marker lines, and amend that commit "
            "(`git rebase -i origin/main`, `edit`).",
        )  # fmt: skip
    run = work.tip_tests(branch)
    both = f"`{variant['mine']}` and `{variant['theirs']}` each filter the list, alone and together"
    if run.trouble:
        return failed(
            f"On `{branch.name}`, {run.trouble}.", expected=both, where=branch.tip[:7], mistake="tests cannot run",
            marks=[branch.tip], ran=tests, next=run.mend,
        )  # fmt: skip
    if lost := _lost(work, run):
        mistake, failure, next = lost
        return failed(
            f"On `{branch.name}`: {failure.message.removeprefix('AssertionError: ')}.", expected=both, mistake=mistake,
            where=f"{failure.file}::{failure.test} on {branch.tip[:7]}", marks=[branch.tip], ran=tests, next=next,
        )  # fmt: skip
    if not work.keeps_colleagues_test(branch):
        return failed(
            f"No test on `{branch.name}` notices when `{variant['theirs']}` stops filtering; your colleague's test did.",
            expected="the tests of both sides", where=branch.tip[:7], mistake="colleague's test dropped",
            marks=[branch.tip], ran=tests,
            next=f"Bring it back: `git checkout {work.moved.short} -- tests/test_{variant['theirs']}.py`, and commit.",
        )  # fmt: skip
    return passed(f"{both}; {_counted(len(run.passed), 'test')} pass.", ran=tests)


def _lost(work: GitWork, run: SuiteRun) -> tuple[str, Failure, str] | None:
    """The named mistake that the failed tests show, the one to quote, and what to do."""
    mine, theirs, moved = work.start.starter.variant["mine"], work.start.starter.variant["theirs"], work.moved.short
    ticket = {failure.test.split("_")[1]: failure for failure in run.added_failures if failure.file == _TICKET}
    broken = [failure for failure in ticket.values() if not failure.message.startswith("AssertionError")]
    if broken:
        return "tests fail", broken[0], "Run `python -m pytest` on your branch and mend what it says."
    if "theirs" in ticket and "yours" in ticket:
        return "both sides lost", ticket["theirs"], "Take both changes into `list_widgets`."
    if "theirs" in ticket:
        next = f"Bring `{theirs}` back beside yours: `git diff {moved}~ {moved}` shows it."
        return "colleague's side lost", ticket["theirs"], next
    if "yours" in ticket:
        next = f"Bring your `{mine}` back beside your colleague's; `git show ORIG_HEAD` may still have it."
        return "your side lost", ticket["yours"], next
    if "both" in ticket:
        next = "Let each parameter add its own `where`, so that one does not switch the other off."
        return "not together", ticket["both"], next
    if run.added_failures:
        return "main's test broken", run.added_failures[0], "Mend the code so that main's tests pass again."
    if run.failures:
        return "tests fail", run.failures[0], "Run `python -m pytest` on your branch and mend what it says."
    return None


def _marker(work: GitWork, branch: FeatureBranch) -> tuple[str, int, str] | None:
    git = work.snapshot.git
    try:
        blobs = work.touched(branch.own) if len(branch.own) <= _MOST_COMMITS else work.touched_in_all(branch)
        sizes = sizes_of(git, {blob for paths in blobs.values() for blob in paths.values()})
        text = contents(git, {blob for blob, size in sizes.items() if size <= _MOST_MARKED_BYTES})
    except (TreeTooLarge, AnswerTooLong):
        return None  # such a branch can't be run either, which is said then
    for commit, paths in blobs.items():
        for path, blob in paths.items():
            if blob in text and (line := marker_line(text[blob])):
                return path, line, commit
    return None


@criterion(points=1, after=[two_commits])
def each_commit_passes(work: GitWork) -> Verdict:
    """The tests pass at each of your commits.

    Why: `git bisect` finds the commit that broke something only where every other commit works.
    Hint: Run the tests at every commit: `git rebase --exec 'python -m pytest -q' origin/main` stops at the first that fails.
    Hint: Mend a commit where it is: `git rebase -i origin/main`, `edit` on its line, mend, `git commit --all --amend`,
        `git rebase --continue`.
    """
    branch = work.chosen
    own = [commit for commit in branch.own if len(commit.parents) < 2]
    ran = ["git rebase --exec 'python -m pytest -q' origin/main"]
    if len(own) > _MOST_COMMITS:
        return cannot_check(
            f"`{branch.name}` has {len(own)} commits, more than the {_MOST_COMMITS} whose tests are run.",
            next="Put those together that belong together: `git rebase -i origin/main`, `fixup`.",
        )
    for commit, run in zip(own, work.tests_of(branch), strict=True):
        mend = (
            f"Mend it there: `git rebase -i origin/main`, change `pick` to `edit` on the line of {commit.short}, mend the "
            "code, `git commit --all --amend`, `git rebase --continue`."
        )
        added = [failure for failure in run.added_failures if failure.file != _TICKET]
        if run.trouble:
            what = f"At {commit.short} “{commit.subject[:60]}”, {run.trouble}."
        elif run.failures or added:
            failure = [*run.failures, *added][0]
            count = len(run.failures) + len(added)
            what = (
                f"At {commit.short} “{commit.subject[:60]}”, {_counted(count, 'test')} "
                f"{'fails' if count == 1 else 'fail'}: {failure.test} ({failure.message})."
            )
            if failure.file in work.touched([commit])[commit.id] and work.tip_tests(branch).green:
                mend = (
                    "A test goes after the code that makes it pass: `git rebase -i origin/main`, and move the line of "
                    f"{commit.short} down."
                )
        else:
            continue
        return failed(
            what, expected="tests that pass at every commit", where=commit.short, mistake="a commit is broken",
            marks=[commit.id], ran=ran, next=mend,
        )  # fmt: skip
    return passed(f"The tests pass at all {len(own)} commits.", ran=ran)


@criterion(points=1, after=[feature_branch])
def pull_request(work: GitWork) -> Verdict:
    """A pull request shows this branch.

    Why: a pull request is where others see, test and discuss a change before it reaches main.
    Hint: What is on origin? `git ls-remote origin`
    Hint: `git push -u origin BRANCH`, then `ninesteps pr create --title "…" --body "…"`; after a rebase,
        `git push --force-with-lease`.
    """
    branch, origin = work.chosen, work.snapshot.origin
    ran = ["git ls-remote origin 'refs/pull/*/head'"]
    if origin.problem:
        return cannot_check(
            origin.problem.found, next=origin.problem.next, where="origin", ran=["git ls-remote origin"]
        )
    if branch.pulls:
        merged = any(move.number in branch.pulls for move in work.moves.moves)
        state = "merged" if merged else "open"
        return passed(f"Pull request #{branch.pulls[0]} ({state}) shows {branch.tip[:7]}.", ran=ran)
    expected = f"a pull request whose head is {branch.tip[:7]}"
    push = f"git push -u origin {branch.quoted}"
    open_one = (
        "open one with `ninesteps pr create --fill`"
        if work.log
        else "open one where origin is (on GitHub: `gh pr create --fill`)"
    )
    on_origin = work.snapshot.under("refs/origin/heads/")
    came_in = {move.number for move in work.moves.moves}
    behind = [
        (int(number), head) for number, head in work.pulls.items()
        if number not in came_in and head in [on_origin.get(name) for name in branch.names]
    ]  # fmt: skip
    if behind:
        number, head = max(behind)
        return failed(
            f"Pull request #{number} still shows {head[:7]}; `{branch.name}` is at {branch.tip[:7]}.", expected=expected,
            where=f"#{number}", mistake="pull request is behind", marks=[head], ran=ran,
            next=f"Push what you have: `git push --force-with-lease origin {branch.quoted}` (a rebased branch must "
            "replace the old one).",
        )  # fmt: skip
    if branch.tip not in on_origin.values():
        return failed(
            f"`{branch.name}` is only on your machine.", expected=expected, where=branch.name, mistake="not pushed", ran=ran,
            next=f"Push it with `{push}`, then {open_one}.",
        )  # fmt: skip
    return failed(
        f"`{branch.name}` is on origin, but no pull request shows it.", expected=expected, where=branch.name,
        mistake="no pull request", ran=ran, next=f"{open_one[0].upper()}{open_one[1:]}.",
    )  # fmt: skip


@criterion(points=1, after=[pull_request])
def main_only_by_pull_request(work: GitWork) -> Verdict:
    """Main moved only by pull requests.

    Why: what reaches main is released; a change that nobody saw, and no check ran on, should not get there.
    Hint: What came to main, and how? `git log --first-parent --oneline origin/main`
    Hint: Put main back to what came by pull requests, and bring the rest through one: `ninesteps pr create`.
    """
    ran = ["git fetch origin", "git log --first-parent --oneline origin/main", "git ls-remote origin"]
    expected = "main as its pull requests left it"
    again = (
        "Start anew with `ninesteps reset git` (your work is kept aside), and bring your branch through a pull request."
    )
    if work.log is None:
        good = work.moves.moves[-1].new if work.moves.moves else work.moved.id
        back = f"git push --force origin {good[:12]}:refs/heads/main"
        again = f"Put main back with `{back}`, and bring the rest through a pull request."
    if work.main is None:
        return failed(
            "origin has no branch main any more.", expected=expected, mistake="main is gone", ran=ran, next=again
        )
    if work.moves.lost_start:
        return failed(
            f"origin's main is at {work.main[:7]} and does not hold {work.moved.short} “{work.moved.subject}”.",
            expected=expected, where=f"origin/{MAIN}", mistake="main was rewritten", ran=ran, next=again,
        )  # fmt: skip
    if stray := work.moves.unexplained:
        how = "is on origin's main, and no pull request brought it there"
        shown = [f"#{number}" for number, head in work.pulls.items() if head in stray.parents[1:]]
        if shown:
            how = f"merges pull request {shown[0]} with changes that it never showed"
        return failed(
            f"{_named([stray])} {how}.", expected=expected, where=stray.short, marks=[stray.id], ran=ran, next=again,
            mistake="more than was shown" if shown else "pushed to main",
        )  # fmt: skip
    if not work.log and work.moved.id in work.snapshot.under("refs/origin/pull/").values():
        return failed(
            "The forge's own log is gone, so nobody can say how main moved.", expected=expected, where="origin",
            mistake="past the forge", ran=ran, next="Start anew with `ninesteps reset git` (your work is kept aside).",
        )  # fmt: skip
    if past := work.log.past_it(work.main) if work.log else "":
        return failed(
            f"Something else than the forge moved origin's main to {past[:7]}: its own log does not know of it.",
            expected=expected, where=f"origin/{MAIN}", mistake="past the forge", ran=ran, next=again,
        )  # fmt: skip
    count = len(work.moves.moves)
    return passed(
        f"{_counted(count, 'pull request')} of yours moved main." if count else "Main waits for your pull request.",
        ran=ran,
    )


@contextmanager
def open_work(path: Path) -> Iterator[GitWork]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    place = find("git")
    with snapshot_of(path, place) as snapshot:
        try:
            work = GitWork(snapshot, starting_point(snapshot, place))
            _ = work.history.commits
        except GitFailed as failure:
            raise Problem(f"The history in {path} cannot be read: {failure.reason}.", "See `git fsck`.") from None
        yield work


def draw(work: GitWork) -> CommitGraph:
    """Main and the judged branch, from the clone's first commit on."""
    history, start = work.history, work.start.commits
    tip = work.branch.tip if work.branch else start.moved
    main = work.main if work.main in history else start.moved
    own = {commit.id for commit in work.branch.own} if work.branch else set()
    labels: dict[str, list[str]] = {}
    for label, id in [("main", main), *((name, tip) for name in (work.branch.names if work.branch else ()))]:
        labels.setdefault(id or "", []).append(label)
    for number, head in work.pulls.items():
        labels.setdefault(head, []).append(f"#{number}")
    shown = history.in_order(history.ancestors(tip, main or start.moved, start.moved))
    nodes = tuple(
        Node(commit.id, commit.subject, int(commit.id in own), commit.parents, tuple(labels.get(commit.id, ())))
        for commit in shown
    )
    return CommitGraph("Your commits", nodes, (MAIN, work.branch.name if work.branch else "your branch"))


STEP = Step(
    title="Git and branching",
    subskill="Work on a branch and keep it mergeable",
    minutes=45,
    open=open_work,
    criteria=(
        feature_branch,
        two_commits,
        messages,
        linear,
        rebased_on_main,
        conflict_resolved,
        each_commit_passes,
        pull_request,
        main_only_by_pull_request,
    ),
    picture=draw,
)
