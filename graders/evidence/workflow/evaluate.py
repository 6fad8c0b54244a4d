"""What an expression is worth, as far as it can be known before a run.

GitHub's rules: loose equality, truthiness, text compared without case.
https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from graders.evidence.workflow.expression import (
    Call,
    Compare,
    Context,
    Expression,
    ExpressionProblem,
    Index,
    Literal,
    Logical,
    Not,
    number,
)

_MOST_TEXT = 1 << 20


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only a run can tell; `truthy` where at least that is certain."""

    truthy: bool | None = None


class Status(StrEnum):
    """How the jobs or steps before have ended, for `success()` and its like."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"


class PartlyKnown(dict[str, Any]):
    """An object of which only these keys are known; any other is Unknown, where a plain dict has null."""


Value: TypeAlias = Any  # None, bool, float, str, a list or dict of these, or Unknown


class _Filtered(list[Value]):
    """What `.*` gives: a list over whose items the next index goes."""


def evaluate(node: Expression, contexts: Mapping[str, Value] | None = None, status: Status | None = None) -> Value:
    """The value of `node`: None, bool, float, str, list, dict or Unknown.

    A context that `contexts` lacks is Unknown; so are `hashFiles`, and the status functions without `status`. Raises
    ExpressionProblem where GitHub would stop with an error (a broken format string, `fromJSON` of what is no JSON).
    """
    return _Evaluation(contexts or {}, status).of(node)


def truthy(value: Value) -> bool | None:
    """Whether GitHub takes a value for true; None where that is unknown."""
    if isinstance(value, Unknown):
        return value.truthy
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value) if value is None or isinstance(value, (bool, int, float, str)) else True


def as_text(value: Value) -> str:
    """A value as GitHub puts it into text. Objects and lists have only a name there."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return "0" if value == 0 else format(value, ".15g").upper()
    if isinstance(value, str):
        return value
    return "Object" if isinstance(value, Mapping) else "Array"


def equal(left: Value, right: Value) -> bool | None:
    """GitHub's `==`; None where it is unknown."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    left, right = _alike(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return _upper(left) == _upper(right)
    if isinstance(left, (dict, list)) or isinstance(right, (dict, list)):
        return left is right
    return type(left) is type(right) and bool(left == right)


class _Evaluation:
    def __init__(self, contexts: Mapping[str, Value], status: Status | None) -> None:
        self._contexts, self._status = contexts, status

    def of(self, node: Expression) -> Value:
        match node:
            case Literal(value=value):
                return value
            case Context(name=name):
                return self._contexts.get(name.lower(), Unknown())
            case Index(of=of, index=index):
                return _indexed(self.of(of), None if index is None else self.of(index), every=index is None)
            case Not(of=of):
                known = truthy(self.of(of))
                return Unknown() if known is None else not known
            case Compare(operator=operator, left=left, right=right):
                known = _compared(operator, self.of(left), self.of(right))
                return Unknown() if known is None else known
            case Logical(operator=operator, terms=terms):
                return self._logical(operator == "||", terms)
            case Call():
                return self._call(node)

    def _logical(self, stops_at: bool, terms: Sequence[Expression]) -> Value:
        """The first term whose truth is `stops_at`, or the last; after an unknown one only the truth may be certain."""
        unsure = False
        for term in terms:
            value = self.of(term)
            known = truthy(value)
            if known is stops_at:
                return Unknown(stops_at) if unsure else value
            unsure = unsure or known is None
        return Unknown() if unsure else value

    def _call(self, node: Call) -> Value:
        name = node.name.lower()
        if name in ("success", "failure", "cancelled"):
            return Unknown() if self._status is None else self._status is Status(name)
        if name == "always":
            return True
        if name == "case":
            return self._case(node)
        values = [self.of(argument) for argument in node.arguments]
        unsure = name == "hashfiles" or any(isinstance(value, Unknown) for value in values)
        try:
            if name == "format" and unsure and isinstance(values[0], str):
                _format(values[0], *("" if isinstance(value, Unknown) else value for value in values[1:]))
            return Unknown() if unsure else _FUNCTIONS[name](*values)
        except ValueError as trouble:
            raise ExpressionProblem(node.position, str(trouble), f"Look at what `{node.name}` is given.") from None

    def _case(self, node: Call) -> Value:
        unsure = False
        for test, result in zip(node.arguments[:-1:2], node.arguments[1:-1:2], strict=True):
            known = truthy(self.of(test))
            if known:
                return Unknown() if unsure else self.of(result)
            unsure = unsure or known is None
        return Unknown() if unsure else self.of(node.arguments[-1])


def _indexed(value: Value, index: Value, *, every: bool) -> Value:
    if isinstance(value, Unknown) or isinstance(index, Unknown):
        return Unknown()
    if isinstance(value, _Filtered):
        found = _Filtered()
        for item in value:
            if isinstance(item, Unknown):
                return Unknown()
            if every and isinstance(item, (dict, list)):
                found += item.values() if isinstance(item, dict) else item
            elif not every and (got := _member(item, index)) is not _MISSING:
                found.append(got)
        return found
    if every:
        if isinstance(value, PartlyKnown):
            return Unknown()
        return _Filtered(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    got = _member(value, index)
    return None if got is _MISSING else got


_MISSING: Any = object()


def _member(value: Value, index: Value) -> Value:
    if isinstance(value, dict) and not isinstance(index, (dict, list)):
        wanted = as_text(index)
        if wanted in value:
            return value[wanted]
        for key, member in value.items():
            if _upper(key) == _upper(wanted):
                return member
        return Unknown() if isinstance(value, PartlyKnown) else _MISSING
    if isinstance(value, list):
        position = _as_number(index)
        if position >= 0 and math.floor(min(position, 1e9)) < len(value):
            return value[math.floor(position)]
    return _MISSING


def _compared(operator: str, left: Value, right: Value) -> bool | None:
    same = equal(left, right)
    if same is None:
        return None
    if operator in ("==", "!="):
        return same is (operator == "==")
    if same and "=" in operator:
        return True
    left, right = _alike(left, right)
    if isinstance(left, str) and isinstance(right, str):
        left, right = _upper(left), _upper(right)
    if type(left) is not type(right) or isinstance(left, (dict, list)) or left is None:
        return False
    return bool(left < right if operator[0] == "<" else left > right)


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Both values with the types that GitHub compares them in."""
    left, right = (float(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in (left, right))
    if type(left) is type(right) or (isinstance(left, list) and isinstance(right, list)):
        return left, right
    if isinstance(left, (bool, type(None))):
        return _alike(_as_number(left), right)
    if isinstance(right, (bool, type(None))):
        return _alike(left, _as_number(right))
    if isinstance(left, float) and isinstance(right, str):
        return left, number(right)
    if isinstance(left, str) and isinstance(right, float):
        return number(left), right
    return left, right


def _as_number(value: Value) -> float:
    if value is None:
        return 0.0
    if isinstance(value, (bool, int, float)):
        return float(value)
    return number(value) if isinstance(value, str) else float("nan")


def _upper(text: str) -> str:
    """Upper case letter by letter, as an ordinal comparison without case does; a dotless i stays."""
    return "".join(one if one == "ı" or len(one.upper()) != 1 else one.upper() for one in text)


def _is_simple(value: Value) -> bool:
    return not isinstance(value, (dict, list))


def _contains(where: Value, item: Value) -> Value:
    if isinstance(where, list):
        known = [equal(one, item) for one in where]
        return True if True in known else Unknown() if None in known else False
    return _is_simple(where) and _is_simple(item) and _upper(as_text(item)) in _upper(as_text(where))


def _starts_with(text: Value, start: Value) -> bool:
    return _is_simple(text) and _is_simple(start) and _upper(as_text(text)).startswith(_upper(as_text(start)))


def _ends_with(text: Value, end: Value) -> bool:
    return _is_simple(text) and _is_simple(end) and _upper(as_text(text)).endswith(_upper(as_text(end)))


def _join(items: Value, separator: Value = ",") -> Value:
    if not isinstance(items, list):
        return as_text(items) if _is_simple(items) else ""
    if any(isinstance(item, Unknown) for item in items):
        return Unknown()
    return _bounded((as_text(separator) if _is_simple(separator) else "").join(map(as_text, items)))


_PLACE = re.compile(r"\{\{|\}\}|\{([0-9]+)(?::[^{}]*)?\}|[{}]")


def _format(template: Value, *values: Value) -> str:
    text = as_text(template)

    def fill(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match[1] is None:
            raise ValueError(f"The format string {text[:80]!r} has a brace that is neither a place nor doubled.")
        if len(match[1]) > 4 or int(match[1]) >= len(values):
            raise ValueError(f"The format string {text[:80]!r} asks for more values than it is given.")
        return as_text(values[int(match[1])])

    return _bounded(_PLACE.sub(fill, text))


def _from_json(text: Value) -> Value:
    try:
        return _with_floats(json.loads(as_text(text)))
    except (ValueError, RecursionError):
        raise ValueError(f"fromJSON is given {as_text(text)[:60]!r}, which is no JSON.") from None


def _to_json(value: Value) -> Value:
    if _holds_unknown(value):
        return Unknown(truthy=True)
    return _bounded(json.dumps(_with_whole_numbers(value), indent=2, ensure_ascii=False))


def _holds_unknown(value: Value) -> bool:
    if isinstance(value, dict):
        return isinstance(value, PartlyKnown) or any(map(_holds_unknown, value.values()))
    return any(map(_holds_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)


def _with_floats(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _with_floats(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_floats(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _with_whole_numbers(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _with_whole_numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_whole_numbers(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _bounded(text: str) -> str:
    if len(text) > _MOST_TEXT:
        raise ValueError("The text that this makes is longer than 1 MiB.")
    return text


_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "contains": _contains,
    "startswith": _starts_with,
    "endswith": _ends_with,
    "format": _format,
    "join": _join,
    "tojson": _to_json,
    "fromjson": _from_json,
}
