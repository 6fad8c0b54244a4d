import re
from xml.etree.ElementTree import Element

import pytest
from drawn_svg import SVG, check_inert, parsed, texts, with_class
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_samples import EVERY_STATE, LEGS, MATRIX, ONE_JOB, RELEASE, TWO_WORKFLOWS, many_jobs, with_text
from report_samples import HOSTILE

from graders.picture import JobNode, Pipeline, Pipelines, State
from graders.reports import pipeline_graph
from graders.reports.drawing import LOOK_HERE

NONE: frozenset[str] = frozenset()


def drawn(pipelines: Pipelines, marks: frozenset[str] = NONE) -> Element:
    return parsed(pipeline_graph.svg(pipelines, marks))


def boxes(drawing: Element) -> dict[str, tuple[float, float, Element]]:
    """Each job's box: its name, where it stands, and what is drawn in it."""
    found = {}
    for group in drawing.iter(SVG + "g"):
        names = [text for text in group.findall(SVG + "text") if "name" in text.get("class", "").split()]
        if names:
            x, y = re.findall(r"[\d.]+", group.get("transform", ""))
            found[names[0].text or ""] = (float(x), float(y), group)
    return found


def test_a_drawing_names_and_describes_itself() -> None:
    drawing = drawn(RELEASE, frozenset(["staging"]))
    assert drawing.get("role") == "img"
    assert drawing.findtext(SVG + "title") == "Tag v1.4.0"
    assert drawing.findtext(SVG + "desc") == (
        "3 jobs in 1 workflow, 2 success, 1 waiting (Deploy to production). Marked “look here”: Deploy to staging."
    )


def test_a_job_stands_right_of_those_that_it_needs() -> None:
    drawing = boxes(drawn(MATRIX))
    first, last = drawing["lint"][0], drawing["Build the package"][0]
    assert {drawing[leg][0] for leg in LEGS} == {x for x in (drawing[LEGS[0]][0],) if first < x < last}
    assert len({drawing[leg][1] for leg in LEGS}) == len(LEGS)


def test_a_box_says_name_state_environment_and_note() -> None:
    group = boxes(drawn(RELEASE))["Deploy to production"][2]
    assert [text.text for text in group.iter(SVG + "text")] == [
        *("Deploy to production", "waiting", "production", "ninesteps run approve 7")
    ]


def test_each_state_has_a_shape_and_a_word_of_its_own() -> None:
    drawing = boxes(drawn(EVERY_STATE))
    shapes = set()
    for state in State:
        group = drawing[state.value][2]
        assert [text.text for text in with_class(group, "text", "state")] == [state.value]
        icon = next(one for one in group.iter(SVG + "g") if "icon" in one.get("class", ""))
        shapes.add(tuple((one.tag, one.get("d"), one.get("class")) for one in icon))
    assert len(shapes) == len(State)


def test_what_did_not_run_is_dashed() -> None:
    drawing = boxes(drawn(EVERY_STATE))
    dashed = {name for name, (_, _, group) in drawing.items() if with_class(group, "rect", "dashed")}
    assert dashed == {"skipped", "cancelled", "queued", "not run", "y"}


def test_lines_start_at_each_job_needed_and_end_in_heads() -> None:
    drawing = drawn(MATRIX)
    assert len(with_class(drawing, "path", "edge")) == 1 + len(LEGS)
    assert len(with_class(drawing, "path", "head")) == len(LEGS) + 1
    assert not with_class(drawn(ONE_JOB), "path", "edge")
    assert not with_class(drawn(ONE_JOB), "path", "head")


@pytest.mark.parametrize(
    ("mark", "marked"),
    [
        ("production", ["Deploy to production"]),
        ("test (3.12)", ["test (3.12)"]),
        ("test", list(LEGS)),  # a job's id stands for all legs of its matrix
        ("tes", []),
        ("build", ["build"]),
        ("release", ["release / push"]),
        ("no such job", []),
    ],
)
def test_a_marked_job_says_look_here(mark: str, marked: list[str]) -> None:
    called = Pipeline("Called", (JobNode("release / push", "release / push", State.SUCCESS),))
    pipelines = Pipelines("t", (*TWO_WORKFLOWS.runs, called))
    drawing = drawn(pipelines, frozenset([mark]))
    found = [name for name, (_, _, group) in boxes(drawing).items() if LOOK_HERE in texts(group)]
    assert sorted(found) == sorted(marked)
    assert (drawing.findtext(SVG + "desc") or "").endswith(f"“look here”: {', '.join(marked)}.") is bool(marked)


def test_workflows_stand_below_each_other_with_their_titles() -> None:
    drawing = drawn(EVERY_STATE)
    assert [title.text for title in with_class(drawing, "text", "title")] == ["CI", "Nightly", "Docs"]
    assert {"no jobs", "1 failure (docs), 1 skipped"} <= set(texts(drawing))
    tops = [float(group.get("transform", "").split()[1][:-1]) for group in drawing.findall(SVG + "g")]
    assert tops == sorted(tops)


def test_long_names_are_cut() -> None:
    job = JobNode("a", "Build and push the container image", State.SUCCESS, (), "production-eu-west-1-blue", "n" * 50)
    words = texts(drawn(Pipelines("t", (Pipeline("T" * 90, (job,)),))))
    assert words[2:] == ["Build and push the containe…", "success", "production-eu-west-…", "n" * 33 + "…"]
    assert words[0] == "T" * 59 + "…"


@pytest.mark.parametrize(("jobs", "others"), [(60, None), (61, "… 1 more job: 1 success")])
def test_the_last_of_many_jobs_are_counted(jobs: int, others: str | None) -> None:
    drawing = drawn(Pipelines("t", (many_jobs(jobs),)))
    assert len(boxes(drawing)) == 60
    assert [text for text in texts(drawing) if text.startswith("…")] == ([others] if others else [])


def test_what_is_wrong_among_the_last_is_not_lost() -> None:
    pipelines = Pipelines("t", (many_jobs(300, (70, 71)), *RELEASE.runs, *ONE_JOB.runs))
    marks = frozenset(["job-70", "production"])
    assert [text for text in texts(drawn(pipelines, marks)) if text.startswith("…")] == [
        "… 240 more jobs: 238 success, 2 failure (job-70, job-71); look here: job-70",
        "… 2 more workflows, 4 jobs: 3 success, 1 waiting (Deploy to production); look here: Deploy to production",
    ]


def test_a_drawing_of_many_workflows_ends() -> None:
    drawing = drawn(Pipelines("t", tuple(Pipeline(f"w{number}", ()) for number in range(500))))
    assert len(with_class(drawing, "text", "title")) == 20
    assert "… 480 more workflows" in texts(drawing)


def test_thirty_jobs_stay_readable() -> None:
    jobs = tuple(JobNode(f"job-{n}", f"job-{n}", State.SUCCESS, (f"job-{n - 6}",) if n >= 6 else ()) for n in range(30))
    drawing = drawn(Pipelines("t", (Pipeline("CI", jobs),)))
    assert float(drawing.get("width", 0)) < 900
    assert float(drawing.get("height", 0)) < 500


def test_nothing_to_draw() -> None:
    assert drawn(Pipelines("t", ())).findtext(SVG + "desc") == "No workflow started."


def test_same_pipelines_same_bytes() -> None:
    assert pipeline_graph.svg(TWO_WORKFLOWS, NONE) == pipeline_graph.svg(TWO_WORKFLOWS, NONE)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text: str) -> None:
    drawing = drawn(with_text(text), frozenset(["b", text]))
    check_inert(drawing)
    assert drawing.findall(f".//{SVG}g")


@given(st.text(st.characters(exclude_categories=()), max_size=60))
@settings(deadline=None)
def test_any_text_is_well_formed(text: str) -> None:
    check_inert(drawn(with_text(text), frozenset([text])))


@given(st.lists(st.lists(st.integers(-1, 12), max_size=4), max_size=10))
@settings(deadline=None)
def test_needs_that_are_wrong_never_break_it(needs: list[list[int]]) -> None:
    """Circles, jobs that are not there, ids given twice: the file said so, and the picture shows what it can."""
    jobs = tuple(
        JobNode(f"{n % 7}", f"job {n}", State.SUCCESS, tuple(map(str, wanted))) for n, wanted in enumerate(needs)
    )
    pipelines = Pipelines("t", (Pipeline("CI", jobs),))
    assert len(boxes(drawn(pipelines))) == len(jobs)
    assert pipeline_graph.as_text(pipelines).count("✔ success") == len(jobs)
