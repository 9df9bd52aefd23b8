"""Reads of gateway accounts: their order, their health, what the gateways told, what a definition may name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Avg, Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from bots.models import Bot
from bots.selectors import bots_of
from flows.engine.catalogue import CatalogueFacts, GatewayAccountFacts
from payments.domain.events import EventKind, EventSource
from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency
from payments.domain.states import PaymentStatus
from payments.gateways.registry import gateway_of
from payments.models import (
    BotGateway,
    DeliveryState,
    GatewayAccount,
    PaymentEvent,
    Reconciliation,
    WebhookDelivery,
)

_NOT_REAIS: Final = frozenset({GatewayName.SANDBOX, GatewayName.STARS})
_MINUTE: Final = timedelta(minutes=1)
_KEPT: Final = (DeliveryState.UNMATCHED, DeliveryState.UNREADABLE, DeliveryState.SET_ASIDE)
# So many payments tell something of an account.
ENOUGH_TO_JUDGE: Final = 5


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
    # Notices that came to nothing for another reason: no such charge, unreadable, set aside.
    kept: int = 0
    # The newest night's comparison of our books with its list.
    compared: Reconciliation | None = None

    @property
    def asked_percent(self) -> int:
        return round(100 * self.found_by_asking / self.paid) if self.paid else 0

    @property
    def tells_too_little(self) -> bool:
        """Whether notices seem not to arrive: an address that was not entered, most of all."""
        return self.paid >= ENOUGH_TO_JUDGE and 2 * self.found_by_asking > self.paid


def health_of_accounts(*, since: datetime) -> Mapping[UUID, AccountHealth]:
    """The health of every account of the organization since then; three statements."""
    paid = PaymentEvent.objects.filter(kind=EventKind.MOVED.value, to_status=PaymentStatus.PAID.value)
    paid = paid.filter(created_at__gte=since, payment__order__is_test=False)
    by_asking = Q(source__in=[EventSource.POLL.value, EventSource.PRESS.value, EventSource.EXPIRY.value])
    moves = paid.order_by().values("payment__account_id").annotate(all=Count("id"), asked=Count("id", filter=by_asking))
    told = WebhookDelivery.objects.filter(created_at__gte=since).order_by().values("account_id")
    told = told.annotate(
        all=Count("id"),
        forged=Count("id", filter=Q(state=DeliveryState.FORGED)),
        kept=Count("id", filter=Q(state__in=_KEPT)),
        delay=Avg(F("handled_at") - Coalesce("came_again_at", "created_at"), filter=Q(state=DeliveryState.DONE)),
    )
    newest = Reconciliation.objects.filter(day__gte=since.date()).order_by("account_id", "-day").distinct("account_id")
    compared = {row.account_id: row for row in newest}
    notices: dict[UUID, Any] = {row["account_id"]: row for row in told}
    payments_of: dict[UUID, Any] = {row["payment__account_id"]: row for row in moves}
    return {
        account_id: AccountHealth(
            paid=payments_of.get(account_id, {}).get("all", 0),
            found_by_asking=payments_of.get(account_id, {}).get("asked", 0),
            notices=notices.get(account_id, {}).get("all", 0),
            delay=notices.get(account_id, {}).get("delay"),
            forged=notices.get(account_id, {}).get("forged", 0),
            kept=notices.get(account_id, {}).get("kept", 0),
            compared=compared.get(account_id),
        )
        for account_id in {*notices, *payments_of, *compared}
    }


def failing_accounts() -> QuerySet[GatewayAccount]:
    """Accounts whose gateway did not answer when it was last needed."""
    return gateway_accounts().filter(active=True, failing_since__isnull=False)


def accounts_of_bot(bot_id: UUID) -> QuerySet[GatewayAccount]:
    """The bot's own list, first to last; empty where it follows the organization's order."""
    return GatewayAccount.objects.filter(bot_places__bot_id=bot_id).order_by("bot_places__position")


def accounts_tried_by(bot_id: UUID) -> QuerySet[GatewayAccount]:
    """The accounts a bot tries for reais, first to last: its own list, else the organization's order. Those that are
    switched off stand among them. Stars are each bot's own and stand in no list."""
    own = accounts_of_bot(bot_id)
    return own if own.exists() else gateway_accounts().filter(stars_of__isnull=True)


def without_play_money(ordered: Sequence[GatewayAccount]) -> list[GatewayAccount]:
    """Of a list of accounts those that may charge buyers: beside a real account, on or off, first or last, the sandbox
    only serves test chats, as nobody pays what it gives away."""
    for_real = any(account.gateway not in _NOT_REAIS for account in ordered)
    return [account for account in ordered if not (for_real and account.gateway == GatewayName.SANDBOX)]


@dataclass(frozen=True, slots=True)
class BotOrder:
    """A bot with the accounts it tries; `own`: by a list of its own."""

    bot: Bot
    own: bool
    accounts: Sequence[GatewayAccount]


def orders_of_bots() -> Sequence[BotOrder]:
    """Every bot of the organization with what it tries; three statements."""
    shared = list(gateway_accounts().filter(stars_of__isnull=True))
    own: dict[UUID, list[GatewayAccount]] = {}
    for place in BotGateway.objects.select_related("account").order_by("position"):
        own.setdefault(place.bot_id, []).append(place.account)
    return [BotOrder(bot, own=bot.pk in own, accounts=own.get(bot.pk, shared)) for bot in bots_of()]


def unsettled_deliveries() -> QuerySet[WebhookDelivery]:
    """Gateway notices that were forged, unreadable, set aside, or name a charge nobody knows."""
    return WebhookDelivery.objects.exclude(state__in=["new", "done"]).select_related("account").order_by("-created_at")


def catalogue_part(organization_id: UUID, bot_id: UUID | None) -> CatalogueFacts:
    """The accounts a definition may name, the order in which they are tried, and the one that charges where a step
    names none: the first that takes reais."""
    all_accounts = GatewayAccount.unscoped.filter(organization_id=organization_id)
    accounts = list(all_accounts.order_by("position", "created_at"))
    facts = {str(one.pk): _account_facts(one) for one in accounts if one.active}
    listed: list[GatewayAccount] = []
    if bot_id is not None:
        places = BotGateway.unscoped.filter(organization_id=organization_id, bot_id=bot_id).order_by("position")
        listed = [place.account for place in places.select_related("account")]
    # A list all of whose accounts are switched off is a list all the same: then nothing charges.
    tried = without_play_money(listed or accounts)
    order = tuple(str(one.pk) for one in tried if one.active)
    return CatalogueFacts(
        gateway_accounts=facts,
        default_account=next((one for one in order if Currency.BRL in facts[one].currencies), None),
        accounts_in_order=order,
    )


def _account_facts(account: GatewayAccount) -> GatewayAccountFacts:
    traits = gateway_of(account.gateway).traits
    return GatewayAccountFacts(
        id=str(account.pk),
        name=account.name,
        currencies=frozenset(currency.value for currency in traits.currencies),
        payer_fields=frozenset(field.value for field in traits.payer_fields),
        least_amounts={currency.value: traits.minimum_minor for currency in traits.currencies},
        # The last minute of what a gateway needs is for the call's own way there.
        shortest_minutes=max(1, traits.shortest_expiry // _MINUTE - 1),
        longest_minutes=traits.longest_expiry // _MINUTE,
    )
