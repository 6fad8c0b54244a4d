from fastapi.testclient import TestClient

from widgets.app import create_app
from widgets.settings import Settings


def test_a_key_that_the_supplier_does_not_know() -> None:
    settings = Settings(database_url="sqlite://", supplier_api_key="none of theirs")

    with TestClient(create_app(settings)) as client:
        assert client.get("/supplier").json()["state"] == "unknown"
