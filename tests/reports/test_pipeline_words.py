import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_samples import EVERY_STATE, MATRIX, ONE_JOB, RELEASE, TWO_WORKFLOWS, many_jobs, with_text
from report_samples import HOSTILE
from rich.cells import cell_len

from graders.picture import JobNode, Pipeline, Pipelines, State
from graders.reports.pipeline_graph import as_text, outline, summary

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("pipelines", "words"),
    [
        (ONE_JOB, "1 job in 1 workflow, 1 success."),
        (MATRIX, "7 jobs in 1 workflow, 5 success, 1 failure (test (3.12)), 1 skipped."),
        (
            Pipelines("t", (many_jobs(9, (1, 2, 3, 4, 5)),)),
            "9 jobs in 1 workflow, 4 success, 5 failure (job-1, job-2, job-3 and 2 more).",
        ),
        (Pipelines("t", (Pipeline("CI", ()),)), "0 jobs in 1 workflow."),
        (Pipelines("t", ()), "No workflow started."),
    ],
)
def test_one_sentence(pipelines: Pipelines, words: str) -> None:
    assert summary(pipelines, NONE) == words


def test_an_outline_has_each_job_after_what_it_needs() -> None:
    assert outline(TWO_WORKFLOWS, frozenset(["production"])) == (
        (
            "CI",
            (
                "lint: success",
                "test (3.10): success (needs lint)",
                "test (3.11): success (needs lint)",
                "test (3.12): failure (needs lint)",
                "test (3.13): success (needs lint)",
                "test (3.14): success (needs lint)",
                "Build the package [package]: skipped (needs test)",
            ),
        ),
        (
            "Release",
            (
                "build: success (sha-3f2a9c1)",
                "Deploy to staging [staging]: success (needs build; environment staging)",
                "Deploy to production [production]: waiting "
                "(look here; needs build, staging; environment production; `ninesteps run approve 7`)",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("id", "text", "shown"),
    [
        ("test", "test", "test"),
        ("test", "", "test"),
        ("test", "Unit tests", "Unit tests [test]"),
        ("test (3.12)", "test (3.12)", "test (3.12)"),
        ("test (3.12)", "Unit tests (3.12)", "Unit tests (3.12) [test]"),
        ("test (3.12)", "On 3.12", "On 3.12 [test]"),
        ("release / push", "release / Push it", "release / Push it [release / push]"),
    ],
)
def test_a_job_is_called_by_its_name_and_by_its_id(id: str, text: str, shown: str) -> None:
    pipelines = Pipelines("t", (Pipeline("CI", (JobNode(id, text, State.SUCCESS),)),))
    assert outline(pipelines, NONE) == (("CI", (f"{shown}: success",)),)
    assert f"success    {shown}\n" in as_text(pipelines)


def test_a_run_without_jobs_in_words() -> None:
    assert outline(EVERY_STATE, NONE)[1] == ("Nightly: no jobs", ())


def test_what_is_only_counted_stands_in_the_outline() -> None:
    assert outline(Pipelines("t", (many_jobs(70, (65,)), *ONE_JOB.runs)), NONE)[1:] == (
        ("… 10 more jobs: 9 success, 1 failure (job-65)", ()),
        ("… 1 more workflow, 1 job: 1 success", ()),
    )


def test_in_a_terminal() -> None:
    assert as_text(TWO_WORKFLOWS, frozenset(["test (3.12)"])) == (
        "Push to main: 10 jobs in 2 workflows, 7 success, 1 failure (test (3.12)), 1\n"
        "skipped, 1 waiting (Deploy to production). Marked “look here”: test (3.12).\n"
        "\n"
        "CI\n"
        "  1  ✔ success    lint\n"
        "  2  ✔ success    test (3.10)                  needs lint\n"
        "  2  ✔ success    test (3.11)                  needs lint\n"
        "  2  ✘ failure    test (3.12)                  look here; needs lint\n"
        "  2  ✔ success    test (3.13)                  needs lint\n"
        "  2  ✔ success    test (3.14)                  needs lint\n"
        "  3  – skipped    Build the package [package]  needs test\n"
        "\n"
        "Release\n"
        "  1  ✔ success    build                        sha-3f2a9c1\n"
        "  2  ✔ success    Deploy to staging [staging]  needs build; environment staging\n"
        "  3  ‖ waiting    Deploy to production [production]\n"
        "                    needs build, staging; environment production;\n"
        "                    `ninesteps run approve 7`\n"
    )


def test_every_state_in_a_terminal_that_has_letters_only() -> None:
    assert as_text(EVERY_STATE, width=100, encoding="ascii") == (
        "Pull request #3: 10 jobs in 3 workflows, 1 success, 2 failure (failure, docs), 2 skipped, 1\n"
        "cancelled, 1 running, 1 waiting (waiting), 1 queued, 1 not run.\n"
        "\n"
        "CI\n"
        "  1  + success    success\n"
        "  1  x failure    failure\n"
        "  1  - skipped    skipped\n"
        "  1  # cancelled  cancelled\n"
        "  1  > running    running\n"
        "  1  ! waiting    waiting\n"
        "  1  o queued     queued\n"
        "  1  . not run    not run\n"
        "\n"
        "Nightly\n"
        "  no jobs\n"
        "\n"
        "Docs\n"
        "  1  x failure    docs       Build, exit code 1\n"
        "  1  - skipped    y [x]\n"
    )


@pytest.mark.parametrize("width", [20, 40, 80, 120])
@pytest.mark.parametrize("pipelines", [MATRIX, RELEASE, TWO_WORKFLOWS, *map(with_text, HOSTILE)])
def test_lines_keep_within_the_width(pipelines: Pipelines, width: int) -> None:
    lines = as_text(pipelines, frozenset(["b"]), width).splitlines()
    assert max(map(cell_len, lines)) <= max(width, 40)


def test_a_job_that_needs_many_names_some() -> None:
    legs = [JobNode(f"t{n}", f"t{n}", State.SUCCESS) for n in range(20)]
    jobs = (*legs, JobNode("all", "all", State.SUCCESS, tuple(leg.id for leg in legs)))
    assert "t10, t11 and 8 more" in outline(Pipelines("t", (Pipeline("CI", jobs),)), NONE)[0][1][-1]


@given(st.text(st.characters(exclude_categories=()), max_size=60), st.sampled_from(["utf-8", "ascii", "cp1252"]))
@settings(deadline=None)
def test_any_text_is_printable(text: str, encoding: str) -> None:
    shown = as_text(with_text(text), frozenset([text]), encoding=encoding)
    shown.encode(encoding)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown)
    assert shown.count("failure  ") == 2
