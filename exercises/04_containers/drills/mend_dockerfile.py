"""Mend a Dockerfile that works, and that nobody should ship."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from graders.drills.question import Drill, Feedback, Listing, Question, right, unclear, wrong
from graders.evidence.dockerfile.cache import rebuilt
from graders.evidence.dockerfile.model import Dockerfile
from graders.evidence.dockerfile.read import DockerfileProblem, read

_ROOT = ("root", "0")


class Fault(NamedTuple):
    """A change that spoils the good Dockerfile: what is replaced, and by what."""

    good: str
    bad: str


_FAULTS = (
    Fault("COPY requirements.lock ./\nRUN /venv/bin/pip install --requirement requirements.lock\nCOPY {name} {name}\n",
          "COPY . .\nRUN /venv/bin/pip install --requirement requirements.lock\n"),
    Fault("USER {name}\n", "USER {name}\nUSER root\n"),
    Fault("USER {name}\n", ""),
    Fault('CMD ["/venv/bin/python", "-m", "{name}"]\n', "CMD /venv/bin/python -m {name}\n"),
    Fault('CMD ["/venv/bin/python", "-m", "{name}"]\n', "CMD ['/venv/bin/python', '-m', '{name}']\n"),
    Fault("\nFROM python:{version}-slim\n", "\nFROM build\n"),
    Fault("\nFROM python:{version}-slim\n", "\nFROM python\n"),
)  # fmt: skip
_GOOD = """\
FROM python:{version} AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --requirement requirements.lock
COPY {name} {name}

FROM python:{version}-slim
RUN useradd {name}
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app/{name} {name}
USER {name}
CMD ["/venv/bin/python", "-m", "{name}"]
"""


def _make(random: Random) -> Question:
    name = random.choice(("widgets", "orders", "search", "billing"))
    version = random.choice(("3.11", "3.12", "3.13"))
    good = _GOOD.format(name=name, version=version)
    first, second = _two(random, name, version)
    bad = good.replace(first.good, first.bad).replace(second.good, second.bad)

    def judge(given: str) -> Feedback:
        text = given.strip("\n") + "\n"
        if "FROM" not in text.upper():
            return unclear("That is no Dockerfile: it has no `FROM`.", "Copy the Dockerfile, and mend it there.")
        try:
            dockerfile = read(text.encode())
        except DockerfileProblem as problem:
            return wrong(f"The builder would refuse it. Line {problem.where.line}: {problem.what}", "Mend that line.")
        return _fault_in(dockerfile, name) or right(
            f"A change in `{name}/` installs nothing again, the final stage starts from a slim image of its own, and the "
            "service is PID 1 and not root."
        )

    return Question(
        text="Two things are wrong with this Dockerfile. A change of the source should not install the dependencies again, the "
        "final stage should start from a small image with a tag that says which, the service should not run as root, and it "
        "should be PID 1.",
        judge=judge,
        right=good,
        wrong=(bad, good.replace(first.good, first.bad), good.replace(second.good, second.bad)),
        example="'''\nFROM …\n'''",
        figures=(Listing("Dockerfile", bad),),
    )


def _two(random: Random, name: str, version: str) -> tuple[Fault, Fault]:
    faults = [
        Fault(one.good.format(name=name, version=version), one.bad.format(name=name, version=version))
        for one in _FAULTS
    ]
    first = random.choice(faults)
    return first, random.choice([one for one in faults if one.good != first.good])


def _fault_in(dockerfile: Dockerfile, name: str) -> Feedback | None:
    final = dockerfile.final
    for found in (_in_order(dockerfile, name), _in_stages(dockerfile, name), _in_user(dockerfile)):
        if found:
            return found
    process = final.settings.first_process
    if process is None or name not in " ".join(process.argv):
        return wrong(f"The image does not start `{name}` any more.", "Leave `python -m` and its name in `CMD`.")
    if process.words[0].startswith("['"):
        return wrong(
            "Single quotes are no JSON, so a shell looks for a command that begins with `[`.", 'Exec form wants `"`.'
        )
    if process.argv[0] in ("/bin/sh", "sh") and "exec " not in process.argv[-1]:
        return wrong("In shell form, PID 1 is `/bin/sh`, which passes no signal on.", 'Exec form: `CMD ["…", "…"]`.')
    return None


def _in_order(dockerfile: Dockerfile, name: str) -> Feedback | None:
    installs = [step for stage in dockerfile.stages for step in stage.named("RUN") if "pip install" in step.text]
    if not installs:
        return wrong("Nothing installs the dependencies any more.", "Leave the `RUN … pip install` in.")
    again = rebuilt(dockerfile, dockerfile.final, [f"{name}/app.py"])
    if not again:
        return wrong(f"`{name}/` is not copied into the image any more.", "The service has to be in it.")
    if any(one.step in installs for one in again):
        return wrong(
            "A change in the source makes a layer before `pip install` anew, and all that stand on it.",
            "Copy what `pip install` needs first, and the source after it.",
        )
    if not rebuilt(dockerfile, dockerfile.final, ["requirements.lock"]):
        return wrong(
            "A changed `requirements.lock` changes nothing.", "It has to be copied before it is installed from."
        )
    return None


def _in_stages(dockerfile: Dockerfile, name: str) -> Feedback | None:
    final = dockerfile.final
    if final.base_stage is not None or len(dockerfile.needed(final)) < 2:
        return wrong(
            "The final stage is the one that builds, or stands on it: all that building took is in the image.",
            "Start it from a small image, and `COPY --from=` what is needed.",
        )
    image, _, tag = final.base.partition("@")[0].rpartition(":")
    if (not image and "@" not in final.base) or tag == "latest":
        return wrong(f"`{final.base}` means `latest`: another image next month.", "Give it a tag that says which.")
    if "slim" not in tag and "alpine" not in tag and "@" not in final.base:
        return wrong(f"`{final.base}` is the large image, compilers and all.", "There is a `-slim` of it.")
    return None


def _in_user(dockerfile: Dockerfile) -> Feedback | None:
    user = dockerfile.final.settings.user
    if user is None:
        return wrong("Without `USER` in the final stage, the service runs as root.", "Put one before `CMD`.")
    if user.value.partition(":")[0] in _ROOT:
        return wrong(f"The last `USER` counts, and on line {user.where.line} that is root.", "Take it out.")
    return None


DRILL = Drill("mend a Dockerfile", _make)
