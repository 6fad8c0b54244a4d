"""Tell which files go into the build context.

https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

from fnmatch import fnmatch
from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several
from graders.evidence.dockerfile.context import context_of

_RULES = (
    "# secrets\n.env\n", "**/.env\n", "*.md\n!README.md\n", "**/*.md\n!docs/api.md\n", "!README.md\n*.md\n", "tests\n",
    "tests/*.py\n", "**/test_*.py\n", "docs/*\n!docs/api.md\n", "*\n!{name}\n", "*\n!{name}/**/*.py\n!README.md\n",
    "/{name}/settings/*\n", ".git\n", "{name}/*.pyc\n", "**/*.py[co]\n", "**/__pycache__\n",
)  # fmt: skip
_FILES = (
    ".env", "{name}/settings/.env", "README.md", "docs/api.md", "docs/old/notes.md", "tests/test_app.py",
    "tests/api/test_search.py", "{name}/app.py", "{name}/__pycache__/app.cpython-312.pyc", ".git/config",
)  # fmt: skip
_NAMES = ("widgets", "orders", "search", "billing")


def _make(random: Random) -> Question:
    name = random.choice(_NAMES)
    rules = "".join(random.sample(_RULES, random.choice((2, 2, 3)))).format(name=name)
    files = [path.format(name=name) for path in _FILES]
    found = context_of(files, {".dockerignore": rules.encode()})
    asked = random.sample(files, 4)
    decisive = {path: _decisive(path, rules) for path in asked}
    candidates = [
        Candidate(Listing("", path), path in found.files, _why(path, path in found.files, decisive[path], rules))
        for path in asked
    ]
    return several(
        random,
        "`docker build .` sends the folder's files to the builder, but for those that `.dockerignore` keeps out. Which of "
        "these are sent?",
        candidates,
        figures=(Listing(".dockerignore", rules),),
    )


def _decisive(path: str, rules: str) -> str:
    """The last line that changes what becomes of `path`, or empty."""
    lines, decisive, before = rules.splitlines(), "", True
    for number, line in enumerate(lines, start=1):
        sent = path in context_of([path], {".dockerignore": "\n".join(lines[:number]).encode()}).files
        if sent != before:
            decisive, before = line, sent
    return decisive


def _why(path: str, sent: bool, decisive: str, rules: str) -> str:
    if sent and not decisive:
        folder, _, name = path.rpartition("/")
        near = next((line for line in rules.splitlines() if folder and "/" not in line and fnmatch(name, line)), "")
        return (
            f"No line matches it: `{near}` means the top folder alone." if near else "No line of the file matches it."
        )
    if sent:
        return f"The last line that matches it decides, and `{decisive}` brings it back."
    return f"`{decisive}` keeps it out, and no line after that brings it back."


DRILL = Drill("which files go into the context?", _make)
