"""Read a learner's review of a plan: `review.yaml`, in the words of the ticket or in others that mean the same."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from graders.evidence.yaml_document import Kind, Mapping, Node, Scalar, Sequence, load
from graders.problems import Problem

ACTIONS = ("create", "update", "replace", "delete", "forget", "moved", "import", "read", "no-op")
DESTROY_FIRST, CREATE_FIRST = "destroy first", "create first"
_ALLOWED = {
    "create": "create add created + new",
    "update": "update change modify updated changed modified ~ update_in_place in_place update_inplace",
    "replace": "replace recreate replaced recreated replacement must_be_replaced",
    "delete": "delete destroy deleted destroyed remove removed -",
    "forget": "forget forgotten forgot remove_from_state removed_from_state state_rm",
    "moved": "moved move rename renamed",
    "import": "import imported",
    "read": "read data <= read_during_apply",
    "no-op": "no_op noop none nothing unchanged no_change no_changes keep",
}  # fmt: skip
_ACTION_OF = {word: action for action, words in _ALLOWED.items() for word in words.split()}
_ORDER_OF = {
    "-/+": DESTROY_FIRST, "+/-": CREATE_FIRST, "destroy first": DESTROY_FIRST, "create first": CREATE_FIRST,
    "delete first": DESTROY_FIRST, "destroy then create": DESTROY_FIRST, "delete then create": DESTROY_FIRST,
    "create then destroy": CREATE_FIRST, "create then delete": CREATE_FIRST, "create before destroy": CREATE_FIRST,
    "destroy before create": DESTROY_FIRST, "delete create": DESTROY_FIRST, "create delete": CREATE_FIRST,
    "destroy create": DESTROY_FIRST, "create destroy": CREATE_FIRST, "delete before create": DESTROY_FIRST,
    "destroy and then create": DESTROY_FIRST, "create and then destroy": CREATE_FIRST, "create before delete": CREATE_FIRST,
    "destroy": DESTROY_FIRST, "delete": DESTROY_FIRST, "create": CREATE_FIRST,
}  # fmt: skip
_VERDICTS = {
    word: verdict
    for verdict, words in (
        ("stop", "stop reject rejected no no-go block"),
        ("approve", "approve approved go ok yes lgtm"),
    )
    for word in words.split()
}
_FIELDS = ("changes", "loses_data", "goes_down", "drift", "verdict", "because")
_OF_CHANGE = ("action", "order", "because", "from", "known_after_apply", "address")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What the review says of one address, and on which line (from 1)."""

    address: str
    action: str
    line: int
    order: str = ""
    because: frozenset[str] = frozenset()
    moved_from: str = ""
    known_after_apply: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Review:
    """The whole review. A list that was left out is None; `lines` holds the line of each field."""

    changes: MappingType[str, Reviewed]
    loses_data: frozenset[str] | None
    goes_down: frozenset[str] | None
    drift: frozenset[str] | None
    verdict: str
    because: frozenset[str]
    lines: MappingType[str, int]


class ReviewProblem(Problem):
    """A review that can't be understood; `line` says where."""

    def __init__(self, line: int, found: str, next: str) -> None:
        super().__init__(found, next)
        self.line = line


def read_review(data: bytes, name: str) -> Review:
    """The review in `data`. Raises YamlProblem or ReviewProblem, with the line."""
    root = load(data, name)
    if not isinstance(root, Mapping):
        raise ReviewProblem(1, "It has no fields.", f"Its fields are {', '.join(_FIELDS)}.")
    for entry in root.entries:
        if entry.key.text not in _FIELDS:
            raise ReviewProblem(
                entry.key.line, f"There is no field `{entry.key.text[:40]}`.", f"The fields are {', '.join(_FIELDS)}."
            )
    changes: dict[str, Reviewed] = {}
    for one in _changes(root.get("changes"), root.line):
        if one.address in changes:
            raise ReviewProblem(one.line, f"`{one.address}` stands there twice.", "Leave one of them.")
        changes[one.address] = one
    return Review(
        changes, _addresses(root, "loses_data"), _addresses(root, "goes_down"), _addresses(root, "drift"), _verdict(root),
        _addresses(root, "because") or frozenset(), {entry.key.text: entry.key.line for entry in root.entries},
    )  # fmt: skip


def plain_address(text: str) -> str:
    """An address as Terraform writes it: indexes in double quotes, no blanks around."""
    return re.sub(r"\[\s*['\"](.*?)['\"]\s*\]", r'["\1"]', text.strip())


def _changes(node: Node | None, line: int) -> list[Reviewed]:
    if isinstance(node, Mapping):
        return [_change(entry.key.text, entry.value, entry.key.line) for entry in node.entries]
    if isinstance(node, Sequence):
        found = []
        for item in node.items:
            address = item.get("address") if isinstance(item, Mapping) else None
            if not isinstance(address, Scalar):
                raise ReviewProblem(
                    item.line, "A change in the list has no `address`.", "Write `address: {action: …}` under `changes`."
                )
            found.append(_change(address.text, item, item.line))
        return found
    raise ReviewProblem(node.line if node else line, "There is no `changes` with addresses in it.",
                        "Under `changes`, write a line `address: {action: …}` for each resource of the plan.")  # fmt: skip


def _change(address: str, node: Node, line: int) -> Reviewed:
    address = plain_address(address)
    if not isinstance(node, Mapping):
        action, order = _action(node, address)
        return Reviewed(address, action, line, order)
    for entry in node.entries:
        if entry.key.text not in _OF_CHANGE:
            raise ReviewProblem(entry.key.line, f"`{address}` has a field `{entry.key.text[:40]}`, which there is not.",
                                f"Fields of a change are {', '.join(_OF_CHANGE[:-1])}.")  # fmt: skip
    told = node.get("action")
    if told is None:
        raise ReviewProblem(line, f"`{address}` has no `action`.", f"Actions are {', '.join(ACTIONS)}.")
    action, order = _action(told, address)
    if (said := node.get("order")) is not None and not _empty(said):
        order = _order(" ".join(_texts(said, "order")), said.line)
    moved_from = node.get("from")
    return Reviewed(
        address, action, line, order,
        _words(node.get("because"), "because"),
        plain_address(" ".join(_texts(moved_from, "from"))) if moved_from is not None else "",
        _words(node.get("known_after_apply"), "known_after_apply"),
    )  # fmt: skip


def _action(node: Node, address: str) -> tuple[str, str]:
    words = " ".join(_texts(node, "action")).strip().lower()
    if words in ("-/+", "+/-"):
        return "replace", _ORDER_OF[words]
    plain = (
        re.sub(r"[\s_-]+", "_", re.sub(r"[\[\]()\"',]", " ", words).strip())
        if words not in ("-", "+", "~", "<=")
        else words
    )
    if plain in _ACTION_OF:
        return _ACTION_OF[plain], ""
    first, _, rest = plain.partition("_")
    order = _ORDER_OF.get(" ".join(plain.split("_")))
    if order and first in ("delete", "destroy", "create"):
        return "replace", order
    if _ACTION_OF.get(first) == "replace" and (order := _ORDER_OF.get(" ".join(rest.split("_")))):
        return "replace", order
    raise ReviewProblem(node.line, f"`{address}` has the action “{words[:40]}”, which is none.",
                        f"Actions are {', '.join(ACTIONS)}.")  # fmt: skip


def _order(words: str, line: int) -> str:
    plain = " ".join(re.sub(r"[,_\[\]\"']|(?<=\w)-(?=\w)|\bthe\b", " ", words.lower()).split())
    if plain not in _ORDER_OF:
        raise ReviewProblem(line, f"“{words[:40]}” is no order.", f"Orders are `{DESTROY_FIRST}` and `{CREATE_FIRST}`.")
    return _ORDER_OF[plain]


def _verdict(root: Mapping) -> str:
    node = root.get("verdict")
    if node is None:
        return ""
    word = " ".join(_texts(node, "verdict")).strip().lower().rstrip(".!")
    if word not in _VERDICTS:
        raise ReviewProblem(node.line, f"The verdict “{word[:40]}” is none.", "It is `approve` or `stop`.")
    return _VERDICTS[word]


def _addresses(root: Mapping, field: str) -> frozenset[str] | None:
    node = root.get(field)
    if node is None:
        return None
    none = [] if _empty(node) else _texts(node, field)
    return frozenset(plain_address(text) for text in none if text.strip().lower() not in ("none", "nothing"))


def _words(node: Node | None, field: str) -> frozenset[str]:
    return frozenset() if node is None or _empty(node) else frozenset(text.strip() for text in _texts(node, field))


def _empty(node: Node) -> bool:
    return isinstance(node, Scalar) and (node.kind is Kind.NULL or node.text.strip().lower() in ("", "none"))


def _texts(node: Node, field: str) -> list[str]:
    if isinstance(node, Scalar):
        return [node.text]
    if isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items):
        return [item.text for item in node.items if isinstance(item, Scalar)]
    raise ReviewProblem(
        node.line, f"`{field}` is neither a word nor a list of words.", f"Write `{field}: [one, another]`."
    )
