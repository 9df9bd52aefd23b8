"""Ways a sale can go through the running product, chosen so that together they pass every place where it may die."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.utils import timezone

from bots.outbox.models import UNFINISHED, OutboxMessage
from flows.models import InboxEvent, InboxState
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import DeliveryState, Payment, WebhookDelivery
from telegram_gateway.models import TelegramUpdate, UpdateState
from tests.processes.buying import PATIENCE, ask_for_the_code, code_in, expect_access, hear
from tests.support.fake_telegram import Chat, recorded, to_polling, to_webhook, too_many_requests
from tests.support.flows import a_delay, a_payment, sales_flow
from tests.support.shop import Shop

# Telegram forgets a question after ten seconds.
LONGER_THAN_TELEGRAM_WAITS = 12.0
# Together with the text of the last step more than Telegram takes in one message, so that it goes out in two calls.
LONG_NAME = "Ana Carolina " * 12


@dataclass
class Sale:
    """One buyer at a shop, and the ids of their updates that were taken."""

    shop: Shop
    user_id: int
    polled: bool = False
    accepted: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        telegram, token = self.shop.telegram, self.shop.token
        # Each update comes twice at once, as from a Telegram that missed an answer.
        deliver = to_polling(telegram, token) if self.polled else to_webhook(telegram, token, times=2)
        self.chat = Chat(telegram, token, self.user_id, recorded(deliver, self.accepted), first_name=LONG_NAME)

    def pay(self, act: str = "pay", *, silent: bool = False) -> None:
        """At the sandbox's page of the newest charge; where the web died in the middle, again unless it is done."""
        charge = SandboxCharge.unscoped.filter(reference=self.shop.charge_of(self.chat).idempotency_key)
        while charge.filter(status="pending").exists():
            with suppress(httpx.TransportError):
                self.shop.pay(self.chat, act, silent=silent)

    @property
    def charges(self) -> Any:
        """The buyer's charges."""
        return Payment.unscoped.filter(contact__telegram_user_id=self.user_id)


def whole_flow() -> dict[str, Any]:
    """The sales flow, with a wait between payment and access, an access too long for one message, and Stars for whoever
    asks for them."""
    flow = sales_flow()
    steps = {step["id"]: step for step in flow["flow_steps"]}
    steps["pay"]["connections"]["next"] = "wait"
    steps["vip"]["config"]["text"] = "Bem-vindo ao VIP, {{first_name}}!" + " Aproveite." * 365
    in_stars = {"currency": "XTR", "description": "VIP 30 dias", "deliver": steps["pay"]["config"]["deliver"]}
    flow["flow_steps"] += [
        a_delay("wait", seconds=1, next="vip"),
        a_payment("stars", "50", config=in_stars, next="wait"),
    ]
    flow["triggers"] = [{"command": "estrelas", "target_step": "stars"}]
    return flow


Way = Callable[[Sale], None]


def plainly(sale: Sale) -> None:
    """From hello to access."""
    ask_for_the_code(sale.shop, sale.chat)
    sale.pay()
    expect_access(sale.chat)


def to_the_last_word(sale: Sale) -> None:
    """The same, until all of the last message has been read: it comes in two parts."""
    plainly(sale)
    hear(sale.chat, "\nhttps://example.com/vip")


def asking_for_the_access_again(sale: Sale) -> None:
    """Buys, loses the link, and gets it once more."""
    to_the_last_word(sale)
    sale.chat.say("/acesso")
    hear(sale.chat, "Aqui está o que é seu")


def by_pressing_i_have_paid(sale: Sale) -> None:
    """The gateway's notice is lost; the buyer asks."""
    ask_for_the_code(sale.shop, sale.chat)
    sale.pay(silent=True)
    sale.chat.press("Já paguei")
    expect_access(sale.chat)


def by_polling(sale: Sale) -> None:
    """The gateway's notice is lost; nobody asks but the sweep, whose time has come."""
    ask_for_the_code(sale.shop, sale.chat)
    sale.pay(silent=True)
    sale.charges.update(next_poll_at=timezone.now())
    expect_access(sale.chat)


def with_a_new_code(sale: Sale) -> None:
    """The first code expires; the buyer asks for another and pays that."""
    ask_for_the_code(sale.shop, sale.chat)
    sale.pay("expire")
    hear(sale.chat, "não vale mais")
    sale.chat.press("Novo código")
    hear(sale.chat, "R$ 29,90")
    code_in(hear(sale.chat, "<code>"))
    sale.pay()
    expect_access(sale.chat)


def slowed_down_by_telegram(sale: Sale) -> None:
    """Telegram asks to be left alone for a second."""
    sale.shop.telegram.fail(too_many_requests(1, chat_id=sale.user_id))
    plainly(sale)


def by_stars(sale: Sale) -> None:
    """Pays in Telegram's own Stars; a question that was answered too late is asked again."""
    sale.chat.start()
    hear(sale.chat, "O que você quer?")
    sale.chat.say("/estrelas")
    hear(sale.chat, "50 ⭐")
    while not (links := [button["url"] for button in sale.chat.next_reply().buttons if "url" in button]):
        continue
    while not _may_pay(sale, links[0]):
        continue
    sale.chat.pay_stars(links[0])
    expect_access(sale.chat)


def _may_pay(sale: Sale, link: str) -> bool:
    try:
        return sale.chat.may_pay(sale.chat.ask_to_pay(link), timeout=LONGER_THAN_TELEGRAM_WAITS) is None
    except AssertionError:
        return False


def after_blocking_the_bot(sale: Sale) -> None:
    """Blocks the bot and takes it back before anything else."""
    sale.chat.block()
    sale.chat.unblock()
    plainly(sale)


def wait_for_rest() -> None:
    """Return once nothing is waiting or under way."""
    end = time.monotonic() + PATIENCE
    while something := _unfinished():
        assert time.monotonic() < end, f"never came to rest: {something}"
        time.sleep(0.1)


def _unfinished() -> list[str]:
    waiting = {
        "inbox": InboxEvent.unscoped.filter(state=InboxState.NEW),
        "outbox": OutboxMessage.unscoped.filter(state__in=UNFINISHED),
        "notices": WebhookDelivery.unscoped.filter(state=DeliveryState.NEW),
        "updates": TelegramUpdate.unscoped.filter(state=UpdateState.NEW),
    }
    return [name for name, rows in waiting.items() if rows.exists()]
