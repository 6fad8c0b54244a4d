"""Plans carried out with the real `kubectl` on the stand-in for a cluster: what callers saw, and what `kubectl` said."""

from __future__ import annotations

import pytest

from graders.runners.deployment.clusters import kubectl, play_on_cluster
from graders.runners.deployment.plan import Act, Do, Plan
from graders.runners.deployment.record import Event, Played
from graders.runners.deployment.releases import DOES_NOT_START, NEWEST, UNHEALTHY, V1, V2, V4
from graders.runners.sandbox import isolates

pytestmark = [
    pytest.mark.skipif(not isolates(), reason="deployments in a sandbox: they need bubblewrap"),
    pytest.mark.skipif(kubectl() is None, reason="kubectl is not installed: deployments to a cluster are not proven"),
]

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: widgets}
spec:
  replicas: 2
  selector: {matchLabels: {app: widgets}}
  strategy: {rollingUpdate: {maxUnavailable: 0}}
  template:
    metadata: {labels: {app: widgets}}
    spec:
      containers:
        - name: widgets
          image: IMAGE
          ports: [{name: http, containerPort: 8000}]
          readinessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: widgets}
spec: {selector: {app: widgets}, ports: [{port: 80, targetPort: http}]}
"""
DEPLOY = """#!/bin/sh
sed "s|IMAGE|$1|" manifest.yaml | kubectl apply -f - && kubectl rollout status deployment/widgets --timeout=3s
"""
UNDO = """#!/bin/sh
kubectl rollout undo deployment/widgets && kubectl rollout status deployment/widgets --timeout=5s
kubectl rollout history deployment/widgets
"""


def played(*acts: Act, deploy: str = DEPLOY, rollback: str = UNDO, manifest: str = MANIFEST) -> Played:
    texts = {"scripts/deploy.sh": deploy, "scripts/rollback.sh": rollback, "manifest.yaml": manifest}
    return play_on_cluster({name: text.encode() for name, text in texts.items()}, Plan("tried", acts))


def deploy(release: object) -> Act:
    return Act(Do.DEPLOY, f"deploy {release.name}", release)  # type: ignore[arg-type,attr-defined]


def failures(done: Played, event: Event) -> int:
    return sum(not one.good for one in done.during(event))


def test_a_rolling_update_an_unhealthy_release_and_undo() -> None:
    done = played(deploy(V1), deploy(V2), deploy(UNHEALTHY), Act(Do.ROLLBACK, "back"))

    assert not done.trouble
    assert not done.beyond
    first, second, third, back = done.events
    assert [event.exit_code for event in (first, second, third, back)] == [0, 0, 1, 0], [
        one.said for one in done.events
    ]
    assert [event.serving for event in (first, second, third, back)] == [
        (V1.digest,), (V2.digest,), (V2.digest,), (V2.digest,),
    ]  # fmt: skip
    assert [failures(done, event) for event in (second, third, back)] == [0, 0, 0]
    assert "error: timed out waiting for the condition" in third.said
    assert {digest for _, digest in third.running} == {V2.digest, UNHEALTHY.digest}
    assert [digest for _, digest in back.running] == [V2.digest]
    assert [line.split()[0] for line in back.said.splitlines() if line[:1].isdigit()] == ["1", "3", "4"]  # 2 is 4 now


def test_without_a_probe_or_with_recreate_callers_get_errors() -> None:
    at_once = MANIFEST[: MANIFEST.index("          readinessProbe")] + MANIFEST[MANIFEST.index("---") :]
    recreated = MANIFEST.replace("{rollingUpdate: {maxUnavailable: 0}}", "{type: Recreate}")

    for manifest in (at_once, recreated):
        done = played(deploy(V1), deploy(V2), manifest=manifest)
        assert failures(done, done.events[1]) > 3, manifest


def test_a_full_cluster_a_release_that_does_not_start_and_a_tag_that_moved() -> None:
    words = '[ "$1" ] || set -- widgets:latest\n'
    script = DEPLOY.replace("#!/bin/sh\n", f"#!/bin/sh\n{words}") + "rc=$?\nkubectl get pods\nexit $rc\n"
    done = played(
        Act(Do.PUBLISH, "newer", NEWEST), deploy(V1), deploy(DOES_NOT_START), Act(Do.ROLLBACK, "by the tag"),
        Act(Do.TAKE_PORTS, "full"), deploy(V4), deploy=script, rollback=script,
    )  # fmt: skip

    _, crashes, tag, full = done.events
    assert (crashes.exit_code, crashes.serving) == (1, (V1.digest,))
    assert "CrashLoopBackOff" in crashes.said
    assert (tag.exit_code, tag.serving, tag.latest) == (0, (NEWEST.digest,), NEWEST.digest)
    assert (full.exit_code, full.serving) == (1, (NEWEST.digest,))
    assert "Pending" in full.said


def test_what_the_stand_in_refuses_and_what_it_does_not_have() -> None:
    script = """#!/bin/sh
sed "s|IMAGE|$1|" manifest.yaml | kubectl apply -f -
sed "s|replicas:|replica:|" manifest.yaml | kubectl apply -f -
kubectl create namespace shop && kubectl get namespace shop -o name
sed "s|IMAGE|$1|" manifest.yaml | kubectl apply --server-side -f -
kubectl set image deployment/widgets widgets=widgets:other
sed "s|IMAGE|$1|" manifest.yaml | kubectl apply --server-side -f -
kubectl patch deployment widgets --type json -p '[{"op": "replace", "path": "/spec/replicas", "value": 1}]'
kubectl get deployment widgets -o jsonpath='{.spec.replicas}{"\\n"}'
kubectl exec deployment/widgets -- true
"""
    done = played(deploy(V1), deploy=script)

    said = done.events[0].said
    assert 'unknown field "spec.replica"' in said
    assert "namespace/shop\n" in said
    assert 'conflict with "kubectl-set"' in said
    assert "\n1\n" in said
    assert any("exec" in one for one in done.beyond)
