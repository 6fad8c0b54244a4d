"""The card in a real browser, on pages like JupyterLab's and with Bootstrap 3, as in nbgrader's feedback."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import nbgrader
import pytest
from pipeline_samples import EVERY_STATE, RELEASE, TWO_WORKFLOWS, judged_with, many_jobs
from pipeline_samples import with_text as pipelines_with
from playwright.sync_api import Page, sync_playwright
from report_samples import HOSTILE, MIXED, with_text

from graders.picture import JobNode, Pipeline, Pipelines, State
from graders.reports import card, pipeline_graph
from graders.result import Result

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
BOOTSTRAP = "server_extensions/formgrader/static/node_modules/bootstrap/dist/css/bootstrap.min.css"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        yield page
        browser.close()


def open_cards(page: Page, cards: str, head: str = "", body: str = "") -> None:
    page.set_content(f'<!doctype html><meta charset="utf-8">{head}<body {body}>{cards}')


def test_hostile_text_runs_nothing_and_loads_nothing(page: Page) -> None:
    happened: list[str] = []
    page.on("dialog", lambda dialog: (happened.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: happened.append(request.url) if request.url.startswith("http") else None)
    cards = [card.html(with_text(text)) for text in HOSTILE]
    cards += [card.html(judged_with(pipelines_with(text), ("b", text))) for text in HOSTILE]
    open_cards(page, "".join(cards))
    page.evaluate(
        "document.querySelectorAll('*').forEach(one => { one.focus?.(); one.dispatchEvent(new Event('mouseover')) })"
    )
    assert happened == []
    assert page.locator("section.ns-card").count() == 2 * len(HOSTILE)
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")


def test_the_keyboard_reaches_and_opens_each_criterion(page: Page) -> None:
    open_cards(page, card.html(MIXED))
    page.keyboard.press("Tab")
    first = page.locator("details").first
    assert first.get_attribute("open") is None
    page.keyboard.press("Enter")
    assert first.get_attribute("open") is not None
    reached = []
    for _ in range(8):
        reached.append(
            page.evaluate("document.activeElement.className || document.activeElement.parentElement.className")
        )
        page.keyboard.press("Tab")
    assert reached == ["ns-line"] * 6 + ["ns-scroll", "ns-words"]


@pytest.mark.parametrize("width", [320, 480, 1000])
def test_nothing_overflows_the_page(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    wide = judged_with(pipelines_with("x" * 500), ("b",))
    open_cards(page, card.html(MIXED) + card.html(with_text("x" * 500)) + card.html(wide))
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("result", [MIXED, judged_with(TWO_WORKFLOWS, ("test",))], ids=["commits", "pipelines"])
def test_the_card_and_its_drawing_follow_jupyterlabs_theme_whatever_the_system_has(page: Page, result: Result) -> None:
    page.set_viewport_size({"width": 1000, "height": 1600})
    seen: dict[tuple[str, str], bytes] = {}
    grounds = {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 27, 33)"}
    for theme in ("light", "dark"):
        for system in ("light", "dark"):
            page.emulate_media(color_scheme=system)
            open_cards(page, card.html(result), body=f'data-jp-theme-light="{"true" if theme == "light" else "false"}"')
            ground = page.evaluate("getComputedStyle(document.querySelector('.ns-card')).backgroundColor")
            assert ground == grounds[theme]
            seen[theme, system] = page.locator(".ns-scroll img").screenshot()
    assert seen["light", "light"] == seen["light", "dark"]
    assert seen["dark", "light"] == seen["dark", "dark"]
    assert seen["light", "light"] != seen["dark", "dark"]


ONLY_A_NAME = Pipelines("Push", (Pipeline("CI", (JobNode("a", "W" * 28, State.SUCCESS),)),))


@pytest.mark.parametrize("picture", [RELEASE, EVERY_STATE, ONLY_A_NAME, *map(pipelines_with, ["W" * 40, *HOSTILE])])
def test_a_jobs_words_stay_in_its_box_and_apart(page: Page, picture: Pipelines) -> None:
    page.set_content(pipeline_graph.svg(picture, frozenset(["b", "production"])))
    jobs = page.evaluate(
        """[...document.querySelectorAll('rect.job')].map(box => [box, ...box.parentNode.querySelectorAll(
            'text.name, text.state, rect.environment, text.muted')].map(one => one.getBBox()).map(
            box => [box.x, box.y, box.x + box.width, box.y + box.height]))"""
    )
    assert len(jobs) == sum(len(run.jobs) for run in picture.runs)
    for (_, _, right, bottom), *words in jobs:
        for left, top, to_right, to_bottom in words:
            assert 30 < left <= to_right <= right
            assert 0 < top <= to_bottom <= bottom


def test_a_tall_picture_scrolls_in_its_card_by_keyboard(page: Page) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    open_cards(page, card.html(judged_with(Pipelines("Push", (many_jobs(60),)), ())))
    frame = page.locator(".ns-scroll")
    assert frame.evaluate("one => one.scrollHeight > 3000 && one.clientHeight <= 1100")
    frame.focus()
    page.keyboard.press("End")
    page.wait_for_function("one => one.scrollTop > 0", arg=frame.element_handle())


def test_bootstrap_leaves_it_alone(page: Page) -> None:
    styles = (Path(nbgrader.__file__).parent / BOOTSTRAP).read_text()
    page.set_viewport_size({"width": 1000, "height": 800})
    page.emulate_media(color_scheme="light")
    properties = ["color", "backgroundColor", "fontSize", "fontWeight", "listStyleType", "paddingLeft", "marginTop"]
    measure = """names => [...document.querySelectorAll('.ns-card, .ns-card *:not(style)')].map(one =>
        [one.className, ...names.map(name => getComputedStyle(one)[name])])"""
    open_cards(page, card.html(MIXED))
    alone = page.evaluate(measure, properties)
    open_cards(page, card.html(MIXED), head=f"<style>{styles}</style>")
    assert page.evaluate(measure, properties) == alone
