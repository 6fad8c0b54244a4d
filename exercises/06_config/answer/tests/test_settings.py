from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from widgets import __version__
from widgets.app import create_app
from widgets.settings import Settings

ENVIRONMENT = {"DB_URL": "sqlite://", "SUPPLIER_API_KEY": "key of a test"}


def test_all_comes_from_the_environment() -> None:
    assert Settings.from_env(ENVIRONMENT) == Settings("sqlite://", "key of a test", __version__)
    assert Settings.from_env({**ENVIRONMENT, "APP_VERSION": "2.0.0"}).version == "2.0.0"


@pytest.mark.parametrize("name", ["DB_URL", "SUPPLIER_API_KEY"])
def test_what_is_missing_or_empty_is_named(name: str) -> None:
    without = {other: value for other, value in ENVIRONMENT.items() if other != name}

    for env in (without, {**ENVIRONMENT, name: ""}):
        with pytest.raises(SystemExit, match=name):
            Settings.from_env(env)


def test_widgets_outlive_a_restart(tmp_path: Path) -> None:
    settings = Settings(f"sqlite:///{tmp_path}/widgets.db", "key of a test")

    with TestClient(create_app(settings)) as client:
        created = client.post("/widgets", json={"name": "bolt", "price_cents": 25}).json()
    with TestClient(create_app(settings)) as client:
        assert client.get("/widgets").json() == [created]
