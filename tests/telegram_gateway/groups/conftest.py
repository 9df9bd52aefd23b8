"""A group with the bot in it."""

import pytest

from bots.models import Bot, ConnectedChat
from tests.support.fake_telegram import FakeTelegram
from tests.support.fake_telegram.groups import Group
from tests.telegram_gateway.groups.support import CHAT


@pytest.fixture
def group(telegram: FakeTelegram) -> Group:
    return telegram.groups.open(CHAT)


@pytest.fixture
def chat(bot: Bot, group: Group) -> ConnectedChat:
    return ConnectedChat.unscoped.create(
        organization_id=bot.organization_id,
        bot=bot,
        telegram_id=CHAT,
        kind="supergroup",
        can_invite_users=True,
        can_restrict_members=True,
    )
