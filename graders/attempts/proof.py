"""Prove a step's graders: carry out every attempt, compare verdict by verdict, and the feedback with its golden file."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from graders.attempts.make import carry_out, settled_environment
from graders.attempts.recipe import Recipe, folder_of, recipes
from graders.criterion import Kind, Verdict
from graders.judge import judge
from graders.problems import Problem
from graders.reports.terminal import render
from graders.result import Result
from graders.step import Place

NEAR_MISSES = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """What one attempt got. `complaints` is empty where all is as the recipe says."""

    recipe: Recipe
    feedback: str
    verdicts: dict[str, Kind]
    complaints: tuple[str, ...]


def golden_file(place: Place, recipe: Recipe) -> Path:
    """Where the feedback that the attempt must get is written down."""
    return folder_of(place) / "golden" / f"{recipe.name}.txt"


def prove(place: Place, recipe: Recipe, *, update: bool = False) -> Proof:
    """Make one attempt in a folder of its own and judge it twice; with `update`, write its golden file.

    A recipe finds the path of a file in `$CANARY`: nothing that is judged may make it, nor change its own workspace.
    """
    with TemporaryDirectory(prefix="ninesteps-attempt-") as scratch:
        home = Path(scratch).resolve()
        canary = home / "canary"
        try:
            path = _made(place, recipe, home, settled_environment(home) | {"CANARY": str(canary)})
        except Problem as problem:
            return Proof(recipe, "", {}, (str(problem),))
        before = _seen(home)
        feedback, verdicts, complaints = _judged(place, recipe, path, home)
        if (feedback, verdicts, complaints) != _judged(place, recipe, path, home):
            complaints = [*complaints, "judged twice, it got two different answers"]
        if canary.exists():
            complaints = [*complaints, "something of the submission ran outside the sandbox"]
        elif _seen(home) != before:
            complaints = [*complaints, "judging changed the submission"]
    golden = golden_file(place, recipe)
    if update:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(feedback, encoding="utf-8")
    expected = golden.read_text(encoding="utf-8") if golden.exists() else ""
    if feedback != expected:
        difference = difflib.unified_diff(
            expected.splitlines(), feedback.splitlines(), "golden", "now", lineterm="", n=1
        )
        complaints = [*complaints, "the feedback differs from its golden file:\n" + "\n".join(difference)]
    return Proof(recipe, feedback, verdicts, tuple(complaints))


def _made(place: Place, recipe: Recipe, home: Path, env: dict[str, str]) -> Path:
    import subprocess
    import sys

    workspace = home / "work"
    start = [sys.executable, "-m", "graders", "start", place.name, "--into", str(workspace), "--seed", str(recipe.seed)]
    done = subprocess.run(start, env=env, capture_output=True, text=True)
    if done.returncode:
        raise Problem(f"`ninesteps start` failed: {done.stdout}{done.stderr}")
    carry_out(place, recipe, recipe.seed, workspace / "repo", env)
    # A recipe that hands in another thing than the clone leaves its path here.
    pointer = workspace / "judge-this"
    return Path(pointer.read_text().strip()) if pointer.exists() else workspace / "repo"


def _seen(folder: Path) -> dict[str, tuple[int, int]]:
    """Every path below `folder`, with its size and the time of its last change."""
    return {
        str(path): ((entry := path.lstat()).st_size, entry.st_mtime_ns)
        for path in folder.rglob("*")
    }  # fmt: skip


def _judged(place: Place, recipe: Recipe, path: Path, home: Path) -> tuple[str, dict[str, Kind], list[str]]:
    try:
        result = judge(place, path)
    except Problem as problem:
        feedback = f"{problem.found}\n{problem.next}\n".replace(str(home), "HOME")
        complaints = [] if recipe.problem and recipe.problem in feedback else [f"it could not be judged: {problem}"]
        return feedback, {}, complaints
    complaints = [f"it was judged, and should not be: {recipe.problem}"] if recipe.problem else []
    verdicts = {judged.criterion.name: judged.verdict.kind for judged in result.criteria}
    for judged in result.criteria:
        name, verdict = judged.criterion.name, judged.verdict
        if verdict.kind is not recipe.wants(name):
            complaints.append(f"{name}: {verdict.kind}, expected {recipe.wants(name)} ({verdict.found})")
        if name in recipe.mistake and verdict.mistake != recipe.mistake[name]:
            complaints.append(f"{name}: the mistake is called {verdict.mistake!r}, expected {recipe.mistake[name]!r}")
        if verdict.kind is Kind.FAILED and not (verdict.found and verdict.expected and verdict.next and verdict.ran):
            complaints.append(f"{name}: the failure does not say what was found and expected, what to try and what ran")
    return render(_elsewhere(result, home)), verdicts, complaints


def _elsewhere(result: Result, home: Path) -> Result:
    """The same result with `home` called HOME, before lines are broken, so that its length shows nowhere."""

    def named(verdict: Verdict) -> Verdict:
        texts = {name: getattr(verdict, name).replace(str(home), "HOME") for name in ("found", "where", "next")}
        return replace(verdict, **texts)

    return replace(result, criteria=tuple(replace(one, verdict=named(one.verdict)) for one in result.criteria))


def gaps(place: Place, proofs: Iterable[Proof]) -> list[str]:
    """What the attempts as a whole leave unproven: kinds that are missing, criteria that none fails or passes."""
    proofs = list(proofs)
    kinds = Counter(proof.recipe.kind for proof in proofs)
    near = Counter(proof.recipe.near for proof in proofs if proof.recipe.kind == "near")
    wanted = {"reference": 1, "starter": 1, "right": 2, "attack": 1}
    found = [
        f"{most} {kind} attempt(s) wanted, {kinds[kind]} there" for kind, most in wanted.items() if kinds[kind] < most
    ]
    for criterion in place.step.criteria:
        verdicts = {proof.verdicts.get(criterion.name) for proof in proofs}
        if Kind.PASSED not in verdicts:
            found.append(f"no attempt passes {criterion.name}")
        if Kind.FAILED not in verdicts:
            found.append(f"no attempt fails {criterion.name}")
        if near[criterion.name] < NEAR_MISSES:
            found.append(f"{criterion.name} has {near[criterion.name]} near misses, {NEAR_MISSES} wanted")
    for proof in proofs:
        if proof.recipe.kind == "near" and proof.verdicts.get(proof.recipe.near) is Kind.PASSED:
            found.append(f"{proof.recipe.name} should miss {proof.recipe.near}, and passes it")
    return found


def prove_all(place: Place, *, update: bool = False, only: str = "") -> list[Proof]:
    """Every attempt (or those whose name holds `only`), several at once."""
    from concurrent.futures import ThreadPoolExecutor

    wanted = [recipe for recipe in recipes(place) if only in recipe.name]
    with ThreadPoolExecutor(os.cpu_count() or 1) as side_by_side:
        return list(side_by_side.map(lambda recipe: prove(place, recipe, update=update), wanted))
