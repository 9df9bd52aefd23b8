"""What this app registers with the apps below: the platform, the reader of raw rows, handlers, the sweep."""

from bots.jobs import register_sweep
from bots.ports import register_bot_platform
from flows.models.enums import InboxSource
from flows.ports import register_event_source
from payments.ports import register_stars_platform
from telegram_gateway import checkouts, group_calls, memberships, outbox_handlers, services
from telegram_gateway.event_source import TelegramEventSource
from telegram_gateway.platform import TelegramPlatform
from telegram_gateway.stars import TelegramStars

__all__ = ["group_calls", "outbox_handlers", "register"]


def register() -> None:
    """Called once, when all models are known; outbox handlers register themselves by being imported."""
    register_bot_platform(TelegramPlatform())
    register_stars_platform(TelegramStars())
    register_event_source(InboxSource.TELEGRAM, TelegramEventSource())
    # Test chats write the updates that Telegram would send.
    register_event_source(InboxSource.SIMULATOR, TelegramEventSource())
    register_sweep("telegram.updates", services.process_updates)
    register_sweep("telegram.checkouts", checkouts.process_checkouts)
    register_sweep("telegram.memberships", memberships.process_memberships)
