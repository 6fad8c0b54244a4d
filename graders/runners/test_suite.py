"""Run a tree's tests in the sandbox, and say what happened without trusting the process that ran them.

The tests run beside a control that must fail. A suite that cannot turn red (a patched reporter, an early exit) lets the
control pass, and then nothing it says counts. The control's name differs each time, so it cannot be told apart.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from graders.runners.sandbox import Completed, Limits, run

_LIMITS = Limits(seconds=120, cpu_seconds=90)
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_ERROR = re.compile(r"[\w.]*(Error|Exception|Warning|Exit|assert)\b")
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed: its name and file, and what it said."""

    test: str
    file: str
    message: str


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """How a run ended: the tree's own tests, and those that were laid beside them (`added`).

    `trouble` says, as the middle of a sentence, why the run proves nothing; else it is empty.
    """

    passed: tuple[str, ...]
    failures: tuple[Failure, ...]
    added_failures: tuple[Failure, ...] = ()
    trouble: str = ""

    @property
    def green(self) -> bool:
        """At least one of the tree's own tests ran, all passed, and the control turned red."""
        return bool(self.passed) and not self.failures and not self.trouble


def run_suite(
    files: Mapping[str, bytes], added: Mapping[str, bytes] | None = None, cache: Path | None = None
) -> SuiteRun:
    """Run pytest on the tree `files` (path to content): its `tests/` folder, or all of it where there is none.

    `added` are test files of ours (plain names, with a `conftest.py` of their own) that run beside them in a folder of
    their own. The suite's own options (`addopts`) are left out; its other settings hold. With `cache`, a folder, a run
    of the same bytes by the same versions is not repeated.
    """
    added = dict(added or {})
    remembered = cache / f"{_fingerprint(files, added)}.json" if cache else None
    if remembered and (known := _recall(remembered)):
        return known
    nonce = f"z{secrets.token_hex(6)}"
    folder = "tests" if any(name.startswith("tests/") for name in files) else "."
    ours = {f"{nonce}/{_hidden(name, nonce)}": _hide_names(content, nonce) for name, content in added.items()}
    # The control stands last: whatever stops a run early must not hide the suite's own tests.
    ours[f"{nonce}/test_{nonce}_zz_control.py"] = f"def test_{nonce}_control():\n    assert False\n".encode()
    argv = [
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "junit_family=xunit2",
        "--color=no", "--tb=short", "--junitxml={report}", *_plugins(files),
        folder, *([nonce] if folder != "." else []),
    ]  # fmt: skip
    done = run(argv, files={**files, **ours}, limits=_LIMITS, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    result = _read(done, nonce)
    if remembered and not done.timed_out:
        _remember(remembered, result)
    return result


def _plugins(files: Mapping[str, bytes]) -> list[str]:
    """The service's one plugin, where its tests ask for it: loading it costs a third of a second."""
    asked = any(b"anyio" in content for name, content in files.items() if name.startswith("tests/"))
    return ["-p", "anyio"] if asked else []


def _hidden(name: str, nonce: str) -> str:
    return name.replace("test_", f"test_{nonce}_", 1)


def _hide_names(content: bytes, nonce: str) -> bytes:
    return re.sub(rb"^((?:async )?def test_)", rb"\g<1>" + nonce.encode() + b"_", content, flags=re.MULTILINE)


def _read(done: Completed, nonce: str) -> SuiteRun:
    if done.timed_out:
        return SuiteRun((), (), (), f"the tests did not end within {_LIMITS.seconds:.0f} seconds")
    cases = _cases(done.report)
    if cases is None:
        return SuiteRun((), (), (), f"pytest ended without a report (exit code {done.exit_code}): {_last_words(done)}")
    passed: list[str] = []
    failures: list[Failure] = []
    added_failures: list[Failure] = []
    control_failed = False
    for case in cases:
        name, file = case.get("name", ""), case.get("classname", "").replace(".", "/") + ".py"
        bad = next((child for child in case if child.tag in ("failure", "error")), None)
        ours = nonce in name or nonce in file
        if f"{nonce}_control" in name:
            control_failed = bad is not None and bad.tag == "failure"
        elif bad is not None:
            shown = name.replace(f"{nonce}_", "").replace(f"{nonce}.", "")
            failure = Failure(shown or file, file.replace(f"{nonce}_", "").replace(nonce, "tests"), _tidy(bad))
            (added_failures if ours else failures).append(failure)
        elif not ours and not any(child.tag == "skipped" for child in case):
            passed.append(name)
    trouble = ""
    if not control_failed and not any(_stopped_collecting(case) for case in cases):
        trouble = "a test that must fail did not turn the run red, so its green says nothing"
    elif not passed and not failures:
        trouble = "pytest found no test to run"
    return SuiteRun(tuple(passed), tuple(failures), tuple(added_failures), trouble)


def _cases(report: bytes) -> list[Element] | None:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        return list(fromstring(report).iter("testcase"))
    except (ParseError, DefusedXmlException, ValueError):
        return None


def _stopped_collecting(case: Element) -> bool:
    return any(child.tag == "error" and "collection failure" in (child.get("message") or "") for child in case)


def _tidy(failure: Element) -> str:
    """What the failure says in a line, the same each time."""
    said = f"{failure.get('message') or ''}\n{failure.text or ''}"
    lines = [line.strip().removeprefix("E ").strip() for line in said.splitlines() if line.strip()]
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


def _recall(file: Path) -> SuiteRun | None:
    try:
        known = json.loads(file.read_bytes())
        failures, added = (tuple(Failure(**one) for one in known[key]) for key in ("failures", "added_failures"))
        return SuiteRun(tuple(known["passed"]), failures, added, known["trouble"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(file: Path, result: SuiteRun) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    temporary.write_text(json.dumps(asdict(result)), encoding="utf-8")
    os.replace(temporary, file)
