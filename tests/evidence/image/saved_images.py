"""Images made by hand, as `docker save` and OCI layouts hold them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Files = Mapping[str, bytes | tarfile.TarInfo | None]
"""Path to content; None makes a folder, and a TarInfo stands for itself."""


def tar(files: Files, format: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar of `files`."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=format) as archive:
        for path, content in files.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(path)
            if isinstance(content, bytes):
                info.size = len(content)
                info.mode = 0o644
            elif content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return made.getvalue()


def special(path: str, type: bytes, target: str = "") -> tarfile.TarInfo:
    """A member that is a link, a device or a pipe."""
    info = tarfile.TarInfo(path)
    info.type, info.linkname = type, target
    return info


def digest_of(data: bytes) -> str:
    """Its sha256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def document(
    layers: Iterable[bytes], config: Mapping[str, Any] = {}, history: list[dict[str, Any]] | None = None
) -> bytes:
    """The configuration of an image with these (unpacked) layers."""
    layers = list(layers)
    steps = [{"created_by": f"step {number}"} for number in range(len(layers))] if history is None else history
    whole = {
        "os": "linux", "architecture": "amd64", "config": config, "history": steps,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest_of(layer)}" for layer in layers]},
    }  # fmt: skip
    return json.dumps(whole).encode()


def saved(
    *layers: Files | bytes, config: Mapping[str, Any] = {}, history: list[dict[str, Any]] | None = None,
    tags: Iterable[str] = ("widgets:1",),
) -> bytes:  # fmt: skip
    """What `docker save` of engine 20 gives: layers first, one saved twice as a link, the manifest last."""
    tars = [layer if isinstance(layer, bytes) else tar(layer) for layer in layers]
    raw = document(tars, config, history)
    parts: dict[str, bytes | tarfile.TarInfo | None] = {}
    first: dict[bytes, str] = {}
    for number, one in enumerate(tars):
        name = f"{number:064x}"
        parts |= {f"{name}/": None, f"{name}/VERSION": b"1.0", f"{name}/json": b'{"id": "x"}'}
        if one in first:
            parts[f"{name}/layer.tar"] = special(f"{name}/layer.tar", tarfile.SYMTYPE, f"../{first[one]}/layer.tar")
        else:
            first[one] = name
            parts[f"{name}/layer.tar"] = one
    manifest = {
        "Config": f"{digest_of(raw)}.json", "RepoTags": list(tags),
        "Layers": [f"{number:064x}/layer.tar" for number in range(len(tars))],
    }  # fmt: skip
    return tar({**parts, f"{digest_of(raw)}.json": raw, "manifest.json": json.dumps([manifest]).encode()})


def layout(*layers: Files, config: Mapping[str, Any] = {}) -> dict[str, bytes]:
    """The files of an OCI layout with gzip layers and an attestation beside the image."""
    tars = [tar(layer) for layer in layers]
    raw = document(tars, config)
    blobs = [raw, *(gzip.compress(one, mtime=0) for one in tars)]

    def descriptor(data: bytes, **more: Any) -> dict[str, Any]:
        return {"digest": f"sha256:{digest_of(data)}", "size": len(data), **more}

    manifest = json.dumps({"config": descriptor(raw), "layers": [descriptor(blob) for blob in blobs[1:]]}).encode()
    attestation = json.dumps({"config": descriptor(b"{}"), "layers": []}).encode()
    index = {
        "manifests": [
            descriptor(manifest, platform={"os": "linux", "architecture": "amd64"}),
            descriptor(attestation, platform={"os": "unknown", "architecture": "unknown"}),
        ]
    }
    files = {f"blobs/sha256/{digest_of(blob)}": blob for blob in (*blobs, manifest, attestation)}
    return {**files, "oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode()}


def in_folder(files: Mapping[str, bytes], folder: Path) -> Path:
    """`files` written into `folder`."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def in_pieces(data: bytes, size: int = 1000) -> Iterator[bytes]:
    """`data` as a stream gives it."""
    return (data[at : at + size] for at in range(0, len(data), size))
