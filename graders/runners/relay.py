"""Ports on loopback inside a sandbox, which has no network, that lead to addresses outside which the grader chose.

    with Relay() as relay:
        relay.listen(5432, ("172.18.0.2", 5432))
        run(relay.around(["python", "client.py"]), files=files, descriptors=[relay.descriptor])

The sandbox makes the listening sockets (`relay_inside.py`) and hands them out; connections are taken and carried here.
So nothing inside says where they go, and nothing inside has to be trusted with them.
https://man7.org/linux/man-pages/man7/unix.7.html (SCM_RIGHTS)
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

_INSIDE = Path(__file__).with_name("relay_inside.py")
_PATIENCE = 5.0  # seconds for the sandbox's half to answer, and for an address outside to take a connection
_BYTES_IN_FLIGHT = 1 << 16  # in each direction of a connection
_MADE = b"+"

Address = tuple[str, int] | Path  # host and port, or a Unix socket
_Answer = TypeVar("_Answer")


class Relay:
    """A context: while it lasts, one sandbox can be given ports, at once or while it runs. Its end closes all of them.

    `most` bounds the connections that are open at a time; those beyond it are closed as they come. Works on Unix only.
    """

    def __init__(self, *, most: int = 200) -> None:
        self._targets: dict[int, Address] = {}
        self._servers: dict[int, asyncio.Server] = {}
        self._open: set[asyncio.Task[None]] = set()
        self._most = most
        self._refused: set[int] = set()
        self._lock = threading.Lock()
        self._started = self._ended = False
        self._ours, self._theirs = socket.socketpair()
        self._loop = asyncio.new_event_loop()
        self._threads = [
            threading.Thread(target=self._loop.run_forever, daemon=True),
            threading.Thread(target=self._begin, daemon=True),
        ]

    @property
    def descriptor(self) -> int:
        """What the sandboxed process must inherit."""
        return self._theirs.fileno()

    @property
    def refused(self) -> frozenset[int]:
        """The ports that the sandbox could not be given."""
        return frozenset(self._refused)

    def around(self, command: Sequence[str]) -> list[str]:
        """`command` with the sandbox's half before it: it starts as soon as all ports that are known then are there."""
        inside = _INSIDE.read_text(encoding="utf-8")
        return [sys.executable, "-IS", "-c", inside, str(self.descriptor), *command]

    def listen(self, port: int, target: Address) -> bool:
        """Let `port` of the sandbox's loopback lead to `target`. False where something inside has that port.

        Before the sandbox runs it is only noted; what could not be had stands in `refused` then.
        """
        if not 0 < port < 1 << 16:
            raise ValueError(f"{port} is no port")
        with self._lock:
            self._targets[port] = target
            if self._started and port not in self._servers:
                self._ask(port)
            return port not in self._refused

    def stop(self, port: int) -> None:
        """Take no connection there any more; those that are open go on."""
        with self._lock:
            self._targets.pop(port, None)
            self._refused.discard(port)
            if server := self._servers.pop(port, None):
                self._loop.call_soon_threadsafe(server.close)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._ended = True
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        self._threads[1].join()
        with self._lock:
            self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._threads[0].join()
        self._loop.close()
        self._ours.close()
        self._theirs.close()

    def _begin(self) -> None:
        """Wait for the sandbox's half, give it what is known by then, and let the command start."""
        with contextlib.suppress(OSError):
            if self._ours.recv(1) != b"?" or self._ended:
                return
            self._theirs.close()  # now the end of the sandbox ends the stream
            with self._lock:
                self._ours.settimeout(_PATIENCE)
                for port in list(self._targets):
                    self._ask(port)
                self._started = True
                self._ours.sendall(b"go\n")

    def _ask(self, port: int) -> None:
        self._refused.add(port)
        with contextlib.suppress(OSError):  # the sandbox has ended, or its half was killed
            self._ours.sendall(f"{port}\n".encode())
            answer, descriptors, _, _ = socket.recv_fds(self._ours, 1, 1)
            if answer == _MADE and descriptors:
                listener = socket.socket(fileno=descriptors[0])
                self._servers[port] = self._on_loop(self._serve(port, listener))
                self._refused.discard(port)

    def _on_loop(self, work: Coroutine[Any, Any, _Answer]) -> _Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _serve(self, port: int, listener: socket.socket) -> asyncio.Server:
        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            target = self._targets.get(port)
            if task is None or target is None or len(self._open) >= self._most:
                writer.transport.abort()
                return
            self._open.add(task)
            try:
                await _carry(reader, writer, target)
            except asyncio.CancelledError:
                writer.transport.abort()  # the relay has ended; passed on, asyncio would print it
            finally:
                self._open.discard(task)

        listener.setblocking(False)
        return await asyncio.start_server(carry, sock=listener, limit=_BYTES_IN_FLIGHT // 2)

    async def _close(self) -> None:
        for server in self._servers.values():
            server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Address) -> None:
    """Both directions of one connection, until both have ended or one is broken."""
    try:
        far_reader, far_writer = await asyncio.wait_for(_connect(target), _PATIENCE)
    except (OSError, TimeoutError):
        writer.transport.abort()  # as a port where nobody listens
        return
    for one in (writer, far_writer):
        one.transport.set_write_buffer_limits(high=_BYTES_IN_FLIGHT // 2)
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(reader, far_writer))
            both.create_task(_pump(far_reader, writer))
    except* OSError:
        for one in (writer, far_writer):
            one.transport.abort()
    finally:
        for one in (writer, far_writer):
            one.close()


async def _connect(target: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(target, Path):
        return await asyncio.open_unix_connection(target, limit=_BYTES_IN_FLIGHT // 2)
    return await asyncio.open_connection(*target, limit=_BYTES_IN_FLIGHT // 2)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_BYTES_IN_FLIGHT // 2):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
