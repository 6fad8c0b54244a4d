"""Mend a conflict so that both sides' behaviour survives. https://git-scm.com/docs/git-merge#_how_conflicts_are_presented"""

from __future__ import annotations

import ast
import json
import operator
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from graders.drills.question import Drill, Feedback, Listing, Question, right, unclear, wrong
from graders.evidence.conflict_markers import marker_line

_COLLEAGUES = ("Noor", "Jonas", "Amara", "Mei")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {"==": operator.eq, ">=": operator.ge, "<=": operator.le}


# Docstrings of a few lines: git makes one hunk of two that stand closer than that.
_SELECT = '''\
    """The orders to pack today, oldest first.

    Each option narrows the list; without any it holds every order.
    """
    found = list(orders)
'''
_SHIPPING = '''\
    """What it costs to send a parcel, in cents.

    A fee for each parcel, more for each full kilogram, and the options.
    """
    cents = {base} + grams // 1000 * 100
'''


class Side(NamedTuple):
    """One side's change: a parameter, its default, the lines it adds to the body, and a value to call it with."""

    parameter: str
    default: str
    block: str
    value: Any


class Case(NamedTuple):
    """A function of one argument, with `start` and `end` of its body, and both sides' changes to it.

    `calls` are keyword arguments with what the function must give for them and for `value` as its argument.
    """

    name: str
    argument: str
    start: str
    end: str
    mine: Side
    theirs: Side
    value: Any
    calls: tuple[tuple[dict[str, Any], Any], ...]

    def text(self, *sides: Side) -> str:
        """The function with these changes."""
        return f"{self.head_with(*sides)}{self.start}{''.join(side.block for side in sides)}{self.end}"

    def head_with(self, *sides: Side) -> str:
        extra = "".join(f", {side.parameter}={side.default}" for side in sides)
        return f"def {self.name}({self.argument}{extra}):\n"

    def conflict(self, commit: str) -> str:
        """The file as a rebase leaves it; `commit` names the learner's own commit, as git does."""

        def hunk(theirs: str, mine: str) -> str:
            return f"<<<<<<< HEAD\n{theirs}=======\n{mine}>>>>>>> {commit}\n"

        heads = hunk(self.head_with(self.theirs), self.head_with(self.mine))
        return f"{heads}{self.start}{hunk(self.theirs.block, self.mine.block)}{self.end}"


def _filter_case(random: Random) -> Case:
    orders = [
        {
            "id": number,
            "total": random.randrange(5, 95),
            "country": random.choice(["PT", "SE", "CH"]),
            "items": random.randint(1, 6),
        }
        for number in range(1, 9)
    ]
    known = (
        ("min_total", "total", ">=", random.choice(orders)["total"]),
        ("max_total", "total", "<=", random.choice(orders)["total"]),
        ("country", "country", "==", random.choice(orders)["country"]),
        ("min_items", "items", ">=", random.randint(2, 5)),
    )
    picked = random.sample(known, 2)

    def side(parameter: str, key: str, sign: str, value: Any) -> Side:
        block = (
            f"    if {parameter} is not None:\n"
            f'        found = [order for order in found if order["{key}"] {sign} {parameter}]\n'
        )
        return Side(parameter, "None", block, value)

    def expected(given: Mapping[str, Any]) -> list[dict[str, Any]]:
        chosen = [one for one in picked if one[0] in given]
        return [order for order in orders if all(_SIGNS[sign](order[key], value) for _, key, sign, value in chosen)]

    mine, theirs = (side(*one) for one in picked)
    return Case(
        "select_orders", "orders", _SELECT, "    return found\n",
        mine, theirs, orders, _calls(mine, theirs, expected),
    )  # fmt: skip


def _shipping_case(random: Random) -> Case:
    base, grams = random.randrange(290, 690, 10), random.randrange(1200, 4000, 100)
    names = random.sample(["express", "insured", "island", "gift"], 2)
    picked = [(name, random.randrange(110, 990, 10)) for name in names]

    def side(parameter: str, extra: int) -> Side:
        return Side(parameter, "False", f"    if {parameter}:\n        cents += {extra}\n", True)

    def expected(given: Mapping[str, Any]) -> int:
        return base + grams // 1000 * 100 + sum(extra for name, extra in picked if name in given)

    mine, theirs = (side(*one) for one in picked)
    return Case(
        "shipping_cents", "grams", _SHIPPING.format(base=base), "    return cents\n",
        mine, theirs, grams, _calls(mine, theirs, expected),
    )  # fmt: skip


def _calls(mine: Side, theirs: Side, expected: Any) -> tuple[tuple[dict[str, Any], Any], ...]:
    wanted: list[dict[str, Any]] = [{}, {theirs.parameter: theirs.value}, {mine.parameter: mine.value}]
    wanted.append({**wanted[1], **wanted[2]})
    return tuple((given, expected(given)) for given in wanted)


def case(random: Random) -> Case:
    """A function and two changes to it; with both, the result differs from each alone, so that no loss can hide."""
    while True:
        made = random.choice((_filter_case, _shipping_case))(random)
        results = [json.dumps(result) for _, result in made.calls]
        if len(set(results)) == len(results):
            return made


def _make(random: Random) -> Question:
    made = case(random)
    colleague = random.choice(_COLLEAGUES)
    commit = f"{random.randrange(16**7):07x} (Add {made.mine.parameter})"
    conflict = made.conflict(commit)
    theirs, mine = made.theirs, made.mine
    both = made.text(theirs, mine)
    return Question(
        text=(
            f"You rebase onto main, and git stops here. {colleague} has added `{theirs.parameter}` on main (HEAD), you "
            f"add `{mine.parameter}`. Mend the function so that both work, alone and together, and hand back its whole "
            "text between two `'''`."
        ),
        judge=lambda given: _judge(made, colleague, given),
        right=both,
        wrong=_mistakes(made, conflict),
        example=f"'''def {made.name}(…'''",
        figures=(Listing("shop.py", conflict),),
    )


def _mistakes(made: Case, conflict: str) -> tuple[str, ...]:
    """What people hand back: markers, one side, both sides one above the other, a change without its lines, …"""
    theirs, mine = made.theirs, made.mine
    joined = made.head_with(theirs, mine) + made.start
    return (
        conflict,
        made.text(theirs),
        made.text(mine),
        made.text(),
        made.head_with(theirs) + made.head_with(mine) + made.start + theirs.block + mine.block + made.end,
        made.text(theirs) + "\n\n" + made.text(mine),
        joined + theirs.block + made.end,
        joined + mine.block + made.end,
        joined + theirs.block + mine.block.replace("    if", "    elif", 1) + made.end,
        joined + theirs.block + made.end + mine.block + made.end,
        made.text(theirs, mine).replace(made.name, "mended"),
    )


def _judge(made: Case, colleague: str, given: str) -> Feedback:
    text = given.replace("\r\n", "\n") + "\n"
    return _by_form(made, colleague, text) or _by_effect(made, colleague, text)


def _by_form(made: Case, colleague: str, text: str) -> Feedback | None:
    """What reading alone shows; None where it has to be run."""
    lines = text.splitlines()
    middle = next((at for at, line in enumerate(lines, start=1) if line == "======="), None)
    marked = marker_line(text.encode()) or middle
    if marked:
        return wrong(
            f"Line {marked} is still a conflict marker: `{lines[marked - 1]}`.",
            "Take out all lines that begin with `<<<<<<<`, `=======` or `>>>>>>>`, and make one text of both sides.",
        )
    try:
        tree = ast.parse(text)
    except SyntaxError as trouble:
        heads = [at for at, line in enumerate(lines, start=1) if line.startswith(f"def {made.name}(")]
        if len(heads) > 1 and heads[1] == heads[0] + 1:
            return wrong(
                f"Lines {heads[0]} and {heads[1]} are both a `def`: Python takes one.",
                f"Make one signature with both `{made.theirs.parameter}` and `{made.mine.parameter}`.",
            )
        return wrong(f"This is no Python yet: line {trouble.lineno or 1}: {trouble.msg}.", "Mend that line first.")
    except (ValueError, RecursionError, MemoryError):
        return unclear("Python can't read this text at all.", "Hand back the function and nothing else.")
    found = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == made.name]
    if not found:
        return wrong(f"There is no function `{made.name}` here.", "Its callers know it by that name: keep it.")
    if len(found) > 1:
        return wrong(
            f"`{made.name}` is there {len(found)} times, and the one from line {found[-1].lineno} hides the others.",
            "Make one function of them.",
        )
    names = {one.arg for one in (*found[0].args.posonlyargs, *found[0].args.args, *found[0].args.kwonlyargs)}
    for side, owner in ((made.theirs, f"{colleague}'s"), (made.mine, "your")):
        if side.parameter not in names and not found[0].args.kwarg:
            return wrong(
                f"The parameter `{side.parameter}` is gone, and with it {owner} change.",
                f"The function takes both `{made.theirs.parameter}` and `{made.mine.parameter}`.",
            )
    return None


# Runs apart from the grader: it only reports what the calls gave, and the judge knows what they should.
_HARNESS = """\
import json, sys

with open("given.json", encoding="utf-8") as file:
    name, argument, calls = json.load(file)
with open("mended.py", encoding="utf-8") as file:
    source = file.read()
outcomes = []
names = {"__name__": "mended"}
try:
    exec(compile(source, "mended.py", "exec"), names)
    for call in calls:
        outcomes.append(["gave", json.loads(json.dumps(names[name](json.loads(json.dumps(argument)), **call)))])
except BaseException as trouble:
    outcomes.append(["raised", f"{type(trouble).__name__}: {trouble}"])
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(outcomes, file)
"""


# Ended by the limit of CPU seconds: by SIGXCPU (24) or SIGKILL (9), bare or as a shell tells of it.
_OUT_OF_TIME = {-24, -9, 128 + 24, 128 + 9}


def _by_effect(made: Case, colleague: str, text: str) -> Feedback:
    from graders.runners.sandbox import Limits, run

    given = json.dumps([made.name, made.value, [call for call, _ in made.calls]])
    files = {"given.json": given.encode(), "mended.py": text.encode(), "harness.py": _HARNESS.encode()}
    limits = Limits(seconds=5, cpu_seconds=4, memory_bytes=1 << 30)
    done = run(["python", "-I", "harness.py", "{report}"], files=files, limits=limits)
    if done.timed_out or done.exit_code in _OUT_OF_TIME:
        return wrong(f"`{made.name}` doesn't come to an end.", "Compare its body with the two sides: neither waits.")
    outcomes = _read(done.report)
    if not outcomes:
        return wrong("Python ended before the function gave anything back.", "Hand back the function and nothing else.")
    lost = (None, f"{colleague}'s change", "your change")
    for number, (call, expected) in enumerate(made.calls):
        words = [made.argument, *(f"{key}={value!r}" for key, value in call.items())]
        shown = f"`{made.name}({', '.join(words)})`"
        kind, value = outcomes[number] if number < len(outcomes) else ("raised", "it stopped here")
        if kind == "raised":
            return wrong(f"{shown} breaks off: {value}.", "Run it once yourself before you hand it back.")
        if value == expected:
            continue
        saw = f"{shown} gives {_short(value)} and should give {_short(expected)}"
        if number == 0:
            return wrong(f"{saw}: without either parameter the function must do what it always did.")
        if number == 3:
            return wrong(
                f"Each change works alone, but not with the other: {saw}.",
                "Look for an `elif`, an `else` or an early `return` that keeps the second from its turn.",
            )
        if value == made.calls[0][1]:
            place = f"The lines for `{next(iter(call))}` belong in the body too, before its `return`."
            return wrong(f"{saw}: {lost[number]} is lost.", place)
        return wrong(f"{saw}.", f"Is {lost[number]} in the body just once, as it was?")
    return right(
        f"Both `{made.theirs.parameter}` and `{made.mine.parameter}` work, alone and together, and without them the "
        "function does what it always did. In a rebase, `git add` and `git rebase --continue` come next."
    )


def _short(value: Any) -> str:
    """A result, short enough for a sentence: orders by their ids."""
    if isinstance(value, list) and all(isinstance(one, dict) and "id" in one for one in value):
        return f"the orders {', '.join(str(one['id'])[:8] for one in value[:12]) or '(none)'}"
    return repr(value)[:60].replace("`", "'")


def _read(report: bytes) -> list[tuple[str, Any]]:
    """What the harness reports; empty where it doesn't have that form, for what runs there may write anything."""
    try:
        data = json.loads(report)
        return [(str(kind), value if kind == "gave" else str(value)[:200]) for kind, value in data]
    except (ValueError, TypeError, RecursionError):
        return []


DRILL = Drill("mend a conflict", _make)
