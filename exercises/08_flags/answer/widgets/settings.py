"""What the service takes from its environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from widgets import __version__


@dataclass(frozen=True)
class Settings:
    """Read once, when the app is made. An empty variable counts as unset."""

    database_url: str
    supplier_api_key: str
    version: str = __version__
    price_v2: bool = False
    flags_file: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        missing = [name for name in ("DB_URL", "SUPPLIER_API_KEY") if not env.get(name)]
        if missing:
            sys.exit(f"{' and '.join(missing)} must be set: see .env.example.")
        return cls(
            database_url=env["DB_URL"],
            supplier_api_key=env["SUPPLIER_API_KEY"],
            version=env.get("APP_VERSION") or cls.version,
            price_v2=env.get("FEATURE_PRICE_V2") == "true",
            flags_file=env.get("FLAGS_FILE", ""),
        )
