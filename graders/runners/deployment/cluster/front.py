"""What callers reach: connections to the front port are led to a ready pod of the Service, one after another.

As kube-proxy does it, connections are passed on as they are. https://kubernetes.io/docs/reference/networking/virtual-ips/
"""

from __future__ import annotations

import asyncio
import contextlib
import threading


class Front:
    """Listens on a port of loopback, and leads each connection to one of `ports`; with none, it is refused."""

    def __init__(self, port: int) -> None:
        self.ports: list[int] = []
        self._port, self._turn = port, 0
        self._open = threading.Event()

    def start(self) -> bool:
        """Begin to listen; whether the port could be had."""
        threading.Thread(target=self._run, daemon=True).start()
        return self._open.wait(5)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._lead, "127.0.0.1", self._port)
        self._open.set()
        async with server:
            await server.serve_forever()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports, self._turn = self.ports, self._turn + 1
        try:
            port = ports[self._turn % len(ports)]
            there, back = await asyncio.open_connection("127.0.0.1", port)
        except (IndexError, ZeroDivisionError, OSError):
            writer.transport.abort()
            return
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
        back.close()
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
