"""Step 9, infrastructure as code: a plan of Terraform's is reviewed, and configuration changed without destroying anything.

The review is held against our own copy of the plan; the configuration is planned, then planned again with something changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten

from graders.criterion import Verdict, cannot_check, criterion, failed, passed
from graders.evidence.terraform.comparison import (
    Wrong,
    replaced,
    with_unknowns,
    wrong_actions,
    wrong_replacements,
    wrong_unknowns,
)
from graders.evidence.terraform.hcl import Attribute, Block, Module
from graders.evidence.terraform.impact import drifted, goes_down, harmful, loses_data, verdict
from graders.evidence.terraform.pins import backend, bounded, provider_version, required_version
from graders.evidence.terraform.plan import Change, PlanModel
from graders.evidence.terraform.refactoring import (
    adopted,
    ignores_all,
    index_of,
    is_protected,
    is_true,
    moved_to,
    resource,
)
from graders.evidence.terraform.review import Review, ReviewProblem
from graders.evidence.terraform.state_files import ignored, state_files
from graders.evidence.yaml_document import YamlProblem
from graders.picture import Act, PlannedChanges
from graders.problems import Problem
from graders.runners.terraform.picture import changes_of
from graders.runners.terraform.work import INFRA, REVIEW, IacWork
from graders.runners.workflow.work import open_pipeline
from graders.step import Step

_LOOK = "less review/plan.txt"
_LOOK_JSON = (
    "jq -c '.resource_changes[] | [.address, .change.actions, .previous_address, .change.importing]' review/plan.json"
)
_PLAN = "terraform -chdir=infra plan"
_DATABASE, _BUCKET = "nimbus_database", "nimbus_bucket"
_ADD_MOVES = "Add a `moved` block for each bucket, from its number to its name."
_MIXED_UP = "moves mixed up", "Pair each number with the name at that place of `var.buckets`: 0 with the first one."
_PASSWORD_GIVEN = re.compile(r"^[ \t]*db_password[ \t]*=", re.MULTILINE)


def _review(work: IacWork) -> Review:
    assert isinstance(work.review, Review)
    return work.review


def _lacks(wrong: Sequence[Wrong], total: int, *, expected: str, next: str, ran: str) -> Verdict:
    """The verdict on addresses that are told wrongly: the first ones are explained, and the rest earns its share."""
    first = wrong[0]
    more = (
        f" And {len(wrong) - 1} more: {', '.join(f'`{one.address}`' for one in wrong[1:4])}." if len(wrong) > 1 else ""
    )
    return failed(
        f"{first.why}.{more}", expected=expected, where=f"{REVIEW}:{first.line}" if first.line else REVIEW, next=next,
        mistake=first.mistake, ran=[ran], marks=[one.address for one in wrong],
        share=round(max(0, total - len(wrong)) / max(total, 1), 4),
    )  # fmt: skip


@criterion(points=0.5)
def reviewed(work: IacWork) -> Verdict:
    """The review can be read, and speaks of nothing that is not in the plan.

    Why: whoever approves must know which lines are meant.
    Hint: `review/review.yaml` has the fields that the ticket shows. Which word or address in it is none?
    Hint: An address with a quote in it stands in single quotes: `'nimbus_bucket.files["a b"]': {action: moved}`.
    """
    expected = f"`{REVIEW}` with the ticket's fields, and addresses of the plan in it"
    review = work.review
    if review is None:
        seen = "no commit of yours yet" if work.untouched else f"no `{REVIEW}` in your commit {work.commit.short}"
        return failed(
            f"There is {seen}.", expected=expected, where=work.branch, mistake="no review", ran=[f"git ls-tree HEAD {REVIEW}"],
            next=f"Read `review/plan.txt`, write `{REVIEW}`, and commit it.",
        )  # fmt: skip
    if isinstance(review, Problem):
        line = review.line if isinstance(review, (YamlProblem, ReviewProblem)) else 1
        return failed(
            review.found, expected=expected, where=f"{REVIEW}:{line}", mistake="not YAML" if isinstance(review, YamlProblem)
            else "not in the ticket's words", next=review.next or "Mend that line.", ran=[f"cat {REVIEW}"],
        )  # fmt: skip
    known = {one.address for one in work.plan.changes}
    everywhere = {"changes": set(review.changes), "loses_data": review.loses_data, "goes_down": review.goes_down,
                  "drift": review.drift, "because": review.because}  # fmt: skip
    for field, named in everywhere.items():
        for address in sorted((named or set()) - known):
            line = review.changes[address].line if field == "changes" else review.lines[field]
            old = next((one for one in work.plan.changes if one.previous_address == address), None)
            return failed(
                f"`{address[:80]}` under `{field}` is no address of the plan" + (": it is an old one." if old else "."),
                expected=expected, where=f"{REVIEW}:{line}", mistake="old address" if old else "unknown address",
                next=f"There it is called `{old.address}`." if old else "Copy addresses from `review/plan.txt`.",
                ran=[_LOOK_JSON],
            )  # fmt: skip
    return passed(f"The review speaks of {len(review.changes)} addresses of the plan.", where=REVIEW, ran=[_LOOK_JSON])


@criterion(points=2, after=[reviewed])
def actions(work: IacWork) -> Verdict:
    """Each address has its action. Partial credit for each.

    Why: in a long plan, the one line that destroys something looks like all the others.
    Hint: `review/plan.txt` says it in words, but leaves out what stays as it is. `resource_changes` in plan.json has all.
    Hint: `["no-op"]` with a `previous_address` is a move, with `importing` an import. `["forget"]` destroys nothing.
    """
    total = len(work.plan.changes)
    if wrong := wrong_actions(work.plan, _review(work)):
        return _lacks(
            wrong, total, expected="for each address of `resource_changes` its action; for a moved one also `from`",
            ran=_LOOK_JSON,
            next=f"Look for `{wrong[0].address}` in `resource_changes`, and read `actions` and what stands beside it.",
        )  # fmt: skip
    return passed(f"All {total} addresses have the action that the plan has.", ran=[_LOOK_JSON])


@criterion(points=1, after=[reviewed])
def replacements(work: IacWork) -> Verdict:
    """Each replacement has its order and its reason. Partial credit for each.

    Why: destroy first is an outage; create first is none. And the reason is what can be taken back.
    Hint: `-/+` destroys first, `+/-` creates first. What stands beside `# forces replacement`?
    Hint: `["delete", "create"]` and `["create", "delete"]` are orders; `replace_paths` and `action_reason` are the reasons.
    """
    if wrong := wrong_replacements(work.plan, _review(work)):
        return _lacks(
            wrong, replaced(work.plan),
            expected="for each replacement `order`, and `because`: the attributes, `requested` or `tainted`",
            next=f"Look at `actions`, `replace_paths` and `action_reason` of `{wrong[0].address}`.", ran=_LOOK_JSON,
        )  # fmt: skip
    return passed(f"Order and reason are right ({replaced(work.plan)} replaced).", ran=[_LOOK_JSON])


@criterion(points=1, after=[reviewed])
def known_later(work: IacWork) -> Verdict:
    """Attributes that are known only after apply are named. Partial credit for each.

    Why: what nobody knows before, nobody can have reviewed; and a changed id travels on to all that use it.
    Hint: `grep 'known after apply' review/plan.txt`
    Hint: `after_unknown` in plan.json names them for each address. A service that uses a replaced database has one, too.
    """
    if wrong := wrong_unknowns(work.plan, _review(work)):
        return _lacks(
            wrong, max(with_unknowns(work.plan), len(wrong)),
            expected="`known_after_apply` with what `after_unknown` has, for each address",
            next=f"Look for `{wrong[0].address}` in review/plan.txt: which lines end in `(known after apply)`?",
            ran="grep -n 'known after apply' review/plan.txt",
        )  # fmt: skip
    return passed(
        "All attributes that are known only after apply are named.", ran=["grep 'known after apply' review/plan.txt"]
    )


@criterion(points=1, after=[reviewed])
def blast_radius(work: IacWork) -> Verdict:
    """What loses its data and what goes down is named.

    Why: this is what a reviewer is for.
    Hint: A database or bucket that is deleted or replaced loses its data, whichever order: the new one is empty.
    Hint: A service goes down when it is deleted or replaced destroy first, and when its database or network is.
    """
    review = _review(work)
    why = {
        "loses_data": "databases and buckets that are deleted or replaced",
        "goes_down": "services that are deleted or replaced destroy first, or whose database or network is",
    }
    sides = (
        ("loses_data", review.loses_data, loses_data(work.plan)),
        ("goes_down", review.goes_down, goes_down(work.plan)),
    )
    for field, said, right in sides:
        if said is None:
            return failed(f"The review has no `{field}`.", expected=why[field], where=REVIEW, mistake="no field", ran=[_LOOK],
                          next=f"Write `{field}: []`, and in the brackets the addresses.")  # fmt: skip
        where = f"{REVIEW}:{review.lines[field]}"
        if extra := sorted(said - set(right)):
            change = work.plan.change(extra[0])
            assert change
            what = ", ".join(f'"{one}"' for one in change.actions)
            return failed(
                f"`{extra[0]}` does not belong under `{field}`: the plan has [{what}] for it.", expected=why[field], where=where,
                mistake="forgotten is not lost" if change.act is Act.FORGET else "too much", marks=extra, ran=[_LOOK],
                next="Take it out. What is forgotten, moved or updated in place is still there.",
            )  # fmt: skip
        if missing := [address for address in right if address not in said]:
            change = work.plan.change(missing[0])
            assert change
            indirect = field == "goes_down" and change.act not in (Act.DELETE, Act.REPLACE)
            kind = (
                "used by others"
                if indirect
                else "create first keeps no data"
                if change.act is Act.REPLACE_CREATE_FIRST
                else "too little"
            )
            return failed(
                f"`{field}` leaves out {len(missing)} of {len(right)}.", expected=why[field], where=where, mistake=kind,
                ran=[_LOOK],
                marks=missing, next="Which services name a database or network that is away for a while?" if indirect
                else "Go through all that has `delete` among its actions, in either order.",
            )  # fmt: skip
    count = len(loses_data(work.plan)) + len(goes_down(work.plan))
    return passed(f"What loses data and what goes down is named ({count} in all).", ran=[_LOOK])


@criterion(points=0.5, after=[reviewed])
def drift(work: IacWork) -> Verdict:
    """Drift is found: what somebody changed outside of Terraform.

    Why: the plan takes such a change back, and whoever made it had a reason.
    Hint: The plan wants to change something that nobody changed in the files. Where does the old value come from?
    Hint: `jq '.resource_drift[].address' review/plan.json`
    """
    review, right = _review(work), set(drifted(work.plan))
    ran = ["jq '.resource_drift[] | [.address, .change.actions]' review/plan.json"]
    expected = "`drift` with the addresses that were changed outside of Terraform"
    if review.drift is None:
        return failed("The review has no `drift`.", expected=expected, where=REVIEW, mistake="no field", ran=ran,
                      next="Write `drift: []`, and in the brackets the addresses.")  # fmt: skip
    where = f"{REVIEW}:{review.lines['drift']}"
    if extra := sorted(review.drift - right):
        one = next((change for change in work.plan.drift if change.address == extra[0]), None)
        return failed(
            f"`{extra[0]}` has not drifted: "
            + ("it is there only since it moves." if one else "its change comes from the files."),
            expected=expected, where=where, mistake="a change is no drift", ran=ran, marks=extra,
            next="Drift is where the cloud differs from the state; take out what differs from the files alone.",
        )  # fmt: skip
    if missing := sorted(right - review.drift):
        return failed(
            f"{len(missing)} resource that was changed outside of Terraform is not named.", expected=expected, where=where,
            mistake="drift not seen", ran=ran, next="Look at `resource_drift` in review/plan.json.",
        )  # fmt: skip
    return passed("The drift is found.", ran=ran)


@criterion(points=1, after=[reviewed])
def decision(work: IacWork) -> Verdict:
    """The verdict follows from the plan: stop, naming the addresses that are why, or approve.

    Why: a plan that loses data must not go through because nobody said no; a harmless one must not wait.
    Hint: Is there anything that loses data or goes down?
    Hint: `verdict: stop` names under `because` at least one address that does harm, and none that does not.
    """
    review, right, harm = _review(work), verdict(work.plan), harmful(work.plan)
    expected = (
        "`verdict: stop` where data is lost or a service goes down, with the addresses under `because`; else `approve`"
    )
    where = f"{REVIEW}:{review.lines['verdict']}" if "verdict" in review.lines else REVIEW
    if not review.verdict:
        return failed("The review has no `verdict`.", expected=expected, where=where, mistake="no verdict", ran=[_LOOK],
                      next="Write `verdict: approve`, or `verdict: stop` and `because: [address]`.")  # fmt: skip
    if review.verdict != right:
        bad = right == "stop"
        return failed(
            f"The verdict is `{review.verdict}`, and the plan "
            + (f"does harm at {len(harm)} addresses." if bad else "does no harm."),
            expected=expected, where=where, mistake="approved with harm" if bad else "stopped without need", ran=[_LOOK],
            marks=harm,
            next="Which of `delete` and `replace` are databases, buckets, or services that somebody uses?" if bad
            else "Nothing holds data or answers calls among what is deleted: what would you tell the author to mend?",
        )  # fmt: skip
    if right == "stop":
        harmless = sorted(review.because - set(harm))
        if harmless or not review.because:
            return failed(
                f"`{harmless[0]}` is no reason to stop." if harmless
                else "The verdict is `stop`, and `because` names no address.",
                expected=expected, where=where, mistake="harmless reason" if harmless else "no reason", ran=[_LOOK],
                marks=harmless,
                next="Under `because`, name addresses that lose data, go down, or take others down.",
            )  # fmt: skip
    return passed(f"The verdict is `{right}`, as it must be.", where=where, ran=[_LOOK])


@criterion(points=0.5)
def planned(work: IacWork) -> Verdict:
    """The changed files can be planned, and what should stay as it is does.

    Why: a refactoring changes names, never what runs.
    Hint: `terraform -chdir=infra init -backend=false && terraform -chdir=infra validate` shows errors with their lines.
    Hint: Everything that the plan would create, update or destroy is too much.
    """
    expected = (
        f"`{INFRA}` plans without an error, reads and runs nothing beside itself, and leaves network and service alone"
    )
    given = {path: text for path, text in work.given.items() if path.startswith(INFRA) and path.endswith(".tf")}
    if not any(path.endswith(".tf") for path in work.infra):
        return failed(f"There is no `.tf` file in `{INFRA}`.", expected=expected, where=work.branch, mistake="no files",
                      ran=[_PLAN],
                      next=f"`git checkout {work.start.commits.moved[:7]} -- {INFRA}` brings them back.")  # fmt: skip
    if given == {path: text for path, text in work.files.items() if path in given}:
        return failed(f"No file in `{INFRA}` has been changed.", expected=expected, where=INFRA, mistake="nothing changed",
                      ran=["git diff --stat origin/main -- infra"], next="Begin with the database's new name.")  # fmt: skip
    if other := [path for path in work.files if path.startswith(INFRA) and path.endswith((".tf.json", ".tofu"))]:
        return cannot_check(f"`{other[0]}` is not read here.", where=other[0], next="Write it in a `.tf` file.")
    try:
        refused = work.refused
    except Problem as problem:
        return failed(problem.found, expected=expected, where=_line_of(problem), mistake="syntax error", ran=[_PLAN],
                      next=problem.next)  # fmt: skip
    if refused:
        return failed(
            f"This is not planned: {refused[0].what}.", expected=expected, where=INFRA + refused[0].where, mistake="refused",
            next="Take it out: the exercise needs nothing but the course's resources.", ran=[_PLAN],
        )  # fmt: skip
    if isinstance(work.module, Module) and (block := ignores_all(work.module)):
        return failed(
            "`ignore_changes = all` makes the plan empty by not looking.", expected=expected, where=INFRA + block.where,
            mistake="ignores all", next="Take it out; `moved` keeps what is there.", ran=[_PLAN],
        )  # fmt: skip
    if not work.can_plan:
        return passed(
            "The files can be read, and run nothing. (Without Terraform they are read, not planned.)", ran=[_PLAN]
        )
    if obstacle := work.obstacle:
        return cannot_check(obstacle.found, next=obstacle.next, ran=[_PLAN])
    if work.errors:
        first = work.errors[0]
        where = f"{INFRA}{first.file}:{first.line}" if first.file else INFRA
        detail = shorten(first.detail, 260, placeholder=" …")
        return failed(f"The plan ends with an error: {first.summary}. {detail}".rstrip(), expected=expected, where=where,
                      mistake="does not plan", next="Mend that line, and plan again.", ran=[_PLAN])  # fmt: skip
    for one in work.now.changes:
        if one.type not in (_DATABASE, _BUCKET) and not one.stays and not _follows(one):
            return failed(
                f"`{one.address}` should stay as it is, and the plan has {_words(one)} for it.", expected=expected,
                where=_at(work, one.type, one.name),
                mistake="something else changes",
                next="Take back what is no rename; `git diff origin/main -- infra` shows it.", ran=[_PLAN],
            )  # fmt: skip
    return passed("The files plan without an error, and network and service stay as they are.", ran=[_PLAN])


def _line_of(problem: Problem) -> str:
    file, line = getattr(problem, "file", ""), getattr(problem, "line", 0)
    return f"{INFRA}{file}:{line}" if file else INFRA


def _words(one: Change) -> str:
    return "[" + ", ".join(f'"{action}"' for action in one.actions) + "]"


def _follows(one: Change) -> bool:
    """Whether it changes only since the database that it uses does, which is another criterion's business."""
    names = {name for name in {**one.before, **one.after} if one.before.get(name) != one.after.get(name)}
    return one.act is Act.UPDATE and one.unknown == ("database_id",) and names == {"database_id"}


def _differing(one: Change) -> str:
    names = [name for name in {**one.before, **one.after} if one.before.get(name) != one.after.get(name)]
    return ", ".join(f"`{name}`" for name in names) or "what is known only after apply"


def _at(work: IacWork, type: str, name: str = "") -> str:
    """Where the resource stands: `infra/file:line`."""
    blocks = work.module.of("resource", type, *([name] if name else [])) if isinstance(work.module, Module) else ()
    return INFRA + (blocks[0].where if blocks else "")


def _hand_made_state(work: IacWork) -> bool:
    return any(
        path.endswith(".tfstate") and work.given.get(path) not in (None, text) for path, text in work.files.items()
    )


@criterion(points=1.5, after=[planned])
def renamed(work: IacWork) -> Verdict:
    """The database has its new name, and is still the same database.

    Why: to Terraform another name is another resource, so a rename alone destroys the data.
    Hint: What does the plan say after you changed nothing but the name?
    Hint: `moved { from = nimbus_database.db, to = nimbus_database.NAME }`, on lines of their own.
    """
    wanted, old = f"{_DATABASE}.{work.assignment.new_name}", f"{_DATABASE}.db"
    expected = f"`{wanted}` is what `{old}` was: nothing created, nothing destroyed"
    tell = "Add a `moved` block from the old address to the new one."
    if not work.can_plan:
        module = work.module
        assert isinstance(module, Module)
        block = resource(module, _DATABASE, work.assignment.new_name)
        if block is None:
            return failed(f"There is no `{wanted}`.", expected=expected, where=_at(work, _DATABASE), mistake="not renamed",
                          ran=[_PLAN],
                          next="Rename it.")  # fmt: skip
        if moved_to(module, old) != wanted and adopted(module).get(work.assignment.ids[old]) != wanted:
            return failed(f"Nothing says that `{wanted}` was `{old}`.", expected=expected, where=INFRA + block.where,
                          mistake="rename destroys", ran=[_PLAN], next=tell)  # fmt: skip
        return passed(f"A block says that `{wanted}` was `{old}`.", where=INFRA + block.where, ran=[_PLAN])
    lost = [one for one in work.now.changes if one.type == _DATABASE and one.ends]
    now = work.now.change(wanted)
    if lost:
        by_hand = _hand_made_state(work)
        return failed(
            f"The plan destroys `{lost[0].address}`." + (" What you changed in the state is not used." if by_hand else ""),
            expected=expected, where=_at(work, _DATABASE), mistake="state edited by hand" if by_hand else "rename destroys",
            ran=[_PLAN],
            next=tell, marks=[lost[0].address],
        )  # fmt: skip
    if now is None:
        return failed(f"There is no `{wanted}` in the plan.", expected=expected, where=_at(work, _DATABASE),
                      mistake="not renamed", ran=[_PLAN],
                      next=f"Rename `{old}`, and add a `moved` block.")  # fmt: skip
    if now.act is Act.CREATE:
        return failed(f"The plan creates `{wanted}` anew, and forgets the old one.", expected=expected,
                      where=_at(work, _DATABASE),
                      mistake="another database", ran=[_PLAN], next=tell)  # fmt: skip
    if not now.stays:
        return failed(f"Beside the rename, `{wanted}` changes: {_differing(now)}.", expected=expected, where=_at(work, _DATABASE),
                      mistake="changes beside the rename", ran=[_PLAN], next="Leave its attributes as they were.")  # fmt: skip
    if not isinstance(work.changed, PlanModel):
        return passed(f"`{wanted}` is what `{old}` was.", ran=[_PLAN])
    larger = work.changed.change(wanted)
    if larger is None or larger.ends or larger.before.get("size_gb") == larger.after.get("size_gb"):
        return failed(
            "The plan stays empty even when the database is made larger: its changes are not looked at.", expected=expected,
            where=_at(work, _DATABASE), mistake="changes ignored", ran=[f"{_PLAN} -var db_size_gb=40"],
            next="Take `ignore_changes` out, and keep `size_gb = var.db_size_gb`.",
        )  # fmt: skip
    return passed(f"`{wanted}` is what `{old}` was, and a larger size still updates it in place.", ran=[_PLAN])


@criterion(points=1, after=[planned])
def each_by_name(work: IacWork) -> Verdict:
    """Buckets go by name instead of by number, and none is replaced for it.

    Why: with `count`, taking one out of the list gives all behind it another number, and replaces them.
    Hint: `for_each = toset(var.buckets)`, and `each.key` for the name. What does the plan do now?
    Hint: A `moved` block for each bucket: from `nimbus_bucket.files[0]` to `nimbus_bucket.files["name"]`.
    """
    buckets = work.assignment.buckets
    expected = "each bucket keeps what it holds now, and when one is taken out of `var.buckets` the others stay"
    less = f"{_PLAN} -var 'buckets={json.dumps(list(buckets[1:]))}'"
    if not work.can_plan:
        return _each_by_reading(work, expected)
    lost = [one for one in work.now.changes if one.type == _BUCKET and one.ends]
    if lost:
        mistake, advice = _why_lost(work, lost[0])
        return failed(
            f"The plan destroys {len(lost)} of {len(buckets)} buckets, `{lost[0].address}` first.", expected=expected,
            where=_at(work, _BUCKET), mistake=mistake, ran=[_PLAN], marks=[one.address for one in lost], next=advice,
        )  # fmt: skip
    kept = [one for one in work.now.changes if one.type == _BUCKET and one.stays and one.before]
    names = {str(one.before.get("name")) for one in kept}
    if missing := [name for name in buckets if name not in names]:
        return failed(f"The bucket “{missing[0]}” is not among what stays as it is.", expected=expected, where=_at(work, _BUCKET),
                      mistake="bucket not kept", ran=[_PLAN],
                      next="Move it: `git diff origin/main -- infra` shows what became of it.")  # fmt: skip
    if not isinstance(work.changed, PlanModel):
        first = work.changed[0]
        keyed = all(one.address.endswith('"]') for one in kept)
        if keyed and ("prevent_destroy" in first.detail or "import" in first.summary.lower()):
            return passed(
                "Each bucket goes by its name; what is taken out is held by a block that names it.", ran=[_PLAN, less]
            )
        return failed(f"With one bucket less, the plan ends with an error: {first.summary}.", expected=expected,
                      where=_at(work, _BUCKET),
                      mistake="one less is an error", ran=[less], next="Let everything follow from `var.buckets`.")  # fmt: skip
    gone = [one for one in work.changed.changes if one.type == _BUCKET and (one.ends or one.act is Act.FORGET)]
    others = [one for one in gone if one.before.get("name") != buckets[0]]
    if others:
        return failed(
            f"When “{buckets[0]}” is taken out of the list, the plan also {_words(others[0])}s `{others[0].address}`."
            .replace('["delete", "create"]s', "replaces").replace('["delete"]s', "destroys"),
            expected=expected, where=_at(work, _BUCKET), mistake="still by number", ran=[less],
            next=_by_name(work),
        )  # fmt: skip
    if not gone:
        return failed(
            f"When “{buckets[0]}” is taken out of `var.buckets`, it stays.", expected=expected, where=_at(work, _BUCKET),
            mistake="not from the list",
            ran=[less], next="Let `for_each` follow from `var.buckets`.",
        )  # fmt: skip
    return passed("Each bucket goes by its name: with one less in the list, the others stay.", ran=[_PLAN, less])


def _why_lost(work: IacWork, bucket: Change) -> tuple[str, str]:
    """The mistake by which a bucket is destroyed, and what to try next."""
    if bucket.replaces and bucket.replace_paths and "name" not in bucket.replace_paths:
        named = ", ".join(f"`{path}`" for path in bucket.replace_paths)
        return "bucket changed", f"Leave {named} of the buckets as it was: another value forces a replacement."
    if bucket.replaces and bucket.previous_address:
        return _MIXED_UP
    by_hand = _hand_made_state(work)
    return "state edited by hand" if by_hand else "for_each without moved", _ADD_MOVES


def _by_name(work: IacWork) -> str:
    """What to try next where buckets go by number: with `for_each` it is the key that is to be another."""
    blocks = (
        (*work.module.of("resource", _BUCKET), *work.module.of("module")) if isinstance(work.module, Module) else ()
    )
    if any("for_each" in block.attributes for block in blocks):
        return "Use the name as the key: `for_each = toset(var.buckets)`."
    return "Use `for_each = toset(var.buckets)` in place of `count`."


def _each_by_reading(work: IacWork, expected: str) -> Verdict:
    module, buckets = work.module, work.assignment.buckets
    assert isinstance(module, Module)
    known = adopted(module)
    now = {}
    for at in range(len(buckets)):
        old = f"{_BUCKET}.files[{at}]"
        now[old] = known.get(work.assignment.ids[old]) or moved_to(module, old)
    blocks = module.of("resource", _BUCKET)
    if any(new.startswith("module.") for new in now.values()) or (not blocks and module.of("module")):
        return _not_read("a module for the buckets")
    if any(f"{_BUCKET}." in one.attributes["to"].expression and "for_each" in one.attributes
           for one in module.of("import") if "to" in one.attributes):  # fmt: skip
        return _not_read("`import` with `for_each`")
    for old, name in zip(now, buckets, strict=True):
        new, key = now[old], index_of(now[old])
        block = resource(module, _BUCKET, new.split("[")[0].rpartition(".")[2])
        where = INFRA + (block or blocks[0]).where if blocks else INFRA
        if not blocks or (block and not _is_keyed(block)):
            return failed("The buckets have no `for_each`.", expected=expected, where=where, mistake="still by number",
                          ran=[_PLAN], next=_by_name(work))  # fmt: skip
        if block is None or not key.startswith('"'):
            return failed(f"Nothing says what `{new}` is now.", expected=expected, where=where,
                          mistake="for_each without moved", ran=[_PLAN], next=_ADD_MOVES)  # fmt: skip
        if key != f'"{name}"':
            if key.strip('"').isdecimal():
                return failed(f"`{old}` becomes `{new}`, which is a number still.", expected=expected, where=where,
                              mistake="still by number", ran=[_PLAN], next=_by_name(work))  # fmt: skip
            if key.strip('"') in buckets:
                mistake, advice = _MIXED_UP
                return failed(f"`{old}` becomes `{new}`, which is another bucket.", expected=expected, where=where,
                              mistake=mistake, ran=[_PLAN], next=advice)  # fmt: skip
            return _not_read(f"the key `{key}`")
    return passed("`for_each`, and a move for each bucket.", where=where, ran=[_PLAN])


def _is_keyed(block: Block) -> bool:
    return "for_each" in block.attributes and "count" not in block.attributes


def _not_read(what: str) -> Verdict:
    return cannot_check(f"Without Terraform, {what} cannot be followed.", ran=[_PLAN],
                        next="Install Terraform or OpenTofu, and check again: `ninesteps doctor` says how.")  # fmt: skip


@criterion(points=1, after=[planned])
def protected(work: IacWork) -> Verdict:
    """Terraform refuses to destroy the database.

    Why: a plan that is approved too quickly must stop at what cannot be brought back.
    Hint: What does `terraform -chdir=infra plan -destroy` say?
    Hint: In the resource: `lifecycle { prevent_destroy = true }`, on lines of their own.
    """
    expected = "a plan that would destroy the database ends with an error"
    ran = [f"{_PLAN} -destroy"]
    add = "Add a `lifecycle` block with `prevent_destroy = true` to the database."
    wanted = f"{_DATABASE}.{work.assignment.new_name}"
    now = work.now.change(wanted) if work.can_plan else None
    not_there_yet = now is not None and (now.importing or not now.before)  # `-destroy` does not know it
    if not work.can_plan or not_there_yet:
        module = work.module
        assert isinstance(module, Module)
        blocks = module.of("resource", _DATABASE)
        if not blocks or not is_protected(blocks[0]):
            return failed("The database has no `prevent_destroy = true`.", expected=expected, mistake="not protected",
                          next=add, ran=ran,
                          where=INFRA + (blocks[0].where if blocks else ""))  # fmt: skip
        return passed("The database has `prevent_destroy = true`.", where=INFRA + blocks[0].where, ran=ran)
    if not work.destroyed.errors:
        return failed("`plan -destroy` goes through, and takes the database along.", expected=expected,
                      where=_at(work, _DATABASE), ran=ran,
                      mistake="not protected", next=add)  # fmt: skip
    refusing = [one for one in work.destroyed.errors if "prevent_destroy" in one.detail]
    if not any(f"{_DATABASE}." in one.detail for one in refusing):
        other = bool(refusing)
        return failed(
            "Something else is protected, and the database is not." if other else
            f"`plan -destroy` ends with another error: {work.destroyed.errors[0].summary}.", expected=expected,
            where=_at(work, _DATABASE),
            ran=ran,
            mistake="something else protected" if other else "another error", next=add,
        )  # fmt: skip
    return passed("`plan -destroy` is refused because of the database.", ran=ran)


@criterion(points=1, after=[planned])
def secret_marked(work: IacWork) -> Verdict:
    """The password is marked sensitive wherever it shows, and stands in no file.

    Why: plans and outputs are printed into logs that many read. Marking hides it there; in state it is always in clear.
    Hint: `sensitive = true` on the variable. What does Terraform then say about outputs?
    Hint: Take the `default` away; `TF_VAR_db_password` in the environment gives it.
    """
    secret = work.assignment.secret
    expected = "plan and outputs show `(sensitive value)`, and the password comes from `TF_VAR_db_password`"
    states = set(state_files(work.files))
    for path, text in sorted(work.files.items()):
        if secret.encode() in text and path not in states:
            line = text[: text.index(secret.encode())].count(b"\n") + 1
            return failed(f"The password stands in `{path}`.", expected=expected, where=f"{path}:{line}",
                          mistake="secret in a file",
                          ran=["git grep -n db_password"],
                          next=_take_out(work, path))  # fmt: skip
    if given := _given_by_file(work):
        what, where, advice = given
        return failed(f"`db_password` has a value in a file: {what} gives one.", expected=expected, where=where,
                      mistake="a default in its place", ran=["git grep -n db_password"], next=advice)  # fmt: skip
    if not work.can_plan:
        return _sensitive_by_reading(work, expected)
    for out in work.now.outputs:
        if not out.sensitive and secret in json.dumps(out.after):
            return failed(f"The output `{out.name}` shows the password in clear.", expected=expected, where=INFRA, ran=[_PLAN],
                          mistake="output in clear",
                          next="Mark it `sensitive = true`, and take `nonsensitive()` out.")  # fmt: skip
    for one in work.now.changes:
        if one.type == _DATABASE and "password" in one.after and "password" not in one.sensitive:
            return failed(f"The plan would show the `password` of `{one.address}` in clear.", expected=expected, where=INFRA,
                          mistake="not sensitive", ran=[_PLAN], next="Mark the variable: `sensitive = true`.")  # fmt: skip
    return passed("Neither plan nor outputs show the password, and no file holds it.", ran=[_PLAN])


def _default(work: IacWork) -> tuple[str, Attribute] | None:
    """The file and the value of the password's default, where it has one that is more than nothing."""
    assert isinstance(work.module, Module)
    for block in work.module.of("variable", "db_password"):
        if (one := block.attributes.get("default")) and one.expression not in ("null", '""'):
            return block.file, one
    return None


def _take_out(work: IacWork, path: str) -> str:
    """What to try next where the password stands in that file of the commit."""
    default = _default(work)
    if default and path == INFRA + default[0] and work.assignment.secret in default[1].expression:
        return "Take the `default` away; the environment gives the value."
    return f"Take it out of `{path}`; `TF_VAR_db_password` in the environment gives the value."


def _given_by_file(work: IacWork) -> tuple[str, str, str] | None:
    """By what a file gives the password, though another one: what it is, where, and what to try next."""
    assert isinstance(work.module, Module)
    if default := _default(work):
        file, one = default
        return "a `default`", f"{INFRA}{file}:{one.line}", "Take the `default` away; the environment gives the value."
    for path, code in work.module.code.items():
        read_always = path == "terraform.tfvars" or (path.endswith(".auto.tfvars") and "/" not in path)
        if read_always and (match := _PASSWORD_GIVEN.search(code)):
            line = code.count("\n", 0, match.end()) + 1
            return f"`{INFRA}{path}`", f"{INFRA}{path}:{line}", f"Take `db_password` out of `{INFRA}{path}`."
    return None


def _sensitive_by_reading(work: IacWork, expected: str) -> Verdict:
    module = work.module
    assert isinstance(module, Module)
    used = [one.expression for block in module.of("resource", _DATABASE) if (one := block.attributes.get("password"))]
    for block in module.of("variable", "db_password"):
        if not is_true(block, "sensitive") and not (used and all(one.startswith("sensitive(") for one in used)):
            if used and "var.db_password" not in used:
                return _not_read(f"`{used[0][:60]}`")
            return failed("The variable `db_password` is not marked.", expected=expected, where=INFRA + block.where, ran=[_PLAN],
                          mistake="not sensitive", next="Mark it `sensitive = true`.")  # fmt: skip
    for block in module.of("output"):
        value = block.attributes.get("value")
        if value and "var.db_password" in value.expression and not is_true(block, "sensitive"):
            return failed(f"The output `{block.labels[0]}` holds the password, and is not marked.", expected=expected,
                          where=INFRA + block.where, mistake="output in clear", ran=[_PLAN],
                          next="Mark it `sensitive = true`.")  # fmt: skip
    return passed("Variable and outputs are marked, and no file holds the password.", ran=[_PLAN])


@criterion(points=1)
def state_left_out(work: IacWork) -> Verdict:
    """No state is in the repository, and git ignores it.

    Why: the state holds every secret in clear, and of two copies one is wrong.
    Hint: `git ls-files | grep tfstate`. A line in `.gitignore` does not take out what is there already.
    Hint: `git rm --cached infra/terraform.tfstate`, and `*.tfstate*` in `.gitignore`.
    """
    expected = "no file of the commit is a state, and `infra/terraform.tfstate` is ignored"
    ran = ["git ls-files | grep tfstate", "git check-ignore -v infra/terraform.tfstate"]
    if there := state_files(work.files):
        keeps = ignored(work.files, there[0])
        return failed(
            f"`{there[0]}` is in the commit" + (", though it is ignored." if keeps else "."), expected=expected,
            where=there[0], ran=ran,
            mistake="only ignored" if keeps else "state committed", next=f"`git rm --cached {there[0]}`, and commit that.",
        )  # fmt: skip
    for path in ("infra/terraform.tfstate", "infra/terraform.tfstate.backup"):
        if not ignored(work.files, path):
            return failed(f"`{path}` would be committed again: git does not ignore it.", expected=expected, where=".gitignore",
                          mistake="not ignored", ran=ran, next="Write `*.tfstate*` into `.gitignore`.")  # fmt: skip
    return passed("No state is in the commit, and git ignores it.", ran=ran)


@criterion(points=1, after=[planned])
def pinned(work: IacWork) -> Verdict:
    """Versions and the backend are pinned.

    Why: what plans today must plan the same tomorrow, and for everybody against the same state.
    Hint: Up to which version does each constraint go? `>= 1.0` goes on for ever.
    Hint: `required_version = "~> 1.9"`, `version = "~> 1.0"` beside the provider's source, `backend "s3"` with its settings.
    """
    module = work.module
    assert isinstance(module, Module)
    expected = "`required_version` and the provider's `version` with an upper bound, and a backend with its settings"
    asked = (
        ("Terraform", required_version(module), 'required_version = "~> 1.9"'),
        ("the provider", provider_version(module), 'version = "~> 1.0"'),
    )
    for name, (constraint, where), example in asked:
        if constraint is None or not bounded(constraint, of_terraform=name == "Terraform"):
            open_end = constraint is not None
            why = ": of Terraform itself, one number after `~>` means `>=`" if bounded(constraint or "") else ""
            return failed(
                f"The version of {name} "
                + (f"is `{constraint}`, which has no upper end{why}." if open_end else "is not pinned."),
                expected=expected, where=INFRA + (where or "main.tf"), mistake="open end" if open_end else "not pinned",
                ran=["grep -n version infra/*.tf"], next=f"Write `{example}`.",
            )  # fmt: skip
    kind, missing, where = backend(module)
    if not kind or kind == "local":
        return failed("There is no backend that others share." if not kind else "The backend is a file on one machine.",
                      expected=expected,
                      where=INFRA + (where or "main.tf"), mistake="no backend" if not kind else "local backend",
                      ran=["grep -n backend infra/*.tf"],
                      next='Add `backend "s3"` with `bucket`, `key` and `region`.')  # fmt: skip
    if missing:
        return failed(f"The backend `{kind}` has no `{missing[0]}`, so everybody could give another.", expected=expected,
                      where=INFRA + where, mistake="backend without settings", ran=["grep -n -A5 backend infra/*.tf"],
                      next=f"Give it `{missing[0]}`.")  # fmt: skip
    return passed(
        f"Both versions have an upper end, and the state is in a backend `{kind}`.",
        where=INFRA + where,
        ran=["grep -n version infra/*.tf"],
    )


@contextmanager
def open_work(path: Path) -> Iterator[IacWork]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    with open_pipeline(path, "iac", CRITERIA, IacWork) as work:
        yield work


def draw(work: IacWork) -> PlannedChanges:
    """The plan that is reviewed."""
    return changes_of(work.plan, "The plan under review")


def remarks(work: IacWork) -> Iterable[str]:
    """What stands beside the verdicts."""
    if not work.can_plan:
        yield "Neither Terraform nor OpenTofu is installed here: `infra/` was read, not planned."


CRITERIA = (
    reviewed, actions, replacements, known_later, blast_radius, drift, decision,
    planned, renamed, each_by_name, protected, secret_marked, state_left_out, pinned,
)  # fmt: skip

STEP = Step(
    title="Infrastructure as code",
    subskill="Say what a plan changes, before it is applied",
    minutes=75,
    open=open_work,
    criteria=CRITERIA,
    picture=draw,
    remarks=remarks,
)
