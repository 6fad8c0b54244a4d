"""What scanners say of a Dockerfile and its image: sentences beside the verdicts, worth no points.

Advisories appear overnight while the commit stays the same, so no verdict rests on them. hadolint is shipped with the
course; trivy and grype are asked where they are installed, pip-audit where its advisory data can be reached.
https://trivy.dev/docs/latest/configuration/reporting/, https://github.com/anchore/grype and https://github.com/pypa/pip-audit
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graders.evidence.dockerfile.linter import hadolint
from graders.problems import Problem

SECONDS = 180
_AUDIT_SECONDS = 60
_MOST_SHOWN = 4
_MOST_ANSWER = 64 << 20
_SWITCH = "NINESTEPS_SCAN"
_GRADES = ("critical", "high", "medium", "moderate", "low", "negligible", "unknown")
_INSTALL = "Install trivy (https://trivy.dev) or grype, or check again where the Python Package Index can be reached."
# What a scanner needs of our environment: where its data lies, and how the network is reached.
_HANDED_ON = ("HOME", "PATH", "LANG", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy",
              "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "XDG_CACHE_HOME", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE",
              "LOCALAPPDATA")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weakness:
    """One known vulnerability: the package, its version, the advisory's id, its grade, the versions that mend it."""

    package: str
    version: str
    id: str
    grade: str = "unknown"
    mended_in: tuple[str, ...] = ()


class NoAnswer(Problem):
    """A scanner that can't tell: its `found` says why."""


def remarks_on(dockerfile: bytes) -> tuple[str, ...]:
    """hadolint's findings, a sentence for all of them; nothing where it has none or is not installed."""
    try:
        found = hadolint(dockerfile)
    except Problem:
        return ()
    if not found:
        return ()
    shown = "; ".join(f"line {one.where.line}, {one.rule}: {one.message.rstrip('.')}" for one in found[:_MOST_SHOWN])
    return (f"hadolint has {_count(len(found), 'remark')}: {shown}{_more(len(found))}.",)


def known_vulnerabilities(save: Callable[[], Iterable[bytes]], packages: Mapping[str, str]) -> tuple[str, ...]:
    """What trivy, grype and pip-audit know of an image, a sentence each, and one that says so where none can tell.

    `save` streams the image as `docker save` does, `packages` are the Python packages in it. With `NINESTEPS_SCAN=off`
    nothing is asked.
    """
    if os.environ.get(_SWITCH, "").lower() == "off":
        return ()
    told, silent = [], []
    with ExitStack() as stack:
        file: Path | None = None
        for tool, ask in (("trivy", _trivy), ("grype", _grype)):
            if not shutil.which(tool):
                continue
            try:
                file = file or stack.enter_context(_saved(save))
                told.append(_sentence(tool, ask(file), "the image"))
            except NoAnswer as trouble:
                silent.append(trouble.found)
    if not told and packages:
        try:
            told.append(_sentence("pip-audit", pip_audit(packages), f"its {_count(len(packages), 'Python package')}"))
        except NoAnswer as trouble:
            silent.append(trouble.found)
    if told:
        return tuple(told)
    why = " ".join(silent) or "Neither trivy nor grype is installed."
    return (f"Known vulnerabilities: cannot check. {why} {_INSTALL}",)


def _trivy(image: Path) -> list[Weakness]:
    options = ["--quiet", "--format", "json", "--scanners", "vuln", "--timeout", f"{SECONDS}s"]
    said = _asked(["trivy", "image", *options, "--input", str(image)])
    return [
        Weakness(str(one.get("PkgName")), str(one.get("InstalledVersion")), str(one.get("VulnerabilityID")),
                 str(one.get("Severity", "unknown")).lower(), _versions(str(one.get("FixedVersion") or "").split(",")))
        for result in said.get("Results") or [] for one in result.get("Vulnerabilities") or []
    ]  # fmt: skip


def _grype(image: Path) -> list[Weakness]:
    said = _asked(["grype", "--quiet", "--output", "json", f"docker-archive:{image}"])
    found = []
    for match in said.get("matches") or []:
        about, package = match.get("vulnerability") or {}, match.get("artifact") or {}
        mended = _versions((about.get("fix") or {}).get("versions") or [])
        grade = str(about.get("severity", "unknown")).lower()
        found.append(
            Weakness(str(package.get("name")), str(package.get("version")), str(about.get("id")), grade, mended)
        )
    return found


def pip_audit(packages: Mapping[str, str], options: Sequence[str] = ()) -> list[Weakness]:
    """What the Python advisory database knows of `packages` (name to version). Raises NoAnswer.

    `options` go to pip-audit, to name another service. A package that the service does not know was not audited: where it
    knows none of them, that is no answer.
    """
    program = shutil.which("pip-audit", path=str(Path(sys.executable).parent)) or shutil.which("pip-audit")
    if not program:
        raise NoAnswer("pip-audit is not installed.", _INSTALL)
    with TemporaryDirectory(prefix="ninesteps-scan-") as folder:
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text("".join(f"{name}=={version}\n" for name, version in packages.items()))
        settings = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--timeout", "5"]
        cache = ["--cache-dir", str(Path(folder) / "cache")]
        said = _asked([program, *settings, *cache, *options, "--requirement", str(wanted)], _AUDIT_SECONDS, (0, 1))
    rows = said.get("dependencies") or []
    audited = [row for row in rows if "vulns" in row]
    if not audited:
        raise NoAnswer("pip-audit reaches no advisory data.", _INSTALL)
    return [
        Weakness(str(row["name"]), str(row["version"]), str(one["id"]), mended_in=_versions(one.get("fix_versions") or []))
        for row in audited for one in row["vulns"]
    ]  # fmt: skip


@contextmanager
def _saved(save: Callable[[], Iterable[bytes]]) -> Iterator[Path]:
    """A file with the image, as long as a `with` lasts."""
    with TemporaryDirectory(prefix="ninesteps-scan-") as folder:
        file = Path(folder) / "image.tar"
        try:
            with file.open("wb") as out:
                out.writelines(save())
        except OSError as trouble:
            raise NoAnswer(f"The image can't be written to disk ({trouble.strerror}).", _INSTALL) from None
        yield file


def _asked(argv: Sequence[str], seconds: int = SECONDS, expected: tuple[int, ...] = (0,)) -> dict[str, Any]:
    name = Path(argv[0]).stem
    environment = {key: os.environ[key] for key in _HANDED_ON if key in os.environ} | {"NO_COLOR": "1"}
    try:
        done = subprocess.run(
            argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"{name} gave no answer within {seconds} seconds.", _INSTALL) from None
    except OSError as trouble:
        raise NoAnswer(f"{name} can't be started ({trouble.strerror}).", _INSTALL) from None
    try:
        said = json.loads(done.stdout) if done.returncode in expected and len(done.stdout) <= _MOST_ANSWER else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise NoAnswer(f"{name} reaches no advisory data, or failed.", _INSTALL)
    return said


def _versions(texts: Iterable[object]) -> tuple[str, ...]:
    return tuple(text for one in texts if (text := str(one).strip()))


def _sentence(tool: str, found: list[Weakness], what: str) -> str:
    """For example: `trivy knows 2 vulnerabilities of the image that an update mends: openssl 3.0.1 (…), …`."""
    mendable = sorted({one for one in found if one.mended_in}, key=lambda one: (_rank(one.grade), one.package, one.id))
    others = len(set(found)) - len(mendable)
    rest = f" {_count(others, 'more')} that nobody has mended yet." if others else ""
    if not mendable:
        return f"{tool} knows no vulnerability of {what} that an update mends.{rest}"
    shown = "; ".join(_words(one) for one in mendable[:_MOST_SHOWN])
    number = "1 vulnerability" if len(mendable) == 1 else f"{len(mendable)} vulnerabilities"
    return f"{tool} knows {number} of {what} that an update mends: {shown}{_more(len(mendable))}.{rest}"


def _words(one: Weakness) -> str:
    grade = "" if one.grade == "unknown" else f", {one.grade}"
    return f"{one.package} {one.version} ({one.id}{grade}, mended in {one.mended_in[0]})"


def _rank(grade: str) -> int:
    return _GRADES.index(grade) if grade in _GRADES else len(_GRADES)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 or noun == 'more' else 's'}"


def _more(number: int) -> str:
    return f"; and {number - _MOST_SHOWN} more" if number > _MOST_SHOWN else ""
