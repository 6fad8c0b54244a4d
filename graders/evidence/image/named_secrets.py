"""Values that an image shows under a secret's name, or as a password in an address: told by the name, however plain the value.

As Docker's own check tells them. https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graders.evidence.secret_scan import Suspect

_NAMED = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PWORD|SECRETS?|TOKEN|CREDENTIALS?|API_?KEY|(?:SECRET|PRIVATE|ACCESS|SIGNING|ENCRYPTION|"
    r"AUTH|MASTER|DEPLOY|SSH)_?KEY|PASS)(?:$|_(?:KEY|VALUE|\d+)$)|(?:^|_)SECRET_",
    re.IGNORECASE,
)
# What only says where the secret is, how long it lasts, or that there is none yet.
_ABOUT = re.compile(
    r"_(?:FILE|PATH|DIR|ID|NAME|TTL|EXPIRE\w*|LENGTH|URL|ALGORITHM|TYPE|HEADER|ENABLED|REQUIRED)$", re.IGNORECASE
)
_NO_SECRET = re.compile(
    r"|/.*|\$.*|<.*>|\d{1,6}|true|false|none|null|unset|change[-_ ]?me|replace[-_ ]?me|x+|\*+|\.+|your[-_ ].*|dummy|placeholder"
    r"|example",
    re.IGNORECASE,
)
_AN_EXAMPLES = re.compile(r"pass|password|passwd|secret", re.IGNORECASE)  # as templates write an address
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:(?P<value>[^\s/@'\"]+)@", re.IGNORECASE)
_SET = re.compile(r"(?:^|[\s;&|(\"])(?P<name>[A-Za-z_][\w.-]*)=(?P<value>\"[^\"]*\"|'[^']*'|[^\s;&|)\"']*)")
_A_FILES_LINE = re.compile(r"^(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*[=:]\s*(?P<value>\S+)\s*$")
_A_FILES_LEAST = 8  # letters: in a file, a short one is more often an example
_SETTINGS = re.compile(
    r"(?:^|[/.])env(?:\.[\w.-]+)?$|\.(?:env|ini|cfg|conf|toml|properties|ya?ml)$|(?:^|/)\.?(?:netrc|npmrc|pypirc)$"
)
_LOGIN = re.compile(r"\bpassword\s+(?P<value>\S+)")
_IN_ADDRESS = "a password in an address"
_PACKAGES = ("site-packages/", "dist-packages/", "node_modules/")


def named_in_settings(kind: str, values: Mapping[str, str]) -> Iterator[Suspect]:
    """The secrets among variables or labels; `kind` is `env` or `label`, as the place of a suspect begins."""
    for name, value in values.items():
        plain = name.replace(".", "_").replace("-", "_")
        if is_secret(plain, value) or _in_address(value):
            yield Suspect(f"{kind} {name}", 1, _IN_ADDRESS if _in_address(value) else _named(name))


def named_in_history(number: int, said: str) -> Iterator[Suspect]:
    """The secrets that a step of the history shows as `NAME=value`, or in an address."""
    if said.startswith(("ENV ", "LABEL ", "/bin/sh -c #(nop)  ENV", "/bin/sh -c #(nop)  LABEL")):
        return  # told of as what they set
    names = [one["name"] for one in _SET.finditer(said) if is_secret(one["name"], one["value"].strip("\"'"))]
    if names or _in_address(said):
        yield Suspect(f"history {number}", 1, _named(names[0]) if names else _IN_ADDRESS)


def named_in_file(place: str, content: bytes) -> Iterator[Suspect]:
    """The secrets in a file of settings; what packages bring is passed over."""
    template = re.search(r"\.(?:example|sample|template|dist)$", place)
    if template or not _SETTINGS.search(place) or any(folder in place for folder in _PACKAGES):
        return
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines()[:5_000], start=1):
        line = line.strip()
        if len(line) > 2_000 or line.startswith(("#", ";")):
            continue
        found = _A_FILES_LINE.match(line)
        value = found["value"].strip("\"'") if found else ""
        if found and len(value) >= _A_FILES_LEAST and is_secret(found["name"], value):
            yield Suspect(place, number, _named(found["name"]))
        elif _in_address(line, _AN_EXAMPLES):
            yield Suspect(place, number, _IN_ADDRESS)
        elif place.endswith("netrc") and _LOGIN.search(line):
            yield Suspect(place, number, "a login's password")


def _named(name: str) -> str:
    return f"its name is {name[:60]}"


def is_secret(name: str, value: str) -> bool:
    """Whether `value` under that name is taken for a secret: a path, a variable, a number or a placeholder is none."""
    return bool(_NAMED.search(name)) and not _ABOUT.search(name) and not _NO_SECRET.fullmatch(value)


def _in_address(text: str, besides: re.Pattern[str] = _NO_SECRET) -> bool:
    values = [one["value"] for one in _ADDRESS.finditer(text)]
    return any(not _NO_SECRET.fullmatch(value) and not besides.fullmatch(value) for value in values)
