from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from widgets.app import create_app
from widgets.settings import Settings


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A client of a fresh service with an empty database in memory."""
    settings = Settings(database_url="sqlite://", supplier_api_key="key of a test", version="1.2.3")
    with TestClient(create_app(settings)) as client:
        yield client
