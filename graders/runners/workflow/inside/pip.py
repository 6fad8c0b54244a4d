"""`pip`, as steps call it: uv does the work from the wheels at hand, ten times as fast; what it can't do, pip does.

Both resolve, check hashes and fail as pip does when something is missing. Nothing is installed before it is asked for.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from .calls import note
from .said import settings

_FOR_UV = ("install", "uninstall", "list", "freeze", "show", "check", "tree")
_WITHOUT_MEANING = {
    "--no-cache-dir", "--disable-pip-version-check", "--no-input", "--no-warn-script-location", "--user",
    "--no-compile",
    "--prefer-binary", "--isolated", "--no-color", "--no-python-version-warning", "--no-clean", "-y", "--yes",
    "--use-pep517",
}  # fmt: skip
_WITHOUT_MEANING_WITH_VALUE = {
    "--root-user-action", "--progress-bar", "--cache-dir", "--timeout", "--retries", "--upgrade-strategy", "-i",
    "--index-url",
    "--extra-index-url", "--trusted-host", "-f", "--find-links",
}  # fmt: skip
_HERE_ALREADY = ("pip", "wheel")


def main(root: str, argv: list[str]) -> int:
    told, words = settings(root), argv[1:]
    note(root, "pip", words)
    if words[:2] == ["cache", "dir"]:
        print(_cache(words))
        return 0
    uv, wheels = told["uv"], told["wheels"]
    offline = (
        {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(Path(wheels, "wheels")), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        if wheels
        else {}
    )
    if uv and wheels and words[:1] and words[0] in _FOR_UV:
        done = _uv(root, uv, wheels, words)
    else:
        done = subprocess.call([sys.executable, _bundled(), *words], env={**os.environ, **offline})
    if words[:1] == ["install"] and done == 0 and "--no-cache-dir" not in words:
        _remember_download(words)
    return done


def _cache(words: list[str]) -> Path:
    """https://pip.pypa.io/en/stable/topics/caching/#default-paths"""
    following = zip(words, [*words[1:], ""], strict=True)
    asked = [next_word for word, next_word in following if word == "--cache-dir"]
    asked += [word.partition("=")[2] for word in words if word.startswith("--cache-dir=")]
    place = asked[-1] if asked else os.environ.get("PIP_CACHE_DIR")
    return Path(place).expanduser().absolute() if place else Path.home() / ".cache" / "pip"


def _uv(root: str, uv: str, wheels: str, words: list[str]) -> int:
    command, asked = words[0], _for_uv(words[1:])
    if command == "install" and words[1:] and not _asks_for_something(asked):
        print("Requirement already satisfied: pip")
        return 0
    packed = Path(wheels, "uv")
    cache = Path(root, "uv-cache")
    if not cache.exists():
        beside = Path(root, f"uv-cache.{os.getpid()}")
        shutil.copytree(packed, beside, ignore=lambda folder, names: ["archive-v0"] if folder == str(packed) else [])
        os.symlink(packed / "archive-v0", beside / "archive-v0")
        with suppress(OSError):  # another job was faster
            os.rename(beside, cache)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))} | {
        "UV_CACHE_DIR": str(cache), "UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(Path(wheels, "wheels")),
        "UV_LINK_MODE": "symlink", "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1",
        "UV_NO_PROGRESS": "1",
    }  # fmt: skip
    return subprocess.call([uv, "pip", command, *asked], env=environment)


def _for_uv(words: list[str]) -> list[str]:
    kept, skip = [], False
    for word in words:
        name = word.split("=", 1)[0]
        if skip:
            skip = False
        elif name in _WITHOUT_MEANING_WITH_VALUE:
            skip = "=" not in word
        elif word not in _WITHOUT_MEANING and word not in _HERE_ALREADY:
            kept.append(word)
    return kept


def _asks_for_something(words: list[str]) -> bool:
    return any(
        not word.startswith("-") or word.startswith(("-r", "--requirement", "-e", "--editable", "--group"))
        for word in words
    )


def _remember_download(words: list[str]) -> None:
    """pip keeps what it downloads in its cache; something must be there for a step that saves it."""
    folder = _cache(words) / "http-v2"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(" ".join(words).encode()).hexdigest()[:32]).write_text("\n".join(words))


def _bundled() -> str:
    import ensurepip

    places = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
    found = sorted(wheel for place in places for wheel in place.glob("pip-*.whl"))
    return str(found[-1] / "pip") if found else "pip"
