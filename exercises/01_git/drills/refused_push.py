"""Read why a push was refused, and say what to do. https://git-scm.com/docs/git-push#_note_about_fast_forwards"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from graders.drills.choice import Option, choice
from graders.drills.question import Drill, Listing, Question

_BRANCHES = ("login", "search", "export", "stock-filter", "dark-mode")
_URL = "https://git.example.org/shop/widgets.git"


class Situation(NamedTuple):
    """`story` and `output` are shown, `remedy` mends it, `clue` is what in the output tells."""

    story: str
    output: str
    remedy: str
    clue: str


def situations(branch: str) -> dict[str, Situation]:
    """The ways in which a push is refused. The output is git's own, with GitHub's words for `protected`."""
    return {
        "no upstream": Situation(
            f"You have just made `{branch}` with `git switch -c`, and push it for the first time.",
            f"$ git push\nfatal: The current branch {branch} has no upstream branch.",
            f"git push -u origin {branch}",
            "the branch has no upstream yet, so git doesn't know where to push; `-u` says where, and remembers it",
        ),
        "fetch first": Situation(
            f"A colleague and you both work on `{branch}`. You commit, and push.",
            f"$ git push\nTo {_URL}\n ! [rejected]        {branch} -> {branch} (fetch first)\n"
            f"error: failed to push some refs to '{_URL}'",
            "git pull --rebase\ngit push",
            "`fetch first` says that the remote branch has commits that you don't have; bring yours on top of them",
        ),
        "rebased": Situation(
            f"`{branch}` is yours alone, and was pushed yesterday. Today you rebased it onto main, and push.",
            f"$ git push\nTo {_URL}\n ! [rejected]        {branch} -> {branch} (non-fast-forward)\n"
            f"error: failed to push some refs to '{_URL}'",
            "git push --force-with-lease",
            "your rebase replaced the pushed commits on purpose, and `--force-with-lease` replaces them there too, "
            "unless someone else has pushed since",
        ),
        "protected": Situation(
            "You committed a fix on your local main, and push.",
            "$ git push origin main\nremote: error: GH006: Protected branch update failed for refs/heads/main.\n"
            f"To {_URL}\n ! [remote rejected] main -> main (protected branch hook declined)\n"
            f"error: failed to push some refs to '{_URL}'",
            f"git switch -c {branch}\ngit push -u origin {branch}\n# then open a pull request",
            "the server protects main: it changes through pull requests only, so the commit goes on a branch",
        ),
    }


# (situation, the situation whose remedy was chosen): what is wrong with that
_MISFITS = {
    ("no upstream", "fetch first"): "A pull needs an upstream branch as well, and there is none yet.",
    ("no upstream", "rebased"): "Nothing has been pushed yet, so there is nothing to replace; and git still doesn't "
    "know where to push.",
    (
        "no upstream",
        "protected",
    ): "You are on a branch of your own already, and nothing here speaks of a protected main.",
    ("fetch first", "no upstream"): "Git knew where to push: the upstream is set. The same push is refused again.",
    (
        "fetch first",
        "rebased",
    ): "The lease refuses this: it replaces only what you have seen, and there are commits that "
    "you haven't. Build on your colleague's work instead.",
    ("fetch first", "protected"): "This branch isn't protected: `(fetch first)` is about commits that you don't have.",
    ("rebased", "no upstream"): "Git knew where to push: the upstream is set. The same push is refused again.",
    ("rebased", "fetch first"): "That pull puts you back on top of the old commits, which your rebase has just "
    "replaced.",
    ("rebased", "protected"): "This branch isn't protected: `(non-fast-forward)` says that its remote tip is not among "
    "your branch's commits.",
    ("protected", "no upstream"): "That pushes a branch which your fix isn't on: the fix is on main.",
    (
        "protected",
        "fetch first",
    ): "You lack no commit: the server refuses by rule, and will refuse the same push again.",
    ("protected", "rebased"): "A force push to a protected main is refused as well, and rightly: it rewrites what "
    "everybody builds on.",
}


def _make(random: Random) -> Question:
    every = situations(random.choice(_BRANCHES))
    name = random.choice(list(every))
    now = every[name]
    correct = Option(Listing("", now.remedy), f"{now.clue[0].upper()}{now.clue[1:]}.")
    misfits = [
        Option(Listing("", other.remedy), _MISFITS[name, wrong]) for wrong, other in every.items() if wrong != name
    ]
    return choice(
        random,
        f"{now.story} It is refused. What do you run now?",
        correct,
        misfits,
        figures=(Listing("The push", now.output),),
    )


DRILL = Drill("read a refused push", _make)
