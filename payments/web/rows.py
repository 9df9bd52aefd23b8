"""A sale as lists show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bots.web.looks import Look
from payments.models import Order
from payments.web.looks import order_look
from payments.web.money_back import undecided_of


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One sale: who, what, how it stands, and since when."""

    order: Order
    name: str
    look: Look
    at: datetime


def sale_row(order: Order, *, undecided: bool = False) -> SaleRow:
    look = order_look(order, undecided=undecided)
    return SaleRow(order, str(order.contact), look, order.paid_at or order.created_at)


def sale_rows(orders: Sequence[Order]) -> list[SaleRow]:
    """Rows of a list, with what waits for a decision marked; one query for all."""
    undecided = undecided_of([order.pk for order in orders])
    return [sale_row(order, undecided=order.pk in undecided) for order in orders]
