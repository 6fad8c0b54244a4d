"""Try out a Dockerfile on the engine: build it, change the source and build again, run its tests, let it live and stop.

What came of it is remembered by all that it depended on, so that the same work is not tried twice.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from graders.evidence.dockerfile.model import Dockerfile
from graders.problems import Problem
from graders.runners.engine.base_images import Base, NoBase, provide
from graders.runners.engine.build import BuildLimits, Built, ContextFile, Stopped, build
from graders.runners.engine.build_log import BuildStep
from graders.runners.engine.connection import Engine, find_engine
from graders.runners.engine.container import Running, running
from graders.runners.engine.leftovers import Ours, ours_on
from graders.runners.engine.port import Serving, ask, only_loopback
from graders.runners.engine.service_trouble import with_trouble
from graders.runners.remembered import recall, remember

_STOP_SECONDS = 20.0  # twice what `docker stop` waits, for a busy machine
_FORMAT = 4
_SECOND = 1_000_000_000  # the engine counts in nanoseconds
_HEALTH_SECONDS, _TEST_SECONDS = 300.0, 300.0
_PROBES = 60  # rather than seconds, so that a busy machine gets more time
_Known = TypeVar("_Known")


class EngineTrouble(Problem):
    """The engine failed us: nothing that the learner did."""


@dataclass(frozen=True, slots=True)
class TestRun:
    """How the image of the stage `test` ended when it was run; `exit_code` is None where it did not end in time."""

    exit_code: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Life:
    """How a container of the final image lived.

    `user` is the user id of PID 1 and `first` its command; `health` what the engine called it at last; `answers` the status
    of `GET /healthz` from inside, 0 for none and None where nobody could ask; `probe` the health check's exit code and words;
    `stopped` whether it ended on its stop signal, `signal`; `exit_code` and `said` where it had ended by itself.
    """

    user: int
    first: str
    health: str
    answers: int | None
    probe: tuple[int, str]
    only_loopback: bool
    stopped: bool
    signal: str
    exit_code: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """How a container lived in which the service can't reach its database: its health, and what `GET /healthz` answered."""

    health: str
    answers: int | None
    probe: tuple[int, str]


class Trial:
    """One Dockerfile with the files that its build gets to see. Close it: then nothing of it is left on the engine."""

    def __init__(self, dockerfile: Dockerfile, files: Mapping[str, ContextFile], cache: Path) -> None:
        self._dockerfile, self._files, self._cache = dockerfile, dict(files), cache
        self._stack = ExitStack()
        self._images: dict[str, str] = {}
        self._lock = threading.RLock()
        self._switch = f"W{secrets.token_hex(8)}"  # nobody can know what puts the service in trouble

    def close(self) -> None:
        """Take all of it away."""
        self._stack.close()

    @cached_property
    def engine(self) -> Engine:
        """The engine that answers. Raises NoEngine."""
        return find_engine()

    @cached_property
    def ours(self) -> Ours:
        """The place on the engine for all of this."""
        return self._stack.enter_context(
            ours_on(self.engine, _digest({path: file.content for path, file in self._files.items()}))
        )

    @cached_property
    def bases(self) -> tuple[Base | NoBase, ...]:
        """The images that the Dockerfile begins with, or why they can't be had."""
        return _told(lambda: provide(self.ours.client, self._dockerfile.images))

    @property
    def _had(self) -> tuple[Base, ...]:
        return tuple(base for base in self.bases if isinstance(base, Base))

    def _fingerprint(self, target: str) -> str:
        """What the image of a stage depends on: of the Dockerfile, only the stages that it needs."""
        dockerfile = self._dockerfile
        stage = (dockerfile.stage(target) if target else None) or dockerfile.final
        texts = [step.text for step in dockerfile.arguments]
        texts += [step.text for one in dockerfile.needed(stage) for step in (one.start, *one.steps)]
        ids = _told(lambda: [str(self.ours.client.images.get(base.name).id) for base in self._had])
        known = [
            _FORMAT,
            self.engine.version,
            self.engine.has_buildkit,
            dockerfile.escape,
            stage.name,
            sorted(ids),
            texts,
        ]
        digest = hashlib.sha256(json.dumps(known).encode())
        for path, file in sorted(self._files.items()):
            if path != dockerfile.path:
                digest.update(json.dumps([path, file.mode, file.link, len(file.content)]).encode() + file.content)
        return digest.hexdigest()

    # --- builds ---

    def built(self, target: str = "") -> Built:
        """The build of the final stage, or of `target`, from what is there."""
        return self._built(f"build {target}", self._files, target)

    def rebuilt(self) -> Built:
        """A second build of the final stage, after the first: only a file of the service's source has changed.

        In that image the service can be told to be in trouble.
        """
        self.image()
        return self._built("rebuild", self._changed())

    def _changed(self) -> dict[str, ContextFile]:
        changed = with_trouble({path: file.content for path, file in self._files.items()}, self._switch)
        return {**self._files, **{path: ContextFile(text, self._files[path].mode) for path, text in changed.items()}}

    def built_with(self, changes: Mapping[str, bytes], target: str) -> Built:
        """The build of `target` with `changes` (path to content)."""
        files = {**self._files, **{path: ContextFile(content) for path, content in changes.items()}}
        return self._built(f"build {target} {_digest(changes)}", files, target)

    def image(self, which: str = "build ", target: str = "") -> str:
        """The id of the final stage's image, which is there now."""
        with self._lock:
            if which not in self._images:
                done = self._build(which, self._files, target)
                if not done.image:
                    raise EngineTrouble(done.why or "What was built before could not be built again.", "Check again.")
            return self._images[which]

    def _built(self, which: str, files: Mapping[str, ContextFile], target: str = "") -> Built:
        def read(known: dict[str, Any]) -> Built:
            steps = tuple(BuildStep(**step) for step in known["steps"])
            return Built(known["image"], steps, known["error"], Stopped(known["stopped"]) if known["stopped"] else None,
                         known["why"])  # fmt: skip

        return self._remembered(
            which, lambda: self._build(which, files, target), read, lambda built: not built.stopped, target=target
        )

    def _build(self, which: str, files: Mapping[str, ContextFile], target: str) -> Built:
        name = hashlib.sha256(f"{which} {self._fingerprint(target)}".encode()).hexdigest()[:12]
        limits = BuildLimits()
        done = _told(lambda: build(self.ours, name, files, self._had, target=target, limits=limits))
        if done.image:
            self._images[which] = done.image
        return done

    # --- containers ---

    def tests(self, changes: Mapping[str, bytes] = {}) -> TestRun:
        """Run the image of the stage `test`, built with `changes`; it must have been built before."""
        which = f"build test {_digest(changes)}" if changes else "build test"

        def run() -> TestRun:
            if which not in self._images:
                built = self.built_with(changes, "test") if changes else self.built("test")
                if which not in self._images and built.image:  # remembered: the builder has it still
                    files = {**self._files, **{path: ContextFile(content) for path, content in changes.items()}}
                    self._build(which, files, "test")
            with running(self.ours, self._images[which]) as container:
                ended = container.wait(_TEST_SECONDS, Serving(container).long_enough)
            return TestRun(ended.exit_code, ended.said[-4000:])

        return self._remembered(
            f"run {which}", lambda: _told(run), lambda known: TestRun(**known), lambda ended: ended.exit_code is not None,
            target="test",
        )  # fmt: skip

    def life(self) -> Life:
        """Start the final image, wait until it says that it is healthy, ask it, stop it."""

        def live() -> Life:
            period = _quick(self._period())
            with running(self.ours, self.image(), health=period) as container:
                retries = (period or {}).get("retries", 3)
                health = ""
                if self._until_it_answers(container) != 0:
                    health = container.settled_health(retries, _HEALTH_SECONDS) if period else ""
                state = container.state()
                if not state["Running"]:
                    return Life(-1, "", health, 0, container.last_probe(), False, False, "", int(state["ExitCode"]),
                                container.said()[-4000:])  # fmt: skip
                user, first = container.first_process()
                answers, loopback, probe = ask(container, first), only_loopback(container), container.last_probe()
                ended = container.stop(_STOP_SECONDS)
                return Life(user, first, health, answers, probe, loopback, ended.exit_code is not None,
                            container.stop_signal, None, ended.said[-4000:])  # fmt: skip

        return self._remembered(
            "life",
            lambda: _told(live),
            lambda known: Life(**{**known, "probe": tuple(known["probe"])}),
            lambda life: life.answers != 0 or life.exit_code is not None,
        )

    def in_trouble(self) -> Trouble:
        """Start the second build's image with its service in trouble: what does it call itself?"""

        def live() -> Trouble:
            if "rebuild" not in self._images:
                self._build("rebuild", self._changed(), "")
            image, period = self._images["rebuild"], _quick(self._period())
            with running(self.ours, image, env={self._switch: "1"}, health=period) as container:
                answers = self._until_it_answers(container)
                health = container.settled_health((period or {}).get("retries", 3), _HEALTH_SECONDS)
                return Trouble(health, answers, container.last_probe())

        return self._remembered(
            "trouble",
            lambda: _told(live),
            lambda known: Trouble(**{**known, "probe": tuple(known["probe"])}),
            lambda trouble: trouble.health != "starting",
        )

    def _period(self) -> Mapping[str, Any] | None:
        config = self.ours.client.images.get(self.image()).attrs.get("Config") or {}
        found = config.get("Healthcheck")
        return found if isinstance(found, dict) and found.get("Test") else None

    def _until_it_answers(self, container: Running) -> int | None:
        for _ in range(_PROBES):
            if not container.state()["Running"]:
                return 0
            try:
                answers = ask(container, container.first_process()[1])
            except Exception as trouble:
                if "is not running" in str(trouble):  # it ended meanwhile
                    return 0
                raise
            if answers != 0:
                return answers
            time.sleep(0.3)
        return 0

    # --- what is known already ---

    def remembered(self, which: str, find: Callable[[], Any], worth: Callable[[Any], bool] = lambda _: True) -> Any:
        """What `find` gives, as JSON has it, kept for the same files, bases and engine if it is `worth` it."""
        return self._remembered(which, lambda: _told(find), lambda known: known, worth, plain=True)

    # What took too long is not remembered: next time the machine may be less busy.
    def _remembered(
        self, which: str, find: Callable[[], _Known], read: Callable[[Any], _Known],
        worth: Callable[[_Known], bool] = lambda _: True, plain: bool = False, target: str = "",
    ) -> _Known:  # fmt: skip
        with self._lock:
            name = hashlib.sha256(f"{which}\0{self._fingerprint(target)}".encode()).hexdigest()[:32]
            file = self._cache / f"{name}.json"
            if known := recall(file):
                try:
                    return read(json.loads(known))
                except (ValueError, TypeError, KeyError):
                    pass  # of another version
            found = find()
            if worth(found):
                remember(file, json.dumps(found if plain else asdict(found)).encode())  # type: ignore[call-overload]
            return found


def _digest(changes: Mapping[str, bytes]) -> str:
    told = [[path, hashlib.sha256(content).hexdigest()] for path, content in sorted(changes.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _quick(health: Mapping[str, Any] | None) -> dict[str, int] | None:
    """The image's own health check, asked every second from the start, so that nobody waits half a minute.

    Its timeout is long, so that a busy machine does not decide.
    """
    if health is None:
        return None
    retries = min(int(health.get("Retries") or 3), 5)
    return {"interval": _SECOND, "start_period": _SECOND // 1000, "retries": retries, "timeout": 20 * _SECOND}


def _told(ask: Callable[[], _Known]) -> _Known:
    """What `ask` gives. Raises EngineTrouble where the engine does not answer, or not as it should."""
    from docker.errors import DockerException
    from requests.exceptions import ConnectionError as RequestsConnectionError
    from requests.exceptions import RequestException

    try:
        return ask()
    except (ConnectionError, RequestsConnectionError):
        raise EngineTrouble("The engine stopped answering.", "Start it, and check again: `docker version`.") from None
    except (DockerException, RequestException, OSError) as trouble:
        said = getattr(trouble, "explanation", None) or str(trouble)
        if "no space left" in str(said):
            raise EngineTrouble(
                "The engine's disk is full.", "Make room, and check again: `docker builder prune`."
            ) from None
        raise EngineTrouble(
            f"The engine failed: {str(said)[:200]}.", "See `ninesteps doctor`, and check again."
        ) from None
