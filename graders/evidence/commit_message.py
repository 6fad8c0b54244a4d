"""Whether a subject line says what changed. https://git-scm.com/book/en/v2/Distributed-Git-Contributing-to-a-Project

It errs on the side of the writer, above all in languages that it doesn't know.
"""

from __future__ import annotations

import re
import unicodedata

_PREFIX = re.compile(r"^\w+(\([^)]*\))?!?:\s*")  # https://www.conventionalcommits.org
_AUTOSQUASH = re.compile(
    r"^(fixup|squash|amend)! "
)  # https://git-scm.com/docs/git-commit#Documentation/git-commit.txt---fixup
_TICKET = re.compile(r"^(#\d+|[A-Z][A-Z0-9]+-\d+)$")
_PATH = re.compile(r"^[\w./-]*[\w-]+\.(py|md|toml|txt|ya?ml|json|cfg)$")
# These say nothing, alone or together.
_EMPTY = set(
    "wip fix fixes fixed fixing update updates updated change changes changed edit edits edited modify modified commit "
    "commits test tests testing tmp temp stuff thing things done final finished finally misc minor small some more my the a "
    "an it this that new work working works progress in code file files first second third last another again try trying "
    "asdf qwerty foo bar blah bla save saved checkpoint initial and of to for on with bug bugs issue cleanup refactor review "
    "comments suggestions from address apply now ok oops typo part one two 1 2 3 wip2 feature features task ticket step "
    "exercise lab homework assignment conflict conflicts resolve resolved solve solved merge merged rebase rebased commit2 "
    "various several all everything yes hello hi here today please improve improved improvements main master branch "
    "origin".split()
)
# These say something of what they name: `Add tests` does, `Add stuff` does not.
_DOING = set(
    "add adds added adding create creates created write writes wrote written implement implements implemented remove "
    "removes removed delete deletes deleted drop drops dropped rename renames renamed move moves moved make makes made do "
    "does did".split()
)


def vagueness(subject: str) -> str:
    """Why `subject` does not say what changed, as the end of a sentence; empty where it does."""
    text = subject.strip()
    if not text:
        return "is empty"
    if _AUTOSQUASH.match(text):
        return "still waits for `git rebase --autosquash`"
    without_prefix = _PREFIX.sub("", text)
    words = [word for word in re.split(r"[\s,;:/()\[\]\"'`]+", without_prefix) if re.search(r"\w", word)]
    plain = [word.lower().strip(".!?-_") for word in words]
    telling = [
        word for word, bare in zip(words, plain, strict=True)
        if bare not in _EMPTY | _DOING and not _TICKET.match(word) and re.sub(r"[\W\d_]", "", word)
    ]  # fmt: skip
    does = any(bare in _DOING for bare in plain)
    if does and any(bare in ("test", "tests") for bare in plain):
        return ""
    if not telling:
        return "does not say what changed"
    named = [word for word in without_prefix.split() if word.lower().strip(".!?-_") not in _EMPTY]
    if not does and all(_PATH.match(word) for word in named):
        return "says where something changed, not what"
    prefixed = without_prefix != text
    if len(words) == 1 and not prefixed and not _PATH.match(words[0]) and _is_one_word(words[0]):
        return "is a single word"
    if sum(len(re.sub(r"[\W\d]", "", word)) for word in telling) < 2 and not _writes_without_spaces(text):
        return "does not say what changed"
    return ""


def _is_one_word(word: str) -> bool:
    """Whether it names one thing; `list_by_price` names more, and so may a word where spaces are not written."""
    return not re.search(r"[_\-.]\w", word) and not _writes_without_spaces(word)


def _writes_without_spaces(text: str) -> bool:
    """Whether it holds letters that have no capitals, as those of Chinese, Japanese, Thai or Hindi."""
    return any(unicodedata.category(letter) == "Lo" for letter in text)
