"""The supplier that widgets are ordered from; `supplier/keys.json` stands in for its own list."""

import hashlib
import json
from pathlib import Path

from fastapi import APIRouter, Request

KEYS = Path(__file__).parent.parent / "supplier" / "keys.json"
router = APIRouter(prefix="/supplier", tags=["supplier"])


def state_of(key: str) -> str:
    """What the supplier says of a key: active, revoked or unknown."""
    keys = json.loads(KEYS.read_text()) if KEYS.exists() else {"active": "", "revoked": []}
    known = hashlib.sha256(key.encode()).hexdigest()
    if known in keys["revoked"]:
        return "revoked"
    return "active" if known == keys["active"] else "unknown"


@router.get("")
def supplier(request: Request) -> dict[str, str]:
    """Which key the service uses, without saying it, and what the supplier thinks of it."""
    key = request.app.state.settings.supplier_api_key
    return {"key": hashlib.sha256(key.encode()).hexdigest()[:12], "state": state_of(key)}
