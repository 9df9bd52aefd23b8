"""An organization that has at least one row of every table, for tests that walk all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils import timezone

from bots.ids import uuid7
from bots.models import (
    ApiKey,
    Bot,
    ChatKind,
    ConnectedChat,
    IdempotencyRecord,
    Invitation,
    Membership,
    NoticeChoice,
    NoticeLink,
)
from bots.models.base import is_tenant_table
from bots.outbox.models import OutboxAttempt, OutboxMessage
from bots.tenancy import organization_scope
from flows.models import DrainMark, KeptAnswer, Timer
from payments.models import (
    BotGateway,
    CouponUse,
    CreditEntry,
    Grant,
    MoneyRules,
    Place,
    Reconciliation,
    WebhookDelivery,
)
from telegram_gateway.models import TelegramFile, TelegramUpdate
from tests.support.pages import World, make_world

OUR_APPS = ("bots", "outbox", "flows", "payments", "telegram_gateway")


@dataclass(frozen=True)
class Everything:
    """What there is of one organization."""

    world: World

    @property
    def organization_id(self) -> UUID:
        return self.world.organization.pk

    def row(self, model: type[models.Model]) -> Any:
        """One of its rows."""
        return rows_of(model).filter(organization_id=self.organization_id).order_by("pk").first()

    def ids(self) -> dict[str, UUID]:
        """A key of each table of the organization, by the table's label."""
        return {model._meta.label: self.row(model).pk for model in tenant_models()}

    def all_ids(self) -> set[str]:
        """Every key of every row."""
        return {
            str(pk)
            for model in tenant_models()
            for pk in rows_of(model).filter(organization_id=self.organization_id).values_list("pk", flat=True)
        }


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OUR_APPS]


def tenant_models() -> list[type[models.Model]]:
    return [model for model in our_models() if is_tenant_table(model)]


def rows_of(model: type[models.Model]) -> models.QuerySet[Any]:
    """Everybody's rows."""
    manager: models.Manager[Any] = getattr(model, "unscoped", model._default_manager)
    return manager.all()


def make_everything(name: str = "Loja") -> Everything:
    world = make_world(name)
    with organization_scope(world.organization.pk):
        for row in _missing(world):
            row.save(force_insert=True)
    made = Everything(world)
    missing = [model._meta.label for model in tenant_models() if made.row(model) is None]
    assert not missing, f"add a row of each to {__name__}: {missing}"
    return made


def _missing(world: World) -> Iterator[models.Model]:
    """Rows of the tables that a sale does not fill by itself."""
    organization, bot, now = world.organization, world.shop.bot, timezone.now()
    owned = {"organization": organization}
    assert isinstance(bot, Bot)
    assert isinstance(world.key, ApiKey)
    yield Invitation(**owned, email=f"{uuid7().hex}@example.com", token_hash=uuid7().hex, expires_at=now)
    yield IdempotencyRecord(**owned, api_key_id=world.key.pk, route="POST /", key="a", body_hash="0", status_code=200)
    chat = ConnectedChat(**owned, bot=bot, telegram_id=-1001, kind=ChatKind.CHANNEL, title="VIP")
    yield chat
    yield CouponUse(**owned, flow_id=uuid7(), step_id="pay", code="dez", used=1)
    yield Place(**owned, chat=chat, telegram_user_id=world.shop.contact.telegram_user_id, contact=world.shop.contact)
    member = Membership.unscoped.filter(organization=organization, user=world.owner).get()
    yield NoticeChoice(**owned, membership=member, kind="sale_paid", by_email=True)
    yield NoticeLink(**owned, membership=member, bot=bot)
    yield TelegramUpdate(**owned, bot=bot, external_id="1", kind="my_chat_member", body=b"{}")
    yield TelegramFile(
        **owned,
        bot=bot,
        telegram_bot_id=1,
        asset=world.asset,
        kind="photo",
        sent_as="photo",
        file_id="AgAC",
        file_unique_id="u",
    )
    yield KeptAnswer(
        **owned,
        conversation=world.run.conversation,
        run_id=world.run.pk,
        step_id="cpf",
        accepted=True,
        inbox_event_id=uuid7(),
        message_id=uuid7(),
        answered_at=now,
    )
    yield BotGateway(**owned, bot=bot, account=world.shop.account)
    yield WebhookDelivery(**owned, account=world.shop.account, digest="0", body=b"{}")
    yield Reconciliation(**owned, account=world.shop.account, day=now.date(), checked_at=now)
    yield MoneyRules(**owned)
    yield CreditEntry(**owned, telegram_user_id=world.shop.contact.telegram_user_id, amount_minor=100, currency="BRL")
    yield Timer(
        **owned,
        conversation=world.run.conversation,
        run=world.run,
        kind="elapsed",
        wait=1,
        due_at=now + timedelta(days=1),
    )
    yield Grant(
        **owned,
        telegram_user_id=world.shop.contact.telegram_user_id,
        contact=world.shop.contact,
        order=world.sale.order,
        run_id=world.run.pk,
        visit=1,
        step_id="vip",
        kind="content",
        content={"text": "Bem-vindo!"},
        content_key="k",
        starts_at=now,
    )
    sent = OutboxMessage.unscoped.filter(organization_id=organization.pk).first()
    assert sent is not None
    yield OutboxAttempt(
        organization_id=organization.pk,
        message_id=sent.pk,
        number=1,
        started_at=now,
        ended_at=now,
        outcome="done",
    )
    if not DrainMark.objects.exists():
        yield DrainMark(shard=0, heads=[], lease_until=now)
