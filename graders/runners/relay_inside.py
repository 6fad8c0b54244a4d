"""The relay's half in the sandbox: make the listening sockets that `relay.py` asks for, hand them out, run a command.

Called as `python -IS -c THIS DESCRIPTOR COMMAND…`, where the descriptor is a stream socket to `relay.py`. Each line that
comes is a port; the answer is one byte, and with `_MADE` the socket, bound to loopback in this network namespace. `go`
starts the command, which has the socket no longer. A process of its own goes on answering until the stream ends.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from typing import TextIO

_BACKLOG = 64
_MADE, _TAKEN = b"+", b"-"
_SET_DUMPABLE, _AMBIENT, _CLEAR_ALL = 4, 47, 4


def main(descriptor: int, command: list[str]) -> None:
    outside = socket.socket(fileno=descriptor)
    lines = outside.makefile("r", encoding="ascii")
    outside.sendall(b"?")
    _answer(outside, lines)
    if os.fork():
        outside.close()
        lines.close()
        _without_privileges()
        os.execvp(command[0], command)  # noqa: S606
    _hide()
    _answer(outside, lines)
    os._exit(0)


def _answer(outside: socket.socket, lines: TextIO) -> None:
    """Until `go`, or the end of the stream."""
    for line in lines:
        if line == "go\n":
            return
        try:
            with socket.create_server(("127.0.0.1", int(line)), backlog=_BACKLOG) as listener:
                socket.send_fds(outside, [_MADE], [listener.fileno()])
        except OSError:
            outside.sendall(_TAKEN)


def _without_privileges() -> None:
    """The capability to take a port below 1024 is this program's alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)


def _hide() -> None:
    """The command runs as the same user: it may not look into this process, nor wait for the end of its output."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
