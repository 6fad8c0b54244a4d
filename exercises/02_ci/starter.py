"""Step 2's starter: the widgets service, with no workflow yet and a script that brings it to the team's test server."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from graders.starter import Commit, Starter, answer_of, left_by_earlier, trailer
from graders.step import find

_DAY = 86_400
_FIRST_DAY = 1_788_253_200  # 2026-09-01 09:00 UTC
_MAINTAINER = "Ines Duarte <ines@example.org>"
_COLLEAGUES = ("Noor Haddad", "Jonas Weber", "Amara Okafor", "Mei Tanaka")
_SERVERS = ("widgets-test.example.org", "try.widgets.example.org", "sandbox.example.org", "preview.example.org")

_DELIVER = """\
#!/bin/sh
# Bring the service to the team's test server.
set -eu
rsync --archive --delete widgets requirements.lock "deploy@{server}:/srv/widgets/"
"""


def starter(seed: int) -> Starter:
    """The service with what the steps before this one left, and the script in a commit of its own."""
    random = Random(f"ci:{seed}")
    colleague, server = random.choice(_COLLEAGUES), random.choice(_SERVERS)
    place = find("ci")
    mail = f"{colleague.split()[0].lower()}@example.org"
    return Starter(
        commits=(
            Commit(
                f"Serve widgets: create, read, list and delete\n\n{trailer('ci', seed)}", _MAINTAINER, _FIRST_DAY,
                left_by_earlier(place),
            ),
            Commit(
                "Deliver to the test server with one command\n", f"{colleague} <{mail}>", _FIRST_DAY + _DAY,
                {"scripts/deliver.sh": _DELIVER.format(server=server)},
            ),
        ),
        variant={"colleague": colleague, "server": server, "ci": answer_of(place.folder)[".github/workflows/ci.yml"]},
    )  # fmt: skip


def ticket(variant: Mapping[str, str]) -> str:
    """What the learner is asked to do, in Markdown."""
    return f"""\
**Ticket: let a workflow check every change.** Write a GitHub Actions workflow that runs all tests and the linter on every
push to main and on every pull request into main; what changes documentation only may be left out. It is green on the code
as it is, and red when a test fails, when the linter complains about the service's code, or when pytest finds no test.
The token gets the rights that it needs, and no more. Jobs run on `ubuntu-latest`.

{variant["colleague"]} wrote `scripts/deliver.sh`, which brings the service to {variant["server"]}. You need not use it. If
you have it delivered, then only when every check is green, and only from main, never from a pull request.
"""
