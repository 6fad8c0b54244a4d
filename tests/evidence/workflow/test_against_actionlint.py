"""actionlint is an independent judge of our reader: line by line, what it calls wrong we call wrong, and no more.

Both are held against the files of `err/`. Where the two are meant to differ, `DIFFERENCES` says why.
https://github.com/rhysd/actionlint/blob/main/docs/checks.md
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.evidence.linting import Lint
from graders.evidence.workflow.linters import actionlint
from graders.evidence.workflow.read import FOLDER
from tests.evidence.workflow.samples import HERE, said_of_file, sample_files


@dataclass(frozen=True)
class Difference:
    """The lines that only one of the two minds, and why that is right."""

    why: str
    only_ours: tuple[int, ...] = ()
    only_theirs: tuple[int, ...] = ()


DIFFERENCES = {
    "bomb": Difference("we stop at the bomb; it reads the file, and minds each key", (), (1, 2, 3, 4, 5, 7, 8, 9)),
    "conditions_that_never_change": Difference("`something && false` is false too", (13, 15)),
    "environment": Difference(
        "it points at the key that lacks something, we at its content; of `steps` it also says that they are missing",
        (6, 8), (5, 7, 16),
    ),
    "expression_syntax": Difference("of an expression that is never closed it speaks on three lines", (), (8, 9)),
    "job_calls_and_runs": Difference("it names the first of two keys too many, in an order of its own", (5,)),
    "left_to_actionlint": Difference(
        "names of variables, passwords, old commands, objects as text, shellcheck, inputs of well-known actions and of "
        "called workflows, shells of another system: what it says of these comes in as evidence in its own words",
        (), (3, 9, 11, 12, 14, 16, 17, 19, 21, 22),
    ),
    "matrix": Difference("a matrix that excludes all its combinations makes no job", (20,)),
    "matrix_too_big": Difference("GitHub refuses it when the run starts, so it can't be judged by a run", (7,)),
    "needs_circle": Difference("it points at the job, we at the `needs`", (4,), (3,)),
    "needs_unknown": Difference("it points at the job, we at the name", (8,), (7,)),
    "numbers": Difference("GitHub takes them, as other values than they look", (3, 4, 6, 12, 16)),
    "on_both_filters": Difference("it points at the second filter, we at the first", (3,), (4,)),
    "on_filter_of_another_event": Difference("it points at the event, we at the key", (6,), (5,)),
    "on_pattern": Difference("patterns that only take out let nothing in", (4,)),
    "runner_that_is_none": Difference("a label may be a private runner's; that it is none is said when it runs", (), (4,)),
    "strangers_text": Difference("a stranger's text inside an object, and one that an `env` passes on", (13, 17)),
    "two_documents": Difference("it reads the first document alone, we say that there are two", (2,), (1,)),
    "unquoted_bang": Difference("we stop at the tag", (), (3, 6)),
    "uses": Difference("a workflow is nothing that a step can use, and `$/` takes no version", (8, 9, 11)),
}  # fmt: skip
ERRORS = sorted((HERE / "err").glob("*.yaml"))


def _theirs() -> dict[str, list[Lint]]:
    """One call for all files; `ok/` is beside them for what they call."""
    found: dict[str, list[Lint]] = defaultdict(list)
    for lint in actionlint(sample_files() | {f"{FOLDER}/err_{path.name}": path.read_bytes() for path in ERRORS}):
        name = Path(lint.where.path).stem
        if name.startswith("err_"):
            found[name.removeprefix("err_")].append(lint)
    return found


THEIRS = _theirs()


@pytest.mark.parametrize("path", ERRORS, ids=[path.stem for path in ERRORS])
def test_actionlint_minds_the_same_lines(path: Path) -> None:
    mine, theirs = {line for line, _ in said_of_file(path)}, {lint.where.line for lint in THEIRS[path.stem]}
    meant = DIFFERENCES.get(path.stem, Difference(""))
    assert (sorted(mine - theirs), sorted(theirs - mine)) == (list(meant.only_ours), list(meant.only_theirs))


def test_each_difference_is_about_a_file_and_says_why() -> None:
    assert set(DIFFERENCES) <= {path.stem for path in ERRORS}
    assert all(one.why and (one.only_ours or one.only_theirs) for one in DIFFERENCES.values())


def test_it_has_nothing_against_our_right_samples() -> None:
    """Its word on Node 20, which many actions still run on, is none on the file."""
    assert [str(lint) for lint in actionlint(sample_files()) if "is deprecated" not in lint.message] == []
