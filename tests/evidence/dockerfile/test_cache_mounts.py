"""Cache mounts get an owner, and the rest of the Dockerfile stays as it was."""

from __future__ import annotations

import pytest

from graders.evidence.dockerfile.cache_mounts import SharedCache, as_written, with_own_caches
from graders.evidence.dockerfile.read import read

OWNER = "0123456789abcdef"


def _owned(text: str) -> str:
    return with_own_caches(text.encode(), read(text.encode()), OWNER).decode()


@pytest.mark.parametrize(
    ("run", "ids"),
    [
        ("RUN --mount=type=cache,target=/root/.cache/pip pip install x", [f"ninesteps-{OWNER}=/root/.cache/pip"]),
        ("RUN --mount=target=/c,type=cache,id=pip,sharing=locked pip install x", [f"ninesteps-{OWNER}-pip"]),
        ("run --network=none --mount=type=cache,dst=/c make", [f"ninesteps-{OWNER}=/c"]),
        ('RUN --mount="type=cache,target=/a" --mount=type=cache,target=/b true',
         [f"ninesteps-{OWNER}=/a", f"ninesteps-{OWNER}=/b"]),
        ("RUN \\\n  --mount=type=cache,target=/a \\\n  --mount=type=bind,target=/src \\\n  true", [f"ninesteps-{OWNER}=/a"]),
        ("RUN \\\n# why\n\n  # and why\n --mount=type=cache,target=/a true", [f"ninesteps-{OWNER}=/a"]),
        ("RUN --mount=type=cache,target=/a <<EOF\ntrue\nEOF", [f"ninesteps-{OWNER}=/a"]),
    ],
)  # fmt: skip
def test_each_cache_gets_the_owner(run: str, ids: list[str]) -> None:
    text = f"FROM python:3.12-slim AS one\n{run}\nRUN true\n"
    changed = _owned(text)
    steps = [step for stage in read(changed.encode()).stages for step in stage.steps]
    assert [mount["id"] for step in steps for mount in step.mounts if mount.get("type") == "cache"] == ids
    assert changed.count("\n") == text.count("\n")
    assert as_written(changed) == text


def test_what_a_command_says_is_not_touched() -> None:
    text = "FROM scratch\nRUN --mount=type=cache,target=/a echo --mount=type=cache,target=/b\n"
    assert "echo --mount=type=cache,target=/b\n" in _owned(text)
    plain = "FROM scratch\nRUN echo --mount=type=cache,target=/b\n"
    assert _owned(plain) == plain


def test_an_owner_cannot_be_taken() -> None:
    text = f"FROM scratch\nRUN --mount=type=cache,target=/a,id=ninesteps-{'f' * 16}-pip true\n"
    assert f"id=ninesteps-{OWNER}-ninesteps-" in _owned(text)


def test_one_that_cannot_be_changed_is_refused() -> None:
    text = 'FROM scratch\nRUN --mount=type=cache,"target=/a" true\n'
    with pytest.raises(SharedCache, match="Dockerfile:2"):
        _owned(text)
