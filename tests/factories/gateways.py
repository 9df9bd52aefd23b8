"""A shop with an account at a fake gateway, and what reaches its webhook address."""

from dataclasses import dataclass, replace
from typing import Any

from django.test import Client

from bots.tenancy import organization_scope
from payments.models import GatewayAccount, Payment, WebhookDelivery
from payments.services import process_deliveries, set_bot_accounts
from payments.services.accounts import webhook_url
from tests.factories.payments import Sale, Shop, charge, make_shop, wish
from tests.support.fake_gateways import Entry, FakeGateway, Notice

WEBHOOK_SECRET = "the-account's-own"
# What the flow has asked: enough for every gateway.
PAYER = {"email": "ana@example.com", "document": "52998224725", "name": "Ana Souza"}


@dataclass(frozen=True)
class Branch:
    """A seller's place at one gateway."""

    shop: Shop
    fake: FakeGateway
    account: GatewayAccount

    def sell(self, *, visit: int = 1, amount_minor: int = 2990) -> Sale:
        """A sale whose code is there."""
        return charge(self.shop, replace(wish(visit=visit, amount_minor=amount_minor), payer=PAYER))

    def deliver(self, notice: Notice | None, *, times: int = 1) -> WebhookDelivery:
        """The notice comes in at the account's address, so many times, and is handled."""
        assert notice is not None
        post(self.account, notice, times=times)
        process_deliveries()
        return WebhookDelivery.unscoped.filter(account=self.account).latest("created_at")

    def notice(self, entry: Entry) -> Notice:
        """A genuine one."""
        return self.fake.notice(entry, secret=WEBHOOK_SECRET)

    def entry_of(self, sale: Sale) -> Entry:
        return self.fake.entries[sale.payment.provider_id]


def post(account: GatewayAccount, notice: Notice, *, times: int = 1) -> None:
    """Over the webhook's own door, headers and all."""
    path = "/" + webhook_url(account).split("/", 3)[3]
    address = f"{path}?{notice.query}" if notice.query else path
    for _ in range(times):
        answer = Client().post(
            address, data=notice.body, content_type=notice.content_type, headers=dict(notice.headers)
        )
        assert answer.status_code == 200


def open_branch(fake: FakeGateway, settings: Any, *, name: str = "Loja", shop: Shop | None = None) -> Branch:
    """An account at the fake, first in the bot's list."""
    setattr(settings, fake.setting, fake.url)
    settings.SITE_URL = "https://trilho.example.com"
    shop = shop or make_shop(name)
    with organization_scope(shop.organization.pk):
        account = GatewayAccount(organization=shop.organization, gateway=fake.name.value, name=fake.name.value)
        account.credentials = fake.credentials
        account.webhook_secret = WEBHOOK_SECRET
        account.save()
        set_bot_accounts(organization_id=shop.organization.pk, bot_id=shop.bot.pk, account_ids=[account.pk])
    return Branch(replace(shop, account=account), fake, account)


def may_be_asked_again() -> None:
    """As if every quota's interval were over."""
    Payment.unscoped.update(last_asked_at=None)
    GatewayAccount.unscoped.update(questions_until=None)
