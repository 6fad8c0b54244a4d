"""One connection from a script to the gate: one request is read, strictly, and one answer given."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, Never
from urllib.parse import parse_qsl

import h11

from graders.runners.engine.gate.refusal import Refused
from graders.runners.engine.gate.upstream import ClientGone, Upstream

HEAD_SECONDS, BODY_SECONDS = 10.0, 120.0
HEAD_BYTES, JSON_BYTES, CONTEXT_BYTES = 1 << 16, 1 << 20, 512 << 20
_CHUNK = 1 << 16
_PATH = re.compile(r"/[A-Za-z0-9_.:@/-]*")
_VERSION = re.compile(r"/v(\d{1,2})\.(\d{1,3})(?=/)")
_OLDEST = (1, 24)  # before it, starting a container took settings as well
_PASSED_ON = ("api-version", "content-type", "docker-experimental", "ostype", "builder-version", "server")

Edit = Callable[[bytes], bytes]


class Exchange:
    """The request that came on `client`, and how to answer it. Raises Refused, ClientGone or OSError everywhere."""

    def __init__(self, client: socket.socket, url: str, tell: Callable[[Exchange, str], None]) -> None:
        """`tell` is called as the answer begins, with the sentence of a refusal of ours."""
        self.client, self._url, self._tell = client, url, tell
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self._until = time.monotonic() + HEAD_SECONDS
        self.method = self.path = self.version = self.image = ""
        self.query: dict[str, list[str]] = {}
        self.headers: dict[str, str] = {}
        self.status = 0
        self._sentence = ""

    def read_head(self) -> None:
        """Read the request's first part, and refuse every one that could be understood in two ways."""
        try:
            event = self._next()
        except h11.RemoteProtocolError as trouble:
            raise Refused(f"this is no request that the engine would understand: {trouble}", 400) from None
        if not isinstance(event, h11.Request):
            raise ClientGone
        self.method = event.method.decode("ascii")
        names = [bytes(name).decode("ascii") for name, _ in event.headers]
        for name in ("content-length", "transfer-encoding", "host", "upgrade"):
            if names.count(name) > 1:
                raise Refused(f"the request has two headers {name}", 400)
        if "content-length" in names and "transfer-encoding" in names:
            raise Refused("the request says its length in two ways", 400)
        self.headers = {bytes(name).decode(): bytes(value).decode("latin-1") for name, value in event.headers}
        self._until = time.monotonic() + BODY_SECONDS
        self._read_target(event.target.decode("latin-1"))

    def _read_target(self, target: str) -> None:
        path, _, query = target.partition("?")
        path = re.sub("%40", "@", re.sub("%3[Aa]", ":", path))
        self.path = path[:200]
        if not _PATH.fullmatch(path) or "//" in path or {".", ".."} & set(path.split("/")):
            raise Refused("the request's path is written in a way that the gate does not follow", 400)
        if version := _VERSION.match(path):
            if (int(version[1]), int(version[2])) < _OLDEST:
                raise Refused("this version of the API is older than the gate knows", 400)
            self.version, path = version[0], path[version.end() :]
        self.path = path
        try:
            pairs = parse_qsl(
                query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=100, errors="strict"
            )
        except ValueError:
            raise Refused("the request's query can't be read", 400) from None
        for name, value in pairs:
            self.query.setdefault(name, []).append(value)

    def asked(self, *allowed: str) -> dict[str, str]:
        """The query's values, if it holds none but `allowed` and no name twice; empty ones are left out."""
        for name, values in self.query.items():
            if any(values) and name not in allowed:
                raise Refused(f"the gate does not let the option `{name}={values[0][:80]}` of {self.path} through")
            if len(values) > 1:
                raise Refused(f"the option `{name}` is given twice", 400)
        return {name: values[0] for name, values in self.query.items() if values[0]}

    def body(self, most: int = 0) -> bytes:
        """The whole body. Raises Refused where it has more than `most` bytes, or a megabyte."""
        content = bytearray()
        for chunk in self._chunks(most or JSON_BYTES):
            content += chunk
        return bytes(content)

    def spool(self, file: IO[bytes]) -> None:
        """Write the body into `file`."""
        for chunk in self._chunks(CONTEXT_BYTES):
            file.write(chunk)

    def json(self) -> dict[str, Any]:
        """The body, an object without the same name twice; an empty body is an empty object."""
        content = self.body()
        if not content.strip():
            return {}
        try:
            found = json.loads(content, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            raise Refused("the request's body is no JSON, or has a name twice", 400) from None
        if not isinstance(found, dict):
            raise Refused("the request's body is no object", 400)
        return found

    def no_body(self) -> None:
        """Refuse a body where none has a meaning."""
        if self.body(1024).strip() not in (b"", b"{}", b"null"):
            raise Refused(f"{self.method} {self.path} takes no settings")

    def reply(self, status: int, answer: object = None) -> None:
        """Answer with JSON, or with nothing."""
        data = b"" if answer is None else json.dumps(answer).encode() + b"\n"
        self._begin(status, {"content-type": "application/json", "content-length": str(len(data))})
        if self.method != "HEAD" and data:
            self._put(h11.Data(data=data))
        self._put(h11.EndOfMessage())

    def begin_stream(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Begin an answer whose length is not known yet."""
        framing = {} if status in (204, 304) or self.method == "HEAD" else {"transfer-encoding": "chunked"}
        self._begin(status, {**(headers or {"content-type": "application/json"}), **framing})

    def stream(self, data: bytes) -> None:
        """Go on with it."""
        if data and self.method != "HEAD":
            self._put(h11.Data(data=data))

    def end_stream(self) -> None:
        """End it."""
        self._put(h11.EndOfMessage())

    def forward(
        self, path: str, query: Mapping[str, Any] | None = None, *, method: str = "", body: object = None,
        content: Iterator[bytes] | None = None, kind: str = "", headers: Mapping[str, str] | None = None,
        edit: Edit | None = None, more: Callable[[], bytes] | None = None,
    ) -> int:  # fmt: skip
        """Send it on to the engine, and the answer back as it comes, through `edit` line by line; the status.

        What `more` gives follows a good answer.
        """
        with Upstream(self._url, None) as upstream:
            upstream.send(
                method or self.method,
                self.version + path,
                query,
                body=body,
                content=content,
                kind=kind,
                headers=headers,
            )
            upstream.watch(self.client)
            head = upstream.head()
            self.begin_stream(head.status_code, _passed_on(head))
            for chunk in _lines(upstream.data()) if edit else upstream.data():
                self.stream(edit(chunk) if edit else chunk)
            if more and head.status_code == 200:
                self.stream(more())
            self.end_stream()
            return head.status_code

    def hijack(self, path: str, query: Mapping[str, Any] | None = None, *, body: object = None) -> int:
        """Send on what becomes a stream in both directions. What the script says reaches the engine only once it is one."""
        upgraded = self.headers.get("upgrade", "").lower() == "tcp"
        with Upstream(self._url, None) as upstream:
            upstream.send("POST", self.version + path, query, body=body, upgrade=upgraded)
            upstream.watch(self.client)
            head = upstream.head()
            if head.status_code == 101 and upgraded:
                lines = {**_passed_on(head), "connection": "Upgrade", "upgrade": "tcp"}
                self._answers(101)
                self._put(h11.InformationalResponse(status_code=101, headers=list(lines.items())))
                self.client.settimeout(None)
                _pump(self.client, upstream.socket, self._http.trailing_data[0], upstream.after_upgrade())
                return 101
            self.begin_stream(head.status_code, _passed_on(head))
            for chunk in upstream.data():
                self.stream(chunk)
            self.end_stream()
            return head.status_code

    def refuse(self, refused: Refused) -> None:
        """Say why nothing was done, where no answer has begun."""
        self._sentence = refused.sentence if refused.ours else ""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.reply(refused.status, {"message": refused.sentence})
        elif self.status == 0:
            self._answers(refused.status)
            data = json.dumps({"message": refused.sentence}).encode()
            head = f"HTTP/1.1 {refused.status} Refused\r\nContent-Type: application/json\r\nConnection: close\r\n"
            self.client.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)

    def _answers(self, status: int) -> None:
        self.status = status
        self._tell(self, self._sentence)

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self._answers(status)
        lines = {**headers, "connection": "close"}
        self._put(h11.Response(status_code=status, headers=list(lines.items())))

    def _put(self, event: h11.Event) -> None:
        try:
            if data := self._http.send(event):
                self.client.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise ClientGone from None

    def _chunks(self, most: int) -> Iterator[bytes]:
        left = most
        while True:
            if self._http.they_are_waiting_for_100_continue:
                self._put(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                event = self._next()
            except h11.RemoteProtocolError as trouble:
                raise Refused(f"the request's body can't be read: {trouble}", 400) from None
            if isinstance(event, h11.Data):
                left -= len(event.data)
                if left < 0:
                    raise Refused(f"the request is larger than the {most >> 20 or 1} MB that the gate takes", 413)
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage) or event is h11.PAUSED:
                return
            else:
                raise ClientGone

    def _next(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            left = self._until - time.monotonic()
            if left <= 0:
                self._late()
            self.client.settimeout(left)
            try:
                self._http.receive_data(self.client.recv(_CHUNK))
            except TimeoutError:
                self._late()
        self.client.settimeout(BODY_SECONDS)
        return event

    def _late(self) -> Never:
        raise Refused("the request came too slowly", 408)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len({name.casefold() for name, _ in pairs}) or len(found) != len(pairs):
        raise ValueError("twice")
    return found


def _passed_on(head: h11.Response | h11.InformationalResponse) -> dict[str, str]:
    found = {bytes(name).decode(): bytes(value).decode("latin-1") for name, value in head.headers}
    return {name: value for name, value in found.items() if name in _PASSED_ON}


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    kept = b""
    for chunk in chunks:
        *lines, kept = (kept + chunk).split(b"\n")
        for line in lines:
            yield line + b"\n"
        if len(kept) > 1 << 22:
            raise ConnectionError("a line of the engine's answer is too long")
    if kept:
        yield kept


def _pump(client: socket.socket, engine: socket.socket, from_client: bytes, from_engine: bytes) -> None:
    """Carry bytes both ways until the engine has no more to say."""

    def to_engine() -> None:
        _copy(client, engine, from_client)

    other = threading.Thread(target=to_engine, daemon=True)
    other.start()
    _copy(engine, client, from_engine)
    for one in (client, engine):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
    other.join()


def _copy(source: socket.socket, target: socket.socket, first: bytes) -> None:
    try:
        if first:
            target.sendall(first)
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
