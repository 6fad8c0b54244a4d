"""What holds for each drill of each step, whatever the seed."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.drills.play import Asked
from graders.drills.question import Outcome
from graders.drills.registry import drills
from tests.drills.asked import question

EVERY = pytest.mark.parametrize("drill_id", sorted(drills()))
FEW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
SEEDS = st.integers(0, 9_999)


def test_step_1_has_at_least_four() -> None:
    assert len([one for one in drills() if one.startswith("git.")]) >= 4


@EVERY
@FEW
@given(seed=SEEDS)
def test_the_computed_answer_is_right_and_says_why(drill_id: str, seed: int) -> None:
    asked = question(drill_id, seed)

    feedback = asked.judge(asked.right)

    assert feedback.outcome is Outcome.RIGHT, feedback
    assert len(feedback.text) > 30


@EVERY
@FEW
@given(seed=SEEDS, data=st.data())
def test_a_wrong_answer_is_refused_with_a_diagnosis(drill_id: str, seed: int, data: st.DataObject) -> None:
    asked = question(drill_id, seed)
    answer = data.draw(st.sampled_from(asked.wrong))

    feedback = asked.judge(answer)

    assert feedback.outcome is Outcome.WRONG, (answer, feedback)
    assert feedback.text != asked.judge(asked.right).text
    assert len(feedback.text.split()) > 3, feedback
    assert (
        feedback.text[0] == "`" or feedback.text[0].isupper() or feedback.text[0].isdigit() or answer in feedback.text
    )
    assert feedback.text.rstrip("`").endswith((".", "!"))


@EVERY
@FEW
@given(seed=SEEDS, answer=st.text(max_size=40))
def test_any_text_gets_an_answer(drill_id: str, seed: int, answer: str) -> None:
    assert question(drill_id, seed).judge(answer).text


@EVERY
def test_the_same_seed_gives_the_same_question(drill_id: str) -> None:
    assert repr(Asked(drill_id, 7)) == repr(Asked(drill_id, 7))
    assert question(drill_id, 7).right == question(drill_id, 7).right


@EVERY
def test_questions_differ_from_learner_to_learner(drill_id: str) -> None:
    shown = {
        (asked.text, repr((asked.figures, asked.options)), asked.right)
        for asked in (question(drill_id, seed) for seed in range(40))
    }

    assert len(shown) > 25


@EVERY
def test_the_answers_place_differs_too(drill_id: str) -> None:
    assert len({question(drill_id, seed).right for seed in range(40)}) >= 3


@EVERY
def test_another_variant_is_another_question(drill_id: str) -> None:
    assert (
        len({repr(Asked(drill_id, 7, variant).question.figures) for variant in range(1, 9)}) > 1
        or len({Asked(drill_id, 7, variant).question.right for variant in range(1, 9)}) > 1
    )


class Tags(HTMLParser):
    """Collects what a page holds, and fails where a tag is closed that isn't open."""

    VOID = frozenset({"img", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag


@EVERY
def test_the_card_is_sound_html_without_script(drill_id: str) -> None:
    asked = Asked(drill_id, 3)
    for html in (asked._repr_html_(), asked.answer(asked.question.right)._repr_html_(), asked.give_up()._repr_html_()):
        for tag, attributes in Tags(html).seen:
            assert tag not in ("script", "iframe", "object", "link")
            assert not any(name.startswith("on") for name in attributes)
            assert tag != "img" or attributes["alt"]


@EVERY
def test_each_picture_has_its_words(drill_id: str) -> None:
    tags = [tag for tag, _ in Tags(Asked(drill_id, 3)._repr_html_()).seen]

    assert tags.count("img") == tags.count("summary")
