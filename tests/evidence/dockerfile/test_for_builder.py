"""A Dockerfile as the builder at hand understands it."""

from __future__ import annotations

import json

from graders.evidence.dockerfile.for_builder import FOLDER, Rewritten, for_builder
from graders.evidence.dockerfile.read import read


def _rewritten(steps: str, start: str = "FROM python:3.12-slim AS a\n") -> tuple[Rewritten, list[str]]:
    text = f"{start}{steps}".encode()
    made = for_builder(text, read(text), older=True)
    lines = made.text.decode().split("\n")
    assert len(lines) == len(text.decode().split("\n"))
    read(made.text)
    return made, lines[start.count("\n") :]


def test_the_text_of_a_run_becomes_the_argument_of_its_shell() -> None:
    made, (run, *_) = _rewritten("RUN --mount=type=cache,target=/x <<EOF\nset -e\necho \"$HOME\" 'a'\nEOF\nUSER 1\n")
    assert run.startswith("RUN --mount=type=cache,target=/x [")
    assert json.loads(run[run.index("[") :]) == ["/bin/sh", "-c", "set -e\necho \"$HOME\" 'a'\n"]
    assert list(made.written.values()) == ["RUN --mount=type=cache,target=/x <<EOF (set -e\necho \"$HOME\" 'a')"]


def test_a_run_that_feeds_its_text_to_a_program_keeps_it_for_the_shell_that_was_chosen() -> None:
    _, lines = _rewritten("SHELL [\"/bin/bash\", \"-c\"]\nRUN python3 <<'E' && true\nprint('$x')\nE\n")
    assert json.loads(lines[1][4:]) == ["/bin/bash", "-c", "python3 <<'E' && true\nprint('$x')\nE\n"]


def test_a_shell_that_a_stage_below_chose_holds() -> None:
    start = 'FROM python:3.12-slim AS below\nSHELL ["/bin/bash", "-c"]\nFROM below\n'
    _, lines = _rewritten("RUN <<-E\n\ttrue\nE\n", start)
    assert json.loads(lines[0][4:]) == ["/bin/bash", "-c", "true\n"]


def test_the_texts_of_a_copy_become_files_of_the_context() -> None:
    made, (copy, *_) = _rewritten('COPY --link --chmod=755 a <<EOF <<-"B.txt" /dest/\none\nEOF\n\ttwo $X\nB.txt\n')
    assert copy == f'COPY --chmod=755 ["a", "{FOLDER}/2/EOF", "{FOLDER}/2/B.txt", "/dest/"]'
    assert made.files == {f"{FOLDER}/2/EOF": b"one\n", f"{FOLDER}/2/B.txt": b"two $X\n"}


def test_link_is_left_out_wherever_it_stands() -> None:
    start = "FROM python:3.12-slim AS b\nFROM python:3.12-slim\n"
    _, lines = _rewritten("COPY --from=b \\\n  --link \\\n  /x /y\nCOPY --link=true a b\n", start)
    assert "link" not in "".join(lines)


def test_what_has_no_older_words_is_left_as_it_is() -> None:
    for steps in ("RUN <<EOF\n#!/usr/bin/env python3\nprint()\nEOF\n", "COPY <<EOF /x\n$HOME\nEOF\n"):
        assert _rewritten(steps)[0].text.decode().endswith(steps)


def test_an_optional_secret_is_left_out_as_nobody_gives_one() -> None:
    mounts = "--mount=type=cache,target=/c --mount=type=secret,id=a,target=/a \\\n  --mount=type=secret,id=b"
    made, lines = _rewritten(f"RUN {mounts} pip --mount=type=secret\n")
    assert lines == ["RUN --mount=type=cache,target=/c \\", "  pip --mount=type=secret", ""]
    (said,) = made.written.values()
    assert "type=secret,id=b" in said


def test_a_secret_that_is_required_stays() -> None:
    for mount in ("type=secret,id=a,required", "type=secret,required=true,id=a"):
        _, lines = _rewritten(f"RUN --mount={mount} true\n")
        assert mount in lines[0]


def test_a_newer_builder_gets_texts_and_links_as_they_are() -> None:
    text = b"FROM python:3.12-slim\nRUN <<EOF\ntrue\nEOF\nCOPY --link a b\n"
    assert for_builder(text, read(text), older=False) == Rewritten(text)
