"""The service with one of its two prices broken, however the app is put together."""

from __future__ import annotations

from graders.runners.flags.broken_answers import broken
from graders.runners.test_suite import run_suite

SERVICE = b"""
from fastapi import FastAPI


def create_app():
    app = FastAPI()

    @app.get("/widgets/{id}/price")
    def price(id: int, new: bool = False):
        return {"total_cents": 100, **({"discount_percent": 10} if new else {})}

    @app.get("/widgets/{id}")
    def widget(id: int):
        return {"total_cents": 100}

    return app
"""
TESTS = b"""
from fastapi.testclient import TestClient

from widgets.app import create_app

client = TestClient(create_app())


def test_stable():
    assert client.get("/widgets/1/price").json() == {"total_cents": 100}


def test_new():
    assert client.get("/widgets/1/price?new=true").json() == {"total_cents": 100, "discount_percent": 10}


def test_other():
    assert client.get("/widgets/1").json() == {"total_cents": 100}
    assert client.get("/widgets/x/price").status_code == 422
"""
FILES = {"widgets/__init__.py": b'__version__ = "1"\n', "widgets/app.py": SERVICE, "tests/test_price.py": TESTS,
         "conftest.py": b""}  # fmt: skip


def test_only_the_price_that_was_broken_turns_a_test_red() -> None:
    assert run_suite(FILES).green
    for new, red in ((True, "test_new"), (False, "test_stable")):
        suite = run_suite({**FILES, **broken(FILES, new=new)})
        assert [one.test for one in suite.failures] == [red]
        assert not suite.trouble
