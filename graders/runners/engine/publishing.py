"""Run a learner's script that publishes an image, with a registry of our own, and say what arrived there."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from graders.evidence.git_command import Git
from graders.evidence.registry import RegistryReader
from graders.runners.engine.gate import Gate
from graders.runners.engine.leftovers import Ours
from graders.runners.engine.script import run_script
from graders.runners.registry import throwaway_registry

_MOST_SAID = 2_000


def publish(
    git: Git,
    commit: str,
    script: str,
    repository: str,
    ours: Ours,
    bases: Collection[str],
    cache: Path,
    *,
    network: bool,
) -> dict[str, Any]:
    """Run `script` at `commit` with `REGISTRY` in its environment; the facts, as JSON has them.

    `pushed` lists each tag of each repository with its `digest`, the `image` (config digest, which is what Docker calls the
    image's id), whether the script has the same image under that name (`same`), and what a container of it would start with
    (`starts`). `cache` keeps layers that were pushed to `repository`, so that the next push is short.
    Raises Problem where the registry or `docker` is missing.
    """
    layers: set[str] = set()
    with (
        throwaway_registry(cache, repository, lambda: layers) as address,
        Gate(ours, bases=bases, registry=address, build_network=network) as gate,
    ):
        ran = run_script(git, commit, [script], gate=gate, env={"REGISTRY": address})
        reader, local = RegistryReader(address), gate.images
        pushed = []
        for name in reader.repositories():
            for tag in reader.tags(name):
                manifest = reader.manifest(name, tag)
                if manifest is None:
                    continue
                document = reader.config(name, manifest) if manifest.config else {}
                layers |= {part.digest for part in manifest.layers}
                image = manifest.config.digest if manifest.config else ""
                ids = {local.get(f"{address}/{name}:{tag}", ""), *local.values()}
                pushed.append({
                    "repository": name, "tag": tag, "digest": manifest.digest, "image": image,
                    "same": image in ids or manifest.digest in ids, "starts": starts(document.get("config")),
                })  # fmt: skip
        said = f"{ran.stdout}\n{ran.stderr}".replace(address, "$REGISTRY")
        return {
            "exit_code": ran.exit_code, "timed_out": ran.timed_out, "said": said[-_MOST_SAID:], "refused": list(ran.refused),
            "built": any(call.method == "POST" and call.path.startswith("/build") for call in ran.calls), "pushed": pushed,
        }  # fmt: skip


def starts(config: Any) -> list[Any]:
    """What a container begins with, of an image's configuration, in a form to compare."""
    given = config if isinstance(config, dict) else {}
    return [given.get(key) or None for key in ("Entrypoint", "Cmd", "User", "WorkingDir")]
