"""The row locks that services of this app take, always in this order: flow, then bot (ARCHITECTURE, lock order)."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bots.errors import NotFound
from bots.models import Bot
from flows.models import Flow


def lock_flow(flow_id: UUID) -> Flow:
    """The flow of the active organization, locked until the transaction ends; NotFound if deleted or not there."""
    flow = Flow.objects.select_for_update(of=("self",), no_key=True).filter(pk=flow_id, deleted_at=None).first()
    if flow is None:
        raise NotFound("flow_not_found", _("There is no such flow."))
    return flow


def lock_flows_of_bot(bot_id: UUID) -> list[Flow]:
    """Every flow of a bot that is not deleted, locked in the order of their keys."""
    return list(
        Flow.objects.select_for_update(of=("self",), no_key=True).filter(bot_id=bot_id, deleted_at=None).order_by("pk")
    )


def lock_bot(bot_id: UUID) -> Bot:
    """The bot of the active organization, locked until the transaction ends; NotFound if it is not there."""
    bot = Bot.objects.select_for_update(of=("self",), no_key=True).filter(pk=bot_id).first()
    if bot is None:
        raise NotFound("bot_not_found", _("There is no such bot."))
    return bot
