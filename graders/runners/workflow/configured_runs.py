"""A service started in several environments, its pipeline run with secrets of ours, and all that a branch's commits brought."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property

from graders.evidence.introduced import introduced
from graders.evidence.workflow.data_flow import visible
from graders.evidence.workflow.model import Job, Workflow
from graders.runners.service import Service, Start, Started, start_service
from graders.runners.workflow.scenario import Outcome, Scenario
from graders.runners.workflow.work import PipelineWork
from graders.workspace.home import cache_dir

REQUIRED = ("DB_URL", "SUPPLIER_API_KEY")
TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the name of what every job gets
_ONE, _OTHER = ("sqlite:////tmp/one.db", "sqlite:////tmp/other.db")


def canary(name: str) -> str:
    """A value that stands nowhere else, the same each time."""
    return "canary" + hashlib.sha256(name.encode()).hexdigest()[:26]


class ConfigWork(PipelineWork):
    """The evidence of step 6: the service started, the pipeline run with canaries, the history searched."""

    @property
    def leaked(self) -> str:
        """The key that is in the history that the learner was given."""
        return self.start.starter.variant["leaked"]

    @cached_property
    def service(self) -> Service:
        """The service in six environments at once; their order is that of `_starts`."""
        code = {
            path: text for path, text in self.files.items() if not path.startswith((".github/", "tests/", "scripts/"))
        }
        return start_service(code, self._starts, cache_dir() / "services")

    @cached_property
    def _starts(self) -> tuple[Start, ...]:
        key = canary("start")
        asked = (
            {"method": "POST", "path": "/widgets", "json": {"name": "from-one", "price_cents": 1}},
            {"path": "/widgets"},
            {"path": "/supplier"},
        )
        one = Start({"DB_URL": _ONE, "SUPPLIER_API_KEY": key}, asked, ("/tmp/one.db",), ("from-one",))  # noqa: S108
        other = Start(
            {"DB_URL": _OTHER, "SUPPLIER_API_KEY": self.leaked}, asked[1:], ("/tmp/other.db",), ("CREATE TABLE",)  # noqa: S108
        )  # fmt: skip
        full = {"DB_URL": "sqlite://", "SUPPLIER_API_KEY": key}
        lacking = [{**full, name: value} for name in REQUIRED for value in ("", None)]
        without = [Start({name: value for name, value in env.items() if value is not None}) for env in lacking]
        return (one, other, *without)

    @property
    def lacking(self) -> Iterator[tuple[str, str, Started]]:
        """The variable, whether it was `empty` or `missing`, and how that start went."""
        kinds = [(name, how) for name in REQUIRED for how in ("empty", "missing")]
        for (name, how), started in zip(kinds, self.service.starts[2:], strict=True):
            yield name, how, started

    @cached_property
    def names_of_ci(self) -> tuple[set[str], set[str]]:
        """The secrets and the variables that the workflows name."""
        secrets: set[str] = set(REQUIRED)
        variables: set[str] = set(REQUIRED)
        for workflow in self.workflows:
            for job in workflow.jobs.values():
                seen = visible(workflow, job)
                secrets |= {name for name in seen.secrets if name not in ("*", TOKEN)}
                variables |= {name for name in seen.variables if name != "*"}
        return secrets, variables

    @cached_property
    def canaries(self) -> Mapping[str, str]:
        """What no log may show, by the name in CI."""
        secrets, variables = self.names_of_ci
        wanted = {f"vars.{name}" for name in variables if "DB" in name or "DATABASE" in name or "KEY" in name}
        return {name: canary(name) for name in sorted(secrets | wanted)}

    @cached_property
    def pushed(self) -> Scenario:
        """A push to main, with canaries for all secrets and variables."""
        secrets, variables = self.names_of_ci
        return Scenario(
            secrets={name: self._given(name) for name in sorted(secrets)},
            variables={name: self._given(f"vars.{name}") for name in sorted(variables)},
        )

    @staticmethod
    def _given(name: str) -> str:
        of_database = "DB" in name or "DATABASE" in name
        return f"postgresql://widgets:{canary(name)}@db.example.org/widgets" if of_database else canary(name)

    @cached_property
    def history_brought(self) -> dict[str, bytes]:
        """What every commit after the first brought in. Raises TreeTooLarge."""
        return introduced(self.snapshot, self.start.commits.root, self.commit.id)

    @cached_property
    def new_in_history(self) -> dict[str, bytes]:
        """The same, less what the starter's commits held besides the leak."""
        given = {
            text.encode() for commit in self.start.starter.commits for text in commit.files.values()
            if text is not None and self.leaked not in text
        }  # fmt: skip
        return {place: content for place, content in self.history_brought.items() if content not in given}

    @property
    def leaking_on_origin(self) -> list[str]:
        """The branches on origin from which the commits that were given can still be reached, the leak among them."""
        history, given = self.snapshot.history, self.start.commits.moved
        heads = self.snapshot.under("refs/origin/heads/")
        return [name for name, tip in heads.items() if given in history.ancestors(tip)]

    def users(self, outcome: Outcome) -> list[tuple[Workflow, Job]]:
        """The jobs in which a played command could read both variables; of a called workflow, the job there."""
        found: dict[tuple[str, str], tuple[Workflow, Job]] = {}
        for started in outcome.started:
            for call in started.run.calls:
                if call.tool != "pip" and set(REQUIRED) <= set(call.names):
                    at = self._job_of(started.workflow, call.job)
                    if at:
                        found[at[0].path, at[1].id] = at
        return list(found.values())

    def _job_of(self, workflow: Workflow, id: str) -> tuple[Workflow, Job] | None:
        """`job`, or `caller / job` of a workflow that is called."""
        caller, _, inner = id.partition(" / ")
        job = workflow.job(caller)
        if job and inner and job.uses:
            called = self.library.get(job.uses.path)
            return self._job_of(called, inner) if called else None
        return (workflow, job) if job else None
