"""Step 3, artifacts and caching: dependencies come from a cache, reports outlive their run, a package is built once.

The pipeline runs on good code with nothing in the cache, then with what that left: on changed code, on a changed lock, and
on a broken test. What was kept is opened and read. The lock's run also damages packages on their way to later jobs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from graders.criterion import Kind, Verdict, cannot_check, criterion, failed, passed
from graders.evidence.canary import Sighting, search
from graders.evidence.test_report import read_test_report
from graders.picture import Pipelines
from graders.runners.workflow.artifact_runs import ArtifactsWork
from graders.runners.workflow.cache_mistakes import why_missed, why_nothing_is_cached, why_stale
from graders.runners.workflow.cache_use import knows_the_system, lookups
from graders.runners.workflow.hand_over import (
    HandOver,
    Use,
    built_again,
    ended_after_taking,
    hand_overs,
    made,
    waits_for,
)
from graders.runners.workflow.picture import pipeline_of
from graders.runners.workflow.scenario import Outcome
from graders.runners.workflow.unnoticed import Reason
from graders.runners.workflow.verdicts import cannot_play, not_green, ran, unreadable
from graders.runners.workflow.work import open_pipeline
from graders.step import Step

_LONGEST_DAYS = 90  # https://docs.github.com/en/organizations/managing-organization-settings/configuring-the-retention-period-for-github-actions-artifacts-and-logs-in-your-organization
_UPLOAD_STEP = "`uses: actions/upload-artifact@v5` with `path:` and `retention-days:`"


@criterion(points=1)
def readable(work: ArtifactsWork) -> Verdict:
    """GitHub would run your workflow.

    Why: a file that GitHub refuses runs nothing, and says so only on its own page.
    Hint: Where does GitHub look? `.github/workflows/`, files that end in `.yml` or `.yaml`.
    Hint: `actionlint` reads the file as GitHub does, and names line and column.
    """
    return unreadable(work) or passed(f"{_count(len(work.workflows), 'workflow')}, and GitHub would run each.")


@criterion(points=1, after=[readable])
def green_when_cold(work: ArtifactsWork) -> Verdict:
    """With nothing in the cache, the pipeline is green.

    Why: GitHub deletes caches whenever it needs room, so a run may begin with none at any time.
    Hint: Does any job take something that only an earlier run could have left, or that another job has not uploaded yet?
    Hint: A job that downloads an artifact lists in `needs:` the job that uploads it, and asks for it by the same name.
    """
    expected = "every job green on good code, with an empty cache"
    return not_green(work.cold, expected=expected) or passed(
        "With an empty cache, every job is green.", ran=ran(work.cold)
    )


@criterion(points=2, after=[green_when_cold])
def dependencies_cached(work: ArtifactsWork) -> Verdict:
    """The next run finds the dependencies in the cache, whatever code has changed.

    Why: a run that downloads the same packages again is slower, and fails when the package index does.
    Hint: `setup-python` caches what pip downloads: which two inputs does that take?
    Hint: `cache: pip` and `cache-dependency-path: requirements-dev.lock`. Nothing that is new in each run (`github.sha`,
    `github.run_id`, the hash of your code) belongs into a key.
    """
    expected = "a dependency cache that the first run fills, and that a run on other code finds by its exact key"
    if not work.cached:
        return _failed(why_nothing_is_cached(work.cold, work.library), expected, work.cold)
    if work.warm.trouble:
        return cannot_play(work.warm)
    again = work.again(work.warm)
    if not again and work.warm.green:
        return cannot_check(
            "On other code, no job came to look into the cache.", next="Let the same jobs run on each push.",
            where=work.cached[0].where, ran=ran(work.warm),
        )  # fmt: skip
    if missed := next(((before, now) for before, now in again if not now.hit), None):
        return _failed(why_missed(missed[1], work.changed, work.library), expected, work.warm)
    if red := not_green(work.warm, expected="every job green when the cache is filled, too"):
        if red.kind is not Kind.FAILED or not work.warm.failing:
            return red
        first = work.warm.failing[0]
        return failed(
            f"With the cache filled, {first.named} fails; with an empty one it does not.",
            expected="every job green with a filled cache, too", where=first.where, mistake="red with a filled cache",
            next="A cache of downloads (`~/.cache/pip`) saves the download, not the installation: install in every run.",
            ran=ran(work.warm), marks=[first.job_run.id],
        )  # fmt: skip
    found = len({one.key for one in work.cached})
    return passed(f"After a change of code, {_count(found, 'cache')} of dependencies: found again.", ran=ran(work.warm))


def _failed(reason: Reason, expected: str, outcome: Outcome) -> Verdict:
    return failed(
        reason.what, expected=expected, where=reason.where, mistake=reason.mistake, next=reason.next, ran=ran(outcome),
        marks=[reason.job] if reason.job else [],
    )  # fmt: skip


@criterion(points=1, after=[dependencies_cached])
def new_lock_new_cache(work: ArtifactsWork) -> Verdict:
    """When the lock file changes, so does the key.

    Why: an entry never changes. Under the same key you would get yesterday's packages for ever.
    Hint: Which file does `pip install -r …` read? The key must be made from that one.
    Hint: `cache-dependency-path: requirements-dev.lock`, or `hashFiles('requirements-dev.lock')` in a key of your own.
    """
    lock = ", ".join(f"`{name}`" for name in work.locks)
    expected = f"another key once {lock or 'the lock'} has changed"
    if work.relocked.trouble:
        return cannot_play(work.relocked)
    if not work.locks:
        return failed(
            "There is no lock file to install from.", expected="dependencies installed from a lock file",
            where=work.branch, mistake="no lock", ran=["git ls-files"],
            next="`pip install -r requirements-dev.lock`: the lock that you were given pins each package.",
        )  # fmt: skip
    again = work.again(work.relocked)
    if not again:
        return cannot_check(
            f"After a change of {lock}, no job came to look into the cache.", ran=ran(work.relocked),
            next="Look at what stops it: `ninesteps run view --log-failed` after a push.",
        )  # fmt: skip
    stale = next((now for _, now in again if now.hit), None)
    if stale is None:
        return passed(f"After a change of {lock}, the old entry is not taken for the new one.", ran=ran(work.relocked))
    reason = why_stale(stale, work.locks[0], list(work.files))
    what = f"{reason.what} After a change of {lock} the old entry still counts as a hit."
    return _failed(replace(reason, what=what), expected, work.relocked)


@criterion(points=1, after=[dependencies_cached])
def a_cache_for_each_system(work: ArtifactsWork) -> Verdict:
    """The key names the operating system.

    Why: packages hold compiled code. A cache from Linux, restored on macOS, breaks in ways that take a day to understand.
    Hint: `setup-python` puts the system into its keys by itself. Does yours have it?
    Hint: Begin the key with `${{ runner.os }}-`.
    """
    blind = next((one for one in work.cached if not knows_the_system(one, work.library)), None)
    if blind is None:
        return passed("Each cache of dependencies has the operating system in its key.", ran=ran(work.cold))
    written = "linux" in blind.key.lower() or "ubuntu" in blind.key.lower()
    found = (
        f"The key in the job `{blind.call.job}` has the system's name written out: it stays the same on any other."
        if written
        else f"The key in the job `{blind.call.job}` would be the same on every operating system."
    )
    return failed(
        found, expected="a key that differs from one operating system to the next", where=blind.where,
        mistake="system written out" if written else "no system in the key", marks=[blind.call.job],
        next="Begin the key with `${{ runner.os }}-`, which is the system that the job runs on.", ran=["actionlint"],
    )  # fmt: skip


@criterion(points=2, after=[green_when_cold])
def report_uploaded(work: ArtifactsWork) -> Verdict:
    """The test report is uploaded: JUnit XML, with all of the suite's tests.

    Why: a log is gone in a while and nobody can search it; a report in a common format can be shown, counted and compared.
    Hint: Which option of pytest writes a report in JUnit's format, and which action keeps a file after the job?
    Hint: `python -m pytest --junitxml=build/junit.xml`, then `actions/upload-artifact` with `path: build/junit.xml`.
    """
    expected = "an artifact with a JUnit XML file that names every test of the suite"
    suite = work.own_suite
    if suite.trouble:
        return cannot_check(f"What tests there are can't be seen: {suite.trouble}.", next=suite.mend)
    report = work.reports(work.cold)
    if report is None:
        return _no_report(work, work.cold, expected)
    missing = sorted(set(suite.passed) - report.tests)
    if missing:
        how_many = f"{len(missing)} of {len(suite.passed)}"
        return failed(
            f"The report lacks {how_many} tests of the suite, such as `{missing[0]}`.", expected=expected,
            where=_first_place(work.uploads(work.cold)), mistake="not all tests in the report", ran=ran(work.cold),
            next="Let the pytest call that writes the report run the whole suite, or upload each call's report.",
        )  # fmt: skip
    return passed(f"The report names all {len(suite.passed)} tests.", ran=ran(work.cold))


def _no_report(work: ArtifactsWork, outcome: Outcome, expected: str) -> Verdict:
    uploads = work.uploads(outcome)
    late = _uploads_after_a_failure(work)
    if late:
        return failed(
            "The report is uploaded when a test fails, and not when all is well.", expected=expected, where=late[0].where,
            mistake="upload only after a failure", ran=ran(work.broken), marks=[late[0].call.job],
            next="`if: failure()` is true after a failure only; `if: ${{ !cancelled() }}` is true in both cases.",
        )  # fmt: skip
    if not uploads:
        return failed(
            "Nothing is uploaded: with the job's machine, its files are gone.", expected=expected, ran=ran(outcome),
            where=outcome.started[0].workflow.path, mistake="nothing uploaded",
            next=f"Write the report with `--junitxml=build/junit.xml`, then add {_UPLOAD_STEP}.",
        )  # fmt: skip
    empty = next((one for one in uploads if not one.files), None)
    if empty:
        path = str(empty.call.inputs.get("path", "")).strip().splitlines()
        return failed(
            f"The upload finds no file at `{path[0][:80] if path else ''}`; it only warns, and the job stays green.",
            expected=expected, where=empty.where, mistake="nothing at the path", ran=ran(outcome),
            next="Give `path:` what `--junitxml=` writes, from the repository's root; `if-no-files-found: error` makes it red.",
            marks=[empty.call.job],
        )  # fmt: skip
    names = [name for one in uploads for name in one.files]
    return failed(
        f"None of the uploaded files is JUnit XML: {_listed(names)}.", expected=expected, where=uploads[0].where,
        mistake="no JUnit XML", ran=ran(outcome), marks=[uploads[0].call.job],
        next="`python -m pytest --junitxml=build/junit.xml` writes it; upload that file.",
    )  # fmt: skip


def _uploads_after_a_failure(work: ArtifactsWork) -> list[Use]:
    """The uploads of a report that run when a test fails, and did not when none did."""
    if work.mutant is None or work.reports(work.broken) is None:
        return []
    before = {one.where for one in work.uploads(work.cold)}
    return [one for one in work.uploads(work.broken) if one.where not in before]


@criterion(points=1, after=[report_uploaded])
def report_when_red(work: ArtifactsWork) -> Verdict:
    """When a test fails, the run is red and the report is there all the same.

    Why: the report of a failed run is the one that you need.
    Hint: After a failed step, the steps that follow are skipped. Which `if:` changes that?
    Hint: `if: ${{ !cancelled() }}` on the upload; not `continue-on-error` on the tests, which would hide the failure.
    """
    expected = "a red run, and in its artifacts a report that shows the failed test"
    if work.mutant is None:
        return cannot_check("No test of yours could be broken on purpose.", next="Give a test a plain `assert`.")
    outcome, wanted = work.broken, work.failing_with(work.mutant)
    name = sorted(wanted)[0]
    if outcome.trouble:
        return cannot_play(outcome)
    report = work.reports(outcome)
    place = _first_place(work.uploads(work.cold))
    if not outcome.red:
        return failed(
            f"With `{name}` broken, the run is green.", expected=expected, where=place, mistake="green with a broken test",
            next="Let the tests' own exit code end the job; the upload needs `if: ${{ !cancelled() }}`, and nothing else.",
            ran=ran(outcome),
        )  # fmt: skip
    if report is None:
        skipped = [one for one in work.uploads(work.cold) if _holds_report(work, one)]
        uploads = work.uploads(outcome)
        ran_empty = any(not one.files for one in uploads)
        return failed(
            f"With `{name}` broken, no report is kept"
            + (": the upload runs, and finds none." if ran_empty else ": the upload does not run."),
            expected=expected, where=skipped[0].where if skipped else place, ran=ran(outcome),
            mistake="no report when red" if ran_empty else "uploaded only when green",
            next=(
                "Write the report in the step that runs the tests: what stands after it is skipped."
                if ran_empty
                else "Give the upload `if: ${{ !cancelled() }}`; if it is in another job, give it to that job, too."
            ),
            marks=[one.call.job for one in skipped[:1]],
        )  # fmt: skip
    if not wanted <= report.failed:
        return failed(
            f"With `{name}` broken, the report does not show it as failed.", expected=expected, where=place,
            mistake="report not of this run", ran=ran(outcome),
            next="Write the report anew in each run, where the tests run; take it out of the repository and of caches.",
        )  # fmt: skip
    return passed(f"With `{name}` broken the run is red, and its report shows that test as failed.", ran=ran(outcome))


def _holds_report(work: ArtifactsWork, upload: Use) -> bool:
    files = (data for one in work.cold.artifacts if one.name == upload.name for data in one.files.values())
    return any(read_test_report(data) for data in files)


@criterion(points=1, after=[green_when_cold])
def coverage_uploaded(work: ArtifactsWork) -> Verdict:
    """The coverage of the service's code is uploaded, whether the tests pass or fail.

    Why: only with the report at hand do you see which lines no test reaches.
    Hint: pytest-cov measures while the tests run; which option says what is to be measured, which one what is written?
    Hint: `pip install pytest-cov`, `--cov=widgets --cov-report=xml:build/coverage.xml`, and the file in the upload's `path:`.
    """
    expected = "a coverage report of the service's code in the artifacts: XML, HTML, LCOV, JSON or `.coverage`"
    there, files = work.measured(work.cold)
    place = _first_place(work.uploads(work.cold)) or work.cold.started[0].workflow.path
    if not there:
        hidden = any(".coverage" in str(one.call.inputs.get("path", "")) for one in work.uploads(work.cold))
        return failed(
            "The upload leaves `.coverage` out, since its name begins with a dot."
            if hidden
            else "No coverage report of this run is in the artifacts.",
            expected=expected, where=place, mistake="hidden file left out" if hidden else "no coverage", ran=ran(work.cold),
            next="Give the upload `include-hidden-files: true`, or write XML: `--cov-report=xml:build/coverage.xml`."
            if hidden
            else "`pip install pytest-cov`, then `--cov=widgets --cov-report=xml:build/coverage.xml`; upload that file.",
        )  # fmt: skip
    if not files:
        return failed(
            "The coverage report measures none of the service's files.", expected=expected, where=place,
            mistake="other code measured", ran=ran(work.cold), next="`--cov=widgets` says what is to be measured.",
        )  # fmt: skip
    if work.mutant is not None:
        if work.broken.trouble:
            return cannot_play(work.broken)
        if not work.measured(work.broken)[1]:
            return failed(
                "When a test fails, no coverage report is kept.", expected=expected, where=place,
                mistake="coverage only when green", ran=ran(work.broken),
                next="`if: ${{ !cancelled() }}` on the upload, and on the step that writes the report if it is one of its own.",
            )  # fmt: skip
    return passed(f"Coverage of {_count(len(files), 'file')} of the service is kept.", ran=ran(work.cold))


@criterion(points=1, after=[green_when_cold])
def retention_set(work: ArtifactsWork) -> Verdict:
    """Each upload says for how many days it is kept.

    Why: what nobody chose is kept for 90 days and paid for, or is gone when somebody asks for it.
    Hint: Which input of `upload-artifact` counts in days?
    Hint: `retention-days: 14` under each upload's `with:`; 1 to 90.
    """
    expected = "`retention-days` of 1 to 90 on every upload"
    places = {(one.where, one.name): one for outcome in (work.cold, *_others(work)) for one in work.uploads(outcome)}
    if not places:
        return failed(
            "Nothing is uploaded, so nothing is kept for any time.", expected=expected, ran=ran(work.cold),
            where=work.cold.started[0].workflow.path, mistake="nothing uploaded", next=f"Add {_UPLOAD_STEP}.",
        )  # fmt: skip
    chosen = []
    for upload in places.values():
        days = str(upload.call.told.get("retention_days", "")).strip()
        number = int(days) if days.isdecimal() and len(days) < 9 else 0
        if 1 <= number <= _LONGEST_DAYS:
            chosen.append(number)
            continue
        found, mistake = (
            (f"for `{days[:20]}` days", "no such retention")
            if days
            else ("for as long as the repository says", "no retention")
        )
        return failed(
            f"The upload of `{upload.name[:60]}` is kept {found}.", expected=expected, where=upload.where, mistake=mistake,
            next="Add `retention-days: 14` under `with:`; GitHub takes 1 to 90.", ran=ran(work.cold),
            marks=[upload.call.job],
        )  # fmt: skip
    return passed(f"Kept for {' and '.join(map(str, sorted(set(chosen))))} days.", ran=ran(work.cold))


def _others(work: ArtifactsWork) -> list[Outcome]:
    return [work.broken] if work.mutant else []


@criterion(points=2, after=[green_when_cold])
def built_once(work: ArtifactsWork) -> Verdict:
    """A later job takes the package that was built, uses it, and does not build again.

    Why: what you tested is what you ship only if it is the same file.
    Hint: How does a file get from one job to another, which begins on an empty machine?
    Hint: `upload-artifact` with `dist/*.whl` in one job; in another, with `needs:`, `download-artifact` and
    `pip install dist/*.whl`.
    """
    expected = (
        "one job that builds and uploads the wheel; a later job that downloads, installs and starts that very file"
    )
    overs = list(hand_overs(work.cold, work.library))
    if not overs:
        return _not_handed_over(work, expected)
    problems: list[Verdict] = []
    for over in overs:
        problem = _not_used(work, over, expected)
        if problem is None:
            maker, taker = over.made.call.job, over.taken.call.job
            text = (
                f"`{taker}` uses the `{over.package}` that `{maker}` built: damaged on its way, it turns `{taker}` red."
            )
            return passed(text, ran=ran(work.relocked))
        problems.append(problem)
    return next((one for one in problems if one.kind is Kind.FAILED), problems[0])


def _not_handed_over(work: ArtifactsWork, expected: str) -> Verdict:
    packages = made(work.cold, work.library)
    if not packages:
        return failed(
            "No package is among the artifacts.", expected=expected, mistake="no package", ran=ran(work.cold),
            where=work.cold.started[0].workflow.path,
            next="`pip wheel --no-deps --wheel-dir dist .` builds it; upload `dist/*.whl`.",
        )  # fmt: skip
    upload, package = packages[0]
    return failed(
        f"No other job takes `{package}`, which the job `{upload.call.job}` uploads.", expected=expected,
        where=upload.where, mistake="nobody takes it", ran=ran(work.cold), marks=[upload.call.job],
        next=f"Add a job with `needs: {upload.call.job}` that downloads `{upload.name}` and installs it.",
    )  # fmt: skip


def _not_used(work: ArtifactsWork, over: HandOver, expected: str) -> Verdict | None:
    """Why a package that was taken does not count, or None where it does."""
    job, place = over.taken.call.job, over.taken.where
    if over.taken.workflow.path == over.made.workflow.path and not waits_for(
        over.taken.workflow, job, over.made.call.job
    ):
        return failed(
            f"The job `{job}` does not wait for `{over.made.call.job}`: this time the artifact was there, by chance.",
            expected=expected, where=place, mistake="does not wait", ran=ran(work.cold), marks=[job],
            next=f"Give `{job}` the line `needs: {over.made.call.job}`.",
        )  # fmt: skip
    started = next(one for one in work.cold.started if one.workflow.path == over.taken.workflow.path)
    again = built_again(started, job)
    if again is not None:
        return failed(
            f"The job `{job}` takes `{over.package}`, and builds it once more: `{_call(again.tool, again.argv)}`.",
            expected=expected, where=place, mistake="built again", ran=ran(work.cold), marks=[job],
            next="Install the downloaded file, `pip install dist/*.whl`, and take the build out of that job.",
        )  # fmt: skip
    outcome = work.relocked
    result = ended_after_taking(outcome, over)
    if result not in ("success", "failure"):
        outcome = work.damaged
        result = ended_after_taking(outcome, over)
    if outcome.trouble:
        return cannot_play(outcome)
    if result == "failure":
        return None
    if result == "success":
        return failed(
            f"With the package's code damaged on its way, the job `{job}` is still green: it does not start it.",
            expected=expected, where=place, mistake="not used", ran=ran(outcome), marks=[job],
            next="Install the downloaded file, `pip install dist/*.whl`, start the service from it where no checkout is (Python "
            "takes that first), and let no failure pass.",
        )  # fmt: skip
    return cannot_check(
        f"Whether the job `{job}` uses the package can't be seen: it does not run when the package is damaged.",
        next="Let it run after the job that builds.", where=place, ran=ran(outcome),
    )  # fmt: skip


@criterion(points=1, after=[green_when_cold])
def no_secret_kept(work: ArtifactsWork) -> Verdict:
    """No secret is in an artifact or a cache.

    Why: whoever may read the repository may download its artifacts, and a pull request may restore its caches.
    Hint: Masking covers logs alone. What do you upload or cache, file by file?
    Hint: Keep only what you name: `build/junit.xml` rather than `.`, `~/.cache/pip` rather than `~`.
    """
    outcomes = [work.cold, *(one for one in (work.warm, work.relocked, *_others(work)) if not one.trouble)]
    files = {
        f"artifact `{artifact.name}`: {name}" + (f", run {number}" if number else ""): data
        for number, outcome in enumerate(outcomes)
        for artifact in outcome.artifacts
        for name, data in artifact.files.items()
    }
    entries = {one.archive: one for outcome in outcomes for one in outcome.caches}.values()
    tars = {
        f"cache of `{', '.join(one.paths)[:80]}`, entry {number}": one.archive for number, one in enumerate(entries, 1)
    }
    expected = "artifacts and caches in which no secret stands, in any form"
    if not files and not tars:
        return failed(
            "Nothing is kept yet, neither as an artifact nor in a cache.", expected="something kept, and no secret in it",
            where=work.cold.started[0].workflow.path, mistake="nothing kept", next=f"Add {_UPLOAD_STEP}.", ran=ran(work.cold),
        )  # fmt: skip
    looked = search({**files, **tars}, work.secrets)
    if looked.sightings:
        return _leak(work, looked.sightings[0], expected)
    left_out = [name for one in work.cold.started for name in one.run.left_out]
    if looked.too_large or left_out:
        return cannot_check(
            f"Not all that is kept could be searched: {(looked.too_large or left_out)[0][:100]} is too large.",
            next="Keep less: reports and packages, not whole folders.", ran=ran(work.cold),
        )  # fmt: skip
    return passed(f"{_count(len(files) + len(tars), 'kept file')}: no secret stands in any.", ran=ran(work.cold))


def _leak(work: ArtifactsWork, sighting: Sighting, expected: str) -> Verdict:
    in_cache = sighting.place.startswith("cache")
    where = ""
    if in_cache:
        where = next(
            (one.where for one in lookups(work.cold, work.library) if ", ".join(one.paths)[:80] in sighting.place), ""
        )
    else:
        where = next((one.where for one in work.uploads(work.cold) if f"`{one.name}`" in sighting.place), "")
    return failed(
        f"The secret `{sighting.secret}` stands {sighting.form} in the {sighting.place[:160]}.", expected=expected,
        where=where or work.cold.started[0].workflow.path, ran=ran(work.cold),
        mistake="secret in a cache" if in_cache else "secret in an artifact",
        next="Keep only the files that you name, and write no secret into them; a secret that was kept must be replaced.",
    )  # fmt: skip


def _first_place(uploads: list[Use]) -> str:
    return uploads[0].where if uploads else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name[:60]}`" for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _call(tool: str, argv: tuple[str, ...]) -> str:
    return "python -m build" if argv[:1] == ("--python",) else " ".join((tool, *argv))[:80]


def draw(work: ArtifactsWork) -> Pipelines | None:
    """The run with nothing in the cache."""
    if readable.judge(work).kind is not Kind.PASSED or not work.cold.started:
        return None
    runs = tuple(pipeline_of(one.run, one.workflow, called=work.library) for one in work.cold.started)
    return Pipelines(f"What {work.cold.scenario.named} starts, with nothing in the cache", runs)


@contextmanager
def open_work(path: Path) -> Iterator[ArtifactsWork]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    with open_pipeline(path, "artifacts", CRITERIA, ArtifactsWork) as work:
        yield work


CRITERIA = (
    readable, green_when_cold, dependencies_cached, new_lock_new_cache, a_cache_for_each_system, report_uploaded,
    report_when_red, coverage_uploaded, retention_set, built_once, no_secret_kept,
)  # fmt: skip

STEP = Step(
    title="Artifacts and caching",
    subskill="Keep what a run makes, and reuse what it needs",
    minutes=60,
    open=open_work,
    criteria=CRITERIA,
    picture=draw,
)
