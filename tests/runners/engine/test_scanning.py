"""What scanners say: pip-audit asks a service on loopback; trivy and grype are stood in for by what they are known to print."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from graders.evidence.image.packages import python_packages
from graders.runners.engine.scanning import NoAnswer, known_vulnerabilities, pip_audit, remarks_on

IMAGE = [b"an image"]


class _Advisories(BaseHTTPRequestHandler):
    """Knows one weakness, of jinja2."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {
            "id": "PYSEC-0000-1",
            "published": "2026-01-01T00:00:00Z",
            "modified": "2026-01-02T00:00:00Z",
            "summary": "One",
            "affected": [
                {
                    "package": {"name": "jinja2", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.9.6"}]}],
                    "versions": ["2.4.1"],
                }
            ],
        }
        body = json.dumps({"vulns": [known]} if asked["package"]["name"] == "jinja2" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def advisories() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Advisories) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def test_pip_audit_finds_what_the_service_knows(advisories: str) -> None:
    found = pip_audit({"jinja2": "2.4.1", "idna": "3.10"}, ["-s", "osv", "--osv-url", advisories])
    assert [(one.package, one.version, one.id, one.mended_in) for one in found] == [
        ("jinja2", "2.4.1", "PYSEC-0000-1", ("2.9.6",))
    ]
    assert pip_audit({"idna": "3.10"}, ["-s", "osv", "--osv-url", advisories]) == []


def test_a_service_that_does_not_answer_is_no_clean_bill() -> None:
    with pytest.raises(NoAnswer):
        pip_audit({"jinja2": "2.4.1"}, ["-s", "osv", "--osv-url", "http://127.0.0.1:9/v1/query"])


@pytest.fixture
def only_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone is on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("NINESTEPS_SCAN", raising=False)
    return tmp_path


def _tool(folder: Path, name: str, prints: str, code: int = 0) -> None:
    """A program that takes the image, and prints."""
    body = (
        f"#!{sys.executable}\nimport sys, pathlib\n"
        "image = sys.argv[-1].removeprefix('docker-archive:')\n"
        f"assert pathlib.Path(image).read_bytes() == b'an image'\nprint({prints!r})\nsys.exit({code})\n"
    )
    (folder / name).write_text(body)
    (folder / name).chmod(0o755)


def test_trivy_the_gravest_first_and_what_nobody_mended_is_counted(only_path: Path) -> None:
    rows = [
        {"PkgName": "zlib", "InstalledVersion": "1.2", "VulnerabilityID": "CVE-1", "Severity": "LOW", "FixedVersion": "1.3"},
        {"PkgName": "openssl", "InstalledVersion": "3.0.1", "VulnerabilityID": "CVE-2", "Severity": "CRITICAL",
         "FixedVersion": "3.0.2, 3.1.0"},
        {"PkgName": "perl", "InstalledVersion": "5.36", "VulnerabilityID": "CVE-3", "Severity": "HIGH"},
    ]  # fmt: skip
    _tool(only_path, "trivy", json.dumps({"Results": [{"Vulnerabilities": rows}, {"Target": "none here"}]}))
    assert known_vulnerabilities(lambda: IMAGE, {}) == (
        "trivy knows 2 vulnerabilities of the image that an update mends: openssl 3.0.1 (CVE-2, critical, mended in 3.0.2); "
        "zlib 1.2 (CVE-1, low, mended in 1.3). 1 more that nobody has mended yet.",
    )


def test_grype(only_path: Path) -> None:
    match = {
        "vulnerability": {"id": "GHSA-1", "severity": "High", "fix": {"versions": ["2.0"], "state": "fixed"}},
        "artifact": {"name": "idna", "version": "1.0"},
    }
    _tool(only_path, "grype", json.dumps({"matches": [match]}))
    assert known_vulnerabilities(lambda: IMAGE, {}) == (
        "grype knows 1 vulnerability of the image that an update mends: idna 1.0 (GHSA-1, high, mended in 2.0).",
    )


@pytest.mark.parametrize(("prints", "code"), [("{}", 1), ("no JSON", 0), ("[]", 0)])
def test_a_scanner_that_fails_is_no_clean_bill(only_path: Path, prints: str, code: int) -> None:
    _tool(only_path, "trivy", prints, code)
    (said,) = known_vulnerabilities(lambda: IMAGE, {})
    assert said.startswith("Known vulnerabilities: cannot check. trivy reaches no advisory data, or failed.")


def test_without_a_scanner_it_says_what_to_install(only_path: Path) -> None:
    assert os.listdir(only_path) == []
    (said,) = known_vulnerabilities(lambda: IMAGE, {})
    assert said.startswith("Known vulnerabilities: cannot check. Neither trivy nor grype is installed. Install trivy")


def test_nothing_is_asked_where_it_is_switched_off(only_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _tool(only_path, "trivy", json.dumps({"Results": []}))
    assert known_vulnerabilities(lambda: IMAGE, {}) == (
        "trivy knows no vulnerability of the image that an update mends.",
    )
    monkeypatch.setenv("NINESTEPS_SCAN", "off")
    assert known_vulnerabilities(lambda: IMAGE, {}) == ()


def test_hadolints_remarks_in_its_own_words() -> None:
    (said,) = remarks_on(b"FROM python:3.12-slim\nRUN cd /tmp && ls\n")
    assert said == "hadolint has 1 remark: line 2, DL3003: Use WORKDIR to switch to a directory."
    assert remarks_on(b"FROM python:3.12-slim\nUSER 10001\n") == ()


def test_installed_packages_are_told_by_their_records() -> None:
    site = "venv/lib/python3.12/site-packages"
    paths = [
        f"{site}/Jinja2-3.1.6.dist-info/METADATA",
        f"{site}/ruamel.yaml_clib-0.2.12.dist-info/METADATA",
        f"{site}/jinja2/__init__.py",
        "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA",
        "somewhere/else/evil-1.0.dist-info/METADATA",
        f"{site}/-rf-1.0; x.dist-info/METADATA",
    ]
    assert python_packages(paths) == {"jinja2": "3.1.6", "ruamel-yaml-clib": "0.2.12", "six": "1.16.0"}
