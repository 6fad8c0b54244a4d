"""Step 4's starter: the service with its CI, and nothing yet that puts it into an image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from random import Random

from graders.starter import Commit, Starter, answer_of, left_by_earlier, trailer
from graders.step import find

_AUTHOR = "Noor Haddad <noor@example.org>"
_FIRST_DAY = 1_788_253_200  # 2026-09-01 09:00 UTC
_NUMBERS = range(100, 1_000)


def starter(seed: int) -> Starter:
    """The service as the steps before left it."""
    random = Random(f"containers:{seed}")
    place = find("containers")
    answer = {PurePosixPath(path).stem.strip(".").lower(): text for path, text in answer_of(place.folder).items()}
    message = f"Bring in the widgets service\n\n{trailer('containers', seed)}"
    return Starter(
        commits=(Commit(message, _AUTHOR, _FIRST_DAY, left_by_earlier(place)),),
        variant={"ticket": f"OPS-{random.choice(_NUMBERS)}", **answer},
    )


def ticket(variant: Mapping[str, str]) -> str:
    """What the learner is asked to do, in Markdown."""
    return f"""\
**{variant["ticket"]}: put the widgets service into an image.** On a branch of yours, commit a `Dockerfile`, a `.dockerignore`
and `scripts/publish.sh`.

- **`docker build .`** gives the image that runs: from a clean checkout, in several stages, the last one with what the
  service needs and no more: no compiler, no test tools, no `.git`, at most 1.8 times as large as its base image.
- **`docker build --target test .`** gives an image that runs the tests when it is run, and fails when one of them does. (If
  they run while that stage is built, the build has to fail.)
- **Cache.** After a change in `widgets/`, a build does not install the dependencies again.
- **Nothing leaks.** `.dockerignore` keeps `.git` and `.env` out. No secret is in a layer, in the environment, in a label, or
  in the history.
- **It runs** without root, listens on port 8000, and takes its settings from the environment (`.env.example`). Without any
  it has to start too.
- **HEALTHCHECK** tells the truth: healthy while `GET /healthz` answers 200, unhealthy when it answers 503.
- **It stops** on SIGTERM within seconds.
- **`scripts/publish.sh`** builds the image and pushes it as `$REGISTRY/widgets:TAG`, where TAG is made of the commit's id
  (seven digits or more). `$REGISTRY` is HOST:PORT: `ninesteps registry up` starts one for you to try.

Base images: an official Python image (3.11 to 3.13, Debian) is there in any case, also where Docker Hub can't be reached.
"""
