"""Contrast by WCAG 2.2: 4.5 for text (1.4.3), 3 for shapes (1.4.11)."""

import pytest

from graders.picture import State
from graders.reports.palette import DARK, JOB_TONES, LANE_COLOURS, LIGHT

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
TONES = ["text", "muted", "passed", "failed", "cannot-check", "error", "waiting"]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@THEMES
@pytest.mark.parametrize("name", TONES)
@pytest.mark.parametrize("ground", ["page", "panel"])
def test_text_is_readable(theme: dict[str, str], name: str, ground: str) -> None:
    assert contrast(theme[name], theme[ground]) >= 4.5


@THEMES
@pytest.mark.parametrize("lane", range(LANE_COLOURS))
def test_branch_labels_are_readable(theme: dict[str, str], lane: int) -> None:
    assert contrast(theme[f"lane-{lane}"], theme["page"]) >= 4.5


@THEMES
def test_the_look_here_tag_is_readable(theme: dict[str, str]) -> None:
    assert contrast(theme["page"], theme["failed"]) >= 4.5


@THEMES
@pytest.mark.parametrize("state", State)
def test_jobs_are_readable(theme: dict[str, str], state: State) -> None:
    tone = theme[JOB_TONES[state]]
    assert contrast(tone, theme["panel"]) >= 4.5  # the word and the icon in the box
    assert contrast(tone, theme["page"]) >= 4.5  # its border, and the sign in a full icon


@THEMES
def test_lines_between_jobs_are_seen(theme: dict[str, str]) -> None:
    assert contrast(theme["edge"], theme["page"]) >= 3


@THEMES
def test_every_theme_has_every_colour(theme: dict[str, str]) -> None:
    assert theme.keys() == LIGHT.keys()
