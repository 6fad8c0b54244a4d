"""Small workflows, and what GitHub does with them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from graders.runners.workflow.record import Run

Runner = Callable[..., Run]


def workflow(jobs: str, on: str = "push") -> str:
    return f"on: {on}\njobs:\n" + textwrap.indent(textwrap.dedent(jobs), "  ")


def outcomes(run: Run, job: str) -> list[str]:
    found = run.job(job)
    assert found
    return [step.outcome for step in found.steps]


def log(run: Run, job: str) -> str:
    found = run.job(job)
    assert found
    return "\n".join(line for step in found.steps for line in step.log)


def test_a_failing_job_skips_what_needs_it_and_conditions_see_it(run: Runner) -> None:
    result = run(
        workflow("""
        test: {runs-on: ubuntu-latest, steps: [{run: exit 1}, {run: echo never}, {if: failure(), run: echo told},
               {if: always(), run: echo cleaned}]}
        deploy: {needs: test, runs-on: ubuntu-latest, steps: [{run: echo deployed}]}
        notify: {needs: test, if: failure(), runs-on: ubuntu-latest, steps: [{run: "echo ${{ needs.test.result }}"}]}
        last: {needs: [test, deploy], if: always(), runs-on: ubuntu-latest,
               steps: [{run: "echo ${{ needs.deploy.result }}"}]}
        """)
    )
    assert {job.id: job.result for job in result.jobs} == {
        "test": "failure",
        "deploy": "skipped",
        "notify": "success",
        "last": "success",
    }
    assert outcomes(result, "test") == ["failure", "skipped", "success", "success"]
    assert "failure" in log(result, "notify")
    assert "skipped" in log(result, "last")
    assert not result.green
    assert not result.trouble


def test_outputs_matrix_and_what_follows_from_them(run: Runner) -> None:
    result = run(
        workflow("""
        plan:
          runs-on: ubuntu-latest
          outputs: {list: "${{ steps.list.outputs.list }}"}
          steps: [{id: list, run: 'echo list=[1,2] >> "$GITHUB_OUTPUT"'}]
        each:
          needs: plan
          runs-on: ubuntu-24.04
          strategy: {fail-fast: false, matrix: {n: "${{ fromJSON(needs.plan.outputs.list) }}"}}
          steps: [{run: "test ${{ matrix.n }} = 1"}]
        """)
    )
    assert result.jobs[0].steps[0].outputs == {"list": "[1,2]"}
    assert [(leg.matrix["n"], leg.result) for leg in result.legs("each")] == [(1, "success"), (2, "failure")]


def test_continue_on_error_has_an_outcome_and_a_result(run: Runner) -> None:
    result = run(
        workflow("""
        a: {runs-on: ubuntu-latest, steps: [{id: x, run: exit 1, continue-on-error: true},
            {run: "echo ${{ steps.x.outcome }} ${{ steps.x.conclusion }}"}]}
        """)
    )
    step = result.jobs[0].step("x")
    assert step
    assert (step.outcome, step.result) == ("failure", "success")
    assert "failure success" in log(result, "a")
    assert result.green


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("{run: 'false | tee out'}", "success"),
        ("{run: 'false | tee out', shell: bash}", "failure"),
        ('{run: "false\\ntrue"}', "failure"),
        ("{run: 'test -z \"$(ls -A)\"'}", "success"),
        ("{run: test -f a.txt}", "failure"),
        ("{run: 'import os; print(os.name)', shell: python}", "success"),
        ("{run: 'test \"$A$B$C\" = abc', env: {C: c}}", "success"),
        ("{run: 'test \"$(basename $PWD)\" = tmp', working-directory: /tmp}", "success"),
        ("{run: 'test -z \"$(ls -A ~)\"'}", "success"),
        ('{run: \'test "$GITHUB_REF_NAME $CI $GITHUB_REPOSITORY" = "main true learner/widgets"\'}', "success"),
    ],
    ids=[
        "no pipefail",
        "pipefail",
        "errexit",
        "empty",
        "no checkout",
        "python",
        "env",
        "directory",
        "home",
        "variables",
    ],
)
def test_a_step(run: Runner, step: str, outcome: str) -> None:
    text = "on: push\nenv: {A: a}\njobs: {a: {runs-on: ubuntu-latest, env: {B: b}, steps: [" + step + "]}}\n"
    assert outcomes(run(text, {"a.txt": ""}), "a") == [outcome]


CHECKOUT = """
a: {runs-on: ubuntu-latest, steps: [{uses: "actions/checkout@%s", with: %s},
    {run: 'git rev-list --count HEAD; git rev-parse --abbrev-ref HEAD; cat a.txt'}]}
"""


@pytest.mark.parametrize(
    ("version", "inputs", "said"),
    [
        ("v4", "{}", "1\nmain\nhello"),
        ("v4", "{fetch-depth: 0}", "2\nmain\nhello"),
        ("0123456789abcdef0123456789abcdef01234567", "{}", "1\nmain\nhello"),
        ("v4", "{ref: main}", "1\nmain\nhello"),
        ("v4", "{ref: nowhere}", "A branch or tag with the name 'nowhere' could not be found"),
        ("v4", "{path: ../outside}", "Repository path"),
    ],
)
def test_checkout(run: Runner, version: str, inputs: str, said: str) -> None:
    result = run(workflow(CHECKOUT % (version, inputs)), {"a.txt": "hello\n"})
    assert said in log(result, "a")
    assert result.green == (said[0] in "12")


def test_artifacts_go_from_job_to_job_and_nothing_else_does(run: Runner) -> None:
    result = run(
        workflow("""
        build:
          runs-on: ubuntu-latest
          steps:
            - run: mkdir -p dist/.hidden ~/kept && echo new > dist/app.txt && echo x > dist/.hidden/file && touch loose
            - uses: actions/upload-artifact@v4
              with: {name: app, path: dist/, retention-days: 7}
            - uses: actions/upload-artifact@v4
              with: {name: app, path: dist/}
              continue-on-error: true
            - uses: actions/upload-artifact@v4
              with: {name: none, path: nothing/*.xml, if-no-files-found: error}
              continue-on-error: true
        use:
          needs: build
          runs-on: ubuntu-latest
          steps:
            - run: test ! -e loose -a ! -e ~/kept
            - uses: actions/download-artifact@v4
              with: {name: app, path: got}
            - run: test "$(cat got/app.txt)" = new
            - uses: actions/download-artifact@v4
              with: {name: missing}
        """)
    )
    artifact = result.artifact("app")
    assert artifact
    assert artifact.files == {"app.txt": b"new\n"}
    assert outcomes(result, "build") == ["success", "success", "failure", "failure"]
    assert outcomes(result, "use") == ["success", "success", "success", "failure"]
    assert result.used("actions/upload-artifact")[0].inputs["retention-days"] == "7"
    assert "Artifact not found for name: missing" in log(result, "use")


CACHE = """
a:
  runs-on: ubuntu-latest
  steps:
    - uses: actions/checkout@v4
    - {id: c, uses: actions/cache@v4, with: {path: ~/deps, key: "k-${{ hashFiles('a.lock') }}", restore-keys: k-}}
    - run: 'cat ~/deps/x || { mkdir -p ~/deps; echo made > ~/deps/x; }'
    - run: %s
"""


def test_a_cache_is_missed_then_hit_and_a_changed_lock_misses(repository: Callable[..., Any]) -> None:
    def ran(lock: str, caches: Any = (), last: str = "true") -> Run:
        return repository({".github/workflows/ci.yml": workflow(CACHE % last), "a.lock": lock}).run(caches=caches)

    def told(result: Run) -> tuple[bool, bool, str]:
        restored = result.used("actions/cache")[0].told
        return restored["hit"], bool(restored["found"]), "made" if "made" in log(result, "a") else ""

    first = ran("1")
    assert told(first) == (False, False, "")
    assert len(first.caches) == 1
    again, changed = ran("1", first.caches), ran("2", first.caches)
    assert told(again) == (True, True, "made")
    assert told(changed) == (False, True, "made")
    assert len(changed.caches) == 2
    assert ran("1", last="false").caches == ()


def test_python_versions_and_a_forgotten_installation(run: Runner) -> None:
    result = run(
        workflow("""
        bare: {runs-on: ubuntu-latest, steps: [{run: python3 --version}, {run: python3 -m pytest --version}]}
        unquoted: {runs-on: ubuntu-latest, steps: [{uses: actions/setup-python@v5, with: {python-version: 3.10}}]}
        good: {runs-on: ubuntu-latest, steps: [{uses: actions/setup-python@v5, id: p, with: {python-version: "3.12"}},
               {run: 'test "$(which python)" = "${{ steps.p.outputs.python-path }}" || exit 8; python -m pytest -V || exit 9'}]}
        """)
    )
    assert outcomes(result, "bare") == ["success", "failure"]
    assert "The version '3.1' with architecture 'x64' was not found" in log(result, "unquoted")
    assert outcomes(result, "good") == ["success", "failure"]
    assert "exit status 9" in log(result, "good")  # act's own line: a dying step's last words may be lost under load


def test_images_and_played_commands(run: Runner) -> None:
    from graders.runners.workflow.run import Answer

    text = workflow("""
    build:
      runs-on: ubuntu-latest
      outputs: {digest: "${{ steps.b.outputs.digest }}"}
      steps:
        - uses: actions/checkout@v4
        - {id: m, uses: docker/metadata-action@v5, with: {images: reg/app, tags: "type=sha\\ntype=raw,value=x"}}
        - {uses: docker/login-action@v3, with: {registry: reg, username: u, password: "${{ secrets.KEY }}"}}
        - {id: b, uses: docker/build-push-action@v6, with: {push: true, tags: "${{ steps.m.outputs.tags }}"}}
        - {run: 'docker build -q -t other . && docker push other'}
        - {uses: some/thing@v1, with: {Size: big}}
    staging: {needs: build, runs-on: ubuntu-latest,
              steps: [{run: "kubectl set image deploy/app app=reg/app@${{ needs.build.outputs.digest }} -n staging"}]}
    production: {needs: [build, staging], runs-on: ubuntu-latest, steps: [{run: kubectl apply -f x -n production}]}
    """)
    key = "canary-5f1d"
    files = {"Dockerfile": "FROM scratch\n", "a": "1"}
    result = run(
        text, files, secrets={"KEY": key}, answers=[Answer("kubectl", ("staging",), 1, stderr="no such thing")]
    )
    (image,) = result.used("docker/build-push-action")
    assert image.told["pushed"] is True
    assert [tag.split(":")[0] for tag in image.told["tags"]] == ["reg/app", "reg/app"]
    assert result.used("docker/login-action")[0].inputs["password"] == key
    assert key not in log(result, "build")
    assert result.used("some/thing")[0].unknown
    assert result.used("some/thing")[0].inputs == {"size": "big"}
    (deploy,) = result.called("kubectl")
    assert (deploy.job, deploy.exit_code) == ("staging", 1)
    assert deploy.argv[3] == f"app=reg/app@{image.told['digest']}"
    assert "KUBECONFIG" not in deploy.names
    assert "GITHUB_SHA" in deploy.names
    assert [job.result for job in result.jobs] == ["success", "failure", "skipped"]
    other = run(text, {**files, "a": "2"}, secrets={"KEY": key})
    assert other.used("docker/build-push-action")[0].told["digest"] != image.told["digest"]
    assert other.green


@pytest.mark.parametrize(
    ("jobs", "trouble"),
    [
        ("a: {runs-on: windows-latest, steps: [{run: x}]}", "its job `a` was not run: it runs on windows-latest"),
        ("a: {runs-on: macos-15, steps: [{run: x}]}\nb: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}", "macos-15"),
        ("a: {runs-on: [self-hosted, gpu], steps: [{run: x}]}", "self-hosted, gpu"),
        (
            "a: {runs-on: '${{ matrix.os }}', strategy: {matrix: {os: [ubuntu-latest, windows-2022]}},"
            " steps: [{run: 'true'}]}",
            "its job `a` was not run: it runs on windows-2022",
        ),
        (
            "a: {runs-on: ubuntu-latest, services: {db: {image: postgres, volumes: ['d:/d']}}, steps: [{run: x}]}",
            "its job `a` has a service `db` with `volumes:`, and a service gets no folder here",
        ),
        ("a: {runs-on: ubuntu-latest, container: node:22, steps: [{run: x}]}", "in a container (node:22)"),
        ("a: {runs-on: ubuntu-latest, steps: [{uses: 'docker://alpine'}]}", "`docker://alpine`, which needs Docker"),
        ("a: {uses: o/r/.github/workflows/x.yml@v1}", "a workflow of another repository"),
    ],
)
def test_what_cannot_run_here_says_why(run: Runner, jobs: str, trouble: str) -> None:
    result = run(workflow(jobs))
    assert trouble in result.trouble
    assert not result.green


def test_reusable_workflows_and_local_actions(run: Runner) -> None:
    files = {
        ".github/workflows/called.yml": "on: {workflow_call: {inputs: {who: {type: string}}}}\n"
        "jobs: {inner: {runs-on: ubuntu-latest, steps: [{uses: actions/checkout@v4},"
        ' {uses: ./ci/greet, with: {who: "${{ inputs.who }}"}}]}}\n',
        "ci/greet/action.yml": "inputs: {who: {}}\nruns: {using: composite, steps: [{uses: other/unknown@v2},"
        ' {shell: bash, run: "echo hello ${{ inputs.who }}"}]}\n',
    }
    result = run(
        workflow("""
    outer: {uses: ./.github/workflows/called.yml, with: {who: you}}
    other: {if: "false", uses: ./.github/workflows/called.yml}
    """),
        files,
    )
    assert [(job.id, job.result) for job in result.jobs] == [
        ("outer", "success"),
        ("outer / inner", "success"),
        ("other", "skipped"),
    ]
    assert result.green
    assert any("hello you" in line for job in result.jobs for step in job.steps for line in step.log)
    assert result.used("other/unknown")[0].unknown


def test_each_leg_of_a_matrix_ends_as_its_own_steps_do(run: Callable[..., Run]) -> None:
    text = """
on: push
jobs:
  test:
    strategy: {fail-fast: false, matrix: {number: [1, 2, 3, 4]}}
    runs-on: ubuntu-latest
    steps: [{run: echo begin}, {run: 'test ${{ matrix.number }} != 3'}, {run: echo end}]
  after: {needs: test, runs-on: ubuntu-latest, steps: [{run: echo after}]}
"""
    for _ in range(4):  # act's own word for it depends on which leg ends last
        result = run(text)
        legs = {job.matrix["number"]: job.result for job in result.legs("test")}
        assert legs == {1: "success", 2: "success", 3: "failure", 4: "success"}
        assert [job.result for job in result.legs("after")] == ["skipped"]
