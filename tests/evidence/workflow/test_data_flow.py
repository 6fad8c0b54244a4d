"""Where values come from, and who sees which secret."""

from __future__ import annotations

import re

import pytest

from graders.evidence.workflow.data_flow import From, Source, library, sources_of, visible
from graders.evidence.workflow.occurrences import in_workflow
from tests.evidence.workflow.samples import job_of, samples, workflow

RELEASE = """
    on: push
    env: {REGISTRY: "ghcr.io/${{ vars.TEAM }}", TOKEN: "${{ secrets.ORG_TOKEN }}"}
    jobs:
      build:
        runs-on: ubuntu-latest
        outputs:
          image: ${{ env.REGISTRY }}/app@${{ steps.push.outputs.digest }}
          lost: ${{ steps.other.outputs.digest }}
          fixed: ghcr.io/app:latest
        steps:
          - id: push
            run: ./push.sh
      relay:
        needs: build
        runs-on: ubuntu-latest
        outputs: {image: "${{ needs.build.outputs.image }}"}
        steps:
          - run: echo
      deploy:
        needs: [relay]
        runs-on: ubuntu-latest
        strategy: {matrix: {zone: [a], size: "${{ fromJSON(needs.relay.outputs.image) }}"}}
        env:
          IMAGE: ${{ needs.relay.outputs.image }}
          DB: ${{ secrets.DB_URL }}
        steps:
          - run: deploy ${{ env.IMAGE }}
            env:
              IMAGE: ${{ env.IMAGE }}
              KEY: ${{ secrets['api-key'] }}
          - run: CHECK
"""


def sources(expression: str, job: str = "deploy") -> list[Source]:
    """Where a script in the first step of `job` gets `${{ expression }}` from."""
    found = workflow(RELEASE.replace("CHECK", "check ${{ " + expression + " }}"))
    owner = job_of(found, job)
    step = owner.steps[-1]
    assert step.run is not None
    return list(sources_of(found, owner, step.run, step))


def test_an_image_is_followed_back_to_the_step_that_sets_it() -> None:
    found = workflow(RELEASE)
    deploy = job_of(found, "deploy")
    step = deploy.steps[0]
    assert step.run is not None
    team, digest = sources_of(found, deploy, step.run, step)
    assert (team.kind, team.name) == (From.VARIABLE, "TEAM")
    assert (digest.kind, digest.name, digest.job) == (From.STEP, "digest", "build")
    assert digest.step is not None
    assert digest.step.id == "push"
    assert [place.line for place in digest.through] == [28, 30, 25, 17, 8]


@pytest.mark.parametrize(
    ("expression", "kind", "name"),
    [
        ("secrets.X", From.SECRET, "X"),
        ("vars.X", From.VARIABLE, "X"),
        ("github.event.pull_request.title", From.EVENT, "event.pull_request.title"),
        ("env.NOBODY", From.RUNNER, "env.NOBODY"),
        ("runner.os", From.RUNNER, "os"),
        ("needs.relay.result", From.RESULT, "relay.result"),
        ("needs.*.result", From.RESULT, "*.result"),
        ("matrix.zone", From.MATRIX, "zone"),
        ("inputs.x", From.NOTHING, "x"),
        ("needs.build.outputs.image", From.NOTHING, "build"),
        ("needs.nobody.outputs.image", From.NOTHING, "nobody"),
        ("needs.relay.outputs.nothing", From.NOTHING, "nothing"),
        ("steps.nobody.outputs.x", From.NOTHING, "nobody"),
    ],
)
def test_kinds_of_origins(expression: str, kind: From, name: str) -> None:
    found = sources(expression)[0]
    assert (found.kind, found.name) == (kind, name)
    assert bool(found.why) is (kind is From.NOTHING or name == "env.NOBODY")


def test_a_need_that_is_not_listed_gives_nothing_and_says_so() -> None:
    (found,) = sources("needs.build.outputs.fixed")
    assert found.why == "the job does not list `build` in its `needs`"


def test_a_text_is_its_own_origin() -> None:
    found = workflow(RELEASE)
    (source,) = sources_of(found, job_of(found, "build"), job_of(found, "build").outputs["fixed"])
    assert (source.kind, source.name) == (From.TEXT, "ghcr.io/app:latest")


def test_a_step_that_is_missing_is_named() -> None:
    found = workflow(RELEASE)
    (source,) = sources_of(found, job_of(found, "build"), job_of(found, "build").outputs["lost"])
    assert source.why == "no step of this job has the id `other`"


def test_outputs_that_double_at_each_hop_come_to_an_end() -> None:
    jobs = "".join(
        f"  j{n}:\n    needs: j{n - 1}\n    runs-on: x\n    steps: [{{run: x}}]\n    outputs:\n"
        + "".join(
            f"      {out}: ${{{{ needs.j{n - 1}.outputs.a }}}}${{{{ needs.j{n - 1}.outputs.b }}}}\n" for out in "ab"
        )
        for n in range(1, 50)
    )
    found = workflow(
        f"on: push\njobs:\n  j0:\n    runs-on: x\n    steps: [{{run: x}}]\n    outputs: {{a: x, b: y}}\n{jobs}"
    )
    last = job_of(found, "j49")
    assert any("tangled" in source.why for source in sources_of(found, last, last.outputs["a"]))


def test_an_output_in_a_circle_comes_to_an_end() -> None:
    found = workflow("""
        on: push
        jobs:
          a:
            needs: b
            runs-on: x
            outputs: {x: "${{ needs.b.outputs.x }}"}
            steps: [{run: x}]
          b:
            needs: a
            runs-on: x
            outputs: {x: "${{ needs.a.outputs.x }}"}
            steps: [{run: x}]
    """)
    (source,) = sources_of(found, job_of(found, "a"), job_of(found, "a").outputs["x"])
    assert source.kind is From.NOTHING


def test_a_reusable_workflow_is_followed_inside() -> None:
    every = samples()
    others = library(every.values())
    caller = every["reusable_caller"]
    announce = job_of(caller, "announce")
    step = announce.steps[0]
    (source,) = sources_of(caller, announce, step.env["URL"], step, others=others)
    assert (source.kind, source.name) == (From.STEP, "url")
    assert source.where.path == ".github/workflows/reusable_deploy.yaml"
    assert source.step is not None
    assert source.step.id == "roll-out"
    (unseen,) = sources_of(caller, announce, step.env["URL"], step)
    assert unseen.kind is From.OTHER_WORKFLOW


def test_both_environments_get_what_one_step_made() -> None:
    release = samples()["release_on_tag"]
    traced = []
    for name in ("staging", "production"):
        job = job_of(release, name)
        traced.append(
            [
                (one.kind, one.name, one.step.id if one.step else "")
                for one in sources_of(release, job, job.env["IMAGE"])
            ]
        )
    assert traced[0] == traced[1] == [(From.EVENT, "repository", ""), (From.STEP, "digest", "build")]


def test_who_sees_which_secret() -> None:
    found = workflow(RELEASE)
    deploy, build = job_of(found, "deploy"), job_of(found, "build")
    assert list(visible(found, deploy).secrets) == ["API-KEY", "DB_URL", "ORG_TOKEN"]
    assert list(visible(found, deploy, deploy.steps[0]).secrets) == ["API-KEY", "DB_URL", "ORG_TOKEN"]
    assert list(visible(found, deploy, deploy.steps[1]).secrets) == ["DB_URL", "ORG_TOKEN"]
    assert list(visible(found, build).secrets) == ["ORG_TOKEN"]
    assert list(visible(found, build).variables) == ["TEAM"]
    assert sorted(visible(found, build).env) == ["REGISTRY", "TOKEN"]


def test_all_secrets_at_once_are_seen_as_such() -> None:
    found = workflow("""
        on: push
        jobs:
          a:
            runs-on: x
            steps: [{run: "x", env: {ALL: "${{ toJSON(secrets) }}"}}]
          b:
            uses: ./.github/workflows/other.yml
            secrets: inherit
    """)
    assert list(visible(found, job_of(found, "a")).secrets) == ["*"]
    assert list(visible(found, job_of(found, "b")).secrets) == ["*"]


def test_every_expression_of_a_file_is_found() -> None:
    """Counted in the text, for each sample: no place is forgotten."""
    from tests.evidence.workflow.samples import sample_files

    files = sample_files()
    for name, found in samples().items():
        text = files[found.path].decode()
        if re.search(r"[:-] \*\w", text):
            continue  # an alias is read at each use
        bare_ifs = sum(1 for use in in_workflow(found) if use.key == "if" and "${{" not in use.text.value)
        assert sum(1 for _ in in_workflow(found)) - bare_ifs == text.count("${{"), name
