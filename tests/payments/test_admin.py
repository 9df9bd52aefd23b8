"""Money in the staff admin: only read, but for accounts switched off and gateways asked again."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bots.actor import SYSTEM
from bots.models import ActorKind, AuditEntry, ConnectedChat
from bots.outbox.models import OutboxMessage
from payments.models import GatewayAccount, Payment, Place, WebhookDelivery
from payments.services import grant_acts, process_deliveries
from payments.services.sandbox import Act
from payments.services.webhooks import account_at, store_delivery
from tests.factories.bots import make_user
from tests.factories.payments import buyer, charge, make_shop, second_contact, wish
from tests.payments.services.test_webhooks import deliver, notice_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_account_is_switched_off(staff: Client) -> None:
    account = make_shop().account
    page = reverse("admin:payments_gatewayaccount_change", args=[account.pk])
    assert staff.post(page, {"name": "Principal", "position": 2}).status_code == 302
    stored = GatewayAccount.unscoped.get()
    assert (stored.name, stored.active, stored.position) == ("Principal", False, 2)
    assert stored.credentials == account.credentials
    entry = AuditEntry.unscoped.get(action="staff.change")
    assert entry.data == {"fields": ["name", "active", "position"]}


def test_accounts_are_neither_made_nor_deleted_here(staff: Client) -> None:
    account = make_shop().account
    assert staff.get(reverse("admin:payments_gatewayaccount_add")).status_code == 403
    delete = reverse("admin:payments_gatewayaccount_delete", args=[account.pk])
    assert staff.post(delete, {"post": "yes"}).status_code == 403


def test_a_gateway_is_asked_again(staff: Client) -> None:
    sale = charge(make_shop())
    Payment.unscoped.update(next_poll_at=timezone.now() + timedelta(hours=1))
    listing = reverse("admin:payments_payment_changelist")
    staff.post(listing, {"action": "ask_gateway", "_selected_action": [str(sale.payment.pk)]})
    due = Payment.unscoped.get().next_poll_at
    assert due is not None
    assert due <= timezone.now()
    assert AuditEntry.unscoped.get(action="staff.ask_gateway").object_id == str(sale.payment.pk)


def test_a_settled_charge_is_not_asked_about(staff: Client) -> None:
    sale = charge(make_shop())
    Payment.unscoped.update(status="refunded", next_poll_at=None)
    listing = reverse("admin:payments_payment_changelist")
    staff.post(listing, {"action": "ask_gateway", "_selected_action": [str(sale.payment.pk)]})
    assert Payment.unscoped.get().next_poll_at is None


def searched(staff: Client, model: str, search: str) -> list[Any]:
    page = staff.get(reverse(f"admin:payments_{model}_changelist"), {"q": search})
    assert page.status_code == 200
    return [row.pk for row in page.context["cl"].queryset]


@pytest.mark.parametrize("model", ["order", "payment"])
def test_sales_and_charges_are_found_by_anything_on_a_receipt(staff: Client, model: str) -> None:
    shop = make_shop()
    sale = charge(shop)
    charge(second_contact(shop), wish(step_id="another"))
    contact = sale.order.contact
    contact.first_name, contact.last_name = "Ana Lívia", "de Souza"
    contact.save()
    Payment.unscoped.filter(pk=sale.payment.pk).update(
        payer={"email": "ana@example.com", "document": "12345678909"}, end_to_end_id="E123"
    )
    wanted = [sale.order_id if model == "order" else sale.payment.pk]
    for search in (
        "lívia souza",
        f"@{contact.username}",
        str(contact.telegram_user_id),
        "ana@example.com",
        "123.456.789-09",
        sale.payment.txid,
        "E123",
        sale.payment.provider_id,
        str(sale.order_id),
    ):
        assert searched(staff, model, search) == wanted, search
    assert searched(staff, model, "nobody") == []
    assert len(searched(staff, model, "")) == 2


def handle_again(staff: Client, delivery: WebhookDelivery) -> None:
    listing = reverse("admin:payments_webhookdelivery_changelist")
    assert staff.post(listing, {"action": "handle_again", "_selected_action": [str(delivery.pk)]}).status_code == 302


def test_a_notice_that_was_refused_is_handled_once_more_when_its_cause_is_mended(staff: Client) -> None:
    """The seller had entered another secret at the gateway than ours."""
    sale = charge(make_shop())
    buyer(sale, Act.PAY)
    delivery = deliver(sale.shop.account, notice_of(sale.charge), secret="theirs")
    assert (delivery.state, sale.payment.status) == ("forged", "pending")
    account = GatewayAccount.unscoped.get(pk=sale.shop.account.pk)
    account.webhook_secret = "theirs"
    account.save()
    handle_again(staff, delivery)
    process_deliveries()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.verified, sale.payment.status) == ("done", True, "paid")
    entry = AuditEntry.unscoped.get(action="staff.handle_again")
    assert (entry.object_id, entry.data) == (str(delivery.pk), {"state": "forged", "error": "signature"})


def test_a_notice_that_was_handled_is_not_handled_again(staff: Client) -> None:
    sale = charge(make_shop())
    delivery = deliver(sale.shop.account, notice_of(sale.charge))
    handle_again(staff, delivery)
    assert (process_deliveries(), AuditEntry.unscoped.filter(action="staff.handle_again").count()) == (0, 0)


def test_a_notice_is_shown_as_it_came_without_what_is_secret(staff: Client) -> None:
    account = make_shop().account
    address = account_at(account.gateway, account.public_id)
    assert address is not None
    secrets = dict.fromkeys(("X-PushinPay-Token", "Authorization", "Cookie"), "s3cret")
    headers = {"X-Thing": "<b>seen</b>", **secrets}
    store_delivery(address, headers=headers, query="", body=b'{"id": "<i>1</i>"}\xff')
    delivery = WebhookDelivery.unscoped.get()
    page = staff.get(reverse("admin:payments_webhookdelivery_change", args=[delivery.pk])).content.decode()
    assert "x-thing: &lt;b&gt;seen&lt;/b&gt;" in page
    assert "{&quot;id&quot;: &quot;&lt;i&gt;1&lt;/i&gt;&quot;}\\xff" in page
    assert "x-pushinpay-token: sha256:" in page
    assert "s3cret" not in page


def test_who_paid_and_is_not_inside_is_found_and_sent_a_link(staff: Client) -> None:
    shop = make_shop()
    chat = ConnectedChat.unscoped.create(
        organization=shop.organization, bot=shop.bot, telegram_id=-1001, kind="channel", can_invite_users=True
    )
    grant_acts.give_by_hand(
        shop.contact.pk,
        organization_id=shop.organization.pk,
        content={"chat": str(chat.pk)},
        days=None,
        reason="a gift",
        tell=False,
        actor=SYSTEM,
    )
    place = Place.unscoped.get()
    listing = reverse("admin:payments_place_changelist")
    assert str(place.telegram_user_id) in staff.get(f"{listing}?where=outside").content.decode()
    staff.post(listing, {"action": "send_link", "_selected_action": [str(place.pk)]})
    assert OutboxMessage.unscoped.filter(topic="invite.create").count() == 1
    entry = AuditEntry.unscoped.get(action="place.link")
    assert (entry.actor_kind, entry.object_id) == (ActorKind.STAFF, str(place.pk))
