"""Pipelines in words: one sentence, an outline for screen readers, and lines for a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from graders.picture import JobNode, Pipelines, State
from graders.reports.drawing import LOOK_HERE
from graders.reports.layered_layout import layers
from graders.reports.safe_text import one_line
from graders.reports.text_page import Page
from graders.reports.wording import JOB_LOOKS

MOST_JOBS, MOST_RUNS = 60, 20
_NAME, _NOTE = 60, 200  # characters
_NAMED, _NAMED_NEEDS = 3, 12
_WIDTH, _NARROWEST, _WIDEST_COLUMN = 80, 40, 30  # cells
_WORD = max(len(look.word) for look in JOB_LOOKS.values())


@dataclass(frozen=True, slots=True)
class ShownRun:
    """What is shown of one run: its first jobs, and in `others` what is only counted. Without a title it is all that
    came after the last run that is shown."""

    title: str
    jobs: tuple[JobNode, ...]
    others: str = ""


def shown_runs(pipelines: Pipelines, marks: frozenset[str]) -> tuple[ShownRun, ...]:
    """The first 60 jobs in the first 20 runs; the others are counted, the failed and the marked ones named."""
    room = MOST_JOBS
    shown: list[ShownRun] = []
    for number, run in enumerate(pipelines.runs):
        if room == 0 or number == MOST_RUNS:
            rest = pipelines.runs[number:]
            words = f"… {_count(len(rest), 'more workflow')}"
            jobs = [job for other in rest for job in other.jobs]
            shown.append(ShownRun("", (), f"{words}, {_others(jobs, marks)}" if jobs else words))
            break
        first, others = run.jobs[:room], run.jobs[room:]
        room -= len(first)
        words = f"… {_others(others, marks, ' more')}" if others else ""
        shown.append(ShownRun(one_line(run.title, _NAME) or "(no title)", first, words))
    return tuple(shown)


def needs_of(jobs: Sequence[JobNode]) -> list[tuple[int, ...]]:
    """For each job the places of those that it needs; one that is not among `jobs` is left out."""
    places: dict[str, int] = {}
    for place, job in enumerate(jobs):
        places.setdefault(job.id, place)
    return [tuple(places[need] for need in job.needs if need in places) for job in jobs]


def tally(jobs: Sequence[JobNode]) -> str:
    """For example `3 success, 1 failure (test), 2 skipped`; those that failed or wait are named."""
    parts = []
    for state in State:
        names = [name(job) for job in jobs if job.state is state]
        if names:
            named = f" ({_listed(names, _NAMED)})" if state in (State.FAILURE, State.WAITING) else ""
            parts.append(f"{len(names)} {JOB_LOOKS[state].word}{named}")
    return ", ".join(parts)


def name(job: JobNode) -> str:
    """What a job is called: the name that GitHub shows, or its id where it has none."""
    return one_line(job.text, _NAME) or one_line(job.id, _NAME)


def is_marked(job: JobNode, marks: frozenset[str]) -> bool:
    """Whether `marks` hold the job's id, or that of the job whose leg or called job it is."""
    return any(job.id == mark or job.id.startswith((f"{mark} (", f"{mark} / ")) for mark in marks)


def summary(pipelines: Pipelines, marks: frozenset[str]) -> str:
    """One breath about the pipelines: how many jobs, how they stand, which failed or wait, which are marked."""
    jobs = [job for run in pipelines.runs for job in run.jobs]
    if not pipelines.runs:
        return "No workflow started."
    words = f"{_count(len(jobs), 'job')} in {_count(len(pipelines.runs), 'workflow')}"
    words += f", {tally(jobs)}." if jobs else "."
    marked = _marked(jobs, marks)
    return f"{words} Marked “{LOOK_HERE}”: {marked}." if marked else words


def outline(pipelines: Pipelines, marks: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The pipelines in words: for each run a heading and its jobs, each after those that it needs."""
    parts: list[tuple[str, tuple[str, ...]]] = []
    for run in shown_runs(pipelines, marks):
        if run.title:
            items = tuple(_in_words(job, marks) for _, job in _in_order(run.jobs))
            parts.append((run.title if run.jobs else f"{run.title}: no jobs", items))
        if run.others:
            parts.append((run.others, ()))
    return tuple(parts)


def as_text(
    pipelines: Pipelines, marks: frozenset[str] = frozenset(), width: int = _WIDTH, encoding: str = "utf-8"
) -> str:
    """The text equivalent of `svg` for a terminal of `width` columns, with the characters that `encoding` has.

    A line for each job: its layer (1 starts at once, 2 after a job of layer 1, and so on), its state by shape and word, its
    name, and what it needs, deploys to and says.
    """
    console = Console(file=io.StringIO(), width=width, legacy_windows=False, _environ={})
    page = Page(console, max(width, _NARROWEST), JOB_LOOKS.values(), encoding)
    lines = list(_lines(page, pipelines, marks))
    return "".join(f"{line.plain.rstrip()}\n" for line in lines)


def _lines(page: Page, pipelines: Pipelines, marks: frozenset[str]) -> Iterator[Text]:
    heading = page.text(f"{one_line(pipelines.title, _NAME)}: {summary(pipelines, marks)}")
    yield from page.wrapped(Text(), heading, page.width)
    runs = shown_runs(pipelines, marks)
    names = [page.text(_full_name(job)).cell_len for run in runs for job in run.jobs]
    column = max((wide for wide in names if wide <= _WIDEST_COLUMN), default=0)
    for run in runs:
        yield Text()
        if run.title:
            yield from page.wrapped(Text(), page.text(run.title), page.width)
            if not run.jobs:
                yield Text("  no jobs")
        for layer, job in _in_order(run.jobs):
            yield from _job_lines(page, job, layer, column, is_marked(job, marks))
        if run.others:
            yield from page.wrapped(Text("  "), page.text(run.others), page.width - 2)


def _job_lines(page: Page, job: JobNode, layer: int, column: int, marked: bool) -> Iterator[Text]:
    look = JOB_LOOKS[job.state]
    lead = Text(f"{layer:>3}  {page.shape(look)} {look.word.ljust(_WORD)}  ")
    title, details = page.text(_full_name(job)), page.text("; ".join(_remarks(job, marked)))
    room = page.width - lead.cell_len
    if title.cell_len <= column and column + 2 + details.cell_len <= room:
        yield Text.assemble(lead, title, " " * (column - title.cell_len + 2), details)
        return
    yield from page.wrapped(lead, title, room)
    if details:
        yield from page.wrapped(Text(" " * (lead.cell_len + 2)), details, room - 2)


def _in_order(jobs: Sequence[JobNode]) -> list[tuple[int, JobNode]]:
    """The jobs by layers, each with the number of its layer, from 1."""
    numbered = [(layer + 1, job) for layer, job in zip(layers(needs_of(jobs)), jobs, strict=True)]
    return sorted(numbered, key=lambda one: one[0])


def _in_words(job: JobNode, marks: frozenset[str]) -> str:
    words = f"{_full_name(job)}: {JOB_LOOKS[job.state].word}"
    remarks = _remarks(job, is_marked(job, marks))
    return f"{words} ({'; '.join(remarks)})" if remarks else words


def _full_name(job: JobNode) -> str:
    """The name, and in brackets the id that `needs` and messages know it by, where that is another."""
    shown, id = name(job), one_line(_job_id(job.id), _NAME)
    return shown if not id or id == one_line(_job_id(shown), _NAME) else f"{shown} [{id}]"


def _job_id(id: str) -> str:
    """The id without the values of a matrix's leg; no id that GitHub takes holds a blank."""
    return id.partition(" (")[0]


def _remarks(job: JobNode, marked: bool) -> list[str]:
    needs = list(dict.fromkeys(one_line(_job_id(need), _NAME) for need in job.needs))
    return [
        *([LOOK_HERE] if marked else []),
        *([f"needs {_listed(needs, _NAMED_NEEDS)}"] if needs else []),
        *([f"environment {environment}"] if (environment := one_line(job.environment, _NAME)) else []),
        *([note] if (note := one_line(job.note, _NOTE)) else []),
    ]


def _others(jobs: Sequence[JobNode], marks: frozenset[str], more: str = "") -> str:
    words = f"{_count(len(jobs), f'{more} job'.strip())}: {tally(jobs)}"
    marked = _marked(jobs, marks)
    return f"{words}; {LOOK_HERE}: {marked}" if marked else words


def _marked(jobs: Sequence[JobNode], marks: frozenset[str]) -> str:
    return _listed([name(job) for job in jobs if is_marked(job, marks)], _NAMED_NEEDS)


def _listed(names: Sequence[str], most: int) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
