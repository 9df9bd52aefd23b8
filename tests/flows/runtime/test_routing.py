"""Which run an event goes to, and what becomes of the stack of runs (SPEC 2.3, "Covered runs" of SPEC 3)."""

import pytest
from django.utils import timezone

from bots.models import Bot
from flows.engine.events import OperatorResumed
from flows.models import Conversation, Flow, InboxSource, Run
from tests.factories.flows import Person, drain, make_flow_bot, publish, two_questions
from tests.flows.runtime.sales import long_ago
from tests.support.flows import a_flow, a_message, a_question, an_access, buttons

pytestmark = pytest.mark.django_db

WELCOME = "Bem-vindo à loja!"
STALE = "Este botão não vale mais. Continue pela última mensagem."


# The first message, /start


def test_start_begins_the_active_flow() -> None:
    ana = Person(make_flow_bot())
    ana.start("campanha")
    drain()
    assert ana.texts == ["Qual é o seu nome?"]
    assert (ana.top.step_id, ana.top.revision, ana.top.status) == ("name", 1, "active")
    assert ana.top.state["start_payload"] == "campanha"
    assert ana.conversation.stack == [ana.top.pk]
    assert [row.state for row in ana.inbox] == ["done"]
    assert ana.timeline() == ["started", "entered"]
    assert ana.contact.first_name == "Ana"


def test_the_first_message_ever_begins_the_flow_and_is_no_answer() -> None:
    ana = Person(make_flow_bot())
    ana.say("oi")
    drain()
    assert ana.texts == ["Qual é o seu nome?"]
    assert ana.top.step_id == "name"


def test_an_answer_goes_on_and_the_end_empties_the_stack() -> None:
    ana = Person(make_flow_bot())
    for text in ("/start", "Ana", "33"):
        ana.say(text)
        drain()
    assert ana.texts == ["Qual é o seu nome?", "Quantos anos?", "Até logo, Ana!"]
    run = ana.runs[0]
    assert (run.status, run.ended_at is not None, ana.conversation.stack) == ("ended", True, [])
    assert ana.conversation.top_run_id is None


def test_rows_of_one_conversation_are_worked_off_together_in_the_order_of_their_update_ids() -> None:
    ana = Person(make_flow_bot())
    ana.say("33", update_id=103)
    ana.start(update_id=101)
    ana.say("Ana", update_id=102)
    report = drain()
    assert ana.texts == ["Qual é o seu nome?", "Quantos anos?", "Até logo, Ana!"]
    assert (report.events, report.conversations, report.transactions) == (3, 1, 1)


def test_text_without_an_active_run_gets_the_welcome_with_begin_and_the_teams_attention() -> None:
    ana = Person(make_flow_bot())
    for text in ("/start", "Ana", "33", "voltei"):
        ana.say(text)
    drain()
    assert ana.texts[-1] == WELCOME
    assert ana.button("Começar").begin
    assert (ana.conversation.attention, len(ana.runs)) == (True, 1)


def test_pressing_begin_starts_the_flow() -> None:
    ana = Person(make_flow_bot())
    for text in ("/start", "Ana", "33", "voltei"):
        ana.say(text)
    drain()
    ana.press("start")
    drain()
    assert ana.texts[-1] == "Qual é o seu nome?"
    assert ana.answers == [None]
    assert [run.status for run in ana.runs] == ["ended", "active"]


def test_start_within_ten_seconds_and_before_any_answer_is_absorbed() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    ana.start()
    drain()
    assert (len(ana.runs), ana.texts) == (1, ["Qual é o seu nome?"])
    assert [(row.state, row.error) for row in ana.inbox] == [("done", ""), ("ignored", "absorbed")]


def test_start_during_a_run_restarts_it() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    ana.say("Ana")
    drain()
    ana.start()
    drain()
    assert [run.status for run in ana.runs] == ["closed", "active"]
    assert (ana.top.step_id, ana.conversation.stack) == ("name", [ana.runs[1].pk])


def test_start_during_a_run_resumes_where_the_flow_says_so() -> None:
    ana = Person(make_flow_bot(two_questions(on_start="resume")))
    ana.start()
    ana.say("Ana")
    drain()
    ana.start()
    drain()
    assert (len(ana.runs), ana.top.step_id, ana.texts[-1]) == (1, "age", "Quantos anos?")


def test_a_flow_closed_to_new_people_lets_those_inside_finish() -> None:
    bot = make_flow_bot()
    ana, bia = Person(bot), Person(bot)
    ana.start()
    ana.say("Ana")
    drain()
    Flow.unscoped.update(closed=True)
    ana.start()
    bia.start()
    drain()
    assert (len(ana.runs), ana.top.step_id, ana.texts[-1]) == (1, "age", "Quantos anos?")
    assert bia.texts == [WELCOME]


def test_a_run_keeps_the_version_it_began_with() -> None:
    bot = make_flow_bot()
    ana = Person(bot)
    ana.start()
    drain()
    publish(bot, a_flow([a_message("new", "Outra", next="bye"), an_access("bye")]), flow=Flow.unscoped.get())
    ana.say("Ana")
    drain()
    assert ana.texts[-1] == "Quantos anos?"
    bia = Person(bot)
    bia.start()
    drain()
    assert bia.texts[0] == "Outra"


# Presses


def a_choice() -> dict[str, object]:
    return a_flow(
        [
            buttons("menu", {"text": "Sim", "target_step": "yes"}, {"text": "Não", "target_step": "bye"}),
            a_question("yes", "Por quê?", next="bye"),
            an_access("bye", "Tchau"),
        ]
    )


def test_a_press_goes_where_its_button_leads_and_is_answered_once() -> None:
    ana = Person(make_flow_bot(a_choice()))
    ana.start()
    drain()
    ana.press(ana.button("Sim"))
    drain()
    assert (ana.top.step_id, ana.answers) == ("yes", [None])
    assert [row.text for row in ana.transcript] == ["/start", "Escolha:", "Sim", "Por quê?"]


def test_a_stale_press_gets_a_notice_and_never_moves_the_run() -> None:
    ana = Person(make_flow_bot(a_choice()))
    ana.start()
    drain()
    old = ana.button("Não")
    ana.press(ana.button("Sim"))
    drain()
    ana.press(old)
    drain()
    assert (ana.top.step_id, ana.answers) == ("yes", [None, STALE])


def test_a_press_of_an_older_run_never_moves_the_present_one() -> None:
    ana = Person(make_flow_bot(a_choice()))
    ana.start()
    drain()
    old = ana.button("Sim")
    long_ago(ana)
    ana.start()
    drain()
    ana.press(old)
    drain()
    assert (ana.top.step_id, ana.answers, len(ana.runs)) == ("menu", [STALE], 2)


@pytest.mark.parametrize("data", ["lixo", "start!", "x" * 64])
def test_foreign_data_is_answered_with_the_same_notice(data: str) -> None:
    ana = Person(make_flow_bot(a_choice()))
    ana.start()
    drain()
    ana.press(data)
    drain()
    assert (ana.top.step_id, ana.answers) == ("menu", [STALE])


def test_a_press_without_any_run_is_answered() -> None:
    ana = Person(make_flow_bot(a_choice()))
    ana.press("lixo")
    drain()
    assert (ana.answers, ana.texts, ana.runs) == ([STALE], [], [])


def test_a_press_naming_a_run_of_somebody_else_moves_nothing() -> None:
    bot = make_flow_bot(a_choice())
    ana, bia = Person(bot), Person(bot)
    ana.start()
    bia.start()
    drain()
    bia.press(ana.button("Sim"))
    drain()
    assert (ana.top.step_id, bia.top.step_id, bia.answers) == ("menu", "menu", [STALE])


# What is missing


def lose_step(person: Person) -> None:
    run = person.top
    run.state["step_id"] = "gone"
    Run.unscoped.filter(pk=run.pk).update(state=run.state)


def test_a_missing_step_restarts_the_flow_once() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    lose_step(ana)
    ana.say("Ana")
    drain()
    assert [(run.status, run.failure) for run in ana.runs] == [("failed", "step_missing"), ("active", "")]
    assert (ana.top.step_id, ana.texts[-1], ana.conversation.attention) == ("name", "Qual é o seu nome?", True)
    lose_step(ana)
    ana.say("Ana")
    drain()
    assert (ana.texts[-1], ana.conversation.stack) == (WELCOME, [])


def test_a_missing_step_says_the_welcome_where_the_flow_is_off() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    lose_step(ana)
    Bot.unscoped.update(flow_enabled=False)
    ana.say("Ana")
    drain()
    assert (ana.texts[-1], len(ana.runs)) == (WELCOME, 1)


def test_a_failed_run_is_told_and_goes_on_by_the_teams_hand() -> None:
    loop = [a_question("ask", "Vai?", next="a"), a_message("a", next="b"), a_message("b", next="bye"), an_access("bye")]
    ana = Person(make_flow_bot(a_flow(loop)))
    ana.start()
    drain()
    run = ana.top
    Run.unscoped.filter(pk=run.pk).update(state={**run.state, "status": "failed"}, status="failed")
    Conversation.unscoped.update(stack=[], top_run_id=None)
    ana.happen(OperatorResumed(), run_id=run.pk, source=InboxSource.OPERATOR)
    drain()
    assert (ana.top.pk, ana.top.status, ana.top.step_id, ana.texts[-1]) == (run.pk, "active", "ask", "Vai?")


# Around the run


def test_whoever_writes_has_not_blocked_the_bot() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    contact = ana.contact
    contact.blocked_at = timezone.now()
    contact.save()
    ana.say("Ana")
    drain()
    assert ana.contact.blocked_at is None


def test_a_paused_bot_keeps_its_rows_unread() -> None:
    bot = make_flow_bot()
    ana = Person(bot)
    Bot.unscoped.update(status="paused")
    ana.start()
    assert drain().events == 0
    assert ana.inbox[0].state == "new"
    Bot.unscoped.update(status="active")
    assert drain().events == 1
    assert ana.texts == ["Qual é o seu nome?"]


def test_a_run_can_be_begun_with_a_version_asked_for() -> None:
    bot = make_flow_bot()
    other = publish(bot, a_flow([a_question("o", "Outro fluxo", next="bye"), an_access("bye")]), active=False)
    ana = Person(bot)
    ana.start()
    drain()
    ana.happen_start(other)
    drain()
    assert (ana.top.version_id, ana.top.flow_id, ana.texts[-1]) == (other.pk, other.flow_id, "Outro fluxo")
