"""The chart of a gradual rollout: bars as long as the share got, words for everything, safe with any text."""

from __future__ import annotations

import shutil
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from drawn_svg import SVG, check_inert, parsed, texts, with_class
from hypothesis import given, settings
from hypothesis import strategies as st
from page_width import check_fits
from playwright.sync_api import sync_playwright
from report_samples import HOSTILE, MIXED

from graders.picture import Share, Shares
from graders.reports import card, share_chart
from graders.reports.drawn_picture import draw
from graders.result import Result

NONE: frozenset[str] = frozenset()
AS_ASKED = Shares(
    "Share asked for, and share got",
    "price-v2",
    (
        Share(0, 0, 400, 0, 0),
        Share(1, 6, 400, 0, 12),
        Share(25, 104, 400, 70, 132),
        Share(50, 199, 400, 165, 235),
        Share(100, 400, 400, 400, 400),
    ),
    ("Asked twice, with a restart between.",),
)
ASTRAY = Shares(
    "Share asked for, and share got",
    "price-v2",
    (
        Share(0, 0, 400, 0, 0),
        Share(1, 400, 400, 0, 12),
        Share(25, 104, 400, 70, 132, lost=296),
        Share(50, 199, 400, 165, 235, unsteady=93, lost=10),
        Share(100, 380, 400, 400, 400),
    ),
)


def drawn(rollout: Shares, marks: frozenset[str] = NONE) -> Element:
    return parsed(share_chart.svg(rollout, marks))


def rows(rollout: Shares, marks: frozenset[str] = NONE) -> list[Element]:
    return with_class(drawn(rollout, marks), "g", "share")


def result_with(rollout: Shares) -> Result:
    return Result(MIXED.step, MIXED.number, MIXED.title, MIXED.criteria, rollout)


def test_bars_are_as_long_as_the_share_got_and_ticks_stand_at_the_share_asked_for() -> None:
    drawing = drawn(AS_ASKED)
    bars = [one for row in with_class(drawing, "g", "share") for one in with_class(row, "rect", "bar")]
    ticks = [one for row in with_class(drawing, "g", "share") for one in with_class(row, "line", "asked")]
    left = float(bars[0].get("x", ""))

    assert [float(bar.get("width", "")) for bar in bars] == [0, 4.5, 78, 149.2, 300]
    assert [round(float(tick.get("x1", "")) - left, 1) for tick in ticks] == [0, 3, 75, 150, 300]


def test_each_row_says_its_shares_and_nothing_is_told_by_colour_alone() -> None:
    assert [texts(row) for row in rows(AS_ASKED)] == [
        ["0 % asked for", "0.0 %, 0 of 400"],
        ["1 % asked for", "1.5 %, 6 of 400"],
        ["25 % asked for", "26.0 %, 104 of 400"],
        ["50 % asked for", "49.8 %, 199 of 400"],
        ["100 % asked for", "100.0 %, 400 of 400"],
    ]
    assert [texts(row)[2:] for row in rows(ASTRAY)] == [
        [], ["too many"], ["296 lost it"], ["93 got both", "10 lost it"], ["too few"],
    ]  # fmt: skip
    for row in rows(ASTRAY):
        assert bool(with_class(row, "rect", "odd")) is bool(texts(row)[2:])


def test_a_share_that_a_verdict_marks_is_pointed_out() -> None:
    assert [texts(row)[2:] for row in rows(AS_ASKED, frozenset(["25", "7"]))] == [[], [], ["look here"], [], []]
    assert "Look at 25 % (look here)." in share_chart.summary(AS_ASKED, frozenset(["25"]))


def test_a_breath_says_what_matters() -> None:
    assert drawn(AS_ASKED).findtext(SVG + "desc") == (
        "Users whom price-v2 puts on the new path: 0.0 % at 0 %, 1.5 % at 1 %, 26.0 % at 25 %, 49.8 % at 50 %, "
        "100.0 % at 100 %. Each is what chance allows. Asked twice, with a restart between."
    )
    assert share_chart.summary(ASTRAY, NONE).endswith(
        "Look at 1 % (too many); 25 % (296 lost it); 50 % (93 got both, 10 lost it); 100 % (too few)."
    )


def test_the_table_says_the_same() -> None:
    found = draw(ASTRAY, NONE)

    assert found is not None
    assert (found.kind, found.svg) == ("share chart", share_chart.svg(ASTRAY, NONE))
    assert found.table == (
        ("Asked for", "Got", "Users", "By chance", "What we saw"),
        ("0 %", "0.0 %", "0 of 400", "0", "as asked for"),
        ("1 %", "100.0 %", "400 of 400", "0 to 12", "too many"),
        ("25 %", "26.0 %", "104 of 400", "70 to 132", "296 lost it"),
        ("50 %", "49.8 %", "199 of 400", "165 to 235", "93 got both, 10 lost it"),
        ("100 %", "95.0 %", "380 of 400", "400", "too few"),
    )
    assert card.html(result_with(ASTRAY)).count("<tr>") == 6


def test_many_shares_are_counted_and_none_are_not_drawn() -> None:
    many = Shares("t", "f", (Share(5, 1, 20, 0, 4),) * 43)

    assert len(rows(many)) == 40
    assert "… 3 more" in texts(drawn(many))
    assert share_chart.table(many, NONE)[-1][-1] == "3 more"
    assert draw(Shares("t", "f", ()), NONE) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text: str) -> None:
    rollout = Shares(text, text, (Share(25, 1, 4, 0, 4),), (text, text))

    check_inert(drawn(rollout))
    assert "<script" not in card.html(result_with(rollout)).lower()


@given(st.text(st.characters(exclude_categories=()), max_size=60), *[st.integers(-9, 10**9)] * 4)
@settings(deadline=None)
def test_any_text_and_count_is_well_formed_and_within(text: str, asked: int, got: int, users: int, least: int) -> None:
    rollout = Shares(text, text, (Share(asked, got, users, least, got), Share(0, 0, 0, 0, 0)), (text,))
    drawing = drawn(rollout, frozenset([str(asked)]))

    check_inert(drawing)
    assert all(0 <= float(bar.get("width", "")) <= 300 for bar in with_class(drawing, "rect", "bar"))


@pytest.mark.skipif(not (shutil.which("chromium") or shutil.which("google-chrome")), reason="needs chromium")
def test_in_a_browser_words_stay_apart_and_the_card_within_the_page() -> None:
    crowd = Share(100, 999_999_999, 10**9, 10**9, 10**9, 999_999_999, 999_999_999)
    wide = Shares("t", "W" * 200, (*ASTRAY.shares, crowd))
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.set_content(share_chart.svg(wide, NONE))
        shown = page.evaluate(
            """[...document.querySelectorAll('g.share')].map(row => [...row.querySelectorAll(
                'text.name, rect.track, rect.tag')].map(one => one.getBBox()).map(box => [box.x, box.x + box.width]))"""
        )
        assert len(shown) == len(wide.shares)
        for asked, track, *others in shown:
            ends = [asked, track, *others]
            assert all(before[1] < after[0] for before, after in pairwise(ends))
        words = page.evaluate(
            "[...document.querySelectorAll('text.muted')].map(one => one.getBBox()).map(b => [b.x, b.x + b.width, b.y])"
        )
        legend = [one for one in words if one[2] < 20]
        assert len(legend) == 3
        assert all(before[1] < after[0] for before, after in pairwise(legend))
        check_fits(page, card.html(result_with(wide)))
        browser.close()
