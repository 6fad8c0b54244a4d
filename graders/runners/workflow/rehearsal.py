"""A release, rehearsed: the event that releases, then the same with a deploy or a smoke test that fails, and events beside it.

Jobs with an environment wait, and are approved one environment after another, so that the record shows what each
approval let happen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from graders.evidence.workflow.evaluate import PartlyKnown, Value
from graders.evidence.workflow.expression import references
from graders.evidence.workflow.model import Workflow
from graders.evidence.workflow.occurrences import in_workflow
from graders.runners.workflow.approvals import is_reviewed
from graders.runners.workflow.deployments import PRODUCTION, STAGING, Deed, Deployments, Job, jobs_of
from graders.runners.workflow.events import REPOSITORY
from graders.runners.workflow.mutants import source_only
from graders.runners.workflow.played_commands import Role
from graders.runners.workflow.record import ActionCall, Call
from graders.runners.workflow.run import Answer
from graders.runners.workflow.scenario import MAIN, Outcome, Scenario
from graders.runners.workflow.work import PipelineWork

VERSION = "7.3.1"
TAG = f"v{VERSION}"
_NEXT_TAG = "v7.3.2"
_ELSEWHERE = "hotfix-without-review"
_GATES = (STAGING, PRODUCTION)
_FAILED = "the server is currently unable to handle the request"
_CURL_FAILS = ("--fail", "--fail-with-body", "--fail-early")
_GIVEN_BY_GITHUB = "GITHUB_TOKEN"
_CONTENT_HASHES = (40, 64)  # of a tree in git, and of `hashFiles`


class Rehearsal(PipelineWork):
    """A commit whose workflows release it."""

    @cached_property
    def release(self) -> Outcome:
        """What the event does that releases: a version tag on main, or where that brings nothing to production, a push."""
        tag = self.outcome(self._scenario("tag", TAG))
        if tag.trouble or Deployments(tag, self.library).to(PRODUCTION):
            return tag
        push = self.outcome(self._scenario("push", MAIN))
        return max((tag, push), key=self._how_far)

    @cached_property
    def deployments(self) -> Deployments:
        """What the record of the release says of images."""
        return Deployments(self.release, self.library)

    def _how_far(self, outcome: Outcome) -> tuple[bool, ...]:
        seen = Deployments(outcome, self.library)
        return bool(seen.to(PRODUCTION)), bool(seen.to(STAGING)), bool(outcome.started)

    @cached_property
    def smoke_tests(self) -> tuple[Deed, ...]:
        """What asks staging how it does after its last deploy, and before production."""
        seen = self.deployments
        production = {deed.job for deed in seen.to(PRODUCTION)} - {deed.job for deed in seen.to(STAGING)}

        def late(probe: Deed) -> bool:
            after = any(seen.comes_after(probe.job, one) for one in production)
            return probe.job in production or (after and not probe.lands)  # what names staging asks staging anywhere

        return tuple(
            probe for probe in seen.with_role(Role.PROBE)
            if probe.lands in (STAGING, "") and not late(probe)
            and any(self._follows(probe, deploy) for deploy in seen.to(STAGING))
        )  # fmt: skip

    def _follows(self, probe: Deed, deploy: Deed) -> bool:
        if probe.job != deploy.job:
            return self.deployments.comes_after(probe.job, deploy.job)
        if probe.step and deploy.step and probe.step != deploy.step:
            return probe.step.number > deploy.step.number
        return type(probe.made_by) is not type(deploy.made_by) or probe.order > deploy.order

    def where_fails(self, deeds: Iterable[Deed]) -> Outcome:
        """The release where these commands and actions fail; production is not approved."""
        answers = tuple(dict.fromkeys(map(_failure, deeds)))
        scenario = self.release.scenario
        return self.outcome(replace(scenario, approvals=(STAGING,), answers=(*answers, *scenario.answers)))

    def start_breaking(self) -> None:
        """Begin with all that will be asked for, so that it is played side by side."""
        deploys = self.deployments.to(STAGING)
        scenario = self.release.scenario
        wanted = [
            replace(scenario, approvals=(STAGING,), answers=(*dict.fromkeys(map(_failure, deeds)), *scenario.answers))
            for deeds in (deploys, self.smoke_tests) if deeds
        ]  # fmt: skip
        self.start_playing(*wanted, *self._beside())

    def asks_for_production(self, outcome: Outcome) -> Job | None:
        """The job by which production begins, or somebody is asked to let it; None where neither happens."""
        seen = Deployments(outcome, self.library)
        if deeds := seen.to(PRODUCTION):
            return deeds[0].job
        waiting = {
            (one.workflow.path, id): name
            for one in outcome.started
            for stage in one.stages[-1:]
            for id, name in stage.waiting.items()
        }
        ran = {(flow.path, run.id) for flow, run in outcome.jobs if run.result in ("success", "failure")}
        good = self.deployments
        deploying = {(job.path, job.id) for job in {*jobs_of(good.to(PRODUCTION))} - {*jobs_of(good.to(STAGING))}}
        for job in seen.jobs:
            key = (job.path, job.id)
            if is_reviewed(waiting.get(key, "")) or (key in ran and key in deploying):
                return job
        return None

    @property
    def beside(self) -> tuple[Outcome, ...]:
        """What comes of events that must release nothing: a tag and a branch that main does not have, a pull request."""
        return tuple(map(self.outcome, self._beside()))

    def _beside(self) -> Iterator[Scenario]:
        changes = source_only(self.files).changes
        for event, name in (("tag", _NEXT_TAG), ("push", _ELSEWHERE), ("pull_request", _ELSEWHERE)):
            compared = _compared("ahead", "behind")
            yield replace(
                self._scenario(event, name), changes=changes, beside_main=event != "pull_request", answers=compared
            )

    def github(self, workflow: Workflow, run: int) -> Mapping[str, Value]:
        """The `github` context of the workflow in one release (`run` 1) and in the next one (2)."""
        directly = workflow.trigger("push") is not None
        tagged = directly and self.release.scenario.event == "tag"
        name = (TAG, _NEXT_TAG)[run - 1] if tagged else MAIN
        ref, kind = (f"refs/tags/{name}", "tag") if tagged else (f"refs/heads/{name}", "branch")
        owner, repository = REPOSITORY.split("/")
        return PartlyKnown(
            ref=ref, ref_name=name, ref_type=kind, sha=str(run) * 40, run_id=str(run), run_number=str(run),
            run_attempt="1", workflow=workflow.name.value if workflow.name else workflow.path, repository=REPOSITORY,
            repository_owner=owner, actor="learner", head_ref="", base_ref="", job="",
            event_name="push" if directly else "workflow_run",
            event=PartlyKnown(
                repository=PartlyKnown(name=repository, default_branch=MAIN), ref=ref, after=str(run) * 40,
                pull_request=None, number=None, inputs=None,
            ),
        )  # fmt: skip

    def _scenario(self, event: str, branch: str) -> Scenario:
        return Scenario(
            event, branch, gates=_GATES, approvals=_GATES, known_green=self._known_green, secrets=self._named("secrets"),
            variables=self._named("vars"), answers=_compared("identical", "identical"),
        )  # fmt: skip

    @cached_property
    def _known_green(self) -> tuple[str, ...]:
        """Workflows that are as they were given: those that check, and release nothing."""
        return tuple(flow.path for flow in self.workflows if self.files[flow.path] == self.given.get(flow.path))

    def _named(self, context: str) -> dict[str, str]:
        """A value for every secret or variable that a workflow names: who releases has set them."""
        paths = [
            path for workflow in self.workflows for use in in_workflow(workflow) for path, _ in references(use.expression)
        ]  # fmt: skip
        names = sorted({path[1].upper() for path in paths if path[0] == context and len(path) > 1 and path[1] != "*"})
        return {name: f"{name.lower().replace('_', '-')}.example" for name in names if name != _GIVEN_BY_GITHUB}


def names_the_commit(tag: str, work: Rehearsal) -> bool:
    """Whether a tag holds the commit's SHA (or enough of it), the version, or a hash of what is built."""
    if VERSION in tag:
        return True
    given = b"".join(text for path, text in work.files.items() if path.startswith(".github/"))
    for part in re.findall(r"[0-9a-f]{7,64}", tag):
        if work.release.commit.startswith(part):
            return True
        if len(part) in _CONTENT_HASHES and part.encode() not in given:
            return True
    return False


def _compared(main_first: str, main_last: str) -> tuple[Answer, ...]:
    """What GitHub answers who asks it how the commit and main compare.

    https://docs.github.com/en/rest/commits/commits#compare-two-commits
    """
    answers = []
    for start, status in ((f"compare/{MAIN}...", main_first), (f"...{MAIN}", main_last)):
        ahead = 0 if status in ("identical", "behind") else 1
        answers += [
            Answer("gh", (start, "--jq", "status"), stdout=status),
            Answer("gh", (start, "-q", "status"), stdout=status),
            Answer("gh", (start, "ahead_by"), stdout=str(ahead)),
            Answer("gh", (start, "behind_by"), stdout="0" if status != "behind" else "1"),
            Answer("gh", (start,), stdout=f'{{"status": "{status}", "ahead_by": {ahead}}}'),
        ]
    return tuple(answers)


def _failure(deed: Deed) -> Answer:
    """What makes a call or an action fail as it does where the service is down."""
    made_by = deed.made_by
    if isinstance(made_by, ActionCall):
        given = tuple(value for value in made_by.inputs.values() if value)
        return Answer(made_by.action, given, exit_code=1, stderr=_FAILED)
    said = _said_by(made_by)
    return Answer(made_by.tool, (" ".join(made_by.argv),), exit_code=_exit_code(made_by), stdout=said, stderr=_FAILED)


def _exit_code(call: Call) -> int:
    """curl succeeds with a 503 unless told otherwise; https://curl.se/docs/manpage.html#-f"""
    if call.tool != "curl":
        return 8 if call.tool == "wget" else 1
    short = [word for word in call.argv if word.startswith("-") and not word.startswith("--")]
    fails = any("f" in word for word in short) or bool(set(_CURL_FAILS) & set(call.argv))
    return 22 if fails else 0


def _said_by(call: Call) -> str:
    if call.tool != "curl":
        return ""
    told = any("http_code" in word or "response_code" in word for word in call.argv)
    return "503" if told else "" if _exit_code(call) else '{"status": "unavailable"}'
