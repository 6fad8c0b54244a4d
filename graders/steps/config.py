"""Step 6, configuration and secrets: nothing of an environment in the code, and no secret where it can be read.

The service is started with several environments, the pipeline is run with secrets of ours, and all that the branch's
commits brought in is searched. https://12factor.net/config
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from graders.criterion import Verdict, cannot_check, criterion, failed, passed
from graders.evidence.canary import Sighting, search
from graders.evidence.env_template import Template, templates
from graders.evidence.environment_reads import environment_reads
from graders.evidence.git_tree import TreeTooLarge
from graders.evidence.secret_scan import Suspect, suspects
from graders.evidence.workflow.data_flow import From, sources_of, visible
from graders.evidence.workflow.model import Job, Text, Where, Workflow
from graders.evidence.workflow.model import Step as WorkflowStep
from graders.picture import Pipelines
from graders.problems import Problem
from graders.runners.workflow.configured_runs import REQUIRED, TOKEN, ConfigWork, canary
from graders.runners.workflow.hand_over import waits_for
from graders.runners.workflow.picture import pipeline_of
from graders.runners.workflow.traces import traces
from graders.runners.workflow.unnoticed import runs_tests
from graders.runners.workflow.verdicts import not_green, ran, unreadable
from graders.runners.workflow.work import open_pipeline
from graders.step import Step

_KEY_SHAPE = re.compile(rb"sup_[0-9a-f]{32}")
_KEYS = "supplier/keys.json"
_UVICORN = "uvicorn --factory widgets.app:create_app"
_FROM_CI = {From.SECRET, From.VARIABLE, From.OTHER_WORKFLOW, From.INPUT, From.STEP}
_MOST_NAMED = 3


@criterion(points=2)
def from_environment(work: ConfigWork) -> Verdict:
    """The same code behaves by its environment.

    Why: one image for all environments is only possible if nothing of an environment is in it.
    Hint: Which values in `widgets/settings.py` differ between staging and production?
    Hint: Read `DB_URL` and `SUPPLIER_API_KEY` from `os.environ` in `Settings.from_env`, and nowhere else.
    """
    expected = "a service that keeps its widgets where `DB_URL` says, and uses the key in `SUPPLIER_API_KEY`"
    tried = [f"DB_URL=sqlite:////tmp/one.db SUPPLIER_API_KEY=some-key {_UVICORN}"]
    where = "widgets/settings.py"
    if work.service.trouble:
        return cannot_check(
            f"The service could not be watched: {work.service.trouble}.", next="Check again.", ran=tried
        )
    one, other = work.service.starts[:2]
    for start in (one, other):
        if not start.up:
            return failed(
                f"With both variables set, the service does not start: {_last(start.said)}", expected=expected,
                where=where, ran=tried, mistake="does not start", next="Start it like this, and mend what it says.",
            )  # fmt: skip
    if not one.files.get("/tmp/one.db") or "/tmp/other.db" not in other.files:  # noqa: S108
        return failed(
            "The service starts, but keeps its widgets somewhere else than `DB_URL` says.", expected=expected,
            where=_place_of(work, "sqlite:///") or where, ran=tried, mistake="address in the code",
            next="Make the engine from `DB_URL`, and take the address out of the code.",
        )  # fmt: skip
    for start, key in ((one, canary("start")), (other, work.leaked)):
        said = _json(start.answers[-1][1])
        if said.get("key") != hashlib.sha256(key.encode()).hexdigest()[:12]:
            status = start.answers[-1][0]
            found = "answers with a key that is not the one in `SUPPLIER_API_KEY`" if status == 200 else f"is {status}"
            return failed(
                f"`GET /supplier` {found}.", expected=expected, where=_place_of(work, work.leaked) or where, ran=tried,
                mistake="key in the code", next="Take the key from the environment, and out of the code.",
            )  # fmt: skip
    return passed("Two environments gave two databases and two keys, with the same code.", ran=tried)


@criterion(points=1.5, after=[from_environment])
def fails_fast(work: ConfigWork) -> Verdict:
    """Without a required variable the service exits at once, and names it.

    Why: a default that fits nobody turns a slip in the settings into a service that writes to the wrong database.
    Hint: What does it do without `DB_URL`? And with `DB_URL=`, which is what a secret that was never set gives?
    Hint: In `from_env`, collect the names that are missing or empty, and end with `sys.exit(...)` or an error that names them.
    """
    expected = "it exits with an error that names the variable, before it answers any request"
    for name, how, start in work.lacking:
        tried = [f"{'' if how == 'missing' else f'{name}= '}{_UVICORN}"]
        if start.up:
            kind = "default hides it" if how == "missing" else "empty counts as set"
            return failed(
                f"With `{name}` {how}, the service starts all the same.", expected=expected, where="widgets/settings.py",
                ran=tried, mistake=kind,
                next="Treat an empty value as a missing one." if how == "empty" else "Give required settings no default.",
            )  # fmt: skip
        if start.exit_code is None:
            return failed(
                f"With `{name}` {how}, the service neither answers nor exits.", expected=expected, ran=tried,
                where="widgets/settings.py", mistake="hangs", next="Look at the environment first, before anything else.",
            )  # fmt: skip
        if start.exit_code == 0:
            return failed(
                f"With `{name}` {how}, it exits with 0, as if all were well.", expected=expected, ran=tried,
                where="widgets/settings.py", mistake="exits with 0", next="End with `sys.exit(\"…\")`, whose code is 1.",
            )  # fmt: skip
        if not re.search(rf"(?<![A-Za-z0-9]){name}(?![A-Za-z0-9])", start.said):
            return failed(
                f"With `{name}` {how}, it exits, but does not say that `{name}` is what it lacks: {_last(start.said)}",
                expected=expected, where="widgets/settings.py", ran=tried, mistake="names nobody",
                next=f"Name it in the message: `{name} is not set`.",
            )  # fmt: skip
        if canary("start") in start.said:
            return failed(
                f"With `{name}` {how}, it prints the values of the other variables too.", expected=expected, ran=tried,
                where="widgets/settings.py", mistake="prints values", next="Print names only; values end up in log servers.",
            )  # fmt: skip
    return passed("Missing or empty, each of the two is named, and the service exits at once.", ran=[_UVICORN])


@criterion(points=1, after=[from_environment])
def template(work: ConfigWork) -> Verdict:
    """A template names every variable that the code reads.

    Why: who sets up an environment reads this, and not the code.
    Hint: Compare `git grep -n environ` with what `.env.example` names.
    Hint: One line a variable, with a harmless value or none. A real key never; a comment says where it comes from.
    """
    expected = "`.env.example` (or one for each environment) with a line for each variable, and no real key"
    reads = environment_reads(work.files)
    wanted = {**dict.fromkeys(REQUIRED, "widgets/settings.py"), **reads}
    found = templates(work.files)
    tried = ["git grep -n environ -- widgets", "cat .env.example"]
    if not found:
        return failed(
            "There is no template of the configuration.", expected=expected, where=work.branch, ran=tried,
            mistake="no template", next="Write `.env.example` with a line for each variable, and commit it.",
        )  # fmt: skip
    for one in found:
        if missing := [name for name in wanted if name not in one.names]:
            return failed(
                f"`{one.path}` does not name {_listed(missing)}, which the code reads ({wanted[missing[0]]}).",
                expected=expected, where=one.path, ran=tried, mistake="template is out of date",
                next=f"Add a line for {'it' if len(missing) == 1 else 'each'}: `{missing[0]}=`",
            )  # fmt: skip
        if real := _real_value(work, one):
            return failed(
                f"`{one.path}` gives `{real}` what looks like a real value.", expected=expected, where=one.path, ran=tried,
                mistake="real key in the template", next=f"Write a placeholder: `{real}=ask-the-team`",
            )  # fmt: skip
    files = f"`{found[0].path}` names" if len(found) == 1 else f"{len(found)} templates name"
    return passed(f"{files} all {len(wanted)} variables that the code reads.", ran=tried)


def _real_value(work: ConfigWork, one: Template) -> str:
    for name, value in {**one.values, **one.commented}.items():
        line = f"{name}={value}".encode()
        if work.leaked in value or _KEY_SHAPE.search(value.encode()) or suspects({one.path: line}):
            return name
    return ""


@criterion(points=1)
def pipeline_green(work: ConfigWork) -> Verdict:
    """The pipeline is green once CI has the configuration.

    Why: a pipeline that nobody gets green is one that people work around.
    Hint: `ninesteps secret set DB_URL` and `ninesteps secret set SUPPLIER_API_KEY`, push, then `ninesteps run view`.
    Hint: The tests run without real values: what do they give `Settings`, and what does `from_env` get in a test?
    """
    expected = "a green run on a push to main, with every secret and variable that the workflow names set"
    if verdict := unreadable(work):
        return verdict
    outcome = work.outcome(work.pushed)
    if verdict := not_green(outcome, expected=expected):
        unset = next((name for name in REQUIRED if f"{name}: is not set" in verdict.found), "")
        mend = f"Give that step `{unset}` under `env:`, from `${{{{ secrets.{unset} }}}}`."
        return replace(verdict, next=mend, mistake="not handed over") if unset else verdict
    return passed("With secrets and variables of ours, a push to main is green.", ran=ran(outcome))


@criterion(points=1.5, after=[pipeline_green])
def from_ci(work: ConfigWork) -> Verdict:
    """The pipeline hands both over from CI's secrets or variables.

    Why: what CI keeps can be changed, rotated and withheld without a commit.
    Hint: What does the step that runs `scripts/configure.sh` see? A step gets no secret that it is not given.
    Hint: `env: {DB_URL: "${{ secrets.DB_URL }}"}` on that step; with `environment: staging`, staging's own comes first.
    """
    expected = "`DB_URL` and `SUPPLIER_API_KEY` in the environment of what configures staging, from `secrets` or `vars`"
    outcome = work.outcome(work.pushed)
    users = work.users(outcome)
    if not users:
        some = {name for call in outcome.calls for name in REQUIRED if name in call.names}
        lacking = [name for name in REQUIRED if name not in some]
        first = next(iter(work.workflows)).path
        return failed(
            f"No command that the pipeline runs outside gets {_listed(lacking or list(REQUIRED))}."
            if outcome.calls else "The pipeline brings no configuration anywhere.",
            expected=expected, where=first, ran=ran(outcome), mistake="not handed over",
            next="Give the step that runs `scripts/configure.sh` both under `env:`.",
        )  # fmt: skip
    for workflow, job in users:
        for name in REQUIRED:
            given = [(text, _kinds(work, workflow, job, text, step)) for text, step in _given_as(workflow, job, name)]
            if given and not any(kinds & _FROM_CI for _, kinds in given):
                return failed(
                    f"`{name}` is written out in the workflow.", expected=expected, where=str(given[-1][0].where),
                    ran=[f"git show HEAD:{workflow.path}"], mistake="value in the workflow", marks=[job.id],
                    next=f"Put the value into CI (`ninesteps secret set {name}`), and write "
                    f"`{name}: ${{{{ secrets.{name} }}}}`.",
                )  # fmt: skip
    jobs = _listed([job.id for _, job in users])
    return passed(f"The job {jobs} gets both, from CI.", ran=ran(outcome))


def _kinds(work: ConfigWork, workflow: Workflow, job: Job, text: Text, step: WorkflowStep) -> set[From]:
    return {source.kind for source in sources_of(workflow, job, text, step, others=work.library)}


def _given_as(workflow: Workflow, job: Job, name: str) -> Iterator[tuple[Text, WorkflowStep]]:
    """The values that a job's steps see under a name: the innermost `env` that has it, for each step."""
    for step in job.steps:
        for settings in (step.env, job.env, workflow.env):
            if text := settings.get(name):
                yield text, step
                break


@criterion(points=1, after=[from_ci])
def scoped(work: ConfigWork) -> Verdict:
    """A secret is there only for the job that needs it.

    Why: each job that sees a secret runs code (your tests, your dependencies) that could send it elsewhere.
    Hint: At which level stands `env:`? The workflow's is seen by every job.
    Hint: Give secrets to the step or the job that deploys. `secrets: inherit` hands over all of them.
    """
    expected = "secrets in the jobs that configure or deploy, and in no other"
    outcome = work.outcome(work.pushed)
    users = {(workflow.path, job.id) for workflow, job in work.users(outcome)}
    for workflow in work.workflows:
        for job in workflow.jobs.values():
            needs = (workflow.path, job.id) in users or job.uses is not None or (
                job.environment is not None and not _tests_beforehand(work, workflow, job, users)
            )  # fmt: skip
            seen = {name: places for name, places in visible(workflow, job).secrets.items() if name != TOKEN}
            if seen and not needs:
                name, places = next(iter(seen.items()))
                wide = "env" if _is_outside(places[0], job, workflow) else "job"
                level = "the whole workflow" if wide == "env" else f"the job `{job.id}`"
                what = "every secret" if name == "*" else f"`{name}`"
                return failed(
                    f"{what[0].upper()}{what[1:]} is given to {level}, so `{job.id}` sees it, and does not need it.",
                    expected=expected, where=str(places[0]), ran=[f"git show HEAD:{workflow.path}"], marks=[job.id],
                    mistake="secret for every job" if wide == "env" else "secret for a job without need",
                    next="Move it to the `env:` of the step that configures or deploys.",
                )  # fmt: skip
    return passed("No other job sees a secret.", ran=[f"git show HEAD:{one.path}" for one in work.workflows[:2]])


def _tests_beforehand(work: ConfigWork, workflow: Workflow, job: Job, users: set[tuple[str, str]]) -> bool:
    """Whether a job runs tests, and not on what a job of `users` has deployed."""
    after = any(waits_for(workflow, job.id, id) for path, id in users if path == workflow.path)
    return runs_tests(job, work.files) and not after


def _is_outside(place: Where, job: Job, workflow: Workflow) -> bool:
    return place.line < min(one.where.line for one in workflow.jobs.values())


@criterion(points=1.5, after=[pipeline_green])
def never_shown(work: ConfigWork) -> Verdict:
    """No secret shows up in a log, an artifact, a cache, or an argument of a command.

    Why: logs are read by many and kept for long, and masking covers a secret's exact text only.
    Hint: Where could it be written down in passing: `set -x`, `env`, `base64`, `--build-arg`, `--from-literal`, `curl -H`?
    Hint: Hand secrets on through the environment or standard input. Arguments of a process can be read by all on the machine.
    """
    expected = "no trace of a secret outside the environment of the step that needs it"
    outcome = work.outcome(work.pushed)
    seen = search(dict(traces(outcome)), work.canaries)
    for sighting in seen.sightings:
        place, mistake, mend = _leak(sighting)
        return failed(
            f"`{sighting.secret}` shows up {place} ({sighting.form}).", expected=expected, ran=ran(outcome),
            where=_step_of(work, sighting) or next(iter(work.workflows)).path, mistake=mistake, next=mend,
        )  # fmt: skip
    if seen.too_large:
        return cannot_check(
            f"`{seen.too_large[0]}` unpacks to too much to be searched.", next="Upload and cache less, and check again."
        )
    return passed("Logs, artifacts, caches and arguments were searched, plain and encoded.", ran=ran(outcome))


_PLACES = {
    "log": ("in the log of {}", "secret in a log", "Take out what prints it; `echo` and `set -x` are the usual ones."),
    "argument": (
        "in an argument of `{}`", "secret in an argument",
        "Hand it over through the environment or standard input: `--from-env-file=/dev/stdin`, `--secret id=…`.",
    ),
    "input": ("in the input of {}", "secret in an input", "Use the action's input for secrets, or an environment variable."),
    "artifact": ("in the artifact {}", "secret in an artifact", "Upload only the files that are wanted, by name."),
    "cache": ("in the cache {}", "secret in a cache", "Cache the folder of downloads only."),
    "output": ("in an output of {}", "secret in an output", "Outputs are not secret: read the secret where it is needed."),
}  # fmt: skip


def _leak(sighting: Sighting) -> tuple[str, str, str]:
    kind, _, rest = sighting.place.partition("\0")
    place, mistake, mend = _PLACES[kind]
    return place.format(rest.split("\0")[0]), mistake, mend


def _step_of(work: ConfigWork, sighting: Sighting) -> str:
    """`file:line` of the step that a log, an input or an output belongs to."""
    parts = sighting.place.split("\0")
    if len(parts) < 4:
        return ""
    workflow, job, number = parts[2], parts[3], int(parts[4])
    found = work.library[workflow].job(job) if workflow in work.library else None
    return str(found.steps[number - 1].where) if found and 0 < number <= len(found.steps) else ""


@criterion(points=2)
def purged(work: ConfigWork) -> Verdict:
    """No commit of your branch holds a secret.

    Why: a key that was deleted is one `git log -p` away, for everybody with a clone.
    Hint: Where is it still? `git log --oneline -S sup_` lists the commits that bring it in or take it out.
    Hint: `git rebase -i` from the first commit on, `edit` on the commit that brings the key in, mend it there, and
        `git commit --amend`; then `git rebase --continue`. It goes on a branch of its own.
    """
    expected = "a history after the first commit in which no file and no message ever held a secret"
    tried = ["git log --oneline -S sup_", f"git log -p {work.start.commits.root[:7]}..{work.commit.short}"]
    try:
        brought = work.new_in_history
    except TreeTooLarge as trouble:
        return cannot_check(f"Your history holds {trouble}.", next="Make the branch anew from the first commit.")
    leaked = search(brought, {"the leaked key": work.leaked}).sightings
    active = _keys(work).get("active", "")
    for place, content in brought.items():
        for key in _KEY_SHAPE.findall(content):
            if hashlib.sha256(key).hexdigest() == active and key.decode() != work.leaked:
                return failed(
                    f"The new key is committed: {_told(place)} holds it.", expected=expected, where=place, ran=tried,
                    mistake="new key committed", next="Rotate once more, and keep the new key out of git this time.",
                )  # fmt: skip
    if leaked:
        first = leaked[0]
        now = any(work.leaked.encode() in content for content in work.files.values())
        form = "" if first.form == "as it is" else f" ({first.form})"
        return failed(
            f"The leaked key is still in your history{form}: {_told(first.place)}"
            + (" and your newest commit hold it." if now and work.commit.short not in first.place else " holds it."),
            expected=expected, where=first.place, ran=tried, mistake="still there" if now else "deleted, not purged",
            next=f"Rewrite from there: `git rebase -i {work.start.commits.root[:7]}`, with `edit` on that commit.",
        )  # fmt: skip
    try:
        found = _not_of_locks(suspects(brought))
    except Problem as problem:
        return cannot_check(problem.found, next=problem.next)
    if found:
        one = found[0]
        return failed(
            f"{_told(one.place)} holds what looks like a secret ({one.kind}) on line {one.line}.", expected=expected,
            where=f"{one.place}:{one.line}", ran=["detect-secrets scan"], mistake="another secret",
            next="If it is one: rotate it, and take it out of that commit. If not: write a placeholder that looks like one.",
        )  # fmt: skip
    still = next(iter(work.leaking_on_origin), "")
    rest = f" `{still}` on origin still holds it." if still else ""
    return passed(f"{len(work.history_brought)} versions of files and messages were searched.{rest}", ran=tried)


def _not_of_locks(found: Iterable[Suspect]) -> list[Suspect]:
    return [one for one in found if not one.place.endswith((".lock", _KEYS))]


def _told(place: str) -> str:
    commit, _, path = place.partition(" ")
    return f"the message of {commit}" if path == "message" else f"`{path.split(': ')[0]}` in {commit}"


@criterion(points=1)
def rotated(work: ConfigWork) -> Verdict:
    """The leaked key is revoked, and there is a new one.

    Why: clones, forks and caches keep what was pushed once; only a key that opens nothing is harmless.
    Hint: Who can make a key worthless? Not git.
    Hint: `python scripts/supplier.py rotate`, then commit `supplier/keys.json`.
    """
    expected = f"the leaked key's fingerprint under `revoked` in `{_KEYS}`, and another one under `active`"
    tried = ["git show HEAD:supplier/keys.json"]
    keys, leaked = _keys(work), hashlib.sha256(work.leaked.encode()).hexdigest()
    mend = "Run `python scripts/supplier.py rotate`, and commit `supplier/keys.json`."
    if not keys:
        return failed(
            f"`{_KEYS}` is gone, or is not what the script writes.", expected=expected, where=_KEYS, ran=tried,
            mistake="no list of keys", next=f"Put it back: `git checkout {work.start.commits.moved[:7]} -- {_KEYS}`. {mend}",
        )  # fmt: skip
    if keys["active"] == leaked:
        return failed("The leaked key still opens everything.", expected=expected, where=_KEYS, ran=tried,
                      mistake="not rotated", next=mend)  # fmt: skip
    if leaked not in keys["revoked"]:
        return failed(
            "There is a new key, but the leaked one was not revoked.", expected=expected, where=_KEYS, ran=tried,
            mistake="not revoked",
            next=f"Put the list back with `git checkout {work.start.commits.moved[:7]} -- {_KEYS}`, then: {mend}",
        )  # fmt: skip
    if not re.fullmatch(r"[0-9a-f]{64}", keys["active"]):
        return failed("There is no active key, so nobody can order.", expected=expected, where=_KEYS, ran=tried,
                      mistake="no new key", next=mend)  # fmt: skip
    if keys["active"] in keys["revoked"]:
        return failed("The active key is one that was revoked.", expected=expected, where=_KEYS, ran=tried,
                      mistake="no new key", next=mend)  # fmt: skip
    return passed("The leaked key is revoked, and another one is active.", ran=tried)


def _keys(work: ConfigWork) -> dict[str, str]:
    """The supplier's list; `revoked` as one text. Empty where it is no such list."""
    read = _json(work.files.get(_KEYS, b"").decode("utf-8", "replace"))
    active, revoked = read.get("active"), read.get("revoked")
    if not isinstance(active, str) or not isinstance(revoked, list):
        return {}
    return {"active": active, "revoked": " ".join(map(str, revoked))}


def _json(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _place_of(work: ConfigWork, text: str) -> str:
    """`file:line` where the code holds a text."""
    for path, content in sorted(work.files.items()):
        if path.startswith("widgets/") and text.encode() in content:
            return f"{path}:{len(content[: content.index(text.encode())].splitlines()) or 1}"
    return ""


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"“{lines[-1][:160]}”" if lines else "it says nothing"


def _listed(names: Iterable[str]) -> str:
    shown = [f"`{name}`" for name in names]
    more = f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
    return " and ".join(shown[:_MOST_NAMED]) + more


@contextmanager
def open_work(path: Path) -> Iterator[ConfigWork]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    with open_pipeline(path, "config", CRITERIA, ConfigWork) as work:
        yield work


def draw(work: ConfigWork) -> Pipelines | None:
    """The pipeline on a push to main."""
    if unreadable(work):
        return None
    outcome = work.outcome(work.pushed)
    runs = tuple(pipeline_of(one.run, one.workflow) for one in outcome.started)
    return Pipelines(f"On {outcome.scenario.named}", runs) if runs else None


CRITERIA = (
    from_environment,
    fails_fast,
    template,
    pipeline_green,
    from_ci,
    scoped,
    never_shown,
    purged,
    rotated,
)

STEP = Step(
    title="Configuration and secrets",
    subskill="Keep configuration and secrets out of the code",
    minutes=60,
    open=open_work,
    criteria=CRITERIA,
    picture=draw,
)
