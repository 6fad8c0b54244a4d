"""Where the image that a job deploys comes from, by the data flow of the file; and which value does not arrive."""

from __future__ import annotations

from collections.abc import Iterator

from graders.evidence.workflow.data_flow import From, Library, Source, sources_of
from graders.evidence.workflow.model import Step, Text
from graders.runners.workflow.deployments import Deed, Job

_FROM_STEPS = (From.STEP, From.EVENT)


def origin_of(deed: Deed, library: Library) -> str:
    """The middle of a sentence such as `the step “push” of the job build`; empty where the file does not tell."""
    step = deed.step
    found = [one for one in _sources(deed.job, library, step) if one.kind in _FROM_STEPS]
    for source in found:
        if source.kind is From.STEP and source.step is not None and source.job != deed.job.chain[-1].job.id:
            return f"the step “{source.step.title[:40]}” of the job `{source.job}`"
    named = [one for one in found if one.kind is From.EVENT and one.name in ("sha", "ref_name", "ref")]
    return f"`github.{named[0].name}`" if named else ""


def value_that_is_empty(job: Job, library: Library) -> Source | None:
    """A value in the job that GitHub leaves empty, since what it names is not there."""
    return next((one for one in _sources(job, library) if one.kind is From.NOTHING and one.why), None)


def _sources(job: Job, library: Library, step: Step | None = None) -> Iterator[Source]:
    """Of all that the step (or any of the job) is given; what a caller passes on is followed to the caller."""
    if not job.chain:
        return
    link = job.chain[-1]
    steps = [step] if step else list(link.job.steps)
    for one in steps:
        for text in (*_texts(one), *link.job.env.values.values(), *link.workflow.env.values.values()):
            if text.dynamic:
                yield from sources_of(link.workflow, link.job, text, one, others=library)
    for caller in job.chain[:-1]:
        for text in caller.job.with_.values.values():
            if text.dynamic:
                yield from sources_of(caller.workflow, caller.job, text, others=library)


def _texts(step: Step) -> Iterator[Text]:
    yield from (text for text in (step.run, *step.with_.values.values(), *step.env.values.values()) if text)
