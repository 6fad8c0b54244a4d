"""The timeline of a rollout, drawn and in words."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from graders.picture import Moment, Timeline
from graders.reports.drawn_picture import draw
from graders.reports.rollout_timeline import MOST_SPANS, outline, summary, svg

WENT = Timeline(
    "Requests while a release goes bad",
    0.5,
    ("v1", "v<2>"),
    ((10, 0), (4, 6), (0, 7), (0, 10)),
    (0, 0, 3, 0),
    (Moment(0.5, 0.9, "deploy v<2>"), Moment(1.0, 1.2, "rollback", "exit code 1")),
    ("Callers were served again 0.4 s after the rollback began.",),
)


def bars(drawing: str, look: str) -> list[Element]:
    return [
        one for one in fromstring(drawing).iter() if one.get("class") == look and float(one.get("height", "0")) != 11
    ]


def test_a_bar_for_each_version_in_each_span_and_failures_on_top() -> None:
    drawing = svg(WENT)

    assert [len(bars(drawing, look)) for look in ("version v0", "version v1", "failure")] == [2, 3, 1]
    heights = [float(one.get("height", "0")) for one in bars(drawing, "version v0")]
    assert heights == [120.0, 48.0]
    (failure,) = bars(drawing, "failure")
    (below,) = [one for one in bars(drawing, "version v1") if one.get("x") == failure.get("x")]
    assert float(failure.get("y", "0")) + float(failure.get("height", "0")) == float(below.get("y", "0"))


def test_failures_are_marked_by_more_than_their_colour() -> None:
    crosses = [one for one in fromstring(svg(WENT)).iter() if "cross" in one.get("class", "")]

    assert [one.text for one in crosses] == ["×"]


def test_in_words() -> None:
    assert summary(WENT) == (
        "40 requests; answered well by v1 14, v<2> 23; 3 failed. "
        "Callers were served again 0.4 s after the rollback began."
    )
    assert outline(WENT) == (
        ("0.5 s: deploy v<2>", ("v1 4, v<2> 6, none failed",)),
        ("1.0 s: rollback (exit code 1)", ("v<2> 17, 3 failed",)),
    )


def test_it_is_drawn_as_a_picture_and_bounded() -> None:
    spans = 10 * MOST_SPANS
    long = Timeline("long", 0.25, ("v1",), ((1,),) * spans, (0,) * spans, ())
    drawn = draw(WENT, frozenset())

    assert drawn
    assert (drawn.kind, drawn.svg) == ("timeline", svg(WENT))
    assert len(bars(svg(long), "version v0")) == MOST_SPANS
    assert draw(Timeline("empty", 0.25, (), (), (), ()), frozenset()) is None
