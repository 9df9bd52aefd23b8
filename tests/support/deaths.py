"""One sale whose workers die anywhere between the order and the access, at a gateway whose answers are lost.

All that happens by chance comes from one seed. How a worker dies is the caller's: by an exception, or for good.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from bots.crashpoints import CrashPointReached
from bots.outbox.models import AttemptOutcome, MessageState, OutboxAttempt, OutboxMessage, Queue
from bots.outbox.relay import reclaim_lost
from bots.redis import call as ask_redis
from bots.tenancy import organization_scope
from flows.models import DrainMark
from flows.models.inbox import MAX_SHARDS
from flows.runtime import runner
from payments.domain.ledger import fold
from payments.domain.states import SETTLED, UNPAID
from payments.models import DeliveryState, GatewayAccount, Grant, Payment, PaymentEvent, WebhookDelivery
from payments.services import set_bot_accounts
from tests.factories.gateways import WEBHOOK_SECRET, may_be_asked_again, post
from tests.payments.gateways.test_every_gateway import CREATION
from tests.support.dying import WEBHOOK, Dying
from tests.support.fake_gateways import Entry, FakeGateway, Mood
from tests.support.fake_telegram import Chat, drop_after, drop_before, to_webhook, too_many_requests
from tests.support.flows import a_condition, a_flow, a_payment, a_question, an_access, buttons
from tests.support.soak import something_waits
from tests.support.world import TOKEN, World

MOST_ROUNDS: Final = 60
CONFIRMED: Final = "Pagamento confirmado. Seu acesso: https://example.com/vip"
WELCOME: Final = "Bem-vindo ao VIP!"
# Together with the last step's text more than Telegram takes in one message, so that it goes out in two calls.
LONG_NAME: Final = "Ana Carolina " * 12
POLL: Final = frozenset({"payments.poll.asked", "payments.poll.claimed"})
PRESS: Final = frozenset({"payments.check.asked"})


class Sale(ABC):
    """One buyer's way from hello to the access, by the places where work is `planned` to die."""

    stars = False

    def __init__(self, world: World, user_id: int, chance: random.Random, planned: Collection[str]) -> None:
        self.world = world
        self.chance = chance
        self.planned = planned
        deliver = to_webhook(world.telegram, TOKEN)
        self.chat = Chat(world.telegram, TOKEN, user_id, deliver, first_name=LONG_NAME)

    def begin(self) -> None:
        """Up to the word that asks for the charge."""
        self.world.say(self.chat, "/start")
        self.world.press(self.chat, "Quero entrar")

    def run(self, dying: Dying) -> None:
        """The rest of the way, while workers die."""
        self.lose_answers()
        if "relay.between_marks" in self.planned:
            self.world.telegram.fail(too_many_requests(0, chat_id=self.chat.user_id))
        self.ask()
        self._settle(dying, until=self._code_is_there)
        if POLL & set(self.planned):
            self._make_due()
            self._settle(dying, until=lambda: not self._due())
        if PRESS & set(self.planned):
            self._press_paid()
            self._settle(dying, until=lambda: not something_waits())
        self.pay(dying)
        self.tell(dying)
        self._settle(dying, until=self.mine().filter(status="paid").exists)
        self._settle(dying, until=lambda: not something_waits())

    @abstractmethod
    def lose_answers(self) -> None:
        """The gateway's next answers get lost, or come as rubbish, or it is down."""

    @abstractmethod
    def lose_one(self) -> None:
        """The charge is made, and the gateway's answer is lost."""

    @abstractmethod
    def ask(self) -> None:
        """The word after which a charge is made."""

    @abstractmethod
    def pay(self, dying: Dying) -> None:
        """The buyer's money is at the gateway."""

    @abstractmethod
    def notify(self, dying: Dying) -> None:
        """The gateway tells us."""

    @abstractmethod
    def check_gateway(self, payments: list[Payment]) -> None:
        """The gateway's books say what ours do, and nobody can pay another time."""

    def tell(self, dying: Dying) -> None:
        """We hear of the money: by the gateway's own word, or that is lost and we ask, or the buyer does."""
        ways = ["notice"] * 3 + ["poll", "press"]
        match "notice" if WEBHOOK & set(self.planned) else self.chance.choice(ways):
            case "notice":
                self.notify(dying)
            case "poll":
                self._make_due()
            case "press":
                self._press_paid()

    def mine(self) -> QuerySet[Payment]:
        """The buyer's charges."""
        return Payment.unscoped.filter(contact__telegram_user_id=self.chat.user_id)

    def texts(self) -> list[str]:
        """What the buyer has got."""
        return [call.text for call in self.world.telegram.sent_to(self.chat.user_id)]

    def check(self) -> None:
        """One charge paid once, one access of each kind, both books equal, everything said."""
        (order,) = self.world.orders_of(self.chat)
        payments = list(Payment.unscoped.filter(order=order).order_by("id"))
        assert [payment.status for payment in payments if not payment.superseded] == ["paid"]
        assert (order.status, order.served_at is not None, order.sent_at is not None) == ("paid", True, True)
        assert order.send_failure == ""
        given = Grant.unscoped.filter(telegram_user_id=self.chat.user_id).order_by("step_id")
        assert list(given.values_list("step_id", "order_id")) == [("pay", order.pk), ("vip", order.pk)]
        moves = PaymentEvent.unscoped.filter(payment__order=order, to_status="paid", from_status__in=list(UNPAID))
        assert [move.amount_minor for move in moves] == [order.amount_minor]
        for payment in payments:
            lines = [event.line for event in PaymentEvent.unscoped.filter(payment=payment).order_by("id")]
            standing = fold(lines)
            assert (standing.status, standing.overpaid) == (payment.status, False)
        for text in (CONFIRMED, WELCOME):
            said = sum(text in one for one in self.texts())
            assert said == 1 or (said > 1 and self._is_uncertain()), f"{text!r} {said} times: {self.texts()}"
        self.check_gateway(payments)

    def _is_uncertain(self) -> bool:
        """Whether the outcome of a send was not known: only then may something be said twice."""
        sends = OutboxMessage.unscoped.filter(payload__telegram_user_id=self.chat.user_id)
        tried = OutboxAttempt.unscoped.filter(message_id__in=sends.values("pk")).exclude(outcome=AttemptOutcome.DONE)
        return sends.filter(losses__gt=0).exists() or tried.exists()

    def _code_is_there(self) -> bool:
        return not something_waits() and self.mine().filter(superseded=False).exclude(provider_id="").exists()

    def _make_due(self) -> None:
        may_be_asked_again()
        self.mine().exclude(provider_id="").update(next_poll_at=timezone.now(), poll_lease_until=None)

    def _due(self) -> bool:
        """Whether a charge of the buyer's waits to be asked about, or is being asked about by nobody any more."""
        due = self.mine().filter(next_poll_at__lte=timezone.now())
        return due.exists() or self.mine().exclude(poll_lease_until=None).exists()

    def _press_paid(self) -> None:
        sent = self.world.telegram.sent_to(self.chat.user_id, token=TOKEN)
        message = next(one for one in reversed(sent) if any(b["text"] == "Já paguei" for b in one.buttons))
        may_be_asked_again()
        self.chat.press("Já paguei", on=message)

    def _settle(self, dying: Dying, *, until: Callable[[], bool]) -> None:
        for _ in range(MOST_ROUNDS):
            if dying.work(self.world.settle) and until():
                return
            time_passes(self.mine())
        raise AssertionError(f"never came to rest: {something_waits()}")


class PixSale(Sale):
    """At a gateway with codes and webhooks."""

    def __init__(
        self, world: World, fake: FakeGateway, user_id: int, chance: random.Random, planned: Collection[str]
    ) -> None:
        super().__init__(world, user_id, chance, planned)
        self.fake = fake
        self.others = set(fake.entries)

    def begin(self) -> None:
        super().begin()
        self.world.say(self.chat, "Ana Souza")
        self.world.say(self.chat, "529.982.247-25")

    def lose_answers(self) -> None:
        mood = self.chance.choice((Mood.LOST, Mood.LOST, Mood.DOWN, Mood.RUBBISH, Mood.CUT))
        self.fake.become(mood, times=self.chance.randint(0, 2), match=CREATION[self.fake.name])

    def lose_one(self) -> None:
        self.fake.become(Mood.LOST, match=CREATION[self.fake.name])

    def ask(self) -> None:
        self.chat.say("ana@example.com")

    def entry(self) -> Entry:
        """The charge the buyer has the code of, in the gateway's books."""
        return self.fake.entries[self.world.charge_of(self.chat).provider_id]

    def pay(self, dying: Dying) -> None:
        self.entry().pay()

    def notify(self, dying: Dying) -> None:
        """As gateways do: again until it is taken."""
        notice = self.fake.notice(self.entry(), secret=WEBHOOK_SECRET)
        account = GatewayAccount.unscoped.get(gateway=self.fake.name.value)
        while not dying.work(lambda: post(account, notice)):
            continue

    def check_gateway(self, payments: list[Payment]) -> None:
        ours = {payment.provider_id: payment.amount_minor for payment in payments if payment.status in SETTLED}
        entries = [entry for entry in self.fake.entries.values() if entry.id not in self.others]
        assert ours == {entry.id: entry.cents for entry in entries if entry.status == "paid"}
        shown = [entry.id for entry in entries if any(entry.br_code in text for text in self.texts())]
        assert shown == list(ours), "another code than the one that was paid has reached the buyer"
        if self.fake.keyed or self.fake.looks_up:
            assert len(entries) == 1, "two charges to pay"
            return
        # Where the gateway has neither keys nor a lookup, one that nobody has the code of is still a row of ours.
        known = {payment.idempotency_key for payment in payments}
        assert {entry.reference for entry in entries} <= known, f"charges we know nothing of: {entries}"


class StarsSale(Sale):
    """In Telegram's own Stars: asked before the money moves."""

    stars = True

    def begin(self) -> None:
        self.world.say(self.chat, "/start")

    def lose_answers(self) -> None:
        lost = self.chance.choice((drop_after, drop_after, drop_before))
        self.world.telegram.fail(lost(method="createInvoiceLink", times=self.chance.randint(0, 2)))

    def lose_one(self) -> None:
        self.world.telegram.fail(drop_after(method="createInvoiceLink"))

    def ask(self) -> None:
        sent = self.world.telegram.sent_to(self.chat.user_id, token=TOKEN)
        self.chat.press("Quero entrar", on=sent[-1])

    def pay(self, dying: Dying) -> None:
        self.link = self._links()[-1]
        while (question := self._asked(dying)) is not None:
            assert question == "", f"the buyer may not pay: {question}"
        invoice = self.world.telegram.stars.invoices[TOKEN][self.link]
        self.charge_id = self.world.telegram.stars.pay(
            TOKEN, invoice.payload, user_id=self.chat.user_id, stars=invoice.stars
        )

    def notify(self, dying: Dying) -> None:
        self.chat.tell_payment(self.link, self.charge_id)

    def check_gateway(self, payments: list[Payment]) -> None:
        books = self.world.telegram.stars
        keys = {payment.idempotency_key for payment in payments}
        paid = [line for line in books.transactions[TOKEN] if line["source"]["invoice_payload"] in keys]
        assert [(line["id"], line["amount"]) for line in paid] == [
            (payment.end_to_end_id, payment.amount_minor) for payment in payments if payment.status in SETTLED
        ]
        # However many invoices were made: from now on Telegram is told no.
        for link in [link for link, invoice in books.invoices[TOKEN].items() if invoice.payload in keys]:
            update_id = self.chat.ask_to_pay(link)
            self.world.settle()
            assert self.chat.may_pay(update_id, timeout=5) is not None, "an invoice that can be paid once more"

    def _links(self) -> list[str]:
        sent = self.world.telegram.sent_to(self.chat.user_id)
        return [button["url"] for call in sent for button in call.buttons if "url" in button]

    def _asked(self, dying: Dying) -> str | None:
        """Press *Pay*: None if the buyer may, an empty text if nobody answered in time, else why not."""
        update_id = self.chat.ask_to_pay(self.link)
        with suppress(AssertionError):
            self._settle(dying, until=lambda: not something_waits())
            return self.chat.may_pay(update_id, timeout=0)
        return ""


def time_passes(mine: QuerySet[Payment]) -> None:
    """What the dead held is free again, and what waits for its time is due. Other buyers' charges are left alone: they
    would be asked about first, for the gateway answers only so many at once."""
    now = timezone.now()
    past = now - timedelta(seconds=1)
    OutboxMessage.unscoped.filter(state=MessageState.LEASED).update(lease_until=past)
    for queue in Queue:
        reclaim_lost(queue)
    OutboxMessage.unscoped.filter(state=MessageState.NEW).update(due_at=now)
    ask_redis(lambda client: client.delete(*(f"flows:drain:{shard}" for shard in range(MAX_SHARDS))))
    DrainMark.objects.update(lease_until=past)
    with suppress(CrashPointReached):
        runner.sweep()
    mine.exclude(creating_until=None).update(creating_until=past)
    mine.exclude(next_poll_at=None).update(next_poll_at=now, poll_lease_until=None)
    waiting = WebhookDelivery.unscoped.filter(state__in=(DeliveryState.NEW, DeliveryState.UNMATCHED))
    waiting.update(next_try_at=now, lease_until=None)
    may_be_asked_again()


@contextmanager
def running(kind: type[FakeGateway] | None, settings: Any) -> Iterator[FakeGateway | None]:
    """A fake of this kind that the product calls; None stands for Stars, which need none."""
    if kind is None:
        yield None
        return
    with kind() as fake:
        setattr(settings, fake.setting, fake.url)
        yield fake


def shop_charging_at(open_world: Callable[[dict[str, Any]], World], fake: FakeGateway | None, settings: Any) -> World:
    """A shop whose charges are made there, or in Stars."""
    world = open_world(a_shop(stars=fake is None))
    # PushinPay is given no other address for its notices, and the charge's key stands in it.
    settings.SITE_URL = "https://trilho.example.com"
    if fake is not None:
        charge_at(world, fake)
    return world


def charge_at(world: World, fake: FakeGateway) -> None:
    """The shop charges at this fake alone."""
    with organization_scope(world.organization.pk):
        account = GatewayAccount(organization=world.organization, gateway=fake.name.value, name="Principal")
        account.credentials, account.webhook_secret = fake.credentials, WEBHOOK_SECRET
        account.save()
    set_bot_accounts(organization_id=world.organization.pk, bot_id=world.bot.pk, account_ids=[account.pk])


def a_shop(*, stars: bool) -> dict[str, Any]:
    """A sale that asks what any gateway may need of the payer; its last word is longer than Telegram takes at once."""
    menu = buttons(
        "menu",
        "Quero entrar",
        text="Oi!",
        conditions=[a_condition("button_click", "pay" if stars else "ask_name", button_text="Quero entrar")],
    )
    asked: list[dict[str, Any]] = [
        a_question("ask_name", "Seu nome?", config={"save_as": "nome"}, next="ask_cpf"),
        a_question("ask_cpf", "Seu CPF?", config={"save_as": "cpf"}, next="ask_email"),
        a_question("ask_email", "Seu e-mail?", config={"save_as": "email"}, next="pay"),
    ]
    config: dict[str, Any] = {"description": "VIP 30 dias", "deliver": {"text": CONFIRMED}}
    if stars:
        config["currency"] = "XTR"
    else:
        config["payer"] = {"email": "email", "document": "cpf", "name": "nome"}
    pay = a_payment("pay", "50" if stars else "29.90", config=config, next="vip")
    return a_flow(
        [menu, *([] if stars else asked), pay, an_access("vip", WELCOME + " {{first_name}}" + " Aproveite." * 365)]
    )


def sale_at(
    world: World, fake: FakeGateway | None, user_id: int, chance: random.Random, planned: Collection[str]
) -> Sale:
    """A buyer's way at this gateway; None: in Stars."""
    if fake is None:
        return StarsSale(world, user_id, chance, planned)
    return PixSale(world, fake, user_id, chance, planned)
