"""A member of the team links their own chat and is told in it; the flow hears nothing of the code."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from bots.models import Bot, BotStatus, Membership, NoticeKind, NoticeLink
from bots.outbox import relay
from bots.outbox.models import MessageState, OutboxMessage
from bots.services.notices import begin_link, choose, notify
from bots.tenancy import organization_scope
from flows.models import InboxEvent
from telegram_gateway import services
from telegram_gateway.models import TelegramUpdate, UpdateState
from telegram_gateway.protocol.updates import dump
from telegram_gateway.selectors import WebhookBot, sending_bots
from tests.factories.bots import make_membership
from tests.support.fake_telegram import FakeTelegram, blocked

pytestmark = pytest.mark.django_db

USER_ID = 700_100_200


@pytest.fixture
def member(bot: Bot) -> Membership:
    return make_membership(organization=bot.organization)


def code_of(member: Membership, bot: Bot) -> str:
    with organization_scope(bot.organization_id):
        return begin_link(member, bot.pk)


def write(bot: Bot, text: str, *, update_id: int = 1, chat: str = "private") -> None:
    """What a person writes to the bot."""
    person = {"id": USER_ID, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": 1, "date": 0, "from": person, "chat": {"id": USER_ID, "type": chat}, "text": text}
    services.take_in(WebhookBot(bot.id, bot.organization_id, ""), dump({"update_id": update_id, "message": message}))


def deliver() -> None:
    """The bots' facts are read here: the thread that reads them otherwise sees nothing of this test's transaction."""
    for bot_id in Bot.unscoped.values_list("id", flat=True):
        sending_bots.get(bot_id, no_older_than=0)
    while relay.run_once():
        pass


def said(telegram: FakeTelegram) -> list[str]:
    return [call.text for call in telegram.sent_to(USER_ID)]


def test_the_code_links_the_chat_and_notices_reach_it(bot: Bot, member: Membership, telegram: FakeTelegram) -> None:
    write(bot, f"/start notify-{code_of(member, bot)}")
    assert InboxEvent.unscoped.count() == 0
    assert services.process_updates() == 1
    assert NoticeLink.unscoped.get().telegram_user_id == USER_ID
    with organization_scope(bot.organization_id), transaction.atomic():
        choose(member.pk, {NoticeKind.BOT_RIGHTS: (False, True)}, actor=member.user)
        notify(bot.organization_id, NoticeKind.BOT_RIGHTS, "1", {"bot": "Loja"}, page=("bot_settings", bot.pk))
    deliver()
    first, second = said(telegram)
    assert first == "Pronto: os avisos chegam a você nesta conversa."
    assert second.startswith("Loja não pode fazer o que deveria\n\n")
    assert f"/bots/{bot.pk}/" in second
    assert mail.outbox == []


def test_a_code_that_is_old_or_guessed_links_nothing_and_says_so(
    bot: Bot, member: Membership, telegram: FakeTelegram
) -> None:
    code = code_of(member, bot)
    NoticeLink.unscoped.update(code_until=timezone.now() - timedelta(seconds=1))
    write(bot, f"/start notify-{code}", update_id=1)
    write(bot, f"/start notify-{'x' * 32}", update_id=2)
    assert services.process_updates() == 2
    deliver()
    assert NoticeLink.unscoped.get().telegram_user_id is None
    assert said(telegram) == ["Este código não vale mais."] * 2


@pytest.mark.parametrize(
    "text", ["/start", "/start notify-", "/start notify-short", "notify-" + "x" * 32, "/start vip"]
)
def test_all_else_that_is_written_is_the_flows(bot: Bot, text: str) -> None:
    write(bot, text)
    assert InboxEvent.unscoped.count() == 1
    assert TelegramUpdate.unscoped.count() == 0


def test_a_code_in_a_group_links_nobody(bot: Bot, member: Membership) -> None:
    write(bot, f"/start notify-{code_of(member, bot)}", chat="group")
    services.process_updates()
    assert TelegramUpdate.unscoped.get().state == UpdateState.IGNORED
    assert NoticeLink.unscoped.get().telegram_user_id is None


def test_who_blocked_the_bot_is_told_no_more(bot: Bot, member: Membership, telegram: FakeTelegram) -> None:
    write(bot, f"/start notify-{code_of(member, bot)}")
    services.process_updates()
    telegram.fail(blocked())
    deliver()
    assert OutboxMessage.unscoped.get(topic="notice.telegram").state == MessageState.CANCELLED


def test_a_revoked_token_is_told_once(bot: Bot, member: Membership) -> None:
    for _caller in range(3):
        with transaction.atomic():
            services.note_bot_revoked(bot_id=bot.pk, token=bot.token or "", error="Unauthorized")
    assert Bot.unscoped.get(pk=bot.pk).status == BotStatus.REVOKED
    deliver()
    assert [message.subject.split(" · ")[0] for message in mail.outbox] == ["Loja não está respondendo"]


def test_missing_rights_are_told_once_a_day(bot: Bot, member: Membership) -> None:
    for _time in range(3):
        with transaction.atomic():
            services.note_missing_rights(bot.pk, "not enough rights", chat="VIP")
    deliver()
    assert len(mail.outbox) == 1
    assert "not enough rights" in mail.outbox[0].body
    assert Bot.unscoped.get(pk=bot.pk).last_error == "not enough rights"
