"""How a state is shown: never by colour alone, always an icon and a word."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.models import Bot, BotStatus, Delivery


class Tone(StrEnum):
    """What a colour says: go (published, paid), needs you, broken, or nothing."""

    QUIET = "quiet"
    GO = "go"
    NEEDS = "needs"
    BROKEN = "broken"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Look:
    """An icon, a word and the colour they share."""

    icon: str
    label: Text
    tone: Tone = Tone.QUIET


BOT_STATUS: dict[BotStatus, Look] = {
    BotStatus.ACTIVE: Look("circle-check", _("Working"), Tone.GO),
    BotStatus.PAUSED: Look("circle-pause", _("Paused"), Tone.NEEDS),
    BotStatus.REVOKED: Look("unlink", _("Token revoked"), Tone.BROKEN),
    BotStatus.DISCONNECTED: Look("unlink", _("Disconnected"), Tone.BROKEN),
}
SIMULATED_BOT = Look("smartphone", _("Test chat only"))


def bot_look(bot: Bot) -> Look:
    """Whether the bot answers people now."""
    status = BotStatus(bot.status)
    if status is BotStatus.ACTIVE and bot.delivery == Delivery.SIMULATOR:
        return SIMULATED_BOT
    return BOT_STATUS[status]
