"""Who of the team is told of what: choices, ways, codes, languages; each thing once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from bots.errors import Invalid
from bots.models import Bot, BotStatus, Delivery, Locale, Membership, NoticeKind, NoticeLink, Role
from bots.outbox import relay
from bots.outbox.models import OutboxMessage
from bots.outbox.publish import PublishedOutsideTransaction
from bots.services import notices
from bots.services.notices import Way, begin_link, choose, finish_link, notify
from bots.tenancy import organization_scope
from tests.factories.bots import make_bot, make_membership

pytestmark = pytest.mark.django_db

FACTS = {"name": "Ana", "what": "Grupo VIP", "amount": "R$ 29,90", "bot": "Loja"}


@pytest.fixture
def owner() -> Iterator[Membership]:
    membership = make_membership()
    with organization_scope(membership.organization_id):
        yield membership


def deliver() -> None:
    while relay.run_once():
        pass


def tell(owner: Membership, kind: NoticeKind = NoticeKind.NOT_SERVED, key: str = "1", **facts: object) -> None:
    with transaction.atomic():
        notify(owner.organization_id, kind, key, FACTS | facts, page=("sale_list",))


def telegrams() -> list[tuple[Any, str]]:
    rows = OutboxMessage.unscoped.filter(topic="notice.telegram").order_by("position")
    return [(row.payload["telegram_user_id"], row.payload["text"]) for row in rows]


def a_bot(owner: Membership) -> Bot:
    bot = make_bot(
        organization=owner.organization, username="loja_bot", delivery=Delivery.WEBHOOK, status=BotStatus.ACTIVE
    )
    bot.token, bot.token_hash = "1:x", bot.pk.hex
    bot.save()
    return bot


def linked(owner: Membership, bot: Bot, telegram_user_id: int = 777) -> None:
    code = begin_link(owner, bot.pk)
    with transaction.atomic():
        assert finish_link(
            organization_id=owner.organization_id, bot_id=bot.pk, telegram_user_id=telegram_user_id, code=code
        )


def test_an_owner_who_chose_nothing_is_told_by_email_of_what_is_urgent(owner: Membership) -> None:
    tell(owner)
    tell(owner, NoticeKind.SALE_PAID)
    deliver()
    assert [message.to for message in mail.outbox] == [[owner.user.email]]
    told = mail.outbox[0]
    assert told.subject == f"Ana pagou e não está dentro · {owner.organization.name}"
    assert "R$ 29,90" in told.body
    assert "/vendas/" in told.body
    assert "Ana pagou e não está dentro" in told.alternatives[0][0]  # type: ignore[attr-defined]


def test_others_are_told_of_nothing_until_they_ask(owner: Membership) -> None:
    support = make_membership(organization=owner.organization, role=Role.SUPPORT)
    choose(owner.pk, {NoticeKind.NOT_SERVED: (False, False)}, actor=owner.user)
    tell(owner, key="1")
    deliver()
    assert mail.outbox == []
    choose(support.pk, {NoticeKind.NOT_SERVED: (True, False)}, actor=owner.user)
    tell(owner, key="2")
    deliver()
    assert [message.to for message in mail.outbox] == [[support.user.email]]


def test_each_thing_is_told_once(owner: Membership) -> None:
    for _time in range(3):
        tell(owner)
    deliver()
    tell(owner)
    deliver()
    assert len(mail.outbox) == 1
    tell(owner, key="2")
    deliver()
    assert len(mail.outbox) == 2


def test_a_notice_of_what_was_rolled_back_is_told_to_nobody(owner: Membership) -> None:
    with transaction.atomic():
        notify(owner.organization_id, NoticeKind.NOT_SERVED, "1", FACTS, page=("sale_list",))
        transaction.set_rollback(True)
    deliver()
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_a_notice_needs_the_transaction_that_decides_it() -> None:
    owner = make_membership()
    with pytest.raises(PublishedOutsideTransaction):
        notify(owner.organization_id, NoticeKind.NOT_SERVED, "1", FACTS, page=("sale_list",))


def test_everybody_reads_it_in_their_own_language(owner: Membership) -> None:
    owner.user.locale = Locale.ENGLISH
    owner.user.save()
    tell(owner, NoticeKind.PAYMENT_ALARM, reason="it was paid more than once, or too much.")
    deliver()
    assert mail.outbox[0].subject == f"Look at Ana's payment · {owner.organization.name}"
    assert "it was paid more than once" in mail.outbox[0].body
    owner.user.locale = Locale.PORTUGUESE
    owner.user.save()
    tell(owner, NoticeKind.PAYMENT_ALARM, key="2", reason="it was paid more than once, or too much.")
    deliver()
    assert "foi paga mais de uma vez" in mail.outbox[1].body


@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize("locale", list(Locale))
def test_every_kind_has_words_even_where_facts_are_missing(owner: Membership, kind: NoticeKind, locale: Locale) -> None:
    owner.user.locale = locale
    told = notices.told_to(owner, {"kind": kind.value, "facts": {}, "page": []})
    assert told.title
    assert "%(" not in told.title + told.text


def test_what_a_stranger_calls_themselves_breaks_no_mail(owner: Membership) -> None:
    tell(owner, name="Ana\r\nBcc: x@example.com <script>%(what)s")
    deliver()
    sent = mail.outbox[0]
    assert "\n" not in sent.subject
    assert sent.recipients() == [owner.user.email]
    assert "<script>" not in sent.alternatives[0][0]  # type: ignore[attr-defined]


def test_a_member_who_left_is_told_no_more(owner: Membership) -> None:
    tell(owner)
    notices_due = OutboxMessage.unscoped.filter(topic="notice.raised").get()
    notices.spread(notices_due.pk, notices_due.payload)
    Membership.unscoped.filter(pk=owner.pk).delete()
    deliver()
    assert mail.outbox == []


def test_spreading_twice_sends_once(owner: Membership) -> None:
    tell(owner)
    raised = OutboxMessage.unscoped.filter(topic="notice.raised").get()
    assert [notices.spread(raised.pk, raised.payload) for _time in range(2)] == [1, 1]
    deliver()
    assert len(mail.outbox) == 1


def test_telegram_is_linked_by_a_code_that_is_good_once(owner: Membership) -> None:
    bot = a_bot(owner)
    code = begin_link(owner, bot.pk)

    def use(telegram_user_id: int) -> bool:
        with transaction.atomic():
            return finish_link(
                organization_id=owner.organization_id, bot_id=bot.pk, telegram_user_id=telegram_user_id, code=code
            )

    assert [use(777), use(888)] == [True, False]
    assert NoticeLink.objects.get().telegram_user_id == 777
    assert [user_id for user_id, _text in telegrams()] == [777, 888]
    choose(owner.pk, {NoticeKind.NOT_SERVED: (False, True)}, actor=owner.user)
    tell(owner)
    raised = OutboxMessage.unscoped.filter(topic="notice.raised").get()
    notices.spread(raised.pk, raised.payload)
    user_id, text = telegrams()[-1]
    assert user_id == 777
    assert text.startswith("Ana pagou e não está dentro\n\n")


def test_an_old_code_and_another_bots_code_link_nothing(owner: Membership) -> None:
    bot = a_bot(owner)
    code = begin_link(owner, bot.pk)
    other = make_bot(organization=owner.organization)
    NoticeLink.objects.update(code_until=timezone.now() - timedelta(seconds=1))
    for tried in (bot, other):
        with transaction.atomic():
            assert not finish_link(
                organization_id=owner.organization_id, bot_id=tried.pk, telegram_user_id=777, code=code
            )
    assert NoticeLink.objects.get().telegram_user_id is None


def test_a_newer_code_ends_the_older_one_and_keeps_the_chat_until_then(owner: Membership) -> None:
    bot = a_bot(owner)
    linked(owner, bot)
    older = begin_link(owner, bot.pk)
    begin_link(owner, bot.pk)
    with transaction.atomic():
        assert not finish_link(organization_id=owner.organization_id, bot_id=bot.pk, telegram_user_id=888, code=older)
    assert NoticeLink.objects.get().telegram_user_id == 777


def test_a_bot_that_is_not_on_telegram_links_nobody(owner: Membership) -> None:
    bot = make_bot(organization=owner.organization)
    Bot.unscoped.filter(pk=bot.pk).update(delivery=Delivery.SIMULATOR)
    with pytest.raises(Invalid):
        begin_link(owner, bot.pk)


def test_a_test_goes_by_every_way_one_has(owner: Membership) -> None:
    assert notices.send_test(owner) == (Way.EMAIL,)
    linked(owner, a_bot(owner))
    assert notices.send_test(owner) == (Way.EMAIL, Way.TELEGRAM)
    assert telegrams()[-1][1].startswith("Isto é um teste")
    notices.end_link(owner, actor=owner.user)
    assert notices.send_test(owner) == (Way.EMAIL,)
    OutboxMessage.unscoped.filter(topic="notice.telegram").delete()
    deliver()
    assert len(mail.outbox) == 3
