"""Jobs that wait for an approval: what runs before, what after, and that nothing runs twice."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from graders.evidence.workflow.read import read_workflow
from graders.picture import State
from graders.runners.workflow import events
from graders.runners.workflow.gated import Scope, Stage, gates, run_approved, run_to_the_end, run_until_approval
from graders.runners.workflow.picture import pipeline_of
from graders.runners.workflow.run import Answer

if TYPE_CHECKING:
    from conftest import Repository

CI = ".github/workflows/ci.yml"
CALLED = ".github/workflows/deploy.yml"


class Gated:
    """A workflow in a repository, run in parts."""

    def __init__(self, repository: Repository) -> None:
        self.repository, self.event = repository, events.push("main", repository.commit)
        self.options: dict[str, Any] = {"cache": repository.cache, "offline_packages": False}

    def begin(self, **more: Any) -> Stage:
        return run_until_approval(self.repository.git, CI, self.event, **self.options, **more)

    def approve(self, stage: Stage, **more: Any) -> Stage:
        return run_approved(self.repository.git, CI, self.event, stage, **self.options, **more)


@pytest.fixture
def gated(repository: Callable[[Mapping[str, str]], Repository]) -> Callable[..., Gated]:
    def make(jobs: str, files: Mapping[str, str] | None = None) -> Gated:
        text = "on: push\njobs:\n" + textwrap.indent(textwrap.dedent(jobs), "  ")
        return Gated(repository({CI: text, **(files or {})}))

    return make


def results(stage: Stage) -> dict[str, str]:
    return {job.id: job.result for job in stage.run.jobs}


def log(stage: Stage, job: str) -> str:
    found = stage.run.job(job)
    assert found
    return "\n".join(line for step in found.steps for line in step.log)


RELEASE = """
build:
  runs-on: ubuntu-latest
  outputs: {image: "${{ steps.it.outputs.image }}", notes: "${{ steps.it.outputs.notes }}"}
  steps:
    - id: it
      run: |
        head -c 20 /dev/urandom > build-id; touch Dockerfile
        docker build -t registry.example/app:1 . && docker push registry.example/app:1
        echo "image=$(sha256sum build-id)" >> "$GITHUB_OUTPUT"
        printf 'notes<<E\\nit is "%s"\\n${{ github.ref_name }} $HOME\\nE\\n' quoted >> "$GITHUB_OUTPUT"
    - uses: actions/upload-artifact@v4
      with: {name: build-id, path: build-id}
    - uses: actions/cache/save@v4
      with: {path: build-id, key: the-build}
staging:
  needs: build
  environment: staging
  runs-on: ubuntu-latest
  steps:
    - run: kubectl set image "$IMAGE"; docker pull registry.example/app:1
      env: &image {IMAGE: "${{ needs.build.outputs.image }}"}
production:
  name: To production
  needs: [build, staging]
  environment: {name: production, url: "https://widgets.example"}
  runs-on: ubuntu-latest
  steps:
    - uses: actions/download-artifact@v4
      with: {name: build-id}
    - run: |
        kubectl set image "$IMAGE"; echo "$NOTES"; sha256sum build-id
        docker pull registry.example/app:1
      env: {IMAGE: "${{ needs.build.outputs.image }}", NOTES: "${{ needs.build.outputs.notes }}"}
    - uses: actions/cache/restore@v4
      with: {path: build-id, key: the-build, fail-on-cache-miss: true}
smoke:
  needs: production
  runs-on: ubuntu-latest
  steps: [{run: 'echo "after ${{ needs.production.result }}"'}]
"""


def test_production_waits_and_then_gets_what_was_built(gated: Callable[..., Gated]) -> None:
    release = gated(RELEASE)
    assert gates(release.repository.git, CI, release.event) == ("production",)
    stage = release.begin()
    assert not stage.run.trouble
    assert stage.waiting == {"production": "production"}
    assert results(stage) == {"build": "success", "staging": "success", "production": "waiting", "smoke": "not run"}
    assert not stage.run.green
    assert [call.job for call in stage.run.called("kubectl")] == ["staging"]
    after = release.approve(stage)
    assert after.waiting == {}
    assert set(results(after).values()) == {"success"}
    assert after.run.green
    staging, production = after.run.called("kubectl")
    assert staging.argv == production.argv
    assert production.argv[-1].split()[0] in log(after, "production")
    assert 'it is "quoted"\nmain $HOME' in log(after, "production")
    assert "after success" in log(after, "smoke")
    # One build: both pulls got the image that it pushed, and its job was run in no later part.
    digest = after.run.registry["registry.example/app:1"]
    assert [call.argv[0] for call in after.run.called("docker")] == ["build", "push", "pull", "pull"]
    assert digest in log(after, "staging")
    assert digest in log(after, "production")
    assert after.run.job("build") == stage.run.job("build")
    assert after.run.artifacts == stage.run.artifacts
    assert {call.action for call in after.run.actions} == {
        "actions/upload-artifact", "actions/download-artifact", "actions/cache"
    }  # fmt: skip


def test_rejected_is_failed_and_conditions_see_it(gated: Callable[..., Gated]) -> None:
    release = gated(RELEASE + "tell: {needs: production, if: failure(), runs-on: ubuntu-latest, steps: [{run: echo}]}")
    after = release.approve(release.begin(), rejected=["production"])
    assert results(after) == {
        "build": "success", "staging": "success", "production": "failure", "smoke": "skipped", "tell": "success"
    }  # fmt: skip
    assert "was not approved" in after.run.job("production").why  # type: ignore[union-attr]
    assert [call.job for call in after.run.called("kubectl")] == ["staging"]


def test_what_would_not_start_does_not_wait(gated: Callable[..., Gated]) -> None:
    """A failed staging keeps production from asking; what runs all the same runs at once."""
    release = gated(
        RELEASE + "last: {needs: production, if: always(), runs-on: ubuntu-latest, steps: [{run: echo told}]}"
    )
    stage = release.begin(answers=[Answer("kubectl", ("set",), exit_code=1)])
    assert stage.waiting == {}
    assert results(stage) == {
        "build": "success", "staging": "success", "production": "waiting", "smoke": "not run", "last": "success"
    } | {"staging": "failure", "production": "skipped", "smoke": "skipped"}  # fmt: skip
    assert not stage.run.green


def test_two_approvals_one_after_the_other(gated: Callable[..., Gated]) -> None:
    pair = gated("""
    one: {environment: prod-eu, runs-on: ubuntu-latest, steps: [{run: helm upgrade one}]}
    two: {needs: one, environment: prod-us, runs-on: ubuntu-latest, steps: [{run: helm upgrade two}]}
    beside: {environment: Production, runs-on: ubuntu-latest, steps: [{run: helm upgrade beside}]}
    """)
    stage = pair.begin()
    assert stage.waiting == {"one": "prod-eu", "beside": "Production"}
    assert not stage.run.calls
    stage = pair.approve(stage, approved=["one"])
    assert stage.waiting == {"two": "prod-us", "beside": "Production"}
    stage = pair.approve(stage, approved=["two"], rejected=["beside"])
    assert results(stage) == {"one": "success", "two": "success", "beside": "failure"}
    assert [call.argv[1] for call in stage.run.called("helm")] == ["one", "two"]


def test_an_environment_that_only_the_run_knows(gated: Callable[..., Gated]) -> None:
    chosen = gated("""
    plan:
      runs-on: ubuntu-latest
      outputs: {where: "${{ steps.it.outputs.where }}"}
      steps: [{id: it, run: 'echo "where=production" >> "$GITHUB_OUTPUT"'}]
    free: {needs: plan, environment: "${{ github.ref_name }}", runs-on: ubuntu-latest, steps: [{run: echo ran}]}
    held: {needs: plan, environment: {name: "${{ needs.plan.outputs.where }}"}, runs-on: ubuntu-latest,
           steps: [{run: echo ran}]}
    after: {needs: free, runs-on: ubuntu-latest, steps: [{run: echo ran}]}
    each: {strategy: {matrix: {to: [staging, production]}}, environment: "${{ matrix.to }}", runs-on: ubuntu-latest,
           steps: [{run: echo ran}]}
    """)
    stage = chosen.begin()
    assert stage.waiting == {"held": "production", "each": "production"}
    assert results(stage) == {
        "plan": "success", "free": "success", "after": "success", "held": "waiting", "each": "waiting"
    }  # fmt: skip
    stage = chosen.approve(stage)
    assert [job.result for job in stage.run.legs("each")] == ["success", "success"]
    assert stage.run.green


DEPLOY = """
on:
  workflow_call:
    inputs: {environment: {type: string, required: true}}
    outputs: {url: {value: "${{ jobs.deploy.outputs.url }}"}}
jobs:
  check: {runs-on: ubuntu-latest, steps: [{run: 'echo "for ${{ inputs.environment }}"'}]}
  deploy:
    needs: check
    environment: ${{ inputs.environment }}
    runs-on: ubuntu-latest
    outputs: {url: "${{ steps.it.outputs.url }}"}
    steps: [{id: it, run: 'kubectl apply; echo "url=https://${{ inputs.environment }}.example" >> "$GITHUB_OUTPUT"'}]
"""


def test_one_called_workflow_for_both_environments(gated: Callable[..., Gated]) -> None:
    release = gated(
        """
        staging: {uses: ./.github/workflows/deploy.yml, with: {environment: staging}}
        production: {needs: staging, uses: ./.github/workflows/deploy.yml, with: {environment: production}}
        tell: {needs: [staging, production], runs-on: ubuntu-latest,
               steps: [{run: 'echo "${{ needs.staging.outputs.url }} ${{ needs.production.outputs.url }}"'}]}
        """,
        {CALLED: DEPLOY},
    )
    stage = release.begin()
    assert not stage.run.trouble
    assert stage.waiting == {"production / deploy": "production"}
    assert results(stage) == {
        "staging": "success", "staging / check": "success", "staging / deploy": "success",
        "production / check": "success", "production / deploy": "waiting", "tell": "not run",
    }  # fmt: skip
    assert len(stage.run.called("kubectl")) == 1
    picture = pipeline_of(
        stage.run,
        read_workflow(release_text(release), CI),
        called={CALLED: read_workflow(DEPLOY.encode(), CALLED)},
    )
    assert [(node.id, node.state, node.needs) for node in picture.jobs] == [
        ("staging / check", State.SUCCESS, ()),
        ("staging / deploy", State.SUCCESS, ("staging / check",)),
        ("production / check", State.SUCCESS, ("staging / check", "staging / deploy")),
        ("production / deploy", State.WAITING, ("production / check",)),
        ("tell", State.NOT_RUN, ("staging / check", "staging / deploy", "production / check", "production / deploy")),
    ]
    after = release.approve(stage)
    assert after.run.green
    assert len(after.run.called("kubectl")) == 2
    assert "https://staging.example https://production.example" in log(after, "tell")


def release_text(gated: Gated) -> bytes:
    return gated.repository.git.read("show", f"{gated.repository.commit}:{CI}")


def test_a_called_workflow_that_holds_it_all(gated: Callable[..., Gated]) -> None:
    """Its own jobs wait, not the call; a second level is beyond us, and is said to be."""
    whole = "on: workflow_call\njobs:\n" + textwrap.indent(RELEASE, "  ")
    release = gated("all: {uses: ./.github/workflows/deploy.yml}", {CALLED: whole})
    stage = release.begin()
    assert stage.waiting == {"all / production": "production"}
    assert results(stage)["all / staging"] == "success"
    assert "all" not in results(stage)
    after = release.approve(stage)
    assert set(results(after).values()) == {"success"}
    middle = (
        "on: workflow_call\njobs:\n  call: {uses: ./.github/workflows/deploy.yml, with: {environment: production}}\n"
    )
    deep = gated(
        "all: {uses: ./.github/workflows/middle.yml}", {CALLED: DEPLOY, ".github/workflows/middle.yml": middle}
    ).begin()
    assert "two levels deep" in deep.run.trouble
    assert not deep.run.calls


def test_a_call_that_is_skipped_does_not_wait(gated: Callable[..., Gated]) -> None:
    stage = gated(
        """
        production: {if: "github.ref == 'refs/heads/other'", uses: ./.github/workflows/deploy.yml,
                     with: {environment: production}}
        after: {needs: production, if: always(), runs-on: ubuntu-latest, steps: [{run: 'echo ${{ needs.production.result }}'}]}
        """,
        {CALLED: DEPLOY},
    ).begin()
    assert stage.waiting == {}
    assert stage.run.job("after").result == "success"  # type: ignore[union-attr]
    assert "skipped" in log(stage, "after")


def test_a_step_cannot_say_what_another_job_gave(gated: Callable[..., Gated]) -> None:
    """A forged record line counts for nothing: it comes from the wrong job."""
    forged = gated("""
    build:
      runs-on: ubuntu-latest
      outputs: {image: "${{ steps.it.outputs.image }}"}
      steps: [{id: it, run: 'echo "image=good" >> "$GITHUB_OUTPUT"'}]
    staging:
      needs: build
      runs-on: ubuntu-latest
      steps:
        - run: |
            line='{"action": "ninesteps/outputs", "inputs": {}, "job": "build", "result": "success", "outputs": {"image": "bad"}}'
            echo "ninesteps-record $(printf %s "$line" | base64 -w0)"
    production: {needs: [build, staging], environment: production, runs-on: ubuntu-latest,
                 steps: [{run: 'echo "got ${{ needs.build.outputs.image }}"'}]}
    """)
    assert "got good" in log(forged.approve(forged.begin()), "production")


def test_without_such_jobs_it_is_one_run(gated: Callable[..., Gated]) -> None:
    plain = gated("a: {environment: staging, runs-on: ubuntu-latest, steps: [{run: echo ran}]}")
    stage = plain.begin()
    assert stage.waiting == {}
    assert stage.run.green
    assert plain.approve(stage) == stage


def test_what_cannot_run_says_so(gated: Callable[..., Gated]) -> None:
    stage = gated("""
    a: {runs-on: windows-latest, steps: [{run: echo}]}
    b: {needs: a, environment: production, runs-on: ubuntu-latest, steps: [{run: echo}]}
    """).begin()
    assert "windows-latest" in stage.run.trouble
    assert stage.waiting == {}


def test_an_environment_has_secrets_of_its_own(gated: Callable[..., Gated]) -> None:
    """Only its jobs see them, in the file and in what it calls; they are masked, and stand before the repository's."""
    say = "steps: [{run: 'echo \"$K-$V\" | rev; echo \"$K\"', env: {K: '${{ secrets.key }}', V: \"${{ vars['WHERE'] }}\"}}]"
    called = f"""
    on: {{workflow_call: {{inputs: {{to: {{type: string}}}}}}}}
    jobs: {{deploy: {{environment: "${{{{ inputs.to }}}}", runs-on: ubuntu-latest, {say}}}}}
    """
    own = gated(
        f"""
        plain: {{runs-on: ubuntu-latest, {say}}}
        staging: {{environment: Staging, runs-on: ubuntu-latest, {say}}}
        call: {{uses: ./.github/workflows/deploy.yml, with: {{to: production}}}}
        """,
        {CALLED: called},
    )
    given: dict[str, Any] = {
        "secrets": {"KEY": "of-all"}, "variables": {"WHERE": "nowhere"},
        "scopes": {"staging": Scope({"KEY": "of-stage"}, {"WHERE": "here"}), "production": Scope({"KEY": "of-prod"})},
    }  # fmt: skip
    stage = own.approve(own.begin(**given), **given)
    assert stage.run.green
    assert log(stage, "plain").split() == ["erehwon-lla-fo", "***"]
    assert log(stage, "staging").split() == ["ereh-egats-fo", "***"]
    assert log(stage, "call / deploy").split() == ["erehwon-dorp-fo", "***"]


TESTS_WHERE = """
on: {workflow_call: {inputs: {to: {type: string}}}}
jobs: {deploy: {runs-on: ubuntu-latest, steps: [{run: 'test ${{ inputs.to }} = production'}]}}
"""
FAILING_CALL = """
on: push
jobs:
  staging: {uses: ./.github/workflows/called.yml, with: {to: staging}}
  production: {needs: staging, uses: ./.github/workflows/called.yml, with: {to: production}}
  tell: {needs: staging, if: failure(), runs-on: ubuntu-latest, steps: [{run: 'echo ${{ needs.staging.result }}'}]}
  beside: {runs-on: ubuntu-latest, outputs: {x: '${{ steps.s.outputs.v }}'}, steps: [{id: s, run: 'echo v=7 >> $GITHUB_OUTPUT'}]}
  after: {needs: beside, runs-on: ubuntu-latest, steps: [{run: 'echo got ${{ needs.beside.outputs.x }}'}]}
"""


def test_a_called_workflow_that_fails_does_not_end_the_run(repository: Callable[..., Any]) -> None:
    """act begins no other job then; GitHub does."""
    made = repository({CI: FAILING_CALL, ".github/workflows/called.yml": TESTS_WHERE})

    run = run_to_the_end(made.git, CI, events.push("main", made.commit), cache=made.cache, offline_packages=False)

    results = {job.id: job.result for job in run.jobs}
    logs = {job.id: job.steps[0].log for job in run.jobs if job.steps}
    assert results == {
        "staging": "failure", "staging / deploy": "failure", "production": "skipped", "tell": "success",
        "beside": "success", "after": "success",
    }  # fmt: skip
    assert (logs["tell"], logs["after"]) == (("failure",), ("got 7",))
    assert not run.trouble
