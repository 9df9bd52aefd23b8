"""Reads of the payments app: sales with their proof, charges, accesses, accounts. All of the active organization."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, assert_never
from uuid import UUID

from django.db.models import Avg, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import NotFound
from bots.selectors import audit_of
from flows.engine.catalogue import CatalogueFacts, GatewayAccountFacts
from flows.engine.effects import TimelineKind
from flows.ports import GrantOwner
from flows.selectors import timeline_of_run
from payments.domain.events import EventKind, EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import PaymentStatus
from payments.gateways.registry import gateway_of
from payments.models import (
    STILL_OWED,
    BotGateway,
    DeliveryState,
    GatewayAccount,
    Grant,
    GrantKind,
    Order,
    OrderStatus,
    Payment,
    PaymentEvent,
    Place,
    WebhookDelivery,
)

# Longer than any honest way from paid to served; then a sale is shown in red.
SERVED_WITHIN = timedelta(minutes=5)
# By then two more links were sent.
INSIDE_WITHIN: Final = timedelta(hours=1)
# So many payments tell something of an account.
ENOUGH_TO_JUDGE: Final = 5
# CPF and CNPJ.
DOCUMENT_LENGTHS: Final = (11, 14)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", re.ASCII)


class ProofKind(StrEnum):
    """The stops of a sale, in their order."""

    CHARGED = "charged"
    PAID = "paid"
    WENT_ON = "went_on"
    SENT = "sent"
    # Only of a sale that gives a place in a group or channel.
    INSIDE = "inside"


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
    deliveries: tuple[WebhookDelivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Takings:
    """What came in, in one currency."""

    total: Money
    sales: int


@dataclass(frozen=True, slots=True)
class SaleTotals:
    """What a list of sales comes to."""

    sales: int
    paid: int
    takings: tuple[Takings, ...]


class SaleFlag(StrEnum):
    """What is unusual about a sale, as lists are filtered by it."""

    LATE = "late"
    OVERPAID = "overpaid"
    NOT_SERVED = "not_served"
    ALARM = "alarm"


def sales(
    *,
    search: str = "",
    status: OrderStatus | None = None,
    bot_id: UUID | None = None,
    flow_id: UUID | None = None,
    account_id: UUID | None = None,
    flag: SaleFlag | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    include_tests: bool = False,
) -> QuerySet[Order]:
    """Sales, newest first. `search` finds what is on a receipt: name, @username, Telegram id, e-mail, CPF, CNPJ, txid,
    end-to-end id, the gateway's id, or our own ids. `account_id` is any account that made a charge of the sale."""
    found = Order.objects.select_related("bot", "contact").order_by("-created_at", "-id")
    if not include_tests:
        found = found.filter(is_test=False)
    exactly = {"status": status, "bot_id": bot_id, "flow_id": flow_id}
    moments = {"created_at__gte": since, "created_at__lt": until}
    found = found.filter(**{name: value for name, value in {**exactly, **moments}.items() if value is not None})
    if account_id is not None:
        found = found.filter(Exists(_charges().filter(account_id=account_id)))
    if flag is not None:
        found = found.filter(_flagged(flag))
    return found.filter(_matching(search)) if search.strip() else found


def totals(found: QuerySet[Order]) -> SaleTotals:
    """How many sales there are in a list, and what was paid of them, per currency."""
    paid = found.filter(status__in=STILL_OWED)
    rows = (
        paid.order_by().values("currency").annotate(total=Sum("amount_minor"), sales=Count("id")).order_by("currency")
    )
    takings_of = tuple(Takings(Money(row["total"], Currency(row["currency"])), row["sales"]) for row in rows)
    return SaleTotals(found.order_by().count(), sum(one.sales for one in takings_of), takings_of)


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
        deliveries=tuple(_deliveries_of(payments)),
    )


def proof_of_sale(order: Order, *, payments: tuple[Payment, ...] | None = None) -> tuple[ProofStop, ...]:
    """charged → paid → flow went on → access sent → inside the group, each with its time; red where it should be and is
    not."""
    charges = payments if payments is not None else tuple(Payment.objects.filter(order_id=order.pk))
    charged_at = min((charge.charged_at for charge in charges if charge.charged_at), default=None)
    now = timezone.now()
    overdue = order.paid_at is not None and now - order.paid_at > SERVED_WITHIN
    unmade = charged_at is None and order.status == OrderStatus.FAILED
    went_on_at = order.went_on_at or (heard_of_money_at(order) if order.paid_at else None)
    inside = _inside_stop(order, now) if order.paid_at is not None else None
    return (
        _stop(ProofKind.CHARGED, charged_at, broken=unmade),
        _stop(ProofKind.PAID, order.paid_at, broken=False),
        _stop(ProofKind.WENT_ON, went_on_at or order.served_at, broken=overdue),
        _stop(ProofKind.SENT, order.sent_at, broken=bool(order.send_failure) or overdue),
        *([inside] if inside is not None else []),
    )


def _inside_stop(order: Order, now: datetime) -> ProofStop | None:
    """Whether the buyer came into what the sale gives a place in; one who was inside before renewed."""
    assert order.paid_at is not None
    keys = Grant.objects.filter(order_id=order.pk, kind=GrantKind.CHAT).values_list("content_key", flat=True)
    chats = [UUID(key.removeprefix("chat:")) for key in keys if _UUID.fullmatch(key.removeprefix("chat:"))]
    if not chats:
        return None
    places = Place.objects.filter(chat__in=chats, telegram_user_id=order.telegram_user_id)
    entered = [place.entered_at for place in places if place.entered_at is not None]
    at = max(*entered, order.paid_at) if len(entered) == len(chats) else None
    return _stop(ProofKind.INSIDE, at, broken=now - order.paid_at > INSIDE_WITHIN)


@dataclass(frozen=True, slots=True)
class ChatPeople:
    """How many people accesses have brought into a chat, and how many who may come in are still outside."""

    inside: int = 0
    outside: int = 0


def people_of_chats() -> Mapping[UUID, ChatPeople]:
    """Who is inside each group or channel by an access, and who is not although they may be."""
    inside = Q(entered_at__isnull=False, left_at__isnull=True)
    rows = Place.objects.annotate(may=Exists(_accesses_of_place())).order_by().values("chat")
    counted = rows.annotate(inside=Count("pk", filter=inside), outside=Count("pk", filter=~inside & Q(may=True)))
    return {row["chat"]: ChatPeople(row["inside"], row["outside"]) for row in counted}


def paid_but_not_inside(*, longer_than: timedelta = timedelta(0)) -> QuerySet[Place]:
    """Who may come into a group or channel and is not there, longest waiting first."""
    outside = Place.objects.exclude(entered_at__isnull=False, left_at__isnull=True)
    waiting = outside.filter(Exists(_accesses_of_place()), created_at__lte=timezone.now() - longer_than)
    return waiting.select_related("chat", "contact").order_by("created_at")


def to_be_removed(within: timedelta) -> QuerySet[Place]:
    """Who will be put out of a group or channel in this time, unless they renew. Who stays by the chat's list is among
    them, as the list may change."""
    until = timezone.now() + within
    longer = _accesses_of_place().filter(Q(ends_at__isnull=True) | Q(ends_at__gt=until))
    inside = Place.objects.filter(entered_at__isnull=False, left_at__isnull=True)
    leaving = inside.exclude(Exists(longer))
    return leaving.select_related("chat", "contact").order_by("chat", "id")


def _accesses_of_place() -> QuerySet[Grant]:
    """The accesses not over yet of a row of places."""
    return Grant.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now()),
        content_key=Concat(Value("chat:"), Cast(OuterRef("chat_id"), CharField())),
        telegram_user_id=OuterRef("telegram_user_id"),
        is_test=False,
        revoked_at__isnull=True,
    )


def paid_but_not_served(*, longer_than: timedelta = SERVED_WITHIN) -> QuerySet[Order]:
    """Sales somebody paid for and has not been served, oldest first: what must never be."""
    return (
        Order.objects.select_related("bot", "contact")
        .filter(is_test=False, status__in=STILL_OWED, paid_at__lt=timezone.now() - longer_than)
        .filter(Q(served_at__isnull=True) | ~Q(send_failure=""))
        .order_by("paid_at")
    )


def takings(*, since: datetime, until: datetime | None = None) -> tuple[Takings, ...]:
    """What was paid in the time, per currency; test chats do not count."""
    paid = Order.objects.filter(is_test=False, paid_at__gte=since, status__in=STILL_OWED)
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


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """How an account's gateway did of late: of the payments it took, how many we found by asking although it should
    have told us, and how long its notices take until they are handled."""

    paid: int = 0
    found_by_asking: int = 0
    notices: int = 0
    delay: timedelta | None = None
    forged: int = 0

    @property
    def asked_percent(self) -> int:
        return round(100 * self.found_by_asking / self.paid) if self.paid else 0

    @property
    def tells_too_little(self) -> bool:
        """Whether notices seem not to arrive: an address that was not entered, most of all."""
        return self.paid >= ENOUGH_TO_JUDGE and 2 * self.found_by_asking > self.paid


def health_of_accounts(*, since: datetime) -> Mapping[UUID, AccountHealth]:
    """The health of every account of the organization since then; two statements."""
    paid = PaymentEvent.objects.filter(kind=EventKind.MOVED.value, to_status=PaymentStatus.PAID.value)
    paid = paid.filter(created_at__gte=since, payment__order__is_test=False)
    by_asking = Q(source__in=[EventSource.POLL.value, EventSource.PRESS.value, EventSource.EXPIRY.value])
    moves = paid.order_by().values("payment__account_id").annotate(all=Count("id"), asked=Count("id", filter=by_asking))
    told = WebhookDelivery.objects.filter(created_at__gte=since).order_by().values("account_id")
    told = told.annotate(
        all=Count("id"),
        forged=Count("id", filter=Q(state=DeliveryState.FORGED)),
        delay=Avg(F("handled_at") - F("created_at"), filter=Q(state=DeliveryState.DONE)),
    )
    notices: dict[UUID, Any] = {row["account_id"]: row for row in told}
    payments_of: dict[UUID, Any] = {row["payment__account_id"]: row for row in moves}
    return {
        account_id: AccountHealth(
            paid=payments_of.get(account_id, {}).get("all", 0),
            found_by_asking=payments_of.get(account_id, {}).get("asked", 0),
            notices=notices.get(account_id, {}).get("all", 0),
            delay=notices.get(account_id, {}).get("delay"),
            forged=notices.get(account_id, {}).get("forged", 0),
        )
        for account_id in {*notices, *payments_of}
    }


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


class GrantState(StrEnum):
    """Where an access stands."""

    OPEN = "open"
    ENDED = "ended"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class GivenContent:
    """Something accesses were given of before."""

    key: str
    title: str
    content: Mapping[str, Any]


def grants_found(*, search: str = "", state: GrantState | None = None) -> QuerySet[Grant]:
    """Accesses, newest first. `search` finds name, @username, Telegram id, what was bought, and our own ids."""
    found = grants().select_related("contact__bot")
    now = timezone.now()
    match state:
        case GrantState.OPEN:
            unended = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
            found = found.filter(unended, revoked_at__isnull=True)
        case GrantState.ENDED:
            found = found.filter(revoked_at__isnull=True, ends_at__lte=now)
        case GrantState.TAKEN_BACK:
            found = found.filter(revoked_at__isnull=False)
    text = search.strip()
    if not text:
        return found
    wanted = (
        Q(contact__first_name__icontains=text)
        | Q(contact__last_name__icontains=text)
        | Q(contact__username__iexact=text.removeprefix("@"))
        | Q(order__description__icontains=text)
    )
    if text.isascii() and text.isdigit() and len(text) <= 18:
        wanted |= Q(telegram_user_id=int(text))
    if _UUID.fullmatch(text):
        wanted |= Q(pk=UUID(text)) | Q(order_id=UUID(text))
    return found.filter(wanted)


def grant(grant_id: UUID) -> Grant:
    """One access. Raises `NotFound`."""
    found = Grant.objects.select_related("contact", "order").filter(pk=grant_id).first()
    if found is None:
        raise NotFound("grant_not_found", _("There is no such access."))
    return found


def grant_title(grant: Grant) -> str:
    """What an access is of, in a few words: what was sold, else what it says or leads to."""
    if grant.order is not None:
        return grant.order.description
    return content_title(grant.content)


def content_title(content: Mapping[str, Any]) -> str:
    """A content in a few words."""
    names = ("title", "text", "link", "chat")
    return next((str(content[name])[:80] for name in names if content.get(name)), "") or _("Content")


def contents_given(*, limit: int = 30) -> list[GivenContent]:
    """What the organization gave lately, each once, newest first: what can be given again by hand."""
    newest: dict[str, GivenContent] = {}
    for one in grants()[: limit * 20]:
        if one.content_key not in newest:
            newest[one.content_key] = GivenContent(one.content_key, grant_title(one), one.content)
        if len(newest) == limit:
            break
    return list(newest.values())


def reasons_of(found: Sequence[Grant]) -> Mapping[str, str]:
    """Why the team did with each what it did last."""
    entries = audit_of(object_type=Grant._meta.label_lower).filter(object_id__in=[str(one.pk) for one in found])
    # Newest first; the last one written stays.
    return {entry.object_id: entry.reason for entry in reversed(entries) if entry.reason}


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


def _charges() -> QuerySet[Payment]:
    return Payment.objects.filter(order_id=OuterRef("pk"))


def _flagged(flag: SaleFlag) -> Q:
    match flag:
        case SaleFlag.LATE:
            return Q(Exists(_charges().filter(late=True)))
        case SaleFlag.OVERPAID:
            return Q(Exists(_charges().filter(overpaid=True)))
        case SaleFlag.ALARM:
            return Q(Exists(PaymentEvent.objects.filter(payment__order_id=OuterRef("pk")).exclude(alarm="")))
        case SaleFlag.NOT_SERVED:
            not_there = Q(served_at__isnull=True) | ~Q(send_failure="")
            return Q(status__in=STILL_OWED, paid_at__lt=timezone.now() - SERVED_WITHIN) & not_there
        case _:
            assert_never(flag)


def _deliveries_of(payments: Sequence[Payment]) -> QuerySet[WebhookDelivery]:
    """Notices that were matched with one of these charges, or name one by the gateway's id and wait."""
    named = Q(payment_id__in=[payment.pk for payment in payments])
    for payment in payments:
        if payment.provider_id:
            named |= Q(account_id=payment.account_id, references__contains=[payment.provider_id])
    found = WebhookDelivery.objects.filter(named).select_related("account").defer("body", "headers")
    return found.order_by("id")


def _matching(search: str) -> Q:
    text = search.strip()
    charges = _charges()
    by_charge = Q(txid__iexact=text) | Q(end_to_end_id__iexact=text) | Q(provider_id=text) | Q(idempotency_key=text)
    if "@" in text:
        by_charge |= Q(payer__email__iexact=text)
    digits = re.sub(r"[.\-/\s]", "", text)
    if digits.isascii() and digits.isdigit() and len(digits) in DOCUMENT_LENGTHS:
        # As it was typed, or as the flow keeps it.
        by_charge |= Q(payer__document__in=[text, digits])
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
