"""A test report is read whoever wrote it, and what is none is none."""

from __future__ import annotations

from graders.evidence.test_report import read_test_report, together

PYTEST = b"""<?xml version="1.0"?><testsuites><testsuite tests="3">
<testcase classname="t" name="test_a"/><testcase classname="t" name="test_b"><failure message="no">x</failure></testcase>
<testcase classname="t" name="test_c"><skipped/></testcase></testsuite></testsuites>"""
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'


def test_how_each_test_ended() -> None:
    report = read_test_report(PYTEST)

    assert report is not None
    assert report.passed == {"test_a"}
    assert report.failed == {"test_b"}
    assert report.tests == {"test_a", "test_b"}


def test_one_suite_alone_is_a_report_and_an_error_is_a_failure() -> None:
    report = read_test_report(b'<testsuite><testcase name="x"><error/></testcase></testsuite>')

    assert report is not None
    assert report.failed == {"x"}


def test_what_is_no_report() -> None:
    for data in (b"", b"<testsuites>", b"<html><testsuite/></html>", b"# <testsuite in a comment", BOMB):
        assert read_test_report(data) is None, data


def test_a_test_that_failed_in_one_report_has_failed() -> None:
    good = read_test_report(b'<testsuite><testcase name="x"/><testcase name="y"/></testsuite>')
    bad = read_test_report(b'<testsuite><testcase name="x"><failure/></testcase></testsuite>')
    assert good
    assert bad

    both = together([good, bad])

    assert both.failed == {"x"}
    assert both.passed == {"y"}
