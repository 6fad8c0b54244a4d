"""The evidence of step 9: the review, the plan that it is held against, the configuration, and the plans made of that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from graders.evidence.terraform.hcl import HclProblem, Module, read_module
from graders.evidence.terraform.plan import PlanModel, read_plan
from graders.evidence.terraform.refused import Refusal, refusals
from graders.evidence.terraform.review import Review, read_review
from graders.problems import Problem
from graders.runners.terraform.assignment import Assignment, assignment
from graders.runners.terraform.planning import Diagnostic, Made, plans, program
from graders.runners.terraform.shipped import number_of, plan_model
from graders.runners.workflow.work import PipelineWork
from graders.workspace.home import cache_dir

REVIEW = "review/review.yaml"
INFRA = "infra/"
_PLANNED = re.compile(r"\.(tf|tfvars)$")
_VERSION = re.compile(rb'^([ \t]*required_version[ \t]*=[ \t]*)"[^"\n]*"', re.MULTILINE)


class IacWork(PipelineWork):
    """A commit of the learner's, its review and its configuration."""

    @cached_property
    def plan(self) -> PlanModel:
        """The plan to be reviewed: ours, never the one that lies in the commit."""
        return plan_model(number_of(self.start.seed))

    @cached_property
    def review(self) -> Review | Problem | None:
        """The review, why it cannot be understood, or None where there is none."""
        if REVIEW not in self.files:
            return None
        try:
            return read_review(self.files[REVIEW], REVIEW)
        except Problem as problem:
            return problem

    @cached_property
    def assignment(self) -> Assignment:
        """What was to be changed."""
        return assignment(self.start.seed)

    @cached_property
    def infra(self) -> Mapping[str, bytes]:
        """What Terraform would read, by its path in `infra/`."""
        return {
            path.removeprefix(INFRA): text for path, text in self.files.items()
            if path.startswith(INFRA) and _PLANNED.search(path)
        }  # fmt: skip

    @cached_property
    def _configuration(self) -> Module | Problem:
        try:
            return read_module(self.infra)
        except Problem as problem:
            return problem

    @cached_property
    def module(self) -> Module | Problem:
        """The root module's blocks, or why the files cannot be read."""
        if isinstance(self._configuration, Problem):
            return self._configuration
        at_root = tuple(one for one in self._configuration.blocks if one.file.endswith(".tf") and "/" not in one.file)
        return Module(at_root, self._configuration.code)

    @cached_property
    def refused(self) -> tuple[Refusal, ...]:
        """What keeps the files from being planned. Raises Problem where one of them cannot be read."""
        if isinstance(self._configuration, Problem):
            raise self._configuration
        return refusals(self._configuration)

    @property
    def can_plan(self) -> bool:
        """Whether Terraform or OpenTofu is here."""
        return bool(program())

    @cached_property
    def _made(self) -> tuple[Made, ...]:
        files = {path: _VERSION.sub(rb'\1">= 0.1"', text) for path, text in self.infra.items()}
        return plans(files, self.assignment.world, self.assignment.asks, kept_in=cache_dir() / "plans")

    @cached_property
    def obstacle(self) -> Problem | None:
        """Why it can't be planned here, though a program for it is installed."""
        try:
            self._made  # noqa: B018 - it is the trying that counts
        except Problem as problem:
            return problem
        return None

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Errors of the plan as it is."""
        return self._made[0].errors

    @cached_property
    def now(self) -> PlanModel:
        """The plan of the files as they are."""
        return read_plan(self._made[0].json)

    @cached_property
    def changed(self) -> PlanModel | tuple[Diagnostic, ...]:
        """The plan with a larger database and without the first bucket, or its errors."""
        return self._made[1].errors or read_plan(self._made[1].json)

    @property
    def destroyed(self) -> Made:
        """What came of planning to destroy everything."""
        return self._made[2]


__all__ = ["HclProblem", "IacWork"]
