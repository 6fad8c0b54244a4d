"""What each kind of terminal shows: piped, without colour, dumb, narrow; and every help text, read by a person."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest
from learners_terminal import Done, Terminal

COMMANDS = [
    [], ["doctor"], ["start"], ["check"], ["hint"], ["reset"], ["solution"], ["progress"], ["submit"],
    ["pr"], ["pr", "create"], ["pr", "list"], ["pr", "view"], ["pr", "merge"], ["dev"], ["dev", "check"],
]  # fmt: skip
COLOUR = re.compile(r"\x1b\[[\d;]*m")
ESCAPE = re.compile(r"\x1b\[\??[\d;]*[A-Za-z]|\r")


def on_a_screen(learner: Terminal, *words: str, **env: str) -> Done:
    """Run in a terminal of 80 columns; what is shown comes as one stream."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "graders", *words]
    settings = {**learner.env, "TERM": "xterm-256color", "COLUMNS": "80", **env}
    process = subprocess.Popen(command, cwd=learner.cwd, env=settings, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(ours)
    return Done(process.wait(), shown.decode(), "")


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "ninesteps")
def test_each_help_shows_an_example_and_cuts_no_sentence(newcomer: Terminal, words: list[str]) -> None:
    done = newcomer(*words, "--help", COLUMNS="80")
    assert done.code == 0
    assert " ".join(["Usage: ninesteps", *words]) in done.out
    assert re.search(rf"Example: {' '.join(['ninesteps', *words])}", done.out)
    assert "..." not in done.out.replace("[OPTIONS]...", "").replace("[ARGS]...", "")


def test_help_names_every_command(newcomer: Terminal) -> None:
    shown = newcomer("-h").out
    for words in COMMANDS[1:]:
        if len(words) == 1:
            assert re.search(rf"^  {words[0]} +[A-Z]", shown, re.MULTILINE)


def test_without_a_command_it_shows_its_help(newcomer: Terminal) -> None:
    done = newcomer()
    assert done.code == 2
    assert "ninesteps start git" in done.out + done.err


def test_a_pipe_gets_plain_text(fresh: Terminal) -> None:
    done = fresh("check", "git")
    assert "\x1b" not in done.out + done.err
    assert done.err == ""
    assert all(len(line) <= 80 for line in done.out.splitlines() if "$ " not in line)


def test_a_screen_gets_colour_and_a_line_of_progress(fresh: Terminal) -> None:
    done = on_a_screen(fresh, "check", "git")
    assert done.code == 1
    assert COLOUR.search(done.out)
    # A machine may be too quick, or too busy, to show what comes first.
    assert re.search(r"(?:Reading your work|Checking: [^\r\n]+)…", done.out)
    assert fresh("check", "git").out.splitlines()[0] in ESCAPE.sub("", done.out)


def test_no_colour_where_none_is_wanted(fresh: Terminal) -> None:
    shown = on_a_screen(fresh, "check", "git", NO_COLOR="1").out
    assert not re.search(r"\x1b\[[\d;]*3\dm", shown)
    assert "✘ failed" in shown


def test_a_dumb_terminal_gets_no_escapes_and_still_learns_that_it_takes_a_moment(fresh: Terminal) -> None:
    for words in (["check", "git"], ["progress"], ["doctor"], ["hint", "git"], ["start", "gti"]):
        assert "\x1b" not in on_a_screen(fresh, *words, TERM="dumb").out
    shown = on_a_screen(fresh, "check", "git", TERM="dumb").out.replace("\r\n", "\n")
    assert shown == "Reading your work. This takes some seconds.\n" + fresh("check", "git").out


def test_only_words_tell_the_verdicts_apart(solved: Terminal) -> None:
    solved.git("remote", "remove", "origin")
    shown = solved("check", "git").out
    assert shown.count("passed  ") == 7
    assert "cannot check" in shown
    assert "waiting" in shown


def test_a_reader_who_leaves_early_is_no_trouble(solved: Terminal) -> None:
    command = f"'{sys.executable}' -m graders solution git | head -n 1"
    done = subprocess.run(["sh", "-c", command], env=solved.env, cwd=solved.cwd, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("# The change and its test")
    assert done.stderr == ""
