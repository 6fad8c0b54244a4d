"""Take values out of a YAML tree, and note what is not as GitHub wants it instead of stopping."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from math import isnan

from graders.evidence.workflow.availability import PLACES, not_allowed
from graders.evidence.workflow.evaluate import as_text, evaluate, truthy
from graders.evidence.workflow.expression import STATUS_FUNCTIONS, Expression, ExpressionProblem, calls, number
from graders.evidence.workflow.model import Finding, Settings, Text, Where, frozen
from graders.evidence.workflow.template import OPEN, condition, pieces
from graders.evidence.yaml_document import Entry, Kind, Mapping, Node, Scalar, Sequence


class Reader:
    """Reads one file; what it finds wrong gathers in `findings`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []

    def where(self, node: Node) -> Where:
        """The place of `node`."""
        return Where(self.path, node.line, node.column)

    def refuse(self, rule: str, at: Node | Where, what: str, next: str) -> None:
        """Note something for which GitHub would refuse the file."""
        self._note(rule, at, what, next, refused=True)

    def warn(self, rule: str, at: Node | Where, what: str, next: str) -> None:
        """Note something that GitHub takes, but hardly as it is meant."""
        self._note(rule, at, what, next, refused=False)

    def _note(self, rule: str, at: Node | Where, what: str, next: str, *, refused: bool) -> None:
        where = at if isinstance(at, Where) else self.where(at)
        finding = Finding(rule, where, what, next, refused)
        if finding not in self.findings:  # an anchor's content is read wherever an alias uses it
            self.findings.append(finding)

    def mapping(self, node: Node | None, what: str) -> Mapping | None:
        """`node` as a mapping, or None (noted where it is something else)."""
        if isinstance(node, Mapping):
            return node
        if node is not None:
            self.refuse("wrong-kind", node, f"{what} is not a mapping.", "Write `key: value` lines below it, indented.")
        return None

    def entries(self, mapping: Mapping) -> Iterable[Entry]:
        """The entries of a mapping, without YAML 1.1's merge key, which GitHub does not know (it is noted).

        https://github.com/actions/runner/issues/1182
        """
        for entry in mapping.entries:
            if entry.key.text == "<<" and entry.key.plain:
                self.refuse(
                    "merge-key", entry.key, "GitHub does not know the merge key `<<`.",
                    "Anchors and aliases work for whole values only: repeat the keys, or alias the whole mapping.",
                )  # fmt: skip
            else:
                yield entry

    def known(self, mapping: Mapping, keys: Collection[str], what: str) -> None:
        """Note every key of `mapping` that is none of `keys`."""
        for entry in self.entries(mapping):
            if entry.key.text not in keys:
                key = entry.key.text[:60]
                near = get_close_matches(key.lower(), sorted(keys), n=1, cutoff=0.7)
                hint = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(sorted(keys))}."
                self.refuse("unknown-key", entry.key, f"{what} has a key `{key}` that GitHub does not know.", hint)

    def text(self, node: Node | None, what: str, place: str = "no expression", *, empty: bool = True) -> Text | None:
        """`node` as a text, or None. `place` names the row of PLACES that its expressions are judged by."""
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.refuse(
                "wrong-kind", node, f"{what} is a {_kind(node)} where one value belongs.", "Write a single value."
            )
            return None
        if not empty and (node.kind is Kind.NULL or not node.text.strip()):
            self.refuse("empty", node, f"{what} is empty.", "Give it a value, or take the key out.")
            return None
        text = Text(as_text(node.value), self.where(node), node.kind, node.text, node)
        self.expressions(text, what, place)
        return text

    def texts(self, node: Node | None, what: str, place: str = "no expression") -> tuple[Text, ...] | None:
        """`node`, one value or a list of them, as texts; None where there is none."""
        if node is None:
            return None
        if isinstance(node, Sequence):
            read = (self.text(item, f"An item of {what}", place, empty=False) for item in node.items)
            return tuple(text for text in read if text is not None)
        text = self.text(node, what, place, empty=False)
        return () if text is None else (text,)

    def settings(self, node: Node | None, what: str, place: str) -> Settings:
        """`node` as names and values."""
        if node is None:
            return Settings()
        if isinstance(node, Scalar):
            if OPEN in node.text:
                return Settings(dynamic=self.text(node, what, place), where=self.where(node))
            if node.kind is Kind.NULL:
                return Settings(where=self.where(node))
        mapping = self.mapping(node, what)
        values: dict[str, Text] = {}
        for entry in self.entries(mapping) if mapping else ():
            value = self.text(entry.value, f"`{entry.key.text}` in {what}", place)
            if value is not None:
                self.unchanged(value, entry.key.text)
                values[entry.key.text] = value
        return Settings(frozen(values), where=self.where(node))

    def unchanged(self, text: Text, name: str) -> None:
        """Note a number that loses something where a text is wanted, as 3.10 does."""
        if text.kind is Kind.NUMBER and text.value != text.written:
            self.warn(
                "number-changes", text.where, f"`{name}: {text.written}` is the number {text.value} to YAML.",
                f"Quote it: '{text.written}'.",
            )  # fmt: skip

    def expressions(self, text: Text, what: str, place: str) -> None:
        """Note every `${{ … }}` in `text` that does not parse or may not stand at `place`."""
        if OPEN not in text.value:
            return
        if place == "no expression":
            self.refuse("expression", text.where, f"{what} can't hold an expression.", "Write the value itself.")
            return
        try:
            for piece in pieces(text.value):
                self._allowed(text, piece.expression, piece.inner_start, place)
        except ExpressionProblem as trouble:
            self.refuse("expression", text.at(trouble.position), f"{what}: {trouble.what}", trouble.next)

    def condition(self, node: Node | None, what: str, place: str) -> Text | None:
        """`node` as an `if:`, whose expression needs no `${{ }}`."""
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.refuse(
                "wrong-kind", node, f"{what} is a {_kind(node)} where a condition belongs.", "Write an expression."
            )
            return None
        text = Text(as_text(node.value), self.where(node), node.kind, node.text, node)
        if not text.value.strip():
            return None
        try:
            found = condition(text.value)
            inner = pieces(text.value)
        except ExpressionProblem as trouble:
            self.refuse("expression", text.at(trouble.position), f"{what}: {trouble.what}", trouble.next)
            return text
        if found.always_true_text:
            self.warn(
                "if-always-true", text.where, f"{what} is always true: around its `${{{{ }}}}` stands more text.",
                "Put the whole condition into one `${{ … }}`, or leave them out; write `|-` rather than `|`.",
            )  # fmt: skip
        for expression, start in [(piece.expression, piece.inner_start) for piece in inner] or [(found.expression, 0)]:
            self._allowed(text, expression, start, place)
        if not found.always_true_text:
            self._constant(text, found.expression, what)
        return text

    def _constant(self, text: Text, expression: Expression, what: str) -> None:
        try:
            known = truthy(evaluate(expression))
        except ExpressionProblem:
            return
        if known is False or (known and not calls(expression, STATUS_FUNCTIONS)):
            self.warn(
                "if-constant", text.where, f"{what} is always {str(known).lower()}, whatever happens.",
                "Ask for something that differs from run to run, or take it out." if known else
                "What it stands at never runs: ask for something that can be true, or take it out.",
            )  # fmt: skip

    def one_of_kind(self, text: Text | None, what: str, kind: str) -> Text | None:
        """`text`, refused where it is neither an expression nor, as `kind` asks, `true or false` or `a number`."""
        if text is None or text.dynamic:
            return text
        is_number = bool(text.value.strip()) and not isnan(number(text.value))
        if not (is_number if kind == "a number" else text.boolean is not None):
            self.refuse("wrong-kind", text.where, f"{what} is `{text.value[:40]}`, not {kind}.", f"Write {kind}.")
        elif text.kind is Kind.TEXT:
            self.warn("wrong-kind", text.where, f"{what} is a text, as it is in quotes, not {kind}.", "Take them off.")
        return text

    def _allowed(self, text: Text, expression: Expression, start: int, place: str) -> None:
        wrong = not_allowed(expression, PLACES[place])
        if wrong is None:
            self._worth(text, expression, start)
            return
        name, position = wrong
        hint = f"Allowed here: {', '.join(sorted(PLACES[place].contexts)) or 'none'}."
        if name.endswith("()"):
            hint = "It works in steps only." if name.lower() == "hashfiles()" else "It works in an `if:` only."
        if name.lower() == "secrets":
            hint = "Put the secret into `env:` and ask for `env.NAME`." if place.endswith("steps.if") else hint
        self.refuse("not-available", text.at(start + position), f"`{name}` is not available in `{place}`.", hint)

    def _worth(self, text: Text, expression: Expression, start: int) -> None:
        """Note an expression that stops every run with an error."""
        try:
            evaluate(expression)
        except ExpressionProblem as trouble:
            self.warn("expression", text.at(start + trouble.position), trouble.what, trouble.next)


def _kind(node: Node) -> str:
    return "list" if isinstance(node, Sequence) else "mapping"
