"""Hold a review against its plan: what of each address is right, and why what is wrong is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graders.evidence.terraform.plan import Change, PlanModel
from graders.evidence.terraform.review import CREATE_FIRST, DESTROY_FIRST, Review
from graders.picture import Act

_WORD_OF = {
    Act.CREATE: "create", Act.UPDATE: "update", Act.REPLACE: "replace", Act.REPLACE_CREATE_FIRST: "replace",
    Act.DELETE: "delete", Act.FORGET: "forget", Act.MOVED: "moved", Act.IMPORT: "import", Act.READ: "read", Act.NO_OP: "no-op",
}  # fmt: skip
_ASKED_FOR = {"requested", "request", "by request", "-replace", "replace", "asked for"}
_BROKEN = {"tainted", "taint"}
_DENIES = {"not", "no", "isn't", "isn’t", "never", "nor", "neither", "wasn't", "wasn’t"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a review says wrongly of one address: `line` (0 where it says nothing), a sentence, a named mistake."""

    address: str
    line: int
    why: str
    mistake: str


def word_of(change: Change) -> str:
    """The action's word in a review."""
    return _WORD_OF[change.act]


def wrong_actions(plan: PlanModel, review: Review) -> tuple[Wrong, ...]:
    """Addresses whose action is missing or another one, each explained from the plan."""
    found = []
    for change in plan.changes:
        said = review.changes.get(change.address)
        right = {word_of(change)}
        right |= {"moved"} if change.previous_address else set()
        right |= {"import"} if change.importing else set()
        if said is None:
            found.append(
                Wrong(change.address, 0, f"`{change.address}` is in the plan, and not in the review", "left out")
            )
        elif said.action not in right:
            found.append(Wrong(change.address, said.line, *_explained(change, said.action)))
        elif change.act is Act.MOVED and said.moved_from != change.previous_address:
            of = f"`{said.moved_from}`" if said.moved_from else "nowhere"
            why = f"`{change.address}` is moved from {of} in the review; the plan names another `previous_address`"
            found.append(Wrong(change.address, said.line, why, "moved from elsewhere"))
    return tuple(found)


def _explained(change: Change, said: str) -> tuple[str, str]:
    actions = ", ".join(f'"{one}"' for one in change.actions)
    begin = f"`{change.address}` is called `{said}`; the plan has [{actions}] for it"
    if change.act is Act.MOVED:
        return f"{begin} and a `previous_address`", "no-op that is a move"
    if change.act is Act.IMPORT:
        return f"{begin} and an `importing`", "no-op that is an import"
    if change.act is Act.FORGET:
        return f"{begin}: the resource stays, and Terraform no longer knows it", "forgotten"
    if change.replaces:
        return f"{begin}: both, so one takes the other's place", "half of a replacement"
    if change.act is Act.NO_OP:
        return f"{begin}, and neither an old address nor an import", "a no-op taken for more"
    if change.act is Act.READ:
        return f"{begin}: a data source changes nothing", "read taken for a change"
    if said == "replace":
        return f"{begin}: it stays the same one", "no replacement"
    return begin, "another action"


def wrong_replacements(plan: PlanModel, review: Review) -> tuple[Wrong, ...]:
    """Replacements whose order or reason is missing or another one."""
    found = []
    for change in plan.changes:
        if not change.replaces:
            continue
        said = review.changes.get(change.address)
        if said is None or said.action != "replace":
            found.append(Wrong(change.address, said.line if said else 0,
                               f"`{change.address}` is replaced, and the review does not say so",
                               "replacement not seen"))  # fmt: skip
            continue
        order = DESTROY_FIRST if change.act is Act.REPLACE else CREATE_FIRST
        actions = ", ".join(f'"{one}"' for one in change.actions)
        if said.order != order:
            told = f"has the order `{said.order}`" if said.order else "has no `order`"
            why = f"`{change.address}` {told}; the plan has [{actions}], in this order"
            found.append(Wrong(change.address, said.line, why, "orders not told apart" if said.order else "no order"))
        elif not _right_reason(change, said.because):
            found.append(Wrong(change.address, said.line, *_another_reason(change.address, said.because)))
    return tuple(found)


def _another_reason(address: str, said: frozenset[str]) -> tuple[str, str]:
    if not said:
        return f"`{address}` has no `because`", "no reason"
    if sentence := next((one for one in sorted(said) if " " in one), ""):
        allowed = "an attribute, nor `requested` or `tainted`"
        return (
            f"“{sentence[:60]}”, as `because` of `{address}`, is not the name of {allowed}",
            "a sentence for a reason",
        )
    named = " and ".join(f"`{one}`" for one in sorted(said))
    told = f"is replaced because of {named} in the review, and because of something else in the plan"
    return f"`{address}` {told}", "another reason"


def _right_reason(change: Change, said: frozenset[str]) -> bool:
    words = {word.lower() for word in said}
    if change.reason == "replace_by_request":
        return bool(words) and all(_says(word, _ASKED_FOR) for word in words)
    if change.reason == "replace_because_tainted":
        return bool(words) and all(_says(word, _BROKEN) for word in words)
    return said == set(change.replace_paths)


def _says(text: str, reasons: set[str]) -> bool:
    """Whether it is one of the reasons, or a sentence that holds one and denies nothing: `it is tainted`."""
    words = re.findall(r"[\w'’-]+", text)
    return text in reasons or (not _DENIES & set(words) and bool({"requested", "tainted"} & reasons & set(words)))


def replaced(plan: PlanModel) -> int:
    """How many are replaced."""
    return sum(one.replaces for one in plan.changes)


def wrong_unknowns(plan: PlanModel, review: Review) -> tuple[Wrong, ...]:
    """Addresses whose attributes known only after apply are others than the review says."""
    found = []
    for change in plan.changes:
        said = review.changes.get(change.address)
        named, right = said.known_after_apply if said else frozenset(), set(change.unknown)
        if named == right:
            continue
        line = said.line if said else 0
        if extra := sorted(named - right):
            why = f"`{change.address}`: `{extra[0]}` is known before, or is no attribute of it"
            found.append(Wrong(change.address, line, why, "known before"))
        else:
            missing = len(right - named)
            told = "one attribute that is" if missing == 1 else f"{missing} attributes that are"
            found.append(
                Wrong(change.address, line, f"`{change.address}` lacks {told} known only after apply", "left out")
            )
    return tuple(found)


def with_unknowns(plan: PlanModel) -> int:
    """How many have attributes that are known only after apply."""
    return sum(bool(one.unknown) for one in plan.changes)
