"""What the pages about money that goes back or was not as expected read, of the active organization."""

from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from bots.errors import NotFound
from payments.domain.money import Currency, Money
from payments.models import CreditEntry, Grant, MatterState, MoneyMatter, Payment, Refund, RefundState


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


def credits() -> tuple[tuple[int, Money], ...]:
    """Who is owed how much, by Telegram id; the largest first."""
    sums = CreditEntry.objects.order_by().values_list("telegram_user_id", "currency").annotate(owed=Sum("amount_minor"))
    rows = [(user_id, Money(owed, Currency(currency))) for user_id, currency, owed in sums if owed > 0]
    return tuple(sorted(rows, key=lambda row: (-row[1].minor, row[0])))


def _matters() -> QuerySet[MoneyMatter]:
    return MoneyMatter.objects.select_related("payment__order", "payment__contact").filter(
        payment__order__is_test=False
    )
