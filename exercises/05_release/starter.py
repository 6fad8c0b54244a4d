"""Step 5's starter: the service with its CI and its image, and scripts that deploy it and ask whether it works."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from graders.starter import Commit, Starter, answer_of, given_by, left_by_earlier, trailer
from graders.step import find

WORKFLOW = ".github/workflows/release.yml"
_AUTHOR = "Noor Haddad <noor@example.org>"
_FIRST_DAY = 1_788_253_200  # 2026-09-01 09:00 UTC
_DAY = 86_400
_IN_THE_ANSWER = "brightshop"
_TEAMS = (_IN_THE_ANSWER, "northwind", "tinkerworks", "harbourgoods", "copperlane")


def starter(seed: int) -> Starter:
    """The service as the steps before left it, then what it takes to deploy it."""
    random = Random(f"release:{seed}")
    place, team = find("release"), random.choice(_TEAMS)
    version = f"v{random.randint(1, 3)}.{random.randint(1, 9)}.0"
    earlier = left_by_earlier(place)
    given = {path: text for path, text in given_by(place.folder).items() if path not in earlier}
    answer = answer_of(place.folder)[WORKFLOW].replace(_IN_THE_ANSWER, team)
    return Starter(
        commits=(
            Commit(f"Bring in the widgets service\n\n{trailer('release', seed)}", _AUTHOR, _FIRST_DAY, earlier),
            Commit("Deploy it, and ask whether it works\n", _AUTHOR, _FIRST_DAY + _DAY, given),
        ),
        variant={"image": f"ghcr.io/{team}/widgets", "version": version, "workflow": answer},
    )


def ticket(variant: Mapping[str, str]) -> str:
    """What the learner is asked to do, in Markdown."""
    return f"""\
**Ticket: release what is on main.** Somebody pushes a version tag, such as `{variant["version"]}`, to a commit of main.
From then on a workflow of yours does the rest:

- **Build once.** One job builds the image and pushes it to `{variant["image"]}`. Nothing is built after it.
- **Staging.** A job of its own, in the environment `staging`, deploys that image and smoke tests it.
- **Production.** Another job, in the environment `production`, deploys the very same image: after staging, and after
  somebody has approved it. The forge asks for the approval, as the environment has a reviewer.
- **The same image** is the same text in both: one that can't come to mean another image. It ends in the commit's SHA,
  the version, or the image's digest.
- **If staging fails**, or its smoke test, production does not start, and nobody is asked to approve it.
- **Only main.** A tag on a commit that main does not have deploys nothing, and neither does another branch or a pull
  request. (Releasing each push to main, instead of tags, is as good.)
- **One at a time.** Two releases never deploy at the same time, and a newer one does not stop one half-way.

`scripts/deploy.sh ENVIRONMENT IMAGE` and `scripts/smoke.sh ENVIRONMENT` are there. Where a workflow calls `docker`,
`kubectl`, `helm`, `ssh` or `curl`, the course plays these commands and writes down each call: that is what is judged.
"""
