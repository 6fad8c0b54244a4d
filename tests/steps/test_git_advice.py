"""What step 1's grader says to do next is typed in here, as it stands, and must help."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.attempts.make import carry_out, settled_environment
from graders.attempts.recipe import DEFAULT_SEED, recipes
from graders.judge import judge
from graders.problems import Problem
from graders.result import Result
from graders.starter import starter_for
from graders.step import find
from graders.workspace.start import start

GIT = find("git")
RECIPES = {recipe.name: recipe for recipe in recipes(GIT)}
COMMAND = re.compile(r"`((?:git|ninesteps|python) [^`]+)`")
MEND = 'cp "$ROUTES_BOTH" widgets/routes.py && git add widgets && git rebase --continue'


@dataclass
class Learner:
    """A learner with an attempt made, who can be judged and can type."""

    repo: Path
    env: Mapping[str, str]

    def judged(self) -> Result:
        return judge(GIT, self.repo)

    def types(
        self, command: str, *, editor: str = "true", after: str = "", **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as it stands; where it stops, `after` is what the learner does by hand."""
        editors = {"GIT_EDITOR": editor, "GIT_SEQUENCE_EDITOR": editor}
        shell = ["bash", "-c", f"{command} || {{ {after or 'exit 1'}; }}"]
        return subprocess.run(
            shell, cwd=self.repo, env={**self.env, **editors, **env}, capture_output=True, text=True, timeout=120
        )


def learner_after(name: str, folder: Path) -> Learner:
    recipe = RECIPES[name]
    env = settled_environment(folder)
    made = start(GIT, folder / "work", recipe.seed)
    carry_out(GIT, recipe, recipe.seed, made.repo, env)
    routes = folder / "routes_both"
    routes.write_text(starter_for(GIT, recipe.seed).variant["routes_both"], encoding="utf-8")
    path = f"{Path(shutil_which('ninesteps')).parent}:{env['PATH']}"
    return Learner(made.repo, {**env, "ROUTES_BOTH": str(routes), "PATH": path})


def shutil_which(name: str) -> str:
    import sys

    return str(Path(sys.executable).parent / name)


def swapped_first_two() -> str:
    return "sed -i '1{h;d};2{G}'"


@pytest.mark.parametrize(
    ("name", "criterion", "by_hand"),
    [
        ("near_committed_on_main", "feature_branch", {}),
        ("near_only_tagged", "feature_branch", {}),
        (
            "near_vague_message",
            "messages",
            {"editor": "sed -i -e '2s/^pick/reword/' -e '1s/^more tests, wip$/Test it well/'"},
        ),
        ("near_fixup_left", "messages", {}),
        ("near_merged_side_branch", "linear", {}),
        ("near_merged_after_rebase", "linear", {}),
        ("near_merged_main", "rebased_on_main", {"after": MEND}),
        ("near_pulled_own_branch", "linear", {}),
        ("near_pulled_own_branch", "rebased_on_main", {}),
        ("near_never_rebased", "rebased_on_main", {"after": MEND}),
        ("near_rebased_on_stale_main", "rebased_on_main", {"after": MEND}),
        ("near_cherry_picked_main", "rebased_on_main", {}),
        ("near_colleagues_test_dropped", "conflict_resolved", {"then": "git commit -q -m 'Bring the test back'"}),
        ("near_colleagues_test_emptied", "conflict_resolved", {"then": "git commit -q -m 'Bring the test back'"}),
        ("near_test_first", "each_commit_passes", {"editor": swapped_first_two()}),
        ("near_not_pushed", "pull_request", {}),
        ("near_pushed_without_pull_request", "pull_request", {}),
        ("near_pull_request_is_behind", "pull_request", {}),
        ("near_pull_request_of_another_branch", "pull_request", {}),
        ("near_pushed_to_main", "main_only_by_pull_request", {}),
        ("near_rewritten_main", "main_only_by_pull_request", {}),
        ("near_main_deleted", "main_only_by_pull_request", {}),
        ("near_more_than_the_pull_request", "main_only_by_pull_request", {}),
        ("bad_origin_missing", "pull_request", {}),
    ],
)
def test_the_next_step_mends_it(name: str, criterion: str, by_hand: dict[str, str], tmp_path: Path) -> None:
    learner = learner_after(name, tmp_path)
    verdict = verdict_on(learner.judged(), criterion)
    commands = COMMAND.findall(verdict.next)
    assert verdict.kind != "passed"
    assert commands

    typing = {key: value for key, value in by_hand.items() if key != "then"}
    for command in commands:
        done = learner.types(command, **typing)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    if "then" in by_hand:
        assert learner.types(by_hand["then"]).returncode == 0

    after = verdict_on(learner.judged(), criterion)
    assert after.kind == "passed", after.found


def verdict_on(result: Result, criterion: str):  # type: ignore[no-untyped-def]
    return next(one.verdict for one in result.criteria if one.criterion.name == criterion)


def test_an_empty_commit_goes_as_it_is_told(tmp_path: Path) -> None:
    learner = learner_after("near_empty_second_commit", tmp_path)
    [command] = COMMAND.findall(verdict_on(learner.judged(), "two_commits").next)

    assert learner.types(command, editor="sed -i 2d").returncode == 0

    assert verdict_on(learner.judged(), "two_commits").mistake == "one commit"


@pytest.mark.parametrize(
    ("name", "fixed_path"), [("bad_shallow_clone", "work/shallow"), ("bad_borrowed_objects", "work/borrowing")]
)
def test_a_refused_clone_is_judged_once_it_was_mended_as_told(name: str, fixed_path: str, tmp_path: Path) -> None:
    learner = learner_after(name, tmp_path)
    clone = tmp_path / fixed_path
    with pytest.raises(Problem) as refused:
        judge(GIT, clone)

    [command] = COMMAND.findall(refused.value.next)
    subprocess.run(shlex.split(command), cwd=clone, env=dict(learner.env), check=True, capture_output=True, timeout=60)
    (clone / ".git/objects/info/alternates").unlink(missing_ok=True)

    assert judge(GIT, clone).criteria


def commands_of(result: Result) -> Iterator[str]:
    for one in result.criteria:
        yield from one.verdict.ran


@pytest.mark.parametrize(
    "name",
    [
        "reference",
        "right_squashed_and_deleted",
        "right_fresh_clone",
        "right_merged_behind_another",
        "attack_names",
        "near_marker_left",
    ],
)
def test_what_the_grader_ran_can_be_run(name: str, tmp_path: Path) -> None:
    """But for the tests themselves, which need the service's own environment."""
    learner = learner_after(name, tmp_path) if name != "attack_names" else None
    if learner is None:
        env = settled_environment(tmp_path) | {"CANARY": str(tmp_path / "canary")}
        made = start(GIT, tmp_path / "work", DEFAULT_SEED)
        carry_out(GIT, RECIPES[name], DEFAULT_SEED, made.repo, env)
        learner = Learner(made.repo, env)
    commands = list(dict.fromkeys(commands_of(learner.judged())))
    assert any(command.startswith("git log") for command in commands)

    for command in commands:
        if command.startswith("git ") and "--exec" not in command:
            done = learner.types(command)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert not (tmp_path / "canary").exists()


def test_the_commands_in_hints_can_be_run(tmp_path: Path) -> None:
    learner = learner_after("reference", tmp_path)
    looking = [
        command
        for criterion in GIT.step.criteria
        for hint in criterion.hints
        for command in COMMAND.findall(hint)
        if re.match(r"git (log|diff|branch -vv|ls-remote|fetch)", command)
    ]
    assert len(looking) > 6

    for command in looking:
        done = learner.types(command)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
