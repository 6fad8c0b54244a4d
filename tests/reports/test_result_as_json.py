import json
from dataclasses import replace

import pytest
from pipeline_samples import RELEASE, judged_with
from report_samples import BROKEN, MIXED

from graders.picture import CommitGraph, Pipelines


def test_a_commit_graph_says_what_it_is() -> None:
    picture = json.loads(json.dumps(MIXED.as_json()))["picture"]
    assert list(picture) == ["kind", "title", "nodes", "lanes"]
    assert picture["kind"] == "commits"
    assert picture["nodes"][1]["parents"] == ["4b1f0c2d9e"]


def test_pipelines_keep_every_job_and_its_state_as_a_word() -> None:
    shown = json.loads(json.dumps(judged_with(RELEASE, ("staging",)).as_json()))
    assert shown["schema"] == 1
    assert shown["criteria"][1]["marks"] == ["staging"]
    assert shown["picture"]["kind"] == "pipelines"
    assert shown["picture"]["runs"][0]["jobs"][2] == {
        "id": "production",
        "text": "Deploy to production",
        "state": "waiting",
        "needs": ["build", "staging"],
        "environment": "production",
        "note": "`ninesteps run approve 7`",
    }


def test_no_picture_is_null() -> None:
    assert BROKEN.as_json()["picture"] is None


@pytest.mark.parametrize("picture", [CommitGraph("t", ()), Pipelines("t", ())])
def test_an_empty_picture_is_kept(picture: CommitGraph | Pipelines) -> None:
    assert replace(MIXED, picture=picture).as_json()["picture"]["kind"] == picture.kind
