"""What is done to a service with flags: in which environments it is started, what the flag file says when, who asks what.

The flag file has flagd's format. https://flagd.dev/reference/flag-definitions/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graders.runners.flags.users import users

FLAG, OTHER, VARIABLE = "price-v2", "free-delivery", "FEATURE_PRICE_V2"
PRICE_CENTS, DELIVERY_CENTS = 333, 490
NEW = r'"discount_percent":\s*[1-9]'  # the pattern of what only the new price holds
FREE = r'"delivery_cents":\s*0\b'
SHARES = {0: 400, 1: 1400, 25: 400, 50: 400, 100: 400}  # per cent, and how many users are asked
SECONDS_TO_TURN = 1.0  # what the ticket asks for
SECONDS_AT_MOST = 2.0  # since machines are busy
_OFF_VALUES = ("", "false", "0", "1", "yes", "on", "untrue")
_FEW, _SOME, _MANY = 5, 20, 200
_ENV = {"DB_URL": "sqlite:///{folder}/widgets.db", "SUPPLIER_API_KEY": "key-of-a-check"}


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the service: its environment besides the required variables, its flag file, and what is done then.

    `file` says whether `FLAGS_FILE` names one, `content` what it holds; None is no file there. `fresh` asks for a process
    of its own, in which `hash()` has another seed. A group of starts that may run `beside` the next ones does.
    """

    name: str
    env: Mapping[str, str] = field(default_factory=dict)
    file: bool = False
    content: str | None = None
    steps: tuple[Mapping[str, Any], ...] = ()
    fresh: bool = False
    beside: bool = False

    @property
    def task(self) -> dict[str, Any]:
        """As `inside.py` takes it."""
        own = {"PYTHONHASHSEED": "4711", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
        return {
            "name": self.name, "env": {**own, **_ENV, **self.env}, "file": self.file, "content": self.content,
            "steps": list(self.steps), "fresh": self.fresh, "beside": self.beside,
        }  # fmt: skip


def flag(share: int | None = None, **settings: object) -> dict[str, object]:
    """A flag as the file holds it: with a share in per cent, or with its default variant for everybody."""
    made: dict[str, object] = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
    if share is not None:
        made["targeting"] = {"fractional": [["on", share], ["off", 100 - share]]}
    return made | settings


def flag_file(price: Mapping[str, object] | None, delivery: Mapping[str, object] | None = None) -> str:
    """The text of a flag file; None leaves the price's flag out."""
    flags = {OTHER: delivery or flag()} | ({FLAG: price} if price is not None else {})
    return json.dumps({"flags": flags}, indent=2) + "\n"


def price(user: str, quantity: int) -> dict[str, str]:
    """The request for a price."""
    return {"path": f"/widgets/1/price?quantity={quantity}", "user": user}


def delivery(user: str) -> dict[str, str]:
    """The request for what delivery costs."""
    return {"path": "/widgets/1/delivery", "user": user}


def _created() -> dict[str, Any]:
    widget = {"name": "bolt", "price_cents": PRICE_CENTS, "stock": 7}
    return {"do": "ask", "requests": [{"method": "POST", "path": "/widgets", "json": widget}], "name": "created"}


def _wait(seconds: float) -> dict[str, Any]:
    """Until so many seconds after the last edit."""
    return {"do": "settle", "those": "", "users": 0, "least": seconds, "most": 0}


def _cut(content: str) -> str:
    """What is there while somebody writes the file without care."""
    return content[: len(content) // 2]


def stable_requests(quantity: int) -> list[dict[str, str]]:
    """What is asked to see that nothing has changed while the flag is off."""
    (user,) = users(1)
    paths = ["/widgets", "/widgets/1", "/widgets/2/price", "/widgets/1/price?quantity=0"]
    return [price(user, 1), price(user, quantity), delivery(user), *({"path": path, "user": user} for path in paths)]


def starts(quantity: int) -> tuple[tuple[Start, ...], ...]:
    """All starts, in groups of those that run at once. `quantity` is from when on the new price differs."""

    def asked(name: str, who: Iterable[str], log: bool = False) -> dict[str, Any]:
        return {"do": "ask", "name": name, "requests": [price(user, quantity) for user in who], "log": log}

    def write(share: int | None, delivery: Mapping[str, object] | None = None, **settings: object) -> dict[str, Any]:
        return {"do": "write", "content": flag_file(flag(share, **settings), delivery)}

    def until(name: str, new: bool, seconds: float = 4.0) -> dict[str, Any]:
        request = price(users(1)[0], quantity)
        return {"do": "until", "name": name, "request": request, "has": new, "body": NEW, "seconds": seconds}

    def settled(those: str) -> dict[str, Any]:
        return {"do": "settle", "those": those, "users": 60, "least": 1.1, "most": 3.0}

    look, look_again = ({"do": "look", "name": name} for name in ("stored before", "stored after"))
    untouched = [{"do": "ask", "name": "untouched", "requests": stable_requests(quantity)}]
    delivered = {"do": "ask", "name": "=true, delivery", "requests": [delivery(user) for user in users(_FEW)]}
    on = Start(
        "=true", {VARIABLE: "true"}, steps=(_created(), {**asked("=true", users(_SOME)), "needs": NEW}, delivered)
    )
    by_variable = [
        Start("unset", {}, steps=(_created(), look, *untouched, asked("unset", users(_FEW)), look_again), beside=True),
        *(
            Start(f"={value}", {VARIABLE: value}, steps=(_created(), asked(f"={value}", users(_FEW))), beside=True)
            for value in _OFF_VALUES
        ),
    ]
    without = [
        Start(name, {}, True, content, (_created(), asked(name, users(_SOME), log=True)), beside=True)
        for name, content in (
            ("no file", None),
            ("half a file", _cut(flag_file(flag(100)))),
            ("no such flag", flag_file(None, flag(100))),
            ("a number for a boolean", flag_file(flag(None, variants={"on": 1, "off": 0}, defaultVariant="on"))),
            ("a text for a boolean", flag_file(flag(50, variants={"on": "true", "off": "false"}))),
        )
    ]
    turned = Start(
        "turned", {}, True, flag_file(flag(0)),
        (
            _created(), {**look, "name": "stored at first"}, asked("0", users(SHARES[0])), {**look, "name": "stored at 0"},
            write(100), {**until("turned on", True, 12.0), "needed": True}, _wait(1.1), asked("100", users(SHARES[100])),
            write(50, flag(50)), settled("100"), asked("50", users(SHARES[50])),
            {"do": "ask", "name": "delivery", "requests": [delivery(user) for user in users(_MANY)]},
            write(25, flag(50)), settled("50"), asked("25", users(SHARES[25]), log=True), asked("25 again", users(60)),
            write(1, flag(50)), settled("25"), asked("1", users(SHARES[1])),
            write(100), until("on before it breaks", True),
            {"do": "write", "content": _cut(flag_file(flag(100)))}, until("breaks", False), _wait(1.1),
            asked("broken", users(_SOME), log=True),
        ),
    )  # fmt: skip
    again = Start(
        "again", {VARIABLE: "true"}, True, flag_file(flag(25), flag(50)),
        (
            _created(), _wait(0.5), asked("25 restarted", users(_MANY)),
            {"do": "ask-again", "name": "1 at 25", "those": "1", "has": NEW},
            write(None, defaultVariant="on"), until("turned on", True), write(None, defaultVariant="on", state="DISABLED"),
            {**until("turned off", False, 12.0), "again": True}, _wait(1.1), asked("off", users(_SOME), log=True),
            write(100, state="DISABLED"), _wait(1.1), asked("off with a share", users(_FEW)),
            {"do": "ask", "name": "after", "requests": stable_requests(quantity)},
            write(100), until("on before it goes", True), {"do": "remove"}, until("goes", False), _wait(1.1),
            asked("removed", users(_SOME), log=True),
        ),
        fresh=True,
    )  # fmt: skip
    return ((on,), (*by_variable, *without), (turned,), (again,))


def starts_without_the_flag(quantity: int) -> tuple[tuple[Start, ...], ...]:
    """The starts of a service from which the flag was removed."""
    asked = [price(user, quantity) for user in users(_SOME)]
    steps = (_created(), _wait(0.3),
             {"do": "ask", "name": "price", "requests": asked},
             {"do": "ask", "name": "delivery", "requests": [delivery(user) for user in users(_SOME)]})  # fmt: skip
    content = flag_file(flag(0, state="DISABLED"), flag(None, defaultVariant="on"))
    off = Start("no file, no variable", steps=steps)
    contradicted = Start("told otherwise", {VARIABLE: "false"}, True, content, steps)
    return ((off, contradicted),)
