"""The releases of the service that are deployed: good ones, and ones that are broken in a known way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SERVICE = Path(__file__).with_name("service.py")
BREAKS_WHEN_THERE = "/tmp/ninesteps-widgets-breaks"  # noqa: S108 - a flag, which holds nothing


@dataclass(frozen=True, slots=True)
class Release:
    """One release: `name` is what it is called in sentences, `fault` what is wrong with it.

    Faults: `start` (it exits), `health` (it says that it is not healthy), `route` (healthy, and the real route answers
    500), `later` (good, until `BREAKS_WHEN_THERE` exists; then like `route`).
    """

    name: str
    version: str
    fault: str = ""

    @property
    def files(self) -> Mapping[str, str]:
        """What its folder holds."""
        about = {"version": self.version, "built": 0}
        about |= {"fault": self.fault} if self.fault else {}
        about |= {"once": BREAKS_WHEN_THERE} if self.fault == "later" else {}
        return {"serve": service_text(), "release.json": json.dumps(about, sort_keys=True) + "\n"}

    @property
    def digest(self) -> str:
        """64 hexadecimal digits, made of all that its folder holds."""
        files = self.files
        return hashlib.sha256(files["serve"].encode() + b"\0" + files["release.json"].encode()).hexdigest()

    @property
    def image(self) -> str:
        """The reference that a script is called with."""
        return f"widgets@sha256:{self.digest}"


def service_text() -> str:
    """The program of every release."""
    return _SERVICE.read_text(encoding="utf-8")


V1 = Release("v1", "1.0.0")
V2 = Release("v2", "2.0.0")
V4 = Release("v4", "4.0.0")
NEWEST = Release("v6", "6.0.0")  # published, and never deployed
DOES_NOT_START = Release("v3 that does not start", "3.0.0", "start")
UNHEALTHY = Release("v3 that is not healthy", "3.0.1", "health")
ROUTE_BROKEN = Release("v3 that answers 500", "3.0.2", "route")
BREAKS_LATER = Release("v5 that breaks later", "5.0.0", "later")
EVERY = (V1, V2, V4, NEWEST, DOES_NOT_START, UNHEALTHY, ROUTE_BROKEN, BREAKS_LATER)
