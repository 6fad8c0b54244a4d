"""Read one job.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_id
"""

from __future__ import annotations

import re

from graders.evidence.workflow.matrix import read_matrix
from graders.evidence.workflow.model import (
    CallSecrets,
    Concurrency,
    Container,
    Defaults,
    Environment,
    Job,
    RunsOn,
    Settings,
    Strategy,
    Text,
    frozen,
)
from graders.evidence.workflow.permissions import read_permissions
from graders.evidence.workflow.read_steps import read_shell, read_steps
from graders.evidence.workflow.reader import Reader
from graders.evidence.workflow.uses import parse_uses, what_is_wrong
from graders.evidence.yaml_document import Kind, Mapping, Node, Scalar, Sequence

_BOTH = ("name", "needs", "if", "permissions", "concurrency", "cache-mode", "strategy")
_STEPS = (
    "runs-on", "environment", "outputs", "env", "defaults", "steps", "timeout-minutes", "cancel-timeout-minutes",
    "continue-on-error", "container", "services", "snapshot",
)  # fmt: skip
_CALL = ("uses", "with", "secrets")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def read_job(reader: Reader, key: Scalar, node: Node) -> Job | None:
    """The job called `key`, or None where it is no mapping."""
    what = f"The job `{key.text}`"
    if not _ID.fullmatch(key.text):
        reader.refuse(
            "job-id",
            key,
            f"`{key.text[:60]}` is no job id.",
            "Use letters, digits, `-` and `_`, and begin with a letter.",
        )
    if isinstance(node, Scalar) and node.kind is Kind.NULL:
        reader.refuse("job", key, f"{what} is empty.", "Give it `runs-on:` and `steps:`.")
        return None
    mapping = reader.mapping(node, what)
    if mapping is None:
        return None
    calls = "uses" in mapping
    reader.known(mapping, (*_BOTH, *_STEPS, *_CALL), what)
    if calls:
        for entry in mapping.entries:
            if entry.key.text in _STEPS:
                reader.refuse(
                    "job", entry.key, f"{what} calls a workflow (`uses`), so it can't have `{entry.key.text}`.",
                    "Take it out, or write the job's own steps.",
                )  # fmt: skip
    else:
        for needed in ("runs-on", "steps"):
            if needed not in mapping:
                reader.refuse(
                    "job", key, f"{what} has no `{needed}`.", "Add it: `runs-on: ubuntu-latest`, then `steps:`."
                )
        for entry in mapping.entries:
            if entry.key.text in ("with", "secrets"):
                reader.refuse(
                    "job", entry.key, f"{what} has `{entry.key.text}`, which goes with `uses` only.", "Take it out."
                )
    text = reader.text(mapping.get("uses"), "`uses`", "jobs.<id>.with", empty=False)
    uses = parse_uses(text.value, text.where, calls_workflow=True) if text is not None else None
    wrong = what_is_wrong(uses, calls_workflow=True) if uses is not None else None
    if uses is not None and wrong is not None:
        reader.refuse("uses", uses.where, *wrong)
    place, container = "jobs.<id>.", mapping.get("container")
    return Job(
        key.text, reader.where(key),
        reader.text(mapping.get("name"), "`name`", place + "name"),
        reader.texts(mapping.get("needs"), "`needs`") or (),
        reader.condition(mapping.get("if"), "`if`", place + "if"),
        _runs_on(reader, mapping.get("runs-on")),
        _environment(reader, mapping.get("environment")),
        read_permissions(reader, mapping.get("permissions")),
        read_concurrency(reader, mapping.get("concurrency"), place + "concurrency"),
        read_cache_mode(reader, mapping.get("cache-mode")),
        _strategy(reader, mapping.get("strategy")),
        reader.settings(mapping.get("outputs"), "`outputs`", place + "outputs"),
        reader.settings(mapping.get("env"), "`env`", place + "env"),
        read_defaults(reader, mapping.get("defaults"), place + "defaults"),
        read_steps(reader, mapping.get("steps")),
        uses,
        reader.settings(mapping.get("with"), "`with`", place + "with") if calls else Settings(),
        _secrets(reader, mapping.get("secrets")) if calls else CallSecrets(),
        frozen(_services(reader, mapping.get("services"))),
        _container(reader, container, "container") if container is not None else None,
        _checked(reader, mapping, "timeout-minutes", place + "timeout-minutes", "a number"),
        _checked(reader, mapping, "continue-on-error", place + "continue-on-error", "true or false"),
    )  # fmt: skip


def _is_dynamic(node: Node | None) -> bool:
    return isinstance(node, Scalar) and "${{" in node.text


def read_defaults(reader: Reader, node: Node | None, place: str = "no expression") -> Defaults:
    """`defaults:` of a workflow or a job."""
    mapping = reader.mapping(node, "`defaults`")
    if mapping is None:
        return Defaults()
    reader.known(mapping, ("run",), "`defaults`")
    run = reader.mapping(mapping.get("run"), "`defaults.run`")
    if run is None:
        return Defaults()
    reader.known(run, ("shell", "working-directory"), "`defaults.run`")
    shell = read_shell(reader, run.get("shell"), place)
    return Defaults(shell, reader.text(run.get("working-directory"), "`working-directory`", place))


def read_concurrency(reader: Reader, node: Node | None, place: str) -> Concurrency | None:
    """`concurrency:` of a workflow or a job."""
    if node is None:
        return None
    where = reader.where(node)
    if isinstance(node, Scalar):
        return Concurrency(where, reader.text(node, "`concurrency`", place, empty=False))
    mapping = reader.mapping(node, "`concurrency`")
    if mapping is None:
        return None
    reader.known(mapping, ("group", "cancel-in-progress", "queue"), "`concurrency`")
    group = reader.text(mapping.get("group"), "`group`", place, empty=False)
    if group is None:
        reader.refuse("concurrency", node, "`concurrency` has no `group`.", "Add one: `group: deploy-production`.")
    cancel = _checked(reader, mapping, "cancel-in-progress", place, "true or false")
    return Concurrency(where, group, cancel, reader.text(mapping.get("queue"), "`queue`"))


_CACHE_MODES = ("read", "write", "write-only", "none")


def read_cache_mode(reader: Reader, node: Node | None) -> Text | None:
    """`cache-mode:` of a workflow or a job.

    https://github.blog/changelog/2026-09-10-control-github-actions-cache-access-with-cache-mode
    """
    text = reader.text(node, "`cache-mode`", empty=False)
    if text is not None and text.value not in _CACHE_MODES:
        wanted = ", ".join(f"`{mode}`" for mode in _CACHE_MODES)
        reader.refuse("cache-mode", text.where, f"`{text.value[:40]}` is no cache mode.", f"Write one of {wanted}.")
    return text


def _runs_on(reader: Reader, node: Node | None) -> RunsOn | None:
    if node is None:
        return None
    place = "jobs.<id>.runs-on"
    if isinstance(node, Mapping):
        reader.known(node, ("group", "labels"), "`runs-on`")
        labels = reader.texts(node.get("labels"), "`labels`", place) or ()
        return RunsOn(reader.where(node), labels, reader.text(node.get("group"), "`group`", place, empty=False))
    labels = reader.texts(node, "`runs-on`", place) or ()
    if not labels and isinstance(node, Sequence):
        reader.refuse("runs-on", node, "`runs-on` names no runner.", "Write `runs-on: ubuntu-latest`.")
    return RunsOn(reader.where(node), labels)


def _environment(reader: Reader, node: Node | None) -> Environment | None:
    if node is None:
        return None
    place = "jobs.<id>.environment"
    mapping = node if isinstance(node, Mapping) else None
    if mapping is not None:
        reader.known(mapping, ("name", "url", "deployment"), "`environment`")
    name = reader.text(mapping.get("name") if mapping else node, "`environment`", place, empty=False)
    if name is None:
        if mapping is not None:
            reader.refuse("environment", node, "`environment` has no `name`.", "Add one: `name: production`.")
        return None
    url = reader.text(mapping.get("url"), "`url`", f"{place}.url") if mapping else None
    return Environment(reader.where(node), name, url)


def _strategy(reader: Reader, node: Node | None) -> Strategy | None:
    if node is None or _is_dynamic(node):
        return None
    mapping = reader.mapping(node, "`strategy`")
    if mapping is None:
        return None
    reader.known(mapping, ("matrix", "fail-fast", "max-parallel"), "`strategy`")
    place = "jobs.<id>.strategy"
    matrix = mapping.get("matrix")
    return Strategy(
        reader.where(node),
        read_matrix(reader, matrix) if matrix is not None else None,
        _checked(reader, mapping, "fail-fast", place, "true or false"),
        _checked(reader, mapping, "max-parallel", place, "a number"),
    )


def _checked(reader: Reader, mapping: Mapping, key: str, place: str, kind: str) -> Text | None:
    return reader.one_of_kind(reader.text(mapping.get(key), f"`{key}`", place), f"`{key}`", kind)


def _secrets(reader: Reader, node: Node | None) -> CallSecrets:
    if isinstance(node, Scalar) and node.text == "inherit":
        return CallSecrets(inherit=True)
    if isinstance(node, Scalar) and node.kind is not Kind.NULL and not _is_dynamic(node):
        reader.refuse(
            "secrets", node, f"`secrets: {node.text[:40]}` is unknown.", "Write `inherit`, or names and values."
        )
        return CallSecrets()
    return CallSecrets(values=reader.settings(node, "`secrets`", "jobs.<id>.secrets"))


def _services(reader: Reader, node: Node | None) -> dict[str, Container]:
    mapping = None if _is_dynamic(node) else reader.mapping(node, "`services`")
    if mapping is None:
        return {}
    return {one.key.text: _container(reader, one.value, one.key.text) for one in reader.entries(mapping)}


def _container(reader: Reader, node: Node, name: str) -> Container:
    place = "jobs.<id>.container"
    if not isinstance(node, Mapping):
        return Container(reader.where(node), reader.text(node, f"`{name}`", place, empty=False))
    reader.known(
        node, ("image", "env", "options", "ports", "volumes", "credentials", "entrypoint", "command"), f"`{name}`"
    )
    image = reader.text(node.get("image"), "`image`", place, empty=False)
    if image is None:
        reader.refuse("container", node, f"`{name}` has no `image`.", "Add one: `image: postgres:17`.")
    return Container(
        reader.where(node), image,
        reader.settings(node.get("env"), "`env`", f"{place}.env"),
        reader.text(node.get("options"), "`options`", place),
        reader.texts(node.get("ports"), "`ports`", place) or (),
        reader.texts(node.get("volumes"), "`volumes`", place) or (),
        reader.settings(node.get("credentials"), "`credentials`", f"{place}.credentials"),
    )  # fmt: skip
