"""A learner's step 1 in JupyterLab, in a real browser: the check cell's card goes from failed to full score."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.lab.conftest import PATIENCE, SCREENSHOTS, TOKEN

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Asked(list[str]):
    """The addresses that a page asked for."""


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE * 1000)
        yield page
        browser.close()


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / f"{name}.png"))


def test_the_check_cell_goes_from_failed_to_full_score(start_lab, page):
    expect.set_options(timeout=PATIENCE * 1000)
    lab = start_lab()
    lab.ninesteps("start", "git", "--seed", "7")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{lab.url}lab/tree/notebooks/01_git.ipynb?token={TOKEN}")
    notebook = page.locator(".jp-NotebookPanel:visible")
    expect(notebook.get_by_role("heading", name="Step 1: Git and branching")).to_be_visible()
    expect(notebook.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
    picture(page, "1_page")

    cell = notebook.locator(".jp-CodeCell", has_text=re.compile(r"import check\s*check\(.git.\)"))
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    card = cell.locator(".jp-OutputArea-output .ns-card")
    expect(card).to_contain_text("0 of 10 points")
    expect(card).to_contain_text("There is no branch beside main yet.")
    card.scroll_into_view_if_needed()
    picture(page, "2_check_before")

    lab.ninesteps("solution", "git", "--force", "--apply")
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    expect(card).to_contain_text("10 of 10 points")
    expect(card).not_to_contain_text("failed")
    expect(cell.locator(".jp-OutputArea-output")).to_have_count(1)
    expect(card.get_by_role("img").last).to_be_visible()
    card.scroll_into_view_if_needed()
    picture(page, "3_check_after")

    elsewhere = [url for url in asked if not url.startswith((lab.url, lab.url.replace("http", "ws"), "data:", "blob:"))]
    assert elsewhere == []
    expect(page.locator(".jp-Dialog")).to_have_count(0)
