"""What goes into the context, what a change rebuilds, and what hadolint says."""

from __future__ import annotations

import pytest

from graders.evidence.dockerfile.cache import rebuilt
from graders.evidence.dockerfile.context import context_of
from graders.evidence.dockerfile.linter import hadolint
from graders.evidence.dockerfile.patterns import matching
from graders.evidence.dockerfile.read import read
from graders.problems import Problem

FILES = (
    ".dockerignore", ".env", ".git/config", "Dockerfile", "README.md", "docs/a.md", "docs/b/c.md", "tests/test_a.py",
    "widgets/.env", "widgets/__pycache__/a.pyc", "widgets/app.py", "a[b",
)  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "kept_out"),
    [
        ("", ()),
        (".git", (".git/config",)),
        ("/.git/", (".git/config",)),
        (".env", (".env",)),
        ("**/.env", (".env", "widgets/.env")),
        ("*.md", ("README.md",)),
        ("**/*.md\n!README.md", ("docs/a.md", "docs/b/c.md")),
        ("docs\n!docs/b", ("docs/a.md",)),
        ("docs/*\n!docs/b/c.md", ("docs/a.md",)),
        ("!README.md\n*.md", ("README.md",)),
        ("*\n!widgets/*.py", tuple(path for path in FILES if path != "widgets/app.py")),
        ("**/__pycache__", ("widgets/__pycache__/a.pyc",)),
        ("**/*.py[co]\r\n\r\n", ("widgets/__pycache__/a.pyc",)),
        ("# .env\n", ()),
        ("tests/test_?.py", ("tests/test_a.py",)),
        ("./tests/../docs", ("docs/a.md", "docs/b/c.md")),
        ("widgets/**", ("widgets/.env", "widgets/__pycache__/a.pyc", "widgets/app.py")),
    ],
)
def test_which_files_are_kept_out(rules: str, kept_out: tuple[str, ...]) -> None:
    found = context_of(FILES, {".dockerignore": rules.encode()})
    assert found.kept_out == frozenset(kept_out)
    assert found.files == frozenset(FILES) - found.kept_out


def test_the_file_named_after_the_dockerfile_goes_first() -> None:
    texts = {".dockerignore": b"docs", "Dockerfile.dockerignore": b"tests"}
    found = context_of(FILES, texts)
    assert (found.ignore_file, found.kept_out) == ("Dockerfile.dockerignore", {"tests/test_a.py"})
    assert context_of(FILES, texts, "other").ignore_file == ".dockerignore"
    assert context_of(FILES, {}).kept_out == frozenset()


def test_a_pattern_that_is_none_is_named_with_its_line() -> None:
    with pytest.raises(Problem, match=r"\.dockerignore:3: `\[b` is no pattern"):
        context_of(FILES, {".dockerignore": b"# a\ndocs\n[b\n"})


def test_a_pattern_that_takes_forever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.evidence.dockerfile.patterns._SECONDS", 2)
    with pytest.raises(Problem, match="more than 2 seconds"):
        matching([["*a" * 20 + "b"]], ["a" * 200])


MULTI_STAGE = b"""FROM python:3.12 AS build
COPY requirements.lock ./
RUN pip install -r requirements.lock
COPY . .
FROM build AS test
RUN pytest
FROM python:3.12-slim
RUN useradd app
COPY --from=build /app /app
RUN --mount=type=bind,source=docs,target=/docs true
"""


@pytest.mark.parametrize(
    ("target", "changed", "lines"),
    [
        ("2", ["widgets/app.py"], [4, 9, 10]),
        ("2", ["requirements.lock"], [2, 3, 4, 9, 10]),
        ("2", ["docs/a.md"], [4, 9, 10]),
        ("test", ["widgets/app.py"], [4, 6]),
        ("2", [], []),
    ],
)
def test_which_instructions_a_change_makes_run_again(target: str, changed: list[str], lines: list[int]) -> None:
    dockerfile = read(MULTI_STAGE)
    stage = dockerfile.stage(target)
    assert stage is not None
    assert [one.step.where.line for one in rebuilt(dockerfile, stage, changed)] == lines


def test_what_reads_the_file_itself_is_told_from_what_follows() -> None:
    dockerfile = read(MULTI_STAGE)
    found = rebuilt(dockerfile, dockerfile.final, ["docs/a.md"])
    assert [(one.step.where.line, one.reads) for one in found] == [(4, True), (9, False), (10, True)]


def test_hadolint_speaks_in_its_own_words() -> None:
    found = {
        lint.rule: lint for lint in hadolint(b"FROM python:latest\n# hadolint ignore=DL3003\nRUN cd /x && echo $A\n")
    }
    assert found["DL3007"].where.line == 1
    assert found["DL3007"].severity == "warning"
    assert "latest" in found["DL3007"].message
    assert {"DL3003", "SC2086"} <= found.keys()
    assert found["SC2086"].url == "https://www.shellcheck.net/wiki/SC2086"
    heeding = hadolint(b"FROM python:latest\n# hadolint ignore=DL3003\nRUN cd /x && echo $A\n", heed_ignores=True)
    assert "DL3003" not in {lint.rule for lint in heeding}


def test_hadolint_finds_nothing_in_a_clean_one_and_says_where_one_is_broken() -> None:
    assert hadolint(b'FROM python:3.12-slim\nUSER 1000\nCMD ["python"]\n') == ()
    (broken,) = hadolint(b"FRO x\n")
    assert (broken.rule, broken.severity) == ("DL1000", "error")
