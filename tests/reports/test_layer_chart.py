"""The bar chart of an image's layers: bars as long as they are large, words for everything, safe with any text."""

from __future__ import annotations

import shutil
from xml.etree.ElementTree import Element

import pytest
from drawn_svg import SVG, check_inert, parsed, texts, with_class
from hypothesis import given, settings
from hypothesis import strategies as st
from page_width import check_fits
from playwright.sync_api import sync_playwright
from report_samples import HOSTILE, MIXED

from graders.picture import ImageLayers, LayerBar
from graders.reports import card, layer_chart
from graders.reports.drawing import LOOK_HERE
from graders.reports.drawn_picture import draw
from graders.result import Result
from graders.sizes import size_words

NONE: frozenset[str] = frozenset()
WIDGETS = ImageLayers(
    "The image",
    (
        LayerBar("base", "FROM python:3.12-slim", 120_000_000, 8123, of_base=True),
        LayerBar("sha256:1", "RUN pip install -r requirements.lock", 30_000_000, 1893, 12, 3),
        LayerBar("sha256:2", "COPY . /app", 2_100, 34),
        LayerBar("sha256:3", "RUN rm /app/.env", 0, 0, 0, 1),
        LayerBar("sha256:4", "WORKDIR /app", 0),
    ),
)


def drawn(image: ImageLayers, marks: frozenset[str] = NONE) -> Element:
    return parsed(layer_chart.svg(image, marks))


def result_with(image: ImageLayers) -> Result:
    return Result(MIXED.step, MIXED.number, MIXED.title, MIXED.criteria, image)


def test_bars_are_as_long_as_their_layers_are_large() -> None:
    bars = with_class(drawn(WIDGETS), "rect", "bar")
    assert [float(bar.get("width", "")) for bar in bars] == [300, 75, 2, 0, 0]
    assert [bar.get("class") for bar in bars] == ["bar base", *["bar own"] * 4]


def test_each_layer_says_its_instruction_size_and_what_changed() -> None:
    said = [texts(group) for group in with_class(drawn(WIDGETS), "g", "layer")]
    assert said == [
        ["FROM python:3.12-slim", "8,123 added", "120 MB"],
        ["RUN pip install -r requirements.lock", "1,893 added, 12 changed, 3 deleted", "30 MB"],
        ["COPY . /app", "34 added", "2.1 kB"],
        ["RUN rm /app/.env", "1 deleted", "0 B"],
        ["WORKDIR /app", "no file", "0 B"],
    ]


def test_a_sentence_says_what_matters() -> None:
    drawing = drawn(WIDGETS, frozenset(["sha256:2", "elsewhere"]))
    assert drawing.findtext(SVG + "desc") == (
        "4 layers with 30 MB on a base of 120 MB. The largest: RUN pip install -r requirements.lock, 30 MB. "
        "Marked “look here”: COPY . /app."
    )
    marked = [texts(group)[0] for group in with_class(drawing, "g", "layer") if LOOK_HERE in texts(group)]
    assert marked == ["COPY . /app"]


def test_an_image_without_a_base() -> None:
    assert layer_chart.summary(ImageLayers("t", WIDGETS.layers[2:3]), NONE) == "1 layer with 2.1 kB."


def test_the_table_says_the_same() -> None:
    found = draw(WIDGETS, frozenset(["sha256:2"]))
    assert found is not None
    assert found.table[0] == ("Layer", "Size", "Files", "Made by")
    assert found.table[3] == ("3", "2.1 kB", "34 added", "`COPY . /app` (look here)")
    html = card.html(result_with(WIDGETS))
    assert html.count("<tr>") == 1 + len(WIDGETS.layers)
    assert "<td>1,893 added, 12 changed, 3 deleted</td><td><code>RUN pip install" in html


def test_many_layers_are_counted() -> None:
    many = ImageLayers("t", tuple(LayerBar(str(number), "RUN x", 1000) for number in range(127)))
    assert len(with_class(drawn(many), "g", "layer")) == 40
    assert "… 87 more layers with 87 kB" in texts(drawn(many))
    assert layer_chart.table(many, NONE)[-1][-1] == "… 87 more layers with 87 kB"
    assert draw(ImageLayers("t", ()), NONE) is None


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"), (187, "187 B"), (999, "999 B"), (1000, "1 kB"), (4512, "4.51 kB"), (999_600, "1 MB"),
        (216_400_000, "216 MB"), (5_000_000_000, "5 GB"), (5_000_000_000_000, "5,000 GB"),
    ],
)  # fmt: skip
def test_sizes_in_words(count: int, words: str) -> None:
    assert size_words(count) == words


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text: str) -> None:
    image = ImageLayers(text, (LayerBar(text, text, 1), LayerBar("b", text, 10**18, 10**9)))
    check_inert(drawn(image, frozenset([text])))
    assert "<script" not in card.html(result_with(image)).lower()


@given(st.text(st.characters(exclude_categories=()), max_size=60), st.integers(0, 1 << 62))
@settings(deadline=None)
def test_any_text_and_size_is_well_formed(text: str, size: int) -> None:
    check_inert(drawn(ImageLayers(text, (LayerBar("a", text, size), LayerBar(text, text, 0))), frozenset([text])))


@pytest.mark.skipif(not (shutil.which("chromium") or shutil.which("google-chrome")), reason="needs chromium")
def test_in_a_browser_words_stay_apart_and_the_card_within_the_page() -> None:
    wide = ImageLayers("t", (*WIDGETS.layers, LayerBar("w", "W" * 200, 999_000_000, 10**6, 10**6, 10**6)))
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.set_content(layer_chart.svg(wide, frozenset(["w"])))
        rows = page.evaluate(
            """[...document.querySelectorAll('g.layer')].map(row => [...row.querySelectorAll('text, rect.track')].map(
                one => one.getBBox()).map(box => [box.x, box.y, box.x + box.width, box.y + box.height]))"""
        )
        assert len(rows) == len(wide.layers)
        for name, changes, track, size, *mark in rows:
            assert max(name[2], changes[2]) < track[0]
            assert track[2] < size[0]
            assert name[3] <= changes[1] + 2
            assert all(size[2] < one[0] for one in mark)
        check_fits(page, card.html(result_with(wide)))
        browser.close()
