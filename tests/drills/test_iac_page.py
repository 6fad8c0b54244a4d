"""Step 9's worked example, run: a plan in words, as JSON and drawn, and a new name with and without `moved`."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.drills.test_course_pages import page, run, shown

PROGRAMS = ("terraform", "tofu")


@pytest.mark.parametrize("installed", [True, False], ids=["with terraform", "without terraform"])
def test_the_worked_example_shows_what_the_page_says(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if installed and not any(map(shutil.which, PROGRAMS)):
        pytest.skip("needs terraform or tofu")
    if not installed:
        kept = [folder for folder in os.environ["PATH"].split(os.pathsep)
                if not any((Path(folder) / name).exists() for name in PROGRAMS)]  # fmt: skip
        monkeypatch.setenv("PATH", os.pathsep.join(kept))
    book = page("09_iac")
    end = next(place for place, cell in enumerate(book.cells) if cell.source.startswith("## Drills"))
    book.cells = book.cells[:end]

    run(book, tmp_path / "lab", monkeypatch)

    text, told, drift, drawn, *commands = [shown(cell) for cell in book.cells if cell.cell_type == "code"]
    assert text.startswith("This plan was made just now, by" if installed else "Terraform is not installed here.")
    assert "-/+ resource " in text
    assert len(re.findall(r" has moved to ", text)) == len(
        re.findall(r"(?m)^\['no-op'\] .*\[\d\]|^\['no-op'\] .*outer", told)
    )
    assert "replace_because_cannot_update" in told
    assert "read_because_config_unknown" in told
    (service,) = re.findall(r"(?m)^nimbus_service\.\w+", drift)
    assert service in drawn
    assert "it stops answering" in drawn
    if not installed:
        assert [one.startswith("This would run: terraform ") for one in commands] == [True] * 3
        return
    made, lost, kept_it = commands
    assert "Apply complete! Resources: 1 added" in made
    assert "1 to add, 0 to change, 1 to destroy" in lost
    assert "terraform_data.db has moved to terraform_data.orders" in kept_it
    assert "0 to add, 0 to change, 0 to destroy" in kept_it
    assert [re.findall(r"exit code (\d)", one)[-1] for one in commands] == ["0", "2", "2"]
