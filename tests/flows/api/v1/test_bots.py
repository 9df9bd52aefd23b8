"""`/bots/`: connected with Telegram, changed whole or not at all."""

from typing import Any

import pytest

from bots.models import ActorKind, AuditEntry, Bot, BotStatus, Delivery
from bots.tenancy import organization_scope
from flows.models import Flow, FlowVersion
from flows.services.publishing import publish_version
from tests.factories.bots import make_bot
from tests.factories.flows import publish
from tests.support.fake_telegram import FakeTelegram
from tests.support.flows import a_flow, an_access, buttons, sales_flow
from tests.support.partner import Partner, answer, make_partner, refusal
from tests.support.tenancy import Tenant, make_tenant

TOKEN = "7000001:AAH-only-for-tests-only-for-tests-only-1"
PUBLIC_URL = "https://trilho.example"

pytestmark = pytest.mark.django_db


def test_connects_a_bot_with_a_webhook(partner: Partner, telegram: FakeTelegram, settings: Any) -> None:
    settings.PUBLIC_URL = PUBLIC_URL
    made = answer(partner.post("bots/", {"token": TOKEN}), 201)
    bot = Bot.unscoped.get(pk=made["id"])
    assert made == {
        "id": str(bot.pk),
        "name": "Bot 7000001",
        "username": "fake_7000001_bot",
        "status": "active",
        "delivery": "webhook",
        "welcome_message": "",
        "main_buttons": [],
        "redirect_buttons": [],
        "flow_enabled": False,
        "active_flow": None,
        "support_contact": "",
        "texts": {},
        "created_at": made["created_at"],
    }
    assert telegram.webhooks[TOKEN]["url"] == f"{PUBLIC_URL}/telegram/{bot.public_id}/"
    assert telegram.webhooks[TOKEN]["secret_token"]
    assert [call.method for call in telegram.calls] == ["getMe", "getUserProfilePhotos", "getWebhookInfo", "setWebhook"]


def test_without_a_public_address_the_webhook_goes_and_the_bot_is_polled(
    partner: Partner, telegram: FakeTelegram, settings: Any
) -> None:
    settings.PUBLIC_URL = ""
    assert answer(partner.post("bots/", {"token": TOKEN}), 201)["delivery"] == Delivery.POLLING
    assert [call.method for call in telegram.calls][-1] == "deleteWebhook"


def test_the_trail_says_which_key_connected_it(partner: Partner, telegram: FakeTelegram) -> None:
    answer(partner.post("bots/", {"token": TOKEN}), 201)
    entry = AuditEntry.unscoped.get(action="bot.connected")
    assert partner.key
    assert (entry.actor_kind, entry.actor_key_id) == (ActorKind.API_KEY, partner.key.pk)


def test_the_token_is_never_told(partner: Partner, telegram: FakeTelegram) -> None:
    made = partner.post("bots/", {"token": TOKEN}, Idempotency_Key="a")
    secret = TOKEN.partition(":")[2].encode()
    for response in (made, partner.get("bots/"), partner.get(f"bots/{answer(made, 201)['id']}/")):
        assert secret not in response.content


def test_the_same_token_again_is_the_same_bot(partner: Partner, telegram: FakeTelegram) -> None:
    made = [answer(partner.post("bots/", {"token": TOKEN}), 201)["id"] for _ in range(2)]
    assert made[0] == made[1]


def test_a_token_that_telegram_does_not_know_is_refused(partner: Partner, telegram: FakeTelegram) -> None:
    telegram.revoked.add(TOKEN)
    told = refusal(partner.post("bots/", {"token": TOKEN}))
    assert (told["status"], told["code"], told["errors"][0]["field"]) == (422, "invalid_token", "token")
    assert not Bot.unscoped.filter(username="fake_7000001_bot").exists()


def test_a_webhook_of_another_system_is_named_and_taken_over_on_demand(
    partner: Partner, telegram: FakeTelegram
) -> None:
    telegram.webhooks[TOKEN] = {"url": "https://crm.example.com/hook"}
    told = refusal(partner.post("bots/", {"token": TOKEN}))
    assert (told["status"], told["code"]) == (409, "foreign_webhook")
    assert "crm.example.com" in told["detail"]
    assert telegram.webhooks[TOKEN] == {"url": "https://crm.example.com/hook"}
    answer(partner.post("bots/", {"token": TOKEN, "take_over": True}), 201)
    assert telegram.webhooks.get(TOKEN, {}).get("url", "") != "https://crm.example.com/hook"


def test_a_bot_of_another_organization_is_taken(partner: Partner, telegram: FakeTelegram) -> None:
    answer(make_partner(make_tenant().organization).post("bots/", {"token": TOKEN}), 201)
    told = refusal(partner.post("bots/", {"token": TOKEN}))
    assert (told["status"], told["code"]) == (409, "bot_taken")


def test_telegram_away_is_worth_another_try(partner: Partner, settings: Any) -> None:
    settings.TELEGRAM_API_BASE_URL = "http://127.0.0.1:9"
    told = refusal(partner.post("bots/", {"token": TOKEN}))
    assert (told["status"], told["code"]) == (503, "unreachable")


def test_a_token_is_required(partner: Partner) -> None:
    for body, code in (({}, "required"), ({"token": ""}, "blank"), ({"token": "x" * 101}, "max_length")):
        told = refusal(partner.post("bots/", body))
        assert [(error["field"], error["code"]) for error in told["errors"]] == [("token", code)]


def test_changes_what_is_given_and_leaves_the_rest(tenant: Tenant, partner: Partner) -> None:
    changed = answer(partner.patch(f"bots/{tenant.bot.pk}/", {"welcome_message": "Olá!"}))
    assert (changed["welcome_message"], changed["name"]) == ("Olá!", "Loja da Ana")
    again = answer(partner.patch(f"bots/{tenant.bot.pk}/", {}))
    assert again == changed


@pytest.mark.parametrize(
    "field",
    ["status", "username", "token", "delivery", "id", "organization"],
)
def test_what_telegram_or_we_decide_cannot_be_set(tenant: Tenant, partner: Partner, field: str) -> None:
    told = refusal(partner.patch(f"bots/{tenant.bot.pk}/", {field: "revoked", "name": "Outro"}))
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, "unknown_field")]
    tenant.bot.refresh_from_db()
    assert (tenant.bot.name, tenant.bot.status) == ("Loja da Ana", BotStatus.ACTIVE)


def test_only_a_published_flow_can_be_active(tenant: Tenant, partner: Partner) -> None:
    made = answer(partner.post("flows/", {"bot": str(tenant.bot.pk), "name": "Venda", "definition": sales_flow()}), 201)
    switch = {"active_flow": made["id"], "flow_enabled": True}
    told = refusal(partner.patch(f"bots/{tenant.bot.pk}/", switch))
    assert (told["status"], told["code"], told["errors"][0]["field"]) == (422, "flow_not_published", "active_flow")
    tenant.bot.refresh_from_db()
    assert tenant.bot.flow_enabled is False

    answer(partner.post(f"flows/{made['id']}/publish/", {}), 201)
    assert answer(partner.get(f"bots/{tenant.bot.pk}/"))["active_flow"] is None
    changed = answer(partner.patch(f"bots/{tenant.bot.pk}/", switch))
    assert (changed["active_flow"], changed["flow_enabled"]) == (made["id"], True)
    off = answer(partner.patch(f"bots/{tenant.bot.pk}/", {"active_flow": None}))
    assert (off["active_flow"], off["flow_enabled"]) == (None, True)


def test_a_flow_of_another_bot_or_organization_cannot_be_active(tenant: Tenant, partner: Partner) -> None:
    sibling = publish(make_bot(organization=tenant.organization), a_flow())
    stranger = publish(make_tenant().bot, a_flow())
    for version in (sibling, stranger):
        told = refusal(partner.patch(f"bots/{tenant.bot.pk}/", {"active_flow": str(version.flow_id)}))
        assert (told["status"], told["code"]) == (422, "flow_not_published")


def test_a_deleted_flow_cannot_be_active(tenant: Tenant, partner: Partner) -> None:
    version = publish(tenant.bot, a_flow(), active=False)
    assert partner.delete(f"flows/{version.flow_id}/").status_code == 204
    told = refusal(partner.patch(f"bots/{tenant.bot.pk}/", {"active_flow": str(version.flow_id)}))
    assert told["code"] == "flow_not_published"


def test_new_buttons_publish_a_new_version_with_the_same_steps(tenant: Tenant, partner: Partner) -> None:
    with organization_scope(tenant.organization.pk):
        flow = Flow.objects.create(organization=tenant.organization, bot=tenant.bot, name="Venda", draft=a_flow())
        publish_version(flow.pk)
    answer(partner.patch(f"bots/{tenant.bot.pk}/", {"active_flow": str(flow.pk)}))
    assert FlowVersion.unscoped.filter(flow=flow).count() == 1
    button = {"text": "VIP", "price": "19.90", "access": {"text": "Bem-vindo!"}}
    answer(partner.patch(f"bots/{tenant.bot.pk}/", {"main_buttons": [button]}))
    newest = FlowVersion.unscoped.filter(flow=flow).latest("number")
    assert (newest.number, newest.definition["main_buttons"]) == (2, [button])
    assert newest.definition["flow_steps"] == a_flow()["flow_steps"]


@pytest.mark.parametrize(
    "buttons",
    [
        [{"text": ""}],
        [{"text": "VIP", "price": "-1", "access": {"text": "x"}}],
        [{"text": "VIP", "price": "19.90"}],
        [{"text": "a\0b", "url": "https://example.com"}],
        [{"text": "VIP", "url": "javascript:alert(1)"}],
        [{"surprise": 10**30}],
    ],
)
def test_bad_buttons_are_refused_with_their_problems(tenant: Tenant, partner: Partner, buttons: Any) -> None:
    told = refusal(partner.patch(f"bots/{tenant.bot.pk}/", {"name": "Outro", "main_buttons": buttons}))
    assert (told["status"], told["code"]) == (422, "bot_invalid")
    assert all(error["field"].startswith("main_buttons") for error in told["errors"])
    tenant.bot.refresh_from_db()
    assert (tenant.bot.name, tenant.bot.main_buttons) == ("Loja da Ana", [])


def test_buttons_that_the_active_flow_cannot_bear_are_refused(tenant: Tenant, partner: Partner) -> None:
    """A payment without an amount takes it from the main buttons, so the last priced one cannot go."""
    button = {"text": "VIP", "price": "19.90", "access": {"text": "Bem-vindo!"}}
    answer(partner.patch(f"bots/{tenant.bot.pk}/", {"main_buttons": [button]}))
    steps = [
        buttons("menu", {"text": "Comprar", "target_step": "pay"}),
        {"id": "pay", "type": "payment", "config": {}, "connections": {"next": "end", "pending": "end"}},
        an_access("end"),
    ]
    made = answer(
        partner.post("flows/", {"bot": str(tenant.bot.pk), "name": "Venda", "definition": a_flow(steps)}), 201
    )
    answer(partner.post(f"flows/{made['id']}/publish/"), 201)
    answer(partner.patch(f"bots/{tenant.bot.pk}/", {"active_flow": made["id"]}))
    told = refusal(partner.patch(f"bots/{tenant.bot.pk}/", {"main_buttons": []}))
    assert (told["status"], told["code"]) == (422, "definition_invalid")
    tenant.bot.refresh_from_db()
    assert tenant.bot.main_buttons == [button]


def test_built_in_texts_are_changed_one_by_one_and_go_back_to_ours(tenant: Tenant, partner: Partner) -> None:
    path = f"bots/{tenant.bot.pk}/"
    sent = {"texts": {"terms": {"pt-br": " Regras ", "en": "Rules"}, "paid_button": {"en": "Paid"}}}
    assert answer(partner.patch(path, sent), 200)["texts"] == {
        "terms": {"pt-br": "Regras", "en": "Rules"},
        "paid_button": {"en": "Paid"},
    }
    back = {"texts": {"terms": {"pt-br": "", "en": "Our rules"}, "paid_button": {"en": None}}, "support_contact": "@eu"}
    changed = answer(partner.patch(path, back), 200)
    assert changed["texts"] == {"terms": {"en": "Our rules"}}
    assert changed["support_contact"] == "@eu"


@pytest.mark.parametrize(
    ("texts", "field", "code"),
    [
        ({"nothing": {"en": "x"}}, "texts", "text_code"),
        ({"terms": {"fr": "x"}}, "texts.terms.fr", "unknown_field"),
        ({"terms": {"en": "{{cpf}}"}}, "texts.terms.en", "text_unknown_variable"),
        ({"terms": {"en": "<b>x"}}, "texts.terms.en", "text_bad_markup"),
        ({"checking": {"en": "x" * 201}}, "texts.checking.en", "text_too_long"),
    ],
)
def test_a_text_that_cannot_be_used_changes_nothing(
    tenant: Tenant, partner: Partner, texts: Any, field: str, code: str
) -> None:
    refused = refusal(partner.patch(f"bots/{tenant.bot.pk}/", {"name": "Outro", "texts": texts}))
    assert [(error["field"], error["code"]) for error in refused["errors"]] == [(field, code)]
    assert Bot.unscoped.get(pk=tenant.bot.pk).name == "Loja da Ana"
