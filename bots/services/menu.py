"""Having the platform told which commands a bot has."""

from bots.ids import uuid7
from bots.models import Bot, Delivery
from bots.outbox.publish import NewMessage, publish
from bots.topics import BOT_MENU


def publish_menu(bot: Bot) -> None:
    """After whatever was asked for this bot before; nothing for a bot of test chats. Joins the caller's transaction."""
    if bot.delivery == Delivery.SIMULATOR:
        return
    message = NewMessage(
        topic=BOT_MENU,
        key=f"menu:{uuid7()}",
        organization_id=bot.organization_id,
        bot_id=bot.pk,
        ordering_key=f"menu:{bot.pk}",
    )
    publish([message])
