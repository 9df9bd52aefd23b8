"""Outbox topics the kernel publishes."""

from typing import Final

from bots.outbox.registry import declare_topic

# The platform's list of the bot's commands is to be brought up to date. Its payload is empty: whoever handles it looks
# what the commands are by then.
BOT_MENU: Final = declare_topic("bot.menu")
