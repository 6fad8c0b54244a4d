"""The process in which detect-secrets runs: texts by place on standard input, findings on standard output, both JSON."""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterator

_LONGEST_LINE = 2_000
_OF_A_SHAPE = (
    "ArtifactoryDetector AWSKeyDetector AzureStorageKeyDetector DiscordBotTokenDetector GitHubTokenDetector "
    "GitLabTokenDetector JwtTokenDetector MailchimpDetector NpmDetector OpenAIDetector PrivateKeyDetector "
    "PypiTokenDetector SendGridDetector SlackDetector SquareOAuthDetector StripeDetector TelegramBotTokenDetector "
    "TwilioKeyDetector"
).split()
_BY_NAME = ("BasicAuthDetector", "KeywordDetector")
_TESTS = re.compile(r"(^|[ /])(tests?|docs)/|(^|[ /])(test_[^/]*|[^/]*_test)\.\w+$")
_LEAST_LENGTH = 16
_LEAST_ENTROPY = 3.0  # bits a character; 32 random hexadecimal digits have about 3.7


def main() -> None:
    """Read, scan, and print `[[place, line, kind], …]`."""
    from detect_secrets.settings import transient_settings

    texts = json.load(sys.stdin)
    plugins = [{"name": name} for name in (*_OF_A_SHAPE, *_BY_NAME)]
    with transient_settings({"plugins_used": plugins, "filters_used": []}):
        found = [[place, line, kind] for place, text in texts.items() for line, kind in _scan(place, text)]
    json.dump(found, sys.stdout)


def _scan(place: str, text: str) -> Iterator[tuple[int, str]]:
    from detect_secrets.core.scan import scan_line

    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > _LONGEST_LINE or "sha256:" in line:  # a lock file's hashes
            continue
        for one in scan_line(line):
            value = one.secret_value or ""
            if one.type in ("Secret Keyword", "Basic Auth Credentials") and (
                _TESTS.search(place) or not _random(value)
            ):
                continue
            yield number, one.type


def _random(value: str) -> bool:
    counts = Counter(value)
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values()) if value else 0.0
    mixed = any(letter.isdigit() for letter in value) and any(letter.isalpha() for letter in value)
    plain = re.fullmatch(r"[\w+/=.~-]+", value) is not None  # no `${NAME}`, no call, no words
    return mixed and plain and len(value) >= _LEAST_LENGTH and entropy >= _LEAST_ENTROPY


if __name__ == "__main__":
    main()
