"""Say what a service does with an environment: start, or exit and name what it lacks."""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong

_ENVIRONMENTS = (
    {"DB_URL": "sqlite:///a.db", "API_KEY": "k1"}, {"DB_URL": "sqlite:///a.db", "API_KEY": ""}, {"API_KEY": "k1"},
    {"DB_URL": "", "API_KEY": "k1"}, {"DB_URL": "sqlite:///a.db"}, {},
)  # fmt: skip
_READS = {
    'os.environ["{name}"]': lambda env, name: "exits" if name not in env else "starts",
    'os.environ.get("{name}", "none")': lambda env, name: "starts",
    'os.environ.get("{name}") or sys.exit("{name} is not set")': lambda env, name: (
        "starts" if env.get(name) else "exits"
    ),
}


def _make(random: Random) -> Question:
    env = random.choice(_ENVIRONMENTS)
    first, second = random.choices(list(_READS), k=2)
    code = f"db_url = {first.format(name='DB_URL')}\napi_key = {second.format(name='API_KEY')}\nserve(db_url, api_key)"
    lacking = [name for read, name in ((first, "DB_URL"), (second, "API_KEY")) if _READS[read](env, name) == "exits"]
    answer = lacking[0] if lacking else "starts"
    shown = "\n".join(f"{name}={value}" for name, value in env.items()) or "(nothing)"

    def judge(given: str) -> Feedback:
        said = given.strip(" `'\".").upper()
        if said not in ("STARTS", "DB_URL", "API_KEY"):
            return unclear(f"{quoted(given)} is none of the answers.", "`starts`, `DB_URL` or `API_KEY`.")
        if said == answer.upper():
            empty = any(value == "" for value in env.values())
            more = " An empty value is there all the same: `get` with a default, and `[…]`, take it." if empty else ""
            return right(f"Python goes from top to bottom, and the first that is refused ends it.{more}"
                         if lacking else f"Nothing here is refused, so the service starts.{more}")  # fmt: skip
        if said == "STARTS":
            return wrong(
                f"It does not start: the line with `{answer}` ends it.",
                "`[…]` refuses a missing name, `or sys.exit` an empty value too.",
            )
        if not lacking:
            return wrong(
                f"The line with `{said}` does not end it: it takes what is there.",
                "What does that line do with what is, or is not, there?",
            )
        return wrong(f"The line with `{said}` does not end it, or is never reached.", "Which line ends it first?")

    return Question(
        text="The service starts with this environment and nothing else. Does it start, and if not, which variable stops it?",
        judge=judge,
        right=answer,
        wrong=tuple(one for one in ("starts", "DB_URL", "API_KEY") if one != answer),
        example='"starts"',
        figures=(Listing("Environment", shown), Listing("service.py", code)),
    )


DRILL = Drill("does it start", _make)
