"""The way into a group or channel is said in any case: by the run that asked for it, or beside any."""

from uuid import uuid4

import pytest

from bots.models import ConnectedChat
from flows.engine.events import AccessReady, OperatorClosed
from flows.models import InboxSource
from tests.factories.flows import Person, drain, make_bot, publish
from tests.support.flows import a_flow, a_question, a_step, an_access

pytestmark = pytest.mark.django_db

LINK = "https://t.me/+vip"
SAID = "🔑 O seu lugar está pronto. Toque no botão para entrar:"


def waiting_for_its_link() -> Person:
    bot = make_bot()
    chat = ConnectedChat.unscoped.create(
        organization_id=bot.organization_id, bot=bot, telegram_id=-1001, kind="channel", can_invite_users=True
    )
    steps = [
        a_step("vip", "deliver", {"text": "Bem-vindo!", "chat": str(chat.pk)}, next="ask"),
        a_question("ask", "Gostou?", next="end"),
        an_access("end"),
    ]
    publish(bot, a_flow(steps))
    ana = Person(bot)
    ana.start()
    drain()
    assert (ana.top.step_id, ana.texts) == ("vip", ["Bem-vindo!"])
    return ana


def test_the_link_is_said_and_the_run_goes_on() -> None:
    ana = waiting_for_its_link()

    ana.happen(AccessReady(1, uuid4(), LINK, wait=1), run_id=ana.top.pk)
    drain()

    assert (ana.top.step_id, ana.texts) == ("ask", ["Bem-vindo!", SAID, "Gostou?"])


def test_the_link_of_a_run_that_is_over_is_said_beside_the_present_one() -> None:
    ana = waiting_for_its_link()
    over = ana.top.pk
    ana.happen(OperatorClosed(), run_id=over, source=InboxSource.OPERATOR)
    drain()
    ana.start()
    drain()
    present = ana.top.pk
    assert present != over

    ana.happen(AccessReady(1, uuid4(), LINK, wait=1), run_id=over)
    drain()

    assert ana.texts[-1] == SAID
    assert (ana.top.pk, ana.top.step_id) == (present, "vip")


def test_a_link_that_no_run_asked_for_is_said_and_moves_none() -> None:
    ana = waiting_for_its_link()

    ana.happen(AccessReady(None, uuid4(), LINK), run_id=None)
    drain()

    assert (ana.top.step_id, ana.texts) == ("vip", ["Bem-vindo!", SAID])
