"""Read which source files a coverage report has measured, in the formats that tools for Python write.

Cobertura XML, JSON, LCOV, HTML, plain text, and coverage.py's own `.coverage`. https://coverage.readthedocs.io/en/latest/commands/
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from html import unescape

_MOST_BYTES = 16 << 20
_TABLE_ROW = re.compile(r"^(\S+\.py)\s+\d+\s+\d+.*\s(?!0%)\d+(?:\.\d+)?%", re.MULTILINE)
_HTML_ROW = re.compile(r"<a href=[^>]*>(.{1,600}?)</a>")
_HTML_TAG = re.compile(r"<[^>]*>")


def measured(data: bytes) -> frozenset[str] | None:
    """The paths of Python files of which at least one line ran, as the report writes them; None where it is no report."""
    if len(data) > _MOST_BYTES:
        return None
    if data.startswith(b"SQLite format 3\0"):
        return _in_database(data)
    text = data.decode("utf-8", "replace")
    for read in (_in_xml, _in_json, _in_lcov, _in_html, _in_table):
        found = read(text)
        if found is not None:
            return frozenset(found)
    return None


def covers(paths: Collection[str], sources: Collection[str]) -> tuple[str, ...]:
    """Those of `sources` (repository paths) that are among the paths of a report, which may be absolute or shortened."""
    plain = [path.replace("\\", "/").lstrip("./") for path in paths]
    return tuple(
        source for source in sources
        if any(source == path or source.endswith(f"/{path}") or path.endswith(f"/{source}") for path in plain)
    )  # fmt: skip


def _in_database(data: bytes) -> frozenset[str] | None:
    """coverage.py's schema: https://coverage.readthedocs.io/en/latest/dbschema.html; paths stand in it as plain text."""
    if b"coverage_schema" not in data or b"line_bits" not in data:
        return None
    found = re.findall(rb"/[\x20-\x7e]{1,300}?\.py(?=[^\x20-\x7e]|/)", data)
    return frozenset(path.decode() for path in found)


def _in_xml(text: str) -> Iterator[str] | None:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    if "<coverage" not in text:
        return None
    try:
        root = fromstring(text.encode())
    except (ParseError, DefusedXmlException, ValueError):
        return None
    if root.tag != "coverage":
        return None
    return (
        unit.get("filename") or ""
        for unit in root.iter("class")
        if any(line.get("hits", "0") != "0" for line in unit.iter("line"))
    )


def _in_json(text: str) -> Iterator[str] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        files = json.loads(text).get("files")
    except (ValueError, RecursionError):
        return None
    if not isinstance(files, dict):
        return None
    return (path for path, one in files.items() if isinstance(one, dict) and one.get("executed_lines"))


def _in_lcov(text: str) -> list[str] | None:
    if "end_of_record" not in text or not re.search(r"^SF:", text, re.MULTILINE):
        return None
    found = []
    for record in text.split("end_of_record"):
        source = re.search(r"^SF:(.+)$", record, re.MULTILINE)
        if source and re.search(r"^DA:\d+,[1-9]", record, re.MULTILINE):
            found.append(source[1].strip())
    return found


def _in_html(text: str) -> list[str] | None:
    if "<html" not in text[:2000] or "coverage.py" not in text:
        return None
    names = (unescape(_HTML_TAG.sub("", row)).replace("\u2009", "").replace(" ", "") for row in _HTML_ROW.findall(text))
    return [name for name in names if name.endswith(".py")]


def _in_table(text: str) -> list[str] | None:
    """What `coverage report` prints."""
    return _TABLE_ROW.findall(text) if re.search(r"^TOTAL\s.*%", text, re.MULTILINE) else None
