from xml.etree.ElementTree import Element

import pytest
from drawn_svg import SVG, check_inert, parsed, texts, with_class
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import ALL_PASSED, GRAPH, HOSTILE, long_graph, with_text

from graders.picture import CommitGraph, Node
from graders.reports import commit_graph
from graders.reports.drawing import LOOK_HERE

NONE: frozenset[str] = frozenset()


def drawn(graph: CommitGraph, marks: frozenset[str] = NONE) -> Element:
    return parsed(commit_graph.svg(graph, marks))


def test_a_drawing_names_and_describes_itself() -> None:
    drawing = drawn(GRAPH, frozenset(["9a3d5c7e42"]))
    assert drawing.get("role") == "img"
    assert drawing.findtext(SVG + "title") == "Your commits and main"
    assert drawing.findtext(SVG + "desc") == (
        "5 commits, newest at the top, on main, price-filter. Marked “look here”: 9a3d5c7."
    )


def test_commits_stand_newest_first_with_their_labels() -> None:
    assert texts(drawn(GRAPH)) == [
        *("720e124", "main", "Filter the widget list by name_prefix (#1)"),
        *("e59af21", "price-filter", "PR #2", "Test the filter by price"),
        *("9a3d5c7", "Filter the widget list by max_price_cents"),
        *("4e99060", "Say how to run and configure the service"),
        *("4b1f0c2", "Serve widgets: create, read, list and delete"),
    ]


def test_a_marked_commit_is_told_by_shape_and_word() -> None:
    plain, marked = drawn(GRAPH), drawn(GRAPH, frozenset(["9a3d5c7e42", "not in the picture"]))
    assert not with_class(plain, "path", "mark")
    assert LOOK_HERE not in texts(plain)
    assert len(with_class(marked, "path", "mark")) == 1
    assert len(list(marked.iter(SVG + "circle"))) == len(GRAPH.nodes) - 1
    assert texts(marked)[8] == LOOK_HERE


def test_a_merge_is_hollow_and_joined_to_both_parents() -> None:
    graph = ALL_PASSED.picture
    assert graph is not None
    drawing = drawn(graph)
    assert len(with_class(drawing, "circle", "merge")) == 1
    assert len(with_class(drawing, "path", "edge")) == sum(len(node.parents) for node in graph.nodes) == 6


def test_a_branch_that_no_ref_names_keeps_its_name() -> None:
    graph = CommitGraph("t", (Node("a", "one", 0, (), ("main",)), Node("b", "two", 1, ("a",))), ("main", "gone"))
    (tag,) = with_class(drawn(graph), "rect", "lane")
    assert tag is not None
    assert "gone" in texts(drawn(graph))


def test_a_line_goes_around_a_commit_that_is_not_on_it() -> None:
    nodes = (Node("a", "", 0), Node("b", "", 0), Node("c", "", 0, ("a",)))
    (edge,) = with_class(drawn(CommitGraph("t", nodes)), "path", "edge")
    circles = {circle.get("cx") for circle in drawn(CommitGraph("t", nodes)).iter(SVG + "circle")}
    assert circles == {"18"}
    assert " 28 " in edge.get("d", "")


@pytest.mark.parametrize(
    ("commits", "earlier"), [(40, None), (41, "… 1 earlier commit"), (300, "… 260 earlier commits")]
)
def test_the_oldest_of_many_commits_are_counted(commits: int, earlier: str | None) -> None:
    drawing = drawn(long_graph(commits))
    assert len(with_class(drawing, "text", "words")) == 40
    assert [text for text in texts(drawing) if text.startswith("…")] == ([earlier] if earlier else [])
    assert float(drawing.get("height", 0)) < 1100
    assert len(with_class(drawing, "path", "edge")) == (39 if earlier is None else 40)


def test_a_mark_among_the_oldest_is_not_lost() -> None:
    graph = long_graph(60)
    marks = frozenset([graph.nodes[3].id])
    assert with_class(drawn(graph, marks), "path", "mark")
    assert "… 20 earlier commits, look here: 0000003" in texts(drawn(graph, marks))
    assert "… 20 earlier commits, look here: 0000003" in commit_graph.as_text(graph, marks)


def test_thirty_commits_stay_readable() -> None:
    drawing = drawn(long_graph(30))
    assert float(drawing.get("width", 0)) < 800
    assert float(drawing.get("height", 0)) < 820


def test_in_words() -> None:
    assert commit_graph.as_text(GRAPH, frozenset(["9a3d5c7e42"])) == (
        "Your commits and main: 5 commits, newest first, on main, price-filter. Marked “look here”: 9a3d5c7.\n"
        "main:\n"
        "  - 720e124 Filter the widget list by name_prefix (#1) (here: main)\n"
        "  - 4e99060 Say how to run and configure the service\n"
        "  - 4b1f0c2 Serve widgets: create, read, list and delete\n"
        "price-filter, starts at 4e99060 on main:\n"
        "  - e59af21 Test the filter by price (here: price-filter, PR #2)\n"
        "  - 9a3d5c7 Filter the widget list by max_price_cents (look here)\n"
    )


def test_merges_in_words() -> None:
    assert ALL_PASSED.picture is not None
    words = commit_graph.as_text(ALL_PASSED.picture, NONE)
    assert "c0ffee1 Merge pull request #2 from price-filter (merges e59af21; here: main)" in words


def test_no_commits() -> None:
    assert drawn(CommitGraph("Nothing yet", ())).findtext(SVG + "desc") == "0 commits, newest at the top."
    assert commit_graph.as_text(CommitGraph("Nothing yet", ()), NONE) == "Nothing yet: 0 commits, newest first.\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text: str) -> None:
    picture = with_text(text).picture
    assert picture is not None
    check_inert(drawn(picture, frozenset(["b", text])))


@given(st.text(st.characters(exclude_categories=()), max_size=60))
@settings(deadline=None)
def test_any_text_is_well_formed(text: str) -> None:
    picture = with_text(text).picture
    assert picture is not None
    check_inert(drawn(picture, frozenset([text])))
    assert "\x1b" not in commit_graph.as_text(picture, NONE)
