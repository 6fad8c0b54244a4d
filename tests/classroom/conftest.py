"""One small class, graded once through nbgrader's own commands; every test looks at what came of it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from graders.pages.build import COURSE
from graders.pages.page import notebook
from tests.once import made_once

PAGE = """\
# Git

```{code-cell} python
from graders.notebook import submit
submit("git")
```

```{code-cell} python
:check: git
from graders.notebook import check
check("git")
```
"""
ASSIGNMENT = "01_git"
HAND_IN = "git.ninesteps"
CALLS = Path(__file__).parent / "nbgrader_calls.py"


def ninesteps(*words: str, home: Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NINESTEPS_HOME": str(home), "HOME": str(home)}
    command = [sys.executable, "-I", "-m", "graders", *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=cwd)


def nbgrader(root: Path, *calls: Sequence[object], activated: bool = False) -> list[tuple[int, str]]:
    """Run nbgrader's commands with `root` as the home of whoever runs them; returns code and output of each.

    `activated` puts the virtual environment's programs on PATH, as its `activate` does; our settings do not need that.
    """
    todo = root / "calls.json"
    todo.write_text(json.dumps([[str(word) for word in call] for call in calls]))
    env = {**os.environ, "HOME": str(root), "NINESTEPS_HOME": str(root / "ninesteps")}
    if activated:
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    done = subprocess.run([sys.executable, str(CALLS), str(todo)], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return [(code, said) for code, said in json.loads(done.stdout)]


def check_cell(book: Any) -> Any:
    return next(cell for cell in book["cells"] if "nbgrader" in cell["metadata"])


# --- what the learners of this class did to their notebooks -----------------------------------------------------------


def copied_the_check_cell(book: Any) -> None:
    cell = check_cell(book)
    book["cells"] += [{**cell, "id": f"copy{number}", "metadata": {**cell["metadata"]}} for number in range(2)]


def deleted_the_check_cell(book: Any) -> None:
    book["cells"].remove(check_cell(book))


def made_noise_on_stderr(book: Any) -> None:
    noise = "import sys; print('noise', file=sys.stderr)"
    book["cells"][1]["source"] = [noise]
    check_cell(book)["source"].insert(0, f"{noise}\n")


def forged_the_output(book: Any) -> None:
    cell = check_cell(book)
    cell["source"] = ["print(10)\n", "10.0"]
    data = {"text/plain": ["10.0"]}
    cell["outputs"] = [{"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}]


def redefined_the_check(book: Any) -> None:
    lie = "import graders.notebook\ngraders.notebook.check = lambda step: 10.0\ncheck = graders.notebook.check"
    book["cells"][1]["source"] = lie.splitlines(keepends=True)


def tampered_with_the_metadata(book: Any) -> None:
    check_cell(book)["metadata"]["nbgrader"] |= {"points": 500.0, "solution": True, "locked": False, "grade": False}
    book["cells"][0]["metadata"]["nbgrader"] = {"schema_version": 1, "grade": True}
    book["cells"][1]["metadata"]["nbgrader"] = {"grade_id": "more-points", "grade": True, "points": 5}
    book["metadata"] = {"language": 5, "kernelspec": {"name": "gone", "display_name": "Gone"}}


def turned_the_check_into_text(book: Any) -> None:
    cell = check_cell(book)
    cell["cell_type"], cell["attachments"] = "markdown", {"a.png": {"image/png": ""}}
    del cell["outputs"], cell["execution_count"]


def nothing(book: Any) -> None:
    pass


Change = Callable[[Any], None]
# name: (which work was handed in, what was done to the notebook)
LEARNERS: Mapping[str, tuple[str | None, Change]] = {
    "full": ("full", nothing),
    "partial": ("partial", nothing),
    "copied": ("partial", copied_the_check_cell),
    "deleted": ("partial", deleted_the_check_cell),
    "noisy": ("full", made_noise_on_stderr),
    "forged": ("partial", forged_the_output),
    "redefined": ("partial", redefined_the_check),
    "tampered": ("partial", tampered_with_the_metadata),
    "text": ("partial", turned_the_check_into_text),
    "broken": ("partial", nothing),  # its notebook becomes half a file
    "dot_git": (None, nothing),  # hands in its .git folder
    "empty_handed": (None, nothing),
    "garbage": (None, nothing),  # its hand-in is no hand-in
    "linked": (None, nothing),  # its hand-in is a link to a file of the instructor's
}
NO_EXCHANGE = ("linked",)  # the exchange would follow the link as the learner


@dataclass(frozen=True)
class Class:
    """A graded class: `course` is the instructor's folder, `said` what each of nbgrader's commands printed."""

    root: Path
    said: Mapping[str, tuple[int, str]]

    @property
    def course(self) -> Path:
        return self.root / "course"

    @property
    def exported(self) -> dict[str, float]:
        with (self.course / "grades.csv").open(newline="") as file:
            return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}

    def submitted(self, learner: str) -> Path:
        return self.course / "submitted" / learner / ASSIGNMENT

    def feedback(self, learner: str) -> str:
        return (self.course / "feedback" / learner / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    root = made_once(tmp_path_factory, "class", _grade_a_class)
    return Class(root, {name: tuple(one) for name, one in json.loads((root / "said.json").read_text()).items()})


def _grade_a_class(root: Path) -> None:
    course = root / "course"
    source = course / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    (source / f"{ASSIGNMENT}.ipynb").write_text(nbformat.writes(notebook(PAGE, f"course/{ASSIGNMENT}.md")))
    shutil.copy(COURSE / "nbgrader_config.py", course)
    (root / "secret.txt").write_text("the instructor's secret")
    mine = ["--CourseDirectory.course_id=ninesteps", f"--Exchange.root={course / 'exchange'}"]
    said: dict[str, tuple[int, str]] = {}

    def run(*calls: tuple[str, Path, Sequence[str]]) -> None:
        answers = nbgrader(root, *([folder, name, *words] for name, folder, words in calls))
        for (name, *_), (code, text) in zip(calls, answers, strict=True):
            worst, before = said.get(name, (0, ""))
            said[name] = (max(worst, code), before + text)

    learners = {name: root / "learners" / name for name in LEARNERS if name not in NO_EXCHANGE}
    first = next(iter(learners.values()))
    first.mkdir(parents=True)
    run(
        ("generate_assignment", course, [ASSIGNMENT]),
        ("release_assignment", course, [ASSIGNMENT]),
        ("fetch_assignment", first, [ASSIGNMENT, *mine]),
    )
    # one fetch shows that it works; the others' folders are copies of what it fetched
    fetched = shutil.copytree(first / ASSIGNMENT, root / "fetched")
    work = _works(root)
    for name, folder in learners.items():
        shutil.copytree(fetched, folder / ASSIGNMENT, dirs_exist_ok=True)
        _do_work(folder / ASSIGNMENT, name, work)
    linked = course / "submitted" / "linked" / ASSIGNMENT
    shutil.copytree(fetched, linked)
    (linked / HAND_IN).symlink_to(root / "secret.txt")
    run(
        *(
            ("submit", folder, [ASSIGNMENT, *mine, f"--CourseDirectory.student_id={name}"])
            for name, folder in learners.items()
        ),
        ("collect", course, [ASSIGNMENT]),
        ("autograde", course, [ASSIGNMENT]),
        ("generate_feedback", course, [ASSIGNMENT]),
        ("export", course, []),
    )
    (root / "said.json").write_text(json.dumps(said))


def _works(root: Path) -> dict[str, Path]:
    """Hand-ins as `ninesteps submit` writes them: one of full score, and one with an empty commit on top."""
    home = root / "learners_home"
    home.mkdir()
    repo, made = home / ASSIGNMENT / "repo", {}
    for words in (["start", "git", "--seed", "7"], ["solution", "git", "--force", "--apply"]):
        done = ninesteps(*words, home=home)
        assert done.returncode == 0, done.stderr
    for name in ("full", "partial"):
        if name == "partial":
            identity = ["-c", "user.name=Sam", "-c", "user.email=sam@example.org"]
            subprocess.run(["git", *identity, "commit", "--allow-empty", "-qm", "Nothing"], cwd=repo, check=True)
            subprocess.run(["git", "push", "-q"], cwd=repo, check=True, capture_output=True)
        done = ninesteps("submit", "git", "--into", str(root / name), home=home)
        assert done.returncode == 0, done.stderr
        made[name] = root / name / HAND_IN
    made[".git"] = repo / ".git"
    return made


def _do_work(folder: Path, name: str, work: Mapping[str, Path]) -> None:
    handed_in, change = LEARNERS[name]
    mine = folder / f"{ASSIGNMENT}.ipynb"
    mine.chmod(0o644)
    content = json.loads(mine.read_text())
    change(content)
    mine.write_text(json.dumps(content))
    if handed_in:
        shutil.copy(work[handed_in], folder)
    if name == "broken":
        mine.write_text(mine.read_text()[:200])
    if name == "dot_git":
        shutil.copytree(work[".git"], folder / ".git")
    if name == "garbage":
        (folder / HAND_IN).write_bytes(b"PK\x03\x04 no zip")
