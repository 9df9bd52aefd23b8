"""The money comes while the run stands elsewhere: the grant is made, the text arrives, the paid exit is taken once."""

from datetime import timedelta

import pytest

from bots.tenancy import organization_scope
from flows.models import InboxEvent, InboxState, Run, Timer
from flows.runtime import routing
from flows.services.definitions import delete_flow
from payments.models import Grant
from payments.services.sandbox import Act
from tests.purchase.conftest import OpenWorld
from tests.support.fake_telegram import Chat
from tests.support.world import World

CONFIRMED = "Pagamento confirmado. Seu acesso: https://example.com/vip"
WELCOME = "Bem-vindo ao VIP, Ana!"
GREETING = "Olá Ana! O que você quer?"
EXPIRED = "Este código de pagamento não vale mais. Peça um novo código para pagar."


def check_served_once(world: World, chat: Chat) -> None:
    """One sale, paid and served; its text and the last step exactly once; one grant for what was owed."""
    (order,) = world.orders_of(chat)
    assert (order.status, order.served_at is not None) == ("paid", True)
    texts = [call.text for call in world.telegram.sent_to(chat.user_id)]
    assert sum(CONFIRMED in text for text in texts) == 1, texts
    assert sum(WELCOME in text for text in texts) == 1, texts
    owed = Grant.unscoped.filter(telegram_user_id=chat.user_id, step_id="pay")
    assert owed.count() == 1
    assert not Run.unscoped.filter(owes=True).exists()
    assert not InboxEvent.unscoped.filter(state=InboxState.NEW).exists()


def test_paid_where_it_is_expected(world: World) -> None:
    ana = world.person(1)
    code = world.to_the_charge(ana)
    assert "R$ 29,90" in code[0]
    assert world.pay(ana)[0] == CONFIRMED
    check_served_once(world, ana)


def test_paid_while_the_run_waits_at_another_step(world: World) -> None:
    ana = world.person(2)
    world.to_the_charge(ana)
    reminder = world.press(ana, "Já paguei")
    assert any("Seu PIX ainda está aberto." in text for text in reminder)
    said = world.pay(ana)
    assert said[0] == CONFIRMED
    check_served_once(world, ana)


def test_paid_after_the_run_has_ended(world: World) -> None:
    ana = world.person(3)
    world.to_the_charge(ana)
    world.press(ana, "Já paguei")
    assert world.press(ana, "Agora não") == ["Até logo!"]
    assert [run.status for run in world.runs_of(ana)] == ["ended"]
    assert world.pay(ana)[0] == CONFIRMED
    check_served_once(world, ana)


def test_paid_after_the_conversation_was_restarted(world: World) -> None:
    ana = world.person(4)
    world.to_the_charge(ana)
    Run.unscoped.update(started_at=Run.unscoped.get().started_at - timedelta(minutes=5))
    assert world.say(ana, "/start") == [GREETING]
    said = world.pay(ana)
    assert said[0] == CONFIRMED
    # The reopened run ends with the access, and the one below says its step again.
    assert said[-1] == GREETING
    check_served_once(world, ana)
    # It was closed by the restart, and that stays on record; what it went through is in its timeline.
    assert [run.status for run in world.runs_of(ana)] == ["closed", "active"]


def test_paid_after_the_flow_was_deactivated(world: World) -> None:
    ana = world.person(5)
    world.to_the_charge(ana)
    world.change(flow_enabled=False, active_flow=None)
    assert world.pay(ana)[0] == CONFIRMED
    check_served_once(world, ana)


def test_paid_after_the_flow_was_deleted(world: World) -> None:
    ana = world.person(6)
    world.to_the_charge(ana)
    with organization_scope(world.organization.pk):
        delete_flow(world.flow.pk)
    assert world.pay(ana)[0] == CONFIRMED
    check_served_once(world, ana)


def test_paid_after_the_event_before_was_set_aside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = world.person(7)
    world.to_the_charge(ana)
    with monkeypatch.context() as broken:

        def fail(*args: object) -> None:
            raise RuntimeError("a bug of ours")

        broken.setattr(routing, "_route", fail)
        said = world.say(ana, "e aí?")
    assert any("Erro ao processar fluxo" in text for text in said)
    assert InboxEvent.unscoped.filter(state=InboxState.SET_ASIDE).count() == 1
    assert world.pay(ana)[0] == CONFIRMED
    check_served_once(world, ana)


def test_start_is_pressed_between_paid_and_access(open_world: OpenWorld) -> None:
    """The paid run stays on top until it has reached the access, however often `/start` is pressed."""
    world = open_world(slow_delivery())
    ana = world.person(8)
    world.say(ana, "/start")
    world.press(ana, "Comprar")
    world.pay(ana)
    run = world.runs_of(ana)[-1]
    assert (run.step_id, run.owes) == ("size", True)
    Run.unscoped.update(started_at=run.started_at - timedelta(minutes=5))
    again = world.say(ana, "/start")
    assert again == ["Qual é o tamanho da camiseta?"]
    assert [run.status for run in world.runs_of(ana)] == ["active"]
    assert world.say(ana, "M") == ["Bem-vindo ao VIP, Ana!"]
    (order,) = world.orders_of(ana)
    assert (order.status, order.served_at is not None) == ("paid", True)


def test_paid_late_is_still_served(world: World) -> None:
    ana = world.person(9)
    world.to_the_charge(ana)
    assert world.pay(ana, Act.EXPIRE) == [EXPIRED]
    assert world.pay(ana, Act.PAY_LATE)[0] == CONFIRMED
    check_served_once(world, ana)
    assert world.charge_of(ana).late


def test_paid_twice_is_served_once_and_seen(world: World) -> None:
    ana = world.person(10)
    world.to_the_charge(ana)
    world.pay(ana, Act.PAY_TWICE)
    check_served_once(world, ana)
    assert world.charge_of(ana).overpaid


def test_a_lost_notice_is_found_by_pressing_i_have_paid(world: World) -> None:
    ana = world.person(11)
    world.to_the_charge(ana)
    assert world.pay(ana, notify=False) == []
    assert world.press(ana, "Já paguei")[0] == CONFIRMED
    check_served_once(world, ana)


def test_stale_timers_die_when_the_money_comes(world: World) -> None:
    ana = world.person(12)
    world.to_the_charge(ana)
    assert Timer.unscoped.filter(state="armed").count() >= 1
    world.pay(ana)
    assert not Timer.unscoped.filter(state="armed").exists()


def slow_delivery() -> dict[str, object]:
    """Pays first, asks a question, gives the access then."""
    return {
        "spec_version": 1,
        "flow_start_step_id": "menu",
        "flow_steps": [
            {
                "id": "menu",
                "type": "buttons",
                "config": {"text": "Quer comprar?", "custom_buttons": [{"text": "Comprar", "target_step": "pay"}]},
            },
            {
                "id": "pay",
                "type": "payment",
                "config": {"amount": "10.00"},
                "connections": {"next": "size", "pending": "bye"},
            },
            {
                "id": "size",
                "type": "question",
                "config": {"text": "Qual é o tamanho da camiseta?", "save_as": "size"},
                "connections": {"next": "vip"},
            },
            {"id": "vip", "type": "access", "config": {"text": "Bem-vindo ao VIP, {{first_name}}!"}},
            {"id": "bye", "type": "access", "config": {"text": "Até logo!"}},
        ],
    }
