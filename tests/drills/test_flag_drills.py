"""Step 8's drills: what they hold to be so is so, when it is really run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from math import exp, lgamma, log
from pathlib import Path

import pytest
from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext

from graders.drills.question import Outcome, Question
from graders.starter import exercise_module
from graders.step import find
from tests.drills.asked import letters, listings, options, question

SEEDS = range(60)


@pytest.mark.parametrize("seed", range(8))
def test_an_expression_gives_in_a_real_environment_what_the_drill_says(seed: int) -> None:
    asked = question("flags.which_reads_it", seed)
    (environment,) = listings(asked)
    given = re.fullmatch(r'(\w+)="(.*)"', environment)
    code = "import os\n" + "\n".join(f"print(bool({source}))" for source in options(asked).values())

    said = subprocess.run(
        [sys.executable, "-c", code],
        env=dict([given.groups()]) if given else {},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert {letter for letter, one in zip(options(asked), said, strict=True) if one == "True"} == letters(asked)


def test_a_service_with_openfeature_gets_the_value_and_the_reason_that_the_drill_says(tmp_path: Path) -> None:
    reasons = set()
    for seed in SEEDS:
        asked = question("flags.what_it_answers", seed)
        file, code = listings(asked)
        path = tmp_path / f"{seed}.json"
        path.write_text(file)
        provider = FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=str(path))
        api.set_provider_and_wait(provider, "flag-drills")
        known = {"EvaluationContext": EvaluationContext, "client": api.get_client("flag-drills")}
        *before, last = code.splitlines()
        exec("\n".join(before), known)  # noqa: S102 - ours
        found = eval(last, known)  # noqa: S307
        provider.shutdown()
        assert asked.right == f"{found.value} {found.reason}"
        reasons.add(str(found.reason))
    assert reasons == {"STATIC", "TARGETING_MATCH", "DEFAULT", "DISABLED", "ERROR"}


SHARES = (0, 1, 25, 33, 40, 50, 75, 100)
ASK_EACH_SPLIT = """
import hashlib, json, random, sys, zlib
users = [f"u{{number}}" for number in range(3000)]
said = []
for code in {codes}:
    known = globals().copy()
    exec(code, known)
    said.append({{f"{{flag}} {{share}} {{time}}": [user for user in users if known["is_in"](flag, user, share)]
                 for flag in ("price-v2", "new-search") for share in {shares} for time in (1, 2)}})
print(json.dumps(said))
"""


def who_is_in(codes: list[str], hash_seed: str) -> list[dict[str, set[str]]]:
    """For each split, who is in for each flag and share at the first and the second asking, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", ASK_EACH_SPLIT.format(codes=codes, shares=SHARES)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [{name: set(users) for name, users in one.items()} for one in json.loads(done.stdout)]


def promises_kept(first: dict[str, set[str]], again: dict[str, set[str]]) -> bool:
    """Whether a split is right from 0 to 100, steady, the same after a restart, growing, and its own for each flag."""
    got = [first[f"price-v2 {share} 1"] for share in SHARES]
    chance = [5 * (3000 * share / 100 * (1 - share / 100)) ** 0.5 for share in SHARES]
    return (
        first == again
        and got == [first[f"price-v2 {share} 2"] for share in SHARES]
        and all(abs(len(got[n]) - 30 * share) <= chance[n] for n, share in enumerate(SHARES))
        and all(small <= large for small, large in pairwise(got))
        and 600 < len(first["price-v2 50 1"] & first["new-search 50 1"]) < 900
    )


def test_a_split_keeps_its_promises_exactly_where_the_drill_says_so() -> None:
    drill = exercise_module(find("flags"), "drills/which_split")
    bodies = ["\n".join(f"    {line}" for line in body.split("\n")) for body, _ in drill.WAYS]
    codes = [f"def is_in(flag, user, share):\n{body}" for body in bodies]

    kept = list(map(promises_kept, who_is_in(codes, "1"), who_is_in(codes, "2")))

    assert kept == [number < drill.PROMISES for number in range(len(codes))]


def test_who_loses_it_follows_from_the_places_that_are_shown() -> None:
    lost = []
    for seed in SEEDS:
        asked = question("flags.who_loses_it", seed)
        arms = [re.findall(r'\["(on|off)", (\d+)\]', rule) for rule in listings(asked)]
        expected = set()
        for letter, words in options(asked).items():
            at = [int(number) for number in re.findall(r"at (\d+) for", words)]
            had, has = (variant_at(place, rule) for place, rule in zip((at[0], at[-1]), arms, strict=True))
            expected |= {letter} if (had, has) == ("on", "off") else set()
        assert letters(asked) == expected
        lost.append(len(expected))
    assert {0, 1} < set(lost)


def variant_at(place: int, arms: list[tuple[str, str]]) -> str:
    for variant, weight in arms:
        if place < int(weight):
            return variant
        place -= int(weight)
    raise AssertionError("the weights are less than 100")


def test_a_fault_is_what_chance_hardly_ever_does() -> None:
    for seed in SEEDS:
        asked = question("flags.fault_or_chance", seed)
        for letter, words in options(asked).items():
            share, got, users = map(int, re.findall(r"(\d+) % asked for: (\d+) of (\d+)", words)[0])
            chance = likely(users, share, got)
            assert chance < 0.005 if letter in letters(asked) else chance > 0.05, words


def likely(users: int, per_cent: int, got: int) -> float:
    """How often chance alone is at least as far out, to the same side (the binomial distribution's tail)."""
    tail = range(got, users + 1) if 100 * got >= users * per_cent else range(got + 1)
    if per_cent in (0, 100):
        return float(users * per_cent // 100 in tail)
    share = per_cent / 100

    def exactly(count: int) -> float:
        ways = lgamma(users + 1) - lgamma(count + 1) - lgamma(users - count + 1)
        return exp(ways + count * log(share) + (users - count) * log(1 - share))

    return sum(map(exactly, tail))


def mended(asked: Question, old: str, new: str) -> str:
    assert old in asked.right
    return asked.right.replace(old, new)


def test_other_ways_to_mend_a_rollout_are_right() -> None:
    for seed in range(3):
        asked = question("flags.mend_rollout", seed)
        (share,) = re.findall(r'"on", (\d+)\]', asked.right)
        arms = f'[["on", {share}], ["off", {100 - int(share)}]]'
        both = '{"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}'
        by_key = f'{{"if": [{{"var": "targetingKey"}}, {{"fractional": [{both}, {arms[1:]}}}, "off"]}}'
        for other in (
            mended(asked, arms, f'[["off", {100 - int(share)}], ["on", {share}]]'),
            mended(asked, f'{{"fractional": {arms}}}', by_key),
            mended(asked, '"on": true, "off": false', '"off": false, "on": true'),
            mended(asked, ' "on",\n', " true,\n").replace(
                '"on": true, "off": false', '"on": true, "off": false, "true": true'
            ),
            json.dumps(json.loads(asked.right)),
        ):
            assert asked.judge(other).outcome is Outcome.RIGHT, (other, asked.judge(other))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"on": true, "off": false', '"on": 1, "off": 0', "For a colleague it ends in an error"),
        ('"state": "ENABLED"', '"state": "DISABLED"', "Nobody gets it"),
        ('"defaultVariant": "off"', '"defaultVariant": "on"', "A caller without a name gets it."),
        ('"ends_with"', '"starts_with"', "Somebody whose email ends in"),
        ('"fractional": [', '"fractional": [{"var": "targetingKey"}, ', "Another flag with this rule"),
        ('"fractional": [', '"fractional": [{"var": "email"}, ', "Who changes their email"),
    ],
)
def test_each_fault_of_a_rollout_has_its_words(old: str, new: str, says: str) -> None:
    asked = question("flags.mend_rollout", 3)

    feedback = asked.judge(mended(asked, old, new))

    assert feedback.outcome is Outcome.WRONG
    assert says in feedback.text


@pytest.mark.parametrize("text", ['{"flags": ', "[]", '{"flags": {}}', "{}", '{"flags": {"a": {"!": 1}}}'])
def test_what_is_no_rollout_is_answered(text: str) -> None:
    assert question("flags.mend_rollout", 1).judge(text).outcome in (Outcome.UNCLEAR, Outcome.WRONG)
