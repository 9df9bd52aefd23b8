"""Money in the staff admin: only read, but for accounts switched off and gateways asked again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bots.models import AuditEntry
from payments.models import GatewayAccount, Payment
from tests.factories.bots import make_user
from tests.factories.payments import charge, make_shop

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
