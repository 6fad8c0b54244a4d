"""A workflow file as plain values that can be changed, and written again. What is written is JSON, which is YAML: values
keep their types, and nothing needs quoting."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from graders.evidence.yaml_document import load, plain

_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)


def document_of(data: bytes) -> dict[str, Any]:
    """The values of a file that is known to hold a mapping. Raises Problem where it is no YAML."""
    document: dict[str, Any] = plain(load(data))
    return document


def written(document: Mapping[str, Any]) -> bytes:
    """The file that holds these values."""
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def with_expressions(node: Any, change: Callable[[str], str]) -> Any:
    """`node` with each of its expressions changed; an `if:` is one without `${{ }}`."""
    if isinstance(node, dict):
        return {
            key: change(value) if key == "if" and isinstance(value, str) else with_expressions(value, change)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [with_expressions(item, change) for item in node]
    if isinstance(node, str):
        return _EXPRESSION.sub(lambda found: change(found[0]), node)
    return node
