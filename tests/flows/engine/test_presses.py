"""SPEC 2.3, stale presses: the run never moves by accident, and every press gets one answer."""

from typing import Any
from uuid import UUID

import pytest

from flows.engine.effects import AnswerPress, RemoveKeyboard
from flows.engine.events import BEGIN_DATA, Pressed
from flows.engine.state import Status
from tests.support.conversation import Talk
from tests.support.flows import a_payment, a_question, an_access, buttons

STALE = "Este botão não vale mais. Continue pela última mensagem."


def moved_on(policy: str | None = None, **fields: Any) -> Talk:
    """Two waits on: menu (wait 1) → ask (wait 2)."""
    config = {"stale_press": policy} if policy else {}
    return (
        Talk(
            buttons("menu", {"text": "A", "target_step": "ask"}, {"text": "B", "target_step": "other"}, config=config),
            a_question("ask", "Seu nome?", next="end"),
            a_question("other", "Outro?", next="end"),
            an_access("end"),
            **fields,
        )
        .begin()
        .press(0)
    )


def test_a_second_press_of_the_button_that_was_taken_gets_only_a_notice() -> None:
    talk = moved_on().press(0, wait=1, step="menu")
    assert talk.notices == ["Já recebemos a sua escolha."]
    assert (talk.at, talk.said) == ("ask", [])


def test_the_real_press_after_its_text_was_typed_gets_only_a_notice() -> None:
    talk = Talk(buttons("menu", "A", next="ask"), a_question("ask")).begin().write("a").press(0, wait=1, step="menu")
    assert talk.notices == ["Já recebemos a sua escolha."]


def test_a_stale_press_gets_a_notice_and_the_present_step_again_once_in_ten_seconds() -> None:
    talk = moved_on().press(1, wait=1, step="menu")
    assert (talk.at, talk.notices, talk.said) == ("ask", [STALE], ["Seu nome?"])
    assert talk.later(seconds=9.9).press(1, wait=1, step="menu").said == []
    assert talk.notices == [STALE]
    assert talk.later(seconds=0.1).press(1, wait=1, step="menu").said == ["Seu nome?"]


def test_follow_goes_where_the_old_button_leads() -> None:
    talk = moved_on("follow").press(1, wait=1, step="menu")
    assert (talk.at, talk.notices) == ("other", [None])


def test_follow_never_leads_out_of_another_run() -> None:
    talk = moved_on("follow").press(1, wait=1, step="menu", run_id=UUID(int=99))
    assert (talk.at, talk.notices) == ("ask", [STALE])


def test_remove_takes_the_keyboard_off_and_says_nothing_more() -> None:
    talk = moved_on("remove").press(1, wait=1, step="menu")
    assert (talk.notices, talk.said, talk.of(RemoveKeyboard)) == ([STALE], [], [RemoveKeyboard(5)])


@pytest.mark.parametrize(
    "other", [{"run_id": UUID(int=99)}, {"version_id": UUID(int=99)}, {"ordinal": 900}, {"wait": 8}]
)
def test_what_is_not_of_this_run_or_step_is_stale(other: dict[str, Any]) -> None:
    talk = Talk(buttons("menu", "A", next="end"), an_access("end")).begin().press(0, **other)
    assert (talk.at, talk.notices) == ("menu", [STALE])


def test_an_index_the_step_does_not_have_is_stale() -> None:
    talk = Talk(buttons("menu", "A", next="end"), an_access("end")).begin().press(77)
    assert (talk.at, talk.notices) == ("menu", [STALE])


def test_foreign_data_gets_the_same_notice() -> None:
    talk = moved_on().send(Pressed("x", None, None, "vote:7"))
    assert (talk.at, talk.notices) == ("ask", [STALE])


def test_a_notice_is_cut_to_what_telegram_takes() -> None:
    facts = Talk().state.facts
    edited = type(facts)(contact=facts.contact, bot=facts.bot, texts={"stale_press": "é" * 300})
    talk = moved_on(facts=edited).send(Pressed("x", None, None, ""))
    assert talk.notices == ["é" * 200]


def test_a_press_after_the_end_is_answered_and_moves_nothing() -> None:
    talk = Talk(buttons("menu", "A", "B", next="end"), an_access("end")).begin().press(0)
    assert talk.state.status is Status.ENDED
    talk.press(1, wait=1, step="menu")
    assert (talk.state.status, talk.notices, talk.said) == (Status.ENDED, [STALE], [])


def test_the_begin_button_starts_a_new_run() -> None:
    talk = Talk(a_question("ask", "Oi?")).send(Pressed("x", 1, None, BEGIN_DATA))
    assert (talk.at, talk.of(AnswerPress)) == ("ask", [AnswerPress("x")])


def test_a_url_button_is_never_pressed() -> None:
    talk = Talk(buttons("menu", "A", {"text": "S", "url": "https://example.com"}, next="end"), an_access("end")).begin()
    assert talk.press(1).notices == [STALE]


def test_a_new_code_is_stale_once_the_run_waits_elsewhere() -> None:
    talk = Talk(a_payment("pay", next="end", pending="ask"), a_question("ask"), an_access("end")).begin()
    talk.charge_ready().checked().asks_new_code(wait=1, step="pay")
    assert (talk.at, talk.notices) == ("ask", [STALE])


def test_i_have_paid_of_no_visit_is_stale() -> None:
    talk = Talk(a_question("ask")).begin().says_paid()
    assert talk.notices == [STALE]
