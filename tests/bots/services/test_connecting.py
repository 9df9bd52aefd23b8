"""Connecting a bot by its token, pausing it, taking it over."""

from uuid import UUID

import pytest
from django.conf import LazySettings

from bots import ports, services
from bots.crashpoints import CrashPointReached, planned
from bots.errors import Conflict, Invalid, NotFound
from bots.models import AuditEntry, Bot, BotStatus, Delivery
from bots.ports import BotIdentity, ChatStanding, PlatformError, PlatformErrorCode, WebhookInfo
from bots.services.connecting import hash_secret
from bots.tenancy import organization_scope
from tests.support.races import Rival, run_after
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db

TOKEN = "123456789:AAabcdefghijklmnopqrstuvwxyz-0123456789"
NEW_TOKEN = "123456789:AAnew-token-after-revoking-the-old-one-0"
PUBLIC_URL = "https://trilho.example"


class FakePlatform:
    """Telegram, as far as connecting goes."""

    def __init__(self) -> None:
        self.webhooks: dict[str, str] = {}
        self.secrets: dict[UUID, str] = {}
        self.identity = BotIdentity(telegram_id=123456789, username="loja_bot", name="Loja da Ana")
        self.unreachable_at = ""

    def get_me(self, token: str) -> BotIdentity:
        self._call("get_me")
        if not token.startswith("123456789:"):
            raise PlatformError(PlatformErrorCode.INVALID_TOKEN, "No such bot.", retryable=False)
        return self.identity

    def webhook_info(self, token: str) -> WebhookInfo:
        return WebhookInfo(url=self.webhooks.get(token, ""))

    def webhook_url(self, public_id: str) -> str:
        return f"{PUBLIC_URL}/telegram/{public_id}/"

    def set_webhook(self, *, bot_id: UUID, token: str, url: str, secret: str) -> None:
        self._call("set_webhook")
        self.webhooks[token] = url
        self.secrets[bot_id] = secret

    def delete_webhook(self, token: str) -> None:
        self._call("delete_webhook")
        self.webhooks.pop(token, None)

    def chat_standing(self, *, token: str, bot_telegram_id: int, chat_id: int) -> ChatStanding:
        raise AssertionError("connecting asks about no chat")

    def _call(self, name: str) -> None:
        if self.unreachable_at == name:
            raise PlatformError(PlatformErrorCode.UNREACHABLE, "Telegram does not answer.", retryable=True)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> FakePlatform:
    fake = FakePlatform()
    monkeypatch.setattr(ports, "_platform", fake)
    return fake


@pytest.fixture
def shop(platform: FakePlatform) -> Tenant:
    return make_tenant()


@pytest.fixture
def public(settings: LazySettings) -> None:
    settings.PUBLIC_URL = PUBLIC_URL


def connect(shop: Tenant, token: str = TOKEN, **options: bool) -> Bot:
    made = services.connect_bot(organization=shop.organization, token=token, actor=shop.owner, **options)
    return Bot.unscoped.get(pk=made.pk)


def test_without_a_public_address_the_bot_is_polled(shop: Tenant, platform: FakePlatform) -> None:
    bot = connect(shop, f"  {TOKEN}\n")
    assert (bot.name, bot.username, bot.telegram_id) == ("Loja da Ana", "loja_bot", 123456789)
    assert (bot.status, bot.delivery) == (BotStatus.ACTIVE, Delivery.POLLING)
    assert bot.token == TOKEN
    assert bot.token_hash == hash_secret(TOKEN)
    assert platform.webhooks == {}


@pytest.mark.usefixtures("public")
def test_with_one_its_webhook_leads_to_us_under_a_secret(shop: Tenant, platform: FakePlatform) -> None:
    bot = connect(shop)
    assert bot.delivery == Delivery.WEBHOOK
    assert platform.webhooks == {TOKEN: f"{PUBLIC_URL}/telegram/{bot.public_id}/"}
    assert bot.webhook_secret_hash == hash_secret(platform.secrets[bot.pk])
    assert len(bot.public_id) >= 22


def test_a_foreign_webhook_is_named_and_nothing_happens(shop: Tenant, platform: FakePlatform) -> None:
    platform.webhooks[TOKEN] = "https://bots.example.com/hook/123"
    with pytest.raises(Conflict) as refused:
        connect(shop)
    assert refused.value.code == "foreign_webhook"
    assert "bots.example.com" in str(refused.value)
    assert "hook/123" not in str(refused.value)
    assert not Bot.unscoped.filter(telegram_id=123456789).exists()
    assert platform.webhooks == {TOKEN: "https://bots.example.com/hook/123"}


def test_a_foreign_webhook_is_taken_over_when_asked(shop: Tenant, platform: FakePlatform) -> None:
    platform.webhooks[TOKEN] = "https://bots.example.com/hook/123"
    assert connect(shop, take_over=True).status == BotStatus.ACTIVE
    assert platform.webhooks == {}


@pytest.mark.usefixtures("public")
def test_our_own_webhook_is_not_foreign(shop: Tenant, platform: FakePlatform) -> None:
    first = connect(shop)
    assert connect(shop).pk == first.pk


def test_a_wrong_token_is_refused(shop: Tenant) -> None:
    with pytest.raises(PlatformError) as refused:
        connect(shop, "999:wrong")
    assert refused.value.code == PlatformErrorCode.INVALID_TOKEN
    with pytest.raises(Invalid):
        connect(shop, "  ")
    assert Bot.unscoped.filter(token__isnull=False).count() == 0


def test_the_same_bot_with_a_new_token_is_the_same_row(shop: Tenant) -> None:
    first = connect(shop)
    again = connect(shop, NEW_TOKEN)
    assert again.pk == first.pk
    assert again.token == NEW_TOKEN


def test_a_bot_of_another_organization_is_taken(shop: Tenant) -> None:
    connect(shop)
    with pytest.raises(Conflict) as refused:
        connect(make_tenant())
    assert refused.value.code == "bot_taken"
    assert Bot.unscoped.filter(token__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_organizations_at_once_get_one_bot(shop: Tenant) -> None:
    """The other connects between our look-up and our insert: the unique hash decides."""
    other = make_tenant()
    rival = run_after("bots.services.connecting._known_bot", lambda: Rival(lambda: connect(other)).answer())
    with rival, pytest.raises(Conflict) as refused:
        connect(shop)
    assert refused.value.code == "bot_taken"
    assert Bot.unscoped.get(token__isnull=False).organization == other.organization


@pytest.mark.usefixtures("public")
def test_a_platform_that_fails_in_the_middle_leaves_a_bot_to_connect_again(
    shop: Tenant, platform: FakePlatform
) -> None:
    platform.unreachable_at = "set_webhook"
    with pytest.raises(PlatformError):
        connect(shop)
    bot = Bot.unscoped.get(telegram_id=123456789)
    assert (bot.status, bot.last_error) == (BotStatus.DISCONNECTED, "Telegram does not answer.")
    platform.unreachable_at = ""
    assert connect(shop).status == BotStatus.ACTIVE
    assert Bot.unscoped.get(pk=bot.pk).last_error == ""


@pytest.mark.parametrize("point", ["connect.after_store", "connect.after_call"])
def test_a_process_that_dies_in_the_middle_leaves_a_bot_to_connect_again(shop: Tenant, point: str) -> None:
    with planned(f"{point}:1:raise"), pytest.raises(CrashPointReached):
        connect(shop)
    assert Bot.unscoped.get(telegram_id=123456789).status == BotStatus.DISCONNECTED
    assert connect(shop).status == BotStatus.ACTIVE


def test_the_trail_holds_no_token(shop: Tenant) -> None:
    connect(shop)
    trail = str(list(AuditEntry.unscoped.values()))
    assert "bot.connected" in trail
    assert TOKEN.partition(":")[2] not in trail


def test_pausing_and_resuming(shop: Tenant) -> None:
    bot = connect(shop)
    with organization_scope(shop.organization.pk):
        services.pause_bot(bot.pk, actor=shop.owner)
        assert services.pause_bot(bot.pk, actor=shop.owner).status == BotStatus.PAUSED
        assert services.resume_bot(bot.pk, actor=shop.owner).status == BotStatus.ACTIVE
        Bot.objects.filter(pk=bot.pk).update(status=BotStatus.REVOKED)
        with pytest.raises(Conflict):
            services.resume_bot(bot.pk, actor=shop.owner)
        with pytest.raises(NotFound):
            services.pause_bot(make_tenant().bot.pk, actor=shop.owner)


def test_a_simulator_bot_has_no_token(shop: Tenant) -> None:
    bot = services.create_simulator_bot(organization=shop.organization, name="Teste", actor=shop.owner)
    assert (bot.delivery, bot.token, bot.status) == (Delivery.SIMULATOR, None, BotStatus.ACTIVE)
