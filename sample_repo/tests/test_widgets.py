import pytest
from fastapi.testclient import TestClient

BOLT = {"name": "bolt", "price_cents": 25, "stock": 400}
GEAR = {"name": "gear", "price_cents": 1250, "stock": 8}


def test_create_returns_the_widget_and_its_location(client: TestClient) -> None:
    response = client.post("/widgets", json=BOLT)

    assert response.status_code == 201
    assert response.json() == {"id": 1, **BOLT}
    assert response.headers["Location"] == "/widgets/1"


def test_location_leads_to_the_widget(client: TestClient) -> None:
    client.post("/widgets", json=BOLT)
    created = client.post("/widgets", json=GEAR)

    response = client.get(created.headers["Location"])

    assert response.status_code == 200
    assert response.json() == created.json() == {"id": 2, **GEAR}


def test_stock_is_zero_unless_given(client: TestClient) -> None:
    response = client.post("/widgets", json={"name": "spring", "price_cents": 0})

    assert response.json()["stock"] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 101),
        ("name", "a\x00b"),
        ("price_cents", -1),
        ("price_cents", 2**31),
        ("stock", -1),
        ("colour", "red"),
    ],
)
def test_create_refuses_a_bad_field(client: TestClient, field: str, value: object) -> None:
    response = client.post("/widgets", json={**BOLT, field: value})

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", field]


def test_create_takes_the_largest_fields(client: TestClient) -> None:
    largest = {"name": "x" * 100, "price_cents": 2**31 - 1, "stock": 2**31 - 1}

    assert client.post("/widgets", json=largest).status_code == 201


def test_list_is_empty_at_first(client: TestClient) -> None:
    response = client.get("/widgets")

    assert response.status_code == 200
    assert response.json() == []


def test_list_gives_every_widget_oldest_first(client: TestClient) -> None:
    client.post("/widgets", json=GEAR)
    client.post("/widgets", json=BOLT)

    assert client.get("/widgets").json() == [{"id": 1, **GEAR}, {"id": 2, **BOLT}]


def test_delete_removes_that_widget_only(client: TestClient) -> None:
    client.post("/widgets", json=BOLT)
    client.post("/widgets", json=GEAR)

    response = client.delete("/widgets/1")

    assert response.status_code == 204
    assert response.content == b""
    assert client.get("/widgets").json() == [{"id": 2, **GEAR}]


def test_a_deleted_id_is_never_used_again(client: TestClient) -> None:
    client.post("/widgets", json=BOLT)
    client.delete("/widgets/1")

    assert client.post("/widgets", json=GEAR).json()["id"] == 2


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_missing_widget_is_not_found(client: TestClient, method: str) -> None:
    response = client.request(method, "/widgets/7")

    assert response.status_code == 404
    assert response.json() == {"detail": "There is no widget 7."}


def test_an_impossible_id_is_refused(client: TestClient) -> None:
    assert client.get(f"/widgets/{2**31}").status_code == 422
