from pathlib import Path

from fastapi.testclient import TestClient

from widgets import __version__
from widgets.app import create_app
from widgets.settings import Settings


def test_the_version() -> None:
    assert Settings.from_env({"APP_VERSION": ""}).version == __version__
    assert Settings.from_env({"APP_VERSION": "2.0.0"}).version == "2.0.0"


def test_widgets_outlive_a_restart(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/widgets.db")

    with TestClient(create_app(settings)) as client:
        created = client.post("/widgets", json={"name": "bolt", "price_cents": 25}).json()
    with TestClient(create_app(settings)) as client:
        assert client.get("/widgets").json() == [created]
