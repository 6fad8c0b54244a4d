"""Actions that bring a tool along: uv and linters, with the wheels at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

CI = ".github/workflows/ci.yml"
PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "hello"
version = "1.0.0"
requires-python = ">=3.11"

[dependency-groups]
dev = ["pytest", "ruff"]

[tool.setuptools]
py-modules = ["hello"]
"""
FILES = {
    "pyproject.toml": PROJECT, "hello.py": "WORD = 1\n",
    "test_hello.py": "import hello\n\n\ndef test_word() -> None:\n    assert hello.WORD == 1\n",
}  # fmt: skip
UV = "{uses: actions/checkout@v5}, {uses: astral-sh/setup-uv@v7, with: {python-version: '3.13'}}"
WORKFLOW = f"""
on: push
jobs:
  venv:
    runs-on: ubuntu-latest
    steps: [{UV}, {{run: uv venv --python 3.13}}, {{run: uv pip install pytest}}, {{run: uv run --no-project pytest}}]
  sync:
    runs-on: ubuntu-latest
    steps: [{UV}, {{run: uv sync --frozen --group dev}}, {{run: uv run --frozen pytest}}, {{run: uv run ruff check .}}]
  system:
    runs-on: ubuntu-latest
    steps: [{{uses: actions/setup-python@v6}}, {UV}, {{run: uv pip install --system pytest}}, {{run: pytest}},
            {{run: uvx ruff check .}}]
  ruff: {{runs-on: ubuntu-latest, steps: [{{uses: actions/checkout@v5}}, {{uses: astral-sh/ruff-action@v3}},
         {{uses: psf/black@stable}}]}}
  runners_own:
    runs-on: ubuntu-latest
    steps: [{{uses: actions/checkout@v5}}, {{run: pip install ruff}}, {{run: ruff check .}}]
"""


def test_they_pass_good_code_and_fail_bad_code(repository: Callable[..., Any]) -> None:
    good = repository({CI: WORKFLOW, **FILES}).run(offline_packages=True)
    assert {job.id: job.result for job in good.jobs} == dict.fromkeys(
        ("venv", "sync", "system", "ruff", "runners_own"), "success"
    )

    bad = repository({CI: WORKFLOW, **FILES, "hello.py": "import os\nWORD = 2\n"}).run(offline_packages=True)
    assert {job.result for job in bad.jobs} == {"failure"}
    failing = {job.id: next(step.name for step in job.steps if step.result == "failure") for job in bad.jobs}
    assert failing == {
        "venv": "uv run --no-project pytest", "sync": "uv run --frozen pytest", "system": "pytest",
        "ruff": "astral-sh/ruff-action@v3", "runners_own": "ruff check .",
    }  # fmt: skip
