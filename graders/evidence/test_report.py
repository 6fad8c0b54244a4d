"""Read test reports in JUnit's XML format, whoever wrote them.

There is no standard; this is what all variants share. https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_MOST_BYTES = 16 << 20
_ROOTS = ("testsuites", "testsuite")


@dataclass(frozen=True, slots=True)
class TestReport:
    """The names of the tests that a report tells of, by how they ended; a test that was skipped is in neither."""

    passed: frozenset[str]
    failed: frozenset[str]

    @property
    def tests(self) -> frozenset[str]:
        return self.passed | self.failed


def read_test_report(data: bytes) -> TestReport | None:
    """What a JUnit XML file says; None where it is none."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    if len(data) > _MOST_BYTES or b"<testsuite" not in data:
        return None
    try:
        root = fromstring(data)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    if root.tag not in _ROOTS:
        return None
    passed, failed = set(), set()
    for case in root.iter("testcase"):
        ends = {child.tag for child in case}
        if ends & {"failure", "error"}:
            failed.add(case.get("name", ""))
        elif "skipped" not in ends:
            passed.add(case.get("name", ""))
    return TestReport(frozenset(passed - failed), frozenset(failed))


def together(reports: Iterable[TestReport]) -> TestReport:
    """Several reports as one: a test that failed in one of them has failed."""
    every = list(reports)
    failed = frozenset(name for one in every for name in one.failed)
    return TestReport(frozenset(name for one in every for name in one.passed) - failed, failed)
