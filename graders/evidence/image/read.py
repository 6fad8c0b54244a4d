"""Read an image in one pass: from `docker save`, from a tar of an OCI layout, or from the layout's folder.

https://github.com/moby/docker-image-spec/blob/main/spec.md https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from graders.evidence.image.config import config_of, history_of, sightings
from graders.evidence.image.file_system import FileSystem
from graders.evidence.image.forward import AT_ONCE, Forward
from graders.evidence.image.layer import Left, Scanned, scan
from graders.evidence.image.model import Found, Image, Layer
from graders.evidence.image.problem import ImageProblem, ImageTooLarge
from graders.evidence.image.search import Search
from graders.evidence.image.tar_members import members

MOST_BYTES, MOST_FILES = 6 << 30, 400_000
_LARGEST_DOCUMENT, _MOST_DOCUMENTS = 8 << 20, 32 << 20
_MOST_TEXT = 8 << 20
_MOST_MEMBERS = 10_000  # of the outer archive: a few for each layer
_BLOCK = 512
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def read_image(
    pieces: Iterable[bytes], secrets: Mapping[str, str] = {}, base: Collection[str] = (), tag: str = "",
    most_bytes: int = MOST_BYTES,
) -> Image:  # fmt: skip
    """The image in the bytes of a tar, which may come in pieces of any size (the docker SDK's `save()` gives them so).

    `secrets` (name to value) are searched for everywhere above the base, whose layers' digests (diff ids) are `base`.
    `tag` chooses where several images were saved together. Raises ImageProblem; ImageTooLarge above `most_bytes`
    (unpacked), 400,000 files, or what only a hostile image has.
    """
    store = _Store(secrets, base, most_bytes)
    stream = Forward(pieces)
    for count, member in enumerate(members(stream)):
        if count > _MOST_MEMBERS:
            raise ImageTooLarge("What was saved holds too many parts to be one image.", "Save one image alone.")
        name = posixpath.normpath(f"/{member.name}").strip("/")
        if member.kind == "file" and member.size:
            store.add(name, stream.take(member.size), member.size)
        elif member.kind in ("link", "symlink"):
            here = posixpath.dirname(name) if member.kind == "symlink" else ""
            store.links[name] = posixpath.normpath(f"/{here}/{member.target}").strip("/")
    stream.upto(AT_ONCE)  # the padding: whoever writes into a pipe wants it read
    return store.image(tag)


def read_layout(
    folder: Path,
    secrets: Mapping[str, str] = {},
    base: Collection[str] = (),
    tag: str = "",
    most_bytes: int = MOST_BYTES,
) -> Image:
    """The image in the folder of an OCI layout; as `read_image`. No link in it is followed."""
    store = _Store(secrets, base, most_bytes)
    for name in ("index.json", "manifest.json"):
        store.add_file(folder / name, name)
    blobs = folder / "blobs" / "sha256"
    names = sorted(os.listdir(blobs)) if blobs.is_dir() and not blobs.is_symlink() else []
    if len(names) > _MOST_MEMBERS:
        raise ImageTooLarge(f"{folder} holds too many parts to be one image.", "Save one image alone.")
    for name in names:
        store.add_file(blobs / name, f"blobs/sha256/{name}")
    return store.image(tag)


def pieces_of(file: Any) -> Iterator[bytes]:
    """The content of an open binary file (a pipe, too) in pieces."""
    return iter(lambda: file.read(AT_ONCE), b"")


class _Store:
    """The parts of an image by their names, as they come by: documents whole, layers scanned."""

    def __init__(self, secrets: Mapping[str, str], base: Collection[str], most_bytes: int) -> None:
        self.links: dict[str, str] = {}
        self._documents: dict[str, bytes] = {}
        self._layers: dict[str, Scanned] = {}
        self._unreadable: set[str] = set()
        self._search, self._base = Search(secrets), frozenset(base)
        self._left = Left(most_bytes, MOST_FILES)
        self._document_room = _MOST_DOCUMENTS

    def add_file(self, path: Path, name: str) -> None:
        """A part that is a regular file; anything else is passed over."""
        try:
            number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError:
            return
        with os.fdopen(number, "rb") as file:
            state = os.fstat(number)
            if stat.S_ISREG(state.st_mode) and state.st_size:
                self.add(name, Forward(pieces_of(file)).take(state.st_size), state.st_size)

    def add(self, name: str, pieces: Iterator[bytes], size: int) -> None:
        """A part called `name`, of `size` bytes: what it is, its content tells."""
        first = next(pieces, b"")
        if first[:1] in (b"{", b"["):
            self._document_room -= size
            if size > _LARGEST_DOCUMENT or self._document_room < 0:
                raise ImageTooLarge(f"The image's {name[:100]} is larger than any such document is.", "Make it anew.")
            self._documents[name] = first + b"".join(pieces)
        elif first.startswith(_ZSTD):
            self._unreadable.add(name)
        elif first.startswith(_GZIP) or (size >= _BLOCK and (first[257:262] == b"ustar" or not any(first[:_BLOCK]))):
            self._add_layer(name, chain([first], pieces), packed=first.startswith(_GZIP))

    def _add_layer(self, name: str, pieces: Iterator[bytes], *, packed: bool) -> None:
        digest = hashlib.sha256()
        self._layers[name] = scanned = scan(
            _summed(pieces, digest) if packed else pieces, self._search, self._left, self._base, packed=packed
        )
        if packed:
            for _ in pieces:  # what stands behind the end of the tar
                pass
        _verify(name, digest.hexdigest() if packed else scanned.digest.removeprefix("sha256:"))

    # --- all parts are there ---

    def image(self, tag: str) -> Image:
        """What the parts amount to."""
        config_name, layer_names, tags = self._manifest(tag)
        raw = self._documents.get(config_name)
        if raw is None:
            raise ImageProblem("The image's configuration is not in it.", "Make it anew.")
        digest = hashlib.sha256(raw).hexdigest()
        _verify(config_name.removesuffix(".json"), digest)
        config = _object(raw, config_name)
        scanned = [self._layer(name) for name in layer_names]
        roots = config.get("rootfs")
        wanted = roots.get("diff_ids") if isinstance(roots, dict) else None
        if not isinstance(wanted, list) or [one.digest for one in scanned] != wanted:
            raise ImageProblem("The image's layers are not those that its configuration names.", "Make it anew.")
        history = history_of(config, len(scanned))
        by_layer = {step.layer: step.created_by for step in history}
        layers = tuple(
            Layer(
                one.digest, one.size, tuple(one.entries), tuple(one.removes), tuple(one.empties),
                by_layer.get(number, ""), one.digest in self._base,
            )
            for number, one in enumerate(scanned)
        )  # fmt: skip
        platform = "/".join(str(config.get(key) or "unknown")[:40] for key in ("os", "architecture"))
        files = FileSystem(layers)
        texts, too_long = self._texts(scanned)
        unsearched = sorted({*too_long, *(path for one in scanned for path in one.unsearched)})
        found = [
            Found("layer", path, secret, form, number, files.layer_of(path) != number)
            for number, one in enumerate(scanned)
            for path, secret, form in one.found
        ]
        found += sightings(config, self._search)
        image = Image(
            f"sha256:{digest}", platform, config_of(config), layers, history, tags, tuple(sorted(found)), texts,
            tuple(unsearched),
        )  # fmt: skip
        vars(image)["files"] = files  # what its cached property would put together again
        return image

    def _texts(self, scanned: list[Scanned]) -> tuple[dict[str, bytes], list[str]]:
        texts, too_long, room = dict[str, bytes](), list[str](), _MOST_TEXT
        for number, one in enumerate(scanned):
            for path, content in one.texts.items():
                if len(content) > room:
                    too_long.append(path)
                    continue
                texts[f"layer {number + 1}: {path}"] = content
                room -= len(content)
        return texts, too_long

    def _layer(self, name: str) -> Scanned:
        for _ in range(2):  # a layer that was saved twice is a link to the first
            name = self.links.get(name, name)
        if name in self._unreadable:
            raise ImageProblem(
                "A layer of the image is packed with zstd, which can't be read here.", "Save it with `docker save`."
            )
        if name not in self._layers:
            raise ImageProblem("A layer of the image is not in it.", "Make it anew.")
        return self._layers[name]

    def _manifest(self, tag: str) -> tuple[str, list[str], tuple[str, ...]]:
        """The names of the configuration and of the layers, and the image's tags."""
        if "manifest.json" in self._documents:
            found = _json(self._documents["manifest.json"], "manifest.json")
            images = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
            if tag and len(images) > 1:
                images = [one for one in images if tag in (one.get("RepoTags") or ())]
            if len(images) != 1:
                raise ImageProblem(f"What was saved holds {len(images) or 'no'} images.", "Save one image alone.")
            return (
                posixpath.normpath(str(images[0].get("Config", ""))),
                [posixpath.normpath(str(name)) for name in images[0].get("Layers") or ()],
                tuple(str(name)[:300] for name in images[0].get("RepoTags") or ()),
            )
        if "index.json" in self._documents:
            manifest = self._from_index("index.json", 3)
            layers = manifest.get("layers")
            named = [_blob(one) for one in layers] if isinstance(layers, list) else []
            return _blob(manifest.get("config")), named, ()
        raise ImageProblem(
            "This is no image: it holds neither manifest.json nor index.json.", "Save it with `docker save NAME`."
        )

    def _from_index(self, name: str, deepest: int) -> dict[str, Any]:
        """The manifest for a platform, those of attestations left out."""
        found = _object(self._documents.get(name, b"{}"), name)
        listed = found.get("manifests")
        if not isinstance(listed, list):
            return found
        images = [one for one in listed if isinstance(one, dict) and _platform(one) != "unknown"]
        if len(images) != 1 or not deepest:
            raise ImageProblem(f"The layout holds {len(images) or 'no'} images.", "Save one image alone.")
        return self._from_index(_blob(images[0]), deepest - 1)


def _summed(pieces: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _verify(name: str, digest: str) -> None:
    """A part whose name is a digest has that digest."""
    named = posixpath.basename(name)
    is_digest = len(named) == 64 and not set(named) - set("0123456789abcdef")
    if is_digest and named != digest:
        raise ImageProblem("A part of the image is not what its name says: it was changed or damaged.", "Make it anew.")


def _platform(descriptor: Mapping[str, Any]) -> str:
    platform = descriptor.get("platform")
    return str(platform.get("os", "")) if isinstance(platform, dict) else ""


def _blob(descriptor: Any) -> str:
    digest = str(descriptor.get("digest", "")) if isinstance(descriptor, dict) else ""
    return f"blobs/{digest.replace(':', '/', 1)}"


def _json(raw: bytes, name: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise ImageProblem(f"The image's {name[:100]} can't be read.", "Make it anew.") from None


def _object(raw: bytes, name: str) -> dict[str, Any]:
    found = _json(raw, name)
    if not isinstance(found, dict):
        raise ImageProblem(f"The image's {name[:100]} can't be read.", "Make it anew.")
    return found
