"""Which stages build."""

from __future__ import annotations

import pytest

from graders.evidence.dockerfile.builder_stage import builds_something
from graders.evidence.dockerfile.read import read


def _builds(run: str, name: str = "base") -> bool:
    (stage,) = read(f"FROM python:3.12-slim AS {name}\nRUN {run}\n".encode()).stages
    return builds_something(stage)


@pytest.mark.parametrize(
    "run",
    ["apt-get update && apt-get install -y --no-install-recommends gcc", "apt-get install -y libpq-dev",
     "pip install build", "pip install -r requirements-dev.lock", "pip wheel -r requirements.lock", "python -m build",
     "pip install --no-deps .", "pip install .[postgres]", "apk add --no-cache build-base"],
)  # fmt: skip
def test_tools_and_packages_of_the_source_make_a_builder(run: str) -> None:
    assert _builds(run)


@pytest.mark.parametrize(
    "run",
    ["pip install --no-cache-dir --require-hashes -r requirements.lock", "python -m venv /venv", "useradd app",
     "apt-get install -y curl tini", "uv sync --frozen --no-dev", "true",
     "apt-get install -y gcc && pip install -r requirements.lock && apt-get purge -y gcc"],
)  # fmt: skip
def test_what_the_service_runs_with_makes_none(run: str) -> None:
    assert not _builds(run)


def test_a_stage_that_calls_itself_so_is_one_where_it_installs() -> None:
    assert _builds("pip install -r requirements.lock", "builder")
    assert not _builds("true", "build")
