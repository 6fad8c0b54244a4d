"""GitHub's filter patterns for branches, tags and paths.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
A pattern comes from somebody's file, so it becomes an automaton that is walked once, and never backtracks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from string import ascii_letters, digits

MOST_LENGTH = 1_000
_ALPHANUMERIC = frozenset(ascii_letters + digits)
_ANY, _NOT_SLASH = "any character", "any character but a slash"


class PatternProblem(ValueError):
    """A pattern that GitHub refuses; says why."""


def matches(pattern: str, name: str) -> bool:
    """Whether `pattern` (without a leading `!`) matches the whole of `name`, case and all. Raises PatternProblem."""
    automaton = _compile(pattern)
    states = automaton.closure({0})
    for character in name:
        states = automaton.closure(automaton.step(states, character))
    return automaton.last in states


def selected(patterns: Iterable[str], name: str) -> bool:
    """Whether a list of patterns picks `name`: in their order, `!` takes out again what an earlier one let in.

    Raises PatternProblem.
    """
    picked = False
    for pattern in patterns:
        if pattern.startswith("!"):
            picked = picked and not matches(pattern[1:], name)
        elif not picked:
            picked = matches(pattern, name)
    return picked


def check(pattern: str) -> None:
    """Raises PatternProblem where GitHub would refuse `pattern`."""
    _compile(pattern.removeprefix("!"))


_Takes = str | frozenset[str]


@dataclass(slots=True)
class _Automaton:
    """States are numbers; `free` edges take nothing, `edges` take one character."""

    free: list[list[int]] = field(default_factory=lambda: [[]])
    edges: list[list[tuple[_Takes, int]]] = field(default_factory=lambda: [[]])
    last: int = 0

    def add(self) -> int:
        """A new state."""
        self.free.append([])
        self.edges.append([])
        return len(self.free) - 1

    def closure(self, states: set[int]) -> set[int]:
        found, waiting = set(states), list(states)
        while waiting:
            for target in self.free[waiting.pop()]:
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return found

    def step(self, states: set[int], character: str) -> set[int]:
        return {target for state in states for takes, target in self.edges[state] if _takes(takes, character)}


def _takes(takes: _Takes, character: str) -> bool:
    if isinstance(takes, frozenset):
        return character in takes
    return takes is _ANY or character != "/"


@lru_cache(maxsize=512)
def _compile(pattern: str) -> _Automaton:
    """The automaton of a pattern, read from left to right; a quantifier changes the part before it."""
    if len(pattern) > MOST_LENGTH:
        raise PatternProblem(f"it is longer than {MOST_LENGTH} characters")
    automaton = _Automaton()
    here = 0  # the state that the parts so far end in
    before: int | None = None  # the state before the last part, where a quantifier may follow it
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if pattern.startswith("**", position):
            whole_folders = pattern.startswith("/", position + 2) and (position == 0 or pattern[position - 1] == "/")
            here = _folders(automaton, here) if whole_folders else _star(automaton, here, _ANY)
            position += 3 if whole_folders else 2
            before = None
        elif character == "*":
            here, before, position = _star(automaton, here, _NOT_SLASH), None, position + 1
        elif character in "?+":
            if before is None:
                raise PatternProblem(f"`{character}` has no plain character before it that it could repeat")
            if character == "?":
                automaton.free[before].append(here)
            else:
                automaton.free[here].append(before)
            before, position = None, position + 1
        else:
            takes, position = _one(pattern, position)
            before, following = here, automaton.add()
            automaton.edges[here].append((takes, following))
            here = following
            if pattern[position : position + 1] in ("?", "+"):
                here, before = _apart(automaton, before, takes)
    automaton.last = here
    return automaton


def _apart(automaton: _Automaton, before: int, takes: _Takes) -> tuple[int, int]:
    """The last part again between states of its own, so that repeating it touches nothing else."""
    automaton.edges[before].pop()
    start, end = automaton.add(), automaton.add()
    automaton.free[before].append(start)
    automaton.edges[start].append((takes, end))
    return end, start


def _star(automaton: _Automaton, here: int, takes: _Takes) -> int:
    loop = automaton.add()
    automaton.free[here].append(loop)
    automaton.edges[loop].append((takes, loop))
    return loop


def _folders(automaton: _Automaton, here: int) -> int:
    """`**/`: nothing, or any folders with the slash after them."""
    inside, end = automaton.add(), automaton.add()
    automaton.free[here] += [inside, end]
    automaton.edges[inside] += [(_ANY, inside), (frozenset("/"), end)]
    return end


def _one(pattern: str, position: int) -> tuple[_Takes, int]:
    """What one character's place takes, and where the pattern goes on."""
    character = pattern[position]
    if character == "\\":
        if position + 1 == len(pattern):
            raise PatternProblem("it ends in a backslash that escapes nothing")
        return frozenset(pattern[position + 1]), position + 2
    if character != "[":
        return frozenset(character), position + 1
    end = pattern.find("]", position)
    if end < 0:
        raise PatternProblem("its `[` is never closed")
    return _set(pattern[position + 1 : end]), end + 1


def _set(inside: str) -> frozenset[str]:
    if not inside:
        raise PatternProblem("its `[]` is empty")
    characters: set[str] = set()
    position = 0
    while position < len(inside):
        first = inside[position]
        if inside[position + 1 : position + 2] == "-" and position + 2 < len(inside):
            last = inside[position + 2]
            alike = any({first, last} <= set(kind) for kind in (digits, ascii_letters[:26], ascii_letters[26:]))
            if not alike or first > last:
                raise PatternProblem(f"`{first}-{last}` is no range from a to z, A to Z or 0 to 9")
            characters.update(map(chr, range(ord(first), ord(last) + 1)))
            position += 3
        elif first in _ALPHANUMERIC:
            characters.add(first)
            position += 1
        else:
            raise PatternProblem(f"`{first}` stands in brackets, where only letters, digits and ranges may")
    return frozenset(characters)
