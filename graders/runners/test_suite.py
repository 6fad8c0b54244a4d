"""Run a tree's tests in the sandbox, and say what happened without trusting the process that ran them.

Tests of ours run beside the tree's own, and controls that must fail among them. A suite that cannot turn red (a patched
reporter, an early exit) lets a control pass; one that picks what runs leaves some of ours out. Either way nothing that it
says counts. Our tests have other names each time, so a control can't be told apart by its name.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from graders.runners.disguise import Disguised
from graders.runners.pytest_options import kept_options
from graders.runners.remembered import recall, remember
from graders.runners.sandbox import Completed, Limits, run

LIMITS = Limits(seconds=120, cpu_seconds=90)
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_ERROR = re.compile(r"[\w.]*(Error|Exception|Warning|Exit|assert)\b")
_ILLEGAL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # in XML 1.0; pytest leaves them in a file's name
_FORMAT = 7


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed: its name and file, and what it said."""

    test: str
    file: str
    message: str


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """How a run ended: the tree's own tests, and those that were laid beside them (`added`).

    `trouble` says, as the middle of a sentence, why the run proves nothing, and `mend` what to do; else they are empty.
    """

    passed: tuple[str, ...]
    failures: tuple[Failure, ...]
    added_failures: tuple[Failure, ...] = ()
    trouble: str = ""
    mend: str = ""

    @property
    def green(self) -> bool:
        """At least one of the tree's own tests ran, all passed, and the control turned red."""
        return bool(self.passed) and not self.failures and not self.trouble


def run_suite(
    files: Mapping[str, bytes],
    added: Mapping[str, bytes] | None = None,
    cache: Path | None = None,
    *,
    limits: Limits = LIMITS,
) -> SuiteRun:
    """Run pytest on the tree `files` (path to content): its `tests/` folder, or all of it where there is none.

    `added` are test files of ours (plain names, with a `conftest.py` of their own) that run beside them in a folder of
    their own. A function `test_control_…` in them is a control; one is put in where they have none. Of the suite's own
    `addopts` only those in `kept_options` hold; all its other settings do. With `cache`, a folder, a run of the same bytes by the
    same versions is not repeated.
    """
    added = dict(added or {})
    if not any(b"def test_control_" in content for content in added.values()):
        added["test_control.py"] = b"def test_control_of_the_run():\n    assert False\n"
    remembered = cache / f"{_fingerprint(files, added)}.json" if cache else None
    if known := _known(remembered):
        return known
    ours = Disguised(added)
    folder = "tests" if any(name.startswith("tests/") for name in files) else "."
    argv = [
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "junit_family=xunit2",
        "--color=no", "--tb=short", "--junitxml={report}", *_plugins(files), *kept_options(files),
        folder, *([ours.folder] if folder != "." else []),
    ]  # fmt: skip
    env = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = run(argv, files={**files, **ours.files}, limits=limits, env=env)
    result = _read(done, ours, limits)
    if not done.timed_out:
        remember(remembered, json.dumps(asdict(result)).encode())
    return result


def _plugins(files: Mapping[str, bytes]) -> list[str]:
    """The service's one plugin, where its tests ask for it: loading it costs a third of a second."""
    asked = any(b"anyio" in content for name, content in files.items() if name.startswith("tests/"))
    return ["-p", "anyio"] if asked else []


def _read(done: Completed, ours: Disguised, limits: Limits) -> SuiteRun:
    if done.timed_out:
        mend = "Run `python -m pytest -v`: the last name that it prints is the test that hangs."
        return SuiteRun((), (), (), f"the tests did not end within {limits.seconds:g} seconds", mend)
    cases = _cases(done.report)
    if cases is None:
        said = ours.undone(_last_words(done))
        trouble = f"pytest did not get to its end (exit code {done.exit_code}): {said}"
        return SuiteRun((), (), (), trouble, "Run `python -m pytest` there, and mend what it says.")
    passed: list[str] = []
    failures: list[Failure] = []
    bad_of_ours: dict[str, list[Failure]] = {}
    ran, red = set(), set()
    for case in cases:
        name, place = case.get("name", ""), case.get("classname", "")
        bad = next((child for child in case if child.tag in ("failure", "error")), None)
        skipped = any(child.tag == "skipped" for child in case)
        token = ours.token_in(name)
        if token and not skipped:
            ran.add(token)
        if bad is None:
            if not token and not skipped:
                passed.append(name)
        elif token or ours.folder in name or ours.folder in place:
            red.add(token)
            file = ours.tests[token][0] if token else ours.undone(name)
            bad_of_ours.setdefault(token, []).append(Failure(ours.undone(name), file, ours.undone(_tidy(bad))))
        else:
            file = place.replace(".", "/") + ".py" if place else name.replace(".", "/") + ".py"
            failures.append(Failure(name if place else file, file, ours.undone(_tidy(bad))))
    tests = [token for token in ("", *ours.tests) if token not in ours.controls]
    added_failures = [failure for token in tests for failure in bad_of_ours.get(token, ())]
    trouble = ""
    mend = "Look for what leaves tests out or changes how they end: `conftest.py`, pytest's settings."
    if not any(_stopped_collecting(case) for case in cases):
        if ours.controls & ran - red:
            trouble = "a test that must fail did not turn the run red, so its green says nothing"
        elif set(ours.tests) - ran:
            trouble = "some tests were kept from running, so its green says nothing"
        elif not passed and not failures:
            trouble = "pytest found no test to run"
            mend = "pytest looks for functions called `test_…` in files called `test_….py`, in `tests/`."
    elif not failures and not added_failures:
        trouble = "pytest could not collect the tests"
    return SuiteRun(tuple(passed), tuple(failures), tuple(added_failures), trouble, mend if trouble else "")


def _cases(report: bytes) -> list[Element] | None:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        return list(fromstring(_ILLEGAL.sub(b"?", report)).iter("testcase"))
    except (ParseError, DefusedXmlException, ValueError):
        return None


def _stopped_collecting(case: Element) -> bool:
    return any(child.tag == "error" and _stops_collecting(child) for child in case)


def _stops_collecting(outcome: Element) -> bool:
    return "collection failure" in (outcome.get("message") or "")


def _tidy(failure: Element) -> str:
    """What the failure says in a line, the same each time."""
    said = f"{failure.get('message') or ''}\n{failure.text or ''}".splitlines()
    if _stops_collecting(failure):
        said = [line for line in said if line.startswith("E ")] or said
    lines = [line.strip().removeprefix("E ").strip() for line in said if line.strip()]
    telling = next((line for line in lines if _ERROR.match(line)), lines[0] if lines else "it said nothing")
    return _ADDRESS.sub("0x…", telling)[:300]


def _last_words(done: Completed) -> str:
    lines = [line for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    return _ADDRESS.sub("0x…", lines[-1].removeprefix("E ").strip())[:200] if lines else "it said nothing"


def _fingerprint(files: Mapping[str, bytes], added: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    installed = os.stat(Path(pytest_folder).parent).st_mtime_ns if (pytest_folder := _folder_of("pytest")) else 0
    digest.update(json.dumps([_FORMAT, sys.version, os.name, installed]).encode())
    for name, content in [*sorted(files.items()), *sorted((f"+{name}", text) for name, text in added.items())]:
        digest.update(json.dumps([name, len(content)]).encode() + content)
    return digest.hexdigest()


def _folder_of(package: str) -> str:
    """Where a package is, without importing it; its parent changes with each installation."""
    spec = importlib.util.find_spec(package)
    return str(Path(spec.origin).parent) if spec and spec.origin else ""


def _known(file: Path | None) -> SuiteRun | None:
    try:
        known = json.loads(recall(file))
        failures, added = (tuple(Failure(**one) for one in known[key]) for key in ("failures", "added_failures"))
        return SuiteRun(tuple(known["passed"]), failures, added, known["trouble"], known["mend"])
    except (ValueError, KeyError, TypeError):
        return None
