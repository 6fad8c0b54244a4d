"""Tell which instructions run again when a file changes.

https://docs.docker.com/build/cache/invalidation/
"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several
from graders.evidence.dockerfile.cache import Rebuilt, rebuilt
from graders.evidence.dockerfile.model import Instruction
from graders.evidence.dockerfile.read import read

_ONE_STAGE = """\
FROM python:3.12-slim
WORKDIR /app
COPY {first} ./
RUN pip install --requirement requirements.lock
COPY {second} ./{folder}
RUN python -m compileall {name}
"""
_TWO_STAGES = """\
FROM python:3.12-slim AS build
RUN python -m venv /venv
COPY {first} ./
RUN /venv/bin/pip install --requirement requirements.lock
COPY pyproject.toml ./
COPY {second} ./{folder}
RUN /venv/bin/pip install .

FROM python:3.12-slim
RUN useradd {name}
COPY --from=build /venv /venv
"""
_NODE = """\
FROM node:22-slim
WORKDIR /app
COPY {first} ./
RUN npm ci
COPY {second} ./{folder}
RUN npm run build
"""
_NAMES = ("widgets", "orders", "search", "billing")


def _make(random: Random) -> Question:
    name = random.choice(_NAMES)
    shape = random.choice((_ONE_STAGE, _TWO_STAGES, _NODE))
    lock = "package-lock.json" if shape is _NODE else "requirements.lock"
    code = f"{name}/server.js" if shape is _NODE else f"{name}/app.py"
    locks = f"package.json {lock}" if shape is _NODE else lock
    everything_first = random.random() < 0.4
    text = shape.format(
        name=name, first="." if everything_first else locks, second="tests" if everything_first else name,
        folder="tests" if everything_first else name,
    )  # fmt: skip
    dockerfile = read(text.encode())
    changed = random.choice([code, code, lock, f"tests/test_{name}.py", "README.md"])
    again = {one.step.where.line: one for one in rebuilt(dockerfile, dockerfile.final, [changed])}
    steps = [step for stage in dockerfile.stages for step in stage.named("COPY", "RUN")]
    candidates = [_candidate(step, again.get(step.where.line), changed) for step in random.sample(steps, 4)]
    return several(
        random,
        f"An image was built from this Dockerfile, and its layers are in the cache. Now `{changed}` changes, nothing else. "
        "Which of these instructions run again?",
        candidates,
        figures=(Listing("Dockerfile", text),),
    )


def _candidate(step: Instruction, again: Rebuilt | None, changed: str) -> Candidate:
    if again is None:
        reads = step.name == "COPY" and not step.flag("from")
        why = f"It does not copy `{changed}`, and" if reads else "Its words are the same, and"
        return Candidate(Listing("", step.text), False, f"{why} nothing before it in its stage has changed.")
    if again.reads:
        return Candidate(Listing("", step.text), True, f"It copies `{changed}`, whose content is another now.")
    if step.flag("from"):
        return Candidate(Listing("", step.text), True, "What it copies comes from a stage that was built anew.")
    return Candidate(Listing("", step.text), True, "It stands on a layer that was made anew, so it is made anew, too.")


DRILL = Drill("which layers are built again?", _make)
