"""Staff connect a bot, change it, pause it; each act is written down."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bots.models import ActorKind, AuditEntry, Bot, BotStatus, User
from flows.models import FlowVersion
from tests.factories.flows import publish
from tests.support.fake_telegram import FakeTelegram
from tests.support.flows import a_flow
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db

TOKEN = "7000001:AAH-only-for-tests-only-for-tests-only-1"
ADD = "admin:bots_bot_add"
VIP = {"text": "VIP", "price": "19.90", "access": {"text": "Bem-vindo!"}}


def change(bot: Bot) -> str:
    return reverse("admin:bots_bot_change", args=[bot.pk])


def sent(**fields: Any) -> dict[str, Any]:
    base = {"name": "Loja da Ana", "welcome_message": "", "main_buttons": "[]", "redirect_buttons": "[]"}
    # What a browser sends beside fields whose default is made anew each time.
    shown = {"initial-main_buttons": "[]", "initial-redirect_buttons": "[]"}
    return base | shown | {"active_flow": ""} | fields


def acts(bot: Bot) -> list[tuple[str, str]]:
    entries = AuditEntry.unscoped.filter(object_id=str(bot.pk)).order_by("pk")
    return [(entry.action, entry.actor_kind) for entry in entries]


def pressed(staff: Client, bot: Bot, act: str) -> Any:
    return staff.post(reverse(f"admin:bots_bot_{act}", args=[bot.pk]), {"_form_submitted": "True"})


def test_connects_a_bot_for_an_organization(staff: Client, tenant: Tenant, telegram: FakeTelegram) -> None:
    assert staff.get(reverse(ADD)).status_code == 200
    answer = staff.post(reverse(ADD), {"organization": tenant.organization.pk, "token": TOKEN})
    bot = Bot.unscoped.get(username="fake_7000001_bot")
    assert answer["Location"] == change(bot)
    assert (bot.organization_id, bot.status) == (tenant.organization.pk, BotStatus.ACTIVE)
    assert acts(bot) == [("bot.connecting", ActorKind.STAFF), ("bot.connected", ActorKind.STAFF)]
    assert TOKEN not in staff.get(change(bot)).content.decode()


def test_says_why_a_bot_is_not_connected_and_keeps_what_was_typed(
    staff: Client, tenant: Tenant, telegram: FakeTelegram
) -> None:
    telegram.webhooks[TOKEN] = {"url": "https://crm.example.com/hook"}
    form = {"organization": tenant.organization.pk, "token": TOKEN}
    answer = staff.post(reverse(ADD), form)
    assert answer.status_code == 200
    assert "crm.example.com" in answer.content.decode()
    assert not Bot.unscoped.filter(username="fake_7000001_bot").exists()
    assert staff.post(reverse(ADD), form | {"take_over": "on"}).status_code == 302
    telegram.revoked.add(TOKEN)
    assert staff.post(reverse(ADD), form).status_code == 200
    assert staff.post(reverse(ADD), {"token": ""}).status_code == 200


def test_changes_a_bot(staff: Client, tenant: Tenant, employee: User) -> None:
    version = publish(tenant.bot, a_flow(), active=False)
    answer = staff.post(
        change(tenant.bot),
        sent(
            name="Outro nome",
            welcome_message="Olá!",
            main_buttons=json.dumps([VIP]),
            flow_enabled="on",
            active_flow=str(version.flow_id),
        ),
    )
    assert answer.status_code == 302
    bot = Bot.unscoped.get(pk=tenant.bot.pk)
    assert (bot.name, bot.welcome_message, bot.main_buttons, bot.flow_enabled) == ("Outro nome", "Olá!", [VIP], True)
    newest = FlowVersion.unscoped.filter(flow=version.flow).latest("number")
    assert (newest.number, newest.definition["main_buttons"], newest.created_by) == (2, [VIP], employee)
    assert acts(bot) == [("bot.changed", ActorKind.STAFF)]
    entry = AuditEntry.unscoped.get(action="bot.changed")
    assert entry.actor_user == employee
    assert set(entry.data["fields"]) == {"name", "welcome_message", "main_buttons", "flow_enabled", "active_flow"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("main_buttons", json.dumps([{"text": "VIP", "price": "19.90"}])),
        ("main_buttons", '[{"text": "a\\u0000b"}]'),
        ("main_buttons", "[{]"),
        ("main_buttons", '{"text": "x"}'),
        ("main_buttons", '["x"]'),
        ("main_buttons", "5"),
        ("main_buttons", "[" * 5000),
        ("redirect_buttons", '[{"text": "x", "url": "ftp://x"}]'),
        ("welcome_message", "x" * 5000),
        ("name", " "),
    ],
)
def test_refuses_a_change_that_would_break_the_bot(staff: Client, tenant: Tenant, field: str, value: str) -> None:
    answer = staff.post(change(tenant.bot), sent(**{"name": "Outro", field: value}))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    bot = Bot.unscoped.get(pk=tenant.bot.pk)
    assert (bot.name, bot.main_buttons, bot.redirect_buttons) == ("Loja da Ana", [], [])
    assert acts(bot) == []


def test_built_in_texts_are_what_is_written_and_nothing_else(staff: Client, tenant: Tenant) -> None:
    for texts in (
        {"terms": {"pt-br": "Regras", "en": "Rules"}, "pay_code": {"en": "Code:"}},
        {"terms": {"en": "Our rules"}},
        {},
    ):
        answer = staff.post(change(tenant.bot), sent(texts=json.dumps(texts), support_contact="@eu"))
        assert answer.status_code == 302
        tenant.bot.refresh_from_db()
        assert (tenant.bot.texts, tenant.bot.support_contact) == (texts, "@eu")


@pytest.mark.parametrize("texts", ['{"nothing": {"en": "x"}}', '{"terms": {"en": "<b>"}}', '["x"]', '{"terms": "x"}'])
def test_refuses_texts_that_cannot_be_used(staff: Client, tenant: Tenant, texts: str) -> None:
    answer = staff.post(change(tenant.bot), sent(texts=texts))
    assert answer.status_code == 200
    tenant.bot.refresh_from_db()
    assert tenant.bot.texts == {}


def test_offers_only_published_flows_of_this_bot(staff: Client, tenant: Tenant) -> None:
    theirs = publish(make_tenant().bot, a_flow())
    answer = staff.post(change(tenant.bot), sent(active_flow=str(theirs.flow_id)))
    assert answer.status_code == 200
    assert "active_flow" in answer.context["adminform"].form.errors


def test_pauses_and_resumes_only_when_it_is_confirmed(staff: Client, tenant: Tenant) -> None:
    asked = staff.get(reverse("admin:bots_bot_pause", args=[tenant.bot.pk]))
    assert asked.status_code == 200
    assert Bot.unscoped.get(pk=tenant.bot.pk).status == BotStatus.ACTIVE
    answer = pressed(staff, tenant.bot, "pause")
    assert answer["HX-Redirect"] == change(tenant.bot)
    assert Bot.unscoped.get(pk=tenant.bot.pk).status == BotStatus.PAUSED
    pressed(staff, tenant.bot, "resume")
    assert Bot.unscoped.get(pk=tenant.bot.pk).status == BotStatus.ACTIVE
    assert acts(tenant.bot) == [("bot.paused", ActorKind.STAFF), ("bot.active", ActorKind.STAFF)]


def test_no_bot_is_deleted(staff: Client, tenant: Tenant) -> None:
    assert staff.post(reverse("admin:bots_bot_delete", args=[tenant.bot.pk]), {"post": "yes"}).status_code == 403
    assert Bot.unscoped.filter(pk=tenant.bot.pk).exists()
