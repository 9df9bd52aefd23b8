"""A place in a group from hello to the second month: bought, entered, reminded, renewed, ended, and undone, by a clock
that is moved by hand."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from bots.actor import SYSTEM
from bots.models import ConnectedChat
from bots.outbox.models import MessageState, OutboxMessage
from bots.tenancy import organization_scope
from payments.models import Grant, Order, Place
from payments.selectors import ProofKind, ProofState, proof_of_sale
from payments.services import take_back_due
from payments.services.place_acts import undo_removal
from payments.services.tending import tend_places
from telegram_gateway.memberships import process_memberships
from tests.purchase.conftest import OpenWorld
from tests.support.fake_telegram import Chat
from tests.support.fake_telegram.groups import Group
from tests.support.flows import a_flow, a_payment
from tests.support.world import TOKEN, World

CHAT = -100777
DAYS = 30


class Life:
    """One buyer and one group."""

    def __init__(self, open_world: OpenWorld) -> None:
        self.world: World = open_world()
        self.group: Group = self.world.telegram.groups.open(CHAT)
        self.ana: Chat = self.world.person(1)
        me = {"id": self.world.bot.telegram_id, "is_bot": True}
        rights = {"can_invite_users": True, "can_restrict_members": True}
        self.hear(
            my_chat_member={
                "chat": self.group.chat,
                "from": {"id": 7},
                "date": 1_760_000_000,
                "old_chat_member": {"user": me, "status": "left"},
                "new_chat_member": {"user": me, "status": "administrator", **rights},
            }
        )
        self.chat = ConnectedChat.unscoped.get()
        vip = {"chat": str(self.chat.pk), "text": "Bem-vindo!", "duration_days": DAYS}
        flow = self.world.publish(
            a_flow(
                [
                    a_payment("pay", next="vip"),
                    {"id": "vip", "type": "access", "config": vip, "position": {"x": 0, "y": 0}},
                ]
            ),
            name="VIP",
        )
        self.world.change(active_flow=flow.pk)

    def settle(self) -> None:
        for _round in range(5):
            self.world.settle()
            process_memberships()
            take_back_due()
            tend_places()
        self.world.settle()

    def hear(self, **update: Any) -> None:
        self.world.person(1).deliver({"update_id": self.world.telegram.next_update_id(), **update})
        self.settle()

    def buys(self) -> None:
        self.world.pay(self.ana)
        self.settle()

    def enters(self) -> None:
        """Presses the link: asks to join, is let in, and Telegram tells of it."""
        person = {"id": 1, "is_bot": False, "language_code": "pt-br"}
        self.group.asking.add(1)
        self.hear(chat_join_request={"chat": self.group.chat, "from": person, "user_chat_id": 1, "date": 1_760_000_000})
        assert self.group.members == {1: "member"}
        self.hear(
            chat_member={
                "chat": self.group.chat,
                "from": person,
                "date": int(timezone.now().timestamp()),
                "old_chat_member": {"user": person, "status": "left"},
                "new_chat_member": {"user": person, "status": "member"},
            }
        )

    def passes(self, days: float) -> None:
        """So many days later, as far as accesses know."""
        span = timedelta(days=days)
        Grant.unscoped.update(starts_at=F("starts_at") - span, ends_at=F("ends_at") - span)
        Place.unscoped.update(due_at=F("due_at") - span)
        self.settle()

    @property
    def said(self) -> list[str]:
        return [call.text for call in self.world.telegram.sent_to(1, token=TOKEN)]


@pytest.fixture
def life(open_world: OpenWorld) -> Life:
    return Life(open_world)


def states(life: Life, order: Order) -> dict[ProofKind, ProofState]:
    order.refresh_from_db()
    with organization_scope(life.world.organization.pk):
        return {stop.kind: stop.state for stop in proof_of_sale(order)}


def due_now(life: Life) -> None:
    """What looks again in a second does so now."""
    OutboxMessage.unscoped.filter(state=MessageState.NEW).update(due_at=timezone.now())
    life.settle()


def test_a_month_in_a_group_is_bought_used_renewed_ended_and_undone(life: Life) -> None:
    life.world.say(life.ana, "/start")
    life.buys()
    due_now(life)
    order = life.world.orders_of(life.ana)[0]
    assert order.sent_at is not None
    assert life.said[-2:] == ["Bem-vindo!", "🔑 O seu lugar está pronto. Toque no botão para entrar:"]
    life.enters()
    assert set(states(life, order).values()) == {ProofState.DONE}

    # Three days before the end they are told, and the button leads to paying again.
    life.passes(DAYS - 2.5)
    assert life.said[-1] == "⏳ O seu acesso ao grupo termina em 3 dias. Renove agora e não perca nenhum dia:"
    life.world.press(life.ana, "🔁 Renovar")
    before = life.said
    life.buys()
    first, second = Grant.unscoped.order_by("id")
    assert second.starts_at == first.ends_at

    # What was renewed is not reminded of again, nor put out at the first end.
    life.passes(2)
    life.passes(1)
    assert life.group.members == {1: "member"}
    assert not [text for text in life.said[len(before) :] if text.startswith("⏳")]

    # The second end: told why, put out without a ban, and how to come back.
    life.passes(DAYS)
    assert (life.group.members, life.group.banned) == ({}, set())
    assert life.said[-1] == "O prazo do seu acesso ao grupo terminou, por isso você saiu dele. Para voltar, renove:"
    (place,) = Place.unscoped.all()
    assert place.removed_at is not None

    # The team undoes it: an access, a link, and in again.
    undo_removal(
        place.pk, organization_id=life.world.organization.pk, days=7, reason="asked on the phone", actor=SYSTEM
    )
    life.settle()
    assert life.said[-1] == "🔑 O seu lugar está pronto. Toque no botão para entrar:"
    life.enters()
    assert Place.unscoped.get().is_inside


def test_an_access_is_not_sent_before_its_link_was_said(life: Life) -> None:
    life.group.rights["can_invite_users"] = False
    life.world.say(life.ana, "/start")
    life.buys()
    order = life.world.orders_of(life.ana)[0]
    assert (order.served_at is None, order.sent_at) == (False, None)
    assert states(life, order)[ProofKind.SENT] is ProofState.OPEN

    life.group.rights["can_invite_users"] = True
    me = {"id": life.world.bot.telegram_id, "is_bot": True}
    life.hear(
        my_chat_member={
            "chat": life.group.chat,
            "from": {"id": 7},
            "date": int(timezone.now().timestamp()) + 5,
            "old_chat_member": {"user": me, "status": "administrator"},
            "new_chat_member": {
                "user": me,
                "status": "administrator",
                "can_invite_users": True,
                "can_restrict_members": True,
            },
        }
    )
    due_now(life)

    order.refresh_from_db()
    assert order.sent_at is not None
    assert states(life, order)[ProofKind.SENT] is ProofState.DONE
