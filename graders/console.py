"""How the command line talks: plain lines in any terminal, progress where somebody looks, trouble in two sentences."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from graders.problems import Problem

_ITEM = "- "


@contextmanager
def told_as_problems() -> Iterator[None]:
    """Trouble with files, and defects of ours, become a Problem too."""
    try:
        yield
    except Problem:
        raise
    except OSError as trouble:
        if not trouble.filename and isinstance(trouble, FileNotFoundError):
            raise Problem("The folder you are in is gone.", "Go to one that is there: cd") from None
        what = f"{os.fsdecode(trouble.filename)}: " if isinstance(trouble.filename, str | bytes) else ""
        raise Problem(
            f"{what}{trouble.strerror or trouble}.",
            "See that the path is right, that you may use it, and that the disk has room.",
        ) from None
    except Exception as defect:
        raise Problem(
            f"The command itself broke ({type(defect).__name__}: {str(defect)[:200]}).",
            f"This is our defect, not yours: please report {_kept_traceback()} and what `ninesteps doctor` says.",
        ) from None


def _kept_traceback() -> str:
    """Where the traceback of the exception being handled is now."""
    import tempfile
    import traceback

    handle, name = tempfile.mkstemp(prefix="ninesteps-defect-", suffix=".txt")
    with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(traceback.format_exc())
    return name


def say(text: str, *, err: bool = False) -> None:
    """Print, whatever characters the terminal lacks."""
    from graders.reports.safe_text import encodable

    stream = sys.stderr if err else sys.stdout
    typer.echo(encodable(text, stream.encoding or "utf-8"), err=err)


def say_problem(problem: Problem) -> None:
    """Print its two sentences on standard error, safe whatever they quote."""
    from graders.reports.safe_text import one_line

    for line in (problem.found, problem.next):
        for part in line.splitlines():
            say(one_line(part, 500), err=True)


def wrapped(text: str, indent: str = "") -> str:
    """Paragraphs and list items (`- …`) in the terminal's width, but never wider than is easy to read.

    A block that is indented by four columns or more, as Markdown has code, stays as it is.
    """
    import shutil
    import textwrap

    width = max(min(shutil.get_terminal_size().columns, 100), 40)

    def filled(part: str) -> str:
        hanging = f"{indent}  " if part.startswith(_ITEM) else indent
        layout = textwrap.TextWrapper(
            width, initial_indent=indent, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
        )
        return layout.fill(" ".join(part.split()))

    def laid_out(paragraph: str) -> str:
        if all(line.startswith("    ") for line in paragraph.splitlines()):
            return textwrap.indent(paragraph.rstrip(), indent)
        return "\n".join(map(filled, re.split(rf"\n(?={_ITEM})", paragraph)))

    return "\n\n".join(map(laid_out, text.strip("\n").split("\n\n")))


@contextmanager
def progress_line(about: str) -> Iterator[Callable[[str], None]]:
    """Says what is under way, where somebody is looking: in one line that changes, or once where lines can't."""
    if not sys.stderr.isatty():
        yield lambda now: None
        return
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_dumb_terminal:
        say(f"{about}. This takes some seconds.", err=True)
        yield lambda now: None
        return
    with console.status(f"{about}…") as status:
        yield lambda now: status.update(f"{now}…")
