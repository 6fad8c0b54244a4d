"""What runs of a workflow looked for in the cache and what they kept there, with the place in the file.

https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from graders.evidence.workflow.data_flow import From, Library, Source, sources_of
from graders.evidence.workflow.expression import Call, ExpressionProblem, Literal, walk
from graders.evidence.workflow.filter_pattern import PatternProblem, selected
from graders.evidence.workflow.model import Job, Step, Text, UsesKind, Workflow
from graders.evidence.workflow.template import pieces
from graders.runners.workflow.record import ActionCall, CacheEntry
from graders.runners.workflow.scenario import Outcome

_DOWNLOADS = (
    "HOME/.cache/pip/", "HOME/.cache/uv/", "HOME/.cache/pypoetry/", "HOME/.cache/pipenv/", "HOME/.cache/yarn/",
    "HOME/.npm/", "HOME/.local/share/pnpm/", "HOME/.local/share/virtualenvs/",
)  # fmt: skip
_INSTALLED = {"site-packages", "node_modules", "http-v2", "archive-v0", "wheels-v5", "wheels-v6"}
_SYSTEM = re.compile(r"RUNNER_OS|runner\.os|ImageOS|uname|os-release|sys\.platform|platform\.system")
_CACHE = "actions/cache"


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question to the cache in one run: which `key`, whether it was there (`hit`), or only a like one (`found`)."""

    workflow: Workflow
    call: ActionCall
    job: Job | None
    step: Step | None

    @property
    def key(self) -> str:
        return str(self.call.told.get("key", ""))

    @property
    def hit(self) -> bool:
        return bool(self.call.told.get("hit"))

    @property
    def found(self) -> str:
        return str(self.call.told.get("found", ""))

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(map(str, self.call.told.get("paths", ())))

    @property
    def place(self) -> tuple[str, str, str, int, tuple[str, ...]]:
        """What stays the same from one run to the next."""
        return (
            self.workflow.path,
            self.call.job,
            json.dumps(self.call.matrix, sort_keys=True),
            self.call.step,
            self.paths,
        )

    @property
    def where(self) -> str:
        """`file:line` of the step."""
        return str(self.step.where if self.step else self.job.where if self.job else self.workflow.path)

    @property
    def key_text(self) -> Text | None:
        """The key as the file has it; None where an action of another kind makes it."""
        named = self.step and self.step.uses and self.step.uses.name.startswith(_CACHE)
        return self.step.with_.get("key") if named and self.step else None


def located(workflow: Workflow, call: ActionCall, library: Library) -> tuple[Job | None, Step | None]:
    """The job and step of the files that a use of an action stands in; those of called workflows, too."""
    job: Job | None = None
    for id in call.job.split(" / "):
        if job is not None:
            called = library.get(job.uses.path) if job.uses and job.uses.kind is UsesKind.LOCAL_WORKFLOW else None
            if called is None:
                return job, None
            workflow = called
        job = workflow.job(id)
        if job is None:
            return None, None
    return job, job.steps[call.step - 1] if job and 0 < call.step <= len(job.steps) else None


def lookups(outcome: Outcome, library: Library) -> list[Lookup]:
    """Every question to the cache, in the order of the runs."""
    return [
        Lookup(one.workflow, call, *located(one.workflow, call, library))
        for one in outcome.started
        for call in one.run.actions
        if call.action.startswith(_CACHE) and call.told.get("cache") == "restored"
    ]


def of_dependencies(outcome: Outcome, library: Library) -> list[Lookup]:
    """The lookups whose key was saved in this run, with something that was downloaded or installed."""
    kept = {entry.key: entry for entry in outcome.caches}
    return [one for one in lookups(outcome, library) if one.key in kept and holds_dependencies(kept[one.key])]


def holds_dependencies(entry: CacheEntry) -> bool:
    """Whether it holds packages, downloaded or installed: files, not empty folders."""
    return any(
        name.startswith(_DOWNLOADS) or name.endswith(".whl") or _INSTALLED & set(PurePosixPath(name).parts)
        for name in members(entry)
    )  # fmt: skip


def members(entry: CacheEntry) -> Iterator[str]:
    """The names of the files in it; links count."""
    try:
        with tarfile.open(fileobj=io.BytesIO(entry.archive), mode="r:*") as archive:
            yield from (member.name for member in archive if not member.isdir())
    except (tarfile.TarError, OSError, EOFError, ValueError):
        return


def not_saved(outcome: Outcome) -> Mapping[str, str]:
    """Key to reason of what was not saved though it was to be, and is not there either."""
    kept = {entry.key for entry in outcome.caches}
    told = [call.told for call in outcome.actions if call.action.startswith(_CACHE)]
    return {
        str(one.get("key")): str(one.get("reason", ""))
        for one in told
        if one.get("cache") == "not saved" and one.get("key") not in kept
    }


def hashed(text: Text) -> list[tuple[str, ...]]:
    """The patterns of each `hashFiles(…)` in the text, where they are written out."""
    try:
        nodes = [node for piece in pieces(text.value) for node in walk(piece.expression)]
    except ExpressionProblem:
        return []
    every = [node.arguments for node in nodes if isinstance(node, Call) and node.name.lower() == "hashfiles"]
    return [
        tuple(str(one.value) for one in arguments if isinstance(one, Literal))
        for arguments in every
        if all(isinstance(one, Literal) for one in arguments)
    ]


def hashes(lookup: Lookup) -> list[tuple[str, ...]]:
    """The patterns of the files that go into a key: in its expression, or where a setup action is told of them."""
    if text := lookup.key_text:
        return hashed(text)
    names = ("cache-dependency-path", "cache-dependency-glob")
    given = [lookup.step.with_.get(name) for name in names] if lookup.step else []
    return [tuple(filter(None, map(str.strip, text.value.splitlines()))) for text in given if text]


def chosen_by(patterns: tuple[str, ...], paths: Iterator[str] | list[str]) -> list[str]:
    """The paths that `hashFiles` would take. https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#hashfiles"""
    plain = [pattern.removeprefix("./") for pattern in patterns]
    try:
        return [path for path in paths if selected(plain, path)]
    except PatternProblem:
        return []


def origins(lookup: Lookup, library: Library) -> tuple[Source, ...]:
    """Where the parts of a key come from."""
    text = lookup.key_text
    if text is None or lookup.job is None:
        return ()
    return sources_of(lookup.workflow, lookup.job, text, lookup.step, others=library)


def knows_the_system(lookup: Lookup, library: Library) -> bool:
    """Whether the key would be another one on another operating system.

    Actions that cache by themselves put it in. A key of `actions/cache` names it where a part of it is the runner's, or
    the same value that chooses the runner, or made by a step that asks for it.
    """
    text = lookup.key_text
    if text is None:
        return "linux" in lookup.key.lower()
    chooses = set()
    if lookup.job and lookup.job.runs_on:
        for label in lookup.job.runs_on.labels:
            chooses |= {one.path for one in sources_of(lookup.workflow, lookup.job, label, others=library)}
    return any(_of_the_system(one) or (one.path and one.path in chooses) for one in origins(lookup, library))


def _of_the_system(source: Source) -> bool:
    if source.kind is From.RUNNER:
        return source.name.lower() in ("os", "env.runner_os", "env.imageos")
    script = source.step.run if source.kind is From.STEP and source.step else None
    return bool(script and _SYSTEM.search(script.value))
