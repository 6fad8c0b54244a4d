import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import ALL_PASSED, BROKEN, HOSTILE, MIXED, with_text

from graders.reports.junit import junit
from graders.reports.safe_text import one_line


def test_each_verdict_has_its_element() -> None:
    (suite,) = ElementTree.fromstring(junit(MIXED).encode())
    assert suite.attrib == {
        "name": "Step 1 · Git and branching: 4 of 10 points",
        "tests": "7",
        "failures": "2",
        "errors": "0",
        "skipped": "2",
    }
    assert [case[0].tag for case in suite] == [
        *("system-out", "failure", "system-out", "skipped", "skipped", "failure", "system-out")
    ]
    failure = suite[1][0]
    assert suite[1].get("classname") == "git.rebased_on_main"
    assert failure.get("message") == MIXED.criteria[1].verdict.found
    assert "we ran: git rev-parse origin/main" in (failure.text or "")


def test_a_grader_error_is_an_error() -> None:
    (suite,) = ElementTree.fromstring(junit(BROKEN).encode())
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    assert suite[1][0].tag == "error"


def test_same_result_same_bytes() -> None:
    assert junit(ALL_PASSED) == junit(ALL_PASSED)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_survives(text: str) -> None:
    (suite,) = ElementTree.fromstring(junit(with_text(text)).encode())
    assert suite[1][0].get("message") == one_line(text)


@given(st.text(st.characters(exclude_categories=())))
@settings(deadline=None)
def test_any_text_is_well_formed(text: str) -> None:
    (suite,) = ElementTree.fromstring(junit(with_text(text)).encode())
    assert len(suite) == 5
