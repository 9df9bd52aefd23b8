"""What runs ask of payments, effect by effect, from the wish to its answer."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

import structlog

from bots.models import Channel
from flows.engine.coupons import Refusal
from flows.engine.effects import CheckPayment, GrantAccess, RenewPayment, RequestPayment
from flows.engine.events import ChargeFailed, CouponRefused, Event
from flows.ports import InboxSource
from flows.selectors import flow_id_of_version
from flows.services import post_event
from flows.topics import Envelope
from payments.domain.money import Currency, Money
from payments.models import ChargeRequest, GatewayAccount, Payment
from payments.services.accounts import accounts_to_try
from payments.services.checking import Check, check_payment, renew_payment
from payments.services.coupons import CouponUsedUp
from payments.services.creation import Creation, give_up, obtain_code, tell_waiting
from payments.services.grants import give
from payments.services.links import Asker, ask_for_link
from payments.services.requests import Standing, Wish, open_order
from payments.services.taking import keep_to_its_order
from payments.services.transactions import work_for

logger = structlog.get_logger(__name__)

NO_GATEWAY = "no_gateway"
GATEWAY_DOWN = "gateway_down"
GATEWAY_REFUSED = "gateway_refused"


class Progress(StrEnum):
    """`later`: worth asking again, the person has been told; `soon`: somebody else is at it this moment."""

    DONE = "done"
    SOON = "soon"
    LATER = "later"


def request_payment(envelope: Envelope, effect: RequestPayment, *, key: str) -> Progress:
    """Order and charge are committed, then the gateway is called; the visit hears `ChargeReady`,
    `ChargeFailed`, or `CouponRefused` where nothing was made because its coupon cannot be had.

    `key` is the effect's: the same one never makes a second sale, at whatever point an earlier try died.
    """
    amount = Money(effect.amount_minor, Currency(effect.currency))
    accounts = _accounts(envelope, amount=amount, payer=effect.payer, wanted=effect.account_id)
    if not accounts:
        if _fits_without_coupon(envelope, effect, amount):
            _tell_coupon_refused(envelope, effect, Refusal.DOES_NOT_FIT, key)
        else:
            _tell_no_gateway(envelope, effect.visit, key)
        return Progress.DONE
    wish = Wish(key=key, envelope=envelope, effect=effect, flow_id=flow_id_of_version(envelope.version_id))
    try:
        found = open_order(wish, account=accounts[0])
    except CouponUsedUp:
        _tell_coupon_refused(envelope, effect, Refusal.USED_UP, key)
        return Progress.DONE
    if found.standing is Standing.PAID:
        return Progress.DONE
    return _obtain(envelope.organization_id, found.order_id, accounts)


def renew(envelope: Envelope, effect: RenewPayment, *, key: str) -> Progress:
    """A fresh code for the visit's order; the old charge stays watched. Safe to repeat with the same key."""
    renewal = renew_payment(
        organization_id=envelope.organization_id,
        run_id=envelope.run_id,
        visit=effect.visit,
        payment_id=effect.payment_id,
        key=key,
    )
    if renewal is None:
        # There was no account when the charge was wanted, so there is no order either.
        _tell_no_gateway(envelope, effect.visit, key)
        return Progress.DONE
    if renewal.order_id is None:
        return Progress.DONE
    accounts = _accounts_of_order(envelope, renewal.order_id)
    if not accounts:
        _tell_no_gateway(envelope, effect.visit, key)
        return Progress.DONE
    return _obtain(envelope.organization_id, renewal.order_id, accounts)


def check(envelope: Envelope, effect: CheckPayment, *, key: str) -> Progress:
    """Asks the gateway for an “I have paid” press and tells the visit. Safe to repeat with the same key."""
    answer = check_payment(
        organization_id=envelope.organization_id,
        run_id=envelope.run_id,
        visit=effect.visit,
        payment_id=effect.payment_id,
        key=key,
    )
    return Progress.DONE if answer is Check.ANSWERED else Progress.SOON


def grant_access(envelope: Envelope, effect: GrantAccess) -> None:
    """The row of an access that a step has said. Safe to repeat."""
    with work_for(envelope.organization_id):
        give(
            organization_id=envelope.organization_id,
            contact_id=envelope.contact_id,
            telegram_user_id=envelope.telegram_user_id,
            order_id=effect.order_id,
            run_id=envelope.run_id,
            visit=effect.visit,
            step_id=effect.step_id,
            content=effect.content,
            is_test=envelope.channel == Channel.SIMULATOR,
        )
        if effect.order_id is not None:
            keep_to_its_order(effect.order_id)
        if effect.link_for is not None:
            is_test = envelope.channel == Channel.SIMULATOR
            asker = Asker(
                envelope.bot_id, envelope.telegram_user_id, envelope.run_id, effect.visit, wait=effect.link_for
            )
            key = f"{envelope.run_id}:{effect.visit}:{effect.link_for}:{effect.step_id}"
            ask_for_link(envelope.organization_id, effect.content, asker, is_test=is_test, key=key)


def abandon(envelope: Envelope, *, key: str) -> None:
    """The outbox gave a charge up after its last try: its visit takes the way of a failed payment."""
    with work_for(envelope.organization_id):
        order_id = ChargeRequest.objects.filter(key=key).values_list("order_id", flat=True).first()
    if order_id is not None:
        give_up(order_id, organization_id=envelope.organization_id, code=GATEWAY_DOWN)


def _obtain(organization_id: UUID, order_id: UUID, accounts: Sequence[GatewayAccount]) -> Progress:
    match obtain_code(order_id, organization_id=organization_id, accounts=accounts):
        case Creation.READY | Creation.OVER:
            return Progress.DONE
        case Creation.BUSY:
            return Progress.SOON
        case Creation.DOWN:
            logger.error("no_gateway_answers", organization_id=str(organization_id), order_id=str(order_id))
            tell_waiting(order_id, organization_id=organization_id, code=GATEWAY_DOWN)
            return Progress.LATER
        case Creation.REFUSED:
            give_up(order_id, organization_id=organization_id, code=GATEWAY_REFUSED)
            return Progress.DONE


def _accounts(
    envelope: Envelope, *, amount: Money, payer: Mapping[str, str], wanted: str | None
) -> list[GatewayAccount]:
    return accounts_to_try(
        organization_id=envelope.organization_id,
        bot_id=envelope.bot_id,
        wanted_id=_uuid(wanted),
        amount=amount,
        payer=payer,
        is_test=envelope.channel == Channel.SIMULATOR,
    )


def _accounts_of_order(envelope: Envelope, order_id: UUID) -> list[GatewayAccount]:
    """For a new code. The step's own account is that of the first charge: the first is always tried there."""
    with work_for(envelope.organization_id):
        charges = Payment.objects.filter(order_id=order_id)
        first, newest = charges.earliest("id"), charges.latest("id")
    return _accounts(envelope, amount=newest.amount, payer=newest.payer, wanted=str(first.account_id))


def _fits_without_coupon(envelope: Envelope, effect: RequestPayment, amount: Money) -> bool:
    """Whether only the coupon's discount brings the amount below what every account takes."""
    if effect.coupon is None:
        return False
    full = Money(amount.minor + effect.coupon.discount_minor, amount.currency)
    return bool(_accounts(envelope, amount=full, payer=effect.payer, wanted=effect.account_id))


def _tell_coupon_refused(envelope: Envelope, effect: RequestPayment, why: Refusal, key: str) -> None:
    coupon = effect.coupon.code if effect.coupon else ""
    _tell(envelope, CouponRefused(visit=effect.visit, coupon=coupon, code=why.value), external_id=f"coupon:{key}")


def _tell_no_gateway(envelope: Envelope, visit: int, key: str) -> None:
    logger.error("no_gateway_account", organization_id=str(envelope.organization_id), bot_id=str(envelope.bot_id))
    failed = ChargeFailed(visit=visit, code=NO_GATEWAY, retrying=False)
    _tell(envelope, failed, external_id=f"charge:{key}:no_gateway")


def _tell(envelope: Envelope, event: Event, *, external_id: str) -> None:
    """What a run hears of a wish that came to no order."""
    with work_for(envelope.organization_id):
        post_event(
            organization_id=envelope.organization_id,
            bot_id=envelope.bot_id,
            telegram_user_id=envelope.telegram_user_id,
            event=event,
            source=InboxSource.PAYMENT,
            external_id=external_id,
            run_id=envelope.run_id,
        )


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
