"""A sale as lists show it."""

from dataclasses import dataclass
from datetime import datetime

from bots.web.looks import Look
from payments.models import Order
from payments.web.looks import order_look


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One sale: who, what, how it stands, and since when."""

    order: Order
    name: str
    look: Look
    at: datetime


def sale_row(order: Order) -> SaleRow:
    return SaleRow(order, str(order.contact), order_look(order), order.paid_at or order.created_at)
