"""Pausing a bot: it takes in what people write and answers nobody until it is resumed."""

import uuid

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bots.actor import AnyActor
from bots.errors import Conflict
from bots.locking import lock_bot
from bots.models import Bot, BotStatus
from bots.outbox.services import release_held
from bots.services.audit import record_audit


def pause_bot(bot_id: uuid.UUID, *, actor: AnyActor, reason: str = "") -> Bot:
    """Pause an active bot. Safe to repeat. Raises NotFound, or Conflict for one that is not connected."""
    return _change(bot_id, BotStatus.ACTIVE, BotStatus.PAUSED, actor=actor, reason=reason)


def resume_bot(bot_id: uuid.UUID, *, actor: AnyActor, reason: str = "") -> Bot:
    """Let a paused bot answer again, at once. Safe to repeat. Raises NotFound, or Conflict for one not connected."""
    with transaction.atomic():
        bot = _change(bot_id, BotStatus.PAUSED, BotStatus.ACTIVE, actor=actor, reason=reason)
        release_held(bot_ids=[bot.pk])
    return bot


def _change(bot_id: uuid.UUID, before: BotStatus, after: BotStatus, *, actor: AnyActor, reason: str) -> Bot:
    with transaction.atomic():
        bot = lock_bot(bot_id)
        if bot.status == after:
            return bot
        if bot.status != before:
            raise Conflict("bot_not_connected", _("This bot is not connected. Connect it with its token first."))
        bot.status = after
        bot.save(update_fields=["status"])
        record_audit(bot, f"bot.{after.value}", actor=actor, reason=reason)
    return bot
