"""A small service, observed for real: forks and fresh processes, edits of its flag file, its log, and hostile ones."""

from __future__ import annotations

import pytest

from graders.runners.flags.plan import NEW, Start, flag, flag_file, price
from graders.runners.flags.record import Observed
from graders.runners.flags.service import observe
from graders.runners.sandbox import isolates

SERVICE = """
import json
import os
from pathlib import Path

from fastapi import FastAPI, Header

SEED = hash("ada")


def create_app():
    app = FastAPI()

    @app.get("/healthz")
    def healthz():
        return {}

    @app.get("/widgets/1/price")
    def price(x_user: str = Header("")):
        print(f"flag=price-v2 user={x_user} variant=on reason=STATIC", flush=True)
        try:
            on = json.loads(Path(os.environ["FLAGS_FILE"]).read_text())["flags"]["price-v2"]["state"] == "ENABLED"
        except (KeyError, ValueError, OSError):
            on = os.environ.get("FEATURE_PRICE_V2") == "true"
        return {"pid": os.getpid(), "seed": SEED, **({"discount_percent": 10} if on else {})}

    return app
"""
REQUEST = price("ada", 1)
ASK = {"do": "ask", "name": "asked", "requests": [REQUEST, price("ben", 1)], "log": True}
UNTIL_OFF = {"do": "until", "name": "off", "request": REQUEST, "has": False, "body": NEW, "seconds": 5}


def observed(text: str, *groups: tuple[Start, ...]) -> Observed:
    return observe({"widgets/__init__.py": b"", "widgets/app.py": text.encode()}, groups)


def test_each_start_has_its_own_environment_file_and_log() -> None:
    on, off = flag_file(flag(100)), flag_file(flag(100, state="DISABLED"))
    edited = ({"do": "write", "content": off}, UNTIL_OFF, {**ASK, "name": "after"})
    again = {"do": "ask-again", "name": "again", "those": "asked", "has": "pid"}

    seen = observed(
        SERVICE,
        (Start("plain", {}, steps=(ASK,)), Start("variable", {"FEATURE_PRICE_V2": "true"}, steps=(ASK,))),
        (Start("file", {}, True, on, (ASK, *edited)),),
        (Start("fresh", {}, True, None, (ASK, again), fresh=True),),
    )

    assert not seen.trouble
    assert {name: bool(seen.step(name, "asked").new) for name in seen.starts} == {
        "plain": False, "variable": True, "file": True, "fresh": False,
    }  # fmt: skip
    assert [one.user for one in seen.step("plain", "asked").decisions] == ["ada", "ben"]
    took = seen.step("file", "off").took
    assert took is not None
    assert not seen.step("file", "after").new
    assert len(seen.step("fresh", "again").answers) == 2
    pids = {name: seen.step(name, "asked").answers[0].body.split(",")[0] for name in seen.starts}
    assert len(set(pids.values())) == 4
    assert pids["file"] == seen.step("file", "after").answers[0].body.split(",")[0]
    seeds = {
        name: seen.step(name, "asked").answers[0].body.split('"seed":')[1].split(",")[0] for name in ("plain", "fresh")
    }
    assert seeds["plain"] != seeds["fresh"]


def test_what_the_database_holds_is_looked_at() -> None:
    stores = """
import sqlite3
with sqlite3.connect(os.environ["DB_URL"].removeprefix("sqlite:///")) as db:
    db.execute("CREATE TABLE seen (who)")
"""
    counts = 'sqlite3.connect(os.environ["DB_URL"][10:], isolation_level=None).execute("INSERT INTO seen VALUES (1)")\n        '
    text = SERVICE.replace("\nSEED", stores + "\nSEED").replace("        print(f", f"        {counts}print(f")
    looks = [{"do": "look", "name": name} for name in ("first", "second")]

    seen = observed(text, (Start("plain", {}, steps=(looks[0], ASK, looks[1])),))

    first, second = (seen.step("plain", name).stored for name in ("first", "second"))
    assert set(first) == set(second) == {"seen"}
    assert first != second


def test_an_edit_that_counts_only_when_it_is_made_again_is_told() -> None:
    misses_the_first = """
SEEN, LAST = set(), [""]


def content():
    SEEN.add(os.stat(os.environ["FLAGS_FILE"]).st_mtime_ns)
    if len(SEEN) != 2:
        LAST[0] = Path(os.environ["FLAGS_FILE"]).read_text()
    return LAST[0]
"""
    text = SERVICE.replace('Path(os.environ["FLAGS_FILE"]).read_text()', "content()").replace(
        "\nSEED", misses_the_first + "\nSEED"
    )
    off = {"do": "write", "content": flag_file(flag(100, state="DISABLED"))}
    steps = (ASK, off, {**UNTIL_OFF, "seconds": 0.5, "again": True})

    step = observed(text, (Start("file", {}, True, flag_file(flag(100)), steps),)).step("file", "off")

    assert step.took is None
    assert step.only_then


def test_an_edit_that_never_counts_has_no_time() -> None:
    text = SERVICE.replace('["FLAGS_FILE"]', '["NOWHERE"]')
    steps = ({"do": "remove"}, {**UNTIL_OFF, "has": True, "seconds": 0.3})

    assert observed(text, (Start("file", {}, True, flag_file(flag(100)), steps),)).step("file", "off").took is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise SystemExit('no flags here')", "no flags here"),
        ("import nowhere", "nowhere"),
        ("def create_app(:", "SyntaxError"),
    ],
)
def test_a_service_that_does_not_start_tells_why(text: str, says: str) -> None:
    seen = observed(text, (Start("plain", steps=(ASK,)), Start("fresh", steps=(ASK,), fresh=True)))

    assert [start.up for start in seen.starts.values()] == [False, False]
    assert all(start.exit_code for start in seen.starts.values())
    assert all(says in start.said for start in seen.starts.values())


@pytest.mark.skipif(not isolates(), reason="hostile services: they need bubblewrap")
def test_a_service_that_ends_its_watcher_leaves_no_record() -> None:
    text = (
        "import os, signal\n"
        "for one in os.listdir('/proc'):\n"
        "    if one.isdigit() and int(one) not in (1, os.getpid()):\n"
        "        try:\n            os.kill(int(one), signal.SIGKILL)\n        except OSError:\n            pass\n"
    )

    assert observed(text + SERVICE, (Start("plain", steps=(ASK,)),)).trouble


@pytest.mark.skipif(not isolates(), reason="hostile services: they need bubblewrap")
def test_a_service_cannot_write_the_record() -> None:
    text = """import json
open("/sandbox/report", "w").write(json.dumps({"token": "", "trouble": "forged", "starts": []}))
"""
    seen = observed(text + SERVICE, (Start("plain", steps=(ASK,)),))

    assert not seen.trouble
    assert seen.starts["plain"].up
