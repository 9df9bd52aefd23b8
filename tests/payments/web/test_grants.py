"""Acessos: who has what; given, taken back and moved by hand."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from payments.models import Grant
from tests.factories.payments import second_contact
from tests.support.pages import World, signed_in

LIST = "/acessos/"


def page_of(browser: Client, **filters: str) -> str:
    return browser.get(LIST, filters).content.decode()


def give(browser: Client, world: World, **changes: Any) -> Any:
    data = {"person": f"@{world.shop.contact.username}", "known": "", "text": "VIP", "reason": "a gift"} | changes
    return browser.post(reverse("grant_give"), data)


def test_accesses_are_found_by_person_and_state(browser: Client, world: World) -> None:
    take = reverse("grant_take_back", args=[world.grant.pk])
    assert "Presente" in page_of(browser)
    assert "a gift" in page_of(browser)
    for text in (
        "Ana",
        f"@{world.shop.contact.username}",
        str(world.shop.contact.telegram_user_id),
        str(world.grant.pk),
    ):
        assert take in page_of(browser, busca=text), text
    assert take not in page_of(browser, busca="ninguém")
    assert take in page_of(browser, estado="open")
    assert take not in page_of(browser, estado="ended")
    browser.post(take, {"reason": "a mistake"})
    page = page_of(browser, estado="taken_back")
    assert "a mistake" in page
    assert take not in page


def test_an_access_is_given_by_hand(browser: Client, world: World) -> None:
    assert give(browser, world, days="30").status_code == 302
    made = Grant.unscoped.filter(kind="content").exclude(pk=world.grant.pk).get()
    assert made.content == {"text": "VIP"}
    assert made.ends_at is not None


def test_what_was_given_before_can_be_given_to_somebody_else(browser: Client, world: World) -> None:
    other = second_contact(world.shop).contact
    changes = {"person": str(other.telegram_user_id), "known": world.grant.content_key, "text": ""}
    assert give(browser, world, **changes).status_code == 302
    assert Grant.unscoped.filter(kind="content").get(contact=other).content == world.grant.content


@pytest.mark.parametrize(
    "changes",
    [
        {"person": "@ninguem"},
        {"person": ""},
        {"reason": ""},
        {"text": ""},
        {"days": "0"},
        {"days": "x"},
        {"link": "javascript:alert(1)"},
        {"known": "forged"},
        {"bot": "x"},
    ],
)
def test_a_form_that_makes_no_sense_is_shown_again(browser: Client, world: World, changes: dict[str, str]) -> None:
    assert give(browser, world, **changes).status_code == 422
    assert Grant.unscoped.filter(kind="content").count() == 1


def test_an_access_is_moved_to_the_new_account(browser: Client, world: World) -> None:
    other = second_contact(world.shop).contact
    address = reverse("grant_move", args=[world.grant.pk])
    browser.post(address, {"to": "@ninguem", "reason": "new phone"})
    assert Grant.unscoped.filter(kind="content").get().telegram_user_id == world.shop.contact.telegram_user_id
    browser.post(address, {"to": f"@{other.username}", "reason": "new phone", "tell": "on"})
    assert Grant.unscoped.filter(kind="content").get().telegram_user_id == other.telegram_user_id


def test_who_may_only_look_is_offered_nothing(world: World) -> None:
    page = page_of(signed_in(world.viewer))
    assert "Presente" in page
    assert reverse("grant_give") not in page
    assert reverse("grant_take_back", args=[world.grant.pk]) not in page
