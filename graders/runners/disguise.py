"""Give test files names that differ each time, so that what runs beside them can't tell one from another by its name."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import partial

CONTROL = "test_control_"
_TEST_FUNCTION = re.compile(rb"^(\s*(?:async )?def )(test_\w+)", re.MULTILINE)
_TOKEN = re.compile(r"z[0-9a-f]{16}")


class Disguised:
    """Test files under other names, in a folder of their own, and the way back to the names they have.

    `tests` maps the token in a function's name to its file and the name it really has; functions called `test_control_…`
    are controls.
    """

    def __init__(self, added: Mapping[str, bytes]) -> None:
        self.folder = _new_token()
        self.files: dict[str, bytes] = {}
        self.tests: dict[str, tuple[str, str]] = {}
        self._modules: dict[str, str] = {}
        for name, content in sorted(added.items()):
            hidden, file = name, f"tests/{name}"
            if name.startswith("test_"):
                token = _new_token()
                self._modules[token] = file
                hidden = f"test_{token}.py"
            rename = partial(self._rename, file)
            self.files[f"{self.folder}/{hidden}"] = _TEST_FUNCTION.sub(rename, content)

    def _rename(self, file: str, found: re.Match[bytes]) -> bytes:
        token = _new_token()
        self.tests[token] = (file, found[2].decode())
        return found[1] + f"test_{token}".encode()

    @property
    def controls(self) -> set[str]:
        """The tokens of the tests that must fail."""
        return {token for token, (_, name) in self.tests.items() if name.startswith(CONTROL)}

    def token_in(self, name: str) -> str:
        """The token of the test that a report calls `name`, or empty."""
        return next((token for token in _TOKEN.findall(name) if token in self.tests), "")

    def undone(self, text: str) -> str:
        """`text` with the names that the tests really have."""
        for token, (_, name) in self.tests.items():
            text = text.replace(f"test_{token}", name)
        for token, file in self._modules.items():
            text = text.replace(f"{self.folder}.test_{token}", file).replace(f"{self.folder}/test_{token}.py", file)
        return text.replace(self.folder, "tests")


def _new_token() -> str:
    return f"z{os.urandom(8).hex()}"
