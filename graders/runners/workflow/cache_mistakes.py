"""Why a pipeline's dependencies are not in the cache, not found there again, or found there once they are stale."""

from __future__ import annotations

from collections.abc import Sequence

from graders.evidence.workflow.data_flow import From, Library
from graders.runners.workflow.cache_use import (
    Lookup,
    chosen_by,
    hashed,
    hashes,
    holds_dependencies,
    lookups,
    not_saved,
    origins,
)
from graders.runners.workflow.scenario import Outcome
from graders.runners.workflow.unnoticed import Reason

_OF_ONE_RUN = ("sha", "run_id", "run_number", "run_attempt")


def why_nothing_is_cached(outcome: Outcome, library: Library) -> Reason:
    """Why a run left no dependencies in the cache."""
    advice = "Give `actions/setup-python` the inputs `cache: pip` and `cache-dependency-path: requirements-dev.lock`."
    every = lookups(outcome, library)
    if not every:
        what = "No job looks for its dependencies in a cache: each run downloads them all."
        return Reason("no cache", what, advice, outcome.started[0].workflow.path)
    first, reasons = every[0], not_saved(outcome)
    kept = {entry.key: entry for entry in outcome.caches}
    listed = ", ".join(f"`{path[:60]}`" for path in first.paths[:4])
    place = (first.where, first.call.job)
    if first.key in reasons and "exist" in reasons[first.key]:
        what = f"There is nothing at {listed} when the job ends, so nothing is saved."
        return Reason(
            "nothing at that path", what, "pip keeps downloads in `~/.cache/pip`; `pip cache dir` says where.", *place
        )
    if first.key in kept and not holds_dependencies(kept[first.key]):
        what = f"The cache keeps {listed}: no package that was downloaded or installed is in it."
        return Reason("other things cached", what, advice, *place)
    why = f": {reasons[first.key]}" if reasons.get(first.key) else ""
    what = f"The job looks for {listed} in the cache, and saves nothing there{why}."
    save = (
        "`actions/cache` saves at the end of a green job by itself; `actions/cache/restore` needs a `…/save` after it."
    )
    return Reason("never saved", what, save, *place)


def why_missed(lookup: Lookup, changed: Sequence[str], library: Library) -> Reason:
    """Why a run on other code asks for another key; `changed` are the paths that were changed."""
    given = [one for one in origins(lookup, library) if one.kind is From.EVENT and one.name in _OF_ONE_RUN]
    files = [path for patterns in hashes(lookup) for path in chosen_by(patterns, list(changed))]
    what = f"The key of the cache in the job `{lookup.call.job}`"
    if given:
        mistake, found = "key of one run", f"{what} holds `github.{given[0].name}`, so no later run asks for the same."
    elif files:
        mistake = "key follows the code"
        found = f"{what} hashes `{files[0]}`, so each change there begins with an empty cache."
    else:
        mistake = "key changes each time"
        found = f"{what} is another one in the next run, though only code has changed."
    if lookup.found:
        found += " What `restore-keys` find is no hit: it is saved again under each new key."
    mend = "Make it of system and lock alone: `${{ runner.os }}-pip-${{ hashFiles('requirements-dev.lock') }}`."
    return Reason(mistake, found, mend, lookup.where, lookup.call.job)


def why_stale(lookup: Lookup, lock: str, paths: Sequence[str]) -> Reason:
    """Why the key is the same though `lock` has changed; `paths` are the files of the commit."""
    text, step = lookup.key_text, lookup.step
    place = (lookup.where, lookup.call.job)
    if text is None:
        given = step.with_.get("cache-dependency-path") if step else None
        said = (
            f"hashes `{given.value.strip()[:80]}`"
            if given
            else "hashes `requirements.txt` and `pyproject.toml`, unless it is told which file"
        )
        what = f"The cache of the job `{lookup.call.job}` {said}."
        return Reason("key from another file", what, f"Say so: `cache-dependency-path: {lock}`.", *place)
    mend = f"Put `hashFiles('{lock}')` into the key: `${{{{ runner.os }}}}-pip-${{{{ hashFiles('{lock}') }}}}`."
    every = hashed(text)
    for patterns in every:
        if not chosen_by(patterns, list(paths)):
            named = ", ".join(f"`{one}`" for one in patterns)
            what = f"`hashFiles` finds no file for {named}, and then gives an empty text."
            return Reason("hash of no file", what, mend, *place)
    if every:
        files = chosen_by(every[0], list(paths))
        return Reason("key from another file", f"The key hashes `{files[0]}`, and not `{lock}`.", mend, *place)
    return Reason("constant key", "Nothing in the key depends on the lock.", mend, *place)
