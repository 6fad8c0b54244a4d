"""Step 7, deployments and rollbacks: the learner's scripts deploy good and broken releases under load, and go back.

What callers saw decides, and which digest answered them; the scripts' text only helps to name a mistake.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, wraps
from pathlib import Path

from graders.criterion import Kind, Verdict, cannot_check, criterion, failed, passed
from graders.evidence.deployment_record import Entry, metrics, read_record
from graders.picture import Timeline
from graders.problems import Problem
from graders.runners.deployment.advice import ON_CLUSTER
from graders.runners.deployment.clusters import play_on_cluster
from graders.runners.deployment.containers import play_on_containers
from graders.runners.deployment.picture import timeline_of
from graders.runners.deployment.plan import BROKEN, DEPLOY, FIRST, PLANS, ROLLBACK, WENT_BAD, Do
from graders.runners.deployment.process import RECORD, play_on_processes
from graders.runners.deployment.record import Event, Played, Request
from graders.runners.deployment.releases import (
    BREAKS_LATER,
    DOES_NOT_START,
    EVERY,
    NEWEST,
    ROUTE_BROKEN,
    UNHEALTHY,
    V1,
    V2,
    V4,
    Release,
)
from graders.runners.sandbox import isolates
from graders.runners.workflow.work import PipelineWork, open_pipeline
from graders.step import Step
from graders.workspace.home import cache_dir

TARGET = "scripts/target"
TARGETS = ("docker", "kubernetes", "process")
_NOT_THEIRS = (".github/", "releases/", RECORD)  # what a deployment makes, and what none needs
_MOST_BESIDE = 1  # releases that may go on running beside what serves
_CLOCK = 3.0  # seconds that a record may be off
_RAN = {Do.DEPLOY: f"{DEPLOY} widgets@sha256:…", Do.ROLLBACK: ROLLBACK}
_NOT_FOUND = re.compile(r"(?:^|[\s:])([\w.+-]+): (?:command )?not found", re.MULTILINE)
_NO_SENTENCE = re.compile(  # the last line of a program that was surprised
    r"^[A-Z]\w*(?:Error|Exception)\b|unbound variable|No such file or directory|syntax error|command not found"
    r"|cannot open '|parse error|^panic:|integer expression expected"
)
_COMMON_TOOLS = (
    "kubectl",
    "kustomize",
    "helm",
    "yq",
    "envsubst",
    "curl",
    "jq",
    "wget",
    "nc",
    "ss",
    "lsof",
    "flock",
    "node",
    "perl",
    "ruby",
    "go",
    "git",
    "setsid",
)


class DeployWork(PipelineWork):
    """The evidence of step 7: the scripts of a commit, and what came of each plan."""

    @property
    def target(self) -> str:
        """The word in `scripts/target`."""
        return self.files.get(TARGET, b"").decode("utf-8", "replace").strip().lower()

    @cached_property
    def _all(self) -> Mapping[str, Played]:
        files = {path: text for path, text in self.files.items() if not path.startswith(_NOT_THEIRS)}
        if self.target == "docker":
            return {
                played.plan.name: played for played in play_on_containers(files, PLANS, cache_dir() / "deployments")
            }
        play = play_on_cluster if self.target == "kubernetes" else play_on_processes
        with ThreadPoolExecutor(len(PLANS) if isolates() else 1) as side_by_side:
            every = side_by_side.map(lambda plan: play(files, plan, cache_dir() / "deployments"), PLANS)
            return {played.plan.name: played for played in every}

    @cached_property
    def obstacle(self) -> Problem | None:
        """Why deployments to this target can't be tried here."""
        try:
            self._all  # noqa: B018 - it is the trying that counts
        except Problem as problem:
            return problem
        return None

    @property
    def went_bad(self) -> Played:
        """Releases of which one turns out bad after it was deployed."""
        return self._all[WENT_BAD.name]

    @property
    def broken(self) -> Played:
        """Releases of which two cannot be deployed."""
        return self._all[BROKEN.name]

    @property
    def first(self) -> Played:
        """The very first deployment, and ports that are taken."""
        return self._all[FIRST.name]

    @property
    def every(self) -> tuple[Played, ...]:
        """What came of all plans."""
        return (self.went_bad, self.broken, self.first)

    @property
    def script_text(self) -> str:
        """All scripts of the learner, comments left out: for naming a mistake, and for nothing else."""
        given = self.given
        texts = [
            text.decode("utf-8", "replace")
            for path, text in self.files.items()
            if path.startswith("scripts/") and given.get(path) != text
        ]
        return "\n".join(line for text in texts for line in text.splitlines() if not line.lstrip().startswith("#"))


# What is said of the target `process`, and what that is on a cluster.
_CLUSTER_WORDS = {
    "With the port taken": "With no room for one more pod",
    "It used another port": "There was no room for one more pod, and it came through",
    "It refused, and v2": "There was no room for one more pod: it refused, and v2",
    ", or the new one serves on another port": ", or the new one serves all the same",
    "the release itself does not run": "no pod runs it",
    "scripts/release list": "kubectl get pods",
    "python3 -m http.server 8001": "kubectl get pods",
}
_JUDGED_ON = (
    "Seen on a stand-in for a cluster, with the real kubectl and processes for pods; no cluster of yours was touched."
)


def _in_words_of_its_target(judge: Callable[[DeployWork], Verdict]) -> Callable[[DeployWork], Verdict]:
    """The verdict; where the target is `kubernetes`, in words of that, and none where the stand-in lacks what was asked for."""

    @wraps(judge)
    def judged(work: DeployWork) -> Verdict:
        verdict = judge(work)
        if work.target != "kubernetes" or verdict.kind not in (Kind.FAILED, Kind.PASSED):
            return verdict
        if verdict.kind is Kind.FAILED and DEPLOY in work.files and not work.obstacle:
            beyond = list(dict.fromkeys(one for played in work.every for one in played.beyond))
            if beyond and verdict.mistake != "no script":
                return cannot_check(
                    f"The cluster is asked for {beyond[0]}, which the stand-in here does not have.", ran=verdict.ran,
                    next="Do without it, or try this on a cluster of your own; the other targets have the same contract.",
                )  # fmt: skip
        mistake, mend = ON_CLUSTER.get((judge.__name__, verdict.mistake), (verdict.mistake, verdict.next))
        found, expected = _said_on_cluster(verdict.found), _said_on_cluster(verdict.expected)
        ran = tuple(map(_said_on_cluster, verdict.ran))
        return replace(verdict, mistake=mistake, next=mend, found=found, expected=expected, ran=ran)

    return judged


def _said_on_cluster(text: str) -> str:
    for words, instead in _CLUSTER_WORDS.items():
        text = text.replace(words, instead)
    return text


def _deployed(played: Played, release: Release) -> Event:
    event = played.event(f"deploy {release.name}")
    assert event
    return event


def _good_ones(work: DeployWork) -> Iterator[tuple[Played, Event, Release]]:
    """The deployments of good releases onto a service that answers."""
    wanted = [*((played, V2) for played in work.every), (work.went_bad, V4), (work.broken, V4)]
    for played, release in wanted:
        event = _deployed(played, release)
        before = played.previous(event)
        if before and all(one.good for one in played.after(before)):
            yield played, event, release


def _last(event: Event) -> str:
    lines = [line.strip() for line in event.said.splitlines() if line.strip()]
    said = (
        re.sub(r"(?:sha256:)?[0-9a-f]{64}", lambda digest: _called(digest[0].rpartition(":")[2]), lines[-1])
        if lines
        else ""
    )
    return f"“{said[:160]}”" if lines else "it said nothing"


def _called(digest: str) -> str:
    """What a digest is called in sentences."""
    known = {release.digest: release.name for release in EVERY}
    return known.get(digest, "a release that was never deployed") if digest else "no release at all"


def _serving(event: Event) -> str:
    names = [_called(digest) for digest in event.serving]
    return " and ".join(names) if names else "nobody"


def _ran(*events: Event) -> list[str]:
    return list(dict.fromkeys(_RAN[event.act.do] for event in events if event.act.do in _RAN))


def _lacks_tool(event: Event) -> str:
    """A well-known program that the script asked for, and this machine has not."""
    missing = [name for name in _NOT_FOUND.findall(event.said) if name in _COMMON_TOOLS and not shutil.which(name)]
    return missing[0] if missing else ""


def _ended(event: Event) -> str:
    """How a script ended, as the end of a sentence."""
    if event.exit_code is None:
        return "does not end within 40 seconds"
    if event.exit_code == 126:
        return f"cannot be run: {_last(event)}"
    return f"ends with exit code {event.exit_code}: {_last(event)}"


@criterion(points=1)
@_in_words_of_its_target
def serves(work: DeployWork) -> Verdict:
    """The service answers with the release that was deployed.

    Why: a script that says all is well while callers get errors is worse than one that fails.
    Hint: What answers afterwards? `curl -i http://127.0.0.1:8080/widgets` names the digest in `X-Release`.
    Hint: Start the release on a free port, wait until it is healthy, then `PATCH` caddy's upstreams to that port.
    """
    expected = "`scripts/deploy.sh IMAGE` ends with 0, and from then on that release alone answers at :8080"
    tried = [_RAN[Do.DEPLOY], "curl -i http://127.0.0.1:8080/widgets"]
    if DEPLOY not in work.files:
        seen = "no commit of yours yet" if work.untouched else f"no `{DEPLOY}` in your commit {work.commit.short}"
        return failed(
            f"There is {seen}.", expected=expected, where=work.branch, ran=[f"git ls-tree -r --name-only HEAD -- {DEPLOY}"],
            mistake="no script", next=f"Write `{DEPLOY}`, try it in the playground, and commit it.",
        )  # fmt: skip
    if work.target not in TARGETS:
        found = f"`{TARGET}` says “{work.target[:30]}”" if TARGET in work.files else f"There is no `{TARGET}`"
        return failed(
            f"{found}, so nobody knows what to deploy to.", expected=f"one of the words {', '.join(TARGETS)} in `{TARGET}`",
            where=TARGET, mistake="no target", ran=[f"cat {TARGET}"], next=f"`echo process > {TARGET}`, and commit it.",
        )  # fmt: skip
    if problem := work.obstacle:
        return cannot_check(
            problem.found, where=TARGET,
            next=f"{problem.next} Or deploy to processes: `echo process > {TARGET}`; the scripts' contract is the same.".lstrip(),
        )  # fmt: skip
    for played in work.every:
        if played.trouble:
            return cannot_check(
                f"The deployments could not be watched: {played.trouble}.", ran=tried,
                next="`make` in the course's folder installs it." if "not installed" in played.trouble
                else "`scripts/playground down` frees the ports; then check again." if "port" in played.trouble
                else "Check again; scripts must end nothing but what they started.",
            )  # fmt: skip
    for played, release in ((work.went_bad, V1), (work.went_bad, V2), (work.broken, V2), (work.first, V2)):
        event = _deployed(played, release)
        if tool := _lacks_tool(event):
            return cannot_check(
                f"The script uses `{tool}`, which is not installed here.", next=f"Install {tool}.", ran=tried
            )
        if not event.ok:
            return failed(
                f"Deploying {release.name}, which is good, {_ended(event)}", expected=expected, where=DEPLOY, ran=tried,
                mistake="hangs" if event.exit_code is None else "fails on a good release",
                next="Try it in the playground: `scripts/playground up`, then `scripts/deploy.sh` with a release that you built.",
            )  # fmt: skip
        if not event.serves(release.digest):
            many = len(event.serving) > 1
            later = [one for one in played.requests if one.at > event.ended and one.digest == release.digest]
            if later and not many and "" in event.serving:
                kind, mend = _no_health_check(work)
                return failed(
                    f"The script ends with 0 before {release.name} answers: the traffic is there too early.", mistake=kind,
                    expected=expected, where=DEPLOY, ran=tried, next=mend,
                )  # fmt: skip
            return failed(
                f"The script ends with 0 for {release.name}, but what answers then is {_serving(event)}.", expected=expected,
                where=DEPLOY, ran=tried, mistake="two at once" if many else "says it went well",
                next="Give caddy the new upstream alone: the old one goes off the list." if many
                else "Ask :8080 at the end, and compare `X-Release` with the digest.",
            )  # fmt: skip
        if release.digest not in [digest for _, digest in event.running]:
            return failed(
                f"Something answers in the name of {release.name}, and the release itself does not run.", expected=expected,
                where=DEPLOY, ran=[*tried, "scripts/release list"], mistake="answers in its name",
                next="Start the release that the reference names.",
            )  # fmt: skip
    how = "On a stand-in for a cluster, with the real kubectl: " if work.target == "kubernetes" else ""
    return passed(f"{how}v1, then v2: each answers alone once the script has ended.", ran=tried)


@criterion(points=2, after=[serves])
@_in_words_of_its_target
def no_request_lost(work: DeployWork) -> Verdict:
    """No request fails while a good release is deployed.

    Why: if deploying costs nothing, it is done often and in daylight.
    Hint: `scripts/playground load` in a second terminal shows what callers get meanwhile.
    Hint: Start the new one beside the old one; switch; and only then end the old one, with SIGTERM.
    """
    expected = "every request is answered with 200, by the old release or by the new one"
    tried = ["scripts/playground load", _RAN[Do.DEPLOY]]
    for played, event, release in _good_ones(work):
        bad = [one for one in played.during(event) if not one.good]
        if not bad:
            continue
        if not event.ok:
            return failed(
                f"{release.name} is good, and its deployment {_ended(event)}", expected=expected, where=DEPLOY, ran=tried,
                mistake="not after a rollback", next="Deploy once more after a rollback, and see what it says.",
            )  # fmt: skip
        kind, found, mend = _how_lost(work, played, event, release, bad)
        return failed(f"While {release.name} is deployed, {found}.", expected=expected, where=DEPLOY, ran=tried,
                      mistake=kind, next=mend)  # fmt: skip
    for _, event, release in _good_ones(work):
        if not event.ok or not event.serves(release.digest):
            return failed(
                f"{release.name} is good, but after a release that was not, its deployment {_ended(event)}",
                expected=expected, where=DEPLOY, ran=tried, mistake="not after a broken one",
                next="Deploy a broken release and then a good one: what is left of the first that is in the way?",
            )  # fmt: skip
    count = len(list(_good_ones(work)))
    return passed(f"All requests were answered with 200 during {count} deployments of good releases.", ran=tried)


def _how_lost(
    work: DeployWork, played: Played, event: Event, release: Release, bad: list[Request]
) -> tuple[str, str, str]:
    """The named mistake, what was found, and what to do."""
    during = played.during(event)
    first_new = next((one.at for one in during if one.good and one.digest == release.digest), event.settled)
    old = [one.at for one in during if one.good and one.digest != release.digest]
    gap = [one for one in bad if (max(old) if old else event.began) < one.at < first_new]
    if len(gap) >= 5:
        if re.search(r"\bsleep\b", work.script_text) and "healthz" not in work.script_text:
            return ("sleep for a health check", "requests fail, since the traffic is switched before the new one answers: "
                    "a wait of fixed length is no health check", "Ask `/healthz` on the new port until it says 200.")  # fmt: skip
        return ("a gap between the two", "requests fail between the last answer of the old release and the first of the new one",
                "Leave the old one alone until the new one is healthy and has the traffic.")  # fmt: skip
    return ("cut off", "requests that the old release had begun are cut off",
            "End it with SIGTERM (`scripts/release stop PORT`), never with `kill -9`, and after the switch.")  # fmt: skip


@criterion(points=2, after=[serves])
@_in_words_of_its_target
def broken_never_serves(work: DeployWork) -> Verdict:
    """A release that does not start, or is not healthy, never gets the traffic.

    Why: the cheapest outage is the one that a check stopped before anybody saw it.
    Hint: What does your script do with a release built with `--fault health`? And with `--fault start`?
    Hint: `curl -f` fails on a 503. Ask the new port, not :8080, for a limited time; then end it, and exit with 1.
    """
    expected = "the script ends with another code than 0, and the release before goes on serving as if nothing had been"
    tried = ["scripts/release build 3.0.0 --fault health", _RAN[Do.DEPLOY]]
    if any(one.digest == UNHEALTHY.digest for one in work.broken.requests):
        kind, mend = _no_health_check(work)
        return failed(f"The traffic is led to a {UNHEALTHY.name}.", expected=expected, where=DEPLOY, ran=tried,
                      mistake=kind, next=mend)  # fmt: skip
    for release in (DOES_NOT_START, UNHEALTHY):
        event = _deployed(work.broken, release)
        during = work.broken.during(event)
        if event.ok and any(not one.good for one in during):
            kind, mend = _no_health_check(work)
            return failed(f"The traffic is led to a {release.name}.", expected=expected, where=DEPLOY, ran=tried,
                          mistake=kind, next=mend)  # fmt: skip
        if any(not one.good for one in during):
            return failed(
                f"While a {release.name} is tried, callers of the one before get errors.", expected=expected, where=DEPLOY,
                ran=tried, mistake="old one gone", next="Touch neither the old one nor caddy before the new one is healthy.",
            )  # fmt: skip
        if event.exit_code is None:
            return failed(
                f"With a {release.name}, the script {_ended(event)}.", expected=expected, where=DEPLOY, ran=tried,
                mistake="waits for ever", next="Give it ten seconds at most to become healthy; then end it, and exit with 1.",
            )  # fmt: skip
        if event.ok:
            return failed(
                f"With a {release.name}, the script ends with 0, as if it had been deployed.", expected=expected,
                where=DEPLOY, ran=tried, mistake="exits with 0", next="End with `exit 1` where the release is not healthy.",
            )  # fmt: skip
        if not event.serves(V2.digest):
            return failed(
                f"After a {release.name}, {_serving(event)} answers, where v2 did before.", expected=expected, where=DEPLOY,
                ran=tried, mistake="old one gone", next="On failure, leave caddy as it is.",
            )  # fmt: skip
    return passed("Both broken releases were refused, and v2 served throughout.", ran=tried)


def _no_health_check(work: DeployWork) -> tuple[str, str]:
    text = work.script_text
    if "8080/healthz" in text:
        return "asks the front door", "Ask `/healthz` on the new port: at :8080 the old one answers until you switch."
    if "healthz" in text:
        return (
            "a check that takes any answer",
            "See what your check says to a 503: `curl -f` fails there, `curl` does not.",
        )
    if re.search(r"\bsleep\b", text):
        return (
            "sleep for a health check",
            "Ask `/healthz` on the new port until it says 200; a fixed wait knows nothing.",
        )
    return (
        "no health check",
        "Before you switch, ask `/healthz` on the new port until it says 200, for ten seconds at most.",
    )


def _bad_one(work: DeployWork) -> Release | None:
    """The release that turned out bad after its deployment; None where neither came to serve."""
    went = work.went_bad
    for release in (ROUTE_BROKEN, BREAKS_LATER):
        event = went.event(f"deploy {release.name}")
        if event and release.digest in event.serving:
            return release
    return None


def _rollback(played: Played, number: int) -> Event:
    event = played.event(f"rollback {number}")
    assert event
    return event


@criterion(points=1.5, after=[serves])
@_in_words_of_its_target
def one_command_back(work: DeployWork) -> Verdict:
    """One command goes back from a release that is healthy and still wrong.

    Why: at three in the morning nobody should have to look a digest up.
    Hint: Build one with `--fault route`: `/healthz` says 200, `/widgets` says 500. Deploy it, then go back.
    Hint: `scripts/rollback.sh` takes no argument: where does it know from what to go back to?
    """
    expected = f"`{ROLLBACK}` without an argument ends with 0, and callers get 200 again"
    if ROLLBACK not in work.files:
        return failed(f"There is no `{ROLLBACK}`.", expected=expected, where=work.branch, mistake="no script",
                      ran=[f"git ls-tree -r HEAD -- {ROLLBACK}"], next=f"Write `{ROLLBACK}`, and commit it.")  # fmt: skip
    bad, event = _bad_one(work), _rollback(work.went_bad, 1)
    if bad is None:
        late = work.went_bad.event(f"deploy {BREAKS_LATER.name}")
        return failed(
            f"A release that was good when it was deployed never came to serve: its deployment {_ended(late or event)}",
            expected=expected, where=DEPLOY, ran=_ran(event), mistake="fails on a good release",
            next="Deploy a good release after one that was refused, and see what it says.",
        )  # fmt: skip
    after = work.went_bad.after(event)
    if tool := _lacks_tool(event):
        return cannot_check(
            f"The script uses `{tool}`, which is not installed here.", next=f"Install {tool}.", ran=_ran(event)
        )
    if all(one.good for one in after) and bad.digest not in event.serving and event.ok:
        return passed(f"After {bad.name}, one command brought 200 back.", ran=_ran(event))
    if event.exit_code is None:
        found, kind, mend = f"The rollback {_ended(event)}.", "hangs", "Give each wait an end."
    elif bad.digest in event.serving:
        found = f"After the rollback, {bad.name} answers still; it {_ended(event)}"
        kind, mend = "still the bad one", "Print which digest the script is going to, and compare it with what serves."
    elif not all(one.good for one in after):
        found = f"After the rollback, {_serving(event)} answers; it {_ended(event)}"
        kind, mend = (
            "leaves an outage",
            "Start the release to go back to, and wait until it is healthy, before you switch.",
        )
    else:
        found = f"The rollback did its work, but {_ended(event)}"
        kind, mend = "says it failed", "End with 0 where all went well; in bash, see what the last command gives."
    return failed(found, expected=expected, where=ROLLBACK, ran=_ran(event), mistake=kind, next=mend)


@criterion(points=1, after=[one_command_back])
@_in_words_of_its_target
def same_digest(work: DeployWork) -> Verdict:
    """The rollback brings back what ran before, by its digest.

    Why: a rebuild is a new release, made in a hurry; a tag is wherever somebody moved it last.
    Hint: Compare `X-Release` before and after. Which digest did v2 have when it was deployed?
    Hint: Write the digest down when it is deployed, and start exactly that one. No build, no tag.
    """
    expected = "the digest that served before the bad release, and `latest` left where it was"
    for number in (1, 3):
        event = _rollback(work.went_bad, number)
        if event.serves(NEWEST.digest):
            return failed(
                "The rollback leads to a release that was published meanwhile and never deployed: the tag had moved.",
                expected=expected, where=ROLLBACK, ran=_ran(event), mistake="goes by a tag",
                next="Keep the digest of each deployment, and start that one.",
            )  # fmt: skip
        unknown = [digest for digest in event.serving if digest and digest not in {one.digest for one in EVERY}]
        if unknown:
            return failed(
                "What answers after the rollback has a digest that was never deployed.", expected=expected, where=ROLLBACK,
                ran=_ran(event), mistake="rollback rebuilds", next="Start the release that is there still; build nothing.",
            )  # fmt: skip
        if event.latest and event.latest != NEWEST.digest:
            return failed(
                "The rollback moves the tag `latest` to an old release, for everybody who deploys by it.", expected=expected,
                where=ROLLBACK, ran=_ran(event), mistake="retags latest",
                next="Start the old release by its digest; leave tags alone.",
            )  # fmt: skip
    event = _rollback(work.went_bad, 1)
    if not event.serves(V2.digest):
        return failed(
            f"Before the bad release v2 served, and the rollback leads to {_serving(event)}.", expected=expected,
            where=ROLLBACK, ran=_ran(event), mistake="another release",
            next="Print what the script goes back to: it is one too far, or still one too near.",
        )  # fmt: skip
    return passed("v2 came back under the digest that it had, and no tag moved.", ran=_ran(event))


@criterion(points=1, after=[same_digest])
@_in_words_of_its_target
def twice(work: DeployWork) -> Verdict:
    """Run a second time, the rollback changes nothing.

    Why: whoever is nervous runs it twice, and so does a pipeline that tries again.
    Hint: Run it twice and look at `X-Release`. Does it swing back to the bad one, or go one further back?
    Hint: Where the last thing that went well was a rollback, there is nothing to do.
    """
    expected = "after the second run the same release serves as after the first, and no request failed"
    event = _rollback(work.went_bad, 2)
    bad = _bad_one(work)
    if bad and bad.digest in event.serving:
        return failed(
            f"The second run leads back to {bad.name}.", expected=expected, where=ROLLBACK, ran=_ran(event) * 2,
            mistake="swings back", next="Do not swap “now” and “before”: note that what was left is bad.",
        )  # fmt: skip
    if event.exit_code is None:
        return failed(f"The second run {_ended(event)}.", expected=expected, where=ROLLBACK, ran=_ran(event) * 2,
                      mistake="hangs", next="Give each wait an end.")  # fmt: skip
    if not event.serves(V2.digest) or not all(one.good for one in work.went_bad.after(event)):
        return failed(
            f"After the second run {_serving(event)} answers, where v2 did after the first.", expected=expected,
            where=ROLLBACK, ran=_ran(event) * 2, mistake="one further back" if V1.digest in event.serving else "not the same",
            next="Where the last thing that went well was a rollback, change nothing.",
        )  # fmt: skip
    if any(not one.good for one in work.went_bad.during(event)):
        return failed("While it ran a second time, requests failed.", expected=expected, where=ROLLBACK, ran=_ran(event) * 2,
                      mistake="not for nothing", next="Where there is nothing to do, touch nothing.")  # fmt: skip
    return passed("v2 served after the second run as after the first.", ran=_ran(event) * 2)


@criterion(points=1.5, after=[same_digest])
@_in_words_of_its_target
def last_good_one(work: DeployWork) -> Verdict:
    """It goes back to the last good release, past the bad ones between.

    Why: “the one before” may be what you rolled back yesterday.
    Hint: Deploy v2, a bad v3, roll back, deploy v4, roll back: where should that lead?
    Hint: Go through the record: what failed, and what was rolled back, is nothing to go back to.
    """
    expected = "v4 is rolled back to v2, since what was tried between them was bad"
    told = [(work.went_bad, 3, "was rolled back")]
    if not any(_deployed(work.broken, release).ok for release in (DOES_NOT_START, UNHEALTHY)):
        told.append((work.broken, 1, "was refused"))
    for played, number, how in told:
        event = _rollback(played, number)
        if event.ok and event.serves(V2.digest) and all(one.good for one in played.after(event)):
            continue
        bad = next((one for one in (ROUTE_BROKEN, BREAKS_LATER, UNHEALTHY, DOES_NOT_START) if one.digest in event.serving
                    or one.digest in event.said), None)  # fmt: skip
        if bad:
            return failed(
                f"From v4 it goes back to {bad.name}, which {how} before.", expected=expected, where=ROLLBACK,
                ran=_ran(_deployed(played, V4), event), mistake="the one before was bad",
                next="Leave out of the list what failed or was rolled back; only what served well counts.",
            )  # fmt: skip
        does = "leads to " + _serving(event) if event.ok else _ended(event)
        return failed(
            f"After a release that {how}, v4 was deployed, and its rollback {does}", expected=expected, where=ROLLBACK,
            ran=_ran(_deployed(played, V4), event), mistake="lost count",
            next="Try this very order in the playground, and print what the script takes for the last good one.",
        )  # fmt: skip
    how = "rolled back or refused" if len(told) > 1 else "rolled back"
    return passed(f"From v4 it goes back to v2, where v3 was {how}.", ran=_RAN.values())


@criterion(points=1, after=[serves])
@_in_words_of_its_target
def nothing_to_go_back_to(work: DeployWork) -> Verdict:
    """After the first deployment, the rollback is refused with a sentence.

    Why: a rollback that takes the only release away makes an outage of a worry.
    Hint: Begin with nothing, deploy once, roll back. What does it say, and what answers then?
    Hint: Where there is no earlier good release: a sentence, `exit 1`, and nothing touched.
    """
    expected = "a sentence, another exit code than 0, and v1 goes on serving"
    if ROLLBACK not in work.files:
        return failed(f"There is no `{ROLLBACK}`.", expected=expected, where=work.branch, mistake="no script",
                      ran=[f"git ls-tree -r HEAD -- {ROLLBACK}"], next=f"Write `{ROLLBACK}`, and commit it.")  # fmt: skip
    event = _rollback(work.first, 1)
    during = work.first.during(event)
    if not event.serves(V1.digest) or any(not one.good for one in during):
        return failed(
            "With nothing to go back to, the rollback takes the only release away for a while, or for good.",
            expected=expected, where=ROLLBACK, ran=_ran(event), mistake="takes the service down",
            next="Look for the release to go back to first, and touch nothing where there is none.",
        )  # fmt: skip
    if event.exit_code is None:
        return failed(f"With nothing to go back to, it {_ended(event)}.", expected=expected, where=ROLLBACK,
                      ran=_ran(event), mistake="hangs", next="Give each wait an end.")  # fmt: skip
    if event.ok:
        return failed(
            "With nothing to go back to, it ends with 0, as if it had gone back.", expected=expected, where=ROLLBACK,
            ran=_ran(event), mistake="exits with 0", next="End with `exit 1`, so that a pipeline notices.",
        )  # fmt: skip
    if len(re.findall(r"[^\W\d]{2,}", event.said)) < 3:
        return failed("It refuses without a word.", expected=expected, where=ROLLBACK, ran=_ran(event), mistake="says nothing",
                      next="Say it: `echo \"there is no earlier release to go back to\" >&2`")  # fmt: skip
    if _NO_SENTENCE.search(event.said.strip().splitlines()[-1]):
        return failed(
            f"It stumbles rather than refuses: {_last(event)}", expected=expected, where=ROLLBACK, ran=_ran(event),
            mistake="stumbles", next="Look whether there is something to go back to, and say so where there is not.",
        )  # fmt: skip
    return passed(f"It refused: {_last(event)}, and v1 went on serving.", ran=_ran(event))


@criterion(points=1, after=[serves])
@_in_words_of_its_target
def port_taken(work: DeployWork) -> Verdict:
    """A port that somebody else has stops the deployment, not the service.

    Why: whatever listens there may well say 200 to your health check.
    Hint: `python3 -m http.server 8001` and 8002 in another terminal, then deploy. Who gets the traffic?
    Hint: `scripts/release start` refuses a port that is taken: heed its exit code. `/version` says who answers.
    """
    expected = "the script fails and the release before goes on serving, or the new one serves on another port"
    event = _deployed(work.first, V4)
    tried = ["python3 -m http.server 8001", *_ran(event)]
    after, during = work.first.after(event), work.first.during(event)
    if "" in event.serving and any(one.status == 200 and not one.digest for one in after):
        return failed(
            "The traffic is led to somebody else's program, which had the port.", expected=expected, where=DEPLOY, ran=tried,
            mistake="a stranger is healthy", next="Stop where `scripts/release start` fails: `set -e`, or `|| exit 1`.",
        )  # fmt: skip
    if any(not one.good for one in during) or not (event.serves(V2.digest) or event.serves(V4.digest)):
        return failed(
            "With the port taken, callers get errors.", expected=expected, where=DEPLOY, ran=tried, mistake="old one gone",
            next="Touch neither the old one nor caddy before the new one is healthy.",
        )  # fmt: skip
    if event.exit_code is None:
        return failed(f"With the port taken, it {_ended(event)}.", expected=expected, where=DEPLOY, ran=tried,
                      mistake="hangs", next="Give each wait an end.")  # fmt: skip
    if event.ok and event.serves(V2.digest):
        return failed(
            "With the port taken, it ends with 0, and v2 serves still.", expected=expected, where=DEPLOY, ran=tried,
            mistake="exits with 0", next="Stop where `scripts/release start` fails: `set -e`, or `|| exit 1`.",
        )  # fmt: skip
    if not event.ok and event.serves(V4.digest):
        return failed(
            f"v4 serves, and yet the script {_ended(event)}", expected=expected, where=DEPLOY, ran=tried,
            mistake="says it failed", next="End with 0 where all went well.",
        )  # fmt: skip
    how = "It used another port" if event.ok else "It refused, and v2 went on serving"
    return passed(f"{how}.", ran=tried)


@criterion(points=0.5, after=[serves])
@_in_words_of_its_target
def nothing_left(work: DeployWork) -> Verdict:
    """What is not needed is ended.

    Why: what is left running holds ports and memory, and may be talked to by mistake.
    Hint: `scripts/release list` after a failed deployment: what runs there that nobody will ever ask?
    Hint: End the broken release before you exit with 1; end the old one after the switch. One may stay, to go back quickly.
    """
    expected = "beside what serves, at most one more release runs, and none that was refused"
    tried = [_RAN[Do.DEPLOY], "scripts/release list"]
    for played in work.every:
        for event in played.events:
            running = [digest for _, digest in event.running]
            if UNHEALTHY.digest in running and UNHEALTHY.digest not in event.serving:
                return failed(
                    f"{UNHEALTHY.name} was refused, and runs on.".capitalize(), expected=expected, where=DEPLOY, ran=tried,
                    mistake="refused and running",
                    next="Where the health check fails: `scripts/release stop PORT`, then `exit 1`.",
                )  # fmt: skip
            if len([digest for digest in running if digest not in event.serving]) > _MOST_BESIDE:
                return failed(
                    "Old releases pile up: with each deployment one more runs on.", expected=expected, where=DEPLOY, ran=tried,
                    mistake="old ones pile up", next="After the switch: `scripts/release stop` with the old port.",
                )  # fmt: skip
    return passed("Nothing ran at the end of any script that was not needed.", ran=tried)


@criterion(points=1.5, after=[serves])
@_in_words_of_its_target
def record(work: DeployWork) -> Verdict:
    """A record says who did what, when, with which digest, and how it went.

    Why: lead time, failure rate and recovery time come from it, and so does the answer to “what changed?”.
    Hint: `cat deployments.jsonl` after a deployment, one that failed, and a rollback.
    Hint: Append a line in each way out of the scripts; `outcome` is `failed` where nothing was switched.
    """
    expected = f"a line in `{RECORD}` for each deployment and each rollback, with `time`, `actor`, `action`, `digest`, `outcome`"
    tried = [*_RAN.values(), f"cat {RECORD}"]
    for played in (work.went_bad, work.broken):
        entries, flaws = read_record(played.record)
        if not entries and not flaws:
            return failed(
                f"After the deployments there is no `{RECORD}`, or nothing in it.", expected=expected, where=RECORD, ran=tried,
                mistake="no record", next=f"Append one line of JSON to `{RECORD}` at the end of each script.",
            )  # fmt: skip
        if flaws:
            return failed(
                f"Line {flaws[0].line} of the record {flaws[0].what}.", expected=expected, where=f"{RECORD}:{flaws[0].line}",
                ran=tried, mistake="not as agreed", next="Write that line as the ticket shows it.",
            )  # fmt: skip
        if verdict := _amiss(played, entries, expected, tried):
            return verdict
    entries, _ = read_record(work.went_bad.record)
    seen = metrics(entries)
    return passed(
        f"From the record: {seen.deployments} deployments, {seen.failed} of them bad, which is a change failure rate of "
        f"{round(100 * seen.failed / seen.deployments)} %.",
        ran=tried,
    )


def _amiss(played: Played, entries: tuple[Entry, ...], expected: str, tried: list[str]) -> Verdict | None:
    """What the record leaves out or tells otherwise than it was, if anything."""
    left = list(entries)
    for event in played.events:
        before = played.previous(event)
        if event.act.do is Do.BREAK or (event.act.do is Do.ROLLBACK and before and before.serving == event.serving):
            continue
        well = event.ok and len(event.serving) == 1 and all(one.good for one in played.after(event))
        if event.act.do is Do.ROLLBACK and not well:
            continue
        digest = event.act.release.digest if event.act.release else event.serving[0]
        action = "deploy" if event.act.do is Do.DEPLOY else "rollback"
        told = f"{'The rollback to' if action == 'rollback' else 'The deployment of'} {_called(digest)}"
        went = event.ok
        fitting = [one for one in left if one.action == action and one.digest == digest]
        if not fitting:
            other = next((one for one in left if one.action == action), None)
            wrong = other and event.began - _CLOCK <= other.time - played.epoch <= event.ended + _CLOCK
            return failed(
                f"{told}, which {'went well' if went else 'failed'}, is not in the record"
                + (f": line {other.line} names another digest." if wrong and other else "."),
                expected=expected, where=f"{RECORD}:{other.line}" if wrong and other else RECORD, ran=tried,
                mistake="wrong digest" if wrong and action == "rollback" else "left out",
                next="`digest` is the one that serves afterwards." if wrong and action == "rollback"
                else "Append a line in each way out of the script, the failed one too.",
            )  # fmt: skip
        one = fitting[0]
        where = f"{RECORD}:{one.line}"
        if one.succeeded not in (went, event.serves(digest)):
            return failed(
                f"{told} {'went well' if went else 'failed'}, and the record says the opposite.", expected=expected,
                where=where, ran=tried, mistake="wrong outcome",
                next="Write the line after the switch, when you know how it went.",
            )  # fmt: skip
        if not event.began - _CLOCK <= one.time - played.epoch <= event.ended + _CLOCK:
            return failed(
                f"{told} has a time in the record at which it was not going on.", expected=expected, where=where, ran=tried,
                mistake="wrong time", next="`date -u +%Y-%m-%dT%H:%M:%SZ` gives the time in UTC, and says so.",
            )  # fmt: skip
        left = left[left.index(one) + 1 :]
    return None


@contextmanager
def open_work(path: Path) -> Iterator[DeployWork]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    with open_pipeline(path, "deploy", CRITERIA, DeployWork) as work:
        yield work


def draw(work: DeployWork) -> Timeline | None:
    """What callers saw while a release went bad and was rolled back."""
    if DEPLOY not in work.files or work.target not in TARGETS or work.obstacle or work.went_bad.trouble:
        return None
    drawn = timeline_of(work.went_bad)
    return replace(drawn, notes=(*drawn.notes, _JUDGED_ON)) if work.target == "kubernetes" else drawn


CRITERIA = (
    serves,
    no_request_lost,
    broken_never_serves,
    one_command_back,
    same_digest,
    twice,
    last_good_one,
    nothing_to_go_back_to,
    port_taken,
    nothing_left,
    record,
)

STEP = Step(
    title="Deployments and rollbacks",
    subskill="Deploy without an outage, and go back",
    minutes=75,
    open=open_work,
    criteria=CRITERIA,
    picture=draw,
)
