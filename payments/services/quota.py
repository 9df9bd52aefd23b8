"""How often gateways are asked: per charge and per account, shared by every worker through one row each.

No limiter elsewhere has to be alive: whoever cannot write the row cannot ask.
"""

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils import timezone

from payments.gateways.registry import gateway_of
from payments.models import GatewayAccount, Payment

# What an account may ask at once after a quiet time, as a part of a minute's questions.
_BURST = timedelta(seconds=30)


def may_ask(payment: Payment) -> bool:
    """Takes a question about this charge from its own quota and its account's; False where either is used up."""
    # Looked at first, so that nothing of the account's is spent on a question that is not asked.
    return next_free_question(payment) <= timezone.now() and _of_account(payment.account) and _of_charge(payment)


def next_free_question(payment: Payment) -> datetime:
    """When the gateway may be asked about this charge again."""
    if payment.last_asked_at is None:
        return payment.created_at
    return payment.last_asked_at + _interval(payment)


def _of_charge(payment: Payment) -> bool:
    """One question per charge and interval, whoever asks: the row says when it was last asked."""
    now = timezone.now()
    free = Q(last_asked_at__isnull=True) | Q(last_asked_at__lte=now - _interval(payment))
    return bool(Payment.objects.filter(free, pk=payment.pk).update(last_asked_at=now))


def _interval(payment: Payment) -> timedelta:
    return timedelta(seconds=gateway_of(payment.account.gateway).traits.seconds_between_questions)


def _of_account(account: GatewayAccount) -> bool:
    """Each question speaks for a minute's share; a worker is refused where the row is spoken for too far ahead."""
    per_minute = gateway_of(account.gateway).traits.questions_per_minute
    if not per_minute:
        return True
    share = timedelta(minutes=1) / per_minute
    free = Q(questions_until__isnull=True) | Q(questions_until__lt=Now() + max(_BURST, share))
    until = Greatest(Coalesce(F("questions_until"), Now()), Now()) + share
    return bool(GatewayAccount.unscoped.filter(free, pk=account.pk).update(questions_until=until))
