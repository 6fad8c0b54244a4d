"""Find the commit that broke the build, in a real repository. https://git-scm.com/docs/git-bisect#_bisect_run"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path
from random import Random

from graders.drills.question import Drill, Feedback, Question, quoted, right, unclear, wrong
from graders.problems import Problem
from graders.starter import Commit, Starter, write_history

_AUTHORS = ("Noor Haddad <noor@example.org>", "Jonas Weber <jonas@example.org>", "Mei Tanaka <mei@example.org>")
_FIRST = 1_788_253_200  # 2026-09-01 09:00 UTC
_HOUR = 3600

_CART = '''\
"""Totals of a cart, in cents."""


def total_cents(lines):
    return sum(quantity * price for quantity, price in lines)


def discount_cents(total, percent):
    return total * percent // 100


def shipping_cents(total):
    return 0 if total >= {free} else {fee}
'''
_TEST = """\
import sys

sys.dont_write_bytecode = True  # two versions made in one second look the same to Python's cache

import cart

assert cart.total_cents([(2, 250), (1, 99)]) == 599, "total_cents"
assert cart.discount_cents(1050, 15) == 157, "discount_cents"
assert cart.shipping_cents({free}) == 0, "shipping_cents at the limit"
assert cart.shipping_cents({free} - 1) == {fee}, "shipping_cents below the limit"
print("cart: all tests pass")
"""
# subject, before, after: each breaks a test, and its subject doesn't say so
_BREAKS = (
    ("Say the free-shipping limit as a comparison", "0 if total >= ", "0 if total > "),
    ("Compute the discount from whole units", "total * percent // 100", "total // 100 * percent"),
    ("Shorten total_cents", "quantity * price for quantity, price in lines", "price for _, price in lines"),
    ("Round the discount", "total * percent // 100", "round(total * percent / 100)"),
    ("Take discounts in tenths of a percent", "percent // 100", "percent // 1000"),
    ("Leave lines without a quantity out", "quantity, price in lines", "quantity, price in lines if quantity > 1"),
)
# subject, file, text to add: none of them touches what the test looks at
_EDITS = (
    ("Say in the README what the cart does", "README.md", "Totals, discounts and shipping, in cents.\n"),
    ("Say in the README how to run the test", "README.md", "Test: `python test_cart.py`\n"),
    ("Name the licence", "README.md", "Licence: MIT\n"),
    ("Begin a list of changes", "CHANGES.md", "# Changes\n"),
    ("Note the new discount", "CHANGES.md", "- Discounts in percent\n"),
    ("Note free shipping", "CHANGES.md", "- Free shipping above a limit\n"),
    ("Format prices for invoices", "money.py", 'def euros(cents):\n    return f"{cents / 100:.2f}"\n'),
    ("Parse prices from a form", "money.py", "def cents(text):\n    return round(float(text) * 100)\n"),
    ("List the currencies we take", "money.py", 'CURRENCIES = ("EUR", "CHF", "SEK")\n'),
    ("Count the lines of a cart", "cart.py", "\n\ndef count(lines):\n    return len(lines)\n"),
    ("Tell an empty cart", "cart.py", "\n\ndef is_empty(lines):\n    return not lines\n"),
    ("Find the dearest line", "cart.py", "\n\ndef dearest(lines):\n    return max(lines, key=lambda line: line[1])\n"),
    ("Send a receipt", "receipt.py", 'def receipt(total):\n    return f"Total: {total} cents"\n'),
    ("Thank the customer on the receipt", "receipt.py", 'THANKS = "Thank you!"\n'),
    ("Ignore editors' files", ".gitignore", ".idea/\n.vscode/\n"),
    ("Ignore Python's cache", ".gitignore", "__pycache__/\n"),
    ("Keep line endings as they are", ".gitattributes", "* -text\n"),
    ("Say who looks after the cart", "OWNERS", "* @cart-team\n"),
    ("Agree on an indent for all editors", ".editorconfig", "root = true\n[*]\nindent_style = space\n"),
    ("List ideas for later", "IDEAS.md", "- Vouchers\n- Gift cards\n"),
)


def history(random: Random) -> tuple[tuple[Commit, ...], int]:
    """The commits, oldest first, and the place of the one that breaks the test; that is never the first or the last."""
    free, fee = random.randrange(30, 90) * 100, random.randrange(29, 79) * 10
    edits = random.sample(_EDITS, random.randint(14, 18))
    place = random.randint(4, len(edits) - 2)
    subject, before, after = random.choice(_BREAKS)
    cart = _CART.format(free=free, fee=fee)
    tree = {"cart.py": cart, "test_cart.py": _TEST.format(free=free, fee=fee)}
    commits = [_commit(random, 0, "Compute totals, discounts and shipping", dict(tree))]
    for edit in [*edits[: place - 1], (subject, "cart.py", ""), *edits[place - 1 :]]:
        file = edit[1]
        text = tree.get(file, "") + edit[2] if edit[2] else tree[file].replace(before, after)
        tree[file] = text
        commits.append(_commit(random, len(commits), edit[0], {file: text}))
    return tuple(commits), place


def _commit(random: Random, number: int, subject: str, files: dict[str, str | None]) -> Commit:
    return Commit(f"{subject}\n", random.choice(_AUTHORS), _FIRST + number * 5 * _HOUR, files)


def _make(random: Random) -> Question:
    commits, place = history(random)
    subjects = [commit.message.strip() for commit in commits]

    ids = _ids(commits)
    return Question(
        text=(
            f"The folder `{{folder}}` is a git repository with {len(commits)} commits on main. Its test, "
            "`python test_cart.py`, passed at the first commit, tagged v1.0, and fails now. Which commit broke it?\n\n"
            "There, `git bisect start main v1.0` and then `git bisect run python test_cart.py` find it; "
            "`git bisect reset` takes you back to main. Answer with its id, shortened if you like, or its subject."
        ),
        judge=lambda given: _judge(ids, subjects, place, given),
        right=ids[place],
        wrong=(*ids[:place], *ids[place + 1 :]),
        example='"1a2b3c4"',
        prepare=lambda folder: _build(folder, commits),
    )


def _judge(ids: tuple[str, ...], subjects: list[str], place: int, given: str) -> Feedback:
    answer = given.strip(" \t`'\".").removesuffix(" is the first bad commit")
    found = [number for number, subject in enumerate(subjects) if subject.lower() == answer.lower()]
    if not found and re.fullmatch(r"[0-9a-fA-F]{4,40}", answer):
        found = [number for number, one in enumerate(ids) if one.startswith(answer.lower())]
        if not found:
            return unclear(f"No commit on main has an id that begins with {quoted(answer)}.", _LOOK)
        if len(found) > 1:
            return unclear(f"{len(found)} commits have an id that begins with {quoted(answer)}.", "Give more of it.")
    if not found:
        return unclear(f"{quoted(answer)} is neither the id nor the subject of a commit on main.", _LOOK)
    number = found[0]
    name = f"`{ids[number][:7]}` ({subjects[number]})"
    if number == place:
        return right(
            f"The test passes at {ids[place - 1][:7]} and fails from {name} on. Bisecting halves the "
            f"{len(ids) - 1} suspects each time, so it takes about {(len(ids) - 1).bit_length()} runs of the test."
        )
    if number == place - 1:
        return wrong(f"At {name} the test still passes: it is the last good commit.", "The first bad one is asked for.")
    if number < place:
        return wrong(f"At {name} the test still passes, so the break came later.", _RUN)
    return wrong(f"At {name} the test fails, but it already failed one commit earlier.", _RUN)


_LOOK = "`git log --oneline main` shows ids and subjects."
_RUN = "Let `git bisect run` decide: it ends with “… is the first bad commit”."


def _ids(commits: tuple[Commit, ...]) -> tuple[str, ...]:
    """The ids that git gives these commits, in a line: hashed as git does, so that judging needs no repository.

    https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    ids: list[str] = []
    blobs: dict[str, str] = {}
    for commit in commits:
        blobs |= {name: _hash("blob", (text or "").encode()) for name, text in commit.files.items()}
        tree = b"".join(f"100644 {name}\0".encode() + bytes.fromhex(blob) for name, blob in sorted(blobs.items()))
        parent = f"parent {ids[-1]}\n" if ids else ""
        who = f"{commit.author} {commit.when} +0000"
        head = f"tree {_hash('tree', tree)}\n{parent}author {who}\ncommitter {who}\n\n"
        ids.append(_hash("commit", f"{head}{commit.message}".encode()))
    return tuple(ids)


def _hash(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def _build(folder: Path, commits: tuple[Commit, ...]) -> None:
    """Make a repository with these commits on main, the first one tagged v1.0. Raises Problem where git fails."""
    folder.mkdir(parents=True)
    try:
        _git(folder, "init", "--quiet", "--template=", "--object-format=sha1")
        _git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
        points = write_history(folder / ".git", Starter(commits), _environment())
        _git(folder, "update-ref", "refs/tags/v1.0", points.root)
        for ref in ("refs/starter/base", "refs/starter/moved"):
            _git(folder, "update-ref", "-d", ref)
        _git(folder, "reset", "--quiet", "--hard", points.base)
    except (OSError, subprocess.SubprocessError) as trouble:
        raise Problem(f"git could not make the drill's repository ({trouble}).", "See `ninesteps doctor`.") from None


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], env=_environment(), capture_output=True, check=True, timeout=60, text=True
    )
    return done.stdout


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
    return kept | {"LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


DRILL = Drill("find the commit that broke the build", _make)
