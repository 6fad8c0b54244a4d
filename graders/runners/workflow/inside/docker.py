"""Docker, played: no image, but a digest that depends on what would go into it, and a registry that remembers."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from .said import job_folder

_VALUED = {
    "-t", "--tag", "-f", "--file", "--build-arg", "--target", "--platform", "--iidfile", "--metadata-file", "--label",
    "--secret", "--cache-from", "--cache-to", "--output", "-o", "--progress", "--network", "--builder", "--ssh",
}  # fmt: skip
_MOST_BYTES = 32 << 20
REGISTRY = "record/registry.json"
_ID_FORMATS = ("{{.Id}}", "{{.ID}}")


def answer(words: list[str], root: Path) -> tuple[str, str, int]:
    """What `docker WORDS` prints, says on standard error, and its exit code."""
    named = [word for word in words if not word.startswith("-")]
    command = named[0] if named else ""
    if command in ("buildx", "image", "builder", "manifest") and len(named) > 1:
        command, words = named[1], words[words.index(named[1]) :]
    elif command:
        words = words[words.index(command) :]
    rest = words[1:]
    if command == "build":
        return _build(rest, root)
    if command == "imagetools" and rest[:1] == ["create"]:
        return _join(rest[1:], root)
    if command == "imagetools" and rest[:1] == ["inspect"]:
        return _inspect(rest[1:], root), "", 0
    if command == "tag" and len(rest) > 1:
        _images(root, {rest[1]: _digest_of(rest[0], root)})
        return "", "", 0
    if command == "push" and rest:
        return _push_all(rest[-1], root) if {"-a", "--all-tags"} & set(rest) else _push(rest[-1], root)
    if command == "pull" and rest:
        return f"Digest: {_digest_of(rest[-1], root)}\nStatus: Downloaded newer image for {rest[-1]}", "", 0
    if command == "inspect" and rest:
        return _inspect(rest, root), "", 0
    if command == "login":
        return "Login Succeeded", "", 0
    if command in ("version", "--version"):
        return "Docker version 28.0.0", "", 0
    if command in ("run", "create"):
        return "", "", 0
    return "", "", 0


def digest_of_build(context: Path, dockerfile: Path, arguments: list[str]) -> str:
    """A digest of all that a build reads: the context's files, the Dockerfile, its arguments."""
    digest, left = hashlib.sha256(json.dumps(sorted(arguments)).encode()), _MOST_BYTES
    for path in [dockerfile, *sorted(context.rglob("*"))]:
        if path.is_file() and not path.is_symlink() and ".git" not in path.relative_to(context).parts[:1] and left > 0:
            content = path.read_bytes()[:left]
            left -= len(content)
            digest.update(json.dumps([path.relative_to(context).as_posix(), len(content)]).encode() + content)
    return f"sha256:{digest.hexdigest()}"


def remember(tags: list[str], digest: str, root: Path, *, pushed: bool) -> None:
    """Let later commands of this job, and of all jobs where it was pushed, know the tags."""
    _images(root, dict.fromkeys(tags, digest))
    if pushed:
        _write(root / REGISTRY, dict.fromkeys(tags, digest))


def _build(words: list[str], root: Path) -> tuple[str, str, int]:
    options: dict[str, list[str]] = {}
    named: list[str] = []
    flags = set()
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _VALUED:
            options.setdefault(name, []).append(value if equals else next(rest, ""))
        elif word.startswith("-") and word != "-":
            flags.add(name)
        else:
            named.append(word)
    context = Path(named[-1] if named else "")
    tags = options.get("-t", []) + options.get("--tag", [])
    given = (options.get("-f", []) + options.get("--file", []))[-1:]
    dockerfile = Path(given[0]) if given else context / "Dockerfile"
    if not named or not context.is_dir():
        return "", f"ERROR: unable to prepare context: path {str(context)!r} not found", 1
    if not dockerfile.is_file():
        return "", f"ERROR: failed to read dockerfile: open {dockerfile.name}: no such file or directory", 1
    arguments = options.get("--build-arg", []) + options.get("--target", [])
    digest = digest_of_build(context.resolve(), dockerfile.resolve(), arguments) if _inside(dockerfile, context) else ""
    digest = digest or "sha256:" + hashlib.sha256(dockerfile.read_bytes() + json.dumps(arguments).encode()).hexdigest()
    outputs = options.get("--output", []) + options.get("-o", [])
    remember(tags, digest, root, pushed="--push" in flags or any(map(pushes, outputs)))
    for file in options.get("--iidfile", []):
        Path(file).write_text(digest)
    for file in options.get("--metadata-file", []):
        Path(file).write_text(json.dumps({"containerimage.digest": digest, "image.name": ",".join(tags)}))
    if flags & {"-q", "--quiet"}:
        return digest, "", 0
    return "", "\n".join([f"writing image {digest} done", *(f"naming to {tag} done" for tag in tags)]), 0


def _join(words: list[str], root: Path) -> tuple[str, str, int]:
    """`docker buildx imagetools create`: an image of several, pushed under its tags."""
    given = iter(words)
    tags, sources = [], []
    for word in given:
        name, equals, value = word.partition("=")
        if name in ("-t", "--tag"):
            tags.append(value if equals else next(given, ""))
        elif not word.startswith("-"):
            sources.append(_digest_of(word, root))
    digest = "sha256:" + hashlib.sha256("".join(sorted(sources)).encode()).hexdigest()
    remember(tags, digest, root, pushed=True)
    return "", f"pushing {digest} done", 0


def pushes(output: str) -> bool:
    """Whether an `--output` sends the image to its registry; https://docs.docker.com/build/exporters/image-registry/"""
    return "type=registry" in output or "push=true" in output


def _inside(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())


def _push(image: str, root: Path) -> tuple[str, str, int]:
    known = _read(_local())
    name = image if ":" in image.rsplit("/", 1)[-1] else f"{image}:latest"
    digest = known.get(image) or known.get(name)
    if not digest:
        return "", f"An image does not exist locally with the tag: {image}", 1
    _write(root / REGISTRY, {image: digest})
    return f"{name.rsplit(':', 1)[-1]}: digest: {digest} size: 1234", "", 0


def _push_all(repository: str, root: Path) -> tuple[str, str, int]:
    there = {image: digest for image, digest in _read(_local()).items() if image.rsplit(":", 1)[0] == repository}
    if not there:
        return "", f"An image does not exist locally with the tag: {repository}", 1
    _write(root / REGISTRY, there)
    return "\n".join(f"{image}: digest: {digest} size: 1234" for image, digest in there.items()), "", 0


def _inspect(words: list[str], root: Path) -> str:
    image = next((word for word in reversed(words) if not word.startswith("-") and "{{" not in word), "")
    digest = _digest_of(image, root)
    wanted = next((word.partition("=")[2] or word for word in words if "{{" in word), "")
    repository = image.split("@")[0].rsplit(":", 1)[0] if ":" in image.rsplit("/", 1)[-1] else image.split("@")[0]
    if "RepoDigests" in wanted:
        return f"{repository}@{digest}"
    if wanted in _ID_FORMATS or "igest" in wanted:
        return digest
    return json.dumps([{"Id": digest, "RepoTags": [image], "RepoDigests": [f"{repository}@{digest}"]}])


def _digest_of(image: str, root: Path) -> str:
    if "@sha256:" in image:
        return image.partition("@")[2]
    known = _read(root / REGISTRY) | _read(_local())
    return known.get(image) or f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def _images(root: Path, more: dict[str, str]) -> None:
    _write(_local(), more)


def _local() -> Path:
    return (job_folder() if os.environ.get("GITHUB_WORKSPACE") else Path.cwd()) / "images.json"


def _read(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(file: Path, more: dict[str, str]) -> None:
    file.write_text(json.dumps(_read(file) | more))
