"""An image's configuration document: settings, history, and the secrets that stand in it.

https://github.com/opencontainers/image-spec/blob/main/config.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graders.evidence.image.model import Config, Found, Health, Step
from graders.evidence.image.problem import ImageTooLarge
from graders.evidence.image.search import Search

_NANOSECONDS = 1e9
_MOST_STEPS = 2_000


def config_of(document: Mapping[str, Any]) -> Config:
    """The settings; what has no proper shape counts as not set."""
    given = _mapping(document.get("config"))
    pairs = (text.partition("=") for text in _words(given.get("Env")))
    return Config(
        user=_text(given.get("User")),
        env={name: value for name, _, value in pairs},
        entrypoint=_words(given.get("Entrypoint")),
        cmd=_words(given.get("Cmd")),
        workdir=_text(given.get("WorkingDir")),
        labels={str(name): _text(value) for name, value in _mapping(given.get("Labels")).items()},
        ports=tuple(_mapping(given.get("ExposedPorts"))),
        volumes=tuple(_mapping(given.get("Volumes"))),
        stop_signal=_text(given.get("StopSignal")),
        health=_health(_mapping(given.get("Healthcheck"))),
    )


def history_of(document: Mapping[str, Any], layers: int) -> tuple[Step, ...]:
    """The history, each line with the layer that it made; with none where the two don't fit together."""
    listed = document.get("history")
    lines = [_mapping(line) for line in listed] if isinstance(listed, list) else []
    if len(lines) > _MOST_STEPS:
        raise ImageTooLarge(f"The image's history has more than {_MOST_STEPS} lines.", "Make it anew.")
    fits = sum(1 for line in lines if not line.get("empty_layer")) == layers
    steps, number = list[Step](), 0
    for line in lines:
        made = fits and not line.get("empty_layer")
        steps.append(Step(_text(line.get("created_by")), number if made else None, _text(line.get("comment"))))
        number += made
    return tuple(steps)


def sightings(document: Mapping[str, Any], search: Search) -> Iterator[Found]:
    """The secrets in the environment, the labels, the history (where build arguments stay), and anywhere else."""
    if not search.secrets:
        return
    given = _mapping(document.get("config"))
    for text in _words(given.get("Env")):
        yield from _in_text("env", text.partition("=")[0], text, search)
    for name, value in _mapping(given.get("Labels")).items():
        yield from _in_text("label", str(name), f"{name}={value}", search)
    listed = document.get("history")
    for number, line in enumerate(listed if isinstance(listed, list) else ()):
        for text in _strings(line):
            yield from _in_text("history", str(number), text, search)
    others = {key: value for key, value in given.items() if key not in ("Env", "Labels")}
    rest = {key: value for key, value in document.items() if key not in ("config", "history")}
    seen = {one for part in (others, rest) for text in _strings(part) for one in _in_text("config", "", text, search)}
    yield from sorted(seen)


def _in_text(place: str, path: str, text: str, search: Search) -> Iterator[Found]:
    for secret, form in sorted(search.text(text)):
        yield Found(place, path, secret, form)


def _health(given: Mapping[str, Any]) -> Health | None:
    test = _words(given.get("Test"))
    if not test:
        return None
    interval, timeout, start_period = (
        value / _NANOSECONDS if isinstance(value, int) else 0.0
        for value in (given.get(key) for key in ("Interval", "Timeout", "StartPeriod"))
    )
    retries = given.get("Retries")
    return Health(test, interval, timeout, start_period, retries if isinstance(retries, int) else 0)


def _strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys too, without recursion."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            left += one


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(value: Any) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
