"""Reads of the payments app: sales with their proof, charges, accesses, accounts. All of the active organization."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import NotFound
from flows.engine.catalogue import CatalogueFacts, GatewayAccountFacts
from flows.engine.effects import TimelineKind
from flows.ports import GrantOwner
from flows.selectors import timeline_of_run
from payments.domain.money import Currency, Money
from payments.gateways.registry import gateway_of
from payments.models import (
    BotGateway,
    GatewayAccount,
    Grant,
    Order,
    OrderStatus,
    Payment,
    PaymentEvent,
    WebhookDelivery,
)

# Longer than any honest way from paid to served; then a sale is shown in red.
SERVED_WITHIN = timedelta(minutes=5)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", re.ASCII)


class ProofKind(StrEnum):
    """The stops of a sale, in their order."""

    CHARGED = "charged"
    PAID = "paid"
    WENT_ON = "went_on"
    SENT = "sent"


class ProofState(StrEnum):
    """`open`: not there yet; `broken`: it should be, and somebody must look."""

    DONE = "done"
    OPEN = "open"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class ProofStop:
    """One stop of the line, with its time once it was reached."""

    kind: ProofKind
    state: ProofState
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SaleDetail:
    """All that is known of one sale."""

    order: Order
    payments: tuple[Payment, ...]
    events: tuple[PaymentEvent, ...]
    grants: tuple[Grant, ...]
    proof: tuple[ProofStop, ...]


@dataclass(frozen=True, slots=True)
class Takings:
    """What came in, in one currency."""

    total: Money
    sales: int


def sales(
    *,
    search: str = "",
    status: OrderStatus | None = None,
    bot_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    include_tests: bool = False,
) -> QuerySet[Order]:
    """Sales, newest first. `search` finds name, @username, Telegram id, txid, end-to-end id, the gateway's id, or our
    own ids."""
    found = Order.objects.select_related("bot", "contact").order_by("-created_at", "-id")
    if not include_tests:
        found = found.filter(is_test=False)
    if status is not None:
        found = found.filter(status=status)
    if bot_id is not None:
        found = found.filter(bot_id=bot_id)
    if since is not None:
        found = found.filter(created_at__gte=since)
    if until is not None:
        found = found.filter(created_at__lt=until)
    return found.filter(_matching(search)) if search.strip() else found


def sale(order_id: UUID) -> SaleDetail:
    """One sale with everything about it. Raises `NotFound`."""
    order = Order.objects.select_related("bot", "contact").filter(pk=order_id).first()
    if order is None:
        raise NotFound("sale_not_found", _("There is no such sale."))
    payments = tuple(Payment.objects.select_related("account").filter(order_id=order.pk).order_by("id"))
    events = PaymentEvent.objects.filter(payment__order_id=order.pk).order_by("id")
    return SaleDetail(
        order=order,
        payments=payments,
        events=tuple(events),
        grants=tuple(Grant.objects.filter(order_id=order.pk).order_by("id")),
        proof=proof_of_sale(order, payments=payments),
    )


def proof_of_sale(order: Order, *, payments: tuple[Payment, ...] | None = None) -> tuple[ProofStop, ...]:
    """charged → paid → flow went on → access sent, each with its time; red where it should be and is not."""
    charges = payments if payments is not None else tuple(Payment.objects.filter(order_id=order.pk))
    charged_at = min((charge.charged_at for charge in charges if charge.charged_at), default=None)
    now = timezone.now()
    overdue = order.paid_at is not None and now - order.paid_at > SERVED_WITHIN
    unmade = charged_at is None and order.status == OrderStatus.FAILED
    went_on_at = order.went_on_at or (heard_of_money_at(order) if order.paid_at else None)
    return (
        _stop(ProofKind.CHARGED, charged_at, broken=unmade),
        _stop(ProofKind.PAID, order.paid_at, broken=False),
        _stop(ProofKind.WENT_ON, went_on_at or order.served_at, broken=overdue),
        _stop(ProofKind.SENT, order.sent_at, broken=bool(order.send_failure) or overdue),
    )


def paid_but_not_served(*, longer_than: timedelta = SERVED_WITHIN) -> QuerySet[Order]:
    """Sales somebody paid for and has not been served, oldest first: what must never be."""
    return (
        Order.objects.select_related("bot", "contact")
        .filter(is_test=False, status=OrderStatus.PAID, paid_at__lt=timezone.now() - longer_than)
        .filter(Q(served_at__isnull=True) | ~Q(send_failure=""))
        .order_by("paid_at")
    )


def takings(*, since: datetime, until: datetime | None = None) -> tuple[Takings, ...]:
    """What was paid in the time, per currency; test chats do not count."""
    paid = Order.objects.filter(
        is_test=False, paid_at__gte=since, status__in=[OrderStatus.PAID, OrderStatus.PARTIALLY_REFUNDED]
    )
    if until is not None:
        paid = paid.filter(paid_at__lt=until)
    rows = paid.order_by().values("currency").annotate(total=Sum("amount_minor"), sales=Count("id"))
    return tuple(
        Takings(Money(row["total"], Currency(row["currency"])), row["sales"]) for row in rows.order_by("currency")
    )


def alarms(*, since: datetime) -> QuerySet[PaymentEvent]:
    """Ledger lines somebody should look at, newest first."""
    return (
        PaymentEvent.objects.exclude(alarm="")
        .filter(created_at__gte=since, payment__order__is_test=False)
        .select_related("payment", "payment__order", "payment__contact")
        .order_by("-id")
    )


def gateway_accounts() -> QuerySet[GatewayAccount]:
    """The organization's accounts in their order."""
    return GatewayAccount.objects.order_by("position", "created_at")


def failing_accounts() -> QuerySet[GatewayAccount]:
    """Accounts whose gateway did not answer when it was last needed."""
    return gateway_accounts().filter(active=True, failing_since__isnull=False)


def accounts_of_bot(bot_id: UUID) -> QuerySet[GatewayAccount]:
    """The accounts a bot tries, first to last."""
    return GatewayAccount.objects.filter(bot_places__bot_id=bot_id).order_by("bot_places__position")


def payments() -> QuerySet[Payment]:
    """Charges, newest first; those of test chats are left out."""
    return (
        Payment.objects.select_related("order", "account", "contact", "bot")
        .filter(order__is_test=False)
        .order_by("-created_at", "-id")
    )


def grants() -> QuerySet[Grant]:
    """Accesses, newest first; those of test chats are left out."""
    return Grant.objects.select_related("order", "contact").filter(is_test=False).order_by("-created_at", "-id")


def open_grant_names(owners: Collection[GrantOwner]) -> Mapping[GrantOwner, tuple[str, ...]]:
    """What conditions call the open accesses of these people, of any organization; one statement for all."""
    now, asked = timezone.now(), frozenset(owners)
    named = ("organization_id", "telegram_user_id", "step_id", "content__chat", "order__description", "order__items")
    rows = Grant.unscoped.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now),
        organization_id__in={organization_id for organization_id, _user_id in asked},
        telegram_user_id__in={user_id for _organization_id, user_id in asked},
        revoked_at__isnull=True,
        starts_at__lte=now,
    ).order_by("id")
    found: dict[GrantOwner, dict[str, None]] = defaultdict(dict)
    for organization_id, user_id, step_id, chat, description, items in rows.values_list(*named):
        # The same person may be known to two of these organizations.
        if (organization_id, user_id) not in asked:
            continue
        sold = [item.get("name") for item in items or () if isinstance(item, dict)]
        for name in (chat, step_id, description, *sold):
            if isinstance(name, str) and name:
                found[organization_id, user_id][name] = None
    return {owner: tuple(names) for owner, names in found.items()}


def test_charges(contact_id: UUID) -> QuerySet[Payment]:
    """What a test chat's contact was charged, newest first."""
    return (
        Payment.objects.select_related("order", "account")
        .filter(contact_id=contact_id, order__is_test=True)
        .order_by("superseded", "-id")
    )


def unsettled_deliveries() -> QuerySet[WebhookDelivery]:
    """Gateway notices that were forged, unreadable, set aside, or name a charge nobody knows."""
    return WebhookDelivery.objects.exclude(state__in=["new", "done"]).select_related("account").order_by("-created_at")


def catalogue_part(organization_id: UUID, bot_id: UUID | None) -> CatalogueFacts:
    """The accounts a definition may name, and the one that charges where it names none."""
    active = list(
        GatewayAccount.unscoped.filter(organization_id=organization_id, active=True).order_by("position", "created_at")
    )
    places = BotGateway.unscoped.filter(organization_id=organization_id).order_by("position")
    order = list(places.filter(bot_id=bot_id).values_list("account_id", flat=True)) if bot_id else []
    ids = {account.pk for account in active}
    first = next((account_id for account_id in order if account_id in ids), active[0].pk if active else None)
    return CatalogueFacts(
        gateway_accounts={str(account.pk): _account_facts(account) for account in active},
        default_account=str(first) if first else None,
    )


def _account_facts(account: GatewayAccount) -> GatewayAccountFacts:
    traits = gateway_of(account.gateway).traits
    return GatewayAccountFacts(
        id=str(account.pk),
        currencies=frozenset(currency.value for currency in traits.currencies),
        payer_fields=frozenset(field.value for field in traits.payer_fields),
    )


def _stop(kind: ProofKind, at: datetime | None, *, broken: bool) -> ProofStop:
    if at is not None:
        return ProofStop(kind, ProofState.DONE, at)
    return ProofStop(kind, ProofState.BROKEN if broken else ProofState.OPEN)


def heard_of_money_at(order: Order) -> datetime | None:
    """When the run took its paid exit, by its own timeline."""
    entries = timeline_of_run(order.run_id)
    return next(
        (entry.at for entry in entries if entry.kind == TimelineKind.PAID.value and entry.at >= order.created_at), None
    )


def _matching(search: str) -> Q:
    text = search.strip()
    charges = Payment.objects.filter(order_id=OuterRef("pk"))
    by_charge = Q(txid__iexact=text) | Q(end_to_end_id__iexact=text) | Q(provider_id=text)
    wanted: Q = (
        Q(contact__first_name__icontains=text)
        | Q(contact__last_name__icontains=text)
        | Q(contact__username__iexact=text.removeprefix("@"))
        | Q(description__icontains=text)
        | Q(Exists(charges.filter(by_charge)))
    )
    if text.isascii() and text.isdigit() and len(text) <= 18:
        wanted |= Q(telegram_user_id=int(text))
    if _UUID.fullmatch(text):
        wanted |= Q(pk=UUID(text)) | Q(run_id=UUID(text)) | Q(Exists(charges.filter(pk=UUID(text))))
    return wanted
