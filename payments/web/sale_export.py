"""Sales as a spreadsheet: streamed, readable by Excel in Portuguese, and with nothing in it that a spreadsheet runs."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bots.tenancy import organization_scope, scoped_transaction
from payments.domain.money import Currency, Money
from payments.models import Order, Payment
from payments.web.looks import ORDER_STATUS
from payments.web.sale_filters import SaleFilters

CHUNK: Final = 500
BYTE_ORDER_MARK: Final = "\N{BYTE ORDER MARK}"
# Begins a formula somewhere: a name chosen by a stranger must stay a name.
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")


def harmless(value: object) -> str:
    """A cell's text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def export(filters: SaleFilters, *, organization_id: UUID, time_zone: str, language: str) -> Iterator[str]:
    """The lines of the file. Each chunk is read in a transaction of its own, so that a slow reader holds none open."""
    writer = csv.writer(_Echo(), delimiter=";")
    with translation.override(language):
        yield BYTE_ORDER_MARK + writer.writerow(_titles())
    last: UUID | None = None
    while True:
        with (
            translation.override(language),
            timezone.override(time_zone),
            organization_scope(organization_id),
            scoped_transaction(),
        ):
            found = filters.sales().order_by("-id")
            orders = list((found.filter(pk__lt=last) if last else found)[:CHUNK])
            lines = [writer.writerow([harmless(cell) for cell in row]) for row in _rows(orders)]
        yield from lines
        if len(orders) < CHUNK:
            return
        last = orders[-1].pk


def _titles() -> list[str]:
    return [
        _("Date"),
        _("Sale"),
        _("State"),
        _("Description"),
        _("Amount"),
        _("Currency"),
        _("Paid at"),
        _("Access sent at"),
        _("Name"),
        _("Username"),
        _("Telegram id"),
        _("E-mail"),
        _("CPF or CNPJ"),
        _("Bot"),
        _("Account"),
        "txid",
        _("Receipt"),
        _("Id at the gateway"),
        _("Gateway's fee"),
    ]


def _rows(orders: list[Order]) -> Iterator[Iterable[object]]:
    charges: dict[UUID, Payment] = {}
    for payment in Payment.objects.filter(order__in=orders).select_related("account").order_by("id"):
        charges[payment.order_id] = payment
    paying = Payment.objects.filter(pk__in=[order.paid_by_id for order in orders if order.paid_by_id])
    charges |= {payment.order_id: payment for payment in paying.select_related("account")}
    for order in orders:
        charge = charges.get(order.pk)
        yield [
            _moment(order.created_at),
            order.pk,
            ORDER_STATUS[order.status].label,
            order.description,
            order.amount.plain().replace(".", ","),
            order.currency,
            _moment(order.paid_at),
            _moment(order.sent_at),
            order.contact.full_name,
            order.contact.username,
            order.telegram_user_id,
            *_charge_cells(charge, order),
        ]


def _charge_cells(charge: Payment | None, order: Order) -> list[object]:
    if charge is None:
        return ["", "", order.bot.name, "", "", "", "", ""]
    payer = charge.payer if isinstance(charge.payer, dict) else {}
    fee = "" if charge.fee_minor is None else Money(charge.fee_minor, Currency(charge.currency)).plain()
    return [
        payer.get("email", ""),
        payer.get("document", ""),
        order.bot.name,
        charge.account.name,
        charge.txid,
        charge.end_to_end_id,
        charge.provider_id,
        fee.replace(".", ","),
    ]


def _moment(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""


class _Echo:
    """What `csv.writer` writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line
