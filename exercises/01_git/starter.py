"""Step 1's starter: the widgets service, a ticket for the learner, and a colleague who is faster on the same lines."""

from __future__ import annotations

from random import Random

from graders.starter import Commit, Starter, sample_repo_files, trailer

ROUTES = "widgets/routes.py"
_MAINTAINER = "Ines Duarte <ines@example.org>"
_COLLEAGUES = ("Noor Haddad", "Jonas Weber", "Amara Okafor", "Mei Tanaka")
_DAY = 86_400
_FIRST_DAY = 1_788_253_200  # 2026-09-01 09:00 UTC

# parameter, column, comparison, words for the docstring
_MINE = (
    ("max_price_cents", "price_cents", "<=", "that cost at most that"),
    ("min_price_cents", "price_cents", ">=", "that cost at least that"),
    ("max_stock", "stock", "<=", "with at most that many in stock"),
    ("min_stock", "stock", ">=", "with at least that many in stock"),
)
# parameter, condition, words for the docstring
_THEIRS = (
    ("name", "Widget.name == {0}", "of that name"),
    ("name_prefix", "Widget.name.startswith({0}, autoescape=True)", "whose name starts with it"),
    ("name_contains", "Widget.name.contains({0}, autoescape=True)", "whose name contains it"),
)
_BEFORE = '''\
def list_widgets(session: SessionDep) -> list[WidgetOut]:
    """Every widget, oldest first."""
    query = select(Widget).order_by(Widget.id)
'''


def starter(seed: int) -> Starter:
    """The service in two commits, and the colleague's filter as what happens meanwhile."""
    random = Random(f"git:{seed}")
    mine, theirs, colleague = random.choice(_MINE), random.choice(_THEIRS), random.choice(_COLLEAGUES)
    limit = random.randrange(20, 80) * 10
    files = dict(sample_repo_files())
    variant = _variant(mine, theirs, colleague, limit, files[ROUTES])
    words = {path: text for path, text in files.items() if path in ("README.md", ".env.example")}
    code = {path: text for path, text in files.items() if path not in words}
    return Starter(
        commits=(
            Commit(
                f"Serve widgets: create, read, list and delete\n\n{trailer('git', seed)}", _MAINTAINER, _FIRST_DAY, code
            ),
            Commit("Say how to run and configure the service\n", _MAINTAINER, _FIRST_DAY + _DAY, words),
        ),
        meanwhile=(
            Commit(
                f"Filter the widget list by {theirs[0]}\n",
                f"{colleague} <{colleague.split()[0].lower()}@example.org>",
                _FIRST_DAY + 5 * _DAY,
                {ROUTES: variant["routes_theirs"], f"tests/test_{theirs[0]}.py": variant["test_theirs"]},
            ),
        ),
        variant=variant,
    )


def ticket(variant: dict[str, str]) -> str:
    """What the learner is asked to do, in Markdown."""
    return f"""\
**Ticket: list only some widgets.** `GET /widgets?{variant["mine"]}={variant["limit"]}` should list only the widgets
{variant["mine_words"]}: where `{variant["column"]} {variant["comparison"]} {variant["limit"]}`. Without the parameter the
list stays as it is. The code is in `{ROUTES}`, in `list_widgets`.

Do it on a branch of its own, in at least two commits: the change, then its test. While you work, main moves on.
"""


def acceptance(variant: dict[str, str]) -> str:
    """Tests that a branch with both filters passes, and a control among them, which no service passes.

    They use the `client` fixture of the service's own tests.
    """
    return (_LISTED + _CONTROL + _ACCEPTANCE).format(**variant)


def control(variant: dict[str, str]) -> str:
    """The control alone."""
    return (_LISTED + _CONTROL).format(**variant)


def deaf_to(parameter: str) -> str:
    """What makes the service ignore a parameter, to stand at the end of a `conftest.py`."""
    return _DEAF.format(parameter=parameter)


def _variant(
    mine: tuple[str, str, str, str], theirs: tuple[str, str, str], colleague: str, limit: int, routes: str
) -> dict[str, str]:
    by_mine = (mine[0], "int", f"Widget.{mine[1]} {mine[2]} {mine[0]}", mine[3])
    by_theirs = (theirs[0], "str", theirs[1].format(theirs[0]), theirs[2])
    other = {"price_cents": "stock", "stock": "price_cents"}[mine[1]]
    values = {
        "mine": mine[0],
        "mine_words": mine[3],
        "column": mine[1],
        "other": other,
        "comparison": mine[2],
        "limit": str(limit),
        "kept": str(limit - 1 if mine[2] == "<=" else limit + 1),
        "dropped": str(limit + 1 if mine[2] == "<=" else limit - 1),
        "theirs": theirs[0],
        "colleague": colleague,
        "theirs_value": "bolt" if theirs[0] == "name" else "bol",
    }
    return values | {
        "routes_mine": _filtered(routes, by_mine),
        "routes_theirs": _filtered(routes, by_theirs),
        "routes_both": _filtered(routes, by_theirs, by_mine),
        "test_mine": _TEST_MINE.format(**values),
        "test_theirs": _TEST_THEIRS.format(**values),
    }


def _filtered(routes: str, *filters: tuple[str, str, str, str]) -> str:
    """The service's routes with these query parameters on the list."""
    parameters = "".join(f", {name}: {kind} | None = None" for name, kind, _, _ in filters)
    words = "".join(f"; with `{name}` only those {what}" for name, _, _, what in filters)
    signature = f"def list_widgets(session: SessionDep{parameters}) -> list[WidgetOut]:"
    if len(signature) > 100:
        parameters = parameters.replace(", ", ",\n    ")
        signature = f"def list_widgets(\n    session: SessionDep{parameters},\n) -> list[WidgetOut]:"
    doc = f'    """Every widget, oldest first{words}."""'
    if len(doc) > 100:
        sentences = "".join(f"    With `{name}` only those {what}.\n" for name, _, _, what in filters)
        doc = f'    """Every widget, oldest first.\n\n{sentences}    """'
    body = "    query = select(Widget).order_by(Widget.id)\n" + "".join(
        f"    if {name} is not None:\n        query = query.where({condition})\n" for name, _, condition, _ in filters
    )
    if _BEFORE not in routes:
        raise ValueError(f"{ROUTES} of the sample has changed: mend _BEFORE here")
    return routes.replace(_BEFORE, f"{signature}\n{doc}\n{body}")


_TEST_MINE = """\
from fastapi.testclient import TestClient


def test_list_by_{mine}(client: TestClient) -> None:
    for name, amount in (("bolt", {kept}), ("gear", {limit}), ("cog", {dropped})):
        client.post("/widgets", json={{"name": name, "{column}": amount, "{other}": 1}})

    response = client.get("/widgets", params={{"{mine}": {limit}}})

    assert [widget["name"] for widget in response.json()] == ["bolt", "gear"]
"""

_TEST_THEIRS = """\
from fastapi.testclient import TestClient


def test_list_by_{theirs}(client: TestClient) -> None:
    for name in ("bolt", "gear"):
        client.post("/widgets", json={{"name": name, "price_cents": 5, "stock": 1}})

    response = client.get("/widgets", params={{"{theirs}": "{theirs_value}"}})

    assert [widget["name"] for widget in response.json()] == ["bolt"]
"""

_LISTED = """\
import pytest

WIDGETS = [("bolt", {kept}), ("gear", {limit}), ("cog", {dropped}), ("bolt", {dropped})]


@pytest.fixture
def listed(client):
    for name, amount in WIDGETS:
        client.post("/widgets", json={{"name": name, "{column}": amount, "{other}": 1}})

    def listed(query):
        response = client.get("/widgets" + query)
        assert response.status_code == 200, f"GET /widgets{{query}} answered {{response.status_code}}"
        return [(widget["name"], widget["{column}"]) for widget in response.json()]

    return listed


def expect(listed, query, *places):
    found, expected = listed(query), [WIDGETS[place] for place in places]
    assert found == expected, f"GET /widgets{{query}} lists {{found}}; expected {{expected}}"
"""

_CONTROL = """

def test_control_of_the_order(listed):
    expect(listed, "", 0, 1, 3, 2)
"""

_ACCEPTANCE = """

def test_yours_keeps_what_fits(listed):
    expect(listed, "?{mine}={limit}", 0, 1)


def test_yours_changes_nothing_when_absent(listed):
    expect(listed, "", 0, 1, 2, 3)


def test_theirs_still_filters(listed):
    expect(listed, "?{theirs}={theirs_value}", 0, 3)


def test_both_together(listed):
    expect(listed, "?{theirs}={theirs_value}&{mine}={limit}", 0)
"""

_DEAF = """

def _deaf():
    from urllib.parse import parse_qsl, urlencode

    from fastapi import FastAPI

    answer = FastAPI.__call__

    async def without(self, scope, receive, send):
        if scope["type"] == "http":
            heard = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
            query = urlencode([(name, value) for name, value in heard if name != "{parameter}"])
            scope = {{**scope, "query_string": query.encode()}}
        await answer(self, scope, receive, send)

    FastAPI.__call__ = without


_deaf()
"""
