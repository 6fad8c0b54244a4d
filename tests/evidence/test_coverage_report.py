"""What coverage.py really writes is read in each of its formats; what measures nothing covers nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from graders.evidence.coverage_report import covers, measured
from graders.runners.workflow.wheels import wheelhouse
from graders.workspace.home import cache_dir

FORMATS = {
    "xml": ["xml", "-q", "-o", "out"], "json": ["json", "-q", "-o", "out"], "lcov": ["lcov", "-q", "-o", "out"],
    "html": ["html", "-q", "-d", "html"], "table": ["report"],
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (wheel,) = (wheelhouse(cache_dir()) / "wheels").glob("coverage-*.whl")
    ZipFile(wheel).extractall(folder / "coverage.py")
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "price.py").write_text("def price(cents):\n    return cents\n")
    (folder / "shop" / "never.py").write_text("x = 1\n")
    (folder / "use.py").write_text("from shop.price import price\n\nassert price(1) == 1\n")
    coverage(folder, "run", "--source", "shop", "use.py")
    return folder


def coverage(folder: Path, *words: str) -> str:
    environment = {"PYTHONPATH": str(folder / "coverage.py"), "PATH": ""}
    argv = [sys.executable, "-m", "coverage", *words]
    return subprocess.run(argv, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("kind", [*FORMATS, "data"])
def test_the_file_that_ran_is_measured(project: Path, kind: str) -> None:
    said = coverage(project, *FORMATS[kind]) if kind != "data" else ""
    file = {"html": project / "html" / "index.html", "data": project / ".coverage"}.get(kind, project / "out")
    data = said.encode() if kind == "table" else file.read_bytes()

    found = measured(data)

    assert found is not None
    assert "shop/price.py" in covers(found, ["shop/price.py", "shop/never.py", "use.py"])
    assert "use.py" not in covers(found, ["use.py"])


@pytest.mark.parametrize("kind", ["xml", "json", "lcov", "table"])
def test_a_file_of_which_no_line_ran_is_not_measured(project: Path, kind: str) -> None:
    said = coverage(project, *FORMATS[kind])
    data = said.encode() if kind == "table" else (project / "out").read_bytes()

    assert covers(measured(data) or (), ["shop/never.py"]) == ()


def test_what_is_no_coverage_report() -> None:
    for data in (b"", b"{}", b"<coverage", b"<testsuite/>", b"<html>coverage</html>", b"SQLite format 3\0", b"TOTAL 3"):
        assert measured(data) is None, data


def test_paths_are_matched_from_their_end() -> None:
    assert covers(["/home/runner/work/w/w/shop/price.py"], ["shop/price.py"]) == ("shop/price.py",)
    assert covers(["price.py"], ["shop/price.py", "shop/other.py"]) == ("shop/price.py",)
    assert covers(["shop/discount_price.py"], ["price.py"]) == ()
