"""Outbox topics the kernel publishes."""

from typing import Final

from bots.outbox.registry import declare_topic

# The platform's list of the bot's commands is to be brought up to date. Its payload is empty: whoever handles it looks
# what the commands are by then.
BOT_MENU: Final = declare_topic("bot.menu")
# What a bot may do in a group or channel is another than before. Payload: {"chat": "<uuid>", "lost": bool, "back":
# bool}, of the right to let people in; whoever serves people there sees to it.
CHAT_CHANGED: Final = declare_topic("chat.changed")
# The team is told of something. Payload: {"kind", "facts", "page"}; whoever handles it looks who wants to know by then.
NOTICE_RAISED: Final = declare_topic("notice.raised")
# One member is told by e-mail. Payload: the notice's, and {"membership_id"}.
NOTICE_EMAIL: Final = declare_topic("notice.email")
# One chat with one of the organization's bots is told. Payload: {"telegram_user_id", "text"}.
NOTICE_TELEGRAM: Final = declare_topic("notice.telegram")
