"""A service is started once for each environment; what it does is written down where it can't reach."""

from __future__ import annotations

from pathlib import Path

from graders.runners.service import Start, start_service

SAID, NONE = "/tmp/said", "/tmp/none"  # noqa: S108 - the sandbox's own
APP = b"""
import os, sqlite3
from fastapi import FastAPI

def create_app():
    if not os.environ.get("NAME"):
        raise SystemExit("NAME is not set")
    app = FastAPI()

    @app.get("/healthz")
    def healthz():
        return "ok"

    @app.get("/name")
    def name():
        open("/tmp/said", "a").write(os.environ["NAME"])
        return os.environ["NAME"]

    return app
"""
HANGS = b"import time\n\ndef create_app():\n    time.sleep(600)\n"
FORGES = b"""
import glob, json, os

def create_app():
    for path in ["/sandbox/report", *glob.glob("/proc/*/fd/*"), *glob.glob("/proc/*/mem")]:
        try:
            with open(path, "w") as file:
                json.dump({"token": "", "results": [{"up": True}]}, file)
        except OSError:
            pass
    raise SystemExit("forged")
"""


def files(app: bytes) -> dict[str, bytes]:
    return {"widgets/__init__.py": b"", "widgets/app.py": app}


def test_each_start_has_its_own_environment(tmp_path: Path) -> None:
    asked = ({"path": "/name"}, {"path": "/none"})
    starts = [
        Start({"NAME": "one"}, asked, (SAID, NONE), ("one",)),
        Start({"NAME": "two"}, asked),
        Start({}),
    ]

    service = start_service(files(APP), starts, tmp_path)

    one, two, none = service.starts
    assert one.answers[0] == (200, '"one"')
    assert one.answers[1][0] == 404
    assert one.files == {SAID: True}
    assert two.answers[0] == (200, '"two"')
    assert not none.up
    assert none.exit_code == 1
    assert none.said.strip() == "NAME is not set"
    assert start_service(files(APP), starts, tmp_path) == service
    assert list(tmp_path.glob("*.json"))


def test_one_that_does_neither_start_nor_end(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("graders.runners.service._SECONDS", 1.0)
    [started] = start_service(files(HANGS), [Start({"NAME": "x"})]).starts
    assert not started.up
    assert started.exit_code is None


def test_the_record_is_not_the_services_to_write() -> None:
    [started] = start_service(files(FORGES), [Start({"NAME": "x"})]).starts
    assert not started.up
    assert "forged" in started.said
