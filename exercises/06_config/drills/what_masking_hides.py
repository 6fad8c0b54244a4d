"""Say which lines of a log still give a secret away, once its exact text is masked.

https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from random import Random
from urllib.parse import quote

from graders.drills.question import Drill, Feedback, Listing, Question, right, unclear, wrong

# what a step ran, and what it makes of the secret
_WAYS: tuple[tuple[str, Callable[[str], str], str], ...] = (
    ('echo "key is $KEY"', lambda key: f"key is {key}", "it is the exact text"),
    ('printf %s "$KEY" | base64', lambda key: b64encode(key.encode()).decode(), "base64 is another text"),
    ('echo "$KEY" | rev', lambda key: key[::-1], "backwards it is another text"),
    ("python quote.py", lambda key: quote(key, safe=""), "URL-encoded it is another text"),
    ('echo "url=https://x/?k=$KEY"', lambda key: f"url=https://x/?k={key}", "it is the exact text, in a longer one"),
    ("echo ${KEY:0:6}", lambda key: key[:6], "a part of it is another text"),
    ("set -x; login $KEY", lambda key: f"+ login {key}", "it is the exact text"),
)


def masked(line: str, secret: str) -> str:
    """A log's line as the runner writes it."""
    return line.replace(secret, "***")


def _make(random: Random) -> Question:
    secret = "".join(random.choice("abcdefghkmnpqrstuvwxyz23456789+/=") for _ in range(14)) + "+9"
    ways = random.sample(_WAYS, 5)
    if all(secret in way(secret) for _, way, _ in ways) or not any(secret in way(secret) for _, way, _ in ways):
        return _make(random)
    shown = [masked(way(secret), secret) for _, way, _ in ways]
    leaking = [number for number, line in enumerate(shown, 1) if "***" not in line]

    def judge(given: str) -> Feedback:
        found = {int(one) for one in re.findall(r"\d+", given)}
        if not found or found - set(range(1, len(ways) + 1)):
            return unclear("Name lines by their numbers.", "Such as `2, 4`.")
        for number, (command, way, why) in enumerate(ways, 1):
            if (number in found) != (number in leaking):
                ends = f"the log shows `{masked(way(secret), secret)}`"
                return wrong(
                    f"Line {number}, `{command}`: {ends}, since {why}.", "Masking replaces the exact text only."
                )
        return right(
            "Masking replaces the exact text. Whatever changes the text gets past it, so print nothing of a secret."
        )

    script = "\n".join(f"{number}  {command}" for number, (command, _, _) in enumerate(ways, 1))
    every = ", ".join(str(number) for number in range(1, len(ways) + 1))
    answer = ", ".join(map(str, leaking))
    hidden = ", ".join(str(number) for number in range(1, len(ways) + 1) if number not in leaking)
    return Question(
        text=f"`KEY` is a secret whose value is `{secret}`, and the runner masks it. Which lines of this script print "
        "something in the log that a reader can make the secret, or a part of it, from?",
        judge=judge,
        right=answer,
        wrong=tuple(one for one in (every, hidden) if one and one != answer),
        example='"2, 4"',
        figures=(Listing("The script", script),),
    )


DRILL = Drill("what masking hides", _make)
