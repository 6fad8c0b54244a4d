"""Scripts taken apart into commands, and what each of them runs."""

from __future__ import annotations

import pytest

from graders.evidence.workflow.commands import commands, words_in

PYTEST = frozenset(("pytest", "tox"))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("pip install pytest\npython -m pytest || true", [("pip", 1, "\n"), ("python", 2, "||"), ("true", 2, "\n")]),
        ("set +e\nA=1 pytest -q | tee out", [("set", 1, "\n"), ("pytest", 2, "|"), ("tee", 2, "\n")]),
        ("# pytest\necho pytest # pytest", [("echo", 2, "\n")]),
        ("cat > x <<EOF\npytest\nEOF\nls", [("cat", 1, "\n"), ("ls", 4, "\n")]),
        ("pytest \\\n  -q\nls", [("pytest", 1, "\n"), ("ls", 3, "\n")]),
        ("echo 'a\nb'; ls", [("echo", 1, ";"), ("ls", 1, "\n")]),
        ("pytest ${{ matrix.x || '-q' }} & wait", [("pytest", 1, "&"), ("wait", 1, "\n")]),
        ("(cd app && pytest)", [("cd", 1, "&&"), ("pytest", 1, ")")]),
        ("if ! make test; then echo no; fi", [("make", 1, ";"), ("echo", 1, ";")]),
        ("echo 'never closed", []),
        ("", []),
    ],
)
def test_commands(script: str, expected: list[tuple[str, int, str]]) -> None:
    assert [(one.name, one.line, one.after) for one in commands(script)] == expected


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("pytest", "pytest"), ("python3.12 -m pytest -q", "pytest"), ("uv run --frozen pytest", "pytest"),
        ("coverage run -m pytest", "pytest"), ("poetry run tox -e py", "tox"), ("./venv/bin/pytest", "pytest"),
        ("pip install pytest", ""), ("uv sync --group pytest", ""), ("echo pytest", ""), ("make pytest", ""),
        ("python scripts/pytest.md", ""), ("ls tests/pytest", ""),
    ],
)  # fmt: skip
def test_what_a_command_runs(line: str, program: str) -> None:
    [command] = commands(line)

    assert command.runs(PYTEST) == program


def test_only_asked_how_it_ended() -> None:
    assert [one.asked for one in commands("if pytest; then ls; fi\nwhile tox; do ls; done\n! pytest")] == [
        True, False, True, False, True
    ]  # fmt: skip


def test_words() -> None:
    assert words_in("deploy-toStaging_v2") == ("deploy", "to", "staging", "v", "2")
