"""What commands do about images, and what the record keeps of played ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graders.evidence.workflow.image_reference import Reference, references_in
from graders.runners.workflow.played_commands import images_made, role_of
from graders.runners.workflow.record import Call, Run
from graders.runners.workflow.run import Answer

IMAGE = "ghcr.io/shop/widgets:9f2c41e"
KNOWN = (Reference("ghcr.io/shop/widgets", "9f2c41e"),)


def call(line: str) -> Call:
    tool, *words = line.replace("IMAGE", IMAGE).split()
    return Call(tool, tuple(words), "job", "0", "", ())


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("docker build -t IMAGE .", "build"),
        ("docker buildx build --push --tag IMAGE .", "build"),
        ("docker buildx bake", "build"),
        ("docker compose -f compose.yml build", "build"),
        ("docker compose up --build", "build"),
        ("gcloud builds submit --tag IMAGE", "build"),
        ("docker push IMAGE", "push"),
        ("docker buildx imagetools create -t IMAGE ghcr.io/shop/widgets@sha256:1", "push"),
        ("docker buildx imagetools inspect IMAGE", None),
        ("docker login ghcr.io", None),
        ("docker pull IMAGE", None),
        ("docker tag IMAGE other", None),
        ("docker run --rm IMAGE python -c 1", "probe"),
        ("docker run -d --name widgets IMAGE", "deploy"),
        ("docker --context staging service update --image IMAGE widgets", "deploy"),
        ("docker -H ssh://staging run --detach IMAGE", "deploy"),
        ("kubectl --context staging set image deployment/widgets w=IMAGE", "deploy"),
        ("kubectl --context staging rollout status deployment/widgets", None),
        ("kubectl config use-context staging", None),
        ("kubectl apply --dry-run=server -f - IMAGE", None),
        ("kubectl get --raw /healthz", "probe"),
        ("helm upgrade widgets ./chart --set image.tag=9f2c41e", "deploy"),
        ("helm template widgets ./chart --set image.tag=9f2c41e", None),
        ("helm test widgets", "probe"),
        ("ssh host docker run -d IMAGE", "deploy"),
        ("ssh host curl localhost/healthz", "probe"),
        ("ssh host uptime", None),
        ("curl -f https://staging.example.org", "probe"),
        ("gcloud run deploy widgets --image IMAGE", "deploy"),
        ("terraform init", None),
    ],
)
def test_a_command_has_a_role(line: str, role: str | None) -> None:
    made = call(line)

    assert role_of(made, references_in(made.argv, KNOWN)) == role


def test_images_that_a_build_makes() -> None:
    assert [str(one) for one in images_made(call("docker build -t a:1 --tag=b:2 ."))] == ["a:1", "b:2"]
    assert [str(one) for one in images_made(call("docker tag a:1 ghcr.io/x/a:2"))] == ["ghcr.io/x/a:2"]
    assert not list(images_made(call("kubectl -t a:1")))


PLAYED = """
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    env: {IMAGE: "ghcr.io/shop/widgets:1"}
    steps:
      - run: |
          printf 'spec:\\n  - name: w\\n    image: "ghcr.io/shop/widgets:2"\\n# image: no:1\\n' | kubectl apply -f -
          mkdir k8s && printf 'containers: [{image: a/b:3}]\\n' > k8s/one.yml && kubectl apply -f k8s
          printf 'images:\\n- name: w\\n  newName: c/d\\n  newTag: "4"\\n' > kustomization.yaml && kubectl apply -k .
          printf 'services: {w: {image: "${IMAGE}"}}\\n' > compose.yml && docker compose up --detach
      - run: curl -s -o /dev/null -w '%{http_code}\\n' https://staging.example.org/
      - run: python3 -m http.server 8123 --bind 127.0.0.1 & sleep 1; curl --fail -s http://127.0.0.1:8123/ -o page; test -s page
"""


def test_the_record_keeps_images_and_a_service_of_its_own_is_really_asked(run: Callable[..., Run]) -> None:
    done = run(PLAYED)

    assert done.green, [step.log for step in done.jobs[0].steps]
    assert [one.images for one in done.calls] == [
        ("ghcr.io/shop/widgets:2",), ("a/b:3",), ("c/d:4",), ("ghcr.io/shop/widgets:1",), (),
    ]  # fmt: skip
    assert done.jobs[0].steps[1].log == ("200",)


def test_two_calls_of_one_workflow_are_told_apart(repository: Callable[..., object]) -> None:
    called = "on: {workflow_call: {inputs: {to: {type: string}}}}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n"
    called += "      - uses: actions/checkout@v5\n      - run: 'kubectl --context ${{ inputs.to }} apply -f x'\n"
    calls = "on: push\njobs:\n" + "".join(
        f"  {to}: {{uses: ./.github/workflows/called.yml, with: {{to: {to}}}}}\n" for to in ("staging", "production")
    )
    made = repository({".github/workflows/ci.yml": calls, ".github/workflows/called.yml": called})

    done = made.run()  # type: ignore[attr-defined]

    assert {(one.job, one.argv[1]) for one in done.calls} == {
        ("staging / deploy", "staging"), ("production / deploy", "production"),
    }  # fmt: skip


def test_an_action_that_is_not_known_may_be_made_to_fail(run: Callable[..., Run]) -> None:
    text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: azure/k8s-deploy@v5\n"
    text += "        with: {images: 'a/b:1', namespace: staging}\n"

    assert run(text).green
    assert not run(text, answers=(Answer("azure/k8s-deploy", ("a/b:1",), exit_code=1),)).green
