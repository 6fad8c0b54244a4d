"""Step 8, feature flags: the learner's service is started, its flag file is edited while it runs, and many users ask it.

What users got decides, and when; the code's text only helps to name a mistake. https://openfeature.dev/specification/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graders.criterion import Verdict, cannot_check, criterion, failed, passed
from graders.evidence.flag_leftovers import functions_like, unreached, unused_functions
from graders.picture import Shares
from graders.runners.flags.picture import changed, lost, shares_of
from graders.runners.flags.plan import FLAG, OTHER, SECONDS_AT_MOST, SHARES, VARIABLE
from graders.runners.flags.record import body_of, differing
from graders.runners.flags.users import bounds
from graders.runners.flags.verdicts import (
    BY_FILE,
    PRICING,
    UVICORN,
    first_bad,
    last,
    place,
    status_of,
    still_there,
    unsafe,
    unwatched,
    without_the_flag,
)
from graders.runners.flags.work import REMOVAL, FlagsWork
from graders.runners.workflow.work import open_pipeline
from graders.step import Step as CourseStep

_ASK = "curl -H 'X-User: ada' 'http://127.0.0.1:8000/widgets/1/price?quantity={}'"
_RUNS = "python -m pytest"
_SHARE_REASONS = {"TARGETING_MATCH", "SPLIT"}
_WORSE_VALUES = {
    "unset": ("on by default", f"Without `{VARIABLE}`"),
    "=": ("empty counts as on", f"With `{VARIABLE}=`, which is empty,"),
    "=false": ('bool("false")', f"With `{VARIABLE}=false`"),
    "=0": ("a number counts as on", f"With `{VARIABLE}=0`"),
    "=1": ("a number counts as on", f"With `{VARIABLE}=1`"),
    "=yes": ("another word counts as on", f"With `{VARIABLE}=yes`"),
    "=on": ("another word counts as on", f"With `{VARIABLE}=on`"),
    "=untrue": ("garbage counts as on", f"With `{VARIABLE}=untrue`"),
}
_WITHOUT = {
    "no file": "Where the file is missing at the start",
    "half a file": "Where the file is broken at the start",
    "no such flag": f"Where `{FLAG}` is not in the file",
    "a number for a boolean": "Where the value is `1`, a number,",
    "a text for a boolean": 'Where the value is `"true"` or `"false"`, a text,',
}


@criterion(points=1)
def turned_on(work: FlagsWork) -> Verdict:
    """`true` gives the new price.

    Why: a flag that cannot be turned on guards nothing.
    Hint: Which function computes the new price, and who calls it? Look at `widgets/pricing.py`.
    Hint: Read `FEATURE_PRICE_V2` in `Settings.from_env`, and ask for it in `read_price`.
    """
    tried = [f"{VARIABLE}=true {UVICORN}", _ASK.format(work.quantity)]
    expected = f"with `{VARIABLE}=true`, everybody gets `discounted_price` from `GET /widgets/1/price`"
    if work.untouched:
        return failed(
            "There is no commit of yours yet.", expected=expected, where=work.branch, ran=tried, mistake="nothing done",
            next=f"Make a branch, let `read_price` in `{PRICING}` ask for `{VARIABLE}`, and commit it.",
        )  # fmt: skip
    if verdict := unwatched(work.observed, tried):
        return verdict
    start, answers = work.observed.starts["=true"], work.observed.step("=true", "=true").answers
    if not start.up:
        return failed(
            f"The service does not start with `{VARIABLE}=true`: {last(start.said)}", expected=expected,
            where=place(work, VARIABLE), ran=tried[:1], mistake="does not start",
            next="Start it like this, and mend what it says.",
        )  # fmt: skip
    where = place(work, VARIABLE, "discounted_price")
    if wrong := differing(answers, work.new_price):
        if wrong.status == 200 and body_of(wrong) == work.stable_price(work.quantity):
            some = any(one.new for one in answers)
            return failed(
                f"With `{VARIABLE}=true`, {'some users' if some else 'users'} still get the stable price.", expected=expected,
                where=where, ran=tried, mistake="not for all" if some else "never on",
                next=f'In `read_price`, return `discounted_price(…)` where `os.environ.get("{VARIABLE}")` is `true`.',
            )  # fmt: skip
        got = f"`{wrong.body[:120]}`" if wrong.status == 200 else status_of(wrong)
        return failed(
            f"With `{VARIABLE}=true`, `GET /widgets/1/price?quantity={work.quantity}` gives {got}.",
            expected=f"{expected}: {work.new_price}".replace("'", '"'), where=where, ran=tried, mistake="not the new price",
            next="Return what `discounted_price` gives, as it is.",
        )  # fmt: skip
    return passed(f"With `{VARIABLE}=true`, all {len(answers)} users got the new price.", ran=tried)


@criterion(points=1, after=[turned_on])
def safe_values(work: FlagsWork) -> Verdict:
    """Only `true` turns the new price on.

    Why: a slip in a setting must cost a feature, never switch one on.
    Hint: What is `bool("false")`? And what does your code make of `1`, or of a typing error?
    Hint: Compare with the one text that counts: `os.environ.get("FEATURE_PRICE_V2") == "true"`.
    """
    expected = f"unset, empty, `false`, `0`, `1` or anything else but `true` in `{VARIABLE}`: the stable price"
    where = place(work, VARIABLE)
    for name, (mistake, when) in _WORSE_VALUES.items():
        start, step = work.observed.starts[name], work.observed.step(name, name)
        tried = [f"{VARIABLE}{name} {UVICORN}" if name != "unset" else UVICORN, _ASK.format(work.quantity)]
        if not start.up:
            return failed(
                f"{when} the service does not start: {last(start.said)}", expected=expected, where=where, ran=tried[:1],
                mistake="stops at a bad value", next="Whatever is no `true` is off; nothing there is worth an error.",
            )  # fmt: skip
        if bad := first_bad(step.answers):
            return failed(f"{when} the price is answered with {status_of(bad)}.", expected=expected, where=where, ran=tried,
                          mistake="fails at a bad value",
                          next="Compare the text with `true`, and do not convert it.")  # fmt: skip
        if step.new:
            return failed(
                f"{when} users get the new price.", expected=expected, where=where, ran=tried, mistake=mistake,
                next=f'Turn it on for one text alone: `os.environ.get("{VARIABLE}") == "true"`.',
            )  # fmt: skip
    if any(one.free for one in work.observed.step("=true", "=true, delivery").answers):
        return failed(
            f"`{VARIABLE}=true` makes delivery free as well.", expected=f"without `FLAGS_FILE`, `{OTHER}` is off", where=where,
            ran=[f"{VARIABLE}=true {UVICORN}", "curl http://127.0.0.1:8000/widgets/1/delivery"],
            mistake="turns on another flag", next=f"Let the variable decide for `{FLAG}` alone.",
        )  # fmt: skip
    return passed("Unset, empty, and six other values all gave the stable price.", ran=[UVICORN])


@criterion(points=1, after=[safe_values])
def unchanged(work: FlagsWork) -> Verdict:
    """Off means untouched.

    Why: who is not in the rollout must not be able to tell that there is one.
    Hint: Compare an answer while the flag is off with the same answer from main: is there a field more?
    Hint: Keep the new price's fields in the new price's answer, and store nothing about either in the database.
    """
    expected = "while the flag is off, every answer is what it was before the flag came, before and after it was on"
    moments = [
        ("unset", "untouched", "With the flag off"),
        ("again", "after", "After the flag was on and was switched off,"),
    ]
    for start, name, when in moments:
        if name == "after" and work.observed.step("again", "off").new:
            continue  # the kill switch's own matter
        answers = work.observed.step(start, name).answers
        if not answers and name == "after":
            continue
        for answer, (status, wanted), path in zip(answers, work.untouched_answers, _paths(work), strict=True):
            tried = [UVICORN, f"curl -i -H 'X-User: ada' 'http://127.0.0.1:8000{path}'"]
            if answer.status != status:
                return failed(
                    f"{when} `GET {path}` gives {status_of(answer)} where it gave {status}.", expected=expected,
                    where=place(work, FLAG, VARIABLE), ran=tried, mistake="other status",
                    next="Compare the route with main's.",
                )  # fmt: skip
            got = body_of(answer)
            if wanted is not None and got != wanted:
                more = sorted(set(got) - set(wanted)) if isinstance(got, dict) and isinstance(wanted, dict) else []
                return failed(
                    f"{when} `GET {path}` has `{more[0]}` in its answer, which it had not." if more
                    else f"{when} `GET {path}` gives `{answer.body[:100]}`.",
                    expected=expected, where=place(work, more[0] if more else FLAG, FLAG), ran=tried,
                    mistake="flag in the stable answer" if more else "other data",
                    next="Answer as before where the flag is off: what is new belongs to the new price's answer alone.",
                )  # fmt: skip
    for start, before, later in (
        ("unset", "stored before", "stored after"),
        ("turned", "stored at first", "stored at 0"),
    ):
        held, holds = work.observed.step(start, before).stored, work.observed.step(start, later).stored
        if others := sorted(name for name in {**held, **holds} if held.get(name) != holds.get(name)):
            return failed(
                f"With the flag off, questions for prices change the table `{others[0]}`.", expected=expected,
                where=place(work, "session.add", "session.commit", FLAG), ran=[UVICORN, _ASK.format(work.quantity)],
                mistake="stored in the database", next="Store nothing about flags where widgets are stored; the log is for that.",
            )  # fmt: skip
    return passed("Seven kinds of requests got the answers that they got before.", ran=[UVICORN])


def _paths(work: FlagsWork) -> list[str]:
    price = "/widgets/1/price?quantity="
    many = f"{price}{work.quantity}"
    return [f"{price}1", many, "/widgets/1/delivery", "/widgets", "/widgets/1", "/widgets/2/price", f"{price}0"]


@criterion(points=1.5, after=[turned_on])
def both_tested(work: FlagsWork) -> Verdict:
    """Tests ask for the price with the flag off and with it on.

    Why: while both prices are for sale, both can break; the one that nobody tests will.
    Hint: Break `discounted_price` on purpose (`return {}`) and run `pytest`. Is it red? And `full_price`?
    Hint: Start the app twice in tests, with the flag off and on, `GET /widgets/1/price`, and compare `total_cents`.
    """
    expected = "green tests that turn red where either answer of `GET /widgets/1/price` has a wrong total"
    suite = work.suite_with(new_broken=None)
    if suite.trouble:
        return failed(f"The tests prove nothing: {suite.trouble}.", expected=expected, where="tests/", ran=[_RUNS],
                      mistake="proves nothing", next=suite.mend)  # fmt: skip
    if suite.failures:
        one = suite.failures[0]
        return failed(f"`{one.test}` fails: {one.message}", expected=expected, where=one.file, ran=[_RUNS],
                      mistake="red", next="Mend the test or the code until `pytest` is green.")  # fmt: skip
    if any("discount_percent" in answer.body for answer in work.observed.step("unset", "unset").answers):
        return cannot_check(
            "The stable price's answers hold `discount_percent`, so they can't be told from the new price's.", where=PRICING,
            next="See “Off means untouched” first.", ran=[_RUNS],
        )  # fmt: skip
    for new, name, function in ((True, "new", "discounted_price"), (False, "stable", "full_price")):
        spoilt = work.suite_with(new_broken=new)
        if spoilt.green:
            state = "on" if new else "off"
            return failed(
                f"With a wrong total in the {name} price's answers, all {len(suite.passed)} tests still pass.",
                expected=expected, where="tests/", ran=[_RUNS], mistake=f"the {name} price is not tested",
                next=f"Add a test that turns the flag {state}, asks `GET /widgets/1/price`, and compares `total_cents`. "
                f"To see it red, double the total in `{function}`.",
            )  # fmt: skip
        if spoilt.trouble:
            return cannot_check(f"With a broken price, the tests prove nothing: {spoilt.trouble}.", next=spoilt.mend)
    return passed(
        "A wrong total turned the tests red, in the new price's answers and in the stable price's.", ran=[_RUNS]
    )


@criterion(points=1.5, after=[turned_on])
def kill_switch(work: FlagsWork) -> Verdict:
    """The running service follows the file.

    Why: switching off must be quicker than a rollback, and need no deployment.
    Hint: Start the service, edit the file, ask again. Who reads the file, and when?
    Hint: flagd's provider looks twice a second. Ask `client.get_boolean_value(…)` in each request; remember no answer.
    """
    expected = "an edit of the file named by `FLAGS_FILE` counts within a second, in the same process"
    tried = [BY_FILE, "edit flags.json", _ASK.format(work.quantity)]
    where = place(work, "FLAGS_FILE", "offline_flag_source_path", FLAG)
    observed = work.observed
    turned, again = observed.starts["turned"], observed.starts["again"]
    for start in (turned, again):
        if not start.up:
            return failed(
                f"With `FLAGS_FILE` set, the service does not start: {last(start.said)}", expected=expected, where=where,
                ran=tried[:1], mistake="does not start", next="Start it like this, and mend what it says.",
            )  # fmt: skip
    on, off, restarted = (observed.step(*name).took for name in
                          (("turned", "turned on"), ("again", "turned off"), ("turned", "turned on")))  # fmt: skip
    at_the_start = observed.step("again", "25 restarted")
    if restarted is None and 0 < len(at_the_start.new) < len(at_the_start.answers):
        return failed(
            "The flag was turned on in the file, and the running service did not notice; a new start did.", expected=expected,
            where=where, ran=tried, mistake="read once at the start",
            next="Decide in each request, from what the file says then; keep nothing from the import or the start.",
        )  # fmt: skip
    if on is None:
        bad = first_bad(observed.step("turned", "100").answers)
        return failed(
            f"With `{FLAG}` at 100 % in the file, the price is answered with {status_of(bad)}." if bad
            else f"With `{FLAG}` at 100 % in the file, users get the stable price.",
            expected=expected, where=where, ran=tried, mistake="fails with a file" if bad else "file not read",
            next="Where `FLAGS_FILE` is set, let the file decide: give its path to `FlagdProvider`, and ask for "
            f"`{FLAG}` with the user as targeting key.",
        )  # fmt: skip
    if len(at_the_start.new) == len(at_the_start.answers) and off is None:
        return failed(
            f"Where `{VARIABLE}=true` is set as well, the file cannot switch it off.", expected=expected, where=where,
            ran=[f"{VARIABLE}=true {BY_FILE}"], mistake="the variable wins",
            next="Look at the variable only where `FLAGS_FILE` is not set.",
        )  # fmt: skip
    if off is None and on <= SECONDS_AT_MOST and observed.step("again", "turned off").only_then:
        return failed(
            "Of two edits within a second, the second one is missed until the file is edited once more.", expected=expected,
            where=where, ran=tried, mistake="an edit is missed",
            next="Compare `st_mtime_ns` rather than whole seconds, or read the file in each request.",
        )  # fmt: skip
    if off is None or max(on, off) > SECONDS_AT_MOST:
        if off is None and not observed.step("again", "off").new:
            off = SECONDS_AT_MOST + 1
        slow = off is not None
        return failed(
            "An edit of the file counts, but takes longer than a second." if slow
            else f'With `"state": "DISABLED"` for `{FLAG}` in the file, users go on getting the new price.',
            expected=expected, where=where, ran=tried, mistake="slow" if slow else "state not heeded",
            next="Look at the file at least twice a second, or with each request." if slow
            else "Give the stable price to everybody where `state` is not `ENABLED`.",
        )  # fmt: skip
    if observed.step("again", "off with a share").new:
        return failed(
            f'With `"state": "DISABLED"` for `{FLAG}` and a share of 100 % in the file, users get the new price.', where=where,
            expected=expected, ran=tried, mistake="state not heeded",
            next="Look at `state` first: where it is not `ENABLED`, nothing else in the flag counts.",
        )  # fmt: skip
    if some := observed.step("again", "off").new:
        return failed(
            f"A second after the flag was switched off, {len(some)} of "
            f"{len(observed.step('again', 'off').answers)} users still get the new price.", expected=expected, where=where,
            ran=tried, mistake="answers kept", next="Keep no answer for a user: decide anew in each request.",
        )  # fmt: skip
    return passed(
        "Turned on and switched off in the file, it counted within the second; no process was started anew.", ran=tried
    )


@criterion(points=1.5, after=[kill_switch])
def provider_gone(work: FlagsWork) -> Verdict:
    """Without a readable flag, everybody gets the stable price.

    Why: the flag file fails on the day when everything else does. Then the known path is the safe one.
    Hint: `rm flags.json` while the service runs with the flag on. Who gets what? And `echo '{' > flags.json`?
    Hint: flagd's provider goes on with what it read last; `client.get_provider_status()` then says that it is not `READY`.
    """
    expected = (
        "missing, broken, without the flag, or with a value that is no boolean: the service runs, with the stable price"
    )
    where = place(work, "offline_flag_source_path", "FLAGS_FILE", FLAG)
    for name, when in _WITHOUT.items():
        start, step = work.observed.starts[name], work.observed.step(name, name)
        if verdict := unsafe(start, step, when, expected, where, mistakes=name):
            return verdict
    for start_name, name, when, act in (
        ("turned", "broken", "Where the file breaks while the service runs", "echo '{' > flags.json"),
        ("again", "removed", "Where the file is removed while the service runs", "rm flags.json"),
    ):
        start, step = work.observed.starts[start_name], work.observed.step(start_name, name)
        if verdict := unsafe(start, step, when, expected, where, mistakes="", act=act):
            return verdict
    return passed("Seven ways to lose the flag, at the start and while it runs: all users got the stable price.",
                  ran=[BY_FILE, "rm flags.json"])  # fmt: skip


@criterion(points=1, after=[kill_switch])
def share(work: FlagsWork) -> Verdict:
    """The share that is asked for is the share that gets it.

    Why: a rollout of one per cent that reaches ten is ten times the damage.
    Hint: Set 1, 25 and 50 in the file, ask as some hundred users each, and count.
    Hint: The provider needs to know who asks: `EvaluationContext(targeting_key=user)`. In a reader of your own: a hash of
        flag and user, modulo 100, below the share.
    """
    expected = "of all users, the share in the file gets the new price, and no other: 0, 1, 25, 50 or 100 per cent"
    where = place(work, "fractional", "targeting_key", "EvaluationContext", FLAG)
    for per_cent in SHARES:
        step = work.observed.step("turned", str(per_cent))
        count, got = len(step.answers), len(step.new)
        least, most = bounds(count, per_cent / 100)
        tried = [f"{BY_FILE}   # {per_cent} per cent", _ASK.format(work.quantity)]
        if bad := first_bad(step.answers):
            return failed(f"At {per_cent} %, the price is answered with {status_of(bad)}.", expected=expected, where=where,
                          ran=tried, marks=[str(per_cent)], mistake="fails",
                          next="Mend what the service's log says.")  # fmt: skip
        if not least <= got <= most:
            mistake = "other share"
            mend = "Compare the user's number from 0 to 99 with the first weight in `fractional`."
            quarter = work.observed.step("turned", "25")
            if per_cent < 100 and len(quarter.new) in (0, len(quarter.answers)):
                mistake = "all or nothing"
                mend = "Hand over who asks, which stands in `X-User`, as targeting key, and let `fractional` decide."
            elif per_cent == 1:
                mistake, mend = "steps too coarse", "Divide users into a hundred parts at least, not into ten."
            return failed(
                f"At {per_cent} %, {got} of {count} users got the new price.",
                expected=f"{expected} (here {least} to {most} users)", where=where, ran=tried, marks=[str(per_cent)],
                mistake=mistake, next=mend,
            )  # fmt: skip
    return passed(
        f"At {', '.join(map(str, SHARES))} %, the new price went to as many users as chance allows.",
        ran=[BY_FILE, _ASK.format(work.quantity)],
    )


@criterion(points=1.5, after=[share])
def sticky(work: FlagsWork) -> Verdict:
    """Who is in stays in.

    Why: a price that changes with each click, or with each restart, is a bug to whoever sees it.
    Hint: Ask twice as the same user; restart the service and ask again; raise the share and ask those who were in.
    Hint: Decide from the flag and the user alone, by a hash that is the same everywhere (`hashlib`, not `hash()`), and
        compare it with the share: who is below 25 is below 50.
    """
    expected = (
        "the same user gets the same price, also after a restart, and who is in at a small share is in at a larger one"
    )
    observed = work.observed
    first, again, restarted = (
        observed.step("turned", "25"),
        observed.step("turned", "25 again"),
        observed.step("again", "25 restarted"),
    )
    tried = [BY_FILE, _ASK.format(work.quantity)]
    where = place(work, "random", "hash(", "fractional", FLAG)
    if changed(first, again):
        return failed(
            f"Asked twice at 25 %, some of {len(again.answers)} users got one price and then the other.", expected=expected,
            where=where, ran=tried, marks=["25"], mistake="random() per request",
            next="Let a hash of flag and user decide, not chance.",
        )  # fmt: skip
    if changed(first, restarted):
        everybody = len(restarted.new) == len(restarted.answers)
        return failed(
            f"After a restart with `{VARIABLE}=true` set, everybody gets the new price, whatever the file says." if everybody
            else f"After a restart, some of {len(restarted.answers)} users get another price than before.",
            expected=expected, where=where, ran=[*tried, "restart"], marks=["25"],
            mistake="the variable wins" if everybody else "other after a restart",
            next="Look at the variable only where `FLAGS_FILE` is not set." if everybody
            else "Take a hash that is the same in each process: `hashlib.sha256`, not `hash()`, and nothing kept in memory.",
        )  # fmt: skip
    steps = {per_cent: observed.step("turned", str(per_cent)) for per_cent in SHARES}
    at_one = observed.step("again", "1 at 25")
    for per_cent, out in (
        (25, {one.user for one in at_one.answers} - at_one.new),
        (50, lost(steps, 50)),
        (100, lost(steps, 100)),
    ):
        if out:
            return failed(
                f"Raised to {per_cent} %, the share takes {len(out)} users out who were in before.", expected=expected,
                where=where, ran=tried, marks=[str(per_cent)], mistake="raising takes users out",
                next="Give each user one number for the flag, whatever the share, and let in who is below the share.",
            )  # fmt: skip
    return passed(
        "Asked again, after a restart and at larger shares, who was in stayed in.",
        ran=tried,
    )


@criterion(points=1, after=[share])
def independent(work: FlagsWork) -> Verdict:
    """Two flags do not hit the same users.

    Why: otherwise the same few get every experiment, and no flag's effect can be told from another's.
    Hint: Set both flags to 50 per cent: of those who get the new price, how many get free delivery?
    Hint: The flag's key belongs into the hash: `f"{flag}:{user}"`.
    """
    expected = f"at 50 per cent each, about half of those with the new price get free delivery (`{OTHER}`)"
    step = work.observed.step("turned", "delivery")
    tried = [BY_FILE, "curl -H 'X-User: ada' http://127.0.0.1:8000/widgets/1/delivery"]
    where = place(work, "sha256(", "md5(", "crc32(", OTHER, "hash")
    asked = {one.user for one in step.answers}
    free, new = {one.user for one in step.answers if one.free}, work.observed.step("turned", "50").new & asked
    least, most = bounds(len(asked), 0.5)
    if bad := first_bad(step.answers):
        return failed(f"With `{OTHER}` at 50 %, the delivery is answered with {status_of(bad)}.", expected=expected,
                      where=where, ran=tried, mistake="fails", next="Mend what the service's log says.")  # fmt: skip
    if not least <= len(free) <= most:
        return failed(
            f"With `{OTHER}` at 50 %, {len(free)} of {len(asked)} users get free delivery.", expected=expected, where=where,
            ran=tried, mistake="the other flag is not read",
            next=f"Let `read_delivery` ask for `{OTHER}` in the way that `read_price` asks for `{FLAG}`.",
        )  # fmt: skip
    both, (least, most) = len(free & new), bounds(len(new), 0.5)
    if not least <= both <= most:
        return failed(
            f"Of {len(new)} users with the new price, {both} get free delivery: the two flags hit "
            f"{'the same users' if both > most else 'opposite users'}.", expected=expected, where=where, ran=tried,
            mistake="hash of the user alone", next='Hash flag and user together: `f"{flag}:{user}"`.',
        )  # fmt: skip
    return passed("About half of those with the new price get free delivery, as chance has it.", ran=tried)


@criterion(points=1, after=[kill_switch])
def logged(work: FlagsWork) -> Verdict:
    """The log says who got what, and why.

    Why: “why did I pay more?” is answered from the log, or not at all.
    Hint: `get_boolean_details` gives the reason besides the value. Uvicorn shows its own log only: give yours a handler.
    Hint: One line a decision: `flag=price-v2 user=ada variant=on reason=TARGETING_MATCH`.
    """
    expected = "for each decision from the file a line with `flag`, `user`, `variant` (on or off, as got) and `reason`"
    tried = [BY_FILE, _ASK.format(work.quantity)]
    where = place(work, "reason=", "reason", "logging", FLAG)
    moments = (
        ("turned", "25", "At a share of 25 %", _SHARE_REASONS),
        ("again", "off", 'Where the flag is `"DISABLED"`', {"DISABLED"}),
        ("no file", "no file", "Where the file is missing", {"ERROR"}),
        ("a text for a boolean", "a text for a boolean", "Where the value is no boolean", {"ERROR"}),
    )  # fmt: skip
    for start, name, when, reasons in moments:
        step = work.observed.step(start, name)
        lines = {one.user: one for one in step.decisions if one.flag == FLAG}
        missing = [one.user for one in step.answers if one.user not in lines]
        if missing:
            some = len(missing) < len(step.answers)
            found = "lacks some users' decisions" if some else "has no line with all four of them"
            return failed(
                f"{when}, the log {found}" + (f", such as {missing[0]}'s." if some else "."), expected=expected, where=where,
                ran=tried, mistake="not all are logged" if some else "no log",
                next="Write the line where you decide, on every way out, and give the logger a handler at level INFO "
                "(or `print(…, flush=True)`).",
            )  # fmt: skip
        for one in step.answers:
            line = lines[one.user]
            wanted = "on" if one.new else "off"
            if line.variant.lower() != wanted:
                return failed(
                    f"{when}, {one.user} gets the {'new' if one.new else 'stable'} price, "
                    f"and the log says variant={line.variant}.",
                    expected=expected, where=where, ran=tried, mistake="wrong variant",
                    next="Log what the caller gets, after all is decided.",
                )  # fmt: skip
            if line.reason.rpartition(".")[2].upper() not in reasons:
                return failed(
                    f"{when}, the log gives the reason {line.reason}.",
                    expected=f"{expected}; here {' or '.join(sorted(reasons))}",
                    where=where, ran=tried, mistake="wrong reason",
                    next="Log the reason that the evaluation gives, in OpenFeature's words.",
                )  # fmt: skip
    return passed(
        "Each decision is in the log, with variant and reason: shares, switched off, and without a flag.", ran=tried
    )


@criterion(points=1.5, after=[turned_on])
def removed(work: FlagsWork) -> Verdict:
    """After the rollout, nothing of the flag is left.

    Why: a flag that has done its work is a switch to an old path that nobody tests any more.
    Hint: On the branch `remove-price-v2`: `git grep -i 'price.\\?v2'`. And who still calls `full_price`?
    Hint: Take out the variable, the flag's key, the condition, the old function and the tests of the old price. Keep what
        `free-delivery` needs.
    """
    expected = (
        f"on `{REMOVAL}`: everybody gets the new price, no name, condition or function of it is left, `{OTHER}` works"
    )
    tried = [f"git switch {REMOVAL}", "git grep -i 'price.\\?v2'"]
    if work.removal is None:
        return failed(f"There is no branch `{REMOVAL}`.", expected=expected, where=work.branch,
                      ran=[f"git branch --list {REMOVAL}"],
                      mistake="not removed", next=f"`git switch -c {REMOVAL}`, take the flag out, and commit.")  # fmt: skip
    files = work.files_without
    if verdict := still_there(files, expected, tried) or unwatched(work.observed_without, tried):
        return verdict
    for name, start in work.observed_without.starts.items():
        if verdict := without_the_flag(work, name, start, expected):
            return verdict
    old = [*unreached(files), *unused_functions(files, work.files), *functions_like(files, work.given, "full_price")]
    if old:
        return failed(
            f"`{old[0].what}` is still there, and belongs to the stable price.", expected=expected, where=old[0].where, ran=tried,
            mistake="old path left", next="Delete it, and the tests of it.",
        )  # fmt: skip
    suite = work.suite_without
    if not suite.green:
        one = suite.failures[0] if suite.failures else None
        return failed(
            f"On `{REMOVAL}` `{one.test}` fails: {one.message}" if one
            else f"On `{REMOVAL}` the tests prove nothing: {suite.trouble}.",
            expected=f"{expected}, and green tests", where=one.file if one else "tests/", ran=[_RUNS], mistake="tests are red",
            next="Take out the tests of the stable price, and let the others expect the new one." if one else suite.mend,
        )  # fmt: skip
    return passed(f"On `{REMOVAL}` the new price is the price, and nothing of the flag is left.", ran=tried)


@contextmanager
def open_work(path: Path) -> Iterator[FlagsWork]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    with open_pipeline(path, "flags", CRITERIA, FlagsWork, beside=REMOVAL) as work:
        yield work


def draw(work: FlagsWork) -> Shares | None:
    """The shares asked for and got."""
    return None if work.untouched or work.observed.trouble else shares_of(work.observed)


CRITERIA = (
    turned_on,
    safe_values,
    unchanged,
    both_tested,
    kill_switch,
    provider_gone,
    share,
    sticky,
    independent,
    logged,
    removed,
)

STEP = CourseStep(
    title="Feature flags",
    subskill="Turn a feature on and off without a deployment",
    minutes=75,
    open=open_work,
    criteria=CRITERIA,
    picture=draw,
)
