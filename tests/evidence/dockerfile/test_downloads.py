"""What an ADD may let the engine fetch."""

from __future__ import annotations

import pytest

from graders.evidence.dockerfile.downloads import refused_download
from graders.evidence.dockerfile.read import read


def _refused(*lines: str, network: bool = True) -> str:
    found = refused_download(read("\n".join(["FROM scratch", *lines, ""]).encode()), network=network)
    return found[1] if found else ""


@pytest.mark.parametrize(
    "line",
    [
        "ADD app.tar.gz /srv/",
        "ADD --chown=1:1 https://example.org/tool.tar.gz /opt/",
        "ADD https://8.8.8.8/tool /opt/",
        "COPY app /srv/",
    ],
)
def test_files_and_public_names_are_let_through(line: str) -> None:
    assert not _refused(line)


@pytest.mark.parametrize(
    "source",
    [
        "http://example.org/tool", "https://127.0.0.1:5000/v2/", "https://[::1]/", "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/x", "https://localhost:2375/info", "https://registry/x", "https://vault.internal/x",
        "https://2130706433/", "https://127.1/", "git@example.org:team/repo.git", "ssh://git@example.org/x", "file:///etc/shadow",
        "https://127.0.0.1./x",
    ],
)  # fmt: skip
def test_what_lies_near_the_engine_is_not(source: str) -> None:
    assert _refused(f"ADD {source} /x") == source


def test_a_variable_with_a_value_is_what_it_says() -> None:
    assert _refused("ARG host=localhost", "ADD https://$host/x /x") == "https://localhost/x"
    assert not _refused("ARG host=example.org", "ADD https://$host/x /x")
    assert _refused("ARG host", "ADD https://$host.example.org/x /x") == "https://$host.example.org/x"
    assert _refused("ADD $UNKNOWN /x") == "$UNKNOWN"


def test_without_a_network_nothing_is_fetched() -> None:
    assert _refused("ADD https://example.org/x /x", network=False) == "https://example.org/x"


def test_what_is_put_off_counts() -> None:
    assert _refused("ONBUILD ADD http://10.0.0.1/x /x") == "http://10.0.0.1/x"
