"""Whether a subject line says what changed. https://git-scm.com/book/en/v2/Distributed-Git-Contributing-to-a-Project"""

from __future__ import annotations

import re

_PREFIX = re.compile(r"^\w+(\([^)]*\))?!?:\s*", re.UNICODE)  # https://www.conventionalcommits.org
_AUTOSQUASH = re.compile(r"^(fixup|squash|amend)! ")
_EMPTY_WORDS = set(
    "wip fix fixes fixed fixing update updates updated change changes changed edit edits edited commit commits test tests "
    "testing tmp temp stuff thing things done final finished misc minor small some more my the a an it this that new work "
    "working progress in code file files first second third last another again try trying asdf foo bar save checkpoint "
    "initial and of to bug bugs issue cleanup refactor review comments address now ok oops typo part one two 1 2 3 wip2 "
    "feature task ticket step exercise conflict conflicts resolve resolved solve solved merge merged rebase rebased".split()
)
_PATH = re.compile(r"^[\w./-]*[\w-]+\.(py|md|toml|txt|ya?ml|json|cfg)$")


def vagueness(subject: str) -> str:
    """Why `subject` does not say what changed, as the end of a sentence; empty where it does."""
    text = subject.strip()
    if not text:
        return "is empty"
    if _AUTOSQUASH.match(text):
        return "still waits for `git rebase --autosquash`"
    words = [word for word in re.split(r"[\s,;:/()\[\]\"'`]+", _PREFIX.sub("", text)) if re.search(r"\w", word)]
    telling = [word for word in words if word.lower().strip(".!?#-_") not in _EMPTY_WORDS]
    if not words or not telling:
        return "does not say what changed"
    if all(_PATH.match(word) for word in telling):
        return "says where something changed, not what"
    if len(words) == 1 and text.isascii() and not re.search(r"[_\-.]\w", words[0]):
        return "is a single word"
    if len(re.sub(r"[\W\d]", "", "".join(telling))) < 2:
        return "does not say what changed"
    return ""
