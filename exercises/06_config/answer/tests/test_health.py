from pathlib import Path

from fastapi.testclient import TestClient

from widgets.app import create_app
from widgets.settings import Settings


def test_healthy_when_the_database_answers(client: TestClient) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_unhealthy_when_the_database_does_not_answer(tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path}/missing/widgets.db"
    # Without `with`, the client skips the start-up, which would stop here.
    client = TestClient(create_app(Settings(missing, "key of a test")))

    response = client.get("/healthz")

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable"}


def test_version_is_the_configured_one(client: TestClient) -> None:
    assert client.get("/version").json() == {"version": "1.2.3"}
