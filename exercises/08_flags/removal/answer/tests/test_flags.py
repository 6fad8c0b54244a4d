import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from widgets.app import create_app
from widgets.settings import Settings

Started = Callable[..., TestClient]


@pytest.fixture
def started() -> Iterator[Started]:
    """Starts the service with one widget in it, and with what is given of the environment."""
    with ExitStack() as stack:

        def start(**env: str) -> TestClient:
            env = {"DB_URL": "sqlite://", "SUPPLIER_API_KEY": "key of a test", **env}
            client = stack.enter_context(TestClient(create_app(Settings.from_env(env))))
            client.post("/widgets", json={"name": "bolt", "price_cents": 25})
            return client

        yield start


def delivery(client: TestClient, user: str = "ada") -> int:
    cents: int = client.get("/widgets/1/delivery", headers={"X-User": user}).json()["delivery_cents"]
    return cents


def flags(file: Path, **settings: object) -> Path:
    flag = {"state": "ENABLED", "variants": {"on": True, "off": False}, **settings}
    file.write_text(json.dumps({"flags": {"free-delivery": flag}}))
    return file


def test_the_file_decides(started: Started, tmp_path: Path) -> None:
    on = started(FLAGS_FILE=str(flags(tmp_path / "on.json", defaultVariant="on")))
    off = started(FLAGS_FILE=str(flags(tmp_path / "off.json", defaultVariant="off")))

    assert delivery(on) == 0
    assert delivery(off) == 490


def test_without_a_file_that_can_be_read_nothing_is_on(started: Started, tmp_path: Path) -> None:
    assert delivery(started(FLAGS_FILE=str(tmp_path / "missing.json"))) == 490
    assert delivery(started()) == 490


def test_who_got_what_and_why_is_logged(
    started: Started, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = flags(tmp_path / "flags.json", defaultVariant="on", state="DISABLED")
    delivery(started(FLAGS_FILE=str(file)), user="eve")

    assert "flag=free-delivery user=eve variant=off reason=DISABLED" in caplog.text
