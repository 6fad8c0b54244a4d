"""Layers put on top of each other: what a container sees, and what each layer changed.

https://github.com/opencontainers/image-spec/blob/main/layer.md#applying-changesets
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graders.evidence.image.model import Entry, Layer


@dataclass(slots=True)
class _Node:
    entry: Entry | None = None
    layer: int = -1
    below: dict[str, _Node] = field(default_factory=dict)


@dataclass(slots=True)
class Change:
    """What a layer did: the paths of files that it added, changed and deleted (folders are not counted)."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


class FileSystem(Mapping[str, Entry]):
    """The files of the final file system: path to entry, folders too."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._root = _Node()
        self.changes = [self._put_on(number, layer) for number, layer in enumerate(layers)]
        self._all = dict(_walk(self._root, ""))

    def __getitem__(self, path: str) -> Entry:
        entry = self._all[path].entry
        assert entry
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def layer_of(self, path: str) -> int:
        """The number of the layer that a path comes from; -1 where it is not there."""
        return self._all[path].layer if path in self._all else -1

    def _put_on(self, number: int, layer: Layer) -> Change:
        change = Change()
        for path in layer.empties:
            node = self._find(path)
            if node:
                change.deleted += (f"{path}/{below}" if path else below for below in _files(node))
                node.below.clear()
        for path in layer.removes:
            parent, _, name = path.rpartition("/")
            node = self._find(parent)
            gone = node.below.pop(name, None) if node else None
            if gone:
                change.deleted += [path] if gone.entry and gone.entry.kind != "folder" else []
                change.deleted += (f"{path}/{below}" for below in _files(gone))
        for entry in layer.entries:
            self._add(number, entry, change)
        # What is hidden and put anew by the same layer was changed.
        both = set(change.deleted) & set(change.added)
        if both:
            change.changed += sorted(both)
            change.added = [path for path in change.added if path not in both]
            change.deleted = [path for path in change.deleted if path not in both]
        return change

    def _add(self, number: int, entry: Entry, change: Change) -> None:
        node = self._root
        for part in entry.path.split("/"):
            if node.entry and node.entry.kind != "folder":
                node.entry = None  # a folder takes the place of a file
            below = node.below.get(part)
            if below is None:
                below = node.below[part] = _Node()
            node = below
        before = node.entry
        if entry.kind != "folder":
            if node.below:
                change.deleted += (f"{entry.path}/{below}" for below in _files(node))
                node.below = {}
            if before is None or before.kind == "folder":
                change.added.append(entry.path)
            elif node.layer != number:
                change.changed.append(entry.path)
        elif before and before.kind != "folder":
            change.deleted.append(entry.path)
        node.entry, node.layer = entry, number

    def _find(self, path: str) -> _Node | None:
        node: _Node | None = self._root
        for part in path.split("/") if path else ():
            node = node.below.get(part) if node else None
        return node


def _walk(root: _Node, path: str) -> Iterator[tuple[str, _Node]]:
    """Every path with an entry below `root`, without recursion: paths may be deep."""
    left = [(f"{path}/{name}" if path else name, node) for name, node in sorted(root.below.items(), reverse=True)]
    while left:
        path, node = left.pop()
        if node.entry:
            yield path, node
        left += ((f"{path}/{name}", below) for name, below in sorted(node.below.items(), reverse=True))


def _files(node: _Node) -> list[str]:
    return [path for path, one in _walk(node, "") if one.entry and one.entry.kind != "folder"]
