"""Step 1 from `start` to full score as a learner does it: plain git, `ninesteps`, and an editor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from learners_terminal import Terminal

from graders.starter import starter_for
from graders.step import find

SEED = 8
ROUTES = "widgets/routes.py"
QUERY = "    query = select(Widget).order_by(Widget.id)\n"


def score(learner: Terminal) -> float:
    found: float = learner("check", "git", "--json", "-").json["score"]
    return found


def verdict(learner: Terminal, name: str) -> str:
    criteria = learner("check", "git", "--json", "-").json["criteria"]
    return next(str(one["verdict"]) for one in criteria if one["id"] == f"git.{name}")


def resolved(text: str, parameter: str, condition: str) -> str:
    """The file with the conflict in it, as somebody mends it who keeps the colleague's side and adds their own."""
    before, rest = text.split("<<<<<<< ", 1)
    theirs, rest = rest.split("\n", 1)[1].split("=======\n", 1)
    after = rest.split(">>>>>>> ", 1)[1].split("\n", 1)[1]
    theirs = theirs.replace("def list_widgets(session: SessionDep", f"def list_widgets(session: SessionDep{parameter}")
    return before + theirs.replace(QUERY, QUERY + condition) + after


def test_from_start_to_full_score(newcomer: Terminal) -> None:
    started = newcomer("start", "git", "--seed", str(SEED))
    assert started.code == 0
    home = Path(newcomer.env["NINESTEPS_HOME"])
    learner = replace(newcomer, clone=home / "01_git" / "repo", cwd=home / "01_git" / "repo")
    variant = starter_for(find("git"), SEED).variant
    mine, column, comparison, limit = (variant[key] for key in ("mine", "column", "comparison", "limit"))
    for said in (f"GET /widgets?{mine}={limit}", f"{column} {comparison} {limit}", f"Next: cd {learner.clone}"):
        assert said in started.out
    assert score(learner) == 0.0

    learner.git("switch", "-q", "-c", "list-some")
    parameter = f", {mine}: int | None = None"
    condition = f"    if {mine} is not None:\n        query = query.where(Widget.{column} {comparison} {mine})\n"
    routes = (learner.clone / ROUTES).read_text(encoding="utf-8")
    routes = routes.replace("list_widgets(session: SessionDep", f"list_widgets(session: SessionDep{parameter}")
    learner.commit(ROUTES, routes.replace(QUERY, QUERY + condition), f"List widgets by {mine}")
    assert verdict(learner, "two_commits") == "failed"

    test = (
        f"def test_{mine}(client):\n    widget = {{'name': 'bolt', 'price_cents': {limit}, 'stock': {limit}}}\n"
        f"    client.post('/widgets', json=widget)\n    assert len(client.get('/widgets?{mine}={limit}').json()) == 1\n"
    )
    learner.commit(f"tests/test_{mine}.py", test, f"Test the list by {mine}")
    assert score(learner) == 4.0

    assert "Push it: git push -u origin list-some" in learner("pr", "create", "--title", "List some widgets").err

    learner.git("fetch", "-q")
    learner.git("rebase", "-q", "origin/main", fails=True)
    half_way = learner("check", "git")
    assert half_way.code == 1
    assert "A rebase is in progress" in half_way.out
    conflict = (learner.clone / ROUTES).read_text(encoding="utf-8")
    (learner.clone / ROUTES).write_text(resolved(conflict, parameter, condition), encoding="utf-8")
    learner.git("add", ROUTES)
    learner.git("rebase", "--continue")
    assert score(learner) == 8.0

    refused = learner.git("push", "origin", "HEAD:main", fails=True)
    assert "Changes must be made through a pull request." in refused
    learner.git("push", "-q", "-u", "origin", "list-some")
    assert verdict(learner, "pull_request") == "failed"
    assert "#2" in learner("pr", "create", "--title", "List some widgets", "--body", "Asked for in the ticket.").out
    done = learner("check", "git")
    assert (done.code, done.err) == (0, "")
    assert "10 of 10 points. All of it holds: well done!" in done.out

    assert learner("pr", "merge", "--squash", "--delete-branch").code == 0
    assert score(learner) == 10.0
    assert "passed" in learner("progress").out
    assert learner("submit", "git").code == 0
    assert learner("check", "git", home / "01_git" / "git.ninesteps").code == 0
