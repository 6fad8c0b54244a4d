"""What keeps pods: each container of a known image is a process on a free port of loopback, asked by its probes.

Inside a pod the service is at port 8000; probes and hooks that name it reach the process.
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from graders.runners.deployment.cluster.store import Object, Refused, Store, now

PORT = 8000  # at which the service listens in its container
_OWN = re.compile(r"\b(localhost|127\.0\.0\.1|0\.0\.0\.0):8000\b")
_LONGEST_PAUSE, _TICK = 300.0, 0.05
_FIRST_PROBE = 0.7  # seconds after a container began: those that start fast need not wait for a second one


class Pods:
    """Runs what the pods in a store ask for.

    `image_at(reference)` is the folder of an image, None for one that can't be pulled. With `room`, no more pods than that
    are taken in; the others wait.
    """

    def __init__(self, store: Store, image_at: Callable[[str], Path | None], env: Mapping[str, str]) -> None:
        self.room: int | None = None
        self.beyond: dict[str, None] = {}  # what pods asked for that there is not here, in order
        self._store, self._image_at, self._env = store, image_at, env
        self._running: dict[str, _Pod] = {}

    def step(self) -> None:
        """Look at every pod once: take new ones in, and see to it that those which were deleted go."""
        with self._store.changed:
            pods = self._store.all("pods")
        there = {pod["metadata"]["uid"] for pod in pods}
        for uid in [uid for uid in self._running if uid not in there]:
            del self._running[uid]
        for pod in pods:
            uid, deleted = pod["metadata"]["uid"], "deletionTimestamp" in pod["metadata"]
            kept = self._running.get(uid)
            if kept is None and deleted:
                with contextlib.suppress(Refused):
                    self._store.remove("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
            elif kept is None and (self.room is None or len(self._running) < self.room):
                self._running[uid] = _Pod(self._store, pod, self._image_at, self._env, self.beyond)
            elif kept is None:
                self._let_wait(pod)
            elif deleted:
                kept.end(pod["metadata"]["deletionGracePeriodSeconds"])

    @property
    def count(self) -> int:
        """How many pods there are that are to stay."""
        return sum(not one.over.is_set() for one in list(self._running.values()))

    def running(self) -> list[tuple[int, Path]]:
        """Port and image of each process of a pod that is to stay."""
        return [
            (container.port, container.image)
            for pod in list(self._running.values())
            if not pod.over.is_set()
            for container in pod.containers
            if container.image and container.process and container.process.poll() is None
        ]

    def end_all(self) -> None:
        """Kill what runs; such as is about to go loses the time that it has left."""
        for pod in self._running.values():
            pod.end(0)
        for pod in self._running.values():
            pod.thread.join(0.1)
            pod.kill()
        for pod in self._running.values():
            pod.thread.join(5)

    def port_of(self, pod: Object, port: Any) -> int | None:
        """Where a port of a pod, by number or name, is on loopback; None where nothing listens."""
        kept = self._running.get(pod["metadata"]["uid"])
        return kept.port(port) if kept else None

    def log_of(self, pod: Object) -> bytes:
        """What the first container said."""
        kept = self._running.get(pod["metadata"]["uid"])
        return kept.containers[0].said() if kept and kept.containers else b""

    def _let_wait(self, pod: Object) -> None:
        said = "0/1 nodes are available: 1 Too many pods."
        waiting = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": said}
        if pod["status"].get("conditions") != [waiting]:
            pod["status"]["conditions"] = [waiting]
            with contextlib.suppress(Refused):
                self._store.update("pods", pod["metadata"]["namespace"], pod)


class _Pod:
    """One pod, kept by a thread of its own until it is ended."""

    def __init__(
        self, store: Store, pod: Object, image_at: Callable[[str], Path | None], env: Mapping[str, str], beyond: dict[str, None]
    ) -> None:  # fmt: skip
        self._store, self._pod = store, pod
        self.over = threading.Event()
        self._seconds_left = 30.0
        self.containers = [_Container(one, image_at, env, beyond) for one in pod["spec"]["containers"]]
        if pod["spec"].get("initContainers"):
            beyond["init containers"] = None
        self.thread = threading.Thread(target=self._keep, daemon=True)
        self.thread.start()

    def end(self, seconds: float) -> None:
        """Let it finish within so many seconds."""
        self._seconds_left = seconds
        self.over.set()

    def kill(self) -> None:
        """End its processes at once."""
        for one in self.containers:
            if one.process:
                with contextlib.suppress(OSError):
                    one.process.kill()

    def port(self, port: Any) -> int | None:
        """Where a port, by number or name, is on loopback."""
        for one in self.containers:
            if one.process and one.number_of(port) == PORT:
                return one.port
        return None

    def _keep(self) -> None:
        while not self.over.wait(_TICK):
            for one in self.containers:
                one.step()
            self._tell()
        self._tell()
        until = time.monotonic() + self._seconds_left
        enders = [threading.Thread(target=one.end, args=(until, self._seconds_left)) for one in self.containers]
        for thread in enders:
            thread.start()
        for thread in enders:
            thread.join()
        meta = self._pod["metadata"]
        with contextlib.suppress(Refused):
            self._store.remove("pods", meta["namespace"], meta["name"])

    def _tell(self) -> None:
        """Bring the status in the store up to date."""
        ready = all(one.ready for one in self.containers) and not self.over.is_set()
        status = {
            "phase": "Running" if any(one.process for one in self.containers) else "Pending",
            "podIP": "127.0.0.1", "hostIP": "127.0.0.1",
            "conditions": [
                {"type": kind, "status": "True" if holds else "False"}
                for kind, holds in (("PodScheduled", True), ("Initialized", True), ("ContainersReady", ready), ("Ready", ready))
            ],
            "containerStatuses": [one.status for one in self.containers],
        }  # fmt: skip
        meta = self._pod["metadata"]
        with self._store.changed, contextlib.suppress(Refused):
            pod = self._store.get("pods", meta["namespace"], meta["name"])
            start = pod["status"].get("startTime", now())
            self._store.update("pods", meta["namespace"], {**pod, "status": {**status, "startTime": start}})


class _Container:
    """One container: a process, and what its probes say of it."""

    def __init__(
        self, spec: Object, image_at: Callable[[str], Path | None], env: Mapping[str, str], beyond: dict[str, None]
    ) -> None:
        self.spec, self.port = spec, _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.ready, self._restarts, self._again_at, self._pause = False, 0, 0.0, 0.0
        self._began = ""
        self._probes: dict[str, _Probe] = {}
        self.image = image_at(spec["image"])
        own = {one["name"]: str(one.get("value", "")) for one in spec.get("env") or () if one.get("name")}
        self._env = {**env, **own}
        self._log = self.image.parent / f"pod-{self.port}.log" if self.image else Path(os.devnull)
        if spec.get("command") or spec.get("args"):
            beyond["containers with a `command` or `args` of their own"] = None
        if (spec.get("lifecycle") or {}).get("postStart"):
            beyond["`postStart` hooks"] = None

    @property
    def status(self) -> Object:
        """What the pod's status says of it."""
        if self.image is None:
            state: Object = {
                "waiting": {"reason": "ImagePullBackOff", "message": f"Back-off pulling {self.spec['image']}"}
            }
        elif self.process and self.process.poll() is None:
            state = {"running": {"startedAt": self._began}}
        elif self._restarts:
            state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting failed container"}}
        else:
            state = {"waiting": {"reason": "ContainerCreating"}}
        id = f"sha256:{self.image.name}" if self.image else ""
        return {
            "name": self.spec["name"], "image": self.spec["image"], "imageID": id, "ready": self.ready,
            "started": self.process is not None, "restartCount": self._restarts, "state": state,
        }  # fmt: skip

    def step(self) -> None:
        """Start it where it does not run, and see what its probes say."""
        if self.image is None:
            return
        if self.process is None or self.process.poll() is not None:
            self._start_again()
            return
        startup, readiness, liveness = (
            self._probes.get(f"{kind}Probe") for kind in ("startup", "readiness", "liveness")
        )
        if startup and not startup.succeeded:
            startup.step()
            if startup.failed:
                self._kill()
            return
        if readiness:
            readiness.step()
        if liveness:
            liveness.step()
            if liveness.failed:
                self._kill()
        self.ready = readiness.succeeded if readiness else True

    def end(self, until: float, seconds: float) -> None:
        """Let it finish: the hook, SIGTERM, and SIGKILL once the time is over."""
        process = self.process
        if process is None or process.poll() is not None:
            return
        hook = (self.spec.get("lifecycle") or {}).get("preStop")
        if hook and seconds > 0:
            if "sleep" in hook:
                time.sleep(min(float(hook["sleep"].get("seconds", 0)), max(0.0, until - time.monotonic())))
            else:
                self.ask(hook, max(0.1, until - time.monotonic()))
        with contextlib.suppress(OSError):
            process.send_signal(signal.SIGTERM if seconds > 0 else signal.SIGKILL)
        try:
            process.wait(max(0.05, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ask(self, how: Object, seconds: float) -> bool:
        """Whether it gives the answer that a probe wants."""
        if "httpGet" in how:
            return self._get(how["httpGet"], seconds)
        if "tcpSocket" in how:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self._inside(how["tcpSocket"])), seconds),
            ):
                return True
            return False
        if "exec" in how:
            words = [_OWN.sub(f"127.0.0.1:{self.port}", str(word)) for word in how["exec"].get("command") or ()]
            with contextlib.suppress(OSError, subprocess.TimeoutExpired, ValueError):
                done = subprocess.run(words, cwd=self.image, env=self._env, capture_output=True, timeout=seconds)
                return done.returncode == 0
        return False

    def number_of(self, port: Any) -> int:
        """A port's number, where it may be a name."""
        named = {one.get("name"): one.get("containerPort") for one in self.spec.get("ports") or ()}
        with contextlib.suppress(TypeError, ValueError):
            return int(named.get(port, port))
        return 0

    def said(self) -> bytes:
        """What it wrote."""
        with contextlib.suppress(OSError):
            return self._log.read_bytes()[-4_000:]
        return b""

    def _get(self, how: Object, seconds: float) -> bool:
        if how.get("scheme", "HTTP") != "HTTP":
            return False
        headers = {str(one["name"]): str(one["value"]) for one in how.get("httpHeaders") or ()}
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            connection = http.client.HTTPConnection("127.0.0.1", self._inside(how), timeout=seconds)
            with contextlib.closing(connection):
                connection.request("GET", "/" + str(how.get("path") or "/").lstrip("/"), headers=headers)
                return 200 <= connection.getresponse().status < 400
        return False

    def _inside(self, how: Object) -> int:
        """Where a port of the container is on loopback; raises OSError where nothing listens there."""
        if self.number_of(how.get("port")) != PORT:
            raise OSError("nothing listens there")
        return self.port

    def _start_again(self) -> None:
        self.ready = False
        if self.process is not None and not self._again_at:
            self._restarts += 1
            self._again_at = time.monotonic() + self._pause
            self._pause = min(_LONGEST_PAUSE, self._pause * 2 or 10.0)
        if time.monotonic() < self._again_at:
            return
        assert self.image
        self._again_at, self._began = 0.0, now()
        kinds = ("startupProbe", "readinessProbe", "livenessProbe")
        self._probes = {kind: _Probe(self, self.spec[kind]) for kind in kinds if self.spec.get(kind)}
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(
                [str(self.image / "serve"), str(self.port)], cwd=self.image, env=self._env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.ready = not self._probes

    def _kill(self) -> None:
        self.ready = False
        assert self.process
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)


class _Probe:
    """One probe, asked when it is due."""

    def __init__(self, container: _Container, how: Object) -> None:
        self._container, self._how = container, how
        self._due = time.monotonic() + max(_FIRST_PROBE, float(how.get("initialDelaySeconds") or 0))
        self._good = self._bad = 0
        self.succeeded = self.failed = False

    def step(self) -> None:
        """Ask where it is time, and count the answers."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + float(self._how["periodSeconds"])
        if self._container.ask(self._how, float(self._how["timeoutSeconds"])):
            self._good, self._bad = self._good + 1, 0
        else:
            self._good, self._bad = 0, self._bad + 1
        if self._good >= self._how["successThreshold"]:
            self.succeeded, self.failed = True, False
        elif self._bad >= self._how["failureThreshold"]:
            self.succeeded, self.failed = False, True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
