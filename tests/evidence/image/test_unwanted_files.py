"""Compilers, test tools, git's files and caches are told by where they stand, and nothing else is."""

from __future__ import annotations

import pytest

from graders.evidence.image.read import read_image
from graders.evidence.image.suspects import suspects
from graders.evidence.image.unwanted import Kind, unwanted, what_is
from tests.evidence.image.saved_images import saved


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("usr/bin/gcc", Kind.COMPILER, "gcc"),
        ("usr/bin/x86_64-linux-gnu-gcc-12", Kind.COMPILER, "gcc"),
        ("usr/bin/aarch64-linux-gnu-g++", Kind.COMPILER, "g++"),
        ("usr/local/go/bin/go", Kind.COMPILER, "go"),
        ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", Kind.COMPILER, "cc1"),
        ("usr/bin/make", Kind.COMPILER, "make"),
        ("root/.cargo/bin/rustc", Kind.COMPILER, "rustc"),
        ("usr/local/lib/python3.12/site-packages/_pytest/main.py", Kind.TEST_TOOL, "pytest"),
        ("opt/venv/lib/python3.12/site-packages/pytest/__init__.py", Kind.TEST_TOOL, "pytest"),
        ("usr/lib/python3/dist-packages/coverage/cmdline.py", Kind.TEST_TOOL, "coverage"),
        ("app/node_modules/jest/bin/jest.js", Kind.TEST_TOOL, "jest"),
        ("app/node_modules/.pnpm/mocha@10/node_modules/mocha/index.js", Kind.TEST_TOOL, "mocha"),
        ("app/node_modules/@playwright/test/cli.js", Kind.TEST_TOOL, "@playwright/test"),
        ("app/node_modules/eslint/package.json", Kind.LINTER, "eslint"),
        ("venv/lib/python3.12/site-packages/ruff/__main__.py", Kind.LINTER, "ruff"),
        ("app/.git/config", Kind.GIT, "app/.git"),
        (".git", Kind.GIT, ".git"),
        ("root/.cache/pip/http/a", Kind.CACHE, "pip"),
        ("home/app/.npm/_cacache/index", Kind.CACHE, "npm"),
        ("var/lib/apt/lists/deb.debian.org_main_Packages", Kind.CACHE, "apt"),
        ("var/cache/apt/archives/curl.deb", Kind.CACHE, "apt"),
    ],
)
def test_what_is_unwanted(path: str, kind: Kind, name: str) -> None:
    assert what_is(path) == (kind, name)


@pytest.mark.parametrize(
    "path",
    [
        "app/gcc", "app/bin/go.py", "usr/bin/gcc-notes.txt", "usr/share/doc/gcc/README", "app/pytest.ini", "app/tests/test_a.py",
        "usr/local/lib/python3.12/site-packages/pytestlike/x.py", "app/.gitignore", "app/.github/workflows/ci.yml",
        "var/lib/apt/lists/lock", "var/lib/apt/lists/partial", "root/.cache", "app/node_modules/express/test/jest/a.js",
        "usr/local/lib/python3.12/unittest/main.py", "usr/bin/python3", "bin/sh", "usr/bin/cat",
        "usr/local/lib/node_modules/npm/bin/npm-cli.js",
    ],
)  # fmt: skip
def test_what_is_not(path: str) -> None:
    assert what_is(path) is None


def test_they_are_told_once_each_with_size_and_layer() -> None:
    image = read_image(
        [
            saved(
                {"usr/bin/gcc": b"12345", "app/.git/HEAD": b"x", "root/.cache/pip/a": b"y"},
                {"usr/bin/gcc-12": b"123", "app/.wh..git": b"", "root/.cache/pip/b": b"yyyy"},
            )
        ]
    )
    assert [(one.kind, one.name, one.path, one.size, one.layer) for one in unwanted(image.files)] == [
        (Kind.COMPILER, "gcc", "usr/bin/gcc", 8, 0),
        (Kind.CACHE, "pip", "root/.cache/pip/a", 5, 1),
    ]


def test_what_looks_like_a_secret_is_told_by_its_place() -> None:
    token = "ghp_" + "a1B2c3D4" * 4 + "Zz09"
    config = {"Env": [f"TOKEN={token}", f"FROM_BASE={token}"], "Labels": {"token": token}}
    history = [{"created_by": f"base {token}"}, {"created_by": f"|1 TOKEN={token} /bin/sh"}, {"created_by": "rm"}]
    layers = ({"etc/x": token.encode()}, {"app/.env": f"A=1\nTOKEN={token}\n".encode()}, {"app/.wh..env": b""})
    plain = read_image([saved(*layers, config=config, history=history)])
    image = read_image([saved(*layers, config=config, history=history)], base=[plain.layers[0].digest])
    found = suspects(image, {"FROM_BASE": token})
    assert [(one.place, one.line) for one in found] == [
        ("env TOKEN", 1), ("history 2", 1), ("label token", 1), ("layer 2: app/.env", 2),
    ]  # fmt: skip
    assert suspects(read_image([saved({"app/x.py": b"print('hello')\n"})])) == ()
