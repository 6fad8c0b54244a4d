"""Read a `matrix:`, and say which jobs it makes.

https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from graders.evidence.workflow.evaluate import Unknown, as_text, equal, evaluate
from graders.evidence.workflow.expression import ExpressionProblem
from graders.evidence.workflow.model import Matrix, Text, frozen
from graders.evidence.workflow.reader import Reader
from graders.evidence.workflow.template import OPEN, pieces, whole
from graders.evidence.yaml_document import Kind, Node, Scalar, Sequence
from graders.evidence.yaml_document import Mapping as YamlMapping

MOST_JOBS = 256
_MOST_COMBINATIONS = 50_000
_MOST_COMPARISONS = 1_000_000
_PLACE = "jobs.<id>.strategy"


@dataclass(frozen=True, slots=True)
class Expansion:
    """The jobs of a matrix: their values, in GitHub's order.

    `count` is how many there are, also where they are too many to list; `unknown` says, as the end of a sentence, why
    only a run can tell (then there are no `legs`).
    """

    legs: tuple[Mapping[str, Any], ...] = ()
    count: int = 0
    unknown: str = ""

    @property
    def too_many(self) -> bool:
        """Whether GitHub refuses to start so many jobs."""
        return self.count > MOST_JOBS


def read_matrix(reader: Reader, node: Node) -> Matrix | None:
    """The matrix under `strategy.matrix`."""
    where = reader.where(node)
    if isinstance(node, Scalar) and OPEN in node.text:
        return Matrix(where, dynamic=reader.text(node, "`matrix`", _PLACE))
    mapping = reader.mapping(node, "`matrix`")
    if mapping is None:
        return None
    before = len(reader.findings)
    vectors: dict[str, tuple[Any, ...] | Text] = {}
    lists: dict[str, tuple[Mapping[str, Any], ...] | Text] = {"include": (), "exclude": ()}
    for entry in reader.entries(mapping):
        name = entry.key.text
        if isinstance(entry.value, Scalar) and OPEN in entry.value.text:
            text = reader.text(entry.value, f"`matrix.{name}`", _PLACE)
            if text is not None:
                (lists if name in lists else vectors)[name] = text
        elif not isinstance(entry.value, Sequence):
            reader.refuse("matrix", entry.value, f"`matrix.{name}` is no list.", "Write a list: `[a, b]`.")
        elif name in lists:
            lists[name] = _combinations(reader, entry.value, name)
        elif not entry.value.items:
            reader.refuse("matrix", entry.value, f"`matrix.{name}` is empty.", "Give it a value, or take it out.")
        else:
            vectors[name] = tuple(_value(reader, item, name) for item in entry.value.items)
    matrix = Matrix(where, frozen(vectors), lists["include"], lists["exclude"])
    _check_exclude(reader, mapping, matrix)
    expansion = expand(matrix)
    if expansion.too_many:
        reader.refuse(
            "matrix", node, f"The matrix makes {expansion.count:,} jobs; GitHub starts {MOST_JOBS} at most.",
            "Take values out, or `exclude` combinations.",
        )  # fmt: skip
    elif not expansion.unknown and not expansion.legs and len(reader.findings) == before:
        reader.refuse("matrix", node, "The matrix makes no job at all.", "Give it a vector or an `include`.")
    return matrix


def _combinations(reader: Reader, node: Sequence, name: str) -> tuple[Mapping[str, Any], ...]:
    found = []
    for item in node.items:
        mapping = reader.mapping(item, f"An item of `matrix.{name}`")
        if mapping is not None:
            pairs = ((entry.key.text, entry.value) for entry in reader.entries(mapping))
            found.append(frozen({key: _value(reader, value, key) for key, value in pairs}))
    return tuple(found)


def _check_exclude(reader: Reader, mapping: YamlMapping, matrix: Matrix) -> None:
    """Note what `exclude` names and the matrix has not: GitHub refuses an unknown name, and excludes nothing else."""
    node = mapping.get("exclude")
    items = matrix.exclude if isinstance(matrix.exclude, tuple) and isinstance(node, Sequence) else ()
    for item, at in zip(items, node.items if isinstance(node, Sequence) else (), strict=False):
        for name, value in item.items():
            values = matrix.vectors.get(name)
            if values is None:
                reader.refuse(
                    "matrix", at, f"`exclude` names `{name[:40]}`, and the matrix has no such values.",
                    f"It has {', '.join(f'`{one}`' for one in matrix.vectors) or 'none'}.",
                )  # fmt: skip
            elif isinstance(values, tuple) and not _any_like(values, value):
                reader.warn(
                    "matrix", at, f"`exclude` names a value of `{name}` that is not there, so it takes nothing out.",
                    "Write the value as it stands in the matrix.",
                )  # fmt: skip


def _any_like(values: tuple[Any, ...], value: Any) -> bool:
    return any(isinstance(one, Text) or isinstance(value, Text) or _same(one, value) for one in values)


def _value(reader: Reader, node: Node, name: str) -> Any:
    """A value as plain Python; a text with an expression stays a Text unless its value is known."""
    if isinstance(node, Sequence):
        return [_value(reader, item, name) for item in node.items]
    if isinstance(node, YamlMapping):
        return {entry.key.text: _value(reader, entry.value, entry.key.text) for entry in reader.entries(node)}
    if node.kind is Kind.NUMBER:
        text = reader.text(node, name)
        if text is not None:
            reader.unchanged(text, name)
    if OPEN in node.text:
        text = reader.text(node, f"A value of `matrix.{name}`", _PLACE)
        known = Unknown() if text is None else _known(text)
        return text if isinstance(known, Unknown) else known
    return node.value


def _known(text: Text) -> Any:
    """The value of a text with expressions where it depends on nothing, else Unknown."""
    try:
        expression = whole(text.value)
        if expression is not None:
            return evaluate(expression)
        made, rest = "", 0
        for piece in pieces(text.value):
            value = evaluate(piece.expression)
            if isinstance(value, Unknown):
                return Unknown()
            made, rest = made + text.value[rest : piece.start] + as_text(value), piece.end
        return made + text.value[rest:]
    except ExpressionProblem:
        return Unknown()


def expand(matrix: Matrix) -> Expansion:
    """The jobs that `matrix` makes: every combination of the vectors, less `exclude`, then `include` laid over them.

    An `include` item is added to each combination whose own vector values it does not change; one that fits none makes
    a job of its own.
    """
    if matrix.dynamic is not None:
        known = _known(matrix.dynamic)
        if not isinstance(known, dict):
            return Expansion(unknown=f"it is made by `{matrix.dynamic.value.strip()}`")
        matrix = _from_value(matrix, known)
    vectors: dict[str, tuple[Any, ...]] = {}
    for name, values in matrix.vectors.items():
        listed = _known(values) if isinstance(values, Text) else values
        if not isinstance(listed, (list, tuple)):
            return Expansion(unknown=f"`{name}` is made by `{values}`")
        vectors[name] = tuple(listed)
    include, exclude = _listed(matrix.include), _listed(matrix.exclude)
    if include is None or exclude is None:
        return Expansion(unknown=f"`{'include' if include is None else 'exclude'}` is made by an expression")
    combinations = prod(len(values) for values in vectors.values()) if vectors else 0
    if combinations > _MOST_COMBINATIONS or combinations * len(exclude) > _MOST_COMPARISONS:
        return Expansion(count=combinations)
    legs: list[dict[str, Any]] = []
    if vectors:
        legs = [dict(zip(vectors, values, strict=True)) for values in product(*vectors.values())]
    legs = [leg for leg in legs if not any(_fits(item, leg) for item in exclude)]
    if len(legs) <= MOST_JOBS:
        legs = _with_included(legs, include, frozenset(vectors))
    if len(legs) > MOST_JOBS:
        return Expansion(count=len(legs))
    return Expansion(tuple(frozen(leg) for leg in legs), len(legs))


def _from_value(matrix: Matrix, known: dict[str, Any]) -> Matrix:
    def listed(name: str) -> tuple[Mapping[str, Any], ...]:
        items = known.get(name) or []
        return tuple(item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()

    vectors = {
        key: tuple(one) for key, one in known.items() if isinstance(one, list) and key not in ("include", "exclude")
    }
    return Matrix(matrix.where, frozen(vectors), listed("include"), listed("exclude"))


def _listed(items: tuple[Mapping[str, Any], ...] | Text) -> tuple[Mapping[str, Any], ...] | None:
    if not isinstance(items, Text):
        return items
    known = _known(items)
    return tuple(item for item in known if isinstance(item, dict)) if isinstance(known, list) else None


def _with_included(
    legs: list[dict[str, Any]], include: tuple[Mapping[str, Any], ...], own: frozenset[str]
) -> list[dict[str, Any]]:
    originals = [{name: leg[name] for name in own} for leg in legs]
    added: list[dict[str, Any]] = []
    for item in include:
        fitting = [leg for leg, original in zip(legs, originals, strict=True) if _agrees(item, original)]
        for leg in fitting:
            leg.update(item)
        if not fitting:
            added.append(dict(item))
    return legs + added


def _agrees(item: Mapping[str, Any], original: Mapping[str, Any]) -> bool:
    """Whether an `include` item changes none of a combination's own values."""
    return all(_same(original[name], value) for name, value in item.items() if name in original)


def _fits(item: Mapping[str, Any], leg: Mapping[str, Any]) -> bool:
    """Whether an `exclude` item names this combination; it need not name every value."""
    return bool(item) and all(name in leg and _same(leg[name], value) for name, value in item.items())


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, (dict, list)) or isinstance(right, (dict, list)):
        return bool(left == right)
    if isinstance(left, Text) or isinstance(right, Text):
        return isinstance(left, Text) and isinstance(right, Text) and left.value == right.value
    return equal(left, right) is True
