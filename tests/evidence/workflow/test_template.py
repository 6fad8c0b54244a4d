"""Text with expressions in it, and `if:` conditions."""

from __future__ import annotations

import pytest

from graders.evidence.workflow.expression import ExpressionProblem, written
from graders.evidence.workflow.template import condition, pieces, whole


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no expression", []),
        ("a ${{ github.ref }} b ${{ github.sha }}", ["github.ref", "github.sha"]),
        ("${{ format('}}', 1) }}", ["format('}}', 1)"]),
        ("${{ 'it''s }}' }}x", ["'it''s }}'"]),
        ("$ {{ github.ref }} {{ x }} ${ {", []),
        ("${{github.ref}}${{github.sha}}", ["github.ref", "github.sha"]),
    ],
)
def test_every_expression_in_a_text(text: str, found: list[str]) -> None:
    assert [written(piece.expression) for piece in pieces(text)] == found
    assert all(
        text[piece.start : piece.start + 3] == "${{" and text[: piece.end].endswith("}}") for piece in pieces(text)
    )


@pytest.mark.parametrize(
    ("text", "position"), [("ab ${{ github.ref", 3), ("ab ${{ github.ref = 1 }}", 18), ("${{ 'a }}", 0)]
)
def test_a_broken_one_is_placed_in_the_whole_text(text: str, position: int) -> None:
    with pytest.raises(ExpressionProblem) as caught:
        pieces(text)
    assert caught.value.position == position


def test_the_whole_of_a_text() -> None:
    assert whole(" ${{ github.ref }} ") is not None
    assert whole("a ${{ github.ref }}") is None
    assert whole("${{ github.ref }}${{ github.sha }}") is None


@pytest.mark.parametrize(
    ("text", "always_true", "effective"),
    [
        ("github.ref == 'x'", False, "success() && github.ref == 'x'"),
        ("${{ github.ref == 'x' }}", False, "success() && github.ref == 'x'"),
        ("${{ false }} && true", True, "success() && true"),
        ("${{ false }}\n", True, "success() && true"),
        ("${{ false }}${{ false }}", True, "success() && true"),
        ("always()", False, "always()"),
        ("!cancelled() && github.ref == 'x'", False, "!cancelled() && github.ref == 'x'"),
        ("${{ failure() }} ", True, "true"),
    ],
)
def test_what_an_if_means(text: str, always_true: bool, effective: str) -> None:
    found = condition(text)
    assert found.always_true_text is always_true
    assert written(found.effective) == effective
