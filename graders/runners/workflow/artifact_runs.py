"""Runs of a pipeline that keeps what it makes: with an empty cache, then with what that left, on other code, on a changed
lock (packages are damaged on their way there), on a broken test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePosixPath

from graders.evidence.coverage_report import covers, measured
from graders.evidence.test_report import TestReport, read_test_report, together
from graders.evidence.workflow.expression import references
from graders.evidence.workflow.occurrences import in_workflow
from graders.runners.test_suite import SuiteRun
from graders.runners.workflow.cache_use import Lookup, chosen_by, hashes, lookups, of_dependencies
from graders.runners.workflow.hand_over import PACKAGES, UPLOAD, Use, uses
from graders.runners.workflow.locks import changed_lock, installed_from
from graders.runners.workflow.mutants import Mutant, broken_assertions, first_that, source_only
from graders.runners.workflow.scenario import Outcome, Scenario
from graders.runners.workflow.work import PipelineWork

_COMMENTED = (".toml", ".py", ".yml", ".yaml", ".cfg", ".md")  # a line with `#` changes nothing


class ArtifactsWork(PipelineWork):
    """The evidence of step 3: four runs of the pipeline, and what they kept."""

    @cached_property
    def secrets(self) -> Mapping[str, str]:
        """A canary for each secret that the files name, and for the token."""
        names = {
            path[1].upper()
            for workflow in self.workflows
            for use in in_workflow(workflow)
            for path, _ in references(use.expression)
            if path[0] == "secrets" and len(path) > 1
        }
        return {name: _canary(name) for name in sorted(names | {"GITHUB_TOKEN"})}

    @cached_property
    def python(self) -> Mapping[str, bytes]:
        return {path: text for path, text in self.files.items() if path.endswith(".py")}

    def _scenario(self, changes: Mapping[str, bytes | None] | None = None, **more: object) -> Scenario:
        event = self._event
        branch = "main" if event == "push" else "keep-reports"
        return Scenario(event, branch, changes or {}, tuple(self.files), secrets=self.secrets, **more)  # type: ignore[arg-type]

    @cached_property
    def _event(self) -> str:
        """A push to main, or a pull request where such a push starts nothing."""
        scenario = Scenario(paths=tuple(self.files), secrets=self.secrets)
        return "push" if self.outcome(scenario).started else "pull_request"

    @cached_property
    def cold(self) -> Outcome:
        """Good code, nothing in the cache."""
        return self.outcome(self._scenario())

    @property
    def changed(self) -> tuple[str, ...]:
        """The paths that the warm run finds changed."""
        return tuple(self._warm.changes)

    @cached_property
    def _warm(self) -> Scenario:
        changes = {**source_only(self.python).changes, **self._hashed_beside_a_lock}
        return self._scenario(changes, caches=self.cold.caches)

    @property
    def _hashed_beside_a_lock(self) -> Mapping[str, bytes]:
        """Files with a comment more that go into a key together with a lock, and pin nothing."""
        chosen = [chosen_by(patterns, list(self.files)) for one in self.cached for patterns in hashes(one)]
        beside = {path for paths in chosen if set(paths) & set(self.locks) for path in paths}
        return {path: self.files[path] + b"\n# Changed.\n" for path in sorted(beside) if path.endswith(_COMMENTED)}

    @cached_property
    def _relocked(self) -> Scenario:
        changes = {lock: changed_lock(self.files, lock) for lock in self.locks}
        return self._scenario(changes, caches=self.cold.caches, damaged=PACKAGES)

    @cached_property
    def _broken(self) -> Scenario:
        return self._scenario(self.mutant.changes if self.mutant else {}, caches=self.cold.caches)

    @cached_property
    def _damaged(self) -> Scenario:
        return self._scenario(caches=self.cold.caches, damaged=PACKAGES)

    def _begin(self) -> None:
        """All that breaks, side by side, once the good case is known."""
        self.start_playing(self._warm, self._relocked, *([self._broken] if self.mutant else []))

    @property
    def warm(self) -> Outcome:
        """Other code, with what the good case left in the cache."""
        self._begin()
        return self.outcome(self._warm)

    @property
    def relocked(self) -> Outcome:
        """Another lock, with the same cache; packages are damaged on their way to later jobs."""
        self._begin()
        return self.outcome(self._relocked)

    @property
    def broken(self) -> Outcome:
        """One test broken, with the same cache."""
        self._begin()
        return self.outcome(self._broken)

    @property
    def damaged(self) -> Outcome:
        """Nothing but the packages damaged on their way."""
        return self.outcome(self._damaged)

    @cached_property
    def locks(self) -> tuple[str, ...]:
        """The files with pinned packages that the pipeline installs from."""
        return installed_from(self.cold.calls, self.files)

    @cached_property
    def mutant(self) -> Mutant | None:
        """A test that is broken, such that the suite notices."""
        return first_that(broken_assertions(self.python), lambda one: bool(self.failing_with(one)), most=5)

    def failing_with(self, mutant: Mutant) -> frozenset[str]:
        """The tests that a mutant turns red."""
        run = self._suite_with(mutant.changes)
        return frozenset(one.test for one in run.failures) if not run.trouble else frozenset()

    @cached_property
    def own_suite(self) -> SuiteRun:
        return self._suite_with({})

    def _suite_with(self, changes: Mapping[str, bytes]) -> SuiteRun:
        """The tests without `.github`, on which they do not depend: so the answer is known from one try to the next."""
        return self.suite({**{path: None for path in self.files if path.startswith(".github/")}, **changes})

    @cached_property
    def cached(self) -> list[Lookup]:
        """What the good case looked for and then kept, where packages are in it."""
        return of_dependencies(self.cold, self.library)

    def again(self, outcome: Outcome) -> list[tuple[Lookup, Lookup]]:
        """The same lookups in another run: as they were, and as they are."""
        before = {one.place: one for one in self.cached}
        return [(before[one.place], one) for one in lookups(outcome, self.library) if one.place in before]

    def reports(self, outcome: Outcome) -> TestReport | None:
        """All JUnit files in the artifacts as one, or None."""
        read = [read_test_report(data) for artifact in outcome.artifacts for data in artifact.files.values()]
        found = [one for one in read if one is not None]
        return together(found) if found else None

    def measured(self, outcome: Outcome) -> tuple[bool, tuple[str, ...]]:
        """Whether the artifacts hold a coverage report that the run made, and the service's files that it measured."""
        committed = set(self.files.values())
        contents = [data for one in outcome.artifacts for data in one.files.values() if data not in committed]
        read = [one for data in contents if (one := measured(data)) is not None]
        sources = [path for path in self.python if not PurePosixPath(path).name.startswith(("test_", "conftest"))]
        return bool(read), covers({path for one in read for path in one}, sources)

    def uploads(self, outcome: Outcome) -> list[Use]:
        return uses(outcome, UPLOAD, self.library)


def _canary(name: str) -> str:
    """A value like no other, in which URLs escape something."""
    digest = hashlib.sha256(f"canary of {name}".encode()).hexdigest()
    return f"{digest[:14]}/{digest[14:24]}+{digest[24:36]}="
