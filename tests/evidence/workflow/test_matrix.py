"""Which jobs a matrix makes, by GitHub's page and its examples.

https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
"""

from __future__ import annotations

import pytest

from graders.evidence.workflow.matrix import MOST_JOBS, Expansion, expand
from tests.evidence.workflow.samples import job_of, workflow

Leg = dict[str, object]


def expansion(matrix: str) -> Expansion:
    found = workflow(
        f"on: push\njobs:\n  a:\n    runs-on: x\n    strategy: {{matrix: {matrix}}}\n    steps: [{{run: make}}]\n"
    )
    strategy = job_of(found, "a").strategy
    assert strategy is not None
    assert strategy.matrix is not None
    return expand(strategy.matrix)


@pytest.mark.parametrize(
    ("matrix", "legs"),
    [
        (
            "{v: [10, 12], os: [u, w]}",
            [{"v": 10, "os": "u"}, {"v": 10, "os": "w"}, {"v": 12, "os": "u"}, {"v": 12, "os": "w"}],
        ),
        ("{v: [3.10, '3.10']}", [{"v": 3.1}, {"v": "3.10"}]),
        ("{v: [{a: 1}, [2]]}", [{"v": {"a": 1}}, {"v": [2]}]),
        ("{include: [{a: 1}, {b: 2}]}", [{"a": 1}, {"b": 2}]),
        (
            "{os: [w, u], node: [14, 16], include: [{os: w, node: 16, npm: 6}]}",
            [
                {"os": "w", "node": 14},
                {"os": "w", "node": 16, "npm": 6},
                {"os": "u", "node": 14},
                {"os": "u", "node": 16},
            ],
        ),
        (
            "{fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, {color: pink, animal: cat},"
            " {fruit: apple, shape: circle}, {fruit: banana}, {fruit: banana, animal: cat}]}",
            [
                {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
                {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
                {"fruit": "pear", "animal": "cat", "color": "pink"},
                {"fruit": "pear", "animal": "dog", "color": "green"},
                {"fruit": "banana"},
                {"fruit": "banana", "animal": "cat"},
            ],
        ),
        ("{os: [a, b], v: [1, 2], exclude: [{os: a, v: 1}, {v: 2}]}", [{"os": "b", "v": 1}]),
        ("{os: [a], exclude: [{os: a}], include: [{os: a, x: 1}]}", [{"os": "a", "x": 1}]),
        ("{os: [a], exclude: [{os: a, other: 1}]}", [{"os": "a"}]),
        ("{v: [1, 2], exclude: [{v: '1'}]}", [{"v": 2}]),
        ("{v: \"${{ fromJSON('[1, 2]') }}\"}", [{"v": 1}, {"v": 2}]),
        ('"${{ fromJSON(\'{\\"v\\": [1], \\"include\\": [{\\"x\\": 2}]}\') }}"', [{"v": 1, "x": 2}]),
        ('{v: ["a-${{ 1 }}"]}', [{"v": "a-1"}]),
    ],
)
def test_static_matrices(matrix: str, legs: list[Leg]) -> None:
    found = expansion(matrix)
    assert [dict(leg) for leg in found.legs] == legs
    assert found.count == len(legs)
    assert not found.unknown


@pytest.mark.parametrize(
    "matrix",
    [
        '"${{ fromJSON(needs.plan.outputs.matrix) }}"',
        '{v: "${{ fromJSON(needs.plan.outputs.versions) }}", os: [a]}',
        '{os: [a], include: "${{ fromJSON(vars.MORE) }}"}',
        '{os: [a], exclude: "${{ fromJSON(vars.LESS) }}"}',
    ],
)
def test_what_only_a_run_can_tell(matrix: str) -> None:
    found = expansion(matrix)
    assert found.unknown
    assert not found.legs
    assert not found.too_many


def test_the_limit_is_githubs() -> None:
    just = expansion(f"{{v: {list(range(MOST_JOBS))}}}")
    assert (just.count, just.too_many, len(just.legs)) == (256, False, 256)
    more = expansion(f"{{v: {list(range(MOST_JOBS + 1))}}}")
    assert (more.count, more.too_many, len(more.legs)) == (257, True, 0)


def test_included_jobs_count_too() -> None:
    assert expansion(f"{{v: {list(range(MOST_JOBS))}, include: [{{v: x}}]}}").too_many


@pytest.mark.parametrize("vectors", [["a", "b"], ["a", "b", "c", "d", "e", "f"]])
def test_ten_thousand_jobs_and_a_billion_are_counted_at_once(vectors: list[str]) -> None:
    found = expansion("{" + ", ".join(f"{name}: {list(range(100))}" for name in vectors) + "}")
    assert found.count == 100 ** len(vectors)
    assert found.too_many
    assert not found.legs
