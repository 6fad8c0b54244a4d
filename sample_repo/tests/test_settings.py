from pathlib import Path

from fastapi.testclient import TestClient

from widgets import __version__
from widgets.app import create_app
from widgets.settings import Settings


def test_defaults() -> None:
    for env in ({}, {"DATABASE_URL": "", "APP_VERSION": ""}):
        assert Settings.from_env(env) == Settings("sqlite:///widgets.db", __version__)


def test_the_environment_wins() -> None:
    env = {"DATABASE_URL": "postgresql://db/widgets", "APP_VERSION": "2.0.0"}

    assert Settings.from_env(env) == Settings("postgresql://db/widgets", "2.0.0")


def test_widgets_outlive_a_restart(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/widgets.db")

    with TestClient(create_app(settings)) as client:
        created = client.post("/widgets", json={"name": "bolt", "price_cents": 25}).json()
    with TestClient(create_app(settings)) as client:
        assert client.get("/widgets").json() == [created]
