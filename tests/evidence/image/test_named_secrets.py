"""Secrets that are told by their name."""

from __future__ import annotations

import pytest

from graders.evidence.image.named_secrets import is_secret, named_in_file, named_in_history, named_in_settings


@pytest.mark.parametrize(
    "name", ["DATABASE_PASSWORD", "API_KEY", "apikey", "SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "PIP_TOKEN", "DB_PASS"]
)
def test_the_name_of_a_secret_makes_any_value_one(name: str) -> None:
    assert is_secret(name, "plain")


@pytest.mark.parametrize(
    ("name", "value"),
    [("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568"), ("PYTHONUNBUFFERED", "1"), ("BYPASS", "yes"),
     ("DB_PASSWORD_FILE", "/run/secrets/db"), ("TOKEN", ""), ("TOKEN", "$TOKEN"), ("SECRET_KEY", "change-me"),
     ("API_TOKEN", "/run/secrets/api"), ("TOKEN_TTL", "3600s")],
)  # fmt: skip
def test_what_only_speaks_of_a_secret_is_none(name: str, value: str) -> None:
    assert not is_secret(name, value)


def test_variables_and_labels_are_told_by_name_or_by_an_address_with_a_password() -> None:
    found = named_in_settings("env", {"DATABASE_URL": "postgresql://widgets:pw1@db/widgets", "PORT": "8000"})
    assert [one.place for one in found] == ["env DATABASE_URL"]
    assert [one.place for one in named_in_settings("label", {"deploy.token": "abc"})] == ["label deploy.token"]
    assert not list(named_in_settings("env", {"DATABASE_URL": "sqlite:////data/widgets.db"}))


@pytest.mark.parametrize(
    ("said", "told"),
    [("ARG PIP_TOKEN=abc", True), ("RUN |1 PIP_TOKEN=abc /bin/sh -c pip install x # buildkit", True),
     ("RUN /bin/sh -c pip install -i https://robot:hunter2@pypi.example.org/simple x", True), ("ARG PIP_TOKEN", False),
     ("RUN |1 PIP_TOKEN= /bin/sh -c true", False), ("CMD curl http://localhost:8000/healthz", False)],
)  # fmt: skip
def test_the_history_shows_arguments_and_addresses(said: str, told: bool) -> None:
    assert bool(list(named_in_history(5, said))) is told


@pytest.mark.parametrize(
    ("place", "content", "lines"),
    [
        ("app/prod.env", b"# the token\nexport API_TOKEN=tok12345\n", [2]),
        ("root/.netrc", b"machine x login ci password hunter2\n", [1]),
        ("app/settings.yaml", b"secret_key: abcdefgh12\n", [1]),
        ("app/alembic.ini", b"sqlalchemy.url = driver://user:pass@localhost/dbname\n", []),
        ("app/alembic.ini", b"sqlalchemy.url = postgresql://widgets:pw4711@db/widgets\n", [1]),
        ("app/.env.example", b"API_TOKEN=tok12345\n", []),
        ("app/README.md", b"API_TOKEN=tok12345\n", []),
        ("usr/lib/python3/site-packages/x/a.ini", b"password = abcdefghij\n", []),
        ("app/.env", b"DB_PASSWORD=short\n", []),
    ],
)
def test_files_of_settings_are_read(place: str, content: bytes, lines: list[int]) -> None:
    assert [one.line for one in named_in_file(f"layer 5: {place}", content)] == lines
