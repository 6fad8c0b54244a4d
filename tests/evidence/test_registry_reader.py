"""A registry is read over its API, from a real one, and not believed where digests differ."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from graders.evidence.registry import INDEX_TYPES, MANIFEST_TYPES, Manifest, RegistryProblem, RegistryReader
from graders.runners.registry import throwaway_registry

needs_program = pytest.mark.skipif(
    not shutil.which("docker-registry"), reason="docker-registry is missing: reading a real registry is not proven"
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with throwaway_registry() as started:
        yield started


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def ask(address: str, method: str, path: str, content: bytes = b"", **headers: str) -> http.client.HTTPResponse:
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request(method, path, content, headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status < 300, (path, answer.status)
    return answer


def push_blob(address: str, repository: str, data: bytes) -> dict[str, Any]:
    began = ask(address, "POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
    path = began.partition(address)[2] or began
    ask(address, "PUT", f"{path}{'&' if '?' in path else '?'}digest={digest_of(data)}", data)
    return {"digest": digest_of(data), "size": len(data), "mediaType": "application/octet-stream"}


def push(address: str, repository: str, tag: str, kind: str, document: dict[str, Any]) -> str:
    raw = json.dumps({"schemaVersion": 2, "mediaType": kind, **document}).encode()
    ask(address, "PUT", f"/v2/{repository}/manifests/{tag}", raw, **{"Content-Type": kind})
    return digest_of(raw)


@needs_program
@pytest.mark.parametrize("number", [0, 1], ids=["oci", "docker"])
def test_what_was_pushed_is_read(address: str, number: int) -> None:
    repository = f"team/widgets{number}"
    config = push_blob(address, repository, b'{"os": "linux"}')
    layer = push_blob(address, repository, b"layer")
    pushed = push(address, repository, "1f2e3d4", MANIFEST_TYPES[number], {"config": config, "layers": [layer]})
    platform = {"os": "linux", "architecture": "arm64", "variant": "v8"}
    entry = {"digest": pushed, "size": 1, "mediaType": MANIFEST_TYPES[number], "platform": platform}
    index = push(address, repository, "all", INDEX_TYPES[number], {"manifests": [entry]})

    reader = RegistryReader(address)
    assert repository in reader.repositories()
    assert reader.tags(repository) == ("1f2e3d4", "all")
    found = reader.manifest(repository, "1f2e3d4")
    assert found is not None
    assert found.config is not None
    assert (found.digest, found.is_index, found.config.digest) == (pushed, False, config["digest"])
    assert [(part.digest, part.size) for part in found.layers] == [(layer["digest"], 5)]
    assert reader.manifest(repository, pushed) == found
    assert reader.config(repository, found) == {"os": "linux"}
    whole = reader.manifest(repository, "all")
    assert whole is not None
    assert (whole.digest, whole.is_index, whole.config) == (index, True, None)
    assert [(part.digest, part.platform) for part in whole.images] == [(pushed, "linux/arm64/v8")]
    with pytest.raises(RegistryProblem, match="index"):
        reader.config(repository, whole)


@needs_program
def test_what_is_not_there_is_none(address: str) -> None:
    reader = RegistryReader(address)
    assert reader.manifest("nobody", "latest") is None
    assert reader.manifest("nobody", "sha256:" + "0" * 64) is None
    assert reader.tags("nobody") == ()


@needs_program
def test_long_lists_come_in_pages(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.evidence.registry._PAGE", 2)
    config = push_blob(address, "paged", b"{}")
    for number in range(5):
        push(address, "paged", f"t{number}", MANIFEST_TYPES[0], {"config": config, "layers": []})
        push_blob(address, f"paged/{number}", b"x")
        config_of_it = push_blob(address, f"paged/{number}", b"{}")
        push(address, f"paged/{number}", "t", MANIFEST_TYPES[0], {"config": config_of_it, "layers": []})
    assert RegistryReader(address).tags("paged") == ("t0", "t1", "t2", "t3", "t4")
    assert [name for name in RegistryReader(address).repositories() if name.startswith("paged/")] == [
        f"paged/{number}" for number in range(5)
    ]


class Liar:
    """A server that says what the test wants."""

    def __init__(self) -> None:
        self.status, self.content, self.headers = 200, b"", dict[str, str]()


@pytest.fixture
def liar() -> Iterator[tuple[str, Liar]]:
    said = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.content)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", said
    server.shutdown()
    server.server_close()


DOCUMENT = json.dumps(
    {"mediaType": MANIFEST_TYPES[0], "config": {"digest": "sha256:" + "1" * 64}, "layers": []}
).encode()


@pytest.mark.parametrize(
    ("content", "headers", "status", "says"),
    [
        (DOCUMENT, {"Docker-Content-Digest": "sha256:" + "2" * 64}, 200, "digest is another"),
        (b"{}", {}, 200, "not known"),
        (b"[" * 100_000, {}, 200, "can't be read"),
        (b"\xff", {}, 200, "can't be read"),
        (b"x" * (5 << 20), {}, 200, "longer"),
        (b"", {}, 500, "answers 500"),
        (b"", {"Location": "http://example.org/"}, 302, "answers 302"),
        (DOCUMENT.replace(b"1" * 64, b"../../x"), {}, 200, "can't be read"),
    ],
)
def test_a_registry_that_lies_is_not_believed(
    liar: tuple[str, Liar], content: bytes, headers: dict[str, str], status: int, says: str
) -> None:
    address, said = liar
    said.content, said.headers, said.status = content, headers, status
    with pytest.raises(RegistryProblem, match=says):
        RegistryReader(address).manifest("widgets", "1")


def test_a_digest_that_was_asked_for_is_the_one_that_comes(liar: tuple[str, Liar]) -> None:
    address, said = liar
    said.content = DOCUMENT
    found = RegistryReader(address).manifest("widgets", digest_of(DOCUMENT))
    assert isinstance(found, Manifest)
    with pytest.raises(RegistryProblem, match="digest is another"):
        RegistryReader(address).manifest("widgets", "sha256:" + "3" * 64)
    said.content = b'{"not": "it"}'
    with pytest.raises(RegistryProblem, match="another digest"):
        RegistryReader(address).config("widgets", found)


@pytest.mark.parametrize(
    ("address", "repository", "reference", "says"),
    [
        ("example.org:443", "a", "b", "not on this machine"),
        ("127.0.0.1.example.org:5000", "a", "b", "not on this machine"),
        ("localhost", "a", "b", "no registry's address"),
        ("localhost:99999", "a", "b", "no registry's address"),
        ("localhost:5000/x", "a", "b", "no registry's address"),
        ("127.0.0.1:1", "../x", "b", "no repository's name"),
        ("127.0.0.1:1", "a", "b?x", "no tag and no digest"),
        ("127.0.0.1:1", "a", "b", "No registry answers"),
    ],
)
def test_only_proper_names_on_this_machine_are_asked(address: str, repository: str, reference: str, says: str) -> None:
    with pytest.raises(RegistryProblem, match=says):
        RegistryReader(address).manifest(repository, reference)
