"""Commands that every bot answers, and triggers that begin a flow: through the inbox, whatever a run does."""

from typing import Any
from uuid import uuid4

import pytest

from bots.models import Bot
from flows.engine.effects import RecallAccess
from flows.engine.events import AccessRecalled, RecalledAccess
from flows.models import FlowVersion, Run
from tests.factories.flows import Person, drain, make_bot, make_flow_bot, publish, two_questions
from tests.flows.runtime.sales import a_sale, paid
from tests.support.flows import a_condition, a_flow, a_question, an_access

pytestmark = pytest.mark.django_db

PRIVACY, TERMS, SUPPORT = "🔒 <b>Privacidade</b>", "📄 <b>Termos</b>", "🛟 <b>Ajuda com pagamentos</b>"
COMMANDS = {"/privacy": PRIVACY, "/TERMS@loja_bot": TERMS, "/paysupport não chegou": SUPPORT}
TRIGGERS = [{"command": "planos", "target_step": "age"}, {"keyword": "preço", "target_step": "age"}]


def speaks_of(person: Person) -> list[str]:
    """The first lines of what they got."""
    return [text.split("\n")[0] for text in person.texts]


def with_triggers(bot: Bot) -> FlowVersion:
    return publish(bot, two_questions(triggers=TRIGGERS))


# The commands of every bot


def test_they_answer_inside_a_run_which_stays_where_it_is() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    before = (ana.top.step_id, ana.top.revision, ana.top.state, ana.timeline())
    for command in COMMANDS:
        ana.say(command)
        drain()
    assert speaks_of(ana) == ["Qual é o seu nome?", *COMMANDS.values()]
    assert (ana.top.step_id, ana.top.revision, ana.top.state, ana.timeline()) == before
    ana.say("Ana")
    drain()
    assert ana.texts[-1] == "Quantos anos?"


@pytest.mark.parametrize("flow_enabled", [True, False])
def test_they_answer_before_anything_else_and_leave_the_flow_to_the_next_word(flow_enabled: bool) -> None:
    ana = Person(make_flow_bot())
    Bot.unscoped.filter(pk=ana.bot.pk).update(flow_enabled=flow_enabled)
    for command in COMMANDS:
        ana.say(command)
    drain()
    assert speaks_of(ana) == list(COMMANDS.values())
    assert ana.runs == []
    ana.say("oi")
    drain()
    assert ana.texts[-1] == ("Qual é o seu nome?" if flow_enabled else "Bem-vindo à loja!")


def test_they_answer_whoever_has_no_run_any_more_or_one_that_failed() -> None:
    ana = Person(make_flow_bot(a_flow([an_access("bye", "Tchau")])))
    ana.start()
    drain()
    ana.say("/terms")
    drain()
    assert speaks_of(ana) == ["Tchau", TERMS]
    bia = Person(make_flow_bot())
    bia.start()
    drain()
    Run.unscoped.filter(pk=bia.top.pk).update(state={"v": 1, "broken": True})
    bia.say("/terms")
    drain()
    assert speaks_of(bia)[1:] == [TERMS]
    assert [row.state for row in bia.inbox] == ["done", "done"]


def test_they_answer_whoever_had_blocked_the_bot() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    contact = ana.contact
    contact.blocked_at = contact.updated_at
    contact.save()
    ana.say("/privacy")
    drain()
    assert ana.contact.blocked_at is None
    assert speaks_of(ana)[-1] == PRIVACY


def test_a_payment_that_waits_is_neither_reminded_nor_moved() -> None:
    ana = Person(make_flow_bot(a_sale()))
    ana.start()
    drain()
    before = ana.top.revision
    ana.say("/terms")
    drain()
    assert (ana.top.step_id, ana.top.revision) == ("pay", before)
    assert speaks_of(ana)[-1] == TERMS


def test_privacy_and_terms_name_the_organization() -> None:
    ana = Person(make_flow_bot())
    ana.say("/privacy")
    ana.say("/terms")
    drain()
    assert all("Loja" in text for text in ana.texts)


def test_payment_support_tells_the_contact_and_the_team() -> None:
    ana = Person(make_flow_bot(support_contact="@loja_ajuda <3"))
    ana.say("/paysupport")
    drain()
    assert "@loja_ajuda &lt;3" in ana.texts[0]
    assert ana.conversation.attention


def test_without_a_contact_of_its_own_support_is_this_chat() -> None:
    ana = Person(make_flow_bot())
    ana.say("/paysupport")
    drain()
    assert "escreva aqui mesmo" in ana.texts[0]


def test_a_bot_has_its_own_words_in_each_language() -> None:
    bot = make_flow_bot(texts={"terms": {"pt-br": "Nossas regras", "en": "Our rules"}})
    ana, bob = Person(bot), Person(bot)
    ana.say("/terms")
    english: dict[str, Any] = {**bob._message(), "text": "/terms"}
    english["from"] = {**english["from"], "language_code": "en-GB"}
    bob.send({"message": english})
    drain()
    assert (ana.texts, bob.texts) == (["Nossas regras"], ["Our rules"])


def test_a_button_in_the_bots_own_words_is_heard_in_them() -> None:
    bot = make_flow_bot(a_flow([an_access("bye", "Tchau")]), texts={"begin": {"pt-br": "Vamos!"}})
    ana = Person(bot)
    ana.start()
    drain()
    ana.say("oi de novo")
    drain()
    ana.press(ana.button("Vamos!"))
    drain()
    assert [line.text for line in ana.transcript if "pressed" in line.payload] == ["Vamos!"]
    assert [row.state for row in ana.inbox] == ["done"] * 3


def test_access_is_asked_for_and_what_comes_is_said_once_more() -> None:
    ana = Person(make_flow_bot(a_flow([a_question("name", config={"save_as": "nome"}, next="vip"), an_access("vip")])))
    ana.start()
    drain()
    ana.say("Ana")
    drain()
    ana.say("/acesso")
    drain()
    assert [effect for effect in ana.effects if isinstance(effect, RecallAccess)] == [RecallAccess()]
    told = len(ana.texts)
    ana.happen(
        AccessRecalled(
            (
                RecalledAccess(
                    ana.runs[0].pk, {"text": "Entre, {{nome}} {{first_name}}", "link": "https://example.com"}
                ),
                # Another bot's run is not known here: what only it knew is empty.
                RecalledAccess(uuid4(), {"text": "De outro bot: {{nome}}", "media": {"type": "photo", "file_id": "X"}}),
            )
        )
    )
    drain()
    assert ana.texts[told:] == [
        "Aqui está o que é seu:",
        "Entre, Ana Ana\nhttps://example.com",
        "De outro bot: ",
    ]
    assert [run.revision for run in ana.runs] == [2]


def test_who_has_no_access_is_told_so() -> None:
    ana = Person(make_flow_bot())
    ana.happen(AccessRecalled(()))
    drain()
    assert ana.texts == [
        "Não encontramos nenhum acesso seu em aberto. Se você pagou e não recebeu, escreva /paysupport."
    ]


def test_the_link_to_a_group_follows_by_itself() -> None:
    ana = Person(make_flow_bot())
    ana.happen(AccessRecalled((RecalledAccess(uuid4(), {"chat": "-1001"}),)))
    drain()
    assert ana.texts == [
        "Aqui está o que é seu:",
        "O link do grupo chega aqui sozinho, assim que estiver pronto.",
    ]
    assert not ana.conversation.attention


# Triggers where no run takes the message


@pytest.mark.parametrize("said", ["/planos", "/Planos@loja_bot", "preço", "PRECO"])
def test_a_trigger_begins_the_flow_at_its_step(said: str) -> None:
    ana = Person(make_bot())
    with_triggers(ana.bot)
    ana.say(said)
    drain()
    assert (ana.texts, ana.top.step_id) == (["Quantos anos?"], "age")
    ana.say("30")
    drain()
    # The run is over: the same word begins another.
    ana.say(said)
    drain()
    assert (ana.texts[-1], len(ana.runs)) == ("Quantos anos?", 2)


def test_a_trigger_is_not_there_while_the_flow_is_off() -> None:
    ana = Person(make_bot())
    with_triggers(ana.bot)
    Bot.unscoped.filter(pk=ana.bot.pk).update(flow_enabled=False)
    ana.say("/planos")
    drain()
    assert ana.texts == ["Bem-vindo à loja!"]


def test_a_command_of_the_newer_version_takes_along_whoever_is_inside_the_older() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    newer = publish(ana.bot, two_questions(triggers=TRIGGERS), flow=ana.top.flow)
    ana.say("preço")
    drain()
    assert ana.texts[-1] == "Quantos anos?", "a keyword is only a word to whoever is inside"
    ana.say("/planos")
    drain()
    assert [run.status for run in ana.runs] == ["closed", "active"]
    assert (ana.top.version_id, ana.top.step_id) == (newer.pk, "age")


def test_a_newer_command_never_takes_away_whoever_is_owed_something() -> None:
    document = a_sale()
    ana = Person(make_flow_bot(document))
    ana.start()
    drain()
    paid(ana, ana.top)
    drain()
    publish(ana.bot, {**document, "triggers": [{"command": "planos", "target_step": "later"}]}, flow=ana.top.flow)
    assert ana.top.owes
    ana.say("/planos")
    drain()
    assert len(ana.runs) == 1


def test_the_welcome_of_a_flow_that_was_off_gives_way_to_a_trigger() -> None:
    ana = Person(make_bot(main_buttons=[{"text": "Saber mais", "description": "É bom"}]))
    ana.start()
    drain()
    with_triggers(ana.bot)
    ana.say("/planos")
    drain()
    assert (ana.texts[-1], ana.top.step_id) == ("Quantos anos?", "age")


def test_a_paid_run_follows_its_own_commands_and_is_owed_as_before() -> None:
    document = a_sale()
    ana = Person(make_flow_bot({**document, "triggers": [{"command": "depois", "target_step": "later"}]}))
    ana.start()
    drain()
    paid(ana, ana.top)
    drain()
    ana.say("/depois")
    drain()
    assert (ana.top.step_id, ana.top.owes) == ("later", True)
    ana.say("sim")
    drain()
    assert [(run.status, run.owes) for run in ana.runs] == [("ended", False)]


def test_a_keyword_condition_of_the_step_goes_first() -> None:
    asks = a_question("ask", conditions=[a_condition("text_validation", "b", validation="equals", value="preço")])
    document = a_flow(
        [asks, an_access("a", "A"), an_access("b", "B")], triggers=[{"keyword": "preço", "target_step": "a"}]
    )
    ana = Person(make_flow_bot(document))
    ana.start()
    ana.say("preço")
    drain()
    assert ana.texts[-1] == "B"
