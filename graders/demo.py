"""`make demo`: in one screen, what the course does. Everything shown is run, in a folder that is gone at the end."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from graders.attempts.make import carry_out
from graders.attempts.recipe import Recipe, reference
from graders.console import say_problem
from graders.criterion import Kind
from graders.judge import judge
from graders.problems import Problem
from graders.reports import wording
from graders.result import Result
from graders.step import find
from graders.workspace.start import start

_SEED = 3
_FIRST_TRY = """\
git switch --quiet -c list-by-$MINE
cp "$GIVEN/routes_mine" widgets/routes.py
git commit --all --message "List widgets by $MINE"
cp "$GIVEN/test_mine" tests/test_$MINE.py
git add tests
git commit --message "Test the list by $MINE"
git push --set-upstream origin list-by-$MINE
ninesteps pr create --fill
"""
_COLOURS = {Kind.PASSED: "green", Kind.FAILED: "red", Kind.CANNOT_CHECK: "yellow", Kind.ERROR: "magenta"}


def main(argv: Sequence[str] = ()) -> int:
    """Show it; `--svg FILE` also keeps it as a picture. Returns the exit code of the last check."""
    keep = argv[1] if len(argv) == 2 and argv[0] == "--svg" else ""
    console = Console(highlight=False, record=bool(keep), width=92 if keep else None)
    place = find("git")
    with TemporaryDirectory(prefix="ninesteps-demo-") as folder:
        os.environ["NINESTEPS_HOME"] = folder
        names = {"GIT_AUTHOR_NAME": "Sam", "GIT_COMMITTER_NAME": "Sam"}
        env = {**os.environ, **names, "GIT_AUTHOR_EMAIL": "sam@example.org", "GIT_COMMITTER_EMAIL": "sam@example.org"}
        console.print("[bold]Nine Steps[/]: the grader runs your work, and then it breaks it.\n")
        made = start(place, Path(folder) / "first", _SEED)
        _command(console, "ninesteps start git", "a colleague moves main meanwhile")
        first = Recipe("first", "right", "", _FIRST_TRY, "", {}, {}, "", _SEED)
        carry_out(place, first, _SEED, made.repo, env)
        _command(console, "git commit (twice); git push; ninesteps pr create", "a first try")
        _command(console, "ninesteps check git")
        _summary(console, judge(place, made.repo))
        made = start(place, Path(folder) / "second", _SEED)
        carry_out(place, reference(place), _SEED, made.repo, env)
        _command(console, "ninesteps solution git --apply", "rebased, both changes kept")
        _command(console, "ninesteps check git")
        result = judge(place, made.repo)
        _summary(console, result)
    console.print("\nYour turn: [bold]make lab[/]")
    if keep:
        picture = console.export_svg(title="make demo", unique_id="demo")
        # No font is fetched: the picture uses what is there.
        Path(keep).write_text(re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL), encoding="utf-8")
    return result.exit_code


def _command(console: Console, command: str, about: str = "") -> None:
    console.print(f"[bold]$ {escape(command)}[/]" + (f"   [dim]# {escape(about)}[/]" if about else ""))


def _summary(console: Console, result: Result) -> None:
    for judged in result.criteria:
        look = wording.look(judged.verdict)
        colour = _COLOURS[judged.verdict.kind]
        title, points = judged.criterion.title, wording.points(judged)
        console.print(f"  [{colour}]{look.shape} {look.word:<12}[/] {title:<52} {points:>10}")
        if judged.verdict.kind is not Kind.PASSED and not wording.waits(judged.verdict):
            console.print(Padding(f"{escape(judged.verdict.found)}\n→ {escape(judged.verdict.next)}", (0, 0, 0, 6)))
    console.print(f"  [bold]{wording.score(result)}[/]")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        say_problem(problem)
        sys.exit(2)
