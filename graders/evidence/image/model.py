"""An image as data: its settings, its layers and the files in them.

https://github.com/opencontainers/image-spec/blob/main/config.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from graders.evidence.image.file_system import FileSystem


@dataclass(frozen=True, slots=True)
class Health:
    """The health check: `test` as in the config (`CMD`, `CMD-SHELL` or `NONE` first); seconds, 0 for the engine's default."""

    test: tuple[str, ...]
    interval: float = 0.0
    timeout: float = 0.0
    start_period: float = 0.0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Config:
    """What a container of the image starts with."""

    user: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    workdir: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str = ""
    health: Health | None = None


class Entry(NamedTuple):
    """One file of a layer: its path without a leading `/`, kind as in tar_members, size in bytes, octal `mode`, owner."""

    path: str
    kind: str
    size: int
    mode: int
    user: int
    group: int
    target: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: `digest` is that of its tar (the diff id), `size` the bytes of its files, `created_by` its instruction.

    `removes` are paths that it deletes, `empties` folders of which it hides all that was in them below. `in_base` says
    that it belongs to the base image that the caller named.
    """

    digest: str
    size: int
    entries: tuple[Entry, ...]
    removes: tuple[str, ...] = ()
    empties: tuple[str, ...] = ()
    created_by: str = ""
    in_base: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history: `layer` is the number of the layer that it made, None where it only set something."""

    created_by: str
    layer: int | None
    comment: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A secret that was searched for: `place` is layer, history, env, label or config; `path` says where in it.

    `layer` is the layer's number, `gone` that the file is no longer in the image's final file system: it can still be read
    by whoever has the image.
    """

    place: str
    path: str
    secret: str
    form: str
    layer: int = -1
    gone: bool = False


@dataclass(frozen=True)
class Image:
    """A whole image. `digest` is that of its config (what Docker calls the image's id), `platform` as in `linux/amd64`.

    `found` are the secrets that were searched for. `texts` holds what a person may have written in the layers above the
    base (place to content), for `suspects`; `unsearched` names files that could not be searched in full.
    """

    digest: str
    platform: str
    config: Config
    layers: tuple[Layer, ...]
    history: tuple[Step, ...]
    tags: tuple[str, ...] = ()
    found: tuple[Found, ...] = ()
    texts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    unsearched: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all layers' files, deleted ones too: what `docker images` shows."""
        return sum(layer.size for layer in self.layers)

    @property
    def own_layers(self) -> tuple[Layer, ...]:
        """The layers above the base."""
        return tuple(layer for layer in self.layers if not layer.in_base)

    @property
    def own_size(self) -> int:
        """The bytes that the layers above the base add."""
        return sum(layer.size for layer in self.own_layers)

    @cached_property
    def files(self) -> FileSystem:
        """What a container of the image sees."""
        from graders.evidence.image.file_system import FileSystem

        return FileSystem(self.layers)
