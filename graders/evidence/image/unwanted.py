"""What an image that only runs a service has no need of: compilers, test tools, git's own files, package managers' caches.

Told by where a file stands, as its package lays it out: a file that is only called so elsewhere is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from graders.evidence.image.file_system import FileSystem


class Kind(StrEnum):
    """What it is, as a noun for many."""

    COMPILER = "compilers"
    TEST_TOOL = "test tools"
    LINTER = "linters"
    GIT = "git's files"
    CACHE = "package managers' caches"


@dataclass(frozen=True, slots=True)
class Unwanted:
    """One such thing: its `name`, the first of its paths, all its files' bytes, and the layer that holds most of them."""

    kind: Kind
    name: str
    path: str
    size: int
    layer: int


_BIN = r"^(?:usr/(?:local/)?|root/\.cargo/|usr/local/(?:cargo|go)/|opt/[^/]+/)?s?bin/"
_TARGET = r"(?:[a-z0-9_]+-[a-z0-9_]+-[a-z0-9_]+-(?:[a-z0-9_]+-)?)?"
_COMPILERS = (
    r"gcc|g\+\+|cc|c\+\+|c89|c99|clang|clang\+\+|tcc|gfortran|rustc|cargo|go|javac|kotlinc|ghc|as|ld|ld\.bfd|ld\.gold|ld\.lld"
    r"|make|gmake|cmake|ninja|nasm|yasm"
)
_COMPILER = re.compile(rf"{_BIN}{_TARGET}(?P<name>{_COMPILERS})(?:-\d+(?:\.\d+)*)?$")
_COMPILERS_PART = re.compile(r"^usr/(?:local/)?(?:lib|libexec)/gcc/[^/]+/[^/]+/(?P<name>cc1|cc1plus)$")

_SITE = r"(?:^|/)(?:site|dist)-packages/"
_TEST_PACKAGES = (
    "pytest _pytest pytest_cov pytest_asyncio pytest_mock xdist coverage tox nox nose nose2 hypothesis behave respx freezegun "
    "testcontainers"
).split()
_LINT_PACKAGES = "ruff flake8 pylint mypy black isort pyright bandit pycodestyle pyflakes".split()
_NODE_TEST = (
    "jest mocha vitest ava tap tape jasmine karma cypress nyc c8 supertest chai sinon @playwright/test @jest/core nock"
).split()
_NODE_LINT = "eslint prettier standard @biomejs/biome".split()


def _package(names: Iterable[str], folder: str) -> re.Pattern[str]:
    return re.compile(rf"{folder}(?P<name>{'|'.join(map(re.escape, sorted(names)))})(?:/|\.py$)")


_PACKAGES = (
    (Kind.TEST_TOOL, _package(_TEST_PACKAGES, _SITE)),
    (Kind.LINTER, _package(_LINT_PACKAGES, _SITE)),
    (Kind.TEST_TOOL, _package(_NODE_TEST, r"(?:^|/)node_modules/")),
    (Kind.LINTER, _package(_NODE_LINT, r"(?:^|/)node_modules/")),
)
_GIT = re.compile(r"(?:^|/)\.git(?:/|$)")
_HOME = r"^(?:root|home/[^/]+|var/www|app)/"
_CACHES = (
    ("pip", re.compile(rf"{_HOME}\.cache/pip/.")),
    ("uv", re.compile(rf"{_HOME}\.cache/uv/.")),
    ("poetry", re.compile(rf"{_HOME}\.cache/pypoetry/.")),
    ("npm", re.compile(rf"{_HOME}\.npm/_cacache/.|^tmp/npm-.")),
    ("yarn", re.compile(rf"{_HOME}\.(?:cache/yarn|yarn/berry/cache)/.|^usr/local/share/\.cache/yarn/.")),
    ("pnpm", re.compile(rf"{_HOME}\.(?:local/share/pnpm/store|pnpm-store)/.")),
    ("apt", re.compile(r"^var/cache/apt/(?:archives/[^/]+\.deb|(src)?pkgcache\.bin)$|^var/lib/apt/lists/(?!lock$|partial).")),
    ("apk", re.compile(r"^(?:var/cache/apk|etc/apk/cache)/.")),
    ("dnf", re.compile(r"^var/cache/(?:dnf|yum|libdnf5)/.")),
    ("go", re.compile(rf"{_HOME}(?:\.cache/go-build|go/pkg/mod/cache)/.")),
    ("cargo", re.compile(rf"{_HOME}\.cargo/registry/.|^usr/local/cargo/registry/.")),
)  # fmt: skip


def what_is(path: str) -> tuple[Kind, str] | None:
    """What a file of an image is, and its name, if it is unwanted; `path` without a leading `/`."""
    if _GIT.search(path):
        return Kind.GIT, path[: path.index(".git") + 4]
    for kind, pattern in ((Kind.COMPILER, _COMPILER), (Kind.COMPILER, _COMPILERS_PART), *_PACKAGES):
        match = pattern.search(path)
        if match:
            return kind, match["name"].removeprefix("_")
    cache = next((name for name, pattern in _CACHES if pattern.search(path)), "")
    return (Kind.CACHE, cache) if cache else None


def unwanted(files: FileSystem) -> tuple[Unwanted, ...]:
    """All that is unwanted in a final file system, one for each name, by kind and then the largest first."""
    groups: dict[tuple[Kind, str], list[str]] = {}
    for path, entry in files.items():
        if entry.kind != "folder" and (found := what_is(path)):
            groups.setdefault(found, []).append(path)
    listed = (_sum(kind, name, paths, files) for (kind, name), paths in groups.items())
    return tuple(sorted(listed, key=lambda one: (list(Kind).index(one.kind), -one.size, one.name)))


def _sum(kind: Kind, name: str, paths: list[str], files: FileSystem) -> Unwanted:
    by_layer: dict[int, int] = {}
    for path in paths:
        layer = files.layer_of(path)
        by_layer[layer] = by_layer.get(layer, 0) + files[path].size + 1
    return Unwanted(
        kind, name, min(paths), sum(files[path].size for path in paths),
        max(by_layer, key=lambda layer: (by_layer[layer], -layer)),
    )  # fmt: skip
