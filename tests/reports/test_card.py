from dataclasses import replace

import pytest
from drawn_svg import SVG
from html_outline import DATA, Outline
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_samples import RELEASE, judged_with
from pipeline_samples import with_text as pipelines_with
from report_samples import ALL_PASSED, BROKEN, HOSTILE, MIXED, STARTER, with_text

from graders.criterion import Kind
from graders.picture import CommitGraph, Picture, Pipeline, Pipelines
from graders.reports import card, wording
from graders.reports.drawing import LOOK_HERE
from graders.reports.safe_text import one_line
from graders.result import Result

# What JupyterLab 4's sanitiser leaves in the output of a notebook that the reader did not run.
KEPT_BY_JUPYTERLAB = {
    *("section", "div", "p", "h3", "ol", "ul", "li", "details", "summary", "span", "strong", "code", "br"),
    *("dl", "dt", "dd", "figure", "figcaption", "img"),
}


@pytest.mark.parametrize("result", [ALL_PASSED, MIXED, STARTER, BROKEN])
def test_each_criterion_has_its_word_title_and_points(result: Result) -> None:
    text = Outline(card.html(result)).text
    for judged in result.criteria:
        word = wording.look(judged.verdict).word
        assert f"{word} {judged.criterion.title} {wording.points(judged)}" in text
    assert wording.score(result) in text


def test_a_failed_criterion_says_everything() -> None:
    text = Outline(card.html(MIXED)).text
    for judged in MIXED.criteria:
        if judged.verdict.kind is Kind.FAILED:
            verdict = judged.verdict
            for part in (verdict.found, verdict.expected, verdict.where, verdict.next, judged.criterion.why):
                assert part.replace("`", "") in text
            for command in verdict.ran:
                assert command in text


@pytest.mark.parametrize(("result", "opened"), [(ALL_PASSED, None), (MIXED, 1), (STARTER, 0), (BROKEN, 1)])
def test_only_the_first_open_criterion_is_open(result: Result, opened: int | None) -> None:
    details = [names for tag, names in Outline(card.html(result)).tags if tag == "details"]
    assert [number for number, names in enumerate(details) if "open" in names] == ([] if opened is None else [opened])


def test_it_stays_complete_when_jupyterlab_takes_the_styles_out() -> None:
    outline = Outline(card.html(MIXED))
    assert {tag for tag, _ in outline.tags} - {"style"} == KEPT_BY_JUPYTERLAB
    assert "id" not in outline.values
    (image,) = outline.images
    assert image["src"].startswith(DATA)
    assert image["alt"].endswith("Marked “look here”: e59af21, 9a3d5c7.")


def test_the_drawing_has_the_commits_complained_about_and_its_words() -> None:
    outline = Outline(card.html(MIXED))
    marked = [element for element in outline.drawing.iter() if element.get("class") == "mark"]
    assert len(marked) == 2
    assert "9a3d5c7 Filter the widget list by max_price_cents (look here)" in outline.text


def test_a_pipeline_is_drawn_with_its_words() -> None:
    outline = Outline(card.html(judged_with(RELEASE, ("staging",))))
    marked = [one for one in outline.drawing.iter() if (one.tag, one.text) == (f"{SVG}text", LOOK_HERE)]
    assert len(marked) == 1
    (image,) = outline.images
    assert image["alt"] == (
        "Tag v1.4.0: 3 jobs in 1 workflow, 2 success, 1 waiting (Deploy to production). "
        "Marked “look here”: Deploy to staging."
    )
    assert f"{image['alt']}The same pipeline in words Release build: success" in outline.text
    assert "Deploy to staging [staging]: success (look here; needs build; environment staging)" in outline.text
    assert {tag for tag, _ in outline.tags} - {"style"} <= KEPT_BY_JUPYTERLAB


@pytest.mark.parametrize(
    "picture", [None, CommitGraph("t", ()), Pipelines("t", ()), Pipelines("t", (Pipeline("CI", ()),))]
)
def test_no_picture_no_figure(picture: Picture | None) -> None:
    assert "figure" in {tag for tag, _ in Outline(card.html(MIXED)).tags}
    assert "figure" not in {tag for tag, _ in Outline(card.html(replace(MIXED, picture=picture))).tags}


def test_same_result_same_bytes() -> None:
    assert card.html(MIXED) == card.html(MIXED)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_survives_and_is_inert(text: str) -> None:
    outline = Outline(card.html(with_text(text)))
    check_inert(outline)
    shown = "".join(one_line(text).replace("`", "").split())
    assert "".join(outline.text.replace("`", "").split()).count(shown) >= 10


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_pipeline_survives_and_is_inert(text: str) -> None:
    outline = Outline(card.html(judged_with(pipelines_with(text), ("b", text))))
    check_inert(outline, same_as=Outline(card.html(judged_with(pipelines_with("harmless"), ("b", "harmless")))))
    shown = "".join(one_line(text, 60).rstrip("…").replace("`", "").split())
    assert "".join(outline.text.replace("`", "").split()).count(shown) >= 10


@given(st.text(st.characters(exclude_categories=()), max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_is_inert(text: str) -> None:
    check_inert(Outline(card.html(with_text(f"a{text}"))))
    check_inert(Outline(card.problem_html(f"a{text}", f"a{text}")), same_as=Outline(card.problem_html("a", "a")))


def test_a_problem_says_what_to_do() -> None:
    outline = Outline(card.problem_html("`work` is no git repository.", "Give the folder that `start` made."))
    assert outline.text == (
        "! This could not be judged work is no git repository. Try next: Give the folder that start made."
    )
    assert "Try next" not in card.problem_html("Something.", "")


def check_inert(outline: Outline, same_as: Outline | None = None) -> None:
    """The text of a submission never changes which tags and attributes there are, `<code>` apart."""
    harmless = same_as or Outline(card.html(with_text("harmless")))

    def tags(of: Outline) -> list[tuple[str, tuple[str, ...]]]:
        return [tag for tag in of.tags if tag != ("code", ())]

    assert tags(outline) == tags(harmless)
