"""What the pages about money that goes back or was not as expected read, of the active organization."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from bots.errors import NotFound
from payments.domain.events import LedgerLine
from payments.domain.ledger import fold
from payments.domain.money import Currency, Money
from payments.domain.rules import MoneyCase
from payments.models import (
    CreditEntry,
    Grant,
    MatterState,
    MoneyMatter,
    Order,
    Payment,
    PaymentEvent,
    Refund,
    RefundState,
)


@dataclass(frozen=True, slots=True)
class Credit:
    """What a person is owed: under the name of their newest purchase."""

    telegram_user_id: int
    name: str
    owed: Money


def payment(payment_id: UUID) -> Payment:
    """One charge with its sale and account. Raises `NotFound`."""
    found = Payment.objects.select_related("order", "account", "contact", "bot").filter(pk=payment_id).first()
    if found is None:
        raise NotFound("payment_not_found", _("There is no such payment."))
    return found


def refund(refund_id: UUID) -> Refund:
    """One refund with its charge. Raises `NotFound`."""
    found = Refund.objects.select_related("payment").filter(pk=refund_id).first()
    if found is None:
        raise NotFound("refund_not_found", _("There is no such refund."))
    return found


def refunds_of(payment_id: UUID) -> tuple[Refund, ...]:
    """A charge's refunds, newest first."""
    return tuple(Refund.objects.filter(payment_id=payment_id).order_by("-id"))


def open_grants(order_id: UUID) -> tuple[Grant, ...]:
    """What a sale gave and nobody has taken."""
    return tuple(Grant.objects.filter(order_id=order_id, revoked_at__isnull=True).order_by("id"))


def waiting_matters() -> QuerySet[MoneyMatter]:
    """Payments that wait for a member's decision, the oldest first; those of test chats are left out."""
    return _matters().filter(state=MatterState.WAITING).order_by("id")


def decided_matters() -> QuerySet[MoneyMatter]:
    """What was decided, by rule or by a member, newest first."""
    return _matters().exclude(state=MatterState.WAITING).order_by("-id")


def waiting_refunds() -> QuerySet[Refund]:
    """Money that a member is to send by hand, the oldest first."""
    rows = Refund.objects.select_related("payment__order", "payment__contact")
    return rows.filter(state=RefundState.BY_HAND, payment__order__is_test=False).order_by("id")


def failed_refunds() -> QuerySet[Refund]:
    """What a gateway would not give back and nobody has sent since, newest first."""
    rows = Refund.objects.select_related("payment__order", "payment__contact")
    later = Refund.objects.filter(state__in=[RefundState.DONE, RefundState.ASKED, RefundState.BY_HAND])
    return (
        rows.filter(state=RefundState.FAILED, payment__order__is_test=False)
        .exclude(payment_id__in=later.values("payment_id"))
        .order_by("-id")
    )


def things_waiting() -> int:
    """How much waits for a member: decisions, and money to be sent by hand or that a gateway would not give back."""
    return waiting_matters().count() + waiting_refunds().count() + failed_refunds().count()


def credits(*, limit: int) -> tuple[Credit, ...]:
    """Who is owed how much; the largest first."""
    sums = CreditEntry.objects.order_by().values_list("telegram_user_id", "currency").annotate(owed=Sum("amount_minor"))
    rows = [(user_id, Money(owed, Currency(currency))) for user_id, currency, owed in sums if owed > 0]
    rows = sorted(rows, key=lambda row: (-row[1].minor, row[0]))[:limit]
    bought = Order.objects.filter(telegram_user_id__in={user_id for user_id, _owed in rows}, is_test=False)
    names = {order.telegram_user_id: str(order.contact) for order in bought.select_related("contact").order_by("id")}
    return tuple(Credit(user_id, names.get(user_id, str(user_id)), owed) for user_id, owed in rows)


def undecided_of(order_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Which of these sales have money that waits for a decision."""
    waiting = MoneyMatter.objects.filter(state=MatterState.WAITING, payment__order_id__in=list(order_ids))
    return frozenset(waiting.values_list("payment__order_id", flat=True))


def matters_of(order_id: UUID) -> tuple[MoneyMatter, ...]:
    """What was not as expected about a sale's money, in order."""
    return tuple(MoneyMatter.objects.filter(payment__order_id=order_id).order_by("id"))


def refunds_of_sale(order_id: UUID) -> tuple[Refund, ...]:
    """The refunds of all charges of a sale, newest first."""
    return tuple(Refund.objects.select_related("payment").filter(payment__order_id=order_id).order_by("-id"))


def received_unlike_asked(payment_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What came of those of these charges for which it was another sum than was asked, in minor units."""
    unlike = MoneyMatter.objects.exclude(case=MoneyCase.LATE).filter(payment_id__in=list(payment_ids))
    lines: dict[UUID, list[LedgerLine]] = {}
    for event in PaymentEvent.objects.filter(payment_id__in=unlike.values("payment_id")).order_by("id"):
        lines.setdefault(event.payment_id, []).append(event.line)
    return {payment_id: fold(ledger).received_minor for payment_id, ledger in lines.items()}


def _matters() -> QuerySet[MoneyMatter]:
    joined = MoneyMatter.objects.select_related("payment__order", "payment__contact", "payment__account")
    return joined.filter(payment__order__is_test=False)
