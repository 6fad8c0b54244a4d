"""ARG and ENV, put into an instruction's words as BuildKit does; bounded, as each line may double the one before.

https://docs.docker.com/reference/dockerfile/#environment-replacement
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from e2b_dockerfile_utils import ShellLex

LONGEST_VALUE = 16_384
_CUT = re.compile(r"\$\{\w+(?:##?|%%?|//?)")
_MOST_STARS = 2  # each one more makes the search for it longer by the length of the value

PREDEFINED = frozenset(
    name
    for word in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (word, word.lower())
)
"""What an ARG need not declare. https://docs.docker.com/reference/dockerfile/#predefined-args"""

PLATFORM = {
    f"{side}{part}": value
    for side in ("BUILD", "TARGET")
    for part, value in (("PLATFORM", "linux/amd64"), ("OS", "linux"), ("ARCH", "amd64"), ("VARIANT", ""))
}
"""What BuildKit gives to FROM, here for one platform; a stage gets them by an ARG without a value."""


class TooMuch(ValueError):
    """A word that grows beyond what can be looked at."""


class Expanded:
    """Puts variables in; `unset` collects those that were asked for and have no value."""

    def __init__(self, values: Mapping[str, str], escape: str) -> None:
        self._values, self._escape = values, escape
        self.unset: list[str] = []

    def word(self, text: str) -> str:
        """`text` as one word: variables put in, quotes and escapes gone. Raises ValueError where it can't be read."""
        return self._lexer(text).process_word(text)

    def words(self, text: str) -> list[str]:
        """`text` as the words that it becomes: a variable that holds a space gives several. Raises ValueError."""
        return self._lexer(text).process_words(text)

    def _lexer(self, text: str) -> ShellLex:
        if _CUT.search(text) and text.count("*") > _MOST_STARS:
            raise TooMuch(f"more than {_MOST_STARS} stars in a ${{name#pattern}} are not followed")
        put_in = sum(len(value) for name, value in self._values.items() if name in text) if "$" in text else 0
        if len(text) + put_in * text.count("$") > LONGEST_VALUE:
            raise TooMuch(f"its variables make it longer than {LONGEST_VALUE} characters")
        return ShellLex(self._escape, env=_Recorded(self._values, self.unset), skip_unset_env=False)


class _Recorded(Mapping[str, str]):
    def __init__(self, values: Mapping[str, str], unset: list[str]) -> None:
        self._values, self._unset = values, unset

    def __getitem__(self, name: str) -> str:
        if name not in self._values and name not in self._unset:
            self._unset.append(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
