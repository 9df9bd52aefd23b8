"""Who polls which bot: leases in PostgreSQL, on its clock, so that two pollers never both poll one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from bots.crashpoints import crash_point, register
from bots.models import Bot, BotStatus, Delivery
from bots.tenancy import no_scope
from telegram_gateway.protocol.updates import Polled
from telegram_gateway.selectors import WebhookBot
from telegram_gateway.services import take_in

BEFORE_COMMIT = register("polling.before_commit")
AFTER_COMMIT = register("polling.after_commit")

LEASE: Final = timedelta(seconds=30)
# Update ids start anew at a random place after a week of silence; from then on the old offset means nothing.
OFFSET_LIFE: Final = timedelta(days=6)


class LeaseLost(Exception):
    """Another poller has the bot now: what was fetched is its to store."""


@dataclass(frozen=True, slots=True)
class PolledBot:
    """A bot this process may poll."""

    id: uuid.UUID
    organization_id: uuid.UUID
    offset: int
    last_update_at: datetime | None
    token: str = field(repr=False)


def hold_leases(holder: uuid.UUID, *, lease: timedelta = LEASE) -> list[PolledBot]:
    """Take every bot to be polled that nobody holds, renew what this holder has, and answer all that it has now."""
    with no_scope(reason="one poller serves every organization"), transaction.atomic():
        to_be_polled = Bot.unscoped.filter(delivery=Delivery.POLLING, status=BotStatus.ACTIVE, token__isnull=False)
        mine_and_half_over = Q(polling_lease_token=holder, polling_lease_until__lt=Now() + lease / 2)
        free = Q(polling_lease_until__isnull=True) | Q(polling_lease_until__lt=Now())
        wanted = (
            to_be_polled.filter(mine_and_half_over | free)
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .order_by("id")
            .values_list("id", flat=True)
        )
        ids = list(wanted)
        if ids:
            Bot.unscoped.filter(id__in=ids).update(polling_lease_token=holder, polling_lease_until=Now() + lease)
        held = to_be_polled.filter(polling_lease_token=holder, polling_lease_until__gt=Now()).order_by("id")
        return [
            PolledBot(bot.id, bot.organization_id, bot.polling_offset, bot.last_update_at, bot.token)
            for bot in held.only("id", "organization_id", "polling_offset", "last_update_at", "token")
        ]


def release_leases(holder: uuid.UUID) -> None:
    """Let go of everything, so that another poller need not wait for the leases to run out."""
    with no_scope(reason="one poller serves every organization"):
        Bot.unscoped.filter(polling_lease_token=holder).update(polling_lease_token=None, polling_lease_until=None)


def store_batch(holder: uuid.UUID, bot: PolledBot, batch: Sequence[Polled]) -> int:
    """Store fetched updates and the offset behind them in one transaction; answers the offset.

    The bot's row is locked first: a poller whose lease ran out raises LeaseLost and stores nothing. Telegram is told of
    the offset only by the next fetch, so a batch that was not committed comes again. Safe to repeat.
    """
    offset = max((update.update_id + 1 for update in batch if update.update_id is not None), default=bot.offset)
    facts = WebhookBot(id=bot.id, organization_id=bot.organization_id, secret_hash="")
    with no_scope(reason="one poller serves every organization"):
        with transaction.atomic():
            mine = Bot.unscoped.filter(id=bot.id, polling_lease_token=holder, polling_lease_until__gt=Now())
            if not mine.update(polling_offset=offset, last_update_at=Now()):
                raise LeaseLost
            for update in batch:
                take_in(facts, update.body)
            crash_point(BEFORE_COMMIT)
        crash_point(AFTER_COMMIT)
    return offset
