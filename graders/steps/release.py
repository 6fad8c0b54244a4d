"""Step 5, Release pipeline and environments: one image to staging and, approved, to production.

The release is rehearsed: a version tag is pushed, approvals are given one after another, and each played command says
which image went where. Then a deploy fails, a smoke test fails, and a tag comes that main does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from graders.criterion import Verdict, cannot_check, criterion, failed, passed
from graders.evidence.workflow.concurrency import Lock, locks
from graders.evidence.workflow.image_reference import Reference
from graders.evidence.workflow.model import Step as WorkflowStep
from graders.picture import Pipelines
from graders.runners.workflow.approvals import is_reviewed
from graders.runners.workflow.deployments import PRODUCTION, STAGING, Deed, Deployments, Job, how_to_wait, jobs_of
from graders.runners.workflow.gated import has_reviewer
from graders.runners.workflow.image_builds import built_again, deployed_unbuilt, makers_of, never_pushed
from graders.runners.workflow.image_origin import origin_of, value_that_is_empty
from graders.runners.workflow.picture import pipeline_of
from graders.runners.workflow.played_commands import Role
from graders.runners.workflow.record import Call
from graders.runners.workflow.rehearsal import Rehearsal, names_the_commit
from graders.runners.workflow.scenario import Outcome
from graders.runners.workflow.verdicts import cannot_play, not_green, not_started, ran, unreadable
from graders.runners.workflow.went_on import job_that_may_fail, why_it_went_on
from graders.runners.workflow.work import open_pipeline
from graders.step import Step

_BOTH = (STAGING, PRODUCTION)
_DECIDES = re.compile(r"script|branch|ancest|contain|guard|filter|verif")


@criterion(points=1)
def releases(work: Rehearsal) -> Verdict:
    """A release brings an image to staging and, once approved, to production.

    Why: a release that needs somebody's hands works when that person is there, and differs a little each time.
    Hint: Which event starts your workflow? A pushed tag needs `on: push: tags:`.
    Hint: Three jobs: one builds and pushes, one deploys to staging, one to production. `scripts/deploy.sh` needs the
        environment's name and the image.
    Hint: Jobs share no files and no variables. What the build job learns goes through `outputs:` to
        `needs.build.outputs.…`.
    """
    if problem := unreadable(work):
        return problem
    outcome, seen = work.release, work.deployments
    expected = f"a push of a version tag deploys to {STAGING} and to {PRODUCTION}"
    if outcome.trouble:
        return cannot_play(outcome)
    if not outcome.started:
        return _nothing_starts(work, expected)
    if outcome.failing and (bad := not_green(outcome, expected=expected)):
        return _explained(work, bad, outcome.failing[0].job_run.id)
    for environment in _BOTH:
        if not seen.to(environment):
            return _never_arrives(work, environment, expected)
    jobs = ", then ".join(f"`{jobs_of(seen.to(environment))[0].id}` to {environment}" for environment in _BOTH)
    return passed(f"On {outcome.scenario.named}, an image goes by {jobs}.", ran=ran(outcome))


def _nothing_starts(work: Rehearsal, expected: str) -> Verdict:
    mend = 'Write `.github/workflows/release.yml` with `on: {push: {tags: ["v*"]}}`, and commit it.'
    if work.untouched:
        return failed(
            "There is no commit of yours yet, and so no workflow that releases.", expected=expected, where=work.branch,
            mistake="no workflow", ran=["git log --oneline origin/main..HEAD"], next=mend,
        )  # fmt: skip
    changed = [path for path in work.files if path.startswith(".github/") and work.given.get(path) != work.files[path]]
    if not changed:
        return failed(
            "No workflow releases: your commit leaves `.github/workflows/` as it was.", next=mend,
            expected=expected, where=work.branch, mistake="no workflow", ran=["git ls-tree -r HEAD -- .github"],
        )  # fmt: skip
    theirs = [(workflow, skip) for workflow, skip in work.release.skipped if workflow.path in changed]
    outcome = Outcome(work.release.scenario, work.release.commit, (), tuple(theirs or work.release.skipped))
    return not_started(outcome, expected=expected, next='A version tag starts it with `on: push: tags: ["v*"]`.')


def _explained(work: Rehearsal, bad: Verdict, job: str) -> Verdict:
    """The same verdict, with what is behind it: files that are not there, or a value that is empty."""
    found = next((one for one in work.deployments.jobs if one.id == job), None)
    step_run = work.release.failing[0].step_run
    lost = step_run is not None and any(re.search("No such file|not found|status 127", line) for line in step_run.log)
    if lost and found and found.chain and not any(map(_checks_out, found.chain[-1].job.steps)):
        return failed(
            f"{bad.found.rstrip('.')}. The job has no checkout, so none of the repository's files are there.",
            expected=bad.expected, where=bad.where, ran=bad.ran, mistake="no checkout", marks=bad.marks,
            next=f"Let the job `{job}` begin with `uses: actions/checkout@v5`.",
        )  # fmt: skip
    empty = value_that_is_empty(found, work.library) if found else None
    if empty is None:
        return bad
    return failed(
        f"{bad.found.rstrip('.')}. `${{{{ {empty.path} }}}}` is empty there: {empty.why}.", expected=bad.expected,
        where=str(empty.where), ran=bad.ran, mistake="empty value", marks=bad.marks,
        next="Name the step's output in the job's `outputs:`, and the job in the `needs:` of the one that reads it.",
    )  # fmt: skip


def _checks_out(step: WorkflowStep) -> bool:
    return step.uses is not None and step.uses.name == "actions/checkout"


def _never_arrives(work: Rehearsal, environment: str, expected: str) -> Verdict:
    """Why nothing comes to an environment although the run is green."""
    outcome, seen = work.release, work.deployments
    meant = [job for job in seen.jobs if job.meant_for == environment]
    skipped = {run.id: run for _, run in outcome.jobs if run.result in ("skipped", "waiting", "not run")}
    other = PRODUCTION if environment == STAGING else STAGING
    ids = [job.id for job in meant]
    for job in meant:
        elsewhere = [deed for deed in seen.to(other) if deed.job == job]
        if elsewhere:
            return failed(
                f"The job `{job.id}` is {environment}'s, and deploys to {other}: `{_said(elsewhere[0])}`.",
                expected=expected, where=elsewhere[0].where, mistake="deploys to the other environment", marks=ids,
                ran=ran(outcome), next=f"Let it deploy to `{environment}`.",
            )  # fmt: skip
        if run := skipped.get(job.id):
            if unknown := _unknown(outcome):
                return _cannot_know(unknown, f"`{job.id}` does not run here", job.where)
            return failed(
                f"The job `{job.id}` does not run: it is {run.result}{f', {run.why}' if run.why else ''}.",
                expected=expected, where=job.where, mistake=f"{environment} does not run", marks=ids, ran=ran(outcome),
                next="Look at its `if:`, and at those of the jobs that it needs.",
            )  # fmt: skip
        if empty := value_that_is_empty(job, work.library):
            return failed(
                f"The job `{job.id}` deploys no image: `${{{{ {empty.path} }}}}` is empty there, as {empty.why}.",
                expected=expected, where=str(empty.where), mistake="empty value", marks=ids, ran=ran(outcome),
                next="Name the step's output in the job's `outputs:`, and the job in the `needs:` of the one that reads it.",
            )  # fmt: skip
    if meant:
        return failed(
            f"The job `{meant[0].id}` brings no image to {environment}: no command in it names one.", expected=expected,
            where=meant[0].where, mistake=f"nothing deployed to {environment}", marks=ids, ran=ran(outcome),
            next=f'Call `scripts/deploy.sh {environment} "$IMAGE"` there.',
        )  # fmt: skip
    return failed(
        f"On {outcome.scenario.named}, nothing comes to {environment}: no job is for it.", expected=expected,
        where=outcome.started[0].workflow.path, mistake=f"nothing deployed to {environment}", ran=ran(outcome),
        next=f"Add a job with `environment: {environment}` that deploys there.",
    )  # fmt: skip


@criterion(points=1, after=[releases])
def environments(work: Rehearsal) -> Verdict:
    """Staging and production have a job each, in an environment of that name.

    Why: approvals, secrets and the list of what was deployed when belong to an environment; a job without one has none.
    Hint: Which key of a job says where it deploys? `steps` can't have it.
    Hint: `environment: staging` in the one job, `environment: production` in the other. A job that calls a workflow can't
        have it: there it stands in the workflow that is called.
    """
    seen, outcome = work.deployments, work.release
    expected = "a job for staging and another for production, each with its `environment`"
    staging, production = (jobs_of(seen.to(environment)) for environment in _BOTH)
    if both := [job for job in staging if job in production]:
        job = both[0]
        matrix = job.chain and job.chain[-1].job.strategy and job.chain[-1].job.strategy.matrix
        found = f"The job `{job.id}` deploys to staging and to production"
        return failed(
            f"{found}, as legs of one matrix: legs don't wait for each other." if matrix else f"{found}.",
            expected=expected, where=job.where, mistake="a matrix over environments" if matrix else "one job for both",
            marks=[job.id], ran=ran(outcome), next="Write two jobs; they can call one reusable workflow, or one script.",
        )  # fmt: skip
    for environment, jobs in zip(_BOTH, (staging, production), strict=True):
        for job in jobs:
            if job.environment.strip().lower() == environment:
                continue
            given = f"has the environment `{job.environment}`" if job.environment else "has no `environment`"
            return failed(
                f"The job `{job.id}` deploys to {environment} and {given}.", expected=expected, where=job.where,
                mistake="another environment" if job.environment else "no environment", marks=[job.id],
                ran=ran(outcome), next=f"Give it `environment: {environment}`.",
            )  # fmt: skip
    names = " and ".join(f"`{jobs[0].id}` in `{jobs[0].environment}`" for jobs in (staging, production))
    return passed(f"Two jobs: {names}.", where=production[0].where, ran=ran(outcome))


@criterion(points=1, after=[releases])
def staging_first(work: Rehearsal) -> Verdict:
    """Production comes after staging.

    Why: staging is where a bad release is found; it can't find anything where production does not wait for it.
    Hint: Jobs run side by side unless one needs the other; their order in the file means nothing.
    Hint: `needs: [build, staging]` in the production job: each job that it takes an output from, and the one it waits for.
    """
    seen, outcome = work.deployments, work.release
    staging, production = (jobs_of(seen.to(environment)) for environment in _BOTH)
    for job in production:
        for before in staging:
            if not seen.comes_after(job, before):
                found = (
                    f"The job `{job.id}` deploys to both, so nothing can wait." if job == before
                    else f"`{job.id}` does not need `{before.id}`: both run side by side."
                )  # fmt: skip
                return failed(
                    found, expected="a production job that needs the staging job", where=job.where, marks=[job.id],
                    ran=ran(outcome), mistake="one job for both" if job == before else "production beside staging",
                    next="Write two jobs." if job == before else how_to_wait(job, before),
                )  # fmt: skip
    return passed(f"`{production[0].id}` starts when `{staging[0].id}` has ended.", ran=ran(outcome))


@criterion(points=1, after=[releases])
def one_image(work: Rehearsal) -> Verdict:
    """Staging and production get one and the same image.

    Why: what was tested is what should run; an image under another name may be another image.
    Hint: Where does each deploy job get the image's name from? One of them should say it, and only once.
    Hint: Let the build job have `outputs: image: …`, and both deploy jobs read `needs.build.outputs.image`.
    """
    seen, outcome = work.deployments, work.release
    staging, production = (_images(seen.to(environment)) for environment in _BOTH)
    deed = seen.to(PRODUCTION)[-1]
    if [one.pinned for one in staging] == [one.pinned for one in production]:
        come_from = origin_of(deed, work.library)
        return passed(
            f"Both get `{_shown(staging, work)}`{f', which comes from {come_from}' if come_from else ''}.",
            where=deed.where, ran=ran(outcome),
        )  # fmt: skip
    digests = [{seen.registry.get(str(one)) or one.digest for one in images} for images in (staging, production)]
    retagged = digests[0] == digests[1] != {""}
    return failed(
        f"Staging gets `{_shown(staging, work)}` and production `{_shown(production, work)}`"
        + (", another name for the same image, which can be moved to another one." if retagged else "."),
        expected="the same reference, to the letter, in both", where=deed.where, marks=[deed.job.id], ran=ran(outcome),
        mistake="another name for production" if retagged else "another image for production",
        next="Let both deploy `${{ needs.build.outputs.image }}`.",
    )  # fmt: skip


@criterion(points=1, after=[releases])
def immutable(work: Rehearsal) -> Verdict:
    """The image's name can't come to mean another image.

    Why: `latest` is whatever was pushed last. Who rolls back, or restarts a server at night, must get the same image.
    Hint: What will this name mean after the next release?
    Hint: Put the commit in it: `ghcr.io/…/widgets:${{ github.sha }}`; or take the digest, which
        `docker/build-push-action` has as an output.
    """
    seen, outcome = work.deployments, work.release
    expected = "a reference that holds the commit's SHA, the version or a digest"
    for environment in _BOTH:
        for deed in seen.to(environment):
            for image in deed.images:
                if image.digest or names_the_commit(image.tag, work):
                    continue
                tag = image.tag or "latest"
                kind = "the name of a branch" if tag in ("main", "master") else "a name that moves with each release"
                named = f"`:{tag}`" if image.tag else "without a tag that is `latest`, and this"
                found = f"{named} is {kind}."
                if re.fullmatch(r"\d+(-\d+)?", tag):
                    found = "that is the number of a run, and a second try of it builds another image."
                return failed(
                    f"{environment.capitalize()} gets `{_shown([image], work)}`: {found}",
                    expected=expected, where=deed.where, marks=[deed.job.id], ran=ran(outcome),
                    mistake="latest" if tag == "latest" else "a name that moves",
                    next="Tag the image with `${{ github.sha }}`, and deploy that; or deploy its digest.",
                )  # fmt: skip
    images = _images(seen.to(PRODUCTION))
    return passed(f"`{_shown(images, work)}` names one image for ever.", ran=ran(outcome))


@criterion(points=2, after=[releases])
def built_once(work: Rehearsal) -> Verdict:
    """One job builds and pushes the image, and nothing is built after it.

    Why: two builds of one commit are two images: a base image, a package or a clock may have moved in between. What was
        tested on staging would then not be what runs in production.
    Hint: How many jobs of yours build an image? Look at the record of a release: each `docker build` is one more.
    Hint: Build and push in one job. The others need nothing but the image's name: not even a checkout to build from.
    """
    seen, outcome = work.deployments, work.release
    expected = "one job that builds and pushes the image, before all that deploys"
    builds = seen.with_role(Role.BUILD)
    if not builds:
        return failed(
            "No job builds an image: what is deployed was made by nobody here.", expected=expected, ran=ran(outcome),
            where=outcome.started[0].workflow.path, mistake="nothing built",
            next="Add a job with `docker/build-push-action`, or with `docker build` and `docker push`.",
        )  # fmt: skip
    deployed = _images([*seen.to(STAGING), *seen.to(PRODUCTION)])
    makers = makers_of(seen, deployed)
    if again := built_again(seen, makers):
        first = makers[0] if makers else builds[0].job
        twice = f"`{again.job.id}` builds" + (f" again what `{first.id}` has built" if again.job != first else "")
        return failed(
            f"{twice}: `{_said(again)}`. The tag may be the same; the image is another one.", expected=expected,
            where=again.where, mistake="rebuilt for each environment", marks=[again.job.id], ran=ran(outcome),
            next="Take the build out of it, and deploy `${{ needs.build.outputs.image }}`.",
        )  # fmt: skip
    if early := deployed_unbuilt(seen, makers):
        return failed(
            f"`{early.id}` does not need `{makers[0].id}`, and may deploy an image before it is built.",
            expected=expected, where=early.where, mistake="deployed before it is built", marks=[early.id],
            ran=ran(outcome), next=how_to_wait(early, makers[0]),
        )  # fmt: skip
    if missing := never_pushed(seen, deployed):
        return failed(
            f"`{_shown([missing], work)}` is deployed, and no job pushes it: there is nothing to pull.",
            expected=expected, where=builds[0].where, mistake="never pushed", marks=[builds[0].job.id],
            ran=ran(outcome), next="Add `push: true` to `docker/build-push-action`, or a `docker push` of that very name.",
        )  # fmt: skip
    builder = makers[0] if makers else builds[0].job
    return passed(
        f"`{builder.id}` builds and pushes it; nothing is built later.", where=builder.where, ran=ran(outcome)
    )


@criterion(points=1, after=[releases])
def waits_for_approval(work: Rehearsal) -> Verdict:
    """Nothing reaches production before it is approved.

    Why: the last look before customers see it belongs to a person, and the forge writes down who it was.
    Hint: Push a tag and look at `ninesteps run view`: which job waits?
    Hint: The forge asks for an approval where a job has `environment: production`. What deploys must be in that job, or in
        one that needs it.
    """
    seen, outcome = work.deployments, work.release
    asked = [part for part, jobs in enumerate(seen.approved) if any(map(is_reviewed, jobs.values()))]
    for deed in seen.to(PRODUCTION):
        if not asked or deed.part < asked[0]:
            why = f"`{deed.job.id}` has no environment with a reviewer" if not deed.job.environment else (
                f"the environment `{deed.job.environment}` has no reviewer"
                if not has_reviewer(deed.job.environment)
                else f"`{deed.job.id}` does it while it builds or deploys to staging"
            )  # fmt: skip
            return failed(
                f"`{_said(deed)}` reaches production, and nobody was asked: {why}.", mistake="nobody is asked",
                expected="a production job that waits until it is approved", where=deed.where, marks=[deed.job.id],
                ran=ran(outcome), next="Put it into a job with `environment: production`, and only there.",
            )  # fmt: skip
    waiting = ", ".join(f"`{job}`" for job in seen.approved[asked[0]])
    return passed(f"{waiting} waits until `{PRODUCTION}` is approved, and then deploys.", ran=ran(outcome))


@criterion(points=1, after=[releases])
def failed_deploy_stops(work: Rehearsal) -> Verdict:
    """A failed deploy to staging keeps production from starting.

    Why: a release that could not even be deployed to staging must not be offered for production.
    Hint: Break it on purpose: let `scripts/deploy.sh` end with `exit 1`. Does production still wait to be approved?
    Hint: A job starts where all that it `needs` is green. `if: always()`, `continue-on-error` and `|| true` undo that.
    """
    work.start_breaking()
    return _stops(work, work.deployments.to(STAGING), "the deploy to staging")


@criterion(points=1, after=[releases])
def failed_smoke_test_stops(work: Rehearsal) -> Verdict:
    """Staging is smoke tested, and a failed smoke test keeps production from starting.

    Why: `deployed` says that a process was started, not that anybody is served.
    Hint: When does your pipeline ask staging whether it works, and who waits for the answer?
    Hint: Run `scripts/smoke.sh staging` after the deploy, in the same job, or in one that production needs.
    """
    tests, seen, outcome = work.smoke_tests, work.deployments, work.release
    if tests:
        return _stops(work, tests, "the smoke test of staging")
    expected = "something asks staging whether it works, after the deploy and before production"
    deploy = seen.to(STAGING)[-1]
    call = "Run `scripts/smoke.sh staging` after the deploy, in the same job."
    probes = seen.with_role(Role.PROBE)
    for probe in probes:
        if probe.lands == STAGING or probe.job == deploy.job:
            if probe.lands != STAGING:
                found, mistake = (
                    f"`{_said(probe)}` asks {probe.lands}, not staging",
                    "smoke test of another environment",
                )
            elif probe.job in jobs_of(seen.to(PRODUCTION)):
                found, mistake = "Staging is asked in the production job, when that was approved", "smoke test too late"
            elif probe.job == deploy.job:
                found, mistake = "Staging is asked before the deploy: that is the old version", "smoke test too early"
            else:
                found = f"`{probe.job.id}` asks staging and does not need `{deploy.job.id}`: it may be too early"
                mistake = "smoke test beside the deploy"
            return failed(
                f"{found}.", expected=expected, where=probe.where, mistake=mistake, marks=[probe.job.id],
                ran=ran(outcome), next=call,
            )  # fmt: skip
    return failed(
        f"Nothing asks staging whether it works: after `{_said(deploy)}` no command does.", expected=expected,
        where=deploy.where, mistake="no smoke test", marks=[deploy.job.id], ran=ran(outcome), next=call,
    )  # fmt: skip


def _stops(work: Rehearsal, failing: Sequence[Deed], what: str) -> Verdict:
    shown = [f"{_said(failing[0])}  # made to fail", *ran(work.release)]
    cause = next(filter(None, map(job_that_may_fail, failing)), None)
    job = jobs_of(work.deployments.to(PRODUCTION))[0]
    if cause is None:
        outcome = work.where_fails(failing)
        if outcome.trouble:
            return cannot_play(outcome)
        started = work.asks_for_production(outcome)
        if started is None:
            return passed(f"Where {what} fails (`{failing[0].job.id}`), production does not start.", ran=shown)
        job, cause = started, why_it_went_on(outcome, work.deployments, failing, started)
    return failed(
        f"Where {what} fails, production starts all the same: {cause.found}.", where=cause.where, ran=shown,
        expected="production does not start, and nobody is asked to approve it", mistake=cause.mistake,
        next=cause.next, marks=[job.id],
    )  # fmt: skip


@criterion(points=1, after=[releases])
def only_main(work: Rehearsal) -> Verdict:
    """Only what is on main is released.

    Why: what is on main was reviewed and checked; a tag can be put on any commit, by anybody who may push.
    Hint: `git tag v9.9.9 some-branch` and a push: what would your workflow do?
    Hint: Check out with `fetch-depth: 0`, then `git merge-base --is-ancestor "$GITHUB_SHA" origin/main` in the first job.
    """
    played = []
    for outcome in work.beside:
        if outcome.trouble:
            return cannot_play(outcome)
        if outcome.started:
            played.append(outcome)
        deeds = Deployments(outcome, work.library).with_role(Role.DEPLOY)
        if deeds and (unknown := _unknown(outcome)):
            return _cannot_know(
                unknown, f"`{deeds[0].job.id}` deploys a commit that main does not have", deeds[0].where
            )
        if deeds:
            return _released_beside(outcome, deeds[0])
    if not played:
        return passed("A tag or a branch beside main starts no release.", ran=ran(work.release))
    names = " and ".join(outcome.scenario.named for outcome in played)
    return passed(f"On {names} that main does not have, nothing is deployed.", ran=ran(played[0]))


def _unknown(outcome: Outcome) -> str:
    """An action that was not really run and may decide what runs, such as a script that asks the forge; else empty."""
    names = (call.action for call in outcome.actions if call.unknown)
    return next((name for name in names if _DECIDES.search(name)), "")


def _cannot_know(action: str, found: str, where: str) -> Verdict:
    return cannot_check(
        f"{found}, and `{action}`, which does nothing here, may be what decides about that.", where=where,
        next='Decide by a command, such as `git merge-base --is-ancestor "$GITHUB_SHA" origin/main`; that is really run.',
    )  # fmt: skip


def _released_beside(outcome: Outcome, deed: Deed) -> Verdict:
    event = outcome.scenario.event
    what = {
        "tag": "a tag on a commit that main does not have", "push": "a push to another branch",
        "pull_request": "a pull request",
    }[event]  # fmt: skip
    mend = {
        "tag": 'Before all else: `git merge-base --is-ancestor "$GITHUB_SHA" origin/main`, after a checkout with '
        "`fetch-depth: 0`.",
        "push": 'Let only tags start it: `on: push: tags: ["v*"]`.',
        "pull_request": "Take `pull_request` out of what starts the release.",
    }[event]
    trigger = outcome.started[0].workflow.trigger("push")
    both = event == "tag" and trigger is not None and trigger.branches is not None and trigger.tags is not None
    return failed(
        f"{what[0].upper()}{what[1:]} is deployed to {deed.lands or 'a server'} by `{deed.job.id}`."
        + (" `branches` and `tags` under `push` are alternatives: either is enough." if both else ""),
        expected="only commits of main are deployed", where=deed.where, mistake=f"{event.replace('_', ' ')} beside main",
        marks=[deed.job.id], ran=ran(outcome), next=mend,
    )  # fmt: skip


@criterion(points=1, after=[releases])
def one_at_a_time(work: Rehearsal) -> Verdict:
    """Two releases never deploy at the same time, and none is stopped half-way.

    Why: a deploy that is cancelled leaves half the servers on the old version; two at once leave it to chance which stays.
    Hint: What happens when two tags are pushed within a minute?
    Hint: `concurrency: {group: release, cancel-in-progress: false}`. The group must be the same for both tags, so no
        `github.ref` in it.
    """
    seen = work.deployments
    for environment in _BOTH:
        for job in jobs_of(seen.to(environment)):
            first, second = (locks(job.chain, work.github(job.workflow, run)) for run in (1, 2))
            if verdict := _unsafe(job, environment, first, second):
                return verdict
    names = dict.fromkeys(
        str(lock.where) for job in jobs_of(seen.to(PRODUCTION)) for lock in locks(job.chain, work.github(job.workflow, 1))
    )  # fmt: skip
    return passed("Releases wait for each other, and none is cancelled.", where=next(iter(names)), ran=["actionlint"])


def _unsafe(job: Job, environment: str, first: Sequence[Lock], second: Sequence[Lock]) -> Verdict | None:
    """What is wrong with the locks of a deploying job in one release and in the next."""
    expected = "one `concurrency` group for all releases, with nothing cancelled"

    def wrong(found: str, mistake: str, next: str, where: str = "") -> Verdict:
        return failed(
            found, expected=expected, where=where or job.where, mistake=mistake, next=next, marks=[job.id],
            ran=[f"git show HEAD:{job.path}"],
        )  # fmt: skip

    for lock in first:
        if lock.cancels:
            return wrong(
                f"`cancel-in-progress` is true: a newer release stops `{job.id}` in the middle of its deploy.",
                "cancels deploys", "Set `cancel-in-progress: false`, or leave it out.", str(lock.where),
            )  # fmt: skip
        if lock.cancels is None:
            return cannot_check(
                f"Whether a newer release cancels `{job.id}` is an expression that only a run can tell.",
                next="Set `cancel-in-progress: false` where something is deployed.", where=str(lock.where),
            )  # fmt: skip
    groups = [lock.group.lower() for lock in first if lock.group]
    if twice := next((group for place, group in enumerate(groups) if group in groups[:place]), ""):
        return wrong(
            f"The workflow and its job `{job.id}` both ask for the group `{twice}`: the job waits for its own workflow, "
            "and GitHub cancels it.",
            "waits for itself", "Keep one of the two.", str(first[-1].where),
        )  # fmt: skip
    if not first:
        return wrong(
            f"`{job.id}` has no `concurrency`: two releases may deploy to {environment} at the same time.",
            "no concurrency", "Add `concurrency: {group: release, cancel-in-progress: false}` to the workflow.",
        )  # fmt: skip
    if not any(one.group is None or one.group == two.group for one, two in zip(first, second, strict=True)):
        return wrong(
            f"The group of `{job.id}` is another one for each release, so none waits for another.",
            "a group for each release", "Give it a name without the ref, the commit or the run in it: `group: release`.",
            str(first[-1].where),
        )  # fmt: skip
    return None


def _images(deeds: Iterable[Deed]) -> list[Reference]:
    return sorted({image for deed in deeds for image in deed.images}, key=str)


def _said(deed: Deed) -> str:
    """The command, or the action, short enough for a sentence."""
    if isinstance(deed.made_by, Call):
        text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", " ".join([deed.made_by.tool, *deed.made_by.argv]))
        text = re.sub(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])", "SHA", text)
        return text if len(text) <= 90 else f"{text[:89]}…"
    return f"uses: {deed.made_by.action}"


def _shown(images: Sequence[Reference], work: Rehearsal) -> str:
    """Images for people: the commit's SHA and digests are long, and differ in each try."""
    texts = []
    for image in images:
        tag = re.sub(r"^\d{2,}", "NUMBER", image.tag) if image.tag.replace("-", "").isdigit() else image.tag
        for part in re.findall(r"[0-9a-f]{7,40}", tag):
            if work.release.commit.startswith(part):
                tag = tag.replace(part, "SHA")
        texts.append(image.name + (f":{tag}" if tag else "") + ("@sha256:…" if image.digest else ""))
    return ", ".join(texts) or "nothing"


@contextmanager
def open_work(path: Path) -> Iterator[Rehearsal]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    with open_pipeline(path, "release", CRITERIA, Rehearsal) as work:
        yield work


def draw(work: Rehearsal) -> Pipelines | None:
    """The runs that the release started."""
    if not work.workflows or not work.release.started:
        return None
    outcome = work.release
    runs = tuple(pipeline_of(one.run, one.workflow, called=work.library) for one in outcome.started)
    return Pipelines(f"What {outcome.scenario.named} starts", runs)


CRITERIA = (
    releases, environments, staging_first, one_image, immutable, built_once, waits_for_approval, failed_deploy_stops,
    failed_smoke_test_stops, only_main, one_at_a_time,
)  # fmt: skip

STEP = Step(
    title="Release pipeline and environments",
    subskill="Bring one image through staging to production",
    minutes=60,
    open=open_work,
    criteria=CRITERIA,
    picture=draw,
)
