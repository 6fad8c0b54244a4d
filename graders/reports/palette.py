"""The colours of the card and the drawing, for light and dark pages; tests compute their contrast (WCAG 2.2, AA)."""

from __future__ import annotations

from graders.picture import Act, State

LIGHT = {
    "page": "#ffffff",
    "panel": "#f5f7fa",
    "line": "#d5dbe3",
    "text": "#1b2430",
    "muted": "#556070",
    "passed": "#17753a",
    "failed": "#c0262d",
    "cannot-check": "#8a5a00",
    "error": "#7a3fc4",
    "waiting": "#556070",
    "edge": "#7b8796",
    "lane-0": "#4d5969",
    "lane-1": "#0b62c4",
    "lane-2": "#8a5a00",
    "lane-3": "#7a3fc4",
}
DARK = {
    "page": "#171b21",
    "panel": "#20262e",
    "line": "#3a4350",
    "text": "#e7ecf2",
    "muted": "#a3aebb",
    "passed": "#5cc983",
    "failed": "#ff8a84",
    "cannot-check": "#e0ac4e",
    "error": "#c39bf5",
    "waiting": "#a3aebb",
    "edge": "#7d8896",
    "lane-0": "#b4bfcc",
    "lane-1": "#6fb0ff",
    "lane-2": "#e0ac4e",
    "lane-3": "#c39bf5",
}
LANE_COLOURS = 4
JOB_TONES = {
    State.SUCCESS: "passed",
    State.FAILURE: "failed",
    State.SKIPPED: "muted",
    State.CANCELLED: "muted",
    State.RUNNING: "lane-1",
    State.WAITING: "cannot-check",
    State.QUEUED: "muted",
    State.NOT_RUN: "muted",
}
"""The colour of each state of a job, by its name in the themes."""
ACT_TONES = {
    Act.CREATE: "passed",
    Act.UPDATE: "lane-1",
    Act.REPLACE: "failed",
    Act.REPLACE_CREATE_FIRST: "cannot-check",
    Act.DELETE: "failed",
    Act.FORGET: "error",
    Act.MOVED: "muted",
    Act.IMPORT: "muted",
    Act.READ: "muted",
    Act.NO_OP: "muted",
}
"""The colour of what a plan does with a resource, by its name in the themes."""
