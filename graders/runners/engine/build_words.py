"""What a build's words mean: what it lacked, where in the Dockerfile it failed, and which of its lines tells why."""

from __future__ import annotations

import re

from graders.evidence.dockerfile.for_builder import without_space
from graders.evidence.dockerfile.model import Dockerfile, Instruction
from graders.problems import Problem
from graders.runners.engine.build_log import BuildStep

_BUILDERS_WORDS = re.compile(
    r"failed to solve with frontend dockerfile\.v0: |failed to create LLB definition: |executor failed running "
)
_NOT_IN_CONTEXT = re.compile(r'"/?([^"]+)":? not found')
_NO_PACKAGES = re.compile(
    r"No matching distribution found for (\S+)|could not find a version that satisfies the requirement (\S+)|"
    r"Temporary failure (?:in name resolution|resolving)|Could not resolve|Network is unreachable|EAI_AGAIN|ENOTFOUND|"
    r"Unable to locate package (\S+)|has no installation candidate|dns error|getaddrinfo|was not found in the provided",
    re.IGNORECASE,
)
_OF_A_TEXT = 20  # letters, as many as every builder tells
_TELLS_WHY = re.compile(r"^(?:ERROR|E|error|fatal|FAILED)\b[: ]")
_TOOK = re.compile(r"\s+in \d+(?:\.\d+)?s\b(?: \(\d+:\d\d:\d\d\))?")


def last_words(text: str, most: int = 200) -> str:
    """The line of what was said that tells why it ended, else the last one, as a quotation, without the time that it took."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "it says nothing"
    told = next((line for line in reversed(lines) if _TELLS_WHY.match(line)), lines[-1])
    return f"“{_TOOK.sub('', told).strip('= ')[:most]}”"


def short(error: str) -> str:
    """The builder's sentence about what failed, on one line, without its own machinery."""
    return " ".join(_BUILDERS_WORDS.sub("", error).split())[:160]


def missing_file(error: str) -> str:
    """The file that COPY or ADD did not find in the context, or empty."""
    found = _NOT_IN_CONTEXT.search(error)
    return found[1] if found else ""


def lacks_network(said: str) -> str | None:
    """The package that a build without a network could not get, empty where it names none; None for another trouble."""
    found = _NO_PACKAGES.search(said)
    return next((group for group in found.groups() if group), "") if found else None


def instruction_of(dockerfile: Dockerfile | Problem, step: BuildStep) -> Instruction | None:
    """The instruction that a step of the build carries out."""
    if not isinstance(dockerfile, Dockerfile):
        return None
    wanted = without_space(step.instruction)
    every = [one for stage in dockerfile.stages for one in (stage.start, *stage.steps)]
    return next((one for one in every if wanted == without_space(one.text) or _is_called(wanted, one)), None)


def _is_called(wanted: str, one: Instruction) -> bool:
    """Whether a builder calls an instruction with a text in it so: the beginning of its text stands in brackets."""
    text = without_space(one.text)
    told = without_space(one.heredocs[0].content)[:_OF_A_TEXT] if one.heredocs else ""
    return bool(told) and wanted.startswith(f"{text}(") and told in wanted


def place_of(dockerfile: Dockerfile | Problem, step: BuildStep) -> str:
    """`file:line` of that instruction, or empty."""
    found = instruction_of(dockerfile, step)
    return str(found.where) if found else ""
