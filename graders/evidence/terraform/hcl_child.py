"""The process in which python-hcl2 parses: texts by path on standard input, blocks or an error by path on standard output.

A block is `[type, [label, …], line, {name: [expression, line]}, [block, …]]`; an error is `{"line", "column", "expected"}`.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

_SECONDS, _BYTES = 20, 2 << 30
_DEPTH = 8_000


def main() -> None:
    """Read, parse, print."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on this system
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    sys.setrecursionlimit(_DEPTH)
    json.dump({path: _parsed(text) for path, text in json.load(sys.stdin).items()}, sys.stdout)


def _parsed(text: str) -> Any:
    import hcl2
    from lark.exceptions import UnexpectedEOF, UnexpectedInput

    try:
        tree = hcl2.parses_to_tree(text)
    except UnexpectedInput as trouble:
        line, column = trouble.line, trouble.column
        if isinstance(trouble, UnexpectedEOF) or line < 1:
            line, column = text.count("\n") + 1, 1
        expected = getattr(trouble, "accepts", None) or getattr(trouble, "expected", None) or ()
        token = getattr(trouble, "token", None)
        return {"line": line, "column": column, "expected": sorted(map(str, expected)), "found": str(token or "")[:40]}
    return _blocks(tree.children[0], text)[1]


def _blocks(body: Any, text: str) -> tuple[dict[str, Any], list[Any]]:
    attributes: dict[str, Any] = {}
    blocks: list[Any] = []
    for child in body.children:
        kind = getattr(child, "data", "")
        if kind == "attribute":
            parts = [one for one in child.children if getattr(one, "data", "") != "new_line_or_comment"]
            name, value = _source(parts[0], text), _source(parts[-1], text)
            attributes[name] = [value, child.meta.line]
        elif kind == "block":
            inner = next(one for one in child.children if getattr(one, "data", "") == "body")
            words = [
                _source(one, text) for one in child.children if getattr(one, "data", "") in ("identifier", "string")
            ]
            blocks.append([words[0], [word.strip('"') for word in words[1:]], child.meta.line, *_blocks(inner, text)])
    return attributes, blocks


def _source(tree: Any, text: str) -> str:
    return "" if tree.meta.empty else text[tree.meta.start_pos : tree.meta.end_pos].strip()


if __name__ == "__main__":
    main()
