"""Step 3's starter: the widgets service with step 2's workflow, which keeps nothing of what a run makes."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from graders.starter import Commit, Starter, answer_of, left_by_earlier, trailer
from graders.step import find

WORKFLOW = ".github/workflows/ci.yml"
_FIRST_DAY = 1_788_253_200  # 2026-09-01 09:00 UTC
_COLLEAGUES = ("Ines Duarte", "Noor Haddad", "Jonas Weber", "Amara Okafor", "Mei Tanaka")
_REASONS = (
    "could not say which test had failed last week: the log was too long to find it",
    "shipped a package that nobody had ever installed",
    "waited for the same forty downloads in each of thirty runs",
    "asked which lines no test reaches, and nobody knew",
)


def starter(seed: int) -> Starter:
    """The service as the steps before left it."""
    random = Random(f"artifacts:{seed}")
    colleague, reason = random.choice(_COLLEAGUES), random.choice(_REASONS)
    place = find("artifacts")
    author = f"{colleague} <{colleague.split()[0].lower()}@example.org>"
    message = f"Bring in the widgets service\n\n{trailer('artifacts', seed)}"
    variant = {"colleague": colleague, "reason": reason, "ci": answer_of(place.folder)[WORKFLOW]}
    return Starter((Commit(message, author, _FIRST_DAY, left_by_earlier(place)),), variant=variant)


def ticket(variant: Mapping[str, str]) -> str:
    """What the learner is asked to do, in Markdown."""
    return f"""\
**Ticket: let the pipeline remember.** {variant["colleague"]} {variant["reason"]}. Change `{WORKFLOW}`, so that on a push to
main:

- **Cache.** What pip downloads or installs comes from a cache. Its key changes with the lock file that you install from,
  `requirements-dev.lock`, and with the runner's operating system; with nothing else. With an empty cache all works, too.
- **Reports.** The test report (JUnit XML, with every test) and the coverage of `widgets` (XML, HTML, LCOV, JSON or
  `.coverage`) are uploaded as artifacts, also when a test fails; the run is red then.
- **Package.** One job builds the wheel and uploads it. A later job downloads it, installs it and starts the service from
  it (importing it will do), without building it again.
- **Retention.** Each upload says for how many days it is kept, 1 to 90.
- **Secrets.** None is in any artifact or cache.

What the lock lacks is installed by a command of its own: `pip install pytest-cov build`. Jobs run on `ubuntu-latest`.
"""
