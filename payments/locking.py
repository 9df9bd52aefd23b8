"""The row locks of the payments app, taken nowhere else. Order everywhere: order → its payments, by id.

Payments never lock a flow or a conversation; what a run must know becomes an inbox row.
"""

from uuid import UUID

from django.db import connection

from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import CreditEntry, Order, Payment


def lock_order(order_id: UUID) -> Order:
    """The order, held until the transaction ends. First of its locks."""
    return Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order_id)


def lock_payment(payment_id: UUID) -> Payment:
    """One charge; its order is locked already."""
    return Payment.objects.select_for_update(of=("self",), no_key=True).get(pk=payment_id)


def lock_payments_of(order_id: UUID) -> list[Payment]:
    """Every charge of a locked order, oldest first."""
    rows = Payment.objects.select_for_update(of=("self",), no_key=True).filter(order_id=order_id)
    return list(rows.order_by("id"))


def lock_credit(telegram_user_id: int) -> None:
    """What a person of the active organization is owed; nothing else is locked after it."""
    rows = CreditEntry.objects.select_for_update(of=("self",), no_key=True).filter(telegram_user_id=telegram_user_id)
    list(rows.order_by("id").values_list("pk"))


def lock_access(organization_id: UUID, telegram_user_id: int, content_key: str) -> None:
    """What one person has of one content, for whoever gives, extends or moves it: there may be no row yet. After the
    order's lock and before any place's; held until the transaction ends."""
    with connection.cursor() as cursor:
        name = f"access:{organization_id}:{telegram_user_id}:{content_key}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def lock_sandbox_charge(token: str) -> SandboxCharge:
    """A charge in the sandbox's own books; stands outside the order above, and nothing else is locked beside it."""
    return SandboxCharge.objects.select_for_update(of=("self",), no_key=True).get(token=token)
