"""A Dockerfile is read as the builder reads it, and hostile ones end in a sentence with a line."""

from __future__ import annotations

import pytest

from graders.evidence.dockerfile.model import Chosen, Command
from graders.evidence.dockerfile.read import DockerfileProblem, read, without_syntax
from graders.evidence.workflow.model import Where

USUAL = b"""# syntax=docker/dockerfile:1
# The service.
ARG VERSION=3.12
ARG BASE=python:${VERSION}-slim

FROM --platform=$BUILDPLATFORM ${BASE} AS Build
WORKDIR /app
COPY requirements.lock ./
RUN --mount=type=cache,target=/var/cache/pip \\
    # a comment in the middle
    pip install --prefix=/install \\
      -r requirements.lock
COPY . .

FROM build AS test
RUN pytest

FROM ${BASE}
ARG UID=10001
ENV APP=/app PORT=8000
WORKDIR $APP
COPY --from=0 --chown=$UID:$UID /install /usr/local
COPY --from=nginx:1.27 /etc/nginx/mime.types /etc/
RUN --mount=type=bind,from=build,source=/app,dst=/src cp -r /src .
USER $UID
EXPOSE $PORT/tcp
HEALTHCHECK --interval=5s --retries=3 CMD ["python", "-c", "x"]
ENTRYPOINT ["python"]
CMD ["-m", "widgets"]
"""


def where(line: int) -> Where:
    return Where("Dockerfile", line)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_usual_dockerfile(end: bytes) -> None:
    found = read(USUAL.replace(b"\n", end))
    assert found.syntax == Chosen("docker/dockerfile:1", where(1))
    build, test, final = found.stages
    assert (build.name, build.base, build.base_stage, build.platform) == (
        "build",
        "python:3.12-slim",
        None,
        "linux/amd64",
    )
    assert (test.name, test.base, test.base_stage) == ("test", "build", 0)
    assert final is found.final
    assert (final.name, final.title, final.where) == ("", "stage 2", where(18))
    run = next(build.named("RUN"))
    assert (run.where, run.end_line) == (where(9), 12)
    assert run.words == ("pip install --prefix=/install       -r requirements.lock",)
    assert run.mounts == ({"type": "cache", "target": "/var/cache/pip"},)
    assert found.images == ("python:3.12-slim", "nginx:1.27")


def test_what_the_final_stage_amounts_to() -> None:
    final = read(USUAL).final
    settings = final.settings
    assert settings.user == Chosen("10001", where(25))
    assert settings.workdir == Chosen("/app", where(21))
    assert settings.ports == ("8000/tcp",)
    assert settings.env == {"APP": "/app", "PORT": "8000"}
    assert settings.health is not None
    assert settings.health.options == {"interval": "5s", "retries": "3"}
    assert settings.health.command == Command(("python", "-c", "x"), True, where(27))
    assert settings.first_process is not None
    assert settings.first_process.argv == ("python", "-m", "widgets")
    first, second = list(final.named("COPY"))
    assert (first.flag("chown"), first.sources, first.destination) == ("10001:10001", ("/install",), "/usr/local")
    assert second.flag("from") == "nginx:1.27"


def test_which_stages_are_needed() -> None:
    found = read(USUAL)
    build, test, final = found.stages
    assert found.needed(final) == (build, final)
    assert found.needed(test) == (build, test)
    assert found.foundations(test) == (build, test)
    assert found.stage("TEST") is test
    assert found.stage("2") is final
    assert found.stage("3") is None


def test_what_is_given_wins_over_defaults() -> None:
    found = read(USUAL, build_args={"VERSION": "3.13", "UID": "7"})
    assert found.stages[0].base == "python:3.13-slim"
    assert found.final.settings.user == Chosen("7", where(25))


@pytest.mark.parametrize(
    ("text", "value", "unset"),
    [
        ("ARG U=app\nUSER $U", "app", ()),
        ("USER ${U:-app}", "app", ("U",)),
        ("ENV U=app\nARG U=root\nUSER $U", "app", ()),
        ("ENV U=app\nENV V=${U}s\nUSER $V", "apps", ()),
        ("ENV U=app V=${U}s\nUSER $V", "s", ()),
        ("ARG G\nUSER ${G}", "9", ()),
        ("USER $G", "", ("G",)),
        ("USER \\$U", "$U", ()),
        ('USER "app"', "app", ()),
        ("USER app\nUSER root", "root", ()),
        ("ARG U=app:web\nUSER ${U%:*}", "app", ()),
    ],
)
def test_as_whom_it_runs(text: str, value: str, unset: tuple[str, ...]) -> None:
    user = read(f"ARG G=9\nFROM a\n{text}\n".encode()).final.settings.user
    assert user is not None
    assert (user.value, user.unset) == (value, unset)


def test_a_stage_inherits_settings_but_no_arguments() -> None:
    found = read(b"FROM a AS one\nARG U=app\nENV E=1\nUSER $U\nCMD x\nFROM one\nUSER $U$E\n")
    assert [user.value for user in found.final.settings.users] == ["app", "1"]
    assert found.final.settings.cmd is not None


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("CMD python app.py", ("/bin/sh", "-c", "python app.py")),
        ('CMD ["python", "app.py"]', ("python", "app.py")),
        ("CMD ['python', 'app.py']", ("/bin/sh", "-c", "['python', 'app.py']")),
        ('ENTRYPOINT ["tini", "--"]\nCMD python app.py', ("tini", "--", "/bin/sh", "-c", "python app.py")),
        ('ENTRYPOINT python app.py\nCMD ["--more"]', ("/bin/sh", "-c", "python app.py")),
        ('SHELL ["/bin/bash", "-c"]\nCMD exec python app.py', ("/bin/bash", "-c", "exec python app.py")),
        ('CMD ["a"]\nENTRYPOINT ["b"]', ("b", "a")),
        ('CMD ["a"]\nCMD ["b"]', ("b",)),
    ],
)
def test_who_is_the_first_process(text: str, argv: tuple[str, ...]) -> None:
    process = read(f"FROM a\n{text}\n".encode()).final.settings.first_process
    assert process is not None
    assert process.argv == argv


def test_an_entrypoint_takes_away_the_inherited_command() -> None:
    settings = read(b'FROM a AS b\nCMD ["x"]\nFROM b\nENTRYPOINT ["y"]\n').final.settings
    assert settings.first_process is not None
    assert settings.first_process.argv == ("y",)


def test_texts_in_the_file_are_no_instructions() -> None:
    found = read(
        b'FROM a\nCOPY <<"EOF" <<B /etc/\nUSER root\nFROM b\nEOF\n$X\nB\nRUN <<EOF\nUSER root\nEOF\nUSER app\n'
    )
    assert len(found.stages) == 1
    assert found.final.settings.user == Chosen("app", where(11))
    copy, run, _ = found.final.steps
    assert [(text.name, text.content, text.expand) for text in copy.heredocs] == [
        ("EOF", "USER root\nFROM b\n", False),
        ("B", "$X\n", True),
    ]
    assert copy.sources == ()
    assert run.heredocs[0].content == "USER root\n"


def test_another_escape_character() -> None:
    found = read(b"# escape=`\nFROM a\nRUN x `\n  y\nWORKDIR C:\\app\n")
    assert next(found.final.named("RUN")).end_line == 4
    assert found.final.settings.workdir == Chosen("C:\\app", where(5))


def test_what_onbuild_puts_off_happens_in_the_stage_above() -> None:
    found = read(b"FROM a AS b\nONBUILD USER app\nONBUILD COPY --from=x /y /z\nFROM b\nRUN y\n")
    below, final = found.stages
    assert below.settings.user is None
    assert final.settings.user == Chosen("app", where(2))
    assert [step.name for step in final.steps] == ["USER", "COPY", "RUN"]


def test_a_healthcheck_may_be_switched_off() -> None:
    health = read(b"FROM a\nHEALTHCHECK CMD x\nHEALTHCHECK NONE\n").final.settings.health
    assert health is not None
    assert health.command is None


def test_the_line_for_the_frontend_can_be_taken_out() -> None:
    assert without_syntax(USUAL).startswith(b"#\n# The service.")
    assert without_syntax(b"# SYNTAX = x\r\n# escape=`\r\nFROM a\r\n") == b"# escape=`\r\n#\nFROM a\r\n"
    for plain in (b"FROM a\n# syntax=x\n", b"# a\n# syntax=x\nFROM a\n", b""):
        assert without_syntax(plain) == plain


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "no FROM"),
        ("# only a comment\n", 1, "no FROM"),
        ("RUN x\nFROM a\n", 1, "before the first FROM"),
        ("FROM a\nRUNN x\n", 2, "unknown instruction: RUNN"),
        ("FROM a b\n", 1, "IMAGE AS NAME"),
        ("FROM a AS 1x\n", 1, "stage's name"),
        ("FROM $NOTHING\n", 1, "NOTHING has no value"),
        ("FROM a\nCOPY x\n", 2, "at least two arguments"),
        ("FROM a\n\nUSER\n", 3, "at least one argument"),
        ("FROM a\nRUN <<EOF\nx\n", 2, "unterminated heredoc"),
        ("FROM a\nCOPY --from=3 a b\n", 2, "no stage 3"),
        ("FROM a AS b\nCOPY --from=b a b\n", 2, "copies from itself"),
        ("FROM a\nENV X\n", 2, "two arguments"),
        ("FROM a\nUSER ${X\n", 2, "missing '}'"),
        ("FROM a\nONBUILD FROM b\n", 2, "FROM is not allowed"),
        ("FROM a\nHEALTHCHECK curl x\n", 2, "NONE"),
        ("FROM a\nSHELL bash\n", 2, "exec form"),
        ("# escape=x\nFROM a\n", 1, "escape"),
        ("FROM a\nRUN \0\n", 2, "NUL"),
        ("FROM a\nRUN " + "x" * 20_000, 2, "characters"),
        ("FROM a\n" * 101, 101, "100 stages"),
        ("FROM a\n" + "\n" * 6000, 5000, "5000 lines"),
        ("FROM a\nENV A=0123456789\n" + "ENV A=$A$A$A\n" * 40, 9, "longer than"),
        ("FROM a\nENV A=" + "a" * 9000 + "\nUSER ${A#*a*a*a*a*b}\n", 3, "stars"),
    ],
)
def test_what_the_builder_refuses_or_nobody_could_read(text: str, line: int, says: str) -> None:
    with pytest.raises(DockerfileProblem) as raised:
        read(text.encode())
    assert raised.value.where == where(line)
    assert says in raised.value.found
    assert raised.value.found.startswith(f"Dockerfile:{line}: ")
