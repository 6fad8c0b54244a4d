"""What holds for every test: a home of its own, no git variables of the caller's, and the skipped named at the end."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator

import pytest

from tests.engine import engine

__all__ = ["engine"]

_OURS = "NINESTEPS_TESTS_HOME"


def _settle_environment() -> None:
    """Once, in the process that starts the others: they inherit it, and so share the cache of judged test suites."""
    if _OURS in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="ninesteps-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in [name for name in os.environ if name.startswith("GIT_") and name != "GIT_SSL_CAINFO"]:
        del os.environ[name]
    os.environ |= {_OURS: folder, "NINESTEPS_HOME": folder}


def _let_ctrl_c_through() -> None:
    """A shell's background jobs ignore SIGINT, and all that they start does: what tests interrupt would not end."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


_settle_environment()
_let_ctrl_c_through()


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped if isinstance(report.longrepr, tuple)
    }
    if reasons:
        terminalreporter.section("not proven here")
        for reason in sorted(reasons):
            terminalreporter.line(reason)
