"""Filter patterns: the examples of GitHub's cheat sheet, and an oracle that was written without them.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
"""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.evidence.workflow.filter_pattern import PatternProblem, check, matches, selected


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("feature/*", "feature/my-branch feature/your-branch"),
        ("feature/**", "feature/beta-a/my-branch feature/your-branch feature/mona/the/octocat"),
        ("main", "main"),
        ("*", "main releases"),
        ("**", "all/the/branches every/tag x"),
        ("*feature", "mona-feature feature ver-10-feature"),
        ("v2*", "v2 v2.0 v2.9"),
        ("v[12].[0-9]+.[0-9]+", "v1.10.1 v2.0.0"),
        ("*.jsx?", "page.js page.jsx"),
        ("*.js", "app.js index.js"),
        ("**.js", "index.js js/index.js src/js/app.js"),
        ("docs/*", "docs/README.md docs/file.txt"),
        ("docs/**", "docs/README.md docs/mona/octocat.txt"),
        ("docs/**/*.md", "docs/README.md docs/mona/hello-world.md docs/a/markdown/file.md"),
        ("**/docs/**", "docs/hello.md dir/docs/my-file.txt space/docs/plan/space.doc"),
        ("**/README.md", "README.md js/README.md"),
        ("**/*src/**", "a/src/app.js my-src/code/js/app.js"),
        ("**/*-post.md", "my-post.md path/their-post.md"),
        ("**/migrate-*.sql", "migrate-10909.sql db/migrate-v1.0.sql db/sept/migrate-v1.sql"),
        ("[CB]at", "Cat Bat"),
        ("[1-2]00", "100 200"),
        ("Octoc?t", "Octot Octoct"),
        (r"a\*b\+\[c", "a*b+[c"),
        ("ab+c", "abc abbbc"),
    ],
)
def test_the_cheat_sheet(pattern: str, names: str) -> None:
    assert [name for name in names.split() if not matches(pattern, name)] == []


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("feature/*", "feature/a/b feature xfeature/a"),
        ("main", "Main main2 xmain refs/heads/main"),
        ("*", "a/b"),
        ("*.js", "src/app.js app.jsx"),
        ("docs/*", "docs/a/b docs"),
        ("docs/**/*.md", "docs/readme.txt xdocs/a.md docsx/a.md"),
        ("**/README.md", "xREADME.md js/xREADME.md"),
        ("v[12].[0-9]+.[0-9]+", "v3.0.0 v1..1 v1.1.1-rc1"),
        ("ab?c", "abbc"),
        ("ab+c", "ac"),
        (r"a\*b", "axb ab"),
        ("a.b", "axb"),
    ],
)
def test_what_the_cheat_sheet_does_not_match(pattern: str, names: str) -> None:
    assert [name for name in names.split() if matches(pattern, name)] == []


@pytest.mark.parametrize(
    ("patterns", "picked", "not_picked"),
    [
        (["*.md", "!README.md"], ["hello.md"], ["README.md", "docs/hello.md"]),
        (["*.md", "!README.md", "README*"], ["hello.md", "README.md", "README.doc"], ["x.txt"]),
        (["releases/**", "!releases/**-alpha"], ["releases/10", "releases/beta/mona"], ["releases/10-alpha", "main"]),
        (["!main"], [], ["main", "dev"]),
        ([], [], ["main"]),
    ],
)
def test_patterns_are_taken_in_their_order(patterns: list[str], picked: list[str], not_picked: list[str]) -> None:
    assert [name for name in picked + not_picked if selected(patterns, name)] == picked


@pytest.mark.parametrize(
    "pattern", ["?a", "+", "[", "a[", "[]", "[z-a]", "[a-Z]", "[a_]", "a\\", "*?", "**+", "a??", "a+?", "x" * 1_001]
)
def test_what_github_refuses(pattern: str) -> None:
    with pytest.raises(PatternProblem):
        check(pattern)
    with pytest.raises(PatternProblem):
        check(f"!{pattern}")


def test_a_pattern_that_would_backtrack_for_ever_does_not() -> None:
    assert not matches("*a" * 60 + "b", "a" * 300)
    assert not matches("**/" * 60 + "b", "a/" * 150)


_ATOMS = st.sampled_from(["a", "b", "/", "[ab]", "*", "**", "a?", "b+", "[ab]+", "[ab]?", r"\*"])
_NAMES = st.text(st.sampled_from("ab/*"), max_size=7)


@given(st.lists(_ATOMS, max_size=5), _NAMES)
def test_against_an_oracle(atoms: list[str], name: str) -> None:
    pattern = "".join(atoms)
    if "***" in pattern:
        return  # GitHub's page does not say what that would be
    assert matches(pattern, name) is oracle(pattern, name)


def oracle(pattern: str, name: str) -> bool:
    """The same by trying every split, straight from the cheat sheet's words."""

    @cache
    def match(p: int, n: int) -> bool:
        if p == len(pattern):
            return n == len(name)
        if pattern.startswith("**/", p) and (p == 0 or pattern[p - 1] == "/"):
            return match(p + 3, n) or any(
                name[end - 1] == "/" and match(p + 3, end) for end in range(n + 1, len(name) + 1)
            )
        if pattern.startswith("**", p):
            return any(match(p + 2, end) for end in range(n, len(name) + 1))
        if pattern[p] == "*":
            return any("/" not in name[n:end] and match(p + 1, end) for end in range(n, len(name) + 1))
        takes, after = (
            ("ab", p + 4)
            if pattern[p] == "["
            else (pattern[p + 1], p + 2)
            if pattern[p] == "\\"
            else (pattern[p], p + 1)
        )
        here = n < len(name) and name[n] in takes
        following = pattern[after : after + 1]
        if following == "?":
            return match(after + 1, n) or (here and match(after + 1, n + 1))
        if following == "+":
            end = n
            while end < len(name) and name[end] in takes:
                end += 1
                if match(after + 1, end):
                    return True
            return False
        return here and match(after, n + 1)

    return match(0, 0)
