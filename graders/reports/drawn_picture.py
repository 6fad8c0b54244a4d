"""Whatever picture a result has, drawn and in words."""

from __future__ import annotations

from dataclasses import dataclass

from graders.picture import CommitGraph, ImageLayers, Picture, Pipelines, PlannedChanges, Shares, Timeline
from graders.reports import commit_graph, layer_chart, pipeline_graph, plan_graph, rollout_timeline, share_chart
from graders.reports.safe_text import one_line

Outline = tuple[tuple[str, tuple[str, ...]], ...]
"""Headings, each with its lines."""


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture as SVG, as one sentence, and as an outline or a table (its first row the heads); `kind` is the noun for it.

    `text_first` says that the words are what to read, and the drawing an aid to them.
    """

    kind: str
    title: str
    svg: str
    summary: str
    outline: Outline = ()
    table: tuple[tuple[str, ...], ...] = ()
    text_first: bool = False


def draw(picture: Picture | None, marks: frozenset[str]) -> DrawnPicture | None:
    """Draw `picture`, with the nodes in `marks` pointed out; None where it holds nothing to draw."""
    if isinstance(picture, CommitGraph) and picture.nodes:
        return DrawnPicture(
            "commit graph",
            one_line(picture.title),
            commit_graph.svg(picture, marks),
            commit_graph.summary(picture, marks),
            commit_graph.outline(picture, marks),
        )
    if isinstance(picture, Pipelines) and any(run.jobs for run in picture.runs):
        return DrawnPicture(
            "pipeline",
            one_line(picture.title),
            pipeline_graph.svg(picture, marks),
            pipeline_graph.summary(picture, marks),
            pipeline_graph.outline(picture, marks),
        )
    if isinstance(picture, ImageLayers) and picture.layers:
        return DrawnPicture(
            "layer chart",
            one_line(picture.title),
            layer_chart.svg(picture, marks),
            layer_chart.summary(picture, marks),
            table=layer_chart.table(picture, marks),
        )
    if isinstance(picture, Timeline) and picture.served:
        return DrawnPicture(
            "timeline",
            one_line(picture.title),
            rollout_timeline.svg(picture),
            rollout_timeline.summary(picture),
            rollout_timeline.outline(picture),
        )
    if isinstance(picture, Shares) and picture.shares:
        return DrawnPicture(
            "share chart",
            one_line(picture.title),
            share_chart.svg(picture, marks),
            share_chart.summary(picture, marks),
            table=share_chart.table(picture, marks),
        )
    if isinstance(picture, PlannedChanges) and picture.changes:
        return DrawnPicture(
            "plan",
            one_line(picture.title),
            plan_graph.svg(picture, marks),
            plan_graph.summary(picture, marks),
            table=plan_graph.table(picture, marks),
            text_first=True,
        )
    return None
