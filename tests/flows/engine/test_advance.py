"""The walk itself: guards, ends, missing steps, resuming, events that change nothing."""

import pytest

from flows.engine.effects import AttentionReason, RaiseAttention, TimelineKind
from flows.engine.events import Answered, AnswerKind, Event, OperatorResumed, Resumed, Start, TimerFired, TimerKind
from flows.engine.state import Facts, Status
from tests.support.conversation import Talk
from tests.support.flows import a_message, a_question, an_access, buttons


def chain(length: int) -> Talk:
    steps = [a_message(f"m{n}", next=f"m{n + 1}") for n in range(length)]
    return Talk(*steps, a_question(f"m{length}"))


def test_fifty_steps_are_walked() -> None:
    assert chain(49).begin().at == "m49"


def test_the_fifty_first_fails_the_run_with_its_path() -> None:
    talk = chain(50).begin()
    assert talk.state.status is Status.FAILED
    assert talk.said[-1] == "⚠️ Fluxo muito longo detectado. Entre em contato com o suporte."
    assert talk.recorded(TimelineKind.FAILED)[0].data["path"] == [f"m{n}" for n in range(51)]
    assert talk.of(RaiseAttention) == [RaiseAttention(AttentionReason.RUN_FAILED)]


def test_no_step_is_entered_twice() -> None:
    talk = Talk(a_message("a", "A", next="b"), a_message("b", "B", next="a")).begin()
    assert talk.state.failure == "loop"
    assert talk.said == ["A", "B", "⚠️ Erro no fluxo detectado. Entre em contato com o suporte."]
    assert talk.recorded(TimelineKind.FAILED)[0].data["path"] == ["a", "b", "a"]


def test_the_step_it_leaves_from_does_not_count() -> None:
    talk = Talk(a_question("ask", next="hint"), a_message("hint", next="ask")).begin()
    assert talk.write("x").at == "ask"
    assert talk.state.wait == 3


def test_a_failing_run_speaks_the_bots_words_and_language() -> None:
    loop = (a_message("a", next="b"), a_message("b", next="a"))
    assert Talk(*loop, facts=Facts(locale="en")).begin().said[-1] == (
        "⚠️ There is an error in this flow. Please contact support."
    )
    assert Talk(*loop, facts=Facts(texts={"loop": "Ops, {{first_name}}"})).begin().said[-1] == "Ops, "


def test_a_target_that_is_missing_loses_the_run() -> None:
    talk = Talk(a_question("ask", next="gone")).begin().write("x")
    assert (talk.state.status, talk.state.step_id) == (Status.LOST, None)
    assert talk.recorded(TimelineKind.STEP_MISSING)[0].data == {"missing": "gone"}


def test_a_flow_without_a_start_loses_the_run() -> None:
    assert Talk(a_question("ask"), start="nowhere").begin().state.status is Status.LOST


def test_a_message_that_leads_nowhere_ends_the_run() -> None:
    assert Talk(a_message("bye", "Tchau")).begin().state.status is Status.ENDED


def test_each_move_begins_a_new_wait() -> None:
    talk = Talk(a_question("one", next="two"), a_question("two")).begin()
    assert talk.state.wait == 1
    assert talk.later(seconds=5).write("x").state.wait == 2
    assert talk.state.entered_at == talk.now


def test_taking_an_event_counts_one_revision() -> None:
    talk = Talk(a_question("one", next="two"), a_question("two")).begin()
    assert talk.state.revision == 1
    assert talk.write("x").state.revision == 2


@pytest.mark.parametrize(
    "event",
    [
        TimerFired(TimerKind.DELAY, 1),
        TimerFired(TimerKind.PENDING, 1, 1),
        TimerFired(TimerKind.ELAPSED, 8),
    ],
    ids=str,
)
def test_an_event_the_step_does_not_wait_for_gives_the_same_state(event: Event) -> None:
    talk = Talk(a_question("ask")).begin()
    before = talk.state
    talk.send(event)
    assert (talk.state, talk.last) == (before, ())


@pytest.mark.parametrize("event", [Answered(AnswerKind.TEXT, "x"), Resumed(), OperatorResumed()], ids=str)
def test_an_ended_run_takes_nothing(event: Event) -> None:
    talk = Talk(an_access("bye")).begin()
    before = talk.state
    talk.send(event)
    assert (talk.state, talk.last) == (before, ())


@pytest.mark.parametrize("event", [Start(), Resumed(), OperatorResumed()], ids=str)
def test_the_present_step_is_said_again_without_a_new_wait(event: Event) -> None:
    talk = Talk(buttons("menu", "A", next="end"), an_access("end")).begin().send(event)
    assert (talk.said, talk.state.wait) == (["Escolha:"], 1)
    assert talk.press(0).state.status is Status.ENDED


def test_an_operator_moves_a_failed_run_to_a_step() -> None:
    talk = Talk(a_message("a", next="b"), a_message("b", next="a"), a_question("ask", "Então?")).begin()
    talk.send(OperatorResumed("ask"))
    assert (talk.at, talk.said, talk.state.failure) == ("ask", ["Então?"], None)


def test_an_operator_cannot_move_a_run_to_a_step_that_is_not_there() -> None:
    talk = Talk(a_question("ask")).begin().send(OperatorResumed("gone"))
    assert (talk.at, talk.problems) == ("ask", ["no_such_step"])


def test_an_operator_starts_a_lost_run_again() -> None:
    talk = Talk(a_question("ask", "Oi?", next="gone")).begin().write("x").send(OperatorResumed())
    assert (talk.at, talk.said) == ("ask", ["Oi?"])


def test_a_run_may_begin_at_any_step() -> None:
    talk = Talk(a_question("ask"), a_question("late", "Aqui?")).send(OperatorResumed("late"))
    assert (talk.at, talk.said) == ("late", ["Aqui?"])


def test_the_payload_of_the_deep_link_is_a_variable() -> None:
    assert Talk(a_message("hi", "Veio de {{start_payload}}")).begin("insta\x00").said == ["Veio de insta"]


def test_built_in_variables_are_filled() -> None:
    text = "{{first_name}}|{{last_name}}|{{username}}|{{chat_id}}|{{bot_username}}|{{now}}|{{payment.amount}}"
    assert Talk(a_message("hi", text)).begin().said == ["Ana &lt;3|Sá|ana|77|loja_bot|02/03/2026 09:00|"]


def test_hostile_text_is_cleaned_before_it_is_kept() -> None:
    talk = Talk(a_question("ask", next="end", config={"save_as": "x"}), a_question("end")).begin()
    talk.send(Answered(AnswerKind.TEXT, "a\x00b\ud800" + "z" * 1_000_000))
    assert len(str(talk.state.variables["x"])) <= 8_192
    assert "\x00" not in talk.state.last_input
    talk.state.last_input.encode("utf-8")
