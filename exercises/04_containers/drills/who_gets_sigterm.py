"""Tell who is PID 1, and whether the service itself gets SIGTERM.

https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example
"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several
from graders.evidence.dockerfile.read import read

# What starts the service, and whether the service becomes PID 1. A test starts each with a real shell.
STARTS: tuple[tuple[str, bool], ...] = (
    ('CMD ["python", "-m", "widgets"]', True),
    ("CMD python -m widgets", False),
    ("CMD exec python -m widgets", True),
    ('ENTRYPOINT ["python"]\nCMD ["-m", "widgets"]', True),
    ("ENTRYPOINT python -m widgets", False),
    ('CMD ["sh", "-c", "python -m widgets"]', False),
    ('CMD ["sh", "-c", "exec python -m widgets"]', True),
    ("CMD ['python', '-m', 'widgets']", False),
    ('ENTRYPOINT ["python", "-m", "widgets"]\nCMD python -m widgets', True),
    ("CMD mkdir -p /tmp/cache && python -m widgets", False),
    ("CMD mkdir -p /tmp/cache && exec python -m widgets", True),
    ("CMD python -m widgets | cat", False),
    ('ENTRYPOINT exec python -m widgets\nCMD ["--verbose"]', True),
    ('CMD python -m widgets\nCMD ["python", "-m", "widgets"]', True),
)
_NAMES = ("widgets", "orders", "search", "billing")


def _make(random: Random) -> Question:
    name = random.choice(_NAMES)
    yes = random.sample([start for start, first in STARTS if first], random.randint(1, 3))
    no = random.sample([start for start, first in STARTS if not first], 4 - len(yes))
    candidates = [
        Candidate(Listing("", start.replace("widgets", name)), start in yes, _why(start, name)) for start in (*yes, *no)
    ]
    return several(
        random,
        f"Dockerfiles begin with `FROM python:3.12-slim`, and end in these lines. `python -m {name}` ends cleanly when it gets "
        "SIGTERM. `docker stop` sends that to PID 1. In which containers does the service get it?",
        candidates,
    )


def _why(start: str, name: str) -> str:
    process = read(f"FROM python:3.12-slim\n{start}\n".encode()).final.settings.first_process
    assert process
    argv = [word.replace("widgets", name) for word in process.argv]
    is_shell = argv[0] in ("/bin/sh", "sh")
    if start.startswith("CMD ['"):
        return "Single quotes are no JSON, so a shell looks for a command called `[python,`, and the container ends at once."
    if not is_shell:
        return f"PID 1 is `{' '.join(argv[:3])}`: in exec form, the engine starts the program itself."
    if "exec " in argv[-1]:
        return f"`exec` puts `python -m {name}` in the place of the shell, so it becomes PID 1."
    return f"PID 1 is the shell, `{argv[0]} -c …`. It passes no signal on, and after 10 seconds all of it is killed."


DRILL = Drill("who gets SIGTERM?", _make)
