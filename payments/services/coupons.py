"""Places of a coupon with a limit: taken with the sale, given back when none of its charges can be paid any more.

The counter's row is the last lock of the transaction that takes or gives back. A test chat's sale takes no place.
"""

from uuid import UUID

from django.db.models import F, QuerySet

from flows.engine.coupons import code_key
from payments.domain.states import PaymentStatus
from payments.models import CouponUse, Order, Payment


class CouponUsedUp(Exception):
    """Every sale that the coupon allows is taken."""


def take_place(order: Order) -> None:
    """A place for a sale whose coupon has a limit, unless it holds one. `CouponUsedUp`, and nothing is changed.

    The caller holds the order's lock, or has just made it.
    """
    if not _is_counted(order) or order.holds_coupon:
        return
    if not _count(order, limit=order.coupon_limit):
        raise CouponUsedUp
    _hold(order)


def take_place_late(order: Order) -> None:
    """The place of a sale that is paid after it gave it back: taken even where none is left, for paid is never refused.
    The caller holds the order's lock."""
    if _is_counted(order) and not order.holds_coupon:
        _count(order, limit=None)
        _hold(order)


def give_place_back(order: Order) -> None:
    """Nobody can pay this sale any more: the place is free for another. The caller holds the order's lock, and has
    written what became of its charge."""
    if not order.holds_coupon or order.paid_at is not None:
        return
    if Payment.objects.filter(order_id=order.pk, status=PaymentStatus.PENDING.value).exists():
        return
    _counter(order).filter(used__gt=0).update(used=F("used") - 1)
    order.holds_coupon = False
    order.save(update_fields=["holds_coupon"])


def places_taken(*, flow_id: UUID, step_id: str, code: str) -> int:
    """How many sales hold this coupon of a step."""
    uses = CouponUse.objects.filter(flow_id=flow_id, step_id=step_id, code=code_key(code))
    return uses.values_list("used", flat=True).first() or 0


def _is_counted(order: Order) -> bool:
    return order.coupon_limit is not None and not order.is_test


def _count(order: Order, *, limit: int | None) -> bool:
    """One more, in one statement, so that of any number who come for the last place one gets it."""
    CouponUse.objects.bulk_create(
        [
            CouponUse(
                organization_id=order.organization_id,
                flow_id=_whose(order),
                step_id=order.step_id,
                code=code_key(order.coupon),
            )
        ],
        ignore_conflicts=True,
    )
    return bool(_free(order, limit).update(used=F("used") + 1))


def _free(order: Order, limit: int | None) -> QuerySet[CouponUse]:
    """The counter, if a place of it is free."""
    found = _counter(order)
    return found if limit is None else found.filter(used__lt=limit)


def _counter(order: Order) -> QuerySet[CouponUse]:
    return CouponUse.objects.filter(flow_id=_whose(order), step_id=order.step_id, code=code_key(order.coupon))


def _hold(order: Order) -> None:
    order.holds_coupon = True
    order.save(update_fields=["holds_coupon"])


def _whose(order: Order) -> UUID:
    """The flow the coupon is of, whichever of its versions; the version itself where there is no flow."""
    return order.flow_id or order.version_id
