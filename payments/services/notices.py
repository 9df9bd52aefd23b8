"""What the team is told about money: at once where a row changes, by the sweep where time makes it so."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.models import NoticeKind
from bots.services.notices import notify
from bots.tenancy import no_scope
from payments import selectors
from payments.domain.events import EventKind
from payments.domain.gateway_names import GatewayName
from payments.domain.states import Alarm, PaymentStatus
from payments.gateways.reading import HOME
from payments.models import GatewayAccount, Grant, Order, Payment, PaymentEvent, Place, Reconciliation
from payments.services.transactions import work_for

# A gateway that stumbles for a moment is nobody's business: the next account makes the charge.
DOWN_AFTER: Final = timedelta(minutes=5)
# How far back an account's health is looked at.
HEALTH_OF: Final = timedelta(days=7)
# What is older was told, or happened while nobody swept; telling it now would only be noise.
LOOKS_BACK: Final = timedelta(days=1)
BATCH: Final = 200
_QUIET: Final = frozenset({Alarm.LATE})

REASONS: Final[Mapping[Alarm, Text]] = {
    Alarm.LATE: _("it was paid after the code had expired."),
    Alarm.OVERPAID: _("it was paid more than once, or too much."),
    Alarm.AMOUNT_TOO_SMALL: _("less came in than was charged."),
    Alarm.OTHER_CURRENCY: _("the gateway names another currency."),
    Alarm.REFUNDED_UNSEEN: _("it was given back before we saw it paid."),
    Alarm.DISPUTED: _("the buyer disputes it."),
    Alarm.BACKWARDS: _("the gateway says something that cannot be."),
    Alarm.CONTRADICTION: _("the gateway contradicts itself."),
    Alarm.REFUND_FAILED: _("its money could not be given back."),
}
_DIFFERS: Final[Text] = _("payments that only one side knows, or not with the same money.")
_UNKNOWN_MONEY: Final[Text] = _(
    "money that no sale here explains. If you also sell elsewhere by this account, that is why."
)
_OTHER_REASON: Final[Text] = _("the gateway told something unusual.")


def tell_sale_paid(order: Order) -> None:
    """A sale was paid; in the transaction that pays it."""
    _tell(order, NoticeKind.SALE_PAID, str(order.pk))


def tell_alarm(payment: Payment, alarm: Alarm, *, key: str) -> None:
    """Somebody should look at a charge; in the transaction that writes its ledger's line. `key` is the line's."""
    if alarm in _QUIET:
        return
    order = Order.objects.select_related("contact", "bot").get(pk=payment.order_id)
    if alarm is Alarm.DISPUTED:
        _tell_dispute(order, payment)
        return
    with translation.override("en"):
        # The words' English is what the reader's language is found by.
        reason = str(REASONS.get(alarm, _OTHER_REASON))
    _tell(order, NoticeKind.PAYMENT_ALARM, f"{payment.pk}:{key}", reason=reason)


def _tell_dispute(order: Order, payment: Payment) -> None:
    """Once for each dispute of a charge, and once more where its deadline becomes known or another."""
    moves = PaymentEvent.objects.filter(payment_id=payment.pk, kind=EventKind.MOVED.value)
    opened = moves.filter(to_status=PaymentStatus.DISPUTED.value).exclude(alarm="").count()
    key, until = f"{payment.pk}:{max(opened, 1)}", payment.dispute_until
    if until is None:
        _tell(order, NoticeKind.DISPUTE, key)
        return
    # In Brazil's time, and with the word for it: who answers a minute late has lost the money.
    deadline = f"{until.astimezone(HOME):%d/%m/%Y %H:%M} (BRT)"
    _tell(order, NoticeKind.DISPUTE, f"{key}:{until.isoformat()}", deadline=deadline)


def tell_not_served(order: Order) -> None:
    """A paid sale has not reached its buyer. Told once."""
    _tell(order, NoticeKind.NOT_SERVED, str(order.pk))


def tell_not_inside(place: Place, grant: Grant) -> None:
    """Every link was sent, and somebody with an access is still outside. Told once per access."""
    facts: dict[str, object] = {"name": place.contact, "what": selectors.grant_title(grant)}
    if grant.order is not None:
        facts["amount"] = grant.order.amount.display("pt-br")
    page = ("outside_list",) if grant.order_id is None else ("sale_detail", grant.order_id)
    notify(place.organization_id, NoticeKind.NOT_SERVED, f"place:{place.pk}:{grant.pk}", facts, page=page)


def tell_books(row: Reconciliation) -> None:
    """A night's comparison that did not agree, once for its day; and once that an account takes money which no sale
    here explains, for that may be its everyday. In a transaction."""
    day = f"{row.day:%d/%m/%Y}"
    if row.differing:
        _tell_books(row, str(row.day), day=day, reason=_DIFFERS)
    if row.unknown_count:
        _tell_books(row, "unknown", day=day, reason=_UNKNOWN_MONEY)


def _tell_books(row: Reconciliation, key: str, *, day: str, reason: Text) -> None:
    with translation.override("en"):
        facts = {"account": row.account.name, "day": day, "reason": str(reason)}
    notify(row.organization_id, NoticeKind.BOOKS_DIFFER, f"{row.account_id}:{key}", facts, page=("account_list",))


def tell_silent_gateways() -> int:
    """Every night: accounts most of whose payments we found only by asking, each told once a week; answers how many
    there are. Safe to repeat."""
    now = timezone.now()
    with no_scope(reason="the night's work is everybody's"):
        real = GatewayAccount.unscoped.filter(active=True).exclude(gateway=GatewayName.SANDBOX.value)
        organizations = list(real.values_list("organization_id", flat=True).distinct())
    silent = 0
    for organization_id in organizations:
        with work_for(organization_id):
            health = selectors.health_of_accounts(since=now - HEALTH_OF)
            names = dict(real.filter(organization_id=organization_id).values_list("pk", "name"))
            for account_id, one in health.items():
                if account_id in names and one.tells_too_little:
                    silent += 1
                    _tell_silent(organization_id, account_id, names[account_id], one.asked_percent, now)
    return silent


def _tell_silent(organization_id: UUID, account_id: UUID, name: str, percent: int, now: datetime) -> None:
    facts = {"account": name, "percent": f"{percent}%"}
    key = f"{account_id}:{now:%G-%V}"
    notify(organization_id, NoticeKind.GATEWAY_SILENT, key, facts, page=("account_list",))


def look_around() -> int:
    """The sweep: sales paid and not served for too long, gateways down for too long; answers how many were found.
    Each is told once, a gateway at most once an hour. Safe to run anywhere, several times at once."""
    now = timezone.now()
    with no_scope(reason="what stands still is looked for in every organization"):
        orders = list(
            Order.unscoped.select_related("contact", "bot")
            .filter(
                is_test=False,
                status="paid",
                served_at__isnull=True,
                paid_at__lt=now - selectors.SERVED_WITHIN,
                paid_at__gt=now - LOOKS_BACK,
            )
            .order_by("paid_at")[:BATCH]
        )
        accounts = list(
            GatewayAccount.unscoped.filter(
                active=True, failing_since__lt=now - DOWN_AFTER, failing_since__gt=now - LOOKS_BACK
            ).order_by("failing_since")[:BATCH]
        )
    for order in orders:
        with work_for(order.organization_id):
            tell_not_served(order)
    for account in accounts:
        with work_for(account.organization_id):
            _tell_down(account)
    return len(orders) + len(accounts)


def _tell_down(account: GatewayAccount) -> None:
    assert account.failing_since is not None
    since = timezone.localtime(account.failing_since)
    notify(
        account.organization_id,
        NoticeKind.GATEWAY_DOWN,
        # A gateway that comes and goes is told of once an hour.
        f"{account.pk}:{account.failing_since:%Y-%m-%dT%H}",
        {"account": account.name, "since": f"{since:%H:%M}", "reason": account.last_error},
        page=("account_list",),
    )


def _tell(order: Order, kind: NoticeKind, key: str, **facts: object) -> None:
    if order.is_test:
        return
    known = {
        "name": order.contact,
        "what": order.description,
        "amount": order.amount.display("pt-br"),
        "bot": order.bot.name,
    }
    notify(order.organization_id, kind, key, known | facts, page=("sale_detail", order.pk))
