"""The engine is the one that `docker` would talk to, and where none answers, it is said why."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from graders.runners.engine.connection import Engine, NoEngine, find_engine


def context(folder: Path, name: str, host: str) -> None:
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    (folder / "config.json").write_text(json.dumps({"currentContext": name}))


def test_it_says_what_the_engine_can_do(engine: Engine) -> None:
    with closing(engine.client()) as client:
        said = client.version()

    assert engine.version == said["Version"]
    assert engine.platform == f"{said['Os']}/{said['Arch']}"
    assert engine.has_buildkit


def test_the_environment_comes_before_the_context_and_the_context_before_the_usual_socket(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    context(tmp_path, "mine", engine.url)
    by_context = find_engine()
    monkeypatch.setenv("DOCKER_HOST", engine.url)
    by_environment = find_engine()

    assert (by_context.origin, by_context.url) == ("the docker context mine", engine.url)
    assert by_environment.origin == "DOCKER_HOST"


def test_what_was_named_is_not_replaced_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    with pytest.raises(NoEngine, match=r"DOCKER_HOST says unix://.*none\.sock, and nothing answers there") as told:
        find_engine()
    assert "unset DOCKER_HOST" in told.value.next


def test_a_socket_that_is_no_engine_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/closed.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "closed.sock"))  # never listens: a daemon that died
        with pytest.raises(NoEngine):
            find_engine()


@pytest.mark.skipif(not shutil.which("docker"), reason="that `docker` finds the same engine: it is not installed")
def test_docker_itself_finds_the_same(engine: Engine) -> None:
    said = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, env=os.environ
    )

    assert said.stdout.strip() == engine.version
