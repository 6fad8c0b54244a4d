"""A suite's run: what passed, what failed, and whether its word counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.runners import test_suite
from graders.runners.sandbox import Limits
from graders.runners.test_suite import Failure, SuiteRun, run_suite

GOOD = {"tests/test_a.py": b"def test_good():\n    assert 1 + 1 == 2\n"}
BAD = {
    "tests/test_b.py": b"import pytest\n\n@pytest.mark.parametrize('n', [1, 2])\ndef test_bad(n):\n    assert n == 1\n"
}
OURS = {
    "conftest.py": b"import pytest\n\n@pytest.fixture\ndef two():\n    return 2\n",
    "test_ours.py": b"def test_it(two):\n    assert two == 2\n\n\ndef test_other():\n    assert [1] == [2], 'one is not two'\n",
}


def test_a_green_suite() -> None:
    run = run_suite(GOOD)

    assert run == SuiteRun(("test_good",), ())
    assert run.green


def test_failures_say_which_test_where_and_why() -> None:
    run = run_suite({**GOOD, **BAD})

    assert run.passed == ("test_good", "test_bad[1]")
    assert run.failures == (Failure("test_bad[2]", "tests/test_b.py", "assert 2 == 1"),)
    assert not run.green
    assert not run.trouble


def test_added_tests_are_told_apart_and_named_as_they_are() -> None:
    run = run_suite(GOOD, OURS)

    assert run.passed == ("test_good",)
    assert run.added_failures == (Failure("test_other", "tests/test_ours.py", "AssertionError: one is not two"),)
    assert run.green


def test_twice_the_same() -> None:
    files = {**GOOD, **BAD, "tests/test_c.py": b"def test_object():\n    assert object() == 1\n"}

    assert run_suite(files, OURS) == run_suite(files, OURS)


def test_where_there_is_no_tests_folder_all_of_the_tree_is_searched() -> None:
    assert run_suite({"test_a.py": GOOD["tests/test_a.py"]}).passed == ("test_good",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"import nothing_of_that_name\n", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        (b"def test_x(:\n", "SyntaxError: invalid syntax"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_a_failure_of_its_own(content: bytes, said: str) -> None:
    run = run_suite({**GOOD, "tests/test_z.py": content}, OURS)

    assert [(failure.file, failure.message) for failure in run.failures] == [("tests/test_z.py", said)]
    assert not run.trouble


TROUBLE = {
    "no tests": ({"tests/readme.md": b""}, "found no test"),
    "all skipped": (
        {"tests/test_a.py": b"import pytest\n\n@pytest.mark.skip\ndef test_good():\n    pass\n"},
        "found no test",
    ),
    "a broken conftest": ({**GOOD, "tests/conftest.py": b"1 / 0\n"}, "ZeroDivisionError"),
    "an early end": ({**GOOD, "tests/test_b.py": b"import os\nos._exit(0)\n"}, "exit code 0"),
    "an early end that pytest is told of": (
        {**GOOD, "tests/test_b.py": b"import pytest\n\ndef test_b():\n    pytest.exit('enough', 0)\n"},
        "kept from running",
    ),
    "a forged outcome": (
        {
            **GOOD,
            "conftest.py": b"def pytest_runtest_logreport(report):\n    report.outcome = 'passed'\n"
            b"def pytest_runtest_makereport(item, call):\n    call.excinfo = None\n",
        },
        "must fail did not",
    ),
    "tests left out": (
        {**GOOD, "conftest.py": b"def pytest_collection_modifyitems(items):\n    items[:] = items[:1]\n"},
        "kept from running",
    ),
    "tests not collected": (
        {
            **GOOD,
            "conftest.py": b"def pytest_ignore_collect(collection_path):\n    return 'z' in collection_path.name\n",
        },
        "kept from running",
    ),
    "no report": ({**GOOD, "pytest.py": b"print('1 passed')\n"}, "did not get to its end (exit code 0): 1 passed"),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_a_run_that_proves_nothing_says_so(name: str) -> None:
    files, said = TROUBLE[name]
    run = run_suite(files)

    assert said in run.trouble
    assert run.mend
    assert not run.green


@pytest.mark.parametrize(
    "code",
    ["while True: pass", "import time; time.sleep(300)"],
)
def test_a_test_that_hangs_is_ended(code: str) -> None:
    run = run_suite({**GOOD, "tests/test_b.py": f"def test_hang():\n    {code}\n".encode()}, limits=Limits(seconds=3))

    assert run.trouble == "the tests did not end within 3 seconds"
    assert "-v" in run.mend


def test_a_name_that_no_report_should_hold_does_not_spoil_it() -> None:
    run = run_suite({"tests/test_\x1b[31m&<b>.py": GOOD["tests/test_a.py"]})

    assert run.green


def test_what_was_run_is_remembered_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_suite({**GOOD, **BAD}, OURS, tmp_path)

    def never(*words: object, **more: object) -> None:
        raise AssertionError("it was run again")

    monkeypatch.setattr(test_suite, "run", never)

    assert run_suite({**GOOD, **BAD}, OURS, tmp_path) == first
    with pytest.raises(AssertionError, match="run again"):
        run_suite({**GOOD, **BAD, "a.txt": b""}, OURS, tmp_path)
    with pytest.raises(AssertionError, match="run again"):
        run_suite({**GOOD, **BAD}, {**OURS, "conftest.py": b""}, tmp_path)


def test_a_spoilt_memory_is_no_memory(tmp_path: Path) -> None:
    run_suite(GOOD, None, tmp_path)
    [file] = tmp_path.iterdir()
    for content in ("", "{}", '{"passed": ["x"], "failures": [{"evil": 1}]}'):
        file.write_text(content)

        assert run_suite(GOOD, None, tmp_path).passed == ("test_good",)


def test_a_run_that_took_too_long_is_not_remembered(tmp_path: Path) -> None:
    hanging = {"tests/test_b.py": b"import time\ntime.sleep(300)\n"}

    assert run_suite(hanging, None, tmp_path, limits=Limits(seconds=1)).trouble
    assert not list(tmp_path.iterdir())
