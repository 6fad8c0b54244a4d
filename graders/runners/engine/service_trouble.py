"""A change of the service that lets it be in trouble on demand, as if its database could not be reached."""

from __future__ import annotations

from collections.abc import Mapping

APP = "widgets/app.py"
# At the end of the file, so that no line moves. Asked whether it is healthy, it answers 503; to the rest, 500, but for what
# needs no database.
_CHANGE = """

def _in_trouble(make):
    import functools
    import os

    from starlette.responses import JSONResponse

    @functools.wraps(make)
    def made(*args, **kwargs):
        app = make(*args, **kwargs)
        if os.environ.get("{variable}"):

            @app.middleware("http")
            async def trouble(request, call_next):
                path = request.url.path.rstrip("/")
                if path == "/healthz":
                    return JSONResponse({{"status": "unavailable"}}, status_code=503)
                if path.startswith("/widgets"):
                    return JSONResponse({{"detail": "Internal Server Error"}}, status_code=500)
                return await call_next(request)

        return app

    return made


if "create_app" in globals():
    create_app = _in_trouble(create_app)  # noqa: F811
if "app" in globals():
    app = _in_trouble(lambda: globals()["app"])()
"""


def with_trouble(files: Mapping[str, bytes], switch: str) -> dict[str, bytes]:
    """The changed file, path to content: with the variable `switch` in its environment, the service is in trouble.

    A new name each time makes the change another one, so that no builder has it in its cache. Empty where the service does not
    stand where the course put it.
    """
    if APP not in files:
        return {}
    return {APP: files[APP].rstrip(b"\n") + b"\n" + _CHANGE.format(variable=switch).encode()}
