"""Every night: is what we booked as received what the gateway lists of our charges?

A list is a hint like any other. A charge that only one side knows is asked about by itself, and whatever money is found
is booked as it would have been the minute it came; only what still differs then is put before staff.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from bots.tenancy import no_scope, organization_scope
from payments import metrics
from payments.domain.events import EventSource
from payments.domain.states import SETTLED
from payments.gateways.base import Charge, GatewayError
from payments.gateways.reading import HOME
from payments.gateways.registry import GATEWAYS, gateway_of
from payments.models import GatewayAccount, Payment, Reconciliation
from payments.services.accounts import access_to, note_failure
from payments.services.asking import Answer, ask_gateway
from payments.services.transactions import work_for

logger = structlog.get_logger(__name__)

# A list longer than this is no evening's work; the rest is left to polls and notices.
MOST_LISTED = 5_000
# Charges that differ are asked about one by one: so many at most, a mistake of theirs must not use up our quota.
MOST_ASKED = 50


@dataclass(frozen=True, slots=True)
class _Day:
    """A day in Brazil."""

    day: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.day, time.min, tzinfo=HOME)

    @property
    def until(self) -> datetime:
        return self.since + timedelta(days=1)


def compare_books(day: date | None = None) -> int:
    """Compares yesterday (or `day`) with every account whose gateway has a list; answers how many accounts differ.

    One account that fails keeps no other from being compared. Safe to repeat: the row of the day is written anew.
    """
    wanted = _Day(day or (timezone.now().astimezone(HOME).date() - timedelta(days=1)))
    listing = [name.value for name, gateway in GATEWAYS.items() if gateway.traits.lists_received]
    with no_scope(reason="the night's work is everybody's"):
        found = GatewayAccount.unscoped.filter(active=True, gateway__in=listing, payments__isnull=False)
        accounts = list(found.distinct())
    return sum(not _compare(account, wanted) for account in accounts)


def _compare(account: GatewayAccount, day: _Day) -> bool:
    """Whether both sides agree."""
    with organization_scope(account.organization_id):
        try:
            theirs = _listed(account, day)
        except GatewayError as error:
            note_failure(account, error)
            return _keep(account, day, {}, {}, asked={}, error=f"{error.code}: {error}"[:300])
        before = _booked(account, day, theirs)
        asked = _ask_about(_differing(before, theirs), account)
        return _keep(account, day, _booked(account, day, theirs), theirs, asked=asked)


def _listed(account: GatewayAccount, day: _Day) -> Mapping[str, Charge]:
    """Charges of ours on the gateway's list, by its id. The seller's other sales stand there too and are not ours."""
    listed: dict[str, Charge] = {}
    gateway = gateway_of(account.gateway)
    for charge in gateway.received(access_to(account), since=day.since, until=day.until):
        listed[charge.provider_id] = charge
        if len(listed) >= MOST_LISTED:
            break
    ids = list(listed)
    known = Payment.objects.filter(account_id=account.pk).filter(
        Q(provider_id__in=ids) | Q(idempotency_key__in=[charge.key for charge in listed.values()])
    )
    names = {name for row in known.values_list("provider_id", "idempotency_key") for name in row if name}
    return {name: charge for name, charge in listed.items() if name in names or charge.key in names}


def _booked(account: GatewayAccount, day: _Day, theirs: Mapping[str, Charge]) -> Mapping[str, Payment]:
    """What we booked as received that day, and what we booked at any time of what they list."""
    settled = [status.value for status in SETTLED]
    mine = Payment.objects.filter(account_id=account.pk, status__in=settled, paid_at__isnull=False)
    wanted = Q(paid_at__gte=day.since, paid_at__lt=day.until) | Q(provider_id__in=list(theirs))
    return {payment.provider_id: payment for payment in mine.filter(wanted)}


def _differing(ours: Mapping[str, Payment], theirs: Mapping[str, Charge]) -> list[str]:
    """Known to one side only, or with another amount."""
    one_sided = ours.keys() ^ theirs.keys()
    unequal = {name for name in ours.keys() & theirs.keys() if ours[name].amount != theirs[name].amount}
    return sorted(one_sided | unequal)


def _ask_about(names: list[str], account: GatewayAccount) -> Mapping[str, Answer]:
    """Asks about each differing charge by itself."""
    rows = Payment.objects.filter(account_id=account.pk, provider_id__in=names[:MOST_ASKED]).order_by("id")
    return {row.provider_id: ask_gateway(row.pk, source=EventSource.POLL) for row in rows}


def _keep(
    account: GatewayAccount,
    day: _Day,
    ours: Mapping[str, Payment],
    theirs: Mapping[str, Charge],
    *,
    asked: Mapping[str, Answer],
    error: str = "",
) -> bool:
    # A charge on our side alone that the gateway itself calls paid is only listed under another day.
    settled = {name for name, answer in asked.items() if answer.asked and answer.status in SETTLED}
    differing = [name for name in _differing(ours, theirs) if name in theirs or name not in settled]
    row = {
        "organization_id": account.organization_id,
        "ours_minor": sum(payment.amount_minor for payment in ours.values()),
        "ours_count": len(ours),
        "theirs_minor": sum(charge.amount.minor for charge in theirs.values()),
        "theirs_count": len(theirs),
        "found_count": sum(answer.moved for answer in asked.values()),
        "differing": differing[:MOST_ASKED],
        "error": error,
        "checked_at": timezone.now(),
    }
    with work_for(account.organization_id):
        kept, _made = Reconciliation.objects.update_or_create(account=account, day=day.day, defaults=row)
    if not kept.agrees:
        metrics.COMPARISONS.labels(account.gateway, "failed" if error else "differs").inc()
        logger.error(
            "books_differ", account_id=str(account.pk), day=str(day.day), differing=len(differing), error=error
        )
    else:
        metrics.COMPARISONS.labels(account.gateway, "agrees").inc()
    return kept.agrees
