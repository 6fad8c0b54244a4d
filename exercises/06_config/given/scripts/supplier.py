"""Stands in for the supplier's site, where a key is made and revoked: scripts/supplier.py rotate

A new key is shown once. `supplier/keys.json` keeps fingerprints only (SHA-256), as suppliers do.
"""

import hashlib
import json
import secrets
import sys
from pathlib import Path

KEYS = Path(__file__).parent.parent / "supplier" / "keys.json"


def rotate() -> str:
    """Revoke the active key, and make a new one."""
    keys = json.loads(KEYS.read_text())
    new = f"sup_{secrets.token_hex(16)}"
    keys["revoked"].append(keys["active"])
    keys["active"] = hashlib.sha256(new.encode()).hexdigest()
    KEYS.write_text(json.dumps(keys, indent=2) + "\n")
    return new


if sys.argv[1:] != ["rotate"]:
    sys.exit("usage: python scripts/supplier.py rotate")
print(f"The old key is revoked. The new one, which is not shown again: {rotate()}")
