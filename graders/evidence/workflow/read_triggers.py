"""Read `on:`, in any of its spellings.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#on
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from graders.evidence.workflow.cron import SHORTEST, too_often, what_is_wrong
from graders.evidence.workflow.events import EVENTS
from graders.evidence.workflow.filter_pattern import PatternProblem, check
from graders.evidence.workflow.model import Input, Text, Trigger, Where, frozen
from graders.evidence.workflow.reader import Reader
from graders.evidence.yaml_document import Kind, Mapping, Node, Scalar, Sequence

_EXCLUSIVE = (("branches", "branches-ignore"), ("tags", "tags-ignore"), ("paths", "paths-ignore"))
_INPUT_KEYS = ("description", "type", "required", "default", "options", "deprecationMessage")


def read_triggers(reader: Reader, node: Node) -> tuple[Trigger, ...]:
    """What `on:` names, in the order of the file; an event that GitHub does not know is noted and left out."""
    if isinstance(node, Scalar):
        return _named(reader, node)
    if isinstance(node, Sequence):
        found: list[Trigger] = []
        for item in node.items:
            if isinstance(item, Scalar):
                found += _named(reader, item)
            else:
                reader.refuse(
                    "on", item, "An event in the list has settings.", "Write `on:` as a mapping: `push:` below it."
                )
        return tuple(found)
    triggers = (_configured(reader, entry.key, entry.value) for entry in reader.entries(node))
    return tuple(trigger for trigger in triggers if trigger is not None)


def _named(reader: Reader, node: Scalar) -> tuple[Trigger, ...]:
    if not _is_event(reader, node):
        return ()
    if node.text == "schedule":
        reader.refuse("on", node, "`schedule` needs times.", "Write `schedule:` with `- cron: '0 6 * * 1'` below it.")
        return ()
    return (Trigger(node.text, reader.where(node)),)


def _is_event(reader: Reader, node: Scalar) -> bool:
    if node.text in EVENTS:
        return True
    if node.kind is Kind.NULL:
        reader.refuse(
            "on", node, "`on:` names no event, so nothing ever starts this workflow.", "Write `on: push`, say."
        )
        return False
    near = get_close_matches(node.text.lower(), sorted(EVENTS), n=1, cutoff=0.6)
    hint = f"Did you mean `{near[0]}`?" if near else "`push` and `pull_request` are the usual ones."
    reader.refuse("on", node, f"There is no event `{node.text[:60]}`.", hint)
    return False


def _configured(reader: Reader, key: Scalar, node: Node) -> Trigger | None:
    if not _is_event(reader, key):
        return None
    event, where = key.text, reader.where(key)
    if event == "schedule":
        return _schedule(reader, where, node)
    if isinstance(node, Scalar) and node.kind is Kind.NULL:
        return Trigger(event, where)
    mapping = reader.mapping(node, f"`on.{event}`")
    if mapping is None:
        return None
    reader.known(mapping, EVENTS[event].filters, f"`on.{event}`")
    for one, other in _EXCLUSIVE:
        if one in mapping and other in mapping:
            reader.refuse(
                "on",
                mapping,
                f"`on.{event}` has both `{one}` and `{other}`.",
                f"Use `{one}`, with `!` for what to leave out.",
            )
    filters = {name: _patterns(reader, mapping, event, name) for pair in _EXCLUSIVE for name in pair}
    trigger = Trigger(
        event, where, _types(reader, mapping, event),
        filters["branches"], filters["branches-ignore"], filters["tags"], filters["tags-ignore"],
        filters["paths"], filters["paths-ignore"],
        reader.texts(mapping.get("workflows"), f"`on.{event}.workflows`"),
        inputs=frozen(_inputs(reader, mapping.get("inputs"), event)),
        outputs=frozen(_outputs(reader, mapping.get("outputs"))),
        secrets=frozen(_secrets(reader, mapping.get("secrets"))),
        required_secrets=tuple(_required(reader, mapping.get("secrets"))),
    )  # fmt: skip
    if event == "workflow_run" and not trigger.workflows:
        reader.refuse("on", where, "`on.workflow_run` names no workflow.", "Add `workflows: [Name of the other one]`.")
    return trigger


def _types(reader: Reader, mapping: Mapping, event: str) -> tuple[Text, ...] | None:
    types = reader.texts(mapping.get("types"), f"`on.{event}.types`") if "types" in EVENTS[event].filters else None
    known = EVENTS[event].types
    for text in types or ():
        if known and text.value not in known:
            near = get_close_matches(text.value, sorted(known), n=1, cutoff=0.6)
            hint = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(sorted(known))}."
            reader.refuse("on", text.where, f"`{event}` has no activity type `{text.value[:60]}`.", hint)
    return types


def _patterns(reader: Reader, mapping: Mapping, event: str, name: str) -> tuple[Text, ...] | None:
    if name not in EVENTS[event].filters:
        return None
    patterns = reader.texts(mapping.get(name), f"`on.{event}.{name}`")
    for text in patterns or ():
        try:
            check(text.value)
        except PatternProblem as trouble:
            reader.refuse(
                "filter-pattern", text.where, f"The pattern `{text.value[:80]}` can't be used: {trouble}.",
                "Put a `\\` before a character that is meant as it stands.",
            )  # fmt: skip
        if text.value.startswith("refs/"):
            reader.warn(
                "filter-pattern", text.where, f"`{text.value[:80]}` matches nothing: filters see the short name.",
                "Leave `refs/heads/` or `refs/tags/` out.",
            )  # fmt: skip
    if patterns and not name.endswith("-ignore") and all(text.value.startswith("!") for text in patterns):
        reader.warn(
            "filter-pattern", patterns[0].where, f"`on.{event}.{name}` only takes out, so nothing is ever let in.",
            f"Put '**' first, or use `{name}-ignore` without `!`.",
        )  # fmt: skip
    return patterns


def _schedule(reader: Reader, where: Where, node: Node) -> Trigger | None:
    crons: list[Text] = []
    for item in node.items if isinstance(node, Sequence) else ():
        mapping = reader.mapping(item, "An item of `on.schedule`")
        if mapping is not None:
            reader.known(mapping, EVENTS["schedule"].filters, "An item of `on.schedule`")
            cron = reader.text(mapping.get("cron"), "`cron`", empty=False)
            wrong = what_is_wrong(cron.value) if cron is not None else ""
            if cron is not None and wrong:
                reader.refuse("on", cron.where, wrong, "Write five fields: minute hour day month weekday.")
            elif cron is not None:
                crons.append(cron)
                if too_often(cron.value):
                    often = f"`{cron.value}` asks for a run more often than every {SHORTEST} minutes."
                    reader.warn("on", cron.where, often, "GitHub leaves the runs between out: ask for fewer.")
    if not crons and not (isinstance(node, Sequence) and node.items):
        reader.refuse("on", where, "`schedule` needs times.", "Write `- cron: '0 6 * * 1'` below it.")
    return Trigger("schedule", where, crons=tuple(crons)) if crons else None


def _inputs(reader: Reader, node: Node | None, event: str) -> dict[str, Input]:
    if node is None or (isinstance(node, Scalar) and node.kind is Kind.NULL):
        return {}
    mapping = reader.mapping(node, f"`on.{event}.inputs`")
    return (
        {entry.key.text: read_input(reader, entry.key, entry.value, event) for entry in reader.entries(mapping)}
        if mapping
        else {}
    )


def read_input(reader: Reader, key: Scalar, node: Node, event: str) -> Input:
    """One input; `event` is `workflow_dispatch`, `workflow_call` or `action`."""
    name, where = key.text, reader.where(key)
    if isinstance(node, Scalar) and node.kind is Kind.NULL:
        node = Mapping((), node.line, node.column)
    mapping = reader.mapping(node, f"The input `{name}`")
    if mapping is None:
        return Input(name, where)
    reader.known(mapping, _INPUT_KEYS, f"The input `{name}`")
    type = reader.text(mapping.get("type"), "`type`")
    required = reader.text(mapping.get("required"), "`required`")
    place = "no expression" if event == "workflow_dispatch" else "on.workflow_call.inputs"
    default = reader.text(mapping.get("default"), "`default`", place)
    allowed = {"workflow_call": ("string", "boolean", "number")}.get(
        event, ("string", "boolean", "number", "choice", "environment")
    )
    if type is not None and event != "action" and type.value not in allowed:
        reader.refuse("input", type.where, f"`{type.value[:40]}` is no type of an input.", f"Use {', '.join(allowed)}.")
    if type is None and event == "workflow_call":
        reader.refuse("input", where, f"The input `{name}` has no type.", "Add `type: string`, `boolean` or `number`.")
    if default is not None:
        reader.unchanged(default, "default")
    description = reader.text(mapping.get("description"), "`description`", place)
    options = reader.texts(mapping.get("options"), "`options`") or ()
    if type is not None and type.value == "choice" and event == "workflow_dispatch":
        _check_choice(reader, name, type, default, options)
    return Input(
        name, where, type.value if type else "", bool(required and required.boolean), default,
        options, description.value if description else "",
    )  # fmt: skip


def _check_choice(reader: Reader, name: str, type: Text, default: Text | None, options: tuple[Text, ...]) -> None:
    offered = [option.value for option in options]
    if not offered:
        reader.refuse("input", type.where, f"The choice `{name}` has no `options`.", "Add them: `options: [a, b]`.")
    elif default is not None and default.value not in offered:
        what = f"The default `{default.value[:40]}` of `{name}` is none of its `options`."
        reader.refuse("input", default.where, what, "Add it to them, or take another.")


def _outputs(reader: Reader, node: Node | None) -> dict[str, Text]:
    mapping = reader.mapping(node, "`on.workflow_call.outputs`")
    found: dict[str, Text] = {}
    for entry in reader.entries(mapping) if mapping else ():
        definition = reader.mapping(entry.value, f"The output `{entry.key.text}`")
        value = reader.text(definition.get("value") if definition else None, "`value`", "on.workflow_call.outputs")
        if value is None:
            reader.refuse(
                "output", entry.key, f"The output `{entry.key.text}` has no value.", "Add `value: ${{ jobs.… }}`."
            )
        else:
            found[entry.key.text] = value
    return found


def _secrets(reader: Reader, node: Node | None) -> dict[str, Where]:
    mapping = reader.mapping(node, "`on.workflow_call.secrets`")
    return {entry.key.text: reader.where(entry.key) for entry in reader.entries(mapping)} if mapping else {}


def _required(reader: Reader, node: Node | None) -> Iterator[str]:
    for entry in reader.entries(node) if isinstance(node, Mapping) else ():
        required = entry.value.get("required") if isinstance(entry.value, Mapping) else None
        if isinstance(required, Scalar) and required.value is True:
            yield entry.key.text
