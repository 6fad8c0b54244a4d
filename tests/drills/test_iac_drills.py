"""Step 9's drills: what they hold to be so is so, when Terraform is asked."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from graders.drills.plan_excerpt import as_json, as_text, changes
from graders.drills.question import Outcome
from graders.picture import Act
from tests.drills.asked import letters, listings, options, question

PROGRAM = shutil.which("terraform") or shutil.which("tofu")
with_terraform = pytest.mark.skipif(PROGRAM is None, reason="needs terraform or tofu")
SEEDS = range(60)


def terraform(folder: Path, *words: str, **variables: str) -> tuple[int, str]:
    """Exit code and what it prints, both streams, of Terraform in a folder."""
    assert PROGRAM
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        [PROGRAM, *words],
        cwd=folder,
        env={**env, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def test_every_plan_says_the_same_in_words_and_in_json() -> None:
    for number, change in changes(lambda one: one.act is not Act.NO_OP):
        assert as_text(number, change.address), (number, change.address)
        assert as_json(number, change.address)["address"] == change.address


def test_every_kind_of_change_is_asked_about() -> None:
    asked = {
        question("iac.what_becomes_of_it", seed).judge(question("iac.what_becomes_of_it", seed).right).text
        for seed in range(150)
    }

    assert len(asked) == len(Act)


def test_an_attribute_that_follows_is_told_from_one_that_forces() -> None:
    said = [(question("iac.what_forces_it", seed), question("iac.what_forces_it", seed).judge("id")) for seed in SEEDS]

    assert {judged.outcome for _, judged in said} == {Outcome.WRONG}
    assert all("follows" in judged.text for _, judged in said)
    assert {"none"} < {asked.right for asked, _ in said}
    for asked, _ in said:
        (shown,) = listings(asked)
        marked = set(re.findall(r"(\w+)\s+= .*# forces replacement", shown))
        marked |= (
            {path[0] for path in json.loads(shown)["change"].get("replace_paths", ())} if shown[0] == "{" else set()
        )
        assert marked == (set() if asked.right == "none" else set(asked.right.split(", ")))


@pytest.mark.parametrize("form", ["{}", "`{}`", '["{}"]', " {} "])
def test_an_attribute_may_be_written_in_several_ways(form: str) -> None:
    asked = question("iac.what_forces_it", 1)

    assert asked.judge(form.format(asked.right)).outcome is Outcome.RIGHT


@with_terraform
@pytest.mark.parametrize("seed", range(12))
def test_terraform_destroys_as_many_as_the_drill_counts(seed: int, tmp_path: Path) -> None:
    asked = question("iac.how_many_end", seed)
    block, before, after = listings(asked)
    block = block.replace('"nimbus_bucket"', '"terraform_data"').replace("name ", "triggers_replace ")

    (tmp_path / "main.tf").write_text(f'variable "names" {{\n  type = list(string)\n}}\n{block}\n')
    assert terraform(tmp_path, "init")[0] == 0
    assert terraform(tmp_path, "apply", "-auto-approve", TF_VAR_names=before)[0] == 0
    _, said = terraform(tmp_path, "plan", "-no-color", TF_VAR_names=after)

    (destroyed,) = re.findall(r"(\d+) to destroy", said)
    assert destroyed == asked.right


@with_terraform
def test_terraform_exits_with_2_where_the_drill_says(tmp_path: Path) -> None:
    codes = set()
    for seed in range(4):
        asked = question("iac.which_exits_with_2", seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "main.tf").write_text(listings(asked)[0])
        assert terraform(folder, "init")[0] == 0
        assert terraform(folder, "apply", "-auto-approve")[0] == 0
        found = {}
        for letter, text in options(asked).items():
            (folder / "main.tf").write_text(text)
            found[letter], _ = terraform(folder, "plan", "-detailed-exitcode")
        codes |= set(found.values())
        assert {letter for letter, code in found.items() if code == 2} == letters(asked), (seed, found)
    assert codes == {0, 1, 2}


@with_terraform
def test_terraform_prints_the_secret_where_the_drill_says(tmp_path: Path) -> None:
    seen: dict[str, bool] = {}
    for seed in range(5):
        asked = question("iac.who_sees_it", seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        (hcl,) = listings(asked)
        (name,) = re.findall(r'variable "(\w+)"', hcl)
        secret = {f"TF_VAR_{name}": "n0-such-w0rd"}
        (folder / "main.tf").write_text(hcl)
        said = {}
        terraform(folder, "init")
        said["terraform plan -out=now.tfplan"] = terraform(folder, "plan", "-out=now.tfplan", **secret)[1]
        said["terraform show now.tfplan"] = terraform(folder, "show", "now.tfplan")[1]
        said["terraform show -json now.tfplan"] = terraform(folder, "show", "-json", "now.tfplan")[1]
        assert terraform(folder, "apply", "now.tfplan")[0] == 0
        said["cat terraform.tfstate"] = (folder / "terraform.tfstate").read_text()
        for line in options(asked).values():
            if line not in said:
                code, said[line] = terraform(folder, *line.split()[1:])
                assert code == 0, line
        for letter, line in options(asked).items():
            seen[line.split(" -raw")[0]] = "n0-such-w0rd" in said[line]
            assert seen[line.split(" -raw")[0]] is (letter in letters(asked)), line
    assert len(seen) >= 7
