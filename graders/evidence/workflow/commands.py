"""The commands in a `run:` script, as a shell would take them apart: enough to say what a script means to do.

No verdict rests on it: what a script does is seen by running it. Comments and here-documents are no commands.
https://www.gnu.org/software/bash/manual/html_node/Shell-Syntax.html
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_HERE = re.compile(r"<<-?\s*[\"']?([A-Za-z_]\w*)")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_OPENING = frozenset("if then else elif while until do time ! { ( env sudo exec command nohup".split())
_ASKING = frozenset("if elif while until !".split())
_RUNNERS = frozenset(("uv", "uvx", "poetry", "pipenv", "pdm", "hatch", "rye", "pipx", "xvfb-run", "npx"))
_INSTALLERS = frozenset(("pip", "pip3", "apt", "apt-get", "brew", "conda", "mamba", "npm", "yarn", "pnpm"))
_PRINTERS = frozenset(("echo", "printf", "cat", ":", "true", "test", "[", "[["))
_MOST_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `line` counts from 1 in the script, `after` is what joins it to the next one, such as `||` or `|`.

    `asked` says that its exit code is only looked at (`if`, `while`, `!`), `name` is the program, `words` all of it.
    """

    words: tuple[str, ...]
    line: int
    after: str
    asked: bool = False

    @property
    def name(self) -> str:
        return self.words[0].rsplit("/", 1)[-1]

    @property
    def text(self) -> str:
        return shlex.join(self.words)

    @property
    def installs(self) -> bool:
        """Whether it only brings packages in."""
        asks = {word for word in self.words[:4] if not word.startswith("-")}
        return (bool(asks & _INSTALLERS) and not asks & {"run", "test", "exec"}) or asks >= {"uv", "sync"}

    @property
    def prints(self) -> bool:
        """Whether it only says or asks something, and does nothing."""
        return self.name in _PRINTERS

    def runs(self, tools: frozenset[str]) -> str:
        """The one of `tools` that it runs, also through `python -m`, `uv run`, `coverage run -m` and such; else empty."""
        if self.installs or self.prints:
            return ""
        for word in self.words:
            name = word.rsplit("/", 1)[-1].partition("@")[0]
            if name in tools:
                return name
            leads = word.startswith("-") or name in _RUNNERS or name in ("run", "exec", "coverage", "x")
            if not leads and not re.fullmatch(r"python[\d.]*", name):
                return ""
        return ""


def commands(script: str) -> tuple[Command, ...]:
    """The commands of a script in order; one that can't be taken apart gives what comes before it."""
    return tuple(_commands(_EXPRESSION.sub("EXPRESSION", script)))


def words_in(text: str) -> tuple[str, ...]:
    """The words of a name in order, in lower case: `deploy-toStaging` holds deploy, to and staging."""
    return tuple(word.lower() for word in _WORD.findall(text))


def _commands(script: str) -> Iterator[Command]:
    for number, line in _logical_lines(script):
        try:
            found = list(_tokens(line))
        except ValueError:
            return
        words: list[str] = []
        for part in [*found, "\n"]:
            if part != "\n" and not set(part) <= set(";|&()"):
                words.append(part)
                continue
            if (command := _command(words, number, part)) is not None:
                yield command
            words = []


def _tokens(line: str) -> Iterator[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&()")
    lexer.wordchars += "$%:@,+!{}[]^#"
    lexer.commenters = ""
    for token in lexer:
        if token.startswith("#"):
            return
        yield token


def _command(words: list[str], number: int, after: str) -> Command | None:
    asked, rest = False, list(words)
    while rest and (rest[0] in _OPENING or _ASSIGNMENT.match(rest[0])):
        asked |= rest[0] in _ASKING
        rest = rest[1:]
    if not rest or rest[0] in ("fi", "done", "}", "esac"):
        return None
    return Command(tuple(rest), number, after, asked)


def _logical_lines(script: str) -> Iterator[tuple[int, str]]:
    """Lines with those that go on joined to them, without here-documents."""
    waiting, start, ends = "", 0, ""
    for number, line in enumerate(script.splitlines()[:_MOST_LINES], 1):
        if ends:
            ends = "" if line.strip() == ends else ends
            continue
        joined, start = (f"{waiting}{line}", start) if waiting else (line, number)
        if joined.endswith("\\"):
            waiting = joined[:-1] + " "
            continue
        if _open_quote(joined):
            waiting = joined + "\n"
            continue
        waiting = ""
        here = _HERE.search(joined)
        ends = here[1] if here else ""
        yield start, joined
    if waiting:
        yield start, waiting


def _open_quote(line: str) -> bool:
    quote, skip = "", False
    for position, sign in enumerate(line):
        if skip:
            skip = False
        elif sign == "\\" and quote != "'":
            skip = True
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "#" and (position == 0 or line[position - 1].isspace()):
            return False
    return bool(quote)
