"""curl and wget, played where they ask another machine: there is no network. Their own machine they really ask."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

_HOST = re.compile(r"https?://(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]+)", re.IGNORECASE)
_OWN = re.compile(r"localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\]", re.IGNORECASE)
_BODY = '{"status": "ok"}'
_TO_FILE = {"curl": ("-o", "--output"), "wget": ("-O", "--output-document")}


def asks_its_own_machine(words: list[str]) -> bool:
    """Whether no address in `words` is another machine's."""
    hosts = [match[1] for word in words if (match := _HOST.match(word))]
    return all(_OWN.fullmatch(host) for host in hosts)


def really(tool: str, words: list[str], root: Path) -> int:
    """Become the real program; returns only where there is none."""
    path = os.pathsep.join(part for part in os.get_exec_path() if Path(part) != root / "bin")
    program = shutil.which(tool, path=path)
    if program:
        os.execv(program, [program, *words])  # noqa: S606
    print(f"bash: {tool}: command not found")
    return 127


def answer(tool: str, words: list[str]) -> tuple[str, str, int]:
    """A healthy service's answer, printed or written where the words ask for it."""
    given = iter(words)
    target = "" if tool == "curl" or "-O-" in words or "-qO-" in words else os.devnull
    said = ""
    for word in given:
        name, equals, value = word.partition("=")
        if name in _TO_FILE[tool] or re.fullmatch(r"-[a-zA-Z]*o" if tool == "curl" else r"-[a-zA-Z]*O", word):
            target = value if equals else next(given, "")
        elif tool == "curl" and (name == "--write-out" or re.fullmatch(r"-[a-zA-Z]*w", word)):
            said = _told(value if equals else next(given, ""))
        elif tool == "curl" and (word == "--head" or re.fullmatch(r"-[a-zA-Z]*I[a-zA-Z]*", word)):
            said = f"HTTP/2 200\ncontent-type: application/json\n{said}"
    if target and target != "-":
        Path(target).write_text(_BODY)
        return said, "", 0
    return "\n".join(filter(None, [_BODY, said])), "", 0


def _told(form: str) -> str:
    """https://curl.se/docs/manpage.html#-w"""
    known = re.sub(r"%\{(http_code|response_code)\}", "200", form)
    return re.sub(r"%\{\w+\}", "0", known).replace("\\n", "\n").strip("\n")
