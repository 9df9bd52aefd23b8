"""SPEC 1.2, sentence by sentence: which way an answer leads."""

from typing import Any

import pytest

from flows.engine.effects import OutMessage, RaiseAttention
from flows.engine.events import Answered, AnswerKind, TimerKind
from flows.engine.state import Status
from tests.support.conversation import Talk
from tests.support.flows import (
    Document,
    a_condition,
    a_delay,
    a_message,
    a_payment,
    a_question,
    an_access,
    buttons,
)

ENDS = tuple(a_question(name, f"at {name}") for name in ("one", "two", "three", "away"))


def email(target: str = "one", **fields: Any) -> Document:
    return a_condition("text_validation", target, validation="email", **fields)


def anything(target: str = "one", **fields: Any) -> Document:
    return a_condition("text_validation", target, **fields)


def asked(**parts: Any) -> Talk:
    return Talk(a_question("ask", "E-mail?", **parts), *ENDS).begin()


def shown(*custom: str | Document, **parts: Any) -> Talk:
    return Talk(buttons("menu", *custom, **parts), *ENDS).begin()


def test_conditions_are_asked_in_their_order() -> None:
    talk = asked(conditions=[anything("one", order=2), anything("two", order=1)])
    assert talk.write("x").at == "two"


def test_conditions_of_one_order_are_asked_by_their_place() -> None:
    talk = asked(conditions=[anything("one"), anything("two")])
    assert talk.write("x").at == "one"


def test_the_first_condition_that_matches_wins() -> None:
    talk = asked(conditions=[email("one"), anything("two")])
    assert talk.write("not an address").at == "two"


def test_a_condition_of_another_kind_is_not_asked() -> None:
    talk = asked(conditions=[a_condition("button_click", "one", button_text="x"), anything("two")])
    assert talk.write("x").at == "two"


def test_a_condition_goes_before_the_buttons_own_target() -> None:
    talk = shown(
        {"text": "Go", "target_step": "two"}, conditions=[a_condition("button_click", "one", button_text=" gO ")]
    )
    assert talk.press(0).at == "one"


def test_the_buttons_own_target_goes_before_next() -> None:
    assert shown({"text": "Go", "target_step": "two"}, next="three").press(0).at == "two"


def test_a_press_with_no_match_takes_next() -> None:
    talk = shown("Go", "Other", next="three", conditions=[a_condition("button_click", "one", button_text="Go")])
    assert talk.press(1).at == "three"


def test_a_button_is_never_found_by_part_of_its_text() -> None:
    talk = shown("Go on", next="three", conditions=[a_condition("button_click", "one", button_text="Go")])
    assert talk.press(0).at == "three"


@pytest.mark.parametrize("text", ["Quero entrar", "  quero ENTRAR "])
def test_a_buttons_exact_text_counts_as_its_press(text: str) -> None:
    assert shown("Quero entrar", next="three").write(text).at == "three"


def test_other_text_on_buttons_is_unmatched() -> None:
    talk = shown("Go", next="three").write("something else")
    assert talk.at == "menu"
    assert talk.said == ["Escolha:"]


def test_a_url_button_cannot_be_typed() -> None:
    talk = shown("Go", {"text": "Site", "url": "https://example.com"}, next="three").write("Site")
    assert talk.at == "menu"


def test_retry_text_on_buttons_comes_with_the_buttons() -> None:
    talk = shown("Go", next="three", config={"retry_text": "Use os botões"}).write("hm")
    assert talk.said == ["Use os botões"]
    assert [[button.text for button in row] for row in talk.messages[0].buttons] == [["Go"]]


def test_a_question_without_validation_takes_next() -> None:
    assert asked(next="three").write("anything").at == "three"


def test_a_question_with_validation_does_not_take_next() -> None:
    assert asked(next="three", conditions=[email()]).write("anything").at == "ask"


def test_a_question_with_only_other_conditions_takes_next() -> None:
    late = a_condition("time_elapsed", "one", minutes=5)
    assert asked(next="three", conditions=[late]).write("anything").at == "three"


def test_a_message_with_conditions_waits_and_takes_next_by_the_same_rule() -> None:
    talk = Talk(a_message("say", "Oi", next="one", conditions=[email("two")]), *ENDS).begin()
    assert talk.at == "say"
    assert talk.write("x").at == "say"
    assert talk.said == ["Oi"]
    assert talk.write("a@example.com").at == "two"


def test_an_unmatched_answer_says_the_retry_text() -> None:
    talk = asked(conditions=[email()], config={"retry_text": "{{last_input}} não vale"})
    assert talk.write("<b>").said == ["&lt;b&gt; não vale"]
    assert talk.at == "ask"


def test_an_unmatched_answer_asks_again_without_a_retry_text() -> None:
    assert asked(conditions=[email()]).write("x").said == ["E-mail?"]


def test_retry_goes_before_the_retry_text() -> None:
    talk = asked(conditions=[email()], retry="away", config={"retry_text": "No"}).write("x")
    assert talk.at == "away"
    assert talk.said == ["at away"]


def test_an_unmatched_answer_counts_one_attempt_for_each_condition_that_counts() -> None:
    talk = asked(conditions=[email(max_attempts=3), email(), email(max_attempts=5)]).write("x")
    assert talk.state.attempts == {"ask#0": 1, "ask#2": 1}


def test_used_up_attempts_take_the_fallback_before_retry() -> None:
    talk = asked(conditions=[email(max_attempts=2, fallback_step="two")], retry=None)
    assert talk.write("x").at == "ask"
    assert talk.write("x").at == "two"


def test_of_the_used_up_conditions_the_first_in_order_with_a_fallback_wins() -> None:
    talk = asked(
        conditions=[
            email(max_attempts=1, fallback_step="three", order=3),
            email(max_attempts=1, order=1),
            email(max_attempts=1, fallback_step="two", order=2),
        ]
    )
    assert talk.write("x").at == "two"


def test_a_used_up_condition_without_a_fallback_leaves_by_retry() -> None:
    assert asked(conditions=[email(max_attempts=1)], retry="away").write("x").at == "away"


def test_a_used_up_condition_still_matches() -> None:
    talk = asked(conditions=[email(max_attempts=1)]).write("x").write("x")
    assert talk.state.attempts == {"ask#0": 2}
    assert talk.write("a@example.com").at == "one"


def test_a_match_resets_the_attempts_of_its_step_only() -> None:
    talk = Talk(
        a_question("ask", conditions=[email("again", max_attempts=9)]),
        a_question("again", conditions=[email("ask", max_attempts=9)]),
    ).begin()
    talk.write("x").write("a@example.com").write("x").write("x")
    assert talk.state.attempts == {"again#0": 2}
    talk.write("a@example.com").write("x")
    assert talk.state.attempts == {"ask#0": 1}


def test_leaving_by_retry_and_coming_back_keeps_the_attempts() -> None:
    talk = Talk(
        a_question("ask", conditions=[email(max_attempts=2, fallback_step="two")], retry="hint"),
        a_message("hint", "Assim: a@b.com", next="ask"),
        *ENDS,
    ).begin()
    assert talk.write("x").at == "ask"
    assert talk.said == ["Assim: a@b.com", "Qual é?"]
    assert talk.write("x").at == "two"


def test_save_as_is_written_only_when_the_answer_is_accepted() -> None:
    talk = asked(conditions=[email()], config={"save_as": "email"})
    assert "email" not in talk.write("x").state.variables
    assert talk.write("  a@example.com ").state.variables == {"email": "a@example.com"}


def test_a_kind_that_is_not_accepted_is_unmatched() -> None:
    talk = asked(next="three")
    assert talk.send(Answered(AnswerKind.PHOTO, "", data={"file_id": "F"})).at == "ask"


def test_an_accepted_photo_is_kept_by_its_file_id() -> None:
    talk = asked(next="three", config={"accepts": ["photo"], "save_as": "proof"})
    talk.send(Answered(AnswerKind.PHOTO, "legenda", data={"file_id": "F"}))
    assert (talk.at, talk.state.variables) == ("three", {"proof": "F"})


@pytest.mark.parametrize("step", [a_payment("wait", next="one"), a_delay("wait", next="one")], ids=["payment", "delay"])
def test_text_on_payment_and_delay_never_moves_and_is_kept_for_the_team(step: Document) -> None:
    talk = Talk(step, *ENDS).begin().write("oi")
    assert talk.at == "wait"
    assert talk.state.attempts == {}
    assert len(talk.of(RaiseAttention)) == 1
    assert talk.said == []


def test_where_no_condition_is_valid_the_step_counts_as_missing() -> None:
    talk = Talk(a_question("ask", next="two", conditions=[{"type": "text_validation"}]), *ENDS).begin()
    assert talk.state.status is Status.LOST
    assert talk.state.step_id is None


def test_an_invalid_condition_among_valid_ones_is_skipped() -> None:
    talk = asked(conditions=[{"type": "nonsense"}, anything("two")])
    assert talk.write("x").at == "two"


def test_variable_conditions_see_tags_and_what_was_saved() -> None:
    talk = Talk(
        a_question("ask", next="menu", config={"save_as": "age"}),
        buttons(
            "menu",
            "Go",
            next="three",
            conditions=[a_condition("variable", "two", name="age", op="ge", value=18)],
        ),
        *ENDS,
    ).begin()
    assert talk.write("20").press(0).at == "two"


def silent(minutes: float = 5, **fields: Any) -> Document:
    return a_condition("time_elapsed", "one", minutes=minutes, **fields)


def test_a_silence_is_counted_from_the_last_message_in_the_step() -> None:
    talk = asked(conditions=[silent(), email("two")])
    talk.later(minutes=4).write("x")
    assert talk.later(minutes=4).timer(TimerKind.ELAPSED).at == "ask"
    assert talk.later(minutes=1).timer(TimerKind.ELAPSED).at == "one"


def test_of_two_silences_both_over_the_first_in_order_wins() -> None:
    talk = asked(conditions=[silent(10), a_condition("time_elapsed", "two", minutes=5)])
    assert talk.later(minutes=11).timer(TimerKind.ELAPSED).at == "one"


def test_a_timer_of_an_older_wait_changes_nothing() -> None:
    talk = asked(conditions=[silent(), email("ask")]).write("a@example.com")
    assert talk.state.wait == 2
    before = talk.state
    talk.later(minutes=9).timer(TimerKind.ELAPSED, wait=1)
    assert (talk.state, talk.last) == (before, ())


def test_a_delays_timer_without_a_way_leaves_the_run_where_it_stands() -> None:
    talk = Talk(a_delay("wait"), an_access("bye")).begin().later(minutes=5).timer(TimerKind.DELAY)
    assert talk.at == "wait"


def test_a_trigger_leads_on_from_any_waiting_step() -> None:
    talk = Talk(a_payment("pay", next="one"), *ENDS, triggers=[{"command": "menu", "target_step": "two"}]).begin()
    assert talk.write("/menu@loja_bot agora").at == "two"


def test_every_variable_is_escaped_for_html_and_not_without_it() -> None:
    talk = Talk(
        a_message("rich", "<b>{{first_name}}</b>", next="plain"),
        a_message("plain", "<b>{{first_name}}</b>", config={"parse_mode": "none"}),
    ).begin()
    assert talk.messages[0] == OutMessage("<b>Ana &lt;3</b>", parse_mode=talk.messages[0].parse_mode)
    assert talk.said[1] == "<b>Ana <3</b>"


def test_an_unknown_variable_is_empty_and_noted_once() -> None:
    talk = Talk(a_message("say", "a{{nobody}}b{{nobody}}c"), facts=Talk().state.facts).begin()
    assert talk.said == ["abc"]
    assert talk.problems == ["unknown_variable"]
