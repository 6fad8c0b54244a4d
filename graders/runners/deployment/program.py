"""A program made of several modules, as one text that runs where this package is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

_ROOM = "graders.runners.deployment"
_PACKAGES = ("graders", "graders.runners", _ROOM, f"{_ROOM}.cluster")


def program_of(modules: Sequence[str], last: str) -> str:
    """The modules of this room (`inside`, `cluster.store`), each after what it imports, then `last` as the main program."""
    texts: Mapping[str, str] = {f"{_ROOM}.{name}": _text(name) for name in modules}
    return f"""\
import sys, types
for name in {_PACKAGES!r}:
    sys.modules[name] = types.ModuleType(name)
for name, text in {texts!r}.items():
    module = sys.modules[name] = types.ModuleType(name)
    room, _, own = name.rpartition(".")
    setattr(sys.modules[room], own, module)
    exec(compile(text, own + ".py", "exec"), module.__dict__)
exec(compile({_text(last)!r}, "{last}.py", "exec"), {{"__name__": "__main__"}})
"""


def _text(module: str) -> str:
    return (Path(__file__).parent / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
