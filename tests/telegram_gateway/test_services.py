"""Updates that move no conversation: handled once, one bad row at a time."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from bots.models import Bot, Channel, Contact
from telegram_gateway import services
from telegram_gateway.models import TelegramUpdate, UpdateState
from telegram_gateway.protocol.updates import UpdateKind
from telegram_gateway.selectors import WebhookBot
from tests.chaos import hostile

pytestmark = pytest.mark.django_db


def take(bot: Bot, update_id: int = 1, **update: object) -> TelegramUpdate:
    facts = WebhookBot(bot.id, bot.organization_id, "")
    services.take_in(facts, json.dumps({"update_id": update_id, **update}).encode())
    return TelegramUpdate.unscoped.get(bot=bot, external_id=str(update_id))


def membership(status: object, **changes: object) -> dict[str, object]:
    return {**hostile.MEMBERSHIP, "new_chat_member": {"user": hostile.PERSON, "status": status}, **changes}


@pytest.fixture
def contact(bot: Bot) -> Contact:
    return Contact.unscoped.create(organization_id=bot.organization_id, bot=bot, telegram_user_id=hostile.USER_ID)


def blocked_at() -> datetime | None:
    return Contact.unscoped.get().blocked_at


def test_a_contact_blocks_and_unblocks_the_bot(bot: Bot, contact: Contact) -> None:
    take(bot, 1, my_chat_member=membership("kicked"))
    assert services.process_updates() == 1
    assert blocked_at() == datetime.fromtimestamp(1_760_000_000, UTC)

    take(bot, 2, my_chat_member=membership("member"))
    assert services.process_updates() == 1
    assert blocked_at() is None
    assert list(TelegramUpdate.unscoped.values_list("state", flat=True)) == [UpdateState.DONE] * 2


def test_a_simulated_contact_is_never_blocked_by_telegram(bot: Bot, contact: Contact) -> None:
    Contact.unscoped.update(channel=Channel.SIMULATOR)
    take(bot, my_chat_member=membership("kicked"))

    services.process_updates()

    assert Contact.unscoped.get().blocked_at is None


def test_a_membership_of_a_stranger_makes_no_contact(bot: Bot) -> None:
    take(bot, my_chat_member=membership("kicked"))

    services.process_updates()

    assert not Contact.unscoped.exists()


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (membership("left"), UpdateState.IGNORED),
        (membership(None), UpdateState.IGNORED),
        (membership("kicked", date=10**18), UpdateState.DONE),
        (membership("kicked", date="x"), UpdateState.DONE),
        ([], UpdateState.KEPT),
    ],
)
def test_other_memberships_are_put_away(bot: Bot, contact: Contact, change: object, state: UpdateState) -> None:
    row = take(bot, my_chat_member=change)

    services.process_updates()

    row.refresh_from_db()
    assert row.state == state


def test_a_handled_row_is_not_handled_again(bot: Bot, contact: Contact) -> None:
    take(bot, my_chat_member=membership("kicked"))

    assert [services.process_updates(), services.process_updates()] == [1, 0]


def test_a_row_that_fails_three_times_is_set_aside_and_holds_up_no_other(
    bot: Bot, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = services.PROCESSORS[UpdateKind.MY_CHAT_MEMBER]

    def fails_for_the_first(row: TelegramUpdate) -> UpdateState:
        if row.external_id == "1":
            raise ValueError("the guilty one")
        return whole(row)

    monkeypatch.setattr(services, "PROCESSORS", {UpdateKind.MY_CHAT_MEMBER: fails_for_the_first})
    guilty = take(bot, 1, my_chat_member=membership("kicked"))
    other = take(bot, 2, my_chat_member=membership("kicked"))

    taken = [services.process_updates() for _ in range(4)]

    guilty.refresh_from_db()
    other.refresh_from_db()
    assert taken == [2, 1, 1, 0]
    assert (guilty.state, guilty.attempts, guilty.error) == (UpdateState.SET_ASIDE, 3, "ValueError")
    assert other.state == UpdateState.DONE


def test_old_rows_are_deleted_but_for_those_that_wait(bot: Bot) -> None:
    old = [
        take(bot, 1, edited_message={}),
        take(bot, 2, something_new={}),
        take(bot, 3, my_chat_member=membership("kicked")),
    ]
    take(bot, 4, edited_message={})
    TelegramUpdate.unscoped.filter(id__in=[row.id for row in old]).update(
        created_at=timezone.now() - services.KEPT_FOR - timedelta(minutes=1)
    )

    assert services.purge_updates() == 2
    assert set(TelegramUpdate.unscoped.values_list("external_id", flat=True)) == {"3", "4"}
