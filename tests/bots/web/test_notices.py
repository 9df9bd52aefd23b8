"""Avisos: each member chooses what they are told of; Telegram is linked by a code that only their page shows."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from bots.models import Bot, BotStatus, Delivery, Membership, NoticeChoice, NoticeKind, NoticeLink, Role
from bots.outbox import relay
from tests.factories.bots import make_bot, make_membership
from tests.support.pages import signed_in

pytestmark = pytest.mark.django_db

PAGE = "/ajustes/avisos/"


@pytest.fixture
def owner() -> Membership:
    return make_membership()


@pytest.fixture
def browser(owner: Membership) -> Client:
    return signed_in(owner.user)


def a_bot(owner: Membership) -> Bot:
    bot = make_bot(organization=owner.organization, username="loja_bot", status=BotStatus.ACTIVE)
    bot.delivery, bot.token, bot.token_hash = Delivery.WEBHOOK, "1:x", bot.pk.hex
    bot.save()
    return bot


def ticked(browser: Client, **asked: str) -> set[str]:
    page = browser.get(PAGE, asked).content.decode()
    return set(re.findall(r'name="([\w-]+)" checked', page))


def test_an_owner_begins_with_the_urgent_ones_by_email(browser: Client) -> None:
    assert ticked(browser) == {f"{kind}-email" for kind in NoticeKind if kind is not NoticeKind.SALE_PAID}


def test_what_is_chosen_is_kept_and_all_else_is_off(browser: Client) -> None:
    assert browser.post(PAGE, {"sale_paid-telegram": "on", "dispute-email": "on"}).status_code == 302
    assert ticked(browser) == {"sale_paid-telegram", "dispute-email"}
    browser.post(PAGE, {})
    assert ticked(browser) == set()
    assert NoticeChoice.unscoped.count() == len(NoticeKind)


def test_who_manages_members_chooses_for_them_and_nobody_else_does(browser: Client, owner: Membership) -> None:
    support = make_membership(organization=owner.organization, role=Role.SUPPORT)
    theirs = {"membro": str(support.pk)}
    assert ticked(browser, **theirs) == set()
    browser.post(f"{PAGE}?membro={support.pk}", {"run_waits-email": "on"})
    assert ticked(browser, **theirs) == {"run_waits-email"}
    assert "run_waits-email" in ticked(signed_in(support.user))
    prying = signed_in(support.user)
    for method in (prying.get, prying.post):
        assert method(f"{PAGE}?membro={owner.pk}").status_code == 404


def test_a_member_of_another_organization_is_not_there(browser: Client) -> None:
    stranger = make_membership()
    assert browser.get(PAGE, {"membro": str(stranger.pk)}).status_code == 404
    assert browser.post(f"{PAGE}?membro={stranger.pk}", {"dispute-email": "on"}).status_code == 404
    assert NoticeChoice.unscoped.count() == 0


def test_the_code_is_on_one_answer_and_kept_as_its_hash(browser: Client, owner: Membership) -> None:
    bot = a_bot(owner)
    answer = browser.post(reverse("notice_link"), {"bot": str(bot.pk)})
    assert answer["Cache-Control"] == "no-store"
    page = answer.content.decode()
    found = re.search(r"https://t\.me/loja_bot\?start=notify-([\w-]{16,50})", page)
    assert found is not None
    assert f"/start notify-{found[1]}" in page
    link = NoticeLink.unscoped.get()
    assert link.code_hash != found[1]
    assert found[1] not in browser.get(PAGE).content.decode()


def test_a_bot_of_others_or_of_no_telegram_links_nothing(browser: Client) -> None:
    others = a_bot(make_membership())
    for bot in (str(others.pk), "x", ""):
        assert browser.post(reverse("notice_link"), {"bot": bot}).status_code == 302
    assert NoticeLink.unscoped.count() == 0


def test_the_test_button_sends_a_mail(browser: Client, owner: Membership) -> None:
    assert browser.post(reverse("notice_test")).status_code == 302
    while relay.run_once():
        pass
    assert [message.to for message in mail.outbox] == [[owner.user.email]]
    assert mail.outbox[0].subject.startswith("Isto é um teste")
