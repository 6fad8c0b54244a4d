"""Tell what somebody who has the image can still read.

https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several
from graders.evidence.image.file_system import FileSystem
from graders.evidence.image.model import Entry, Layer

_SECRETS = (".env", "id_ed25519", "token.txt", "credentials.json")
_OTHERS = ("app.py", "README.md", "notes.md", "setup.sh", "data.csv")


def _make(random: Random) -> Question:
    secret, late = random.sample(_SECRETS, 2)
    code, dropped = random.sample(_OTHERS, 2)
    copied = [secret, code, dropped] + ([late] if random.random() < 0.4 else [])
    lines, layers = ["FROM python:3.12-slim", "WORKDIR /app", "COPY . ."], [_layer(copied)]
    removed = [secret] if random.random() < 0.6 else [secret, dropped]
    lines.append(f"RUN rm {' '.join(removed)}")
    layers.append(_layer([], removed))
    if late not in copied:
        lines.append(f"RUN fetch-key > {late} && ./build.sh && rm {late}")
        layers.append(_layer(["build.log"]))
    if random.random() < 0.4:
        lines.append(f"RUN rm {code} && touch {code}" if random.random() < 0.5 else f"RUN truncate --size 0 {code}")
        layers.append(_layer([code]))
    in_container = random.random() < 0.4
    seen = FileSystem(layers)
    ignored = "The folder holds " + ", ".join(f"`{name}`" for name in sorted([*copied, "Dockerfile"]))
    asked = (
        "Which of these files does a program in a container of the image see?"
        if in_container
        else "The image is pushed. Which of these files can somebody who pulls it read, with the content that they had at first?"
    )
    ever = {entry.path for layer in layers for entry in layer.entries}
    candidates = [
        _candidate(name, f"app/{name}" in ever, name in removed, f"app/{name}" in seen, in_container)
        for name in (secret, late, code, dropped)
    ]
    return several(
        random,
        f"{ignored}, and there is no `.dockerignore`. {asked}",
        candidates,
        figures=(Listing("Dockerfile", "\n".join(lines) + "\n"),),
    )


def _candidate(name: str, was_in_a_layer: bool, was_removed: bool, is_seen: bool, in_container: bool) -> Candidate:
    figure = Listing("", f"/app/{name}")
    if in_container:
        if is_seen:
            return Candidate(figure, True, f"`{name}` was copied, and no later layer deletes it.")
        why = "a later layer hides it" if was_removed else "the `RUN` that made it deletes it again, in the same layer"
        return Candidate(figure, False, f"`{name}` is not in the final file system: {why}.")
    if not was_in_a_layer:
        return Candidate(figure, False, f"`{name}` is made and deleted within one `RUN`, so no layer ever holds it.")
    if was_removed:
        return Candidate(figure, True, f"The layer of `COPY` holds `{name}`; `RUN rm` only adds a layer that hides it.")
    return Candidate(figure, True, f"The layer of `COPY` holds `{name}` as it was, whatever later layers do.")


def _layer(names: list[str], removed: list[str] | None = None) -> Layer:
    entries = tuple(Entry(f"app/{name}", "file", 1, 0o644, 0, 0, "") for name in names)
    return Layer("", len(entries), entries, tuple(f"app/{name}" for name in removed or ()))


DRILL = Drill("what is left in the image?", _make)
