"""Results built by hand, with the words that step 1 uses, and hostile text to put into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graders.criterion import Criterion, Kind, Verdict, cannot_check, failed, passed
from graders.picture import CommitGraph, Node
from graders.result import Judged, Result


def _criterion(name: str, points: float, title: str, why: str) -> Criterion:
    return Criterion(name, points, title, why, ("A hint.",), (), lambda work: passed(""))


CRITERIA = (
    _criterion(
        "two_commits",
        2,
        "The branch holds at least two commits of your own",
        "Small commits that each say what changed are what reviewers read and what `git bisect` searches.",
    ),
    _criterion(
        "rebased_on_main",
        2,
        "The branch starts at the tip of main",
        "A branch that already holds main's newest commit merges without surprises.",
    ),
    _criterion(
        "no_merge_commit",
        1,
        "No merge commit on the branch",
        "A straight line of commits shows what you changed and nothing else.",
    ),
    _criterion(
        "conflict_resolved",
        2,
        "The conflict is resolved: both filters work",
        "Taking one side whole throws away a colleague's work, and no conflict marker warns you.",
    ),
    _criterion("bisectable", 1, "Each commit's tests pass", "Bisecting works only where every commit can be run."),
    _criterion("pull_request", 1, "A pull request is open, or merged", "Review happens before the change is on main."),
    _criterion(
        "main_protected", 1, "main moved through pull requests only", "What is on main has been reviewed and tested."
    ),
)

GRAPH = CommitGraph(
    "Your commits and main",
    (
        Node("4b1f0c2d9e", "Serve widgets: create, read, list and delete", 0),
        Node("4e99060a11", "Say how to run and configure the service", 0, ("4b1f0c2d9e",)),
        Node("9a3d5c7e42", "Filter the widget list by max_price_cents", 1, ("4e99060a11",)),
        Node("e59af21b37", "Test the filter by price", 1, ("9a3d5c7e42",), ("price-filter", "PR #2")),
        Node("720e124c08", "Filter the widget list by name_prefix (#1)", 0, ("4e99060a11",), ("main",)),
    ),
    ("main", "price-filter"),
)

_WAITS = {
    title: cannot_check(f"This waits for “{title}”.", next="Mend that one first; this is judged then.")
    for title in (criterion.title for criterion in CRITERIA)
}


def _result(verdicts: Sequence[Verdict], picture: CommitGraph | None = GRAPH, notes: tuple[str, ...] = ()) -> Result:
    pairs = zip(CRITERIA, verdicts, strict=True)
    judged = tuple(Judged(f"git.{criterion.name}", criterion, verdict) for criterion, verdict in pairs)
    return Result("git", 1, "Git and branching", judged, picture, notes)


TWO_COMMITS = passed(
    "`price-filter` holds 2 commits of yours: 9a3d5c7, e59af21.", ran=["git log --oneline origin/main..price-filter"]
)
NOT_REBASED = failed(
    "Your branch `price-filter` starts at 4e99060, but main has moved on to 720e124.",
    expected="A branch whose first commit sits on 720e124, the newest commit of main.",
    where="commit 9a3d5c7, the first of `price-filter`",
    next="`git fetch origin`, then `git rebase origin/main`; mend the conflict, `git add` it, `git rebase --continue`.",
    ran=["git merge-base origin/main price-filter", "git rev-parse origin/main"],
    mistake="behind main",
    marks=["9a3d5c7e42"],
)
NO_PULL_REQUEST = failed(
    "The forge knows pull request 2, but it shows e59af21 while your branch is at 9a3d5c7.",
    expected="A pull request whose head is the branch as you have it.",
    where="`refs/pull/2/head`",
    next="Push the branch again: `git push --force-with-lease origin price-filter`.",
    ran=["git ls-remote origin 'refs/pull/*/head'"],
    mistake="pull request behind its branch",
    marks=["e59af21b37"],
)

ALL_PASSED = _result(
    [
        TWO_COMMITS,
        passed("`price-filter` starts at 720e124, the newest commit of main.", ran=["git merge-base origin/main HEAD"]),
        passed("All 2 commits have one parent.", ran=["git rev-list --merges origin/main..price-filter"]),
        passed("Both filters' tests pass on e59af21, and no file holds a conflict marker.", ran=["pytest -q"]),
        passed("9a3d5c7: 14 tests passed. e59af21: 15 tests passed.", ran=["git rebase --exec pytest origin/main"]),
        passed("Pull request 2 shows e59af21, the tip of `price-filter`.", ran=["git ls-remote origin"]),
        passed("The forge's log has 1 move of main, made by pull request 1."),
    ],
    replace(
        GRAPH,
        nodes=(
            *GRAPH.nodes[:2],
            Node("720e124c08", "Filter the widget list by name_prefix (#1)", 0, ("4e99060a11",)),
            Node("9a3d5c7e42", "Filter the widget list by max_price_cents", 1, ("720e124c08",)),
            Node("e59af21b37", "Test the filter by price", 1, ("9a3d5c7e42",), ("price-filter", "PR #2")),
            Node("c0ffee1234", "Merge pull request #2 from price-filter", 0, ("720e124c08", "e59af21b37"), ("main",)),
        ),
    ),
)
MIXED = _result(
    [
        TWO_COMMITS,
        NOT_REBASED,
        passed("All 2 commits have one parent.", ran=["git rev-list --merges origin/main..price-filter"]),
        _WAITS["The branch starts at the tip of main"],
        cannot_check(
            "The service's tests can't run here: bubblewrap is missing.",
            next="Install it (`apt install bubblewrap`), then check again; `ninesteps doctor` shows what is missing.",
            ran=["bwrap --version"],
        ),
        NO_PULL_REQUEST,
        passed("The forge's log has 1 move of main, made by pull request 1."),
    ],
    notes=("Judged from the bundle that you handed in, not from your folder.",),
)
STARTER = _result(
    [
        failed(
            "There is no branch yet that holds a commit of yours.",
            expected="A branch beside main with two commits or more.",
            next="`git switch -c price-filter`, make the change, then `git add` and `git commit`.",
            where="the branches of your clone and of `origin`",
            mistake="no branch",
            ran=["git for-each-ref refs/heads refs/remotes"],
        ),
        *[_WAITS["The branch holds at least two commits of your own"]] * 5,
        passed("The forge's log has 1 move of main, made by pull request 1."),
    ],
    replace(GRAPH, nodes=(*GRAPH.nodes[:2], GRAPH.nodes[4]), lanes=("main",)),
)
BROKEN = _result(
    [
        *ALL_PASSED.criteria[0:0],
        TWO_COMMITS,
        Verdict(
            Kind.ERROR,
            found="The grader itself broke here (ZeroDivisionError: division by zero).",
            next="This is our defect, not yours: please report it with the output of `ninesteps doctor`.",
        ),
        *[judged.verdict for judged in ALL_PASSED.criteria[2:]],
    ],
    None,
)


def long_graph(commits: int) -> CommitGraph:
    """A straight main of `commits` commits."""
    ids = [f"{number:07x}" for number in range(commits)]
    nodes = tuple(
        Node(ids[n], f"Change number {n}", 0, (ids[n - 1],) if n else (), ("main",) if n == commits - 1 else ())
        for n in range(commits)
    )
    return CommitGraph("A long history", nodes)


HOSTILE = (
    "<script>alert(1)</script>",
    '"onmouseover="alert(1)',
    "' onfocus='alert(1)",
    "</style></section><h1>mine",
    "]]><img src=x onerror=alert(1)>",
    "--><!-- <b>",
    "[bold red]markup[/] [/nothing] [link=https://x.example]here[/link] :boom:",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;https://x.example\x1b\\link\x1b]8;;\x1b\\ \x9b31m",
    "back\b\b\b\rspace \x00 \x7f \x85",
    "first\nsecond\u2028third\tfourth",
    "\u202eevil\u202c \u2066isolate\u2069 \u200fmark\ufeff \U000e0041tag",
    "half \ud800 surrogate \uffff \ufdd0",
    "Z" + "\u0301" * 500 + "algo",
    "&lt;b&gt; &amp; &#60;",
    "`<b>`tick` `",
    "漢字かな交じり文 👩‍👩‍👧 שלום مرحبا",
    "x" * 5000,
)


def with_text(text: str) -> Result:
    """A result with all four verdicts and a picture in which every field that can hold learner's text holds `text`."""
    verdicts = [
        passed(text, where=text, ran=[text]),
        failed(text, expected=text, where=text, next=text, mistake=text, ran=[text], marks=["b"]),
        cannot_check(text, next=text, where=text, ran=[text]),
        Verdict(Kind.ERROR, found=text, next=text, ran=(text,)),
        cannot_check(f"This waits for “{text}”.", next=text),
    ]
    judged = tuple(
        Judged(f"git.{number}", _criterion(str(number), 1, text or "t", text), verdict)
        for number, verdict in enumerate(verdicts)
    )
    nodes = (Node("a", text, 0, (), (text,)), Node("b", text, 1, ("a",), (text, text)), Node(text, text, 2, ("b", "a")))
    return Result("git", 1, text, judged, CommitGraph(text, nodes, (text, text)), (text,))
