"""The Python packages that an image holds, told by the records that installers leave.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_PACKAGES = 500
_RECORD = re.compile(
    r"(?:^|/)(?:site|dist)-packages/(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[A-Za-z0-9][A-Za-z0-9.!+_]*)\.dist-info/METADATA$"
)


def python_packages(paths: Iterable[str]) -> dict[str, str]:
    """Normalised names and versions of what is installed in the folders that `paths` (of files) lie in, sorted; at most 500.

    Where two folders hold the same package in two versions, the higher text wins: it is one of them in any case.
    """
    found: dict[str, str] = {}
    for path in paths:
        if record := _RECORD.search(path):
            name = re.sub(r"[-_.]+", "-", record["name"]).lower()
            found[name] = max(found.get(name, ""), record["version"])
    return dict(sorted(found.items())[:MOST_PACKAGES])
