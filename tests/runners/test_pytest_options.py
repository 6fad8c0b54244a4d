"""Which of a tree's own pytest options hold when it is judged."""

from __future__ import annotations

import pytest

from graders.runners.pytest_options import kept_options


@pytest.mark.parametrize(
    ("addopts", "kept"),
    [
        ("", []),
        ("-q -x -n auto --cov=widgets -p evil --collect-only", []),
        ('-m "not e2e"', ["-m", "not e2e"]),
        ("-mslow -k 'a or b'", ["-m", "slow", "-k", "a or b"]),
        ("--import-mode=importlib -q", ["--import-mode", "importlib"]),
        ("--import-mode importlib", ["--import-mode", "importlib"]),
        ("--ignore=tests/e2e --ignore tests/load", ["--ignore", "tests/e2e", "--ignore", "tests/load"]),
        ("-W ignore::DeprecationWarning", ["-W", "ignore::DeprecationWarning"]),
        ("--maxfail=1 --mode -", []),
        ('-m "unclosed', []),
    ],
)
def test_what_chooses_tests_is_kept(addopts: str, kept: list[str]) -> None:
    assert kept_options({"pytest.ini": f"[pytest]\naddopts = {addopts}\n".encode()}) == kept


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ({}, []),
        ({"pytest.toml": b'[pytest]\naddopts = ["-m", "slow"]\n'}, ["-m", "slow"]),
        ({"pyproject.toml": b'[tool.pytest.ini_options]\naddopts = ["-m", "slow"]\n'}, ["-m", "slow"]),
        ({"pyproject.toml": b'[tool.pytest.ini_options]\naddopts = "-m slow"\n'}, ["-m", "slow"]),
        ({"pyproject.toml": b'[tool.pytest]\naddopts = ["-m", "slow"]\n'}, ["-m", "slow"]),
        ({"pyproject.toml": b"[tool.ruff]\n", "tox.ini": b"[pytest]\naddopts = -m slow\n"}, ["-m", "slow"]),
        ({"setup.cfg": b"[tool:pytest]\naddopts =\n    -q\n    -m slow\n"}, ["-m", "slow"]),
        ({"pytest.ini": b"[pytest]\n", "pyproject.toml": b'[tool.pytest.ini_options]\naddopts = "-m slow"\n'}, []),
        ({"pyproject.toml": b"tool = 7\n"}, []),
        ({"pyproject.toml": b"[" * 5000}, []),
        ({"pytest.ini": b"no section\xff"}, []),
        ({"pytest.toml": b"[pytest]\naddopts = 7\n"}, []),
    ],
)
def test_the_settings_that_count_are_pytests_own_choice(files: dict[str, bytes], kept: list[str]) -> None:
    assert kept_options(files) == kept
