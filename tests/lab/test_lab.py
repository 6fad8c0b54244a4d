"""`make lab`'s server: what it opens, where, and what it leaves alone."""

from __future__ import annotations

import json
import urllib.request

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from graders.pages.build import COURSE
from graders.pages.lab import prepare
from graders.problems import Problem
from tests.lab.conftest import TOKEN


def ask(url: str) -> bytes:
    with urllib.request.urlopen(f"{url}?token={TOKEN}", timeout=60) as answer:  # noqa: S310 - our own server
        return answer.read()


def test_the_lab_serves_the_learners_copies_with_the_courses_own_kernel(start_lab, tmp_path):
    other = tmp_path / ".local" / "share" / "jupyter" / "kernels" / "python3"
    other.mkdir(parents=True)
    spec = {"argv": ["another-python", "{connection_file}"], "display_name": "Another", "language": "python"}
    (other / "kernel.json").write_text(json.dumps(spec))
    lab = start_lab()

    released = {path.name: path for path in COURSE.glob("release/*/*.ipynb")}
    listed = json.loads(ask(f"{lab.url}api/contents/notebooks"))["content"]
    assert {one["name"] for one in listed} == set(released)
    for name, path in released.items():
        assert (lab.home / "notebooks" / name).read_bytes() == path.read_bytes()
    with urllib.request.urlopen(f"{lab.url}?token={TOKEN}", timeout=60) as answer:  # noqa: S310
        assert "/lab/tree/notebooks/00_start.ipynb" in answer.url

    specs = json.loads(ask(f"{lab.url}api/kernelspecs"))
    assert specs["default"] == "python3"
    assert specs["kernelspecs"]["python3"]["spec"]["argv"][1:3] == ["-m", "ipykernel_launcher"]
    page = ask(f"{lab.url}lab").decode()
    assert "@jupyterlab/apputils-extension:announcements" in page.split('"disabledExtensions"')[1].split("]")[0]


def test_a_changed_notebook_is_served_as_the_learner_left_it(start_lab, tmp_path, monkeypatch):
    monkeypatch.setenv("NINESTEPS_HOME", str(tmp_path / "ninesteps"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    mine = prepare(COURSE / "release") / "01_git.ipynb"
    changed = mine.read_text().replace("The idea", "My idea")
    mine.write_text(changed)
    lab = start_lab()
    assert json.loads(ask(f"{lab.url}api/contents/notebooks/01_git.ipynb"))["content"]
    assert mine.read_text() == changed


def test_copies_as_released_are_trusted_and_changed_ones_are_not(tmp_path, monkeypatch):
    monkeypatch.setenv("NINESTEPS_HOME", str(tmp_path / "ninesteps"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    folder = prepare(COURSE / "release")
    mine = folder / "01_git.ipynb"
    mine.write_text(mine.read_text().replace("The idea", "My idea"))
    prepare(COURSE / "release")
    notary = NotebookNotary()
    assert notary.check_signature(nbformat.read(folder / "00_start.ipynb", as_version=4))
    assert not notary.check_signature(nbformat.read(mine, as_version=4))


def test_without_built_notebooks_it_says_how_to_build_them(tmp_path, monkeypatch):
    monkeypatch.setenv("NINESTEPS_HOME", str(tmp_path / "ninesteps"))
    with pytest.raises(Problem) as caught:
        prepare(tmp_path)
    assert "make course" in caught.value.next
    assert not (tmp_path / "ninesteps").exists()
