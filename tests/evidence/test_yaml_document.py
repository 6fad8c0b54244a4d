"""The one YAML loader: what it reads, where it says things stand, and what it refuses before it costs anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.evidence.yaml_document import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_LINE,
    MOST_NODES,
    Mapping,
    Scalar,
    Sequence,
    YamlProblem,
    load,
    plain,
    scalars,
)

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def refused(text: str | bytes) -> YamlProblem:
    with pytest.raises(YamlProblem) as caught:
        load(text if isinstance(text, bytes) else text.encode(), "ci.yml")
    assert caught.value.next
    return caught.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("y", "y"),
        ("true", True), ("True", True), ("FALSE", False), ("'true'", "true"),
        ("~", None), ("null", None), ("", None), ("''", ""),
        ("3.10", 3.1), ("'3.10'", "3.10"), ("010", 10), ("0o17", 15), ("0x1F", 31), ("1e3", 1000.0), ("-5", -5),
        ("1_000", "1_000"), ("12:30", "12:30"), ("2024-01-01", "2024-01-01"), ("1.2.3", "1.2.3"), ("0o9", "0o9"),
        ("9007199254740993", 9007199254740992.0), ("!!str 5", "5"), ("!!int 5", 5), ("=", "="),
    ],
)  # fmt: skip
def test_a_value_is_what_the_core_schema_says(written: str, value: object) -> None:
    read = plain(load(f"key: {written}\n".encode()))
    assert read == {"key": value}
    assert type(read["key"]) is type(value)


def test_infinity_and_a_number_too_long_for_an_integer() -> None:
    assert plain(load(f"[.inf, -.inf, {'9' * 5000}]".encode())) == [float("inf"), float("-inf"), float("inf")]


def test_an_escaped_pair_is_one_character_and_a_half_is_none() -> None:
    assert plain(load(b'["\\ud83d\\ude00", "\\ud83d"]')) == ["\U0001f600", "\ufffd"]


def test_keys_are_text_as_written() -> None:
    assert plain(load(b"on: push\n1: a\n1.0: b\ntrue: c\nnull: d\n")) == {
        "on": "push", "1": "a", "1.0": "b", "true": "c", "null": "d",
    }  # fmt: skip


def test_every_node_knows_its_place() -> None:
    root = load(b"on:\n  push:\n    branches: [main, dev]\njobs: {}\n")
    assert isinstance(root, Mapping)
    branches = root.entries[0].value.entries[0].value.entries[0]  # type: ignore[union-attr]
    assert (branches.key.line, branches.key.column) == (3, 5)
    assert isinstance(branches.value, Sequence)
    assert [(one.line, one.column) for one in branches.value.items] == [(3, 16), (3, 22)]


def test_a_value_that_is_not_there_stands_at_its_key() -> None:
    root = load(b"a: 1\non:\n\n\njobs: 2\n")
    assert isinstance(root, Mapping)
    assert (root.entries[1].value.line, root.entries[1].value.column) == (2, 1)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: echo ${{ x }}\n", 1, 9),
        ("a: 'it''s ${{ x }}'\n", 1, 11),
        ("a: |\n  one\n\n    two ${{ x }}\n", 4, 9),
        ("a: >-\n  one\n  two ${{ x }}\n", 3, 7),
        ("a: one\n  two ${{ x }}\n", 2, 7),
    ],
)
def test_a_place_inside_a_value(text: str, line: int, column: int) -> None:
    (scalar,) = scalars(load(text.encode()))
    assert scalar.place_of(scalar.text.index("${{")) == (line, column)


def test_the_second_of_two_equal_pieces_has_its_own_place() -> None:
    (scalar,) = scalars(load(b"a: |\n  ${{ x }}\n  ${{ x }} ${{ x }}\n"))
    starts = [index for index in range(len(scalar.text)) if scalar.text.startswith("${{", index)]
    assert [scalar.place_of(start) for start in starts] == [(2, 3), (3, 3), (3, 12)]


def test_anchors_and_aliases_are_read() -> None:
    assert plain(load(b"a: &x {k: 1}\nb: *x\nc: [*x, &y z, *y]\n")) == {
        "a": {"k": 1},
        "b": {"k": 1},
        "c": [{"k": 1}, "z", "z"],
    }


def test_the_merge_key_is_a_key_like_any_other() -> None:
    assert plain(load(b"a: &x {k: 1}\nb: {<<: *x}\n")) == {"a": {"k": 1}, "b": {"<<": {"k": 1}}}


def test_a_duplicate_key_names_both_lines() -> None:
    problem = refused("jobs: 1\nname: x\njobs: 2\n")
    assert problem.line == 3
    assert "`jobs`" in problem.what
    assert "line 1" in problem.what


def test_a_duplicate_key_by_alias_is_seen() -> None:
    assert refused("&k a: 1\n*k : 2\n").line == 2


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a:\n\tb: 1\n", 2, "tab"),
        ("a: 1\n\tb: 2\n", 2, "tab"),
        ("a: b: c\n", 1, "`: ` too many"),
        ("a:\n  b: 1\n c: 2\n", 3, "indented differently"),
        ("- **/README.md\n", 1, "begins with `*`"),
        ("a: b\nc: 'x\nd: e\n", 2, "never closed"),
        ("a: [b, c\nd: e\n", 2, "bracket that opens on line 1"),
        ("on: [main, v[0-9]]\n", 1, "bracket that opens on line 1"),
        ("a: @x\n", 1, "can't begin with `@`"),
        ("a: `x`\n", 1, "can't begin with ```"),
        ("a: {{ x }}\n", 1, "where a key should be"),
        ("? [a]\n: b\n", 1, "where a key should be"),
        ("a: &x [1]\n*x : 2\n", 2, "where a key should be"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ('a: "\\q"\n', 1, "backslash"),
        ("a: - b\n", 1, "list item"),
        ("a: |x\n  b\n", 1, "After `|`"),
        ("a: x\x07y\n", 1, "U+0007"),
        ("a\x00b: 1\n", 1, "U+0000"),
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("a: !!python/object/apply:os.system [echo]\n", 1, "is a tag"),
        ("a: !cancelled()\n", 1, "is a tag"),
        ("a: !!set {b}\n", 1, "is a tag"),
        ("a: !!int x\n", 1, "is no number"),
        ("a: &a [*a]\n", 1, "alias to itself"),
        ("a: *b\n", 1, "nothing above is called"),
    ],
)
def test_what_is_no_good_is_explained_where_it_stands(text: str, line: int, said: str) -> None:
    problem = refused(text)
    assert said in problem.what
    assert problem.line == line
    assert problem.found.startswith(f"ci.yml:{line}: ")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_named(encoding: str) -> None:
    assert "UTF-16" in refused("on: push\n".encode(encoding)).what


def test_a_byte_that_is_not_utf_8_is_named_with_its_line() -> None:
    problem = refused(b"on: push\nname: Pr\xfcfung\n")
    assert problem.line == 2
    assert "0xfc" in problem.what


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    root = load(b"\xef\xbb\xbfon: push\r\nname: x\r\n")
    assert plain(root) == {"on": "push", "name": "x"}
    assert isinstance(root, Mapping)
    assert root.entries[1].key.line == 2


@pytest.mark.parametrize(
    "bomb",
    [
        LAUGHS,
        "a: &a x\nb: [" + ", ".join(["*a"] * 1_500) + "]\n",
        "[" * 5_000,
        "- " * 5_000 + "x\n",
        "{a: " * 3_000 + "b" + "}" * 3_000,
        "\n".join(f"k{number}: v" for number in range(MOST_NODES)),
        "a: " + "x" * (MOST_LINE + 1),
        "!" * 15_000,
        "a: &" + "b" * 19_000 + "\nc: *d\n",
    ],
    ids=["laughs", "aliases", "brackets", "dashes", "braces", "keys", "long line", "tag", "anchor"],
)
def test_a_bomb_is_refused(bomb: str) -> None:
    refused(bomb)


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    assert f"{MOST_BYTES + 1:,} bytes" in refused(b"#" * (MOST_BYTES + 1)).what


def test_the_deepest_nesting_that_is_allowed() -> None:
    depth = MOST_DEPTH
    assert plain(load(("[" * depth + "]" * depth).encode())) is not None
    refused("[" * (depth + 1) + "]" * (depth + 1))


_KEYS = st.text(st.sampled_from("abcxyz_-. 1"), min_size=1, max_size=8).filter(lambda text: text == text.strip())
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(_VALUES)
def test_json_is_read_as_itself(value: object) -> None:
    """JSON is YAML, and an independent writer of it is at hand."""
    import json

    assert plain(load(json.dumps({"value": value}).encode())) == {"value": value}


@given(st.binary(max_size=200) | st.text(st.sampled_from("ab:-[]{}'\"&*!|>#%@`,?\n \t\\")).map(str.encode))
def test_any_bytes_are_read_or_explained(data: bytes) -> None:
    try:
        found: object = load(data)
    except YamlProblem as problem:
        found = problem
    if isinstance(found, YamlProblem):
        assert found.line >= 1
        assert found.column >= 1
        assert found.what.endswith(".")
    else:
        assert isinstance(found, (Scalar, Sequence, Mapping))
