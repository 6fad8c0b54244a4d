"""The service with one of its two prices broken: what tests that ask for it notice.

The break is where the service's answers leave it, so that it does not matter how the code is put together.
"""

from __future__ import annotations

from collections.abc import Mapping

_PACKAGE = "widgets/__init__.py"
_BREAK = """

def _break_on_purpose() -> None:
    import json

    from fastapi import FastAPI

    whole = FastAPI.__call__

    async def broken(self, scope, receive, send):
        if scope["type"] != "http" or not scope["path"].rstrip("/").endswith("/price"):
            return await whole(self, scope, receive, send)
        messages = []

        async def keep(message):
            messages.append(message)

        await whole(self, scope, receive, keep)
        body = b"".join(one.get("body", b"") for one in messages if one["type"] == "http.response.body")
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and "total_cents" in answer and ("discount_percent" in answer) is {new}:
            answer["total_cents"] = answer["total_cents"] * 2 + 1
            body = json.dumps(answer, separators=(",", ":")).encode()
        for one in messages:
            if one["type"] == "http.response.start":
                headers = [(k, v) for k, v in one.get("headers", []) if k.lower() != b"content-length"]
                await send({**one, "headers": [*headers, (b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    FastAPI.__call__ = broken


_break_on_purpose()
"""


def broken(files: Mapping[str, bytes], *, new: bool) -> dict[str, bytes]:
    """The change (path to content) that makes the total wrong in the `new` price's answers, or in the stable price's."""
    text = _BREAK.replace("{new}", str(new)).encode()
    return {_PACKAGE: files.get(_PACKAGE, b"").rstrip(b"\n") + b"\n" + text}
