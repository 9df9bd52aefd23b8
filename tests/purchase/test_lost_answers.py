"""Death anywhere between the order and the access, at gateways that lose answers: one of each kind of idempotency.

Twenty buyers at each, one seed for each: where work dies, which calls are lost and whether the notice comes.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from bots.crashpoints import CrashPointReached, planned, registered
from bots.outbox.models import MessageState, OutboxMessage, Queue
from bots.outbox.relay import reclaim_lost
from bots.tenancy import organization_scope
from payments.domain.ledger import fold
from payments.domain.states import SETTLED
from payments.models import DeliveryState, GatewayAccount, Grant, Payment, PaymentEvent, WebhookDelivery
from payments.services import set_bot_accounts
from tests.factories.gateways import WEBHOOK_SECRET, may_be_asked_again, post
from tests.payments.gateways.test_every_gateway import CREATION
from tests.purchase.conftest import OpenWorld
from tests.purchase.test_every_gateway import CONFIRMED, asks_everything
from tests.support.fake_gateways import Entry, FakeAsaas, FakeGateway, FakeMercadoPago, FakePushinPay, Mood
from tests.support.fake_telegram import Chat
from tests.support.soak import something_waits
from tests.support.world import World

SEEDS: Final = 20
DEATHS: Final = 4
MOST_ROUNDS: Final = 40
# Keyed, found by our key, and neither.
KINDS: Final = (FakeMercadoPago, FakeAsaas, FakePushinPay)
# What a sale passes; a member's decision is registered by its page alone, and would change every seed's plan.
PLACES: Final = tuple(
    sorted(name for name in registered() - {"payments.matter.decided"} if name.startswith(("payments.", "relay.")))
)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name.value)
def fake(request: pytest.FixtureRequest, settings: Any) -> Iterator[FakeGateway]:
    with request.param() as running:
        setattr(settings, running.setting, running.url)
        yield running


@pytest.fixture
def world(open_world: OpenWorld, fake: FakeGateway) -> World:
    """The shop charges at the fake alone."""
    world = open_world(asks_everything())
    with organization_scope(world.organization.pk):
        account = GatewayAccount(organization=world.organization, gateway=fake.name.value, name="Principal")
        account.credentials, account.webhook_secret = fake.credentials, WEBHOOK_SECRET
        account.save()
    set_bot_accounts(organization_id=world.organization.pk, bot_id=world.bot.pk, account_ids=[account.pk])
    return world


class Purchase:
    """One buyer's way, all of whose chances come from one seed."""

    def __init__(self, world: World, fake: FakeGateway, seed: int) -> None:
        self.world, self.fake = world, fake
        self.chance = random.Random(f"{fake.name}:{seed}")
        self.chat: Chat = world.person(90_000 + seed)
        self.others = set(fake.entries)

    def run(self) -> None:
        """From hello to the access."""
        self.world.say(self.chat, "/start")
        self.world.press(self.chat, "Quero entrar")
        self.world.say(self.chat, "Ana Souza")
        self.world.say(self.chat, "529.982.247-25")
        self.fake.become(
            self.chance.choice(list(Mood)[:4]), times=self.chance.randint(0, 2), match=CREATION[self.fake.name]
        )
        with planned(self._plan()):
            self.chat.say("ana@example.com")
            self._settle(until=lambda: self._mine().exclude(br_code="").filter(superseded=False).exists())
            self.entry().pay()
            if self.chance.random() < 0.6:
                self._notify()
            else:
                Payment.unscoped.update(next_poll_at=timezone.now())
            self._settle(until=self._mine().filter(status="paid").exists)
        self._settle(until=lambda: not something_waits())

    def entry(self) -> Entry:
        """The charge the buyer has the code of, in the gateway's books."""
        return self.fake.entries[self._current().provider_id]

    def check(self) -> None:
        """One charge to pay, paid once, one access, the gateway's books."""
        (order,) = self.world.orders_of(self.chat)
        payments = list(Payment.unscoped.filter(order=order))
        assert [payment.status for payment in payments if not payment.superseded] == ["paid"]
        assert (order.status, order.served_at is not None, order.sent_at is not None) == ("paid", True, True)
        assert Grant.unscoped.filter(order=order, step_id="pay").count() == 1
        texts = [call.text for call in self.world.telegram.sent_to(self.chat.user_id)]
        lost = OutboxMessage.unscoped.filter(payload__telegram_user_id=self.chat.user_id, losses__gt=0).exists()
        confirmed = sum(CONFIRMED in text for text in texts)
        assert confirmed == 1 or (lost and confirmed > 0), texts
        for payment in payments:
            lines = [event.line for event in PaymentEvent.unscoped.filter(payment=payment).order_by("id")]
            assert fold(lines).status == payment.status
        ours = {payment.provider_id for payment in payments if payment.status in SETTLED}
        entries = [entry for entry in self.fake.entries.values() if entry.id not in self.others]
        assert ours == {entry.id for entry in entries if entry.status == "paid"}
        if self.fake.keyed or self.fake.looks_up:
            assert len(entries) == 1, "two charges to pay"

    def _plan(self) -> str:
        places = self.chance.sample(PLACES, DEATHS)
        return ",".join(f"{place}:{self.chance.randint(1, 2)}:raise" for place in places)

    def _current(self) -> Payment:
        return self.world.charge_of(self.chat)

    def _mine(self) -> QuerySet[Payment]:
        return Payment.unscoped.filter(contact__telegram_user_id=self.chat.user_id)

    def _notify(self) -> None:
        """As gateways do: again until it is taken."""
        notice = self.fake.notice(self.entry(), secret=WEBHOOK_SECRET)
        account = GatewayAccount.unscoped.get(gateway=self.fake.name.value)
        for _ in range(DEATHS + 1):
            with suppress(CrashPointReached, AssertionError):
                post(account, notice)
                return
        raise AssertionError("the notice was never taken")

    def _settle(self, *, until: Callable[[], bool]) -> None:
        for _ in range(MOST_ROUNDS):
            # What a dead worker holds comes to rest only when its lease is over.
            with suppress(CrashPointReached, AssertionError):
                self.world.settle()
                if until():
                    return
            time_passes()
        raise AssertionError(f"never came to rest: {something_waits()}")


def time_passes() -> None:
    """What the dead held is free again, and what waits for its time is due."""
    now = timezone.now()
    past = now - timedelta(seconds=1)
    OutboxMessage.unscoped.filter(state=MessageState.LEASED).update(lease_until=past)
    for queue in Queue:
        reclaim_lost(queue)
    OutboxMessage.unscoped.filter(state=MessageState.NEW).update(due_at=now)
    Payment.unscoped.exclude(creating_until=None).update(creating_until=past)
    Payment.unscoped.exclude(next_poll_at=None).update(next_poll_at=now, poll_lease_until=None)
    waiting = WebhookDelivery.unscoped.filter(state__in=(DeliveryState.NEW, DeliveryState.UNMATCHED))
    waiting.update(next_try_at=now, lease_until=None)
    may_be_asked_again()


def test_wherever_work_dies_a_sale_is_one_charge_and_one_access(world: World, fake: FakeGateway) -> None:
    for seed in range(SEEDS):
        purchase = Purchase(world, fake, seed)
        try:
            purchase.run()
            purchase.check()
        except Exception as error:
            raise AssertionError(f"seed {seed} of {fake.name}: {error!r}") from error
