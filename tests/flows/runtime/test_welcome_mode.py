"""A bot without a flow, and what its welcome sells."""

from uuid import uuid4

import pytest

from bots.models import Bot
from flows.engine.effects import RequestPayment
from flows.engine.events import ChargeReady
from flows.models import FlowVersion
from tests.factories.flows import Person, drain, make_bot, publish, two_questions
from tests.flows.runtime.sales import paid

pytestmark = pytest.mark.django_db


WELCOME = "Bem-vindo à loja!"


# Welcome mode


def a_shop() -> Bot:
    return make_bot(
        main_buttons=[{"text": "VIP", "price": "29.90", "access": {"text": "Você é VIP"}}, {"text": "Ajuda"}]
    )


def test_a_bot_without_a_flow_runs_its_welcome() -> None:
    ana = Person(a_shop())
    ana.start()
    drain()
    assert ana.texts == [WELCOME]
    version = FlowVersion.unscoped.get()
    assert (version.kind, version.flow_id, version.number, ana.top.version_id) == ("welcome", None, None, version.pk)


def test_one_welcome_version_per_bot_and_content() -> None:
    bot = a_shop()
    ana, bia = Person(bot), Person(bot)
    ana.start()
    drain()
    bia.start()
    drain()
    assert FlowVersion.unscoped.count() == 1
    Bot.unscoped.update(welcome_message="Mudou!")
    caio = Person(bot)
    caio.start()
    drain()
    assert caio.texts == ["Mudou!"]
    assert FlowVersion.unscoped.count() == 2


def test_a_priced_main_button_charges_and_delivers() -> None:
    ana = Person(a_shop())
    ana.start()
    drain()
    ana.press(ana.button("VIP"))
    drain()
    asked = next(effect for effect in ana.effects if isinstance(effect, RequestPayment))
    assert asked.deliver is not None
    assert (asked.amount_minor, asked.currency, asked.deliver["text"]) == (2990, "BRL", "Você é VIP")
    paid(ana, ana.top, visit=asked.visit)
    drain()
    assert "Você é VIP" in ana.texts
    assert ana.texts[-1] == WELCOME


def test_a_welcome_without_buttons_ends_after_its_text() -> None:
    ana = Person(make_bot())
    ana.start()
    drain()
    assert (ana.texts, ana.runs[0].status, ana.conversation.stack) == ([WELCOME], "ended", [])


def test_once_a_flow_is_on_the_next_event_ends_the_welcome_run() -> None:
    bot = a_shop()
    ana, bia, caio = Person(bot), Person(bot), Person(bot)
    for person in (ana, bia, caio):
        person.start()
    drain()
    publish(bot, two_questions())
    ana.say("oi")
    bia.press(bia.button("Ajuda"))
    caio.start()
    drain()
    for person in (ana, bia, caio):
        assert person.texts == [WELCOME, "Qual é o seu nome?"]
        assert [run.status for run in person.runs] == ["closed", "active"]
    assert bia.answers == [None]


def test_an_event_about_an_open_charge_stays_with_the_welcome_run() -> None:
    bot = a_shop()
    ana = Person(bot)
    ana.start()
    drain()
    ana.press(ana.button("VIP"))
    drain()
    welcome_run = ana.top
    publish(bot, two_questions())
    ana.happen(ChargeReady(1, uuid4(), "000201", 2990, "BRL"), run_id=welcome_run.pk)
    drain()
    assert (ana.top.pk, len(ana.runs)) == (welcome_run.pk, 1)
    paid(ana, welcome_run)
    drain()
    assert "Você é VIP" in ana.texts
    ana.say("oi")
    drain()
    assert ana.texts[-1] == "Qual é o seu nome?"
