"""`ninesteps registry`: what a learner reads as it is started, used and stopped."""

from __future__ import annotations

import re
import shutil

import pytest
from learners_terminal import Terminal


@pytest.mark.skipif(
    not shutil.which("docker-registry"), reason="docker-registry is missing: a registry of one's own is not proven"
)
def test_it_is_started_looked_at_and_stopped(newcomer: Terminal) -> None:
    up = newcomer("registry", "up")
    try:
        address = re.search(r"export REGISTRY=(127\.0\.0\.1:\d+)\n", up.out)
        assert (up.code, up.err) == (0, "")
        assert address
        assert newcomer("registry", "list").out == f"The registry at {address[1]} holds no images yet.\n"
        again = newcomer("registry", "up")
        assert (again.code, again.out) == (2, "")
        assert address[1] in again.err
    finally:
        down = newcomer("registry", "down")
    assert down.code == 0
    assert down.out.startswith(f"The registry at {address[1]} is stopped.")
    assert newcomer("registry", "down").code == 2


def test_where_it_is_not_up_it_says_how_to_start_it(newcomer: Terminal) -> None:
    for word in ("list", "down"):
        done = newcomer("registry", word)
        assert (done.code, done.out) == (2, "")
        assert "ninesteps registry up" in done.err


def test_a_port_that_is_none_is_refused(newcomer: Terminal) -> None:
    assert newcomer("registry", "up", "--port", "70000").code == 2
