"""Choose the image name that can't come to mean another image.

https://docs.docker.com/dhi/core-concepts/digests/
"""

from __future__ import annotations

from random import Random

from graders.drills.choice import Option, choice
from graders.drills.question import Drill, Listing, Question

_SERVICES = ("widgets", "shop", "invoices", "search", "mailer")


def moving(image: str, version: str) -> dict[str, str]:
    """Names that move, each with what moves it."""
    major = version.split(".", 1)[0]
    return {
        f"{image}:latest": "`latest` is whatever was pushed last; the next release takes it.",
        image: "Without a tag it is `latest`, and the next release takes that.",
        f"{image}:main": "That is the newest build of a branch: it moves with each push to main.",
        f"{image}:production": "That says where it runs, not what it is; the next release takes the name.",
        f"{image}:{major}": f"Every release of version {major} takes that name: next month it is another image.",
        f"{image}:nightly": "It is pushed anew each night, under the same name.",
        f"{image}:${{{{ github.ref_name }}}}": "On a push to main, that is the branch's name, and each push takes it.",
    }


def _make(random: Random) -> Question:
    image = f"ghcr.io/example/{random.choice(_SERVICES)}"
    version = f"{random.randint(1, 4)}.{random.randint(0, 9)}.{random.randint(0, 9)}"
    by_commit = random.random() < 0.5
    if by_commit:
        name = f"{image}:{random.getrandbits(160):040x}"
        why = "It holds the commit's SHA: another commit has another one, so no later release takes the name."
    else:
        name = f"{image}@sha256:{random.getrandbits(256):064x}"
        why = "It is a digest, computed from the image: another image can't have it, whoever pushes what."
    misfits = random.sample(sorted(moving(image, version).items()), 3)
    others = [Option(Listing("", text), reason) for text, reason in misfits]
    return choice(
        random,
        "A workflow deploys each push to main. Which of these names means the same image next month?",
        Option(Listing("", name), why),
        others,
    )


DRILL = Drill("a name that stays", _make)
