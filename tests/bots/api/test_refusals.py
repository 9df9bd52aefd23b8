"""How the API refuses: one form for everything, in the caller's language, and never a page."""

from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, connection, transaction

from bots.models import Bot
from tests.factories.bots import make_bot
from tests.support.partner import Partner, answer, make_partner, refusal
from tests.support.races import Rival
from tests.support.tenancy import make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner() -> Partner:
    return make_partner(make_tenant().organization)


@pytest.mark.parametrize("path", ["nothing/", "bots/x/", "bots", "flows/1/", "", "bots/../flows/", "\u00e9/"])
def test_an_address_that_leads_nowhere_is_a_problem_too(path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        told = refusal(Partner(None).call(method, f"/api/v1/{path}"))
        assert (told["status"], told["code"]) == (404, "not_found")


def test_a_forgotten_slash_is_hinted_at() -> None:
    assert refusal(Partner(None).get("bots"))["hint"] == "Os endereços da API terminam com uma barra."
    assert "hint" not in refusal(Partner(None).get("nothing/"))


def test_speaks_the_language_that_is_asked_for(partner: Partner) -> None:
    name = {"name": ""}
    bot = Bot.unscoped.get()
    told = refusal(partner.patch(f"bots/{bot.pk}/", name))
    assert told["detail"] == "O pedido não é válido."
    told = refusal(partner.patch(f"bots/{bot.pk}/", name, Accept_Language="en"))
    assert told["detail"] == "The request is not valid."
    assert told["errors"] == [{"field": "name", "code": "blank", "message": "This field may not be blank."}]


@pytest.mark.django_db(transaction=True)
def test_what_another_holds_is_busy_not_broken(partner: Partner) -> None:
    bot = Bot.unscoped.get()
    with transaction.atomic():
        Bot.unscoped.select_for_update().get(pk=bot.pk)
        rival = Rival(lambda: _patch_hastily(partner, bot))
        response = rival.answer()
    assert (refusal(response)["code"], response.status_code, response["Retry-After"]) == ("busy", 503, "1")


def _patch_hastily(partner: Partner, bot: Bot) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    return Partner(partner.secret).patch(f"bots/{bot.pk}/", {"name": "Outro"})


def test_a_bug_is_a_problem_without_its_cause(partner: Partner) -> None:
    partner.client.raise_request_exception = False
    with mock.patch("flows.api.v1.bots.change_bot", side_effect=RuntimeError("a secret of the inside")):
        response = partner.patch(f"bots/{Bot.unscoped.get().pk}/", {"name": "Outro"})
    assert refusal(response)["code"] == "internal_error"
    assert b"secret" not in response.content


def test_a_database_that_is_gone_is_a_bug_not_busy(partner: Partner) -> None:
    partner.client.raise_request_exception = False
    with mock.patch("flows.api.v1.bots.change_bot", side_effect=OperationalError("gone")):
        response = partner.patch(f"bots/{Bot.unscoped.get().pk}/", {"name": "Outro"})
    assert refusal(response)["status"] == 500


def test_a_refusal_takes_everything_back(partner: Partner) -> None:
    bot = Bot.unscoped.get()
    refused = partner.patch(f"bots/{bot.pk}/", {"name": "Outro", "main_buttons": [{"text": ""}]})
    assert refused.status_code == 422
    bot.refresh_from_db()
    assert (bot.name, bot.main_buttons) == ("Loja da Ana", [])


def test_more_than_two_mebibytes_are_not_read(partner: Partner) -> None:
    bot = Bot.unscoped.get()
    for method, path in (("PATCH", f"bots/{bot.pk}/"), ("POST", "flows/")):
        response = partner.call(method, path, raw=b'{"name": "' + b"x" * (2 * 1024 * 1024) + b'"}')
        assert (refusal(response)["code"], response.status_code) == ("body_too_large", 413)


def test_only_json_is_answered(partner: Partner) -> None:
    assert refusal(partner.get("bots/", Accept="text/html"))["status"] == 406
    assert answer(partner.get("bots/", Accept="application/json"))["results"]


def test_a_use_of_the_key_is_remembered(partner: Partner) -> None:
    assert partner.key
    assert partner.key.last_used_at is None
    assert partner.get("bots/nothing/").status_code == 404
    partner.key.refresh_from_db()
    assert partner.key.last_used_at is None
    for path in ("bots/", "flows/"):
        answer(partner.get(path))
        partner.key.refresh_from_db()
        assert partner.key.last_used_at is not None


def test_bots_of_others_are_not_touched(partner: Partner) -> None:
    theirs = make_bot()
    assert refusal(partner.patch(f"bots/{theirs.pk}/", {"name": "Meu"}))["code"] == "bot_not_found"
    theirs.refresh_from_db()
    assert theirs.name == "Loja da Ana"
