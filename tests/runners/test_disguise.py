"""Tests that are laid beside a learner's have other names each time, and get their own back in what is said."""

from __future__ import annotations

from graders.runners.disguise import Disguised

FILES = {
    "conftest.py": b"import pytest\n",
    "test_list.py": b"def test_one():\n    pass\n\n\nclass TestMore:\n    async def test_one(self):\n        pass\n",
    "test_control.py": b"def test_control_of_all():\n    assert False\n",
}


def test_no_name_is_left_and_none_is_used_twice() -> None:
    first, second = Disguised(FILES), Disguised(FILES)
    text = "".join(f"{name}\n{content.decode()}" for name, content in first.files.items())

    assert "test_one" not in text
    assert "test_list" not in text
    assert "control" not in text
    assert f"{first.folder}/conftest.py" in first.files
    assert not {first.folder, *first.tests} & {second.folder, *second.tests}


def test_the_way_back() -> None:
    ours = Disguised(FILES)

    assert sorted(ours.tests.values()) == [
        ("tests/test_control.py", "test_control_of_all"),
        ("tests/test_list.py", "test_one"),
        ("tests/test_list.py", "test_one"),
    ]
    assert [ours.tests[token][1] for token in ours.controls] == ["test_control_of_all"]
    for token, (_, name) in ours.tests.items():
        assert ours.token_in(f"test_{token}[a-b]") == token
        assert ours.undone(f"test_{token}[a-b]") == f"{name}[a-b]"
    for hidden in ours.files:
        module = hidden.removesuffix(".py")
        assert ours.undone(hidden) in ("tests/conftest.py", "tests/test_list.py", "tests/test_control.py")
        assert ours.undone(module.replace("/", ".")).startswith("tests")
    assert ours.token_in("test_list_by_price") == ""
