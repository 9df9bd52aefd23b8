"""Gateway accounts: the sandbox everybody has, the order in which a bot's accounts are tried, their health."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import NotFound
from bots.models import Bot, Organization
from payments import metrics
from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money
from payments.gateways.base import AccountAccess, GatewayError
from payments.gateways.registry import gateway_of
from payments.gateways.stars.adapter import BOT as STARS_BOT
from payments.models import BotGateway, GatewayAccount
from payments.selectors import gateway_accounts, without_play_money
from payments.services.transactions import work_for

logger = structlog.get_logger(__name__)

# How exactly an account's health is known.
FRESH = timedelta(seconds=15)


def ensure_sandbox_account(organization: Organization) -> GatewayAccount:
    """The organization's sandbox account, made if there is none. Safe to repeat."""
    with work_for(organization.pk):
        return _sandbox_account(organization.pk)


def set_bot_accounts(*, organization_id: UUID, bot_id: UUID, account_ids: Sequence[UUID]) -> None:
    """The bot's own list, in the order in which its accounts are tried; empty: it follows the organization's order.
    Raises `NotFound` for an account of somebody else. Two at once: the later one stands. Locks the organization."""
    with work_for(organization_id):
        Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization_id)
        known = set(GatewayAccount.objects.filter(pk__in=account_ids).values_list("pk", flat=True))
        if known != set(account_ids):
            raise NotFound("gateway_account_not_found", _("There is no such gateway account."))
        BotGateway.objects.filter(bot_id=bot_id).delete()
        BotGateway.objects.bulk_create(
            [
                BotGateway(organization_id=organization_id, bot_id=bot_id, account_id=account_id, position=position)
                for position, account_id in enumerate(account_ids)
            ]
        )


def accounts_to_try(
    *,
    organization_id: UUID,
    bot_id: UUID,
    wanted_id: UUID | None,
    amount: Money,
    payer: Mapping[str, str],
    is_test: bool,
) -> list[GatewayAccount]:
    """The accounts that can make a charge, best first: the step's own, then the bot's list; without one, the
    organization's. Left out are those that need to know more of the payer than the flow has asked, or take no sum so
    small: nothing is ever invented for them. A test chat charges in the sandbox only, and Stars are the bot's own.
    Beside a real account the sandbox charges only where the step itself names it: what it gives away has not been paid.
    """
    with work_for(organization_id):
        if is_test:
            return [_sandbox_account(organization_id)]
        if amount.currency is Currency.XTR and (wanted_id is None or not _is_sandbox(wanted_id)):
            stars = stars_account(organization_id=organization_id, bot_id=bot_id)
            return [stars] if stars.active else []
        listed = [place.account for place in _places(bot_id)]
        wanted = list(GatewayAccount.objects.filter(pk=wanted_id)) if wanted_id is not None else []
        tried = without_play_money([*wanted, *(listed or gateway_accounts())])
        ordered = {account.pk: account for account in (*wanted, *tried)}
        return [one for one in ordered.values() if one.active and _can_charge(one, amount, payer)]


def _places(bot_id: UUID) -> QuerySet[BotGateway]:
    return BotGateway.objects.filter(bot_id=bot_id).select_related("account").order_by("position")


def stars_account(*, organization_id: UUID, bot_id: UUID) -> GatewayAccount:
    """The account that stands for a bot's Stars, made if there is none. Safe to repeat; two at once make one."""
    with work_for(organization_id):
        mine = GatewayAccount.objects.filter(stars_of_id=bot_id)
        found = mine.first()
        if found is not None:
            return found
        name = Bot.objects.values_list("name", flat=True).get(pk=bot_id)
        made = GatewayAccount(
            organization_id=organization_id,
            gateway=GatewayName.STARS.value,
            name=f"⭐ {name}"[:80],
            stars_of_id=bot_id,
            webhook_secret="",
            position=90,
        )
        made.credentials = {STARS_BOT: str(bot_id)}
        GatewayAccount.objects.bulk_create([made], ignore_conflicts=True)
        return mine.get()


def _is_sandbox(account_id: UUID) -> bool:
    return GatewayAccount.objects.filter(pk=account_id, gateway=GatewayName.SANDBOX.value).exists()


def _can_charge(account: GatewayAccount, amount: Money, payer: Mapping[str, str]) -> bool:
    traits = gateway_of(account.gateway).traits
    return (
        amount.currency in traits.currencies
        and amount.minor >= traits.minimum_minor
        and all(payer.get(field) for field in traits.payer_fields)
    )


def access_to(account: GatewayAccount) -> AccountAccess:
    """The account with its secrets opened, for its adapter."""
    return AccountAccess(
        account_id=account.pk,
        organization_id=account.organization_id,
        public_id=account.public_id,
        credentials=account.opened_credentials,
        webhook_secret=account.webhook_secret or "",
    )


def webhook_url(account: GatewayAccount) -> str:
    """Where the gateway sends its notices for this account."""
    return f"{settings.SITE_URL}/payments/webhooks/{account.gateway}/{account.public_id}/"


def note_answer(account: GatewayAccount) -> None:
    """The gateway answered: the account is well. Written only where it is news: every charge comes by here."""
    now = timezone.now()
    news = Q(failing_since__isnull=False) | Q(last_answer_at__isnull=True) | Q(last_answer_at__lt=now - FRESH)
    GatewayAccount.unscoped.filter(news, pk=account.pk).update(last_answer_at=now, failing_since=None, last_error="")


def note_webhook(account: GatewayAccount, *, at: datetime) -> None:
    """The gateway sent a notice of its own."""
    news = Q(last_webhook_at__isnull=True) | Q(last_webhook_at__lt=at - FRESH)
    GatewayAccount.unscoped.filter(news, pk=account.pk).update(last_webhook_at=at)


def note_failure(account: GatewayAccount, error: GatewayError) -> None:
    """The gateway failed: the owner sees since when, and what it said."""
    GatewayAccount.unscoped.filter(pk=account.pk).update(
        failing_since=Coalesce(F("failing_since"), Now()), last_error=f"{error.code}: {error}"[:300]
    )
    metrics.GATEWAY_FAILURES.labels(account.gateway, error.code).inc()
    logger.warning(
        "gateway_failed",
        organization_id=str(account.organization_id),
        account_id=str(account.pk),
        gateway=account.gateway,
        code=error.code,
    )


def _sandbox_account(organization_id: UUID) -> GatewayAccount:
    """Found or made; the oldest wins if two were made at once."""
    mine = GatewayAccount.objects.filter(gateway=GatewayName.SANDBOX.value).order_by("created_at", "id")
    found = mine.first()
    if found is not None:
        return found
    # Not by its lock but by this row's: two at once would leave the organization with two sandboxes.
    Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization_id)
    found = mine.first()
    if found is not None:
        return found
    return GatewayAccount.objects.create(
        organization_id=organization_id, gateway=GatewayName.SANDBOX.value, name="Sandbox", position=100
    )
