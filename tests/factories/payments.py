"""A seller with a bot, a buyer and a sandbox account; the wishes of the buyer's runs; what runs were told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from bots.ids import uuid7
from bots.models import Bot, Channel, Contact, Organization
from bots.outbox.models import OutboxMessage
from bots.tenancy import organization_scope
from flows.engine.codec import load_event
from flows.engine.effects import CouponUse, Effect, RequestPayment
from flows.engine.events import Event
from flows.models import InboxEvent
from flows.topics import Envelope
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import GatewayAccount, Order, Payment, PaymentEvent
from payments.services import ensure_sandbox_account
from payments.services.handling import Progress, request_payment
from payments.services.sandbox import Act, act


@dataclass(frozen=True)
class Shop:
    """Everything a charge needs to exist."""

    organization: Organization
    bot: Bot
    contact: Contact
    account: GatewayAccount

    def envelope(self, effect: Effect, *, run_id: UUID | None = None, version_id: UUID | None = None) -> Envelope:
        return Envelope(
            organization_id=self.organization.pk,
            bot_id=self.bot.pk,
            contact_id=self.contact.pk,
            conversation_id=uuid7(),
            telegram_user_id=self.contact.telegram_user_id,
            channel=Channel(self.contact.channel),
            run_id=run_id or uuid7(),
            version_id=version_id or uuid7(),
            effect=effect,
        )


def make_shop(name: str = "Loja", *, channel: Channel = Channel.TELEGRAM) -> Shop:
    organization = Organization.objects.create(name=name, slug=f"{name.lower()}-{uuid4().hex[:8]}")
    with organization_scope(organization.pk):
        bot = Bot.objects.create(organization=organization, name="Bot")
        contact = add_contact(organization, bot, channel=channel)
        account = ensure_sandbox_account(organization)
    return Shop(organization, bot, contact, account)


def add_contact(organization: Organization, bot: Bot, *, channel: Channel = Channel.TELEGRAM) -> Contact:
    user = uuid4().int % 10**9
    sign = -1 if channel is Channel.SIMULATOR else 1
    with organization_scope(organization.pk):
        return Contact.objects.create(
            organization=organization,
            bot=bot,
            telegram_user_id=sign * user,
            channel=channel,
            first_name="Ana",
            username=f"ana{user}",
        )


def add_account(shop: Shop, name: str, **credentials: str) -> GatewayAccount:
    with organization_scope(shop.organization.pk):
        account = GatewayAccount(organization=shop.organization, gateway="sandbox", name=name)
        account.credentials = credentials
        account.save()
        return account


def wish(
    *,
    visit: int = 1,
    amount_minor: int = 2990,
    step_id: str = "pay",
    button_index: int | None = 0,
    deliver: Mapping[str, object] | None = None,
    coupon: CouponUse | None = None,
) -> RequestPayment:
    return RequestPayment(
        visit=visit,
        step_id=step_id,
        button_index=button_index,
        amount_minor=amount_minor,
        currency="BRL",
        description="Grupo VIP",
        account_id=None,
        expires_minutes=30,
        deliver=deliver,
        payer={},
        items=(),
        coupon=coupon,
    )


@dataclass(frozen=True)
class Sale:
    """An order with the charge that stands for it, read anew at every look."""

    shop: Shop
    order_id: UUID
    run_id: UUID

    @property
    def order(self) -> Order:
        return Order.unscoped.get(pk=self.order_id)

    @property
    def payment(self) -> Payment:
        return Payment.unscoped.filter(order_id=self.order_id).order_by("superseded", "-id")[0]

    @property
    def charge(self) -> SandboxCharge:
        return SandboxCharge.unscoped.get(reference=self.payment.idempotency_key)

    @property
    def token(self) -> str:
        return self.charge.token

    def ledger(self) -> list[tuple[str, str, str]]:
        events = PaymentEvent.unscoped.filter(payment__order_id=self.order_id).order_by("id")
        return [(event.kind, event.source, event.to_status) for event in events]


def charge(shop: Shop, effect: RequestPayment | None = None, *, run_id: UUID | None = None) -> Sale:
    """A sale whose code is there."""
    envelope = shop.envelope(effect or wish(), run_id=run_id)
    key = f"{envelope.run_id}:1:0"
    assert isinstance(envelope.effect, RequestPayment)
    with organization_scope(shop.organization.pk):
        assert request_payment(envelope, envelope.effect, key=key) is Progress.DONE
        order = Order.objects.get(requests__key=key)
    return Sale(shop, order.pk, envelope.run_id)


def buyer(sale: Sale, what: Act, *, notify: bool = False) -> None:
    """What the buyer does at the gateway; by default nobody tells the seller."""
    act(sale.token, what, notify=notify)


def told(shop: Shop) -> list[Event]:
    """What runs of this bot were told, in order."""
    rows = InboxEvent.unscoped.filter(bot_id=shop.bot.pk).order_by("id")
    return [load_event(json.loads(bytes(row.payload))) for row in rows]


def notices(shop: Shop) -> list[OutboxMessage]:
    """The sandbox's notices on their way."""
    return list(
        OutboxMessage.unscoped.filter(organization_id=shop.organization.pk, topic="sandbox.notify").order_by("position")
    )


def second_contact(shop: Shop) -> Shop:
    return replace(shop, contact=add_contact(shop.organization, shop.bot))
