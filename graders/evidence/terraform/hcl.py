"""Read `.tf` files as blocks with positions: python-hcl2 parses, in a process of its own that can be ended.

https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graders.evidence.terraform.hcl_text import MOST_DEPTH, TooDeep, code_of
from graders.problems import Problem

MOST_BYTES = 1 << 20  # in all
_SECONDS = 30
_WORDS = {
    "EQ": "`=`", "DBLQUOTE": "a text", "LBRACE": "`{`", "RBRACE": "`}`", "LSQB": "`[`", "RSQB": "`]`", "LPAR": "`(`",
    "RPAR": "`)`", "NAME": "a name", "INT_LITERAL": "a value", "COMMA": "`,`", "NL_OR_COMMENT": "a new line", "COLON": "`:`",
    "IN": "`in`", "DOT": "`.`", "$END": "the end of the file",
}  # fmt: skip
_SIMPLE_TEXT = re.compile(r'^"((?:[^"\\$%]|\\.|\$(?!\{)|%(?!\{))*)"$')


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = expression`: the expression as it is written, and its line (from 1)."""

    expression: str
    line: int

    @property
    def text(self) -> str | None:
        """The text that it is, where it is one without `${…}`."""
        match = _SIMPLE_TEXT.match(self.expression)
        return match[1].replace('\\"', '"') if match else None


@dataclass(frozen=True, slots=True)
class Block:
    """One block, where it stands, and what it holds."""

    type: str
    labels: tuple[str, ...]
    file: str
    line: int
    attributes: Mapping[str, Attribute]
    blocks: tuple[Block, ...]

    @property
    def where(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    def inner(self, type: str) -> tuple[Block, ...]:
        """The blocks of that type in it."""
        return tuple(one for one in self.blocks if one.type == type)

    def within(self) -> Iterator[Block]:
        """It and all blocks in it."""
        yield self
        for one in self.blocks:
            yield from one.within()


@dataclass(frozen=True, slots=True)
class Module:
    """The blocks of the files of one folder. `code` is each file's text without comments and the letters of texts."""

    blocks: tuple[Block, ...]
    code: Mapping[str, str]

    def of(self, type: str, *labels: str) -> tuple[Block, ...]:
        """The blocks of that type whose labels begin so."""
        return tuple(one for one in self.blocks if one.type == type and one.labels[: len(labels)] == labels)


class HclProblem(Problem):
    """A file that is no HCL. `file` and `line` say where."""

    def __init__(self, file: str, line: int, what: str, next: str) -> None:
        super().__init__(f"{file}:{line}: {what}", next)
        self.file, self.line = file, line


def read_module(files: Mapping[str, bytes]) -> Module:
    """The blocks of files, path to content. Raises HclProblem where one is no HCL, Problem where all are too large."""
    if sum(map(len, files.values())) > MOST_BYTES:
        raise Problem("The `.tf` files are larger than 1 MiB in all.", "Take out what is no configuration.")
    texts, code = {}, {}
    for path, content in sorted(files.items()):
        try:
            texts[path] = content.decode("utf-8-sig").replace("\r\n", "\n")
            code[path] = code_of(texts[path])
        except UnicodeDecodeError as trouble:
            line = content[: trouble.start].count(b"\n") + 1
            raise HclProblem(path, line, "this is no text in UTF-8.", "Save the file as UTF-8.") from None
        except TooDeep as trouble:
            what = f"more than {MOST_DEPTH} brackets are open here."
            raise HclProblem(path, trouble.line, what, "Close them, or take the nesting apart.") from None
    argv = [sys.executable, "-I", "-m", "graders.evidence.terraform.hcl_child"]
    given = {path: text if text.endswith("\n") else f"{text}\n" for path, text in texts.items()}
    try:
        done = subprocess.run(argv, input=json.dumps(given).encode(), capture_output=True, timeout=_SECONDS)
        parsed = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise Problem("The `.tf` files could not be read in reasonable time.", "Make them simpler.") from None
    for path, one in parsed.items():
        if isinstance(one, dict):
            raise _unreadable(path, one)
    return Module(tuple(_block(path, one) for path, blocks in parsed.items() for one in blocks), code)


def _unreadable(path: str, told: Mapping[str, Any]) -> HclProblem:
    wanted = list(dict.fromkeys(_WORDS[name] for name in told["expected"] if name in _WORDS))
    found = " ".join(str(told["found"]).split())
    what = f"`{found}` cannot stand here" if found and found != "$END" else "something is missing before this"
    if not wanted:
        return HclProblem(path, told["line"], f"{what}.", "Look at this line and the one above it.")
    return HclProblem(
        path, told["line"], f"{what}; expected {' or '.join(wanted[:3])}.", "Mend this line or the one above."
    )


def _block(file: str, told: list[Any]) -> Block:
    type, labels, line, attributes, blocks = told
    return Block(
        type, tuple(labels), file, line, {name: Attribute(*one) for name, one in attributes.items()},
        tuple(_block(file, one) for one in blocks),
    )  # fmt: skip
