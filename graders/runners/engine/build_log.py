"""What a builder says while it builds, read into steps: BuildKit's trace, or the lines of the classic builder.

BuildKit's trace is a protobuf message in each line: https://github.com/moby/buildkit/blob/master/api/services/control/control.proto
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_MOST_SAID = 256 << 10  # bytes kept of one step
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CLASSIC_STEP = re.compile(r"^(?:STEP|Step) \d+/\d+ ?: (.*)", re.DOTALL)
_CACHED = re.compile(r"^ ?-+> Using cache")
_IMAGE = re.compile(r"^Successfully built ([0-9a-f]+)")


@dataclass(slots=True)
class BuildStep:
    """One step: its name as in `[build 3/5] RUN make` (classic: `RUN make`), whether it came from the cache, what it said."""

    name: str
    cached: bool = False
    error: str = ""
    said: str = ""

    @property
    def instruction(self) -> str:
        """The name without the stage and the number."""
        return re.sub(r"^\[[^\]]*\] ", "", self.name)

    @property
    def stage(self) -> str:
        """What BuildKit calls the stage: its name, or `stage-N`; empty for the only stage, and in the classic builder."""
        match = re.match(r"^\[(?:([\w.-]+) +)?\d+/\d+\] ", self.name)
        return (match[1] or "") if match else ""


@dataclass(slots=True)
class BuildLog:
    """All that was said until now. Give it each line of the answer with `hear`."""

    steps: list[BuildStep] = field(default_factory=list)
    image: str = ""
    error: str = ""
    _by_digest: dict[str, BuildStep] = field(default_factory=dict)

    def hear(self, line: dict[str, Any]) -> None:
        """Take in one line of the engine's answer, read from JSON."""
        if error := line.get("errorDetail") or line.get("error"):
            self.error = str(error.get("message", "") if isinstance(error, dict) else error)
        aux = line.get("aux")
        if line.get("id") == "moby.buildkit.trace" and isinstance(aux, str):
            self._trace(aux)
        elif isinstance(aux, dict) and aux.get("ID"):
            self.image = str(aux["ID"])
        elif isinstance(text := line.get("stream"), str):
            self._classic(_COLOUR.sub("", text))

    def _trace(self, encoded: str) -> None:
        try:
            for number, value in _fields(base64.b64decode(encoded)):
                if number == 1 and isinstance(value, bytes):
                    self._vertex(dict(_fields(value)))
                elif number == 3 and isinstance(value, bytes):
                    self._said(dict(_fields(value)))
        except (ValueError, IndexError, binascii.Error):
            return  # a newer message than we know; the result does not depend on it

    def _vertex(self, fields: dict[int, int | bytes]) -> None:
        digest, name = _text(fields.get(1)), _text(fields.get(3))
        if digest not in self._by_digest:
            self._by_digest[digest] = BuildStep(name)
            self.steps.append(self._by_digest[digest])
        step = self._by_digest[digest]
        step.cached = step.cached or bool(fields.get(4))
        step.error = _text(fields.get(7)) or step.error

    def _said(self, fields: dict[int, int | bytes]) -> None:
        step = self._by_digest.get(_text(fields.get(1)))
        if step and len(step.said) < _MOST_SAID:
            step.said += _text(fields.get(4))

    def _classic(self, text: str) -> None:
        if match := _CLASSIC_STEP.match(text):
            self.steps.append(BuildStep(match[1].strip()))
        elif match := _IMAGE.match(text):
            self.image = self.image or match[1]
        elif self.steps and _CACHED.match(text):
            self.steps[-1].cached = True
        elif self.steps and not text.startswith((" --->", "--> ")) and len(self.steps[-1].said) < _MOST_SAID:
            self.steps[-1].said += text


def as_classic(line: dict[str, Any], log: BuildLog) -> str:
    """The text that a client without BuildKit shows for a line that `log` has not heard yet; it hears it here."""
    before, said = len(log.steps), {id(step): (len(step.said), step.cached) for step in log.steps}
    log.hear(line)
    shown = ""
    for number, step in enumerate(log.steps):
        length, cached = said.get(id(step), (0, False))
        if number >= before and step.name:
            shown += f"{step.name}\n"
        if step.cached and not cached:
            shown += " ---> Using cache\n"
        shown += step.said[length:]
    return shown


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field. https://protobuf.dev/programming-guides/encoding/"""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, position = _varint(data, position)
            yield number, value
        elif kind == 2:
            length, position = _varint(data, position)
            if position + length > len(data):
                raise ValueError("a field is longer than its message")
            yield number, data[position : position + length]
            position += length
        elif kind in (1, 5):
            position += 8 if kind == 1 else 4
        else:
            raise ValueError(f"kind {kind} of a field is not known")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
