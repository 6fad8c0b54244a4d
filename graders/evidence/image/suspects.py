"""What looks like a secret in an image above its base: in texts (deleted ones too), environment, labels and history."""

from __future__ import annotations

from collections.abc import Mapping

from graders.evidence.image.model import Image
from graders.evidence.image.named_secrets import named_in_file, named_in_history, named_in_settings
from graders.evidence.secret_scan import Suspect
from graders.evidence.secret_scan import suspects as suspects_in


def suspects(
    image: Image, base_env: Mapping[str, str] = {}, base_labels: Mapping[str, str] = {}
) -> tuple[Suspect, ...]:
    """detect-secrets' findings, and what has a secret's name.

    Places are `layer 3: app/.env`, `env NAME`, `label NAME` and `history 7`, counted from 1. What the base image brings (its
    history up to its last layer, `base_env`, `base_labels`) is left out. Raises Problem where detect-secrets is missing.
    """
    env = {name: value for name, value in image.config.env.items() if base_env.get(name) != value}
    labels = {name: value for name, value in image.config.labels.items() if base_labels.get(name) != value}
    texts = dict(image.texts)
    texts |= {f"env {name}": f'{name}="{value}"'.encode() for name, value in env.items()}
    texts |= {f"label {name}": f'{name}="{value}"'.encode() for name, value in labels.items()}
    last = max((number for number, step in enumerate(image.history) if _in_base(image, step.layer)), default=-1)
    history = {number: step.created_by for number, step in enumerate(image.history, start=1) if number > last + 1}
    found = {*named_in_settings("env", env), *named_in_settings("label", labels)}
    found |= {one for number, said in history.items() for one in named_in_history(number, said)}
    found |= {one for place, content in image.texts.items() for one in named_in_file(place, content)}
    texts |= {f"history {number}": said.encode("utf-8", "replace") for number, said in history.items()}
    scanned = suspects_in(texts)
    known = {(one.place, one.line) for one in scanned}
    return (*scanned, *sorted(one for one in found if (one.place, one.line) not in known))


def _in_base(image: Image, layer: int | None) -> bool:
    return layer is not None and image.layers[layer].in_base
