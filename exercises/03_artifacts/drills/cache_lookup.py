"""Say which entry a run gets from the cache. https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching#cache-key-matching"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong

_SYSTEMS = ("Linux", "macOS", "Windows")


def lookup(key: str, restore_keys: tuple[str, ...], entries: tuple[str, ...]) -> str:
    """The entry that is restored, of `entries` from oldest to newest; empty where none is."""
    if key in entries:
        return key
    newest_first = tuple(reversed(entries))
    return next((one for wanted in (key, *restore_keys) for one in newest_first if one.startswith(wanted)), "")


def _make(random: Random) -> Question:
    system, other = random.sample(_SYSTEMS, 2)
    hashes = random.sample([f"{number:04x}" for number in range(4096, 65536, 977)], 4)
    old, new, third, asked = hashes
    entries = [f"{system}-pip-{old}", f"{system}-pip-{new}", f"{other}-pip-{asked}", f"{system}-npm-{third}"]
    kind = random.choice(["exact", "prefix", "prefix", "none"])
    key = f"{system}-pip-{old if kind == 'exact' else asked}"
    restore_keys = () if kind == "none" else (f"{system}-pip-",)
    random.shuffle(entries)
    found = lookup(key, restore_keys, tuple(entries))
    step = f"- uses: actions/cache@v5\n  with:\n    path: ~/.cache/pip\n    key: {key}\n"
    step += "    restore-keys: |\n      " + restore_keys[0] + "\n" if restore_keys else ""
    answer = found or "none"

    def judge(given: str) -> Feedback:
        said = given.strip(" \t`'\".")
        if said.lower() in ("none", "nothing", "no", "no entry"):
            said = "none"
        if said != "none" and said not in entries:
            return unclear(f"{quoted(given)} is none of the entries.", "Answer with an entry's key, or `none`.")
        if said == answer:
            return right(_why(key, restore_keys, found))
        if said == "none":
            return wrong(
                "None is what you get only if neither the key nor a prefix from `restore-keys` fits.",
                "Compare each entry with the key first, then with the beginning under `restore-keys`.",
            )
        if found == key:
            return wrong(
                f"`{said}` is not asked for: the key itself is there, and that comes first.", "Compare the whole key."
            )
        if not restore_keys:
            return wrong(f"`{said}` is another key than `{key}`, and no `restore-keys` allow one that is only alike.")
        if not said.startswith(restore_keys[0]):
            return wrong(
                f"`{said}` does not begin with `{restore_keys[0]}`.", "A prefix fits from the first character on."
            )
        return wrong(
            f"`{said}` begins right, but it is older than another entry that does, too.", "The newest one wins."
        )

    return Question(
        text="The cache holds these entries, the oldest first. Which one does the step restore? If it is none, answer `none`.",
        judge=judge,
        right=answer,
        wrong=tuple(one for one in (*entries, "none") if one != answer),
        example='"Linux-pip-1a2b"',
        figures=(Listing("The step", step), Listing("Entries, the oldest first", "\n".join(entries) + "\n")),
    )


def _why(key: str, restore_keys: tuple[str, ...], found: str) -> str:
    if found == key:
        return "The key itself is there: a hit. Nothing is saved at the end of the job, since an entry never changes."
    if found:
        return (
            f"`{key}` is not there, so the newest entry that begins with `{restore_keys[0]}` is restored. That is no hit: "
            f"`cache-hit` is false, and the job saves `{key}` when it ends."
        )
    return f"`{key}` is not there, and nothing allows another key. The job begins cold, and saves `{key}` when it ends."


DRILL = Drill("find the entry that is restored", _make)
