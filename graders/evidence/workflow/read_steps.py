"""Read the steps of a job or of a composite action.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idsteps
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from graders.evidence.workflow.model import Step, Text
from graders.evidence.workflow.reader import Reader
from graders.evidence.workflow.shells import SHELLS
from graders.evidence.workflow.uses import parse_uses, what_is_wrong
from graders.evidence.yaml_document import Kind, Node, Scalar, Sequence

_BOTH = ("name", "id", "if", "env", "continue-on-error", "timeout-minutes", "background")
_RUN = ("run", "shell", "working-directory")
_USES = ("uses", "with")
_WAITING = ("wait", "wait-all", "cancel")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def read_steps(reader: Reader, node: Node | None, *, in_action: bool = False) -> tuple[Step, ...]:
    """The steps under `node`; what is no step is noted and left out."""
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        reader.refuse("steps", node, "`steps` is no list.", "Begin each step with `- `.")
        return ()
    steps: list[Step] = []
    ids: dict[str, int] = {}
    for number, item in enumerate(node.items, start=1):
        step = _step(reader, number, item, "action " if in_action else "")
        if step is None:
            continue
        if step.id and ids.setdefault(step.id.lower(), number) != number:
            reader.refuse("step-id", step.where, f"Two steps have the id `{step.id}`.", "Give each its own.")
        if in_action and step.run is not None and step.shell is None:
            reader.refuse("shell", step.where, "A `run:` in a composite action needs a `shell:`.", "Add `shell: bash`.")
        steps.append(step)
    return tuple(steps)


def _step(reader: Reader, number: int, node: Node, scope: str) -> Step | None:
    what = f"Step {number}"
    if isinstance(node, Scalar) and node.kind is Kind.NULL:
        reader.refuse("step", node, f"{what} is empty.", "Write `run:` or `uses:` after the `- `.")
        return None
    mapping = reader.mapping(node, what)
    if mapping is None:
        return None
    reader.known(mapping, (*_BOTH, *_RUN, *_USES, *_WAITING), what)
    has_run, has_uses = "run" in mapping, "uses" in mapping
    if has_run and has_uses:
        reader.refuse("step", node, f"{what} has both `run` and `uses`.", "Make two steps of it.")
    elif not has_run and not has_uses and not any(key in mapping for key in _WAITING):
        reader.refuse("step", node, f"{what} has neither `run` nor `uses`.", "Add one; every step needs it.")
    for key, belongs, instead in (
        ("with", has_uses, "`uses`"),
        ("shell", has_run, "`run`"),
        ("working-directory", has_run, "`run`"),
    ):
        if key in mapping and not belongs and (has_run or has_uses):
            at = next(entry.key for entry in mapping.entries if entry.key.text == key)
            reader.refuse("step", at, f"{what} has a `{key}`, which goes with {instead} only.", "Take it out.")
    place = f"{scope}steps"
    text = reader.text(mapping.get("uses"), "`uses`", place, empty=False)
    uses = parse_uses(text.value, text.where) if text is not None else None
    wrong = what_is_wrong(uses) if uses is not None else None
    if uses is not None and wrong is not None:
        reader.refuse("uses", uses.where, *wrong)
    id = reader.text(mapping.get("id"), "`id`", empty=False)
    if id is not None and not id.dynamic and not _ID.fullmatch(id.value):
        reader.refuse(
            "step-id",
            id.where,
            f"`{id.value[:60]}` is no id.",
            "Use letters, digits, `-` and `_`, and begin with a letter.",
        )
    return Step(
        number, reader.where(node), id.value if id else "",
        reader.text(mapping.get("name"), "`name`", place),
        uses, reader.settings(mapping.get("with"), "`with`", place),
        reader.text(mapping.get("run"), "`run`", place, empty=False),
        read_shell(reader, mapping.get("shell"), place),
        reader.text(mapping.get("working-directory"), "`working-directory`", place),
        reader.settings(mapping.get("env"), "`env`", place),
        reader.condition(mapping.get("if"), "`if`", f"{place}.if"),
        reader.one_of_kind(
            reader.text(mapping.get("continue-on-error"), "`continue-on-error`", place), "`continue-on-error`",
            "true or false",
        ),
        reader.one_of_kind(
            reader.text(mapping.get("timeout-minutes"), "`timeout-minutes`", place), "`timeout-minutes`", "a number"
        ),
    )  # fmt: skip


def read_shell(reader: Reader, node: Node | None, place: str) -> Text | None:
    """A `shell:`; a step with one that GitHub does not know fails. It knows names, and commands with a `{0}`."""
    shell = reader.text(node, "`shell`", place)
    if (
        shell is not None
        and not shell.dynamic
        and shell.value.strip().lower() not in SHELLS
        and "{0}" not in shell.value
    ):
        near = get_close_matches(shell.value.strip().lower(), SHELLS, n=1, cutoff=0.6)
        hint = f"Did you mean `{near[0]}`?" if near else f"Write one of {', '.join(SHELLS)}, or a command with `{{0}}`."
        reader.warn("shell", shell.where, f"`{shell.value[:40]}` is no shell that GitHub knows.", hint)
    return shell
