"""What the service works with."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from widgets import __version__


@dataclass(frozen=True)
class Settings:
    """Only the version comes from the environment so far. An empty variable counts as unset."""

    database_url: str = "sqlite:///widgets.db"
    version: str = __version__
    supplier_api_key: str = "LEAKED_KEY"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        return cls(version=env.get("APP_VERSION") or cls.version)
