"""Tell the ways of splitting users that keep what a rollout promises from those that do not."""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several

PROMISES = 5
WAYS = (
    (
        'digest = hashlib.sha256(f"{flag}:{user}".encode()).digest()\nreturn int.from_bytes(digest[:4]) % 10_000 < share * 100',
        "A hash of flag and user is the same in each process, and its place does not move with the share.",
    ),
    (
        'return zlib.crc32(f"{user}@{flag}".encode()) % 100 < share',
        "Each user has a fixed place for each flag, and the share only moves the end.",
    ),
    (
        'return random.Random(f"{flag}/{user}").random() * 100 < share',
        "A generator seeded with a text gives the same first number in each process.",
    ),
    (
        'place = int(hashlib.md5(f"{flag}|{user}".encode()).hexdigest(), 16) % 100\nreturn place >= 100 - share',
        "It counts from the other end, and takes nobody out all the same.",
    ),
    (
        'arms = [True] * share + [False] * (100 - share)\nreturn arms[zlib.crc32(f"{flag}{user}".encode()) % 100]',
        "The places that are in are the first ones, and raising the share only adds to them.",
    ),
    ("return random.random() * 100 < share", "It throws the dice at each request: the same user gets both."),
    (
        'return hash(f"{flag}:{user}") % 100 < share',
        "Python's `hash` of a text is another one after each start (PYTHONHASHSEED), so each restart draws anew.",
    ),
    (
        "return zlib.crc32(user.encode()) % 100 < share",
        "The flag is not in it: at 50 % every flag hits the same half of the users.",
    ),
    (
        'return zlib.crc32(f"{flag}:{user}:{share}".encode()) % 100 < share',
        "The share is in the hash, so raising it draws anew and takes people out.",
    ),
    (
        'return zlib.crc32(f"{flag}:{user}".encode()) % 10 < share // 10',
        "It knows tenths only: 1 % and 25 % become 0 % and 20 %.",
    ),
    (
        'return zlib.crc32(f"{flag}:{user}".encode()) % 100 <= share',
        "`<=` lets one place too many in: at 0 % somebody gets it.",
    ),
    (
        'return share > 0 and zlib.crc32(f"{flag}:{user}".encode()) % (100 // share) == 0',
        "It is right at 25 and at 50 %, but at 75 % everybody is in, and going from 33 to 50 % takes people out.",
    ),
)


def _make(random: Random) -> Question:
    fitting = random.sample(WAYS[:PROMISES], random.choice([1, 2]))
    others = random.sample(WAYS[PROMISES:], 4 - len(fitting))
    named = random.choice((("flag", "user"), ("key", "caller"), ("feature", "account")))
    candidates = []
    for way in [*fitting, *others]:
        code = "\n".join(f"    {line}" for line in way[0].split("\n"))
        code = f"def is_in(flag, user, share):\n{code}"
        for old, new in zip(("flag", "user"), named, strict=True):
            code = code.replace(old, new)
        candidates.append(Candidate(Listing("", code), way in fitting, way[1]))
    text = (
        "A service in several processes, restarted every night, puts `share` per cent of its users on a new path. The same "
        "user should get the same answer, the share should be right from 0 to 100, raising it should take nobody out, and "
        "another flag should hit other users. Which of these do all of that?"
    )
    return several(random, text, candidates)


DRILL = Drill("which split holds", _make)
