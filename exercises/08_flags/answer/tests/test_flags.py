import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from widgets.app import create_app
from widgets.pricing import DISCOUNT_PERCENT
from widgets.settings import Settings

Started = Callable[..., TestClient]
FULL = {"widget_id": 1, "quantity": 100, "total_cents": 2500}
DISCOUNTED = {
    "widget_id": 1,
    "quantity": 100,
    "total_cents": 25 * (100 - DISCOUNT_PERCENT),
    "discount_percent": DISCOUNT_PERCENT,
}


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


def price(client: TestClient, user: str = "ada") -> dict[str, int]:
    answer: dict[str, int] = client.get(
        "/widgets/1/price", params={"quantity": 100}, headers={"X-User": user}
    ).json()
    return answer


def delivery(client: TestClient, user: str = "ada") -> int:
    answer = client.get("/widgets/1/delivery", headers={"X-User": user}).json()
    cents: int = answer["delivery_cents"]
    return cents


def flags(file: Path, share: int = 0, **settings: object) -> Path:
    flag = {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        "targeting": {"fractional": [["on", share], ["off", 100 - share]]},
        **settings,
    }
    file.write_text(json.dumps({"flags": {"price-v2": flag, "free-delivery": flag}}))
    return file


@pytest.mark.parametrize("value", ["", "false", "0", "1", "untrue"])
def test_the_price_is_the_full_one_unless_told_otherwise(started: Started, value: str) -> None:
    assert price(started(FEATURE_PRICE_V2=value)) == FULL


def test_the_price_is_the_discounted_one_when_told(started: Started) -> None:
    assert price(started(FEATURE_PRICE_V2="true")) == DISCOUNTED


def test_the_file_decides(started: Started, tmp_path: Path) -> None:
    on = started(FLAGS_FILE=str(flags(tmp_path / "on.json", share=100)))
    off = started(FLAGS_FILE=str(flags(tmp_path / "off.json")), FEATURE_PRICE_V2="true")

    assert price(on) == DISCOUNTED
    assert price(off) == FULL
    assert delivery(on) == 0
    assert delivery(off) == 490


def test_without_a_file_that_can_be_read_the_price_is_the_full_one(
    started: Started, tmp_path: Path
) -> None:
    assert price(started(FLAGS_FILE=str(tmp_path / "missing.json"))) == FULL


def test_who_got_what_and_why_is_logged(
    started: Started, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    price(started(FLAGS_FILE=str(flags(tmp_path / "flags.json", state="DISABLED"))), user="eve")

    assert "flag=price-v2 user=eve variant=off reason=DISABLED" in caplog.text
