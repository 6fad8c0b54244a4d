"""A cluster of one node on loopback: the API, what keeps Deployments and pods, and the way in from outside."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from graders.runners.deployment.cluster.api import Api
from graders.runners.deployment.cluster.deployments import Deployments, endpoints
from graders.runners.deployment.cluster.front import Front
from graders.runners.deployment.cluster.pods import Pods
from graders.runners.deployment.cluster.store import Refused, Store

SERVICE = "widgets"
_TICK = 0.04


class Cluster:
    """Runs from `start` on, in threads of its own. Callers reach the Service `widgets` at the front port."""

    def __init__(self, image_at: Callable[[str], Path | None], env: Mapping[str, str], front_port: int) -> None:
        self.store = Store()
        self.pods = Pods(self.store, image_at, env)
        self._deployments, self._front = Deployments(self.store), Front(front_port)
        self._api = Api(self.store, self.pods.log_of)
        self._api.beyond = self.pods.beyond
        self._over, self._keeper = threading.Event(), threading.Thread(target=self._keep, daemon=True)

    def start(self, kubeconfig: Path) -> bool:
        """Begin, and write how to reach it to `kubeconfig`; whether the front port could be had."""
        for resource, name in (("namespaces", "default"), ("namespaces", "kube-system"), ("nodes", "stand-in")):
            kind = resource.removesuffix("s").capitalize()
            self.store.create(resource, "", {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}})
        threading.Thread(target=self._api.serve_forever, daemon=True).start()
        self._keeper.start()
        kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        name = "stand-in"
        kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": name, "users": [{"name": name, "user": {}}],
            "clusters": [{"name": name, "cluster": {"server": self._api.url}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        }))  # fmt: skip
        return self._front.start()

    @property
    def beyond(self) -> list[str]:
        """What was asked for that there is not here."""
        return list(self.pods.beyond)

    def stop(self) -> None:
        """End every pod, at once."""
        self._over.set()
        self._keeper.join()
        self.pods.end_all()
        self._api.shutdown()

    def _keep(self) -> None:
        while not self._over.wait(_TICK):
            with contextlib.suppress(Refused, KeyError, TypeError, ValueError, AttributeError):
                self._deployments.step()
            with contextlib.suppress(Refused, KeyError, TypeError, ValueError, AttributeError):
                self.pods.step()
            self._front.ports = self._ways_in()

    def _ways_in(self) -> list[int]:
        """Where the Service leads to."""
        with contextlib.suppress(Refused, KeyError, TypeError, ValueError, AttributeError, IndexError):
            for service in self.store.all("services"):
                if service["metadata"]["name"] == SERVICE:
                    target = service["spec"]["ports"][0]["targetPort"]
                    ports = [self.pods.port_of(pod, target) for pod in endpoints(self.store, service)]
                    return [port for port in ports if port]
        return []
