"""Sales as a spreadsheet: streamed, readable by Excel in Portuguese, and with nothing in it that a spreadsheet runs."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bots.tenancy import organization_scope, scoped_transaction
from payments.domain.money import Currency, Money
from payments.models import Order, Payment
from payments.web import money_back
from payments.web.looks import ORDER_STATUS
from payments.web.sale_filters import SaleFilters

CHUNK: Final = 500
BYTE_ORDER_MARK: Final = "\N{BYTE ORDER MARK}"
# Begins a formula somewhere: a name chosen by a stranger must stay a name.
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}")


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount of ours, which may be below zero and is a number all the same."""

    money: Money

    def __str__(self) -> str:
        return self.money.plain().replace(".", ",")


def harmless(value: object) -> str:
    """A cell's text that no spreadsheet takes for a formula. Spaces before it do not hide one."""
    text = "" if value is None else str(value)
    if isinstance(value, Figure):
        return text
    return f"'{text}" if text.startswith(_DANGEROUS) or text.lstrip().startswith(_DANGEROUS) else text


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
        _("Currency"),
        _("Amount"),
        _("Gross received"),
        _("Given back"),
        _("Gateway's fee"),
        _("Net"),
        _("Paid at"),
        _("Access sent at"),
        _("Method"),
        _("Gateway"),
        _("Account"),
        _("Bot"),
        _("Coupon"),
        _("Discount"),
        _("Name"),
        _("Username"),
        _("Telegram id"),
        _("Payer's name"),
        _("E-mail"),
        _("CPF or CNPJ"),
        "txid",
        _("Receipt (end-to-end id)"),
        _("Id at the gateway"),
        _("Time zone"),
    ]


@dataclass(frozen=True, slots=True)
class Sums:
    """What all charges of a sale came to: a second payment is money too, until it is given back."""

    received: Money
    refunded: Money
    fee: Money | None

    @classmethod
    def of(cls, charges: Sequence[Payment], currency: Currency, received: Mapping[UUID, int]) -> "Sums":
        """`received`: of charges for which another sum came than was asked."""
        paid = [charge for charge in charges if charge.paid_at]
        fees = [charge.fee_minor for charge in paid if charge.fee_minor is not None]
        return cls(
            Money(sum(received.get(charge.pk, charge.amount_minor) for charge in paid), currency),
            Money(sum(charge.refunded_minor for charge in paid), currency),
            Money(sum(fees), currency) if fees else None,
        )

    @property
    def net(self) -> Money:
        return self.received - self.refunded - (self.fee or Money(0, self.received.currency))


def _rows(orders: list[Order]) -> Iterator[Iterable[object]]:
    charges: dict[UUID, list[Payment]] = {order.pk: [] for order in orders}
    for payment in Payment.objects.filter(order__in=orders).select_related("account").order_by("id"):
        charges[payment.order_id].append(payment)
    received = money_back.received_unlike_asked([payment.pk for found in charges.values() for payment in found])
    for order in orders:
        yield _row(order, charges[order.pk], received)


def _row(order: Order, charges: Sequence[Payment], received: Mapping[UUID, int]) -> Iterable[object]:
    sums = Sums.of(charges, order.amount.currency, received)
    # Of an unpaid sale, the newest.
    told = next((charge for charge in charges if charge.pk == order.paid_by_id), charges[-1] if charges else None)
    payer = told.payer if told is not None and isinstance(told.payer, dict) else {}
    paid = order.paid_at is not None or sums.received.minor > 0
    return [
        _moment(order.created_at),
        order.pk,
        ORDER_STATUS[order.status].label,
        order.description,
        order.currency,
        Figure(order.amount),
        Figure(sums.received) if paid else "",
        Figure(sums.refunded) if paid else "",
        Figure(sums.fee) if sums.fee is not None else "",
        Figure(sums.net) if paid else "",
        _moment(order.paid_at),
        _moment(order.sent_at),
        "" if told is None else _method(told),
        "" if told is None else told.account.get_gateway_display(),
        "" if told is None else told.account.name,
        order.bot.name,
        order.coupon,
        Figure(order.discount) if order.coupon else "",
        order.contact.full_name,
        order.contact.username,
        order.telegram_user_id,
        payer.get("name", ""),
        payer.get("email", ""),
        payer.get("document", ""),
        "" if told is None else told.txid,
        "" if told is None else told.end_to_end_id,
        "" if told is None else told.provider_id,
        timezone.get_current_timezone_name(),
    ]


def _method(charge: Payment) -> str:
    return "Stars" if Currency(charge.currency) is Currency.XTR else "PIX"


def _moment(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""


class _Echo:
    """What `csv.writer` writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line
