"""Reading a history of 10,000 commits against a bare `git rev-list --all`."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from graders.evidence.snapshot import snapshot_of
from graders.step import find
from tests.bench.measure import in_turns, line

COMMITS = 10_000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ninesteps-bench-") as scratch:
        repository = Path(scratch) / "repo"
        _make(repository)

        def rev_list() -> None:
            subprocess.run(["git", "rev-list", "--all"], cwd=repository, stdout=subprocess.DEVNULL, check=True)

        with snapshot_of(repository, find("git")) as snapshot:

            def read() -> None:
                snapshot.__dict__.pop("history", None)
                assert len(snapshot.history.commits) == COMMITS

            def read_whole() -> None:
                with snapshot_of(repository, find("git")) as fresh:
                    assert len(fresh.history.commits) == COMMITS

            taken = in_turns({"rev-list": rev_list, "read": read, "snapshot": read_whole}, rounds=7)
    base = taken["rev-list"]
    print(f"History of {COMMITS:,} commits, against git rev-list --all:")
    print(line("git rev-list --all", base))
    print(line("reading ids, parents, trees, authors and subjects", taken["read"], taken["read"] / base, "at most 3"))
    print(line("the same, with the checked copy that it is read from", taken["snapshot"], taken["snapshot"] / base))


def _make(repository: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(repository)], check=True)
    stream = []
    for number in range(1, COMMITS + 1):
        text = f"line {number}\n"
        stream.append(f"blob\nmark :{2 * number}\ndata {len(text)}\n{text}\n")
        stream.append(
            f"commit refs/heads/main\nmark :{2 * number + 1}\ncommitter A <a@example.org> {1_700_000_000 + number} +0000\n"
        )
        stream.append("data 8\nCommit.\n\n" + (f"from :{2 * number - 1}\n" if number > 1 else ""))
        stream.append(f"M 100644 :{2 * number} file{number % 50}.txt\n\n")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repository, input="".join(stream).encode(), check=True)
