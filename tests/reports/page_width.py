"""Whether a drawing, and the card that holds it, stay within the page."""

from __future__ import annotations

from playwright.sync_api import Page


def check_fits(page: Page, card: str) -> None:
    """The drawing that `page` shows is within its own frame; `card`, all of it opened, is within a narrow and a wide page."""
    drawing_width = page.evaluate("document.querySelector('svg').getBBox().width")
    assert drawing_width <= page.evaluate("document.querySelector('svg').width.baseVal.value")
    for width in (320, 1000):
        page.set_viewport_size({"width": width, "height": 900})
        page.set_content(f'<!doctype html><meta charset="utf-8">{card}')
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
