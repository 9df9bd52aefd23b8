"""Weeks of a shop in a second: people who do anything, updates that come several times at once, workers that fail
anywhere. Everything random comes from one seed."""

import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from django.utils import timezone

from bots.crashpoints import CrashPointReached, planned, registered
from bots.errors import Conflict
from bots.outbox.models import UNFINISHED, MessageState, OutboxMessage, Queue
from bots.outbox.relay import reclaim_lost, run_until_empty
from flows.models import InboxEvent, InboxState, Timer
from flows.runtime import runner
from flows.runtime.timers import fire_due_timers
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import DeliveryState, Payment, WebhookDelivery
from payments.services import poll_due, process_deliveries
from payments.services.sandbox import Act, act
from telegram_gateway.models import TelegramUpdate, UpdateState
from telegram_gateway.services import process_updates
from tests.support.fake_telegram import Chat, Fault, blocked, recorded, to_webhook
from tests.support.races import together, wait_until
from tests.support.world import TOKEN, World

WORDS: Final = (
    "oi",
    "/start",
    "/start promo",
    "ana@example.com",
    "isto não é um e-mail",
    "Quero entrar",
    "\x00",
    "/ajuda",
)
# One event that fails three times is set aside, as promised; so the same place does not fail so often.
FAILURES_PER_PLACE: Final = 1
PLACES: Final = 14
LATEST_HIT: Final = 6
MOST_ROUNDS: Final = 60


class Person:
    """Somebody at a shop who may do anything."""

    def __init__(self, world: World, user_id: int, chance: random.Random, accepted: list[int]) -> None:
        self.world = world
        self.chance = chance
        self.blocks: Fault | None = None
        deliver = recorded(self._deliver, accepted)
        self.chat = Chat(world.telegram, TOKEN, user_id, deliver)

    def do_something(self) -> Callable[[], object]:
        """One thing, chosen now and done when called."""
        whats = (self._say, self._go_on, self._press, self._press_anything, self._pay, self._turn_away)
        return self.chance.choices(whats, weights=(2, 9, 2, 1, 8, 1))[0]()

    def come_back(self) -> None:
        """Unblock the bot, if it was blocked."""
        if self.blocks is not None:
            self.blocks.times, self.blocks = 0, None
            self.chat.unblock()

    def _deliver(self, update: dict[str, Any]) -> None:
        to_webhook(self.world.telegram, TOKEN, times=self.chance.randint(1, 3))(update)

    def _say(self) -> Callable[[], object]:
        return partial(self.chat.say, self.chance.choice(WORDS))

    def _go_on(self) -> Callable[[], object]:
        """What somebody does who wants to buy: answer the last message."""
        sent = self.world.telegram.sent_to(self.chat.user_id)
        if not sent:
            return self.chat.start
        last = sent[-1]
        if "e-mail" in last.text:
            return partial(self.chat.say, "ana@example.com")
        pressable = [button["callback_data"] for button in last.buttons if "callback_data" in button]
        if pressable:
            return partial(self.chat.press_data, pressable[0], last.message_id or 1)
        return self.chat.start

    def _press(self) -> Callable[[], object]:
        """Any button of any message so far."""
        sent = self.world.telegram.sent_to(self.chat.user_id)
        pressable = [
            (b["callback_data"], call.message_id) for call in sent for b in call.buttons if "callback_data" in b
        ]
        if not pressable:
            return self.chat.start
        data, message_id = self.chance.choice(pressable)
        return partial(self.chat.press_data, data, message_id or 1)

    def _press_anything(self) -> Callable[[], object]:
        return partial(self.chat.press_data, self.chance.choice(("start", "buy", "", "é" * 20, "1:2:3")))

    def _pay(self) -> Callable[[], object]:
        """Something at the page of any charge so far; the gateway's notice may be lost."""
        mine = Payment.unscoped.filter(contact__telegram_user_id=self.chat.user_id).values_list("idempotency_key")
        tokens = list(SandboxCharge.unscoped.filter(reference__in=mine).order_by("id").values_list("token", flat=True))
        if not tokens:
            return self._go_on()
        what = self.chance.choices(list(Act), weights=[4 if one is Act.PAY else 1 for one in Act])[0]
        return partial(_at_the_page, self.chance.choice(tokens), what, notify=self.chance.random() < 0.8)

    def _turn_away(self) -> Callable[[], object]:
        if self.blocks is not None:
            return self.come_back
        self.blocks = blocked(chat_id=self.chat.user_id)
        self.world.telegram.fail(self.blocks)
        return self.chat.block


def _at_the_page(token: str, what: Act, *, notify: bool) -> None:
    with suppress(Conflict):
        act(token, what, notify=notify)


class Soak:
    """A shop and its people. After `run()` everything has come to rest."""

    def __init__(self, world: World, seed: int, *, people: int = 3) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.accepted: list[int] = []
        self.people = [
            Person(world, 7_000 + number, random.Random(f"{seed}:{number}"), self.accepted) for number in range(people)
        ]

    def run(self, *, rounds: int = 12) -> None:
        """So many rounds in which anybody may do something and workers fail at random; then nothing fails any more."""
        with planned(self._plan()):
            for _ in range(rounds):
                acting = self.chance.sample(self.people, self.chance.randint(1, len(self.people)))
                _raised(together([person.do_something() for person in acting]))
                for _ in range(self.chance.randint(0, 2)):
                    self._work()
                if self.chance.random() < 0.3:
                    let_time_pass(timers=self.chance.random() < 0.5)
        for person in self.people:
            person.come_back()
        self._settle()

    def _plan(self) -> str:
        names = self.chance.sample(sorted(registered()), PLACES)
        return ",".join(
            f"{name}:{hit}:raise"
            for name in names
            for hit in self.chance.sample(range(1, LATEST_HIT), FAILURES_PER_PLACE)
        )

    def _work(self) -> None:
        """Every kind of work once, in two workers, each in an order of its own."""
        kinds: list[Callable[[], object]] = [
            fire_due_timers,
            runner.sweep,
            process_deliveries,
            poll_due,
            process_updates,
            *(partial(run_until_empty, queue) for queue in Queue),
        ]
        orders = [self.chance.sample(kinds, len(kinds)) for _ in range(2)]
        _raised(together([partial(_one_by_one, order) for order in orders]))

    def _settle(self) -> None:
        for _ in range(MOST_ROUNDS):
            let_time_pass(timers=False)
            self._work()
            if not something_waits():
                return
        raise AssertionError(f"never came to rest: {something_waits()}")


def let_time_pass(*, timers: bool) -> None:
    """What waits for its time is due. What a worker holds runs out by itself: its lease is short."""
    wait_until(lambda: not _held(), what="leases to run out")
    now = timezone.now()
    OutboxMessage.unscoped.filter(state=MessageState.NEW).update(due_at=now)
    Payment.unscoped.exclude(next_poll_at=None).update(next_poll_at=now, poll_lease_until=None)
    Payment.unscoped.exclude(creating_until=None).update(creating_until=None)
    waiting = WebhookDelivery.unscoped.filter(state__in=(DeliveryState.NEW, DeliveryState.UNMATCHED))
    waiting.update(next_try_at=now, lease_until=None)
    if timers:
        Timer.unscoped.filter(state="armed").update(due_at=now)


def something_waits() -> list[str]:
    """What is not at its end yet."""
    unfinished = {
        "inbox": InboxEvent.unscoped.filter(state=InboxState.NEW),
        "outbox": OutboxMessage.unscoped.filter(state__in=UNFINISHED),
        "notices": WebhookDelivery.unscoped.filter(state=DeliveryState.NEW),
        "updates": TelegramUpdate.unscoped.filter(state=UpdateState.NEW),
    }
    return [name for name, rows in unfinished.items() if rows.exists()]


def _held() -> bool:
    for queue in Queue:
        reclaim_lost(queue)
    return OutboxMessage.unscoped.filter(state=MessageState.LEASED).exists()


def _one_by_one(work: list[Callable[[], object]]) -> None:
    for kind in work:
        with suppress(CrashPointReached):
            kind()


def _raised(answers: list[object]) -> None:
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
