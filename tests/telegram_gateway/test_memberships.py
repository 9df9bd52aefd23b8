"""Groups and channels as updates tell of them: connected, watched, moved, lost."""

import json
from datetime import UTC, datetime

import pytest

from bots.models import AuditEntry, Bot, ChatStatus, ConnectedChat, LostReason
from bots.services import chats
from telegram_gateway import memberships, services
from telegram_gateway.models import TelegramUpdate, UpdateState
from telegram_gateway.selectors import WebhookBot
from tests.support.fake_telegram import FakeTelegram
from tests.telegram_gateway.conftest import MakeBot

pytestmark = pytest.mark.django_db

CHAT = -100123
AT = 1_760_000_000


def take(bot: Bot, update_id: int, **update: object) -> TelegramUpdate:
    facts = WebhookBot(bot.id, bot.organization_id, "")
    services.take_in(facts, json.dumps({"update_id": update_id, **update}).encode())
    return TelegramUpdate.unscoped.get(bot=bot, external_id=str(update_id))


def own_place(status: str, *, at: int = AT, chat_id: int = CHAT, **rights: object) -> dict[str, object]:
    me = {"id": 42, "is_bot": True}
    return {
        "chat": {"id": chat_id, "type": "supergroup", "title": "VIP da Ana"},
        "from": {"id": 7},
        "date": at,
        "old_chat_member": {"user": me, "status": "left"},
        "new_chat_member": {"user": me, "status": status, **rights},
    }


BOTH = {"can_invite_users": True, "can_restrict_members": True}


def standing() -> tuple[str, str, bool, bool]:
    chat = ConnectedChat.unscoped.get()
    return chat.status, chat.lost_reason, chat.can_invite_users, chat.can_restrict_members


def acts() -> list[str]:
    return list(AuditEntry.unscoped.order_by("id").values_list("action", flat=True))


def test_a_bot_made_administrator_connects_the_group(bot: Bot) -> None:
    row = take(bot, 1, my_chat_member=own_place("administrator", **BOTH))

    assert memberships.process_memberships() == 1

    chat = ConnectedChat.unscoped.get()
    assert (chat.bot_id, chat.telegram_id, chat.kind, chat.title) == (bot.pk, CHAT, "supergroup", "VIP da Ana")
    assert standing() == (ChatStatus.CONNECTED, "", True, True)
    assert acts() == ["chat.connected"]
    row.refresh_from_db()
    assert row.state == UpdateState.DONE


def test_a_bot_that_is_an_ordinary_member_connects_nothing(bot: Bot) -> None:
    take(bot, 1, my_chat_member=own_place("member"))

    memberships.process_memberships()

    assert not ConnectedChat.unscoped.exists()


@pytest.mark.parametrize(
    ("status", "reason"),
    [("member", LostReason.DEMOTED), ("left", LostReason.REMOVED), ("kicked", LostReason.REMOVED)],
)
def test_a_bot_demoted_or_removed_loses_the_group_and_comes_back(bot: Bot, status: str, reason: LostReason) -> None:
    take(bot, 1, my_chat_member=own_place("administrator", **BOTH))
    take(bot, 2, my_chat_member=own_place(status, at=AT + 1))
    memberships.process_memberships()
    assert standing() == (ChatStatus.LOST, reason, False, False)

    take(bot, 3, my_chat_member=own_place("administrator", at=AT + 2, can_invite_users=True))
    memberships.process_memberships()

    assert standing() == (ChatStatus.CONNECTED, "", True, False)
    assert acts() == ["chat.connected", "chat.lost", "chat.connected"]


def test_a_late_word_changes_nothing(bot: Bot) -> None:
    take(bot, 5, my_chat_member=own_place("administrator", at=AT + 9, **BOTH))
    memberships.process_memberships()

    take(bot, 4, my_chat_member=own_place("kicked", at=AT + 9))
    take(bot, 6, my_chat_member=own_place("kicked", at=AT + 8))
    memberships.process_memberships()

    assert standing() == (ChatStatus.CONNECTED, "", True, True)


def test_the_creator_may_do_everything(bot: Bot) -> None:
    take(bot, 1, my_chat_member=own_place("creator"))

    memberships.process_memberships()

    assert standing() == (ChatStatus.CONNECTED, "", True, True)


@pytest.mark.parametrize(
    "told",
    [
        [{"chat": {"id": CHAT, "type": "group"}, "migrate_to_chat_id": -100999}],
        [{"chat": {"id": -100999, "type": "supergroup"}, "migrate_from_chat_id": CHAT}],
        [
            {"chat": {"id": CHAT, "type": "group"}, "migrate_to_chat_id": -100999},
            {"chat": {"id": -100999, "type": "supergroup"}, "migrate_from_chat_id": CHAT},
        ],
    ],
)
def test_a_group_that_becomes_a_supergroup_stays_the_same_chat(bot: Bot, told: list[dict[str, object]]) -> None:
    take(bot, 1, my_chat_member=own_place("administrator", **BOTH))
    memberships.process_memberships()
    before = ConnectedChat.unscoped.get()
    ConnectedChat.unscoped.update(join_request_link="https://t.me/+old")

    for number, message in enumerate(told):
        take(bot, 2 + number, message={"message_id": number, "date": AT, **message})
    memberships.process_memberships()

    after = ConnectedChat.unscoped.get()
    assert (after.pk, after.telegram_id, after.join_request_link) == (before.pk, -100999, "")


def test_rights_told_of_the_new_number_first_are_the_same_chats(bot: Bot) -> None:
    take(bot, 1, my_chat_member=own_place("administrator", **BOTH))
    take(bot, 2, my_chat_member=own_place("administrator", at=AT + 1, chat_id=-100999, can_invite_users=True))
    memberships.process_memberships()
    first = ConnectedChat.unscoped.get(telegram_id=CHAT)

    take(bot, 3, message={"chat": {"id": CHAT, "type": "group"}, "migrate_to_chat_id": -100999})
    memberships.process_memberships()

    chat = ConnectedChat.unscoped.get()
    assert (chat.pk, chat.telegram_id, chat.can_restrict_members) == (first.pk, -100999, False)


def test_one_bad_row_holds_up_no_other(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    note = chats.note_standing

    def fail(bot_id: object, seen: chats.SeenChat, *rest: object) -> None:
        if seen.telegram_id == CHAT:
            raise ValueError
        note(bot_id, seen, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(chats, "note_standing", fail)
    guilty = take(bot, 1, my_chat_member=own_place("administrator", **BOTH))
    take(bot, 2, my_chat_member=own_place("administrator", chat_id=-7, **BOTH))

    assert memberships.process_memberships() == 4

    guilty.refresh_from_db()
    assert (guilty.state, guilty.attempts, guilty.error) == (UpdateState.SET_ASIDE, 3, "ValueError")
    assert ConnectedChat.unscoped.get().telegram_id == -7


def connected(bot: Bot) -> ConnectedChat:
    return ConnectedChat.unscoped.create(
        organization_id=bot.organization_id,
        bot=bot,
        telegram_id=CHAT,
        kind="supergroup",
        can_invite_users=True,
        can_restrict_members=True,
        heard_at=datetime.fromtimestamp(AT, UTC),
    )


def test_rights_are_asked_for_again(telegram: FakeTelegram, make_bot: MakeBot) -> None:
    chat = connected(make_bot(telegram_id=1_000_001))
    telegram.groups.open(CHAT, title="VIP novo").rights["can_restrict_members"] = False

    assert chats.check_chats() == 1

    chat.refresh_from_db()
    assert (chat.title, chat.can_invite_users, chat.can_restrict_members) == ("VIP novo", True, False)
    assert chat.checked_at is not None
    assert acts() == ["chat.rights_changed"]


def test_a_group_that_is_gone_is_lost_and_told_once(telegram: FakeTelegram, make_bot: MakeBot) -> None:
    connected(make_bot(telegram_id=1_000_001))

    chats.check_chats()
    chats.check_chats()

    assert standing() == (ChatStatus.LOST, LostReason.GONE, False, False)
    assert acts() == ["chat.lost"]


def test_an_answer_about_the_token_says_nothing_of_the_group(telegram: FakeTelegram, make_bot: MakeBot) -> None:
    connected(make_bot(telegram_id=1_000_001))
    telegram.revoked.add(Bot.unscoped.get().token or "")

    assert chats.check_chats() == 1

    assert standing() == (ChatStatus.CONNECTED, "", True, True)
