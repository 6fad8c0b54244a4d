"""detect-secrets on what commits bring in: real shapes are found, and what only looks like one at a glance is not."""

from __future__ import annotations

import pytest

from graders.evidence.secret_scan import suspects
from graders.starter import sample_repo_files

# Put together here, so that no scanner takes this file for a leak.
TOKEN = "ghp" + "_16C7e42F292c6912E7710c838347Ae178B4a"
AWS = "AKIA" + "Z7VQ3RWPLK2MD6XN"
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("c1 settings.py", f'TOKEN = "{TOKEN}"'),
        ("c1 tests/test_a.py", f'TOKEN = "{TOKEN}"'),
        ("c1 .env", f"AWS_ACCESS_KEY_ID={AWS}"),
        ("c1 id_rsa", KEY),
        ("c1 settings.py", 'api_key = "8f14e45fceea167a5a36dedd4bea2543"'),
        ("c1 .env", "DB_URL=postgresql://widgets:a8F3k29sLq0zXw71Rt@db/widgets"),
    ],
)
def test_a_secret_is_found(place: str, line: str) -> None:
    found = suspects({place: f"first\n{line}\n".encode(), "c1 other": b"nothing"})
    assert {(one.place, one.line) for one in found} == {(place, 2)}


@pytest.mark.parametrize(
    "line",
    [
        "SUPPLIER_API_KEY=ask-the-team", "password = os.environ['DB_PASSWORD']", "api_key: ${{ secrets.API_KEY }}",
        "DB_URL=postgresql://user:password@localhost/widgets", "--hash=sha256:" + "0123456789abcdef" * 4,
        'database_url = "sqlite:///widgets.db"', "token: ${GITHUB_TOKEN}", 'secret = "changeme"',
    ],
)  # fmt: skip
def test_a_placeholder_is_none(line: str) -> None:
    assert suspects({"c1 config.yml": line.encode()}) == ()


def test_a_tests_own_values_are_none() -> None:
    assert suspects({"c1 tests/test_settings.py": b'api_key = "8f14e45fceea167a5a36dedd4bea2543"\n'}) == ()


def test_the_demo_service_holds_none() -> None:
    assert suspects({name: text.encode() for name, text in sample_repo_files().items() if ".lock" not in name}) == ()


def test_binary_and_endless_lines_end() -> None:
    assert suspects({"a": b"\0\1" * 1000, "b": b"api_key = '" + b"x" * 100_000 + b"'", "c": b"\n" * 10_000}) == ()
