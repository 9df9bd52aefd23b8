"""Reads of sales: lists, totals, one with everything about it, what must be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import NotFound
from payments.domain.money import Currency, Money
from payments.models import (
    STILL_OWED,
    Grant,
    Order,
    OrderStatus,
    Payment,
    PaymentEvent,
    WebhookDelivery,
)
from payments.selectors.proof import SERVED_WITHIN, ProofStop, proof_of_sale
from payments.selectors.sale_search import matching


@dataclass(frozen=True, slots=True)
class SaleDetail:
    """All that is known of one sale."""

    order: Order
    payments: tuple[Payment, ...]
    events: tuple[PaymentEvent, ...]
    grants: tuple[Grant, ...]
    proof: tuple[ProofStop, ...]
    deliveries: tuple[WebhookDelivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Takings:
    """What came in, in one currency."""

    total: Money
    sales: int


@dataclass(frozen=True, slots=True)
class SaleTotals:
    """What a list of sales comes to."""

    sales: int
    paid: int
    takings: tuple[Takings, ...]


class SaleFlag(StrEnum):
    """What is unusual about a sale, as lists are filtered by it."""

    LATE = "late"
    OVERPAID = "overpaid"
    NOT_SERVED = "not_served"
    ALARM = "alarm"


def sales(
    *,
    search: str = "",
    status: OrderStatus | None = None,
    bot_id: UUID | None = None,
    flow_id: UUID | None = None,
    account_id: UUID | None = None,
    flag: SaleFlag | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    include_tests: bool = False,
) -> QuerySet[Order]:
    """Sales, newest first. `search` finds what is on a receipt: name, @username, Telegram id, e-mail, CPF, CNPJ, txid,
    end-to-end id, the gateway's id, or our own ids. `account_id` is any account that made a charge of the sale."""
    found = Order.objects.select_related("bot", "contact").order_by("-created_at", "-id")
    if not include_tests:
        found = found.filter(is_test=False)
    exactly = {"status": status, "bot_id": bot_id, "flow_id": flow_id}
    moments = {"created_at__gte": since, "created_at__lt": until}
    found = found.filter(**{name: value for name, value in {**exactly, **moments}.items() if value is not None})
    if account_id is not None:
        found = found.filter(Exists(_charges().filter(account_id=account_id)))
    if flag is not None:
        found = found.filter(_flagged(flag))
    return found.filter(matching(search)) if search.strip() else found


def totals(found: QuerySet[Order]) -> SaleTotals:
    """How many sales there are in a list, and what was paid of them, per currency."""
    paid = found.filter(status__in=STILL_OWED)
    rows = (
        paid.order_by().values("currency").annotate(total=Sum("amount_minor"), sales=Count("id")).order_by("currency")
    )
    takings_of = tuple(Takings(Money(row["total"], Currency(row["currency"])), row["sales"]) for row in rows)
    return SaleTotals(found.order_by().count(), sum(one.sales for one in takings_of), takings_of)


def sale(order_id: UUID) -> SaleDetail:
    """One sale with everything about it. Raises `NotFound`."""
    order = Order.objects.select_related("bot", "contact").filter(pk=order_id).first()
    if order is None:
        raise NotFound("sale_not_found", _("There is no such sale."))
    payments = tuple(Payment.objects.select_related("account").filter(order_id=order.pk).order_by("id"))
    events = PaymentEvent.objects.filter(payment__order_id=order.pk).order_by("id")
    return SaleDetail(
        order=order,
        payments=payments,
        events=tuple(events),
        grants=tuple(Grant.objects.filter(order_id=order.pk).order_by("id")),
        proof=proof_of_sale(order, payments=payments),
        deliveries=tuple(_deliveries_of(payments)),
    )


def paid_but_not_served(*, longer_than: timedelta = SERVED_WITHIN) -> QuerySet[Order]:
    """Sales somebody paid for and has not been served, oldest first: what must never be."""
    return (
        Order.objects.select_related("bot", "contact")
        .filter(is_test=False, status__in=STILL_OWED, paid_at__lt=timezone.now() - longer_than)
        .filter(Q(served_at__isnull=True) | ~Q(send_failure=""))
        .order_by("paid_at")
    )


def takings(*, since: datetime, until: datetime | None = None) -> tuple[Takings, ...]:
    """What was paid in the time, per currency; test chats do not count."""
    paid = Order.objects.filter(is_test=False, paid_at__gte=since, status__in=STILL_OWED)
    if until is not None:
        paid = paid.filter(paid_at__lt=until)
    rows = paid.order_by().values("currency").annotate(total=Sum("amount_minor"), sales=Count("id"))
    return tuple(
        Takings(Money(row["total"], Currency(row["currency"])), row["sales"]) for row in rows.order_by("currency")
    )


def alarms(*, since: datetime) -> QuerySet[PaymentEvent]:
    """Ledger lines somebody should look at, newest first."""
    return (
        PaymentEvent.objects.exclude(alarm="")
        .filter(created_at__gte=since, payment__order__is_test=False)
        .select_related("payment", "payment__order", "payment__contact")
        .order_by("-id")
    )


def ledger_of(payment_id: UUID) -> QuerySet[PaymentEvent]:
    """A charge's lines, oldest first."""
    return PaymentEvent.objects.filter(payment_id=payment_id).order_by("id")


def payments(*, search: str = "") -> QuerySet[Payment]:
    """Charges, newest first; those of test chats are left out. `search` finds the charges of a sale as `sales` does."""
    found = (
        Payment.objects.select_related("order", "account", "contact", "bot")
        .filter(order__is_test=False)
        .order_by("-created_at", "-id")
    )
    return found.filter(order__in=sales(search=search).order_by().values("pk")) if search.strip() else found


def test_charges(contact_id: UUID) -> QuerySet[Payment]:
    """What a test chat's contact was charged, newest first."""
    return (
        Payment.objects.select_related("order", "account")
        .filter(contact_id=contact_id, order__is_test=True)
        .order_by("superseded", "-id")
    )


def _charges() -> QuerySet[Payment]:
    return Payment.objects.filter(order_id=OuterRef("pk"))


def _flagged(flag: SaleFlag) -> Q:
    match flag:
        case SaleFlag.LATE:
            return Q(Exists(_charges().filter(late=True)))
        case SaleFlag.OVERPAID:
            return Q(Exists(_charges().filter(overpaid=True)))
        case SaleFlag.ALARM:
            return Q(Exists(PaymentEvent.objects.filter(payment__order_id=OuterRef("pk")).exclude(alarm="")))
        case SaleFlag.NOT_SERVED:
            not_there = Q(served_at__isnull=True) | ~Q(send_failure="")
            return Q(status__in=STILL_OWED, paid_at__lt=timezone.now() - SERVED_WITHIN) & not_there
        case _:
            assert_never(flag)


def _deliveries_of(payments: Sequence[Payment]) -> QuerySet[WebhookDelivery]:
    """Notices that were matched with one of these charges, or name one by the gateway's id and wait."""
    named = Q(payment_id__in=[payment.pk for payment in payments])
    for payment in payments:
        if payment.provider_id:
            named |= Q(account_id=payment.account_id, references__contains=[payment.provider_id])
    found = WebhookDelivery.objects.filter(named).select_related("account").defer("body", "headers")
    return found.order_by("id")
