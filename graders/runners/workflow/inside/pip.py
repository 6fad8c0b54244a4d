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
    "--extra-index-url", "--trusted-host",
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
    python, rest = (words[1], words[2:]) if words[:1] == ["--python"] and words[2:] else (sys.executable, words)
    if uv and wheels and rest[0:1] and rest[0] in _FOR_UV:
        done = _Uv(root, uv, wheels, python).run(rest)
    elif uv and wheels and (asked := _wheel_alone(words)):
        done = _Uv(root, uv, wheels, python).build(*asked)
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


class _Uv:
    """uv in pip's place, for one interpreter."""

    def __init__(self, root: str, uv: str, wheels: str, python: str) -> None:
        self._root, self._uv, self._wheels, self._python = Path(root), uv, Path(wheels), python

    def run(self, words: list[str]) -> int:
        command, asked = words[0], _for_uv(words[1:])
        if command == "install" and words[1:] and not _asks_for_something(asked):
            print("Requirement already satisfied: pip", flush=True)
            return 0
        if command == "install" and (loose := _without_hash(asked)):
            print(
                "ERROR: In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:"
            )
            print(f"    {loose}", flush=True)
            return 1
        own = command == "install" and installs_from_here(asked)
        if own and "--no-deps" not in asked and (needed := _needed_by(asked)):
            self._call("pip", "install", "--quiet", *needed, cache=linked_cache(self._root, self._wheels))
        cache = own_cache(self._root) if own else linked_cache(self._root, self._wheels)
        links = (
            ["--find-links", str(self._wheels / "wheels")] if command == "install" else []
        )  # others' come in addition
        return self._call("pip", command, *asked, *links, cache=cache)

    def build(self, project: str, folder: str) -> int:
        """A wheel of `project` in `folder`."""
        return self._call("build", "--wheel", "--out-dir", folder, project, cache=own_cache(self._root))

    def _call(self, *words: str, cache: Path) -> int:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))} | {
            "UV_CACHE_DIR": str(cache), "UV_OFFLINE": "1", "UV_NO_INDEX": "1",
            "UV_FIND_LINKS": str(self._wheels / "wheels"), "UV_LINK_MODE": "symlink", "UV_PYTHON": self._python,
            "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1",
        }  # fmt: skip
        return subprocess.call([self._uv, *words], env=environment)


def own_cache(root: Path) -> Path:
    """A cache that uv may write to: what steps build is installed from there."""
    return root / "uv-cache-of-what-steps-build"


def linked_cache(root: Path, wheels: Path) -> Path:
    """The wheels at hand, unpacked and compiled; nothing else can be installed from it."""
    cache, packed = root / "uv-cache", wheels / "uv"
    if not cache.exists():
        beside = root / f"uv-cache.{os.getpid()}"
        shutil.copytree(packed, beside, ignore=lambda at, names: ["archive-v0"] if at == str(packed) else [])
        os.symlink(packed / "archive-v0", beside / "archive-v0")
        with suppress(OSError):  # another job was faster
            os.rename(beside, cache)
    return cache


def _wheel_alone(words: list[str]) -> tuple[str, str] | None:
    """The project and the folder of a `pip wheel --no-deps PROJECT`; None where it asks for anything else."""
    if words[:1] != ["wheel"] or "--no-deps" not in words:
        return None
    rest, folder, projects = [word for word in words[1:] if word not in ("--no-deps", *_WITHOUT_MEANING)], ".", []
    while rest:
        word = rest.pop(0)
        if word in ("-w", "--wheel-dir") and rest:
            folder = rest.pop(0)
        elif word.startswith("--wheel-dir="):
            folder = word.partition("=")[2]
        elif word.startswith("-"):
            return None
        else:
            projects.append(word)
    return (projects[0], folder) if len(projects) == 1 and Path(projects[0]).is_dir() else None


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


def installs_from_here(words: list[str]) -> bool:
    """Whether it may install what is not among the wheels at hand: a file or folder of the job's."""
    if any(word.startswith(("-e", "--editable", "-f", "--find-links")) or _local(word) for word in words):
        return True
    listed = [word for before, word in zip(["", *words], words, strict=False) if before in ("-r", "--requirement")]
    lines = [
        line for name in listed if Path(name).is_file() for line in Path(name).read_text("utf-8", "replace").split("\n")
    ]
    return any(line.startswith(("-e", "--editable", ".", "file:", "-f", "--find-links")) for line in lines)


def _without_hash(words: list[str]) -> str:
    """A word that pip refuses beside a file with hashes. https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode"""
    pairs = list(zip(["", *words], words, strict=False))
    listed = [Path(word) for before, word in pairs if before in ("-r", "--requirement") and Path(word).is_file()]
    if not any("--hash=" in file.read_text("utf-8", "replace") for file in listed):
        return ""
    taking = (
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-f",
        "--find-links",
        "-t",
        "--target",
        "--prefix",
        "--group",
    )
    return next((word for before, word in pairs if not word.startswith("-") and before not in taking), "")


def _local(word: str) -> bool:
    file = word.partition("[")[0]
    return not word.startswith("-") and (file.endswith((".whl", ".tar.gz", ".zip")) or Path(file).is_dir())


def _needed_by(words: list[str]) -> list[str]:
    """What the wheels and projects among the words say that they need, their extras left out."""
    return [needed for word in words if _local(word) for needed in _needed_by_file(Path(word.partition("[")[0]))]


def _needed_by_file(file: Path) -> list[str]:
    try:
        if file.is_dir():
            import tomllib

            project = tomllib.loads((file / "pyproject.toml").read_text("utf-8")).get("project", {})
            return [needed for needed in project.get("dependencies", []) if isinstance(needed, str)]
        if file.suffix != ".whl":
            return []
        from email.parser import HeaderParser
        from zipfile import ZipFile

        with ZipFile(file) as wheel:
            metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            every = (
                HeaderParser().parsestr(wheel.read(metadata).decode("utf-8", "replace")).get_all("Requires-Dist", [])
            )
            return [needed for needed in every if "extra ==" not in needed]
    except Exception:  # what can't be read is told of where it is installed
        return []


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
