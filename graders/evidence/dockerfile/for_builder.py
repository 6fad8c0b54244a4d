"""A Dockerfile as the builder at hand understands it: lines keep their numbers, and the image is the same.

Nobody gives a build a secret here, and without one an optional `--mount=type=secret` mounts nothing: it is left out, since the
builder would ask for a session. A BuildKit before 0.10 (Docker Engine before 23) knows no `--link` and no texts in the Dockerfile
(`<<EOF`): a RUN's text becomes the argument of its shell, as the newer builder does it too, a COPY's a file of the context, and
`--link`, which changes how layers are put together and not what is in them, is left out.
https://docs.docker.com/reference/dockerfile/#here-documents, https://docs.docker.com/reference/dockerfile/#run---mounttypesecret
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from graders.evidence.dockerfile.model import Dockerfile, Heredoc, Instruction, Stage
from graders.evidence.dockerfile.read import LONGEST_LINE

FOLDER = ".texts-in-the-dockerfile"
_LINK = re.compile(r"[ \t]--link(?:=\S+)?(?=\s)")
_REQUIRED = r"[^\s\"]*\brequired(?:=true\b|=1\b|[,\s\"])"
_SECRET = re.compile(rf"[ \t]--mount=(?P<quote>\"?)(?=[^\s\"]*\btype=secret\b)(?!{_REQUIRED})[^\s\"]+(?P=quote)(?=\s)")
_ALONE = re.compile(r"<<(?P<tabs>-?)(?P<quote>[\"']?)\w[\w.-]*(?P=quote)")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new `text`, the `files` (path to content) that the context needs beside it, and what was `written`.

    `written` leads from an instruction of the new text, without white space, to how a newer builder calls what the learner wrote.
    """

    text: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)


def for_builder(text: bytes, dockerfile: Dockerfile, *, older: bool) -> Rewritten:
    """`text`, which `dockerfile` was read from, rewritten; `older` for a BuildKit before 0.10.

    What can't be said in the older language is left as it is, so that the builder refuses it: a text with variables that COPY
    puts in, and a RUN's text that names its own program (`#!`).
    """
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    files: dict[str, bytes] = {}
    written: dict[str, str] = {}
    for stage in dockerfile.stages:
        for number, step in enumerate(stage.steps):
            start, end = step.where.line - 1, step.end_line
            if step.heredocs and older:
                shell = _shell_before(dockerfile, stage, number)
                made = _run(step, shell) if step.name == "RUN" else _copy(step, files)
                if made and len(made) <= LONGEST_LINE:
                    lines[start:end] = [made, *[""] * (end - start - 1)]
                    written[without_space(made)] = f"{step.text} ({step.heredocs[0].content.strip()})"
            elif older and step.name in ("COPY", "ADD") and step.flag("link"):
                said = "\n".join(lines[start:end])
                lines[start:end] = _LINK.sub("", said, count=1).split("\n")
                written[without_space(_LINK.sub("", step.text, count=1))] = step.text
            elif most := sum(mount.get("type") == "secret" for mount in step.mounts):
                said = "\n".join(lines[start:end])
                lines[start:end] = _SECRET.sub("", said, count=most).split("\n")
                written[without_space(_SECRET.sub("", step.text, count=most))] = step.text
    return Rewritten("\n".join(lines).encode("utf-8", "surrogateescape"), files, written)


def without_space(text: str) -> str:
    """An instruction to compare with another: without white space, and without what continues a line."""
    return "".join(re.sub(r"\\\s*\n(?:\s*#.*\n)*", " ", text).split())


def _run(step: Instruction, shell: tuple[str, ...]) -> str:
    command = step.words[0] if len(step.words) == 1 else ""
    if not command or not step.text.endswith(command):
        return ""
    if alone := _ALONE.fullmatch(command.strip()):
        script = _content(step.heredocs[0], bool(alone["tabs"]))
        if script.startswith("#!"):
            return ""
    else:
        script = f"{command}\n" + "".join(f"{one.content}{one.name}\n" for one in step.heredocs)
    return _SECRET.sub("", step.text.removesuffix(command)) + json.dumps([*shell, script])


def _copy(step: Instruction, files: dict[str, bytes]) -> str:
    if step.unset or any(one.expand and re.search(r"[$\\]", one.content) for one in step.heredocs):
        return ""
    texts, sources = iter(step.heredocs), []
    for source in step.values[:-1]:
        alone = _ALONE.fullmatch(source)
        if not alone:
            sources.append(source)
            continue
        text = next(texts)
        sources.append(f"{FOLDER}/{step.where.line}/{text.name}")
        files[sources[-1]] = _content(text, bool(alone["tabs"])).encode()
    flags = [f"--{name}={value}" for name, value in step.flags if name != "link"]
    return " ".join([step.name, *flags, json.dumps([*sources, step.destination])])


def _content(text: Heredoc, tabs: bool) -> str:
    return re.sub(r"^\t+", "", text.content, flags=re.MULTILINE) if tabs else text.content


def _shell_before(dockerfile: Dockerfile, stage: Stage, number: int) -> tuple[str, ...]:
    """The shell that a stage's step is given to."""
    own = [step.values for step in stage.steps[:number] if step.name == "SHELL"]
    below = dockerfile.foundations(stage)[:-1]
    return own[-1] if own else below[-1].settings.shell if below else ("/bin/sh", "-c")
