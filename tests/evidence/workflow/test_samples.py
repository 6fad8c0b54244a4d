"""What is true of each sample in `ok/`: shapes that well-known projects use, in our words.

`truths.txt` is the table: below `## NAME`, the lines that `what_is_true` must give for `ok/NAME.yaml`.
"""

from __future__ import annotations

import re

import pytest

from graders.evidence.workflow.data_flow import library
from tests.evidence.workflow.samples import HERE, sample_files, samples
from tests.evidence.workflow.what_is_true import EVENTS, what_is_true

TRUTHS = {
    name: lines.strip()
    for name, lines in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", (HERE / "truths.txt").read_text(), re.M | re.S)
}
SAMPLES = samples()


def test_each_sample_has_its_truth() -> None:
    assert sorted(SAMPLES) == sorted(TRUTHS)
    assert len(SAMPLES) >= 45


@pytest.mark.parametrize("name", sorted(TRUTHS))
def test_what_is_true_of_it(name: str) -> None:
    assert what_is_true(SAMPLES[name], library(SAMPLES.values()), sample_files()) == TRUTHS[name]


def test_every_event_starts_some_sample_and_leaves_another() -> None:
    """An event that starts all or none of them would prove nothing; a commit that says so is the exception."""
    started = {name for lines in TRUTHS.values() for name in lines.splitlines()[0].removeprefix("on: ").split(", ")}
    assert set(EVENTS) - started == {"skip ci", "comment edited", "other dispatch", "prerelease"}
