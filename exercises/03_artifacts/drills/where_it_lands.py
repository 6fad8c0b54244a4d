"""Say where a file of an artifact lands. https://github.com/actions/upload-artifact#upload-using-multiple-paths-and-exclusions"""

from __future__ import annotations

import posixpath
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong

_FILES = (
    "build/reports/junit.xml",
    "build/coverage/coverage.xml",
    "dist/widgets-2.1.0-py3-none-any.whl",
    "build/logs/test.log",
)


def lands(paths: tuple[str, ...], file: str, into: str, folder: str = "") -> str:
    """Where `file` is after the download: the upload cuts off what all its paths have in common.

    `paths` are files and folders (which end in a slash); `folder` is the artifact's own, where a download of all makes one.
    """
    roots = [path.rstrip("/") if path.endswith("/") else posixpath.dirname(path) for path in paths]
    shared = posixpath.commonpath(roots)
    return posixpath.normpath(posixpath.join(into, folder, posixpath.relpath(file, shared or ".")))


def _make(random: Random) -> Question:
    file = random.choice(_FILES)
    other = random.choice([one for one in _FILES if one != file])
    paths = random.choice([(file,), (posixpath.dirname(file) + "/",), (file, other), (file.split("/")[0] + "/",)])
    name = random.choice(["reports", "results", "package", "from-tests"])
    into = random.choice(["got", "incoming", "artifacts"])
    by_name = random.random() < 0.7
    answer = lands(paths, file, into, "" if by_name else name)
    listed = paths[0] if len(paths) == 1 else "|\n      " + "\n      ".join(paths)
    upload = f"- uses: actions/upload-artifact@v5\n  with:\n    name: {name}\n    path: {listed}\n"
    download = "- uses: actions/download-artifact@v6\n  with:\n" + (f"    name: {name}\n" if by_name else "")
    download += f"    path: {into}\n"
    base = posixpath.basename(file)
    candidates = {
        posixpath.join(into, base), posixpath.join(into, file), posixpath.join(into, name, base), file, base,
        posixpath.join(into, name, file), answer.removeprefix(f"{into}/"),
    }  # fmt: skip
    shared = posixpath.relpath(answer, into)

    def judge(given: str) -> Feedback:
        said = posixpath.normpath(given.strip(" \t`'\"").removeprefix("./")) if given.strip(" \t`'\"") else ""
        if posixpath.basename(said) != base:
            return unclear(f"{quoted(given)} is no path of that file.", f"Answer with a path that ends in `{base}`.")
        if said == answer:
            how = (
                "the download puts it into `path`"
                if by_name
                else f"a download of all makes the folder `{name}` in `path`"
            )
            return right(
                f"The upload keeps what comes after the folder that all its paths share, and {how}: `{shared}`."
            )
        if not said.startswith(f"{into}/"):
            return wrong(
                f"`{said}` is not below `{into}`, which the download's `path` names.", "Begin with that folder."
            )
        if name in said.split("/")[:-1] and by_name:
            return wrong(f"`{said}` has the artifact's name as a folder; a download by name makes none.")
        if name not in said.split("/")[:-1] and not by_name:
            return wrong(f"`{said}` lacks a folder: a download without `name` makes one for each artifact.")
        deep = len(said.split("/")) > len(answer.split("/"))
        return wrong(
            f"`{said}` keeps too {'much' if deep else 'little'} of the path.",
            "What all paths of the upload have in common is cut off, and nothing else. A path to a file shares its folder.",
        )

    return Question(
        text=f"Before the upload there is `{file}`. Where is it after the download, in the other job's workspace?",
        judge=judge,
        right=answer,
        wrong=tuple(sorted(candidates - {answer})),
        example='"got/some/file.xml"',
        figures=(Listing("The upload", upload), Listing("The download", download)),
    )


DRILL = Drill("find a file after the download", _make)
