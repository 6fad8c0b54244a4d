from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.reports.layered_layout import Box, Layout, Line, Spot, arrange, layers


def box(*needs: int) -> Box:
    return Box(100, 40, needs)


@st.composite
def graphs(draw: st.DrawFn) -> list[Box]:
    """Up to 14 boxes of many sizes, each needing any of those before it."""
    sizes = draw(st.lists(st.tuples(st.integers(40, 200), st.sampled_from([40, 64])), max_size=14))
    return [
        Box(width, height, tuple(draw(st.sets(st.integers(0, number - 1), max_size=4))) if number else ())
        for number, (width, height) in enumerate(sizes)
    ]


def middle(spot: Spot) -> float:
    return spot.y + spot.height / 2


def reached(layout: Layout, source: int) -> set[int]:
    """The boxes that one comes to from `source`, piece by piece along its lines."""
    start = layout.spots[source]
    points, found = {(start.x + start.width, middle(start))}, set()
    for line in sorted((line for line in layout.lines if line.source == source), key=lambda line: line.x):
        if any(same(point, (line.x, line.y)) for point in points):
            points.add((line.to_x, line.to_y))
    for number, spot in enumerate(layout.spots):
        if any(same(point, (spot.x, middle(spot))) for point in points):
            found.add(number)
    return found


def same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one == pytest.approx(other, abs=0.01)


def touches(spot: Spot, line: Line) -> bool:
    """Whether a piece runs through or along a box; bends never do, as they keep between the columns."""
    beside = line.x + 0.01 < spot.x + spot.width and line.to_x - 0.01 > spot.x
    return beside and spot.y - 1 < line.y < spot.y + spot.height + 1


@pytest.mark.parametrize(
    ("needs", "columns"),
    [
        ([], ()),
        ([[], [0], [1]], (0, 1, 2)),
        ([[], [0], [0, 1]], (0, 1, 2)),
        ([[2], [0], []], (1, 2, 0)),  # in no particular order
        ([[], [0, 0]], (0, 1)),
    ],
)
def test_each_is_one_further_than_all_that_it_needs(needs: list[list[int]], columns: tuple[int, ...]) -> None:
    assert layers(needs) == columns


@pytest.mark.parametrize("needs", [[[0]], [[1], [0]], [[1, 1], [2, 0], [0, 1]], [[], [0, 3], [1], [2]]])
def test_a_circle_is_cut_somewhere(needs: list[list[int]]) -> None:
    columns = layers(needs)
    assert sorted(set(columns)) == list(range(max(columns) + 1))
    arrange([box(*one) for one in needs])


@given(graphs())
@settings(deadline=None)
def test_no_two_boxes_meet_and_each_stands_right_of_its_needs(boxes: list[Box]) -> None:
    layout = arrange(boxes)
    for one, other in combinations(layout.spots, 2):
        apart = one.x + one.width < other.x or other.x + other.width < one.x
        assert apart or one.y + one.height < other.y or other.y + other.height < one.y
    for spot, wanted in zip(layout.spots, boxes, strict=True):
        assert spot.width >= wanted.width
        assert spot.height == wanted.height
        assert all(layout.spots[need].x + layout.spots[need].width < spot.x for need in wanted.needs)


@given(graphs())
@settings(deadline=None)
def test_lines_lead_to_exactly_those_that_need_it_and_around_all_others(boxes: list[Box]) -> None:
    layout = arrange(boxes)
    for number in range(len(boxes)):
        assert reached(layout, number) == {other for other, one in enumerate(boxes) if number in one.needs}
    assert not [line for line in layout.lines for spot in layout.spots if touches(spot, line)]


@given(graphs())
@settings(deadline=None)
def test_all_of_it_is_inside(boxes: list[Box]) -> None:
    layout = arrange(boxes)
    for spot in layout.spots:
        assert spot.x >= 0
        assert spot.x + spot.width <= layout.width + 0.01
        assert -0.01 <= spot.y <= layout.height - spot.height + 0.01
    assert all(-0.01 <= line.y <= layout.height + 0.01 for line in layout.lines)
    assert arrange(boxes) == layout


def test_a_fan_is_level_with_its_middle() -> None:
    spots = arrange([box(), *[box(0)] * 5, box(1, 2, 3, 4, 5)]).spots
    assert middle(spots[0]) == pytest.approx(middle(spots[3]))
    assert middle(spots[6]) == pytest.approx(middle(spots[3]))


def test_two_chains_do_not_cross() -> None:
    """Written crosswise: the second column is put in the order of the first."""
    layout = arrange([box(), box(), box(1), box(0)])
    assert layout.spots[3].y < layout.spots[2].y
    assert all(line.y == pytest.approx(line.to_y) for line in layout.lines)


def test_sixty_that_each_need_all_before_them() -> None:
    layout = arrange([box(*range(number)) for number in range(60)])
    assert reached(layout, 0) == set(range(1, 60))
