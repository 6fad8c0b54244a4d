"""What a template of a configuration is, and which variables it names; what Python code reads."""

from __future__ import annotations

import pytest

from graders.evidence.env_template import templates
from graders.evidence.environment_reads import environment_reads


@pytest.mark.parametrize(
    "path",
    [".env.example", ".env.staging.example", "env.sample", "example.env", "config/staging.env", "deploy/.env.template",
     "config/production.env.example", "envs/production.example", ".env.dist"],
)  # fmt: skip
def test_these_are_templates(path: str) -> None:
    assert [one.path for one in templates({path: b"A=1\n"})] == [path]


@pytest.mark.parametrize(
    "path", [".env", "widgets/settings.py", "tests/.env.example", "environment.yml", "example.py", "README.md"]
)
def test_these_are_none(path: str) -> None:
    assert templates({path: b"A=1\n"}) == ()


def test_names_and_values() -> None:
    text = b"# About\nexport A = 'one'\nB: two # why\n# C=three\nlower=4\n  D=\nA=again\n# A=commented\nnot a line\n"
    [one] = templates({".env.example": text})
    assert one.values == {"A": "one", "B": "two", "D": ""}
    assert one.commented == {"C": "three"}
    assert one.names == {"A", "B", "C", "D"}


def test_what_code_reads() -> None:
    code = b"""
import os
from os import environ, getenv
def f(env=os.environ, other={}):
    os.environ["A"]; environ.get("B"); getenv("C"); os.getenv("D", "x"); env.get("E"); env["F"]
    other.get("NOT"); other["NOT"]; "G"; os.environ.get(name)
"""
    found = environment_reads({"widgets/a.py": code, "tests/b.py": b"import os; os.environ['T']", "c.py": b"def ("})
    assert list(found) == ["A", "B", "C", "D", "E", "F"]
    assert found["A"] == "widgets/a.py:5"
