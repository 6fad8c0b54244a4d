"""What the service takes from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from widgets import __version__


@dataclass(frozen=True)
class Settings:
    """Read once, when the app is made. An empty variable counts as unset."""

    database_url: str = "sqlite:///widgets.db"
    version: str = __version__

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        return cls(
            database_url=env.get("DATABASE_URL") or cls.database_url,
            version=env.get("APP_VERSION") or cls.version,
        )
