"""A learner's notebooks are brought up to date, and never written over where they were changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graders.pages.copies import bring_up_to_date
from graders.problems import Problem


class Learner:
    """One released notebook, and a learner's folder."""

    def __init__(self, root: Path) -> None:
        self.released = root / "release" / "01_git.ipynb"
        self.folder = root / "notebooks"
        self.record = root / ".state" / "notebooks.json"
        self.released.parent.mkdir()
        self.mine = self.folder / "01_git.ipynb"

    def open(self, released: str) -> list[str]:
        self.released.write_text(released)
        return bring_up_to_date([self.released], self.folder, self.record)

    @property
    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted(self.folder.iterdir())}


@pytest.fixture
def learner(tmp_path):
    return Learner(tmp_path)


def test_a_first_opening_copies_in_silence_and_a_second_changes_nothing(learner):
    assert learner.open("one") == []
    before = learner.mine.stat().st_mtime_ns
    assert learner.open("one") == []
    assert learner.files == {"01_git.ipynb": "one"}
    assert learner.mine.stat().st_mtime_ns == before


def test_an_untouched_copy_follows_the_course(learner):
    learner.open("one")
    assert learner.open("two") == ["01_git.ipynb is now the course's newest."]
    assert learner.files == {"01_git.ipynb": "two"}


def test_a_changed_copy_stays_and_the_newer_one_comes_beside_it_once(learner):
    learner.open("one")
    learner.mine.write_text("mine")
    assert learner.open("one") == []
    (said,) = learner.open("two")
    assert "01_git.new.ipynb" in said
    assert learner.open("two") == []
    assert learner.files == {"01_git.ipynb": "mine", "01_git.new.ipynb": "two"}


def test_an_untouched_newer_one_follows_the_course_too_and_a_changed_one_stays(learner):
    learner.open("one")
    learner.mine.write_text("mine")
    learner.open("two")
    learner.open("three")
    assert learner.files == {"01_git.ipynb": "mine", "01_git.new.ipynb": "three"}
    (learner.folder / "01_git.new.ipynb").write_text("also mine")
    (said,) = learner.open("four")
    assert "01_git.new2.ipynb" in said
    assert learner.files == {"01_git.ipynb": "mine", "01_git.new.ipynb": "also mine", "01_git.new2.ipynb": "four"}


def test_a_learner_who_took_the_newer_one_over_gets_no_more_beside_it(learner):
    learner.open("one")
    learner.mine.write_text("mine")
    learner.open("two")
    (learner.folder / "01_git.new.ipynb").replace(learner.mine)
    assert learner.open("two") == []
    assert learner.open("three") == ["01_git.ipynb is now the course's newest."]
    assert learner.files == {"01_git.ipynb": "three"}


def a_notebook(source: str, outputs: list[str], metadata: str) -> str:
    cell = {"cell_type": "code", "source": [source], "outputs": outputs, "execution_count": None, "metadata": {}}
    return json.dumps({"cells": [cell], "metadata": {"language_info": metadata}})


def test_opening_a_page_is_no_change_and_running_it_is_one(learner):
    learner.open(a_notebook("1", [], "python"))
    learner.mine.write_text(a_notebook("1", [], "python 3.13, as JupyterLab writes on opening"))
    learner.open(a_notebook("2", [], "python"))
    assert learner.files == {"01_git.ipynb": a_notebook("2", [], "python")}
    ran = a_notebook("2", ["a card"], "python")
    learner.mine.write_text(ran)
    learner.open(a_notebook("3", [], "python"))
    assert learner.files == {"01_git.ipynb": ran, "01_git.new.ipynb": a_notebook("3", [], "python")}


def test_a_deleted_copy_comes_back(learner):
    learner.open("one")
    learner.mine.unlink()
    learner.open("one")
    assert learner.files == {"01_git.ipynb": "one"}


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"schema": 1, "given": 3}', b'{"schema": 9}', b"\xff"])
def test_with_a_spoilt_record_what_is_there_counts_as_the_learners(learner, spoilt):
    learner.open("one")
    learner.mine.write_text("mine")
    learner.record.write_bytes(spoilt)
    learner.open("two")
    assert learner.files == {"01_git.ipynb": "mine", "01_git.new.ipynb": "two"}


def test_a_folder_that_cannot_be_written_is_named(learner):
    learner.folder.write_text("a file where the folder should be")
    with pytest.raises(Problem, match="notebooks"):
        learner.open("one")
