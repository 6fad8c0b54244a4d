"""The evidence of the step about containers: a commit's Dockerfile, what its build gets to see, and the trial of both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from graders.evidence.dockerfile.context import Context, context_of
from graders.evidence.dockerfile.model import Dockerfile
from graders.evidence.dockerfile.read import DockerfileProblem, read
from graders.evidence.git_tree import TreeTooLarge, entries_of
from graders.problems import Problem
from graders.runners.engine.base_images import Base, NoBase
from graders.runners.engine.build import ContextFile
from graders.runners.engine.inside_image import look_inside
from graders.runners.engine.publishing import publish, starts
from graders.runners.engine.trial import Trial
from graders.runners.workflow.mutants import Mutant, broken_functions, first_that
from graders.runners.workflow.work import PipelineWork
from graders.workspace.home import cache_dir

DOCKERFILE, SCRIPT, REPOSITORY = "Dockerfile", "scripts/publish.sh", "widgets"
CANARY = "canary2f7c51d0e94b4b83a6d1c07e"
# What lies in a working directory that nobody has committed.
CANARIES = {
    ".env": f"DATABASE_URL=postgresql://widgets:{CANARY}@db.example.org/widgets\n",
    ".git/config": f'[remote "origin"]\n\turl = https://robot:{CANARY}@git.example.org/widgets.git\n',
}


class ContainerWork(PipelineWork):
    """The evidence of step 4: the commit's Dockerfile, what its build gets to see, and the trial of both on an engine."""

    @cached_property
    def dockerfile(self) -> Dockerfile | Problem:
        """The Dockerfile, or why there is none that can be read."""
        if DOCKERFILE not in self.files:
            return Problem(f"There is no `{DOCKERFILE}` at the top of the repository.", "Write one, and commit it.")
        try:
            return read(self.files[DOCKERFILE])
        except DockerfileProblem as problem:
            return problem

    @cached_property
    def entries(self) -> Mapping[str, ContextFile]:
        """All of the commit's files, and canaries beside them. Raises Problem where it is too large."""
        try:
            found = entries_of(self.snapshot.git, self.commit.tree)
        except TreeTooLarge as trouble:
            raise Problem(
                f"The commit {self.commit.short} holds {trouble}.", "Take out what does not belong there."
            ) from None
        files = {
            path: ContextFile(content, 0o755 if mode == "100755" else 0o644, mode == "120000")
            for path, (mode, content) in found.items()
        }
        return files | {path: ContextFile(text.encode()) for path, text in CANARIES.items()}

    @cached_property
    def context(self) -> Context:
        """What of all that the build gets to see. Raises Problem for a `.dockerignore` that can't be read."""
        return context_of(self.entries, self.files)

    @cached_property
    def trial(self) -> Trial:
        """The Dockerfile, tried out."""
        assert isinstance(self.dockerfile, Dockerfile)
        sent = {*self.context.files, *({DOCKERFILE, ".dockerignore"} & self.entries.keys())}
        files = {path: self.entries[path] for path in sent}
        return Trial(self.dockerfile, files, cache_dir() / "images")

    @property
    def has_image(self) -> bool:
        """Whether its base images can be had, and the final image builds. Raises NoEngine and EngineTrouble."""
        return not any(isinstance(base, NoBase) for base in self.trial.bases) and bool(self.trial.built().image)

    @cached_property
    def inside(self) -> Mapping[str, Any]:
        """What is in the final image. Its `suspects` are None where the search for them took too long: then, look again."""
        trial, dockerfile = self.trial, self.dockerfile
        assert isinstance(dockerfile, Dockerfile)
        had = tuple(base for base in trial.bases if isinstance(base, Base))
        secrets = {"canary": CANARY}
        known = {**self.given, **{path: text.encode() for path, text in CANARIES.items()}}
        found: Mapping[str, Any] = trial.remembered(
            "inside, with what is named", lambda: look_inside(trial.ours.client, trial.image(), dockerfile, had, secrets, known),
            lambda facts: facts["suspects"] is not None,
        )  # fmt: skip
        return found

    @property
    def leaked(self) -> list[Mapping[str, Any]]:
        """The canaries in the image's layers; none where nothing can be built here."""
        try:
            return [one for one in self.inside["canaries"] if one["place"] == "layer"] if self.has_image else []
        except Problem:
            return []

    @cached_property
    def published(self) -> Mapping[str, Any]:
        """What came of the script that publishes."""
        trial = self.trial
        names = [base.name for base in trial.bases if isinstance(base, Base)]
        network = not any(base.stand_in for base in trial.bases if isinstance(base, Base))
        found: Mapping[str, Any] = trial.remembered(
            f"publish {self.commit.id}",
            lambda: publish(
                self.snapshot.git,
                self.commit.id,
                SCRIPT,
                REPOSITORY,
                trial.ours,
                names,
                cache_dir() / "layers",
                network=network,
            ),
        )
        return found

    @cached_property
    def starts(self) -> list[Any]:
        """What a container of the final image begins with."""
        trial = self.trial

        def ask() -> list[Any]:
            return starts(trial.ours.client.images.get(trial.image()).attrs.get("Config") or {})

        found: list[Any] = trial.remembered("starts", ask)
        return found

    @cached_property
    def mutant(self) -> Mutant | None:
        """A broken function of the service that the repository's own tests notice."""
        python = {path: text for path, text in self.files.items() if path.endswith(".py")}
        return first_that(broken_functions(python), lambda one: not self.suite(one.changes).green, most=4)

    def finish(self) -> None:
        """Leave nothing of ours on the engine."""
        super().finish()
        if "trial" in self.__dict__:
            self.trial.close()
