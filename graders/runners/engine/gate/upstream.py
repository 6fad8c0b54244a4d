"""One request to the engine: sent whole, answered as a head and a stream. https://docs.docker.com/reference/api/engine/"""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import h11

from graders.problems import Problem

_HEAD_BYTES = 1 << 16
_ANSWER_BYTES = 32 << 20
_CHUNK = 1 << 16


class ClientGone(Exception):
    """Whoever asked has closed the connection."""


class Upstream:
    """One connection to the engine at `url` (`unix://` or plain `tcp://`), for one request. A context; its end closes it."""

    def __init__(self, url: str, seconds: float | None = 60) -> None:
        self.socket = _connect(url, seconds)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
        self._watched: socket.socket | None = None

    def __enter__(self) -> Upstream:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, *, body: object = None,
        content: Iterable[bytes] | None = None, kind: str = "", headers: Mapping[str, str] | None = None,
        upgrade: bool = False,
    ) -> None:  # fmt: skip
        """Send a request: `body` as JSON, or `content`, of media type `kind`, in chunks."""
        data = b"" if body is None else json.dumps(body).encode()
        lines = {"Host": "docker", "Connection": "Upgrade" if upgrade else "close", **(headers or {})}
        lines |= {"Upgrade": "tcp"} if upgrade else {}
        if content is not None:
            lines |= {"Transfer-Encoding": "chunked", "Content-Type": kind}
        elif method not in ("GET", "HEAD"):
            lines |= {"Content-Length": str(len(data))} | ({"Content-Type": "application/json"} if data else {})
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{path}?{urlencode(given, doseq=True)}" if given else path
        self._put(h11.Request(method=method, target=target, headers=list(lines.items())))
        try:
            for chunk in content or ([data] if data else []):
                self._put(h11.Data(data=chunk))
            self._put(h11.EndOfMessage())
        except (BrokenPipeError, ConnectionResetError):  # it has answered already
            self._http.send_failed()

    def watch(self, client: socket.socket) -> None:
        """From now on stop with ClientGone where `client` closes its connection."""
        self._watched = client

    def head(self) -> h11.Response | h11.InformationalResponse:
        """The answer's head; an InformationalResponse means that the connection is a stream from here on."""
        while True:
            event = self._next()
            if isinstance(event, h11.Response):
                return event
            if isinstance(event, h11.InformationalResponse) and event.status_code == 101:
                return event
            if isinstance(event, h11.ConnectionClosed):
                raise ConnectionError("the engine closed the connection")

    def data(self) -> Iterator[bytes]:
        """The answer's body as it comes."""
        while True:
            event = self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                return

    def after_upgrade(self) -> bytes:
        """What the engine has said already on the stream."""
        return self._http.trailing_data[0]

    def _put(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            self.socket.sendall(data)

    def _next(self) -> Any:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                if self._watched is not None:
                    self._wait(self._watched)
                self._http.receive_data(self.socket.recv(_CHUNK))
        except h11.RemoteProtocolError as trouble:  # as where the engine dies in the middle of an answer
            raise ConnectionError(str(trouble)) from None
        return event

    def _wait(self, client: socket.socket) -> None:
        both = select.poll()  # which, unlike select, takes descriptors of any number
        both.register(self.socket, select.POLLIN)
        both.register(client, select.POLLIN)
        if self.socket.fileno() not in {descriptor for descriptor, _ in both.poll()}:
            if not client.recv(1, socket.MSG_PEEK):
                raise ClientGone
            self._watched = None  # it says more than it should: nobody listens


class Asking:
    """Questions of our own to the engine at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: object = None
    ) -> tuple[int, Any]:
        """The status and the answer, read from JSON where it is JSON. Raises OSError where the engine does not answer."""
        with Upstream(self.url, 120) as upstream:
            upstream.send(method, path, query, body=body)
            status = upstream.head().status_code
            content = bytearray()
            for chunk in upstream.data():
                content += chunk
                if len(content) > _ANSWER_BYTES:
                    raise ConnectionError("the engine's answer is too long")
        try:
            return status, json.loads(content) if content else None
        except ValueError:
            return status, content.decode("utf-8", "replace")


def _connect(url: str, seconds: float | None) -> socket.socket:
    place = urlsplit(url)
    if place.scheme == "unix":
        made = socket.socket(socket.AF_UNIX)
        try:
            made.settimeout(10)
            made.connect(place.path)
        except OSError:
            made.close()
            raise
    elif place.scheme == "tcp":
        made = socket.create_connection((place.hostname or "localhost", place.port or 2375), 10)
    else:
        raise Problem(
            f"Scripts can't be given an engine at {url}.", "Use one that listens on a socket of this machine."
        )
    made.settimeout(seconds)
    return made
