"""What is left of a flag: its name in any spelling, a condition that never changes, code and functions that nobody reaches."""

from __future__ import annotations

import pytest

from graders.evidence.flag_leftovers import fixed_conditions, functions_like, names_left, unreached, unused_functions


def service(text: str) -> dict[str, bytes]:
    return {"widgets/pricing.py": text.encode()}


@pytest.mark.parametrize(
    ("path", "text", "where"),
    [
        ("widgets/pricing.py", 'a = 1\nkey = "price-v2"\n', "widgets/pricing.py:2"),
        (".env.example", "# FEATURE_PRICE_V2=false\n", ".env.example:1"),
        ("flags.json", '{"flags": {"price_v2": {}}}', "flags.json:1"),
        ("tests/test_price_v2.py", "", "tests/test_price_v2.py"),
        ("deploy/values.yaml", "env:\n  priceV2: on\n", "deploy/values.yaml:2"),
    ],
)
def test_a_name_is_found_in_any_spelling(path: str, text: str, where: str) -> None:
    assert [one.where for one in names_left({path: text.encode()}, "price-v2")] == [where]


@pytest.mark.parametrize("text", ["price_v1", "prices-v2", "price and v2"])
def test_another_name_is_none(text: str) -> None:
    assert names_left(service(text), "price-v2") == []


def test_prose_may_tell_of_it() -> None:
    assert names_left({"CHANGELOG.md": b"price-v2 is gone", "docs/flags.rst": b"price-v2"}, "price-v2") == []


@pytest.mark.parametrize(
    "text",
    [
        "if True:\n    a = 1\n",
        "def f(x):\n    return 1 if not False else 2\n",
        "ON = True\ndef f():\n    if ON:\n        return 1\n    return 2\n",
        "ON: bool = True\ndef f():\n    return 1 if ON else 2\n",
        "def f():\n    on = True\n    if on:\n        return 1\n    return 2\n",
        "def on():\n    '''Always.'''\n    return True\ndef f():\n    if on():\n        return 1\n",
        "class Flags:\n    def on(self):\n        return True\ndef f(flags):\n    return 1 if flags.on() else 2\n",
        "def f(x):\n    if True or x:\n        return 1\n",
        "class Settings:\n    discount: bool = True\ndef f(settings):\n    return 1 if settings.discount else 2\n",
    ],
)
def test_a_condition_that_never_changes_is_found(text: str) -> None:
    assert fixed_conditions(service(text))


@pytest.mark.parametrize(
    "text",
    [
        "while True:\n    break\n",
        "def f(x):\n    if x:\n        return 1\n",
        "def f(x):\n    found = False\n    for one in x:\n        found = True\n    if found:\n        return 1\n",
        "def f(x):\n    on = x > 2\n    return 1 if on else 2\n",
        "ON = True\n",
        "class S:\n    on: bool = True\ndef f(s):\n    return 1 if s.on else 2\nS(on=read())\n",
        "class S:\n    on = True\ndef f(s, x):\n    s.on = x\n    return 1 if s.on else 2\n",
        "def f(on=True):\n    return 1 if on else 2\n",
        "def on():\n    return True\n",
        "def f(x):\n    if x is True:\n        return 1\n",
    ],
)
def test_a_condition_that_may_change_is_none(text: str) -> None:
    assert fixed_conditions(service(text)) == []


def test_conditions_of_tests_and_files_that_cannot_be_read_do_not_count() -> None:
    assert fixed_conditions({"tests/test_a.py": b"if True:\n    pass\n", "widgets/b.py": b"if True\n"}) == []


def test_what_stands_behind_a_return_is_found() -> None:
    found = unreached(service("def f():\n    return 1\n    return 2\n"))

    assert [(one.where, one.what) for one in found] == [("widgets/pricing.py:3", "return 2")]
    assert unreached(service("def f(x):\n    if x:\n        return 1\n    return 2\n")) == []


def test_a_function_that_is_called_no_more_is_found() -> None:
    before = service("def old():\n    return 1\ndef route():\n    return old()\n")
    after = service("def old():\n    return 1\ndef route():\n    return 2\n")

    assert [(one.where, one.what) for one in unused_functions(after, before)] == [("widgets/pricing.py:1", "old")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def tool():\n    return 1\n", "def tool():\n    return 1\n"),  # nobody called it before either
        ("def old():\n    return 1\nx = old()\n", "x = 2\n"),  # gone
        ("def old():\n    return 1\nx = old()\n", "def old():\n    return 1\ny = [old]\n"),
        ("class A:\n    def old(self):\n        pass\nA().old()\n", "class A:\n    def old(self):\n        pass\n"),
        ("def old():\n    return 1\nx = old()\n", "@route\ndef old():\n    return 1\n"),
    ],
)
def test_other_functions_are_none(before: str, after: str) -> None:
    assert unused_functions(service(after), service(before)) == []


def test_a_function_that_does_what_another_did_is_found_under_any_name() -> None:
    given = service('def full(a, b):\n    """Full."""\n    return a * b\n')
    renamed = service("def before(a, b):\n    # as it was\n    return a * b\n")

    assert [one.what for one in functions_like(renamed, given, "full")] == ["before"]
    assert functions_like(service("def full(a, b):\n    return a * b // 2\n"), given, "full") == []
