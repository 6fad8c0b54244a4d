from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from widgets.app import create_app
from widgets.settings import Settings


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A client of a fresh service with an empty database in memory."""
    with TestClient(create_app(Settings(database_url="sqlite://", version="1.2.3"))) as client:
        yield client
