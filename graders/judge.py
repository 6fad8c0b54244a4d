"""Judge one submission: every criterion in its order, none hidden by another's trouble."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graders.criterion import Criterion, Kind, Verdict, cannot_check
from graders.result import Judged, Result
from graders.step import Place

log = logging.getLogger(__name__)
Progress = Callable[[str], None]


def judge(place: Place, path: Path, progress: Progress = lambda title: None, *, with_remarks: bool = False) -> Result:
    """Open what is at `path` and judge it by the step's criteria.

    `progress` is told each criterion's title before it runs. `with_remarks` asks for the step's remarks too, which may differ
    from one day to the next. Raises Problem where `path` can't be judged at all.
    """
    step = place.step
    with step.open(path) as work:
        verdicts: dict[str, Verdict] = {}
        for criterion in step.criteria:
            progress(criterion.title)
            verdicts[criterion.name] = _verdict(criterion, work, verdicts)
        picture = step.picture(work) if step.picture else None
        notes = tuple(getattr(work, "notes", ()))
        if with_remarks and step.remarks:
            notes += tuple(step.remarks(work))
    judged = (Judged(f"{place.name}.{one.name}", one, verdicts[one.name]) for one in step.criteria)
    return Result(place.name, place.number, step.title, tuple(judged), picture, notes)


def _verdict(criterion: Criterion, work: Any, earlier: dict[str, Verdict]) -> Verdict:
    for needed in criterion.after:
        if earlier[needed.name].kind is not Kind.PASSED:
            return cannot_check(f"This waits for “{needed.title}”.", next="Mend that one first; this is judged then.")
    try:
        return criterion.judge(work)
    except Exception as defect:  # a defect of ours must not hide the other criteria
        log.debug("criterion %s broke", criterion.name, exc_info=True)
        return Verdict(
            Kind.ERROR,
            found=f"The grader itself broke here ({type(defect).__name__}: {str(defect)[:200]}).",
            next="This is our defect, not yours: please report it with the output of `ninesteps doctor`.",
        )
