"""Every night: is what we booked as received what the gateway lists of our charges?

A list is a hint like any other. A charge that only one side knows is asked about by itself, and whatever money is found
is booked as it would have been the minute it came; what still differs then is put before the team and staff, and so is
money on the list that no sale of anybody's here explains.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import islice

import structlog
from django.db.models import Prefetch, Q
from django.utils import timezone

from bots.tenancy import no_scope, organization_scope
from payments import metrics
from payments.domain.events import EventSource
from payments.domain.ledger import fold
from payments.domain.money import Money
from payments.domain.states import SETTLED
from payments.gateways.base import Charge, GatewayError
from payments.gateways.reading import HOME
from payments.gateways.registry import GATEWAYS, gateway_of
from payments.models import GatewayAccount, Payment, PaymentEvent, Reconciliation
from payments.services.accounts import access_to, note_failure
from payments.services.asking import Answer, ask_gateway
from payments.services.notices import tell_books
from payments.services.transactions import work_for

logger = structlog.get_logger(__name__)

# A list longer than this is no evening's work; the rest is left to polls and notices.
MOST_LISTED = 5_000
# Charges that differ are asked about one by one: so many at most, a mistake of theirs must not use up our quota.
MOST_ASKED = 50


# So long after its last charge the books of an account that is switched off are still compared.
WATCHED_AFTER = timedelta(days=7)


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
        # Switched off, it still takes the money of the codes it made.
        lately = Q(active=True) | Q(payments__created_at__gte=wanted.since - WATCHED_AFTER)
        found = GatewayAccount.unscoped.filter(lately, gateway__in=listing, payments__isnull=False)
        accounts = list(found.distinct())
    return sum(not _compared(account, wanted) for account in accounts)


def _compared(account: GatewayAccount, day: _Day) -> bool:
    try:
        return _compare(account, day)
    except Exception:
        logger.exception("comparison_failed", account_id=str(account.pk))
        return False


def _compare(account: GatewayAccount, day: _Day) -> bool:
    """Whether both sides agree."""
    with organization_scope(account.organization_id):
        try:
            listed = _listed(account, day)
        except GatewayError as error:
            note_failure(account, error)
            return _keep(account, day, {}, _List(), asked={}, error=f"{error.code}: {error}"[:300])
        before = _booked(account, day, listed.ours)
        asked = _ask_about(_differing(before, listed.ours), account)
        return _keep(account, day, _booked(account, day, listed.ours), listed, asked=asked)


@dataclass(frozen=True, slots=True)
class _List:
    """What the gateway lists: charges of ours by their id, and money that no sale explains."""

    ours: Mapping[str, Charge] = field(default_factory=dict)
    unknown: Sequence[Charge] = ()


def _listed(account: GatewayAccount, day: _Day) -> _List:
    """The list, with what it says of one charge put together. The seller's other sales stand there too; so do charges
    of another account here that is the same one at the gateway, which are no news to anybody."""
    lines = gateway_of(account.gateway).received(access_to(account), since=day.since, until=day.until)
    # Lines are counted, not charges: a list that begins anew on every page must end too.
    listed = _together(islice(lines, MOST_LISTED))
    ids, keys = list(listed), [charge.key for charge in listed.values() if charge.key]
    mine = Payment.objects.filter(account_id=account.pk)
    known = mine.filter(Q(provider_id__in=ids) | Q(idempotency_key__in=keys))
    names = {name for row in known.values_list("provider_id", "idempotency_key") for name in row if name}
    ours = {name: charge for name, charge in listed.items() if name in names or charge.key in names}
    elsewhere = Payment.unscoped.filter(idempotency_key__in=keys).values_list("idempotency_key", flat=True)
    explained = set(elsewhere)
    unknown = [charge for name, charge in listed.items() if name not in ours and charge.key not in explained]
    return _List(ours, unknown)


def _together(lines: Iterable[Charge]) -> Mapping[str, Charge]:
    """By the gateway's id. A charge stands twice on a list because it was paid twice, or because the list grew while it
    was read: two receipts tell the one from the other."""
    listed: dict[str, Charge] = {}
    seen: set[tuple[str, str]] = set()
    for line in lines:
        before = listed.get(line.provider_id)
        if before is None:
            listed[line.provider_id] = line
        elif (line.provider_id, line.end_to_end_id) not in seen:
            listed[line.provider_id] = replace(before, received=_came_in(before) + _came_in(line))
        seen.add((line.provider_id, line.end_to_end_id))
    return listed


def _came_in(charge: Charge) -> Money:
    return charge.amount if charge.received is None else charge.received


@dataclass(frozen=True, slots=True)
class _Booked:
    """A charge in our books, with what we booked as received."""

    amount: Money
    received: Money


def _booked(account: GatewayAccount, day: _Day, theirs: Mapping[str, Charge]) -> Mapping[str, _Booked]:
    """What we booked as received that day, and what we booked at any time of what they list."""
    settled = [status.value for status in SETTLED]
    mine = Payment.objects.filter(account_id=account.pk, status__in=settled, paid_at__isnull=False)
    wanted = Q(paid_at__gte=day.since, paid_at__lt=day.until) | Q(provider_id__in=list(theirs))
    found = list(mine.filter(wanted).prefetch_related(Prefetch("events", PaymentEvent.objects.order_by("id"))))
    return {payment.provider_id: _as_booked(payment) for payment in found}


def _as_booked(payment: Payment) -> _Booked:
    received = fold(event.line for event in payment.events.all()).received_minor
    return _Booked(payment.amount, Money(received, payment.amount.currency))


def _differing(ours: Mapping[str, _Booked], theirs: Mapping[str, Charge]) -> list[str]:
    """Known to one side only, of another amount, or with more money than we saw. (Less is money of another day.)"""
    one_sided = ours.keys() ^ theirs.keys()
    unequal = {name for name in ours.keys() & theirs.keys() if not _agree(ours[name], theirs[name])}
    return sorted(one_sided | unequal)


def _agree(ours: _Booked, theirs: Charge) -> bool:
    return ours.amount == theirs.amount and _came_in(theirs) <= ours.received


def _ask_about(names: list[str], account: GatewayAccount) -> Mapping[str, Answer]:
    """Asks about each differing charge by itself."""
    rows = Payment.objects.filter(account_id=account.pk, provider_id__in=names[:MOST_ASKED]).order_by("id")
    return {row.provider_id: ask_gateway(row.pk, source=EventSource.POLL) for row in rows}


def _keep(
    account: GatewayAccount,
    day: _Day,
    ours: Mapping[str, _Booked],
    listed: _List,
    *,
    asked: Mapping[str, Answer],
    error: str = "",
) -> bool:
    theirs = listed.ours
    # A charge on our side alone that the gateway itself calls paid is only listed under another day.
    settled = {name for name, answer in asked.items() if answer.asked and answer.status in SETTLED}
    differing = [name for name in _differing(ours, theirs) if name in theirs or name not in settled]
    row = {
        "organization_id": account.organization_id,
        "ours_minor": sum(booked.received.minor for booked in ours.values()),
        "ours_count": len(ours),
        "theirs_minor": sum(_came_in(charge).minor for charge in theirs.values()),
        "theirs_count": len(theirs),
        "found_count": sum(answer.moved for answer in asked.values()),
        "differing": differing[:MOST_ASKED],
        "unknown_minor": sum(_came_in(charge).minor for charge in listed.unknown),
        "unknown_count": len(listed.unknown),
        "unknown": [charge.provider_id for charge in listed.unknown[:MOST_ASKED]],
        "error": error,
        "checked_at": timezone.now(),
    }
    with work_for(account.organization_id):
        kept, _made = Reconciliation.objects.update_or_create(account=account, day=day.day, defaults=row)
        tell_books(kept)
    if not kept.agrees:
        metrics.COMPARISONS.labels(account.gateway, "failed" if error else "differs").inc()
        logger.error(
            "books_differ", account_id=str(account.pk), day=str(day.day), differing=len(differing), error=error
        )
    else:
        metrics.COMPARISONS.labels(account.gateway, "agrees").inc()
    return kept.agrees
