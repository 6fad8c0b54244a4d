"""What a plan changes, drawn and as a table: order, symbols and words, what it takes down; safe with any text."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from itertools import combinations
from xml.etree.ElementTree import Element

import pytest
from drawn_svg import SVG, check_inert, parsed, texts, with_class
from hypothesis import given, settings
from hypothesis import strategies as st
from page_width import check_fits
from playwright.sync_api import sync_playwright
from report_samples import HOSTILE, MIXED
from test_palette import contrast

from graders.picture import Act, PlannedChange, PlannedChanges
from graders.reports import card, plan_graph
from graders.reports.drawing import LOOK_HERE
from graders.reports.drawn_picture import draw
from graders.reports.palette import ACT_TONES, DARK, LIGHT
from graders.reports.plan_card import PlanCard
from graders.reports.plan_words import SYMBOLS
from graders.result import Result

NONE: frozenset[str] = frozenset()
SHOP = PlannedChanges(
    "What the plan changes",
    (
        PlannedChange('course_service.api["eu west"]', Act.UPDATE, ("course_database.orders", "course_network.main")),
        PlannedChange(
            "course_database.orders", Act.REPLACE, ("course_network.main",), "`engine` forces it", "its data"
        ),
        PlannedChange("course_network.main", Act.CREATE, ("not.in.the.plan",)),
        PlannedChange("module.m[0].course_bucket.new", Act.MOVED, (), "was course_bucket.old"),
    ),
    ("Made by Terraform 1.13.",),
)
EVERY_ACT = PlannedChanges("t", tuple(PlannedChange(act.name, act) for act in Act))


def drawn(plan: PlannedChanges, marks: frozenset[str] = NONE) -> Element:
    return parsed(plan_graph.svg(plan, marks))


def boxes(drawing: Element) -> dict[str, tuple[float, list[str], Element]]:
    """By address: how far right a box stands, its words, and what is drawn."""
    found = {}
    for group in with_class(drawing, "g", "change"):
        (x, _) = re.findall(r"[\d.]+", group.get("transform", ""))
        (name,) = with_class(group, "text", "name")
        found[name.text or ""] = (float(x), texts(group), group)
    return found


def with_words(text: str) -> PlannedChanges:
    one = PlannedChange(text, Act.REPLACE, (text, "b"), text, text)
    return PlannedChanges(text, (one, PlannedChange("b", Act.DELETE, (text,))), (text,))


def result_with(plan: PlannedChanges) -> Result:
    return Result(MIXED.step, MIXED.number, MIXED.title, MIXED.criteria, plan)


def test_a_change_stands_right_of_all_that_comes_before_it() -> None:
    drawing = drawn(SHOP)
    found = boxes(drawing)

    assert found["course_network.main"][0] < found["course_database.orders"][0]
    assert found["course_database.orders"][0] < found['course_service.api["eu west"]'][0]
    assert len(with_class(drawing, "path", "edge")) == 2  # from the network, and from the database
    assert len(with_class(drawing, "path", "head")) == 2


def test_a_box_says_symbol_address_act_reason_and_what_it_takes_down() -> None:
    found = boxes(drawn(SHOP))

    assert found["course_database.orders"][1] == [
        *("-/+", "course_database.orders", "replace, destroy first", "engine forces it", "takes down: its data")
    ]
    assert found["course_network.main"][1] == ["+", "course_network.main", "create"]


def test_each_act_has_a_symbol_and_a_word_of_its_own_so_that_nobody_needs_the_colour() -> None:
    said = {tuple(words) for _, words, _ in boxes(drawn(EVERY_ACT)).values()}

    assert said == {(SYMBOLS[act], act.name, act.value) for act in Act}
    assert len(set(SYMBOLS.values())) == len(Act)


def test_what_leaves_the_thing_as_it_is_is_dashed() -> None:
    dashed = {name for name, (_, _, group) in boxes(drawn(EVERY_ACT)).items() if with_class(group, "rect", "dashed")}

    assert dashed == {"FORGET", "MOVED", "IMPORT", "READ", "NO_OP"}


def test_a_change_that_a_verdict_marks_is_pointed_out() -> None:
    marks = frozenset(["course_network.main", "elsewhere.x"])

    assert [name for name, (_, words, _) in boxes(drawn(SHOP, marks)).items() if LOOK_HERE in words] == [
        "course_network.main"
    ]
    assert "Marked “look here”: course_network.main." in plan_graph.summary(SHOP, marks)
    assert [row[2] for row in plan_graph.table(SHOP, marks) if LOOK_HERE in row[2]] == [
        "`course_network.main` (look here)"
    ]


def test_a_breath_says_what_matters() -> None:
    assert drawn(SHOP).findtext(SVG + "desc") == (
        "4 resources: 1 create, 1 update in place, 1 replace, destroy first, 1 moved. "
        "Takes down: course_database.orders (its data). Made by Terraform 1.13."
    )
    assert plan_graph.summary(EVERY_ACT, NONE).endswith("1 no-op. Takes nothing down.")


def test_the_table_goes_in_the_order_of_the_changes() -> None:
    found = draw(SHOP, NONE)

    assert found is not None
    assert (found.kind, found.svg) == ("plan", plan_graph.svg(SHOP, NONE))
    assert found.table == (
        ("No.", "What", "Address", "Takes down", "Why", "Only after"),
        ("1", "`+` create", "`course_network.main`", "nothing", "–", "–"),
        ("2", "`→` moved", "`module.m[0].course_bucket.new`", "nothing", "was course_bucket.old", "–"),
        ("3", "`-/+` replace, destroy first", "`course_database.orders`", "its data", "`engine` forces it", "1"),
        ("4", "`~` update in place", '`course_service.api["eu west"]`', "nothing", "–", "1, 3"),
    )
    assert draw(PlannedChanges("t", ()), NONE) is None


class _Order(HTMLParser):
    """The tags of a page in their order, and whether a table is hidden in a `details`."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def test_in_the_card_the_words_come_before_the_drawing_and_are_not_folded_away() -> None:
    page = _Order()
    page.feed(card.figure(SHOP, NONE))

    assert page.tags.index("table") < page.tags.index("img")
    assert "details" not in page.tags


def test_in_a_notebook_it_shows_itself_as_a_page_and_as_text() -> None:
    shown = PlanCard("Made <b>now</b>.", SHOP)

    assert "Made &lt;b&gt;now&lt;/b&gt;." in shown._repr_html_()
    assert "<table" in shown._repr_html_()
    assert repr(shown).splitlines()[0] == "Made <b>now</b>."
    assert repr(shown).splitlines()[-1] == '4 | ~ update in place | course_service.api["eu west"] | nothing | – | 1, 3'


def test_of_many_changes_those_that_take_something_down_are_shown_and_the_rest_counted() -> None:
    heavy = [PlannedChange(f"db.x[{number}]", Act.DELETE, (), "", "data") for number in range(3)]
    many = PlannedChanges("t", (*(PlannedChange(f"a.b[{n}]", Act.CREATE) for n in range(50)), *heavy))
    drawing = drawn(many, frozenset(["a.b[49]"]))

    assert len(boxes(drawing)) == 40
    assert {"db.x[0]", "db.x[1]", "db.x[2]", "a.b[49]", "a.b[35]"} <= set(boxes(drawing))
    assert "… 13 more: 13 create" in texts(drawing)
    assert "… 13 more: 13 create" in plan_graph.table(many, NONE)[-1]


def test_long_addresses_keep_both_ends_and_a_circle_is_no_trouble() -> None:
    long = f'module.{"m" * 60}.course_service.api["eu west"]'
    circle = PlannedChanges("t", (PlannedChange(long, Act.CREATE, ("b",)), PlannedChange("b", Act.CREATE, (long,))))
    (name, _) = boxes(drawn(circle))

    assert name == f'module.{"m" * 12}…rvice.api["eu west"]'
    assert long in plan_graph.table(circle, NONE)[1][2] + plan_graph.table(circle, NONE)[2][2]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text: str) -> None:
    plan = with_words(text)

    check_inert(drawn(plan, frozenset([text])))
    assert "<script" not in card.html(result_with(plan)).lower()


@given(st.text(st.characters(exclude_categories=()), max_size=80))
@settings(deadline=None)
def test_any_text_is_well_formed(text: str) -> None:
    check_inert(drawn(with_words(text), frozenset([text])))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("act", Act)
def test_acts_are_readable(theme: dict[str, str], act: Act) -> None:
    assert contrast(theme[ACT_TONES[act]], theme["panel"]) >= 4.5


@pytest.mark.skipif(not (shutil.which("chromium") or shutil.which("google-chrome")), reason="needs chromium")
def test_in_a_browser_words_stay_in_their_boxes_and_the_card_within_the_page() -> None:
    wide = PlannedChange("m" * 90, Act.REPLACE_CREATE_FIRST, ("b",), "w" * 90, "everything " * 9)
    plan = PlannedChanges("t", (*SHOP.changes, wide, PlannedChange("b", Act.FORGET, (), "a" * 30)), ("n" * 300,))
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.set_content(plan_graph.svg(plan, frozenset(["b"])))
        drawn_boxes = page.evaluate(
            """[...document.querySelectorAll('g.change')].map(one => {
                const box = one.querySelector('rect.box').getBBox();
                return [...one.querySelectorAll('text:not(.mark), rect.down')].map(part => part.getBBox())
                    .every(part => part.x >= 0 && part.x + part.width <= box.width && part.y + part.height <= box.height)
            })"""
        )
        assert drawn_boxes == [True] * len(plan.changes)
        places = page.evaluate(
            """[...document.querySelectorAll('rect.box')].map(one => one.getBoundingClientRect())
                .map(box => [box.left, box.top, box.right, box.bottom])"""
        )
        assert not [
            (one, other)
            for one, other in combinations(places, 2)
            if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
        ]
        check_fits(page, card.html(result_with(plan)))
        browser.close()
