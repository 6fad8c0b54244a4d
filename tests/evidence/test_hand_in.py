"""What a hand-in may be: two stored members, a bundle and a manifest; all else gets a sentence."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.evidence.snapshot import snapshot_of
from graders.problems import Problem
from graders.step import find
from graders.workspace.submit import submit

GIT = find("git")


@pytest.fixture(scope="session")
def hand_in(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return submit(GIT, finished / "repo", tmp_path_factory.mktemp("hand-in")).file


def test_it_holds_what_the_repository_holds(finished: Path, hand_in: Path) -> None:
    with snapshot_of(finished / "repo", GIT) as there, snapshot_of(hand_in, GIT) as handed_in:
        assert handed_in.refs == there.refs
        assert set(handed_in.history.commits) == set(there.history.commits)


def members(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(file: Path, content: dict[str, bytes], compression: int = zipfile.ZIP_STORED, mode: int = 0o100644) -> None:
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in content.items():
            member = zipfile.ZipInfo(name)
            member.external_attr, member.compress_type = mode << 16, compression
            archive.writestr(member, data)


def manifest_with(content: dict[str, bytes], **values: object) -> dict[str, bytes]:
    return content | {"manifest.json": json.dumps(json.loads(content["manifest.json"]) | values).encode()}


SPOILT: dict[str, Callable[[Path, dict[str, bytes]], object]] = {
    "not a zip": lambda file, good: file.write_bytes(b"no zip"),
    "empty": lambda file, good: file.write_bytes(b""),
    "half of it": lambda file, good: (written(file, good), file.write_bytes(file.read_bytes()[:2000])),
    "one member more": lambda file, good: written(file, good | {"../evil": b"x"}),
    "no bundle": lambda file, good: written(file, {"manifest.json": good["manifest.json"]}),
    "links": lambda file, good: written(file, good, mode=0o120777),
    "compressed": lambda file, good: written(file, good, zipfile.ZIP_DEFLATED),
    "a manifest that is no JSON": lambda file, good: written(file, good | {"manifest.json": b"{"}),
    "a manifest nested too deep": lambda file, good: written(file, good | {"manifest.json": b"[" * 60_000}),
    "another step's": lambda file, good: written(file, manifest_with(good, step="ci")),
    "a later schema": lambda file, good: written(file, manifest_with(good, schema=99)),
    "a bundle that is none": lambda file, good: written(file, good | {"repository.bundle": b"# v2 git bundle\n"}),
    "a bundle that was cut": lambda file, good: written(
        file, good | {"repository.bundle": good["repository.bundle"][:-40]}
    ),
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_spoilt_one_gets_a_sentence(hand_in: Path, tmp_path: Path, spoil: str) -> None:
    file = tmp_path / hand_in.name
    SPOILT[spoil](file, members(hand_in))

    with pytest.raises(Problem) as told, snapshot_of(file, GIT):
        pass
    assert hand_in.name in told.value.found
    assert told.value.next
    assert not (tmp_path.parent / "evil").exists()
