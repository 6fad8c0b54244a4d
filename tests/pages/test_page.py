"""One page: short tags become nbgrader's metadata, and what is wrong is named with its file and cell."""

from __future__ import annotations

import pytest

from graders.pages.page import notebook
from graders.problems import Problem
from graders.step import find


def test_a_check_cell_is_locked_and_worth_what_its_criteria_are_worth(page):
    cell = next(cell for cell in notebook(page, "course/01_git.md").cells if "nbgrader" in cell.metadata)
    assert cell.metadata == {
        "nbgrader": {
            "grade_id": "check-git",
            "grade": True,
            "points": sum(one.points for one in find("git").step.criteria),
            "locked": True,
            "solution": False,
            "task": False,
            "schema_version": 3,
        }
    }
    assert cell.id == "check-git"


def test_the_table_holds_every_criterion_with_its_points_and_reason(page):
    text = notebook(page, "course/01_git.md").cells[0].source
    assert "{criteria}" not in text
    assert "What is judged:" in text
    for one in find("git").step.criteria:
        assert f"| {one.title} | {one.points:g} | {one.why} |" in text


def test_ids_are_the_same_each_time_and_different_from_each_other(page):
    first, second = (notebook(page, "course/01_git.md") for _ in range(2))
    ids = [cell.id for cell in first.cells]
    assert ids == [cell.id for cell in second.cells]
    assert ids == ["git-and-branching", "1-1", "check-your-work", "check-git", "1-1-2"]


def test_a_heading_does_not_take_the_id_of_a_check(page):
    ids = [cell.id for cell in notebook(page.replace("## Check your work", "## Check git"), "p.md").cells]
    assert ids.count("check-git") == 1
    assert len(set(ids)) == len(ids)


def test_nothing_but_the_directive_is_changed_in_the_text():
    page = (
        '# A\n\n- a | b\n\nand\n\n    ```{criteria} git\n\n````md\n```{criteria} git\n```\n````\n\n$x$ <b>é</b> "“”"\n'
    )
    cell = notebook(page, "course/02_ci.md").cells[0]
    assert cell.source.split("\n", 1)[1] == page.rstrip("\n")


def test_each_heading_begins_a_cell_and_no_text_is_lost():
    text = "before\n\n# A\n\ntext\n\n```sh\n# no heading\n```\n\n- item\n\n  # in an item\n\n## B\n## C\nend"
    cells = [cell.source for cell in notebook(text, "course/02_ci.md").cells]
    assert [cell.split("\n")[0] for cell in cells[1:]] == ["# A", "## B", "## C"]
    assert "\n\n".join(cells).split("-->\n")[1].replace("\n", "") == text.replace("\n", "")


def test_the_notebook_says_what_it_was_made_from(page):
    book = notebook(page, "course/01_git.md")
    assert book.cells[0].source.startswith("<!-- Generated from course/01_git.md")
    assert "jupytext" not in book.metadata
    assert book.metadata.kernelspec.name == "python3"


def cell(*lines: str) -> str:
    return "\n".join(["# Title", "", "```{code-cell} python", *lines, "```", ""])


CHECK = "from graders.notebook import check"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (cell(":check: gti", CHECK), "no step called 'gti'"),
        (cell(":check:", CHECK), "names no step"),
        (cell(":check: 1", CHECK), "Write its name: git"),
        (cell(":check: git", 'check("git")'), "doesn't import `check`"),
        (cell(":chekc: git", CHECK), "the tag 'chekc'"),
        (cell(":tags: [hidden]", CHECK), "the tag 'hidden'"),
        (cell(":nbgrader: {grade: true}", CHECK), "the tag 'nbgrader'"),
        (cell(":check: git", CHECK) + cell(":check: git", CHECK), "check-git stands in this page twice"),
        ("# Title\n\n+++\n\ntext\n\n```{note}\nhi\n```\n", "{note}"),
        ("# Title\n\n+++\n\n```{criteria}\n```\n", "names no step"),
        ("# Title\n\n+++\n\n```{criteria} gti\n```\n", "no step called 'gti'"),
        ('# Title\n\n+++ {"tags": ["x"]}\n\ntext\n', "text cells have no tags"),
    ],
)
def test_what_is_wrong_is_named_with_its_page_and_cell(wrong, says):
    with pytest.raises(Problem) as caught:
        notebook(wrong, "course/07_flags.md")
    assert caught.value.found.startswith("course/07_flags.md, cell ")
    assert says in str(caught.value)
    assert caught.value.next


@pytest.mark.parametrize("wrong", ["", "---\n: [\n---\n# A\n", cell(":tags: hidden", CHECK)])
def test_a_page_that_is_no_page_is_named(wrong):
    with pytest.raises(Problem, match=r"course/07_flags\.md"):
        notebook(wrong, "course/07_flags.md")
