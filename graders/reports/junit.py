"""A result as JUnit XML, the form that CI servers show beside their other tests."""

from __future__ import annotations

from xml.etree import ElementTree

from graders.criterion import Kind
from graders.reports import wording
from graders.reports.safe_text import one_line
from graders.result import Judged, Result

_ELEMENTS = {Kind.FAILED: "failure", Kind.CANNOT_CHECK: "skipped", Kind.ERROR: "error"}


def junit(result: Result) -> str:
    """One test suite for the step, one test case a criterion; no times, so that the same result gives the same bytes.

    The schema is the one Jenkins reads: https://github.com/jenkinsci/xunit-plugin (model/xsd/junit-10.xsd)
    """
    kinds = [judged.verdict.kind for judged in result.criteria]
    suite = ElementTree.Element(
        "testsuite",
        name=_safe(f"{wording.heading(result)}: {wording.score(result)}"),
        tests=str(len(kinds)),
        failures=str(kinds.count(Kind.FAILED)),
        errors=str(kinds.count(Kind.ERROR)),
        skipped=str(kinds.count(Kind.CANNOT_CHECK)),
    )
    for judged in result.criteria:
        _test_case(suite, judged)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(suites, encoding="unicode")}\n'


def _test_case(suite: ElementTree.Element, judged: Judged) -> None:
    verdict = judged.verdict
    case = ElementTree.SubElement(suite, "testcase", classname=_safe(judged.id), name=_safe(judged.criterion.title))
    if verdict.kind is Kind.PASSED:
        ElementTree.SubElement(case, "system-out").text = _safe(verdict.found)
        return
    outcome = ElementTree.SubElement(case, _ELEMENTS[verdict.kind], message=_safe(verdict.found))
    parts = [("where", verdict.where), ("expected", verdict.expected), ("try next", verdict.next)]
    parts += [("we ran", command) for command in verdict.ran]
    outcome.text = "\n".join(f"{label}: {_safe(text)}" for label, text in parts if text)


def _safe(text: str) -> str:
    return one_line(text)
