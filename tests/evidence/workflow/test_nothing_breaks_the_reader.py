"""Whatever a file holds, reading it ends in a model or in a Problem, and every question can be asked of the model."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.evidence.workflow.data_flow import library, sources_of, visible
from graders.evidence.workflow.matrix import expand
from graders.evidence.workflow.model import Workflow
from graders.evidence.workflow.occurrences import in_workflow
from graders.evidence.workflow.permissions import effective_permissions
from graders.evidence.workflow.read import read_action, read_workflow
from graders.evidence.workflow.shells import run_settings
from graders.evidence.workflow.triggers import runs_on
from graders.evidence.workflow.untrusted import injections
from graders.evidence.yaml_document import load, plain
from graders.problems import Problem
from tests.evidence.workflow.samples import sample_files
from tests.evidence.workflow.what_is_true import EVENTS

DOCUMENTS = [plain(load(data)) for data in sample_files().values()]
ODD = st.sampled_from(
    (
        None,
        True,
        0,
        -1,
        3.1,
        "",
        "x",
        "<<",
        "${{",
        "${{ github.ref }}",
        "${{ 1",
        "[",
        "!",
        "needs",
        [],
        {},
        [None],
        [[]],
    )
) | st.sampled_from(({"": None}, {"a": {"b": []}}, ["a", {}], "é\u2028", "9" * 400))


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into a tree of dicts and lists."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """A sample in which some values are something else."""
    document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(places(document)))
        value = copy.deepcopy(draw(ODD | st.text(max_size=6)))
        if not path:
            return value
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = value
    return document


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(broken())
def test_a_broken_sample_is_read_and_can_be_asked_anything(document: Any) -> None:
    data = json.dumps(document).encode()
    for read in (read_workflow, read_action):
        try:
            found = read(data, ".github/workflows/x.yml")
        except Problem as problem:
            assert problem.next, problem.found  # noqa: PT017  (either outcome is right)
            continue
        assert all(finding.what and finding.next for finding in found.findings)
        if isinstance(found, Workflow):
            ask_everything(found)


def ask_everything(found: Workflow) -> None:
    others = library([found])
    for event in EVENTS.values():
        runs_on(found, event)
    injections(found, others=others)
    list(in_workflow(found))
    for job in found.jobs.values():
        visible(found, job)
        effective_permissions(found, job)
        if job.strategy and job.strategy.matrix:
            expand(job.strategy.matrix)
        for step in job.steps:
            assert step.title
            run_settings(found, job, step)
            for text in (step.run, *step.env.values.values(), *step.with_.values.values()):
                if text is not None:
                    sources_of(found, job, text, step, others=others)
