"""Pushes that the forge takes and refuses, with real git on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Lab


def test_a_direct_push_to_main_is_refused_and_says_what_to_do(lab: Lab) -> None:
    before = lab.forge("rev-parse", "main")
    lab.git("switch", "-q", "-C", "main", "origin/main")
    lab.commit("notes.md", "mine\n", "Write")

    said = lab.git("push", "origin", "main", fails=True)

    assert "GH006: Protected branch update failed for refs/heads/main." in said
    assert "Changes must be made through a pull request." in said
    for command in ("git switch -c my-change", "git push -u origin my-change", "ninesteps pr create"):
        assert command in said
    assert lab.forge("rev-parse", "main") == before


def test_the_advice_after_a_refused_push_works_word_by_word(lab: Lab) -> None:
    lab.git("switch", "-q", "-C", "main", "origin/main")
    tip = lab.commit("notes.md", "mine\n", "Write")
    lab.git("push", "origin", "main", fails=True)

    lab.git("switch", "-c", "my-change")
    lab.git("push", "-u", "origin", "my-change")
    lab.git("branch", "-f", "main", "origin/main")

    assert lab.forge("rev-parse", "my-change") == tip
    assert lab.git("rev-parse", "main") == lab.forge("rev-parse", "main")


def test_a_force_push_to_main_is_refused_with_its_own_message(lab: Lab) -> None:
    before = lab.forge("rev-parse", "main")
    said = lab.git("push", "--force", "origin", "main", fails=True)  # main is still where it was cloned
    assert "Cannot force-push to this branch." in said
    assert "git rebase origin/main" in said
    assert "Changes must be made" not in said
    assert lab.forge("rev-parse", "main") == before


def test_deleting_main_is_refused_with_its_own_message(lab: Lab) -> None:
    said = lab.git("push", "origin", "--delete", "main", fails=True)
    assert "Cannot delete this branch." in said
    assert lab.forge("rev-parse", "main")


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("refs/pull/9/head", "follows its branch"),
        ("refs/forge/log", "the forge alone"),
        ("refs/starter/base", "ninesteps reset"),
        ("refs/elsewhere/x", "takes branches"),
        ("refs/heads/MAIN", "in capitals only"),
    ],
)
def test_other_refs_are_refused_each_with_its_own_message(lab: Lab, ref: str, told: str) -> None:
    before = lab.forge("for-each-ref")
    said = lab.git("push", "--force", "origin", f"origin/main:{ref}", fails=True)
    assert told in said
    assert ref in said
    assert lab.forge("for-each-ref") == before


def test_other_branches_and_tags_can_be_made_moved_forced_and_deleted(lab: Lab) -> None:
    lab.push_branch("feature")
    lab.git("commit", "-q", "--amend", "-m", "Write two, better")
    lab.git("push", "-q", "--force-with-lease", "origin", "feature")
    assert lab.forge("rev-parse", "feature") == lab.git("rev-parse", "HEAD")
    lab.git("push", "-q", "origin", "HEAD:refs/tags/v1")
    lab.git("push", "-q", "origin", "--delete", "feature", "v1")
    assert "feature" not in lab.forge("for-each-ref")
    assert "v1" not in lab.forge("for-each-ref")


def test_a_refused_main_does_not_take_the_feature_branch_with_it(lab: Lab) -> None:
    lab.git("switch", "-q", "-c", "feature", "origin/main")
    tip = lab.commit("notes.md", "mine\n", "Write")
    before = lab.forge("rev-parse", "main")

    lab.git("push", "origin", "feature", "feature:main", fails=True)

    assert lab.forge("rev-parse", "feature") == tip
    assert lab.forge("rev-parse", "main") == before


def test_an_atomic_push_with_main_in_it_is_refused_whole(lab: Lab) -> None:
    lab.git("switch", "-q", "-c", "feature", "origin/main")
    lab.commit("notes.md", "mine\n", "Write")
    lab.git("push", "--atomic", "origin", "feature", "feature:main", fails=True)
    assert "refs/heads/feature" not in lab.forge("for-each-ref")


def test_the_learners_own_settings_do_not_lift_the_protection(lab: Lab) -> None:
    for name, value in (("core.hooksPath", "/nowhere"), ("receive.denyDeletes", "true"), ("push.default", "current")):
        lab.git("config", "--global", name, value)
    assert "GH006" in lab.git("push", "--force", "origin", "main", fails=True)
    lab.push_branch("feature")
    lab.git("push", "-q", "origin", "--delete", "feature")


def test_a_new_branch_is_told_how_to_become_a_pull_request(lab: Lab) -> None:
    lab.git("switch", "-q", "-c", "feature", "origin/main")
    lab.commit("notes.md", "mine\n", "Write")
    lab.git("push", "origin", "main:refs/heads/other")
    done = lab.git("-c", "alias.p=!git push origin feature 2>&1", "p")
    assert "Create a pull request for 'feature'" in done
