"""The evidence about feature flags: a learner's service observed with its flags, and again after a flag's removal."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from functools import cached_property

from graders.evidence.candidates import branch
from graders.evidence.git_tree import TreeTooLarge, files_of
from graders.evidence.history import Commit
from graders.problems import Problem
from graders.runners.flags.broken_answers import broken
from graders.runners.flags.plan import DELIVERY_CENTS, PRICE_CENTS, starts, starts_without_the_flag
from graders.runners.flags.record import Observed
from graders.runners.flags.service import observe
from graders.runners.test_suite import SuiteRun, run_suite
from graders.runners.workflow.work import PipelineWork
from graders.workspace.home import cache_dir

REMOVAL = "remove-price-v2"
_NO_SERVICE = (".github/", "tests/")


class FlagsWork(PipelineWork):
    """The evidence of step 8: one commit with the flag, and the branch that removes it."""

    @property
    def quantity(self) -> int:
        """From how many widgets on the new price differs."""
        return int(self.start.starter.variant["threshold"])

    def stable_price(self, quantity: int) -> dict[str, object]:
        """The stable price of so many widgets, as the service answers it."""
        return {"widget_id": 1, "quantity": quantity, "total_cents": PRICE_CENTS * quantity}

    @property
    def new_price(self) -> dict[str, object]:
        """The new price of so many widgets that there is a discount."""
        percent = int(self.start.starter.variant["percent"])
        total = PRICE_CENTS * self.quantity * (100 - percent) // 100
        return {**self.stable_price(self.quantity), "total_cents": total, "discount_percent": percent}

    @property
    def untouched_answers(self) -> list[tuple[int, object]]:
        """Status and JSON that the service gives to `plan.stable_requests` while the flag is off; of an error the status."""
        widget = {"id": 1, "name": "bolt", "price_cents": PRICE_CENTS, "stock": 7}
        delivery = {"widget_id": 1, "delivery_cents": DELIVERY_CENTS}
        good = [self.stable_price(1), self.stable_price(self.quantity), delivery, [widget], widget]
        return [*((200, one) for one in good), (404, None), (422, None)]

    @cached_property
    def observed(self) -> Observed:
        """The service, started in many environments and with many flag files; the tests run meanwhile."""
        self._suites  # noqa: B018 - begins with them
        return observe(_of_service(self.files), starts(self.quantity), cache_dir() / "flags")

    @cached_property
    def _suites(self) -> dict[bool | None, Future[SuiteRun]]:
        changes: dict[bool | None, dict[str, bytes]] = {None: {}}
        changes |= {new: broken(self.files, new=new) for new in (True, False)}
        return {new: self._pool.submit(self.suite, change) for new, change in changes.items()}

    def suite_with(self, *, new_broken: bool | None) -> SuiteRun:
        """The tests with the new price's answers broken, with the stable price's, or with neither (None)."""
        return self._suites[new_broken].result()

    @cached_property
    def removal(self) -> Commit | None:
        """The tip of the branch that removes the flag: the clone's, else origin's."""
        tips = branch(self.snapshot, REMOVAL)
        return self.snapshot.history[tips[0]] if tips else None

    @cached_property
    def files_without(self) -> Mapping[str, bytes]:
        """The files of the removal. Raises Problem where they are too large."""
        assert self.removal
        try:
            return files_of(self.snapshot.git, self.removal.tree)
        except TreeTooLarge as trouble:
            mend = "Take what does not belong in a repository out of it."
            raise Problem(f"The commit {self.removal.short} on `{REMOVAL}` holds {trouble}.", mend) from None

    @cached_property
    def observed_without(self) -> Observed:
        """The service after the removal."""
        return observe(_of_service(self.files_without), starts_without_the_flag(self.quantity), cache_dir() / "flags")

    @cached_property
    def suite_without(self) -> SuiteRun:
        """The tests after the removal."""
        return run_suite(self.files_without, cache=cache_dir() / "suites")


def _of_service(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: text for path, text in files.items() if not path.startswith(_NO_SERVICE)}
