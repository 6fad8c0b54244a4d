import pytest
from fastapi.testclient import TestClient

from widgets.pricing import DISCOUNT_PERCENT

BOLT = {"name": "bolt", "price_cents": 25, "stock": 400}


def test_price_of_many(client: TestClient) -> None:
    client.post("/widgets", json=BOLT)

    response = client.get("/widgets/1/price", params={"quantity": 100})

    assert response.status_code == 200
    assert response.json() == {
        "widget_id": 1,
        "quantity": 100,
        "total_cents": 25 * (100 - DISCOUNT_PERCENT),
        "discount_percent": DISCOUNT_PERCENT,
    }


def test_price_of_one(client: TestClient) -> None:
    client.post("/widgets", json=BOLT)

    assert client.get("/widgets/1/price").json()["total_cents"] == 25


def test_delivery(client: TestClient) -> None:
    client.post("/widgets", json=BOLT)

    assert client.get("/widgets/1/delivery").json() == {"widget_id": 1, "delivery_cents": 490}


@pytest.mark.parametrize("path", ["/widgets/1/price", "/widgets/1/delivery"])
def test_a_missing_widget_costs_nothing(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
