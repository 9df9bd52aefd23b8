"""Outbox topics the kernel publishes."""

from typing import Final

from bots.outbox.registry import declare_topic

# The platform's list of the bot's commands is to be brought up to date. Its payload is empty: whoever handles it looks
# what the commands are by then.
BOT_MENU: Final = declare_topic("bot.menu")
# The team is told of something. Payload: {"kind", "facts", "page"}; whoever handles it looks who wants to know by then.
NOTICE_RAISED: Final = declare_topic("notice.raised")
# One member is told by e-mail. Payload: the notice's, and {"membership_id"}.
NOTICE_EMAIL: Final = declare_topic("notice.email")
# One chat with one of the organization's bots is told. Payload: {"telegram_user_id", "text"}.
NOTICE_TELEGRAM: Final = declare_topic("notice.telegram")
