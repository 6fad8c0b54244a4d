"""What to try next where releases are deployed with `kubectl`, by criterion and mistake; and what the mistake is called there."""

from __future__ import annotations

from collections.abc import Mapping

_WAIT = (
    "does not wait for the rollout",
    "After the change: `kubectl rollout status deployment/widgets --timeout=10s`; and the Service selects the new pods alone.",
)
_PROBE = (
    "no readiness probe",
    "Give the container a `readinessProbe` with `httpGet: {path: /healthz, port: 8000}`; without one every pod is ready at once.",
)
_UNDO = (
    "left half rolled out",
    "Where `kubectl rollout status` fails: apply the image that served before, wait for that, then `exit 1`.",
)
ON_CLUSTER: Mapping[tuple[str, str], tuple[str, str]] = {
    ("serves", "fails on a good release"): (
        "fails on a good release",
        "Try it on the stand-in: `scripts/playground cluster`. `kubectl get pods` and `kubectl describe pod` say why one is not"
        " ready; callers are led to the Service `widgets`.",
    ),
    ("serves", "no health check"): _WAIT,
    ("serves", "sleep for a health check"): _WAIT,
    ("serves", "a check that takes any answer"): _WAIT,
    ("serves", "asks the front door"): _WAIT,
    ("serves", "two at once"): _WAIT,
    ("serves", "says it went well"): _WAIT,
    ("no_request_lost", "sleep for a health check"): _PROBE,
    ("no_request_lost", "a gap between the two"): (
        "a gap between the two",
        "Look at `strategy` and `readinessProbe`: `Recreate` ends the old pods first, and without a probe on `/healthz` a pod"
        " gets traffic before it answers.",
    ),
    ("no_request_lost", "cut off"): (
        "cut off",
        "Leave pods the time to finish: no `terminationGracePeriodSeconds: 0`, no `kubectl delete pod --force`.",
    ),
    ("broken_never_serves", "no health check"): _PROBE,
    ("broken_never_serves", "sleep for a health check"): _PROBE,
    ("broken_never_serves", "a check that takes any answer"): _PROBE,
    ("broken_never_serves", "asks the front door"): _PROBE,
    ("broken_never_serves", "old one gone"): (
        "old one gone",
        "`maxUnavailable: 0` keeps every old pod until a new one is ready; and going back starts from what served.",
    ),
    ("broken_never_serves", "waits for ever"): (
        "waits for ever",
        "Give `kubectl rollout status` a `--timeout`, so that together with going back it takes less than 40 seconds.",
    ),
    ("broken_never_serves", "exits with 0"): (
        "exits with 0",
        "`kubectl rollout status` ends with 1 where the rollout does not come through: heed it, and `exit 1`.",
    ),
    ("one_command_back", "still the bad one"): (
        "still the bad one",
        "Print the image that the script goes back to, and compare it with what `kubectl get deployment widgets -o wide` says.",
    ),
    ("one_command_back", "leaves an outage"): (
        "leaves an outage",
        "Look at the revision that it goes back to: `kubectl rollout history deployment/widgets --revision=N` shows its image.",
    ),
    ("same_digest", "goes by a tag"): ("goes by a tag", "Keep the digest of each deployment, and apply that one."),
    ("twice", "swings back"): (
        "swings back",
        "`kubectl rollout undo` swaps the last two revisions. Go back to a noted digest, or do nothing after a rollback.",
    ),
    ("last_good_one", "the one before was bad"): (
        "the one before was bad",
        "A revision says nothing of how it went. Take the digest from `deployments.jsonl`, past what failed or was rolled back.",
    ),
    ("port_taken", "old one gone"): (
        "old one gone",
        "`maxUnavailable: 0` keeps every old pod until a new one is ready, also where a new one finds no room.",
    ),
    ("port_taken", "exits with 0"): (
        "exits with 0",
        "A pod without room stays `Pending`, and `kubectl rollout status --timeout=10s` ends with 1: heed it.",
    ),
    ("nothing_left", "refused and running"): _UNDO,
    ("nothing_left", "old ones pile up"): (
        "old ones pile up",
        "Scale what no longer serves to none, or delete its Deployment.",
    ),
}
"""(Criterion, mistake) to what the mistake is called on a cluster, and what to try."""
