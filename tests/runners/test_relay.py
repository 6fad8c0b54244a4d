"""The relay: ports inside the sandbox lead where the grader chose, and nowhere else, as long as its context lasts."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graders.runners.relay import Address, Relay
from graders.runners.sandbox import Completed, Limits, isolates, run

needs_bubblewrap = pytest.mark.skipif(not isolates(), reason="bubblewrap is missing: a relay into it is not proven")
pytestmark = needs_bubblewrap


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while chunk := self.request.recv(65536):
            self.request.sendall(chunk)


class _Hello(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(b"hello")


class _Endless(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        try:
            while True:
                self.server.sent += self.request.send(bytes(65536))  # type: ignore[attr-defined]
        except OSError:
            pass


@contextmanager
def serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[socketserver.ThreadingTCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        server.sent = 0  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def address(server: socketserver.BaseServer) -> Address:
    return ("127.0.0.1", server.server_address[1])


def python(relay: Relay, code: str, seconds: float = 30) -> Completed:
    begin = "import socket, sys, time\n"
    return run(
        relay.around(["python", "-c", begin + code]), files={}, descriptors=[relay.descriptor],
        limits=Limits(seconds=seconds),
    )  # fmt: skip


def test_a_port_leads_to_the_address_outside_by_the_name_localhost() -> None:
    with serving(_Echo) as server, Relay() as relay:
        assert relay.listen(5432, address(server))
        done = python(
            relay,
            "s = socket.create_connection(('localhost', 5432)); s.sendall(b'x' * 3_000_00); s.shutdown(1)\n"
            "print(sum(len(c) for c in iter(lambda: s.recv(9999), b'')))",
        )

    assert (done.exit_code, done.stdout, done.stderr) == (0, "300000\n", "")


def test_a_port_can_lead_to_a_unix_socket(tmp_path: Path) -> None:
    with socketserver.UnixStreamServer(str(tmp_path / "s"), _Hello) as server, Relay() as relay:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        relay.listen(2375, tmp_path / "s")

        assert python(relay, "print(socket.create_connection(('localhost', 2375)).recv(9))").stdout == "b'hello'\n"
        server.shutdown()


def test_two_ports_lead_to_two_addresses_and_one_of_them_is_below_1024() -> None:
    with serving(_Echo) as echo, serving(_Hello) as hello, Relay() as relay:
        relay.listen(80, address(hello))
        relay.listen(8080, address(echo))
        done = python(
            relay,
            "a, b = (socket.create_connection(('127.0.0.1', port)) for port in (80, 8080))\n"
            "b.sendall(b'again'); print(a.recv(99), b.recv(99))",
        )

    assert done.stdout == "b'hello' b'again'\n"


def test_what_runs_inside_has_neither_the_capability_nor_the_stream() -> None:
    code = (
        "import os\n"
        "print([line for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapPrm', 'CapAmb'))])\n"
        "kinds = []\n"
        "for name in os.listdir('/proc/self/fd'):\n"
        "    try: kinds.append(os.readlink('/proc/self/fd/' + name).split(':')[0])\n"
        "    except OSError: pass\n"
        "print('socket' in kinds)\n"
        "try: socket.create_server(('127.0.0.1', 81))\n"
        "except PermissionError: print('refused')\n"
    )
    with Relay() as relay:
        done = python(relay, code)

    caps, has_socket, low_port = done.stdout.splitlines()
    assert caps.count("0000000000000000") == 3
    assert (has_socket, low_port) == ("False", "refused")


def test_nobody_inside_can_look_into_the_half_that_makes_the_sockets() -> None:
    code = (
        "import os\n"
        "for name in filter(str.isdigit, os.listdir('/proc')):\n"
        "    if b'relay' in open(f'/proc/{name}/cmdline', 'rb').read() and int(name) not in (1, os.getpid()):\n"
        "        try: print(os.listdir(f'/proc/{name}/fd'))\n"
        "        except PermissionError: print('hidden')\n"
    )
    with Relay() as relay:
        assert python(relay, code).stdout == "hidden\n"


def test_a_port_can_be_added_and_taken_away_while_the_command_runs() -> None:
    told = threading.Event()

    class Steps(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            step = self.request.recv(1)
            if step == b"1":
                answers.append(relay.listen(9001, address(echo)))
            else:
                relay.stop(9001)
            self.request.sendall(b".")
            told.set()

    answers: list[bool] = []
    code = (
        "def ask(step):\n"
        "    s = socket.create_connection(('localhost', 9000)); s.sendall(step); assert s.recv(1) == b'.'\n"
        "def reach():\n"
        "    try: s = socket.create_connection(('localhost', 9001)); s.sendall(b'hi'); return s.recv(9)\n"
        "    except OSError as error: return type(error).__name__\n"
        "print(reach()); ask(b'1'); print(reach()); ask(b'2'); print(reach())"
    )
    with serving(Steps) as steps, serving(_Echo) as echo, Relay() as relay:
        relay.listen(9000, address(steps))
        done = python(relay, code)

    assert answers == [True]
    assert done.stdout.splitlines() == ["ConnectionRefusedError", "b'hi'", "ConnectionRefusedError"], done


def test_a_port_that_something_inside_has_is_refused_and_said() -> None:
    class Add(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(str(relay.listen(9001, address(self.server))).encode())

    code = "taken = socket.create_server(('127.0.0.1', 9001))\nprint(socket.create_connection(('localhost', 9000)).recv(9))"
    with serving(Add) as add, Relay() as relay:
        relay.listen(9000, address(add))
        done = python(relay, code)
        refused = relay.refused

    assert (done.stdout, refused) == ("b'False'\n", {9001})


def test_once_its_half_inside_was_killed_no_port_is_added_and_those_there_go_on() -> None:
    class Add(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(str(relay.listen(9001, address(self.server))).encode())

    code = (
        "import os, signal\n"
        "for name in filter(str.isdigit, os.listdir('/proc')):\n"
        "    if b'relay' in open(f'/proc/{name}/cmdline', 'rb').read() and int(name) not in (1, os.getpid()):\n"
        "        os.kill(int(name), signal.SIGKILL)\n"
        "print(socket.create_connection(('localhost', 9000)).recv(9))"
    )
    with serving(Add) as add, Relay() as relay:
        relay.listen(9000, address(add))

        assert python(relay, code).stdout == "b'False'\n"


def test_where_nobody_listens_outside_the_connection_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nowhere = ("127.0.0.1", gone.getsockname()[1])
    with Relay() as relay:
        relay.listen(5432, nowhere)
        code = (
            "s = socket.create_connection(('localhost', 5432))\ntry: print(s.recv(9))\nexcept OSError: print('reset')"
        )

        assert python(relay, code).stdout in ("b''\n", "reset\n")


def test_no_more_connections_than_the_limit_are_open_at_a_time() -> None:
    code = (
        "found = []\n"
        "kept = [socket.create_connection(('localhost', 5432)) for _ in range(9)]\n"
        "for s in kept:\n"
        "    try: s.sendall(b'x'); found.append(s.recv(1))\n"
        "    except OSError: found.append(b'')\n"
        "print(found.count(b'x'))\n"
        "for s in kept: s.close()\n"
        "for _ in range(50):\n"
        "    try:\n"
        "        s = socket.create_connection(('localhost', 5432)); s.sendall(b'y')\n"
        "        if s.recv(1) == b'y': print('free again'); break\n"
        "    except OSError: pass\n"
        "    time.sleep(0.1)\n"
    )
    with serving(_Echo) as server, Relay(most=4) as relay:
        relay.listen(5432, address(server))

        assert python(relay, code).stdout.splitlines() == ["4", "free again"]


def test_a_client_that_does_not_read_holds_up_the_sender_and_fills_no_memory() -> None:
    with serving(_Endless) as server, Relay() as relay:
        relay.listen(5432, address(server))
        done = python(relay, "s = socket.create_connection(('localhost', 5432)); time.sleep(1.5); print('done')")
        sent = server.sent  # type: ignore[attr-defined]

    assert done.stdout == "done\n"
    assert 0 < sent < 32 << 20  # the kernel's own buffers


def test_its_end_closes_open_connections_and_waits_for_no_sandbox() -> None:
    ended = threading.Event()

    class Waits(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            began.set()
            self.request.recv(1)
            ended.set()

    began = threading.Event()
    with serving(Waits) as server:
        with Relay() as relay:
            relay.listen(5432, address(server))
            code = "socket.create_connection(('localhost', 5432)); s = time.sleep(60)"
            worker = threading.Thread(target=python, args=(relay, code.replace("socket.c", "k = socket.c"), 4))
            worker.start()
            assert began.wait(20)
        assert ended.wait(20)
        worker.join()
    with Relay() as unused:
        unused.listen(5432, ("127.0.0.1", 1))


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_what_is_no_port_is_an_error(port: int) -> None:
    with Relay() as relay, pytest.raises(ValueError, match="is no port"):
        relay.listen(port, ("127.0.0.1", 1))
