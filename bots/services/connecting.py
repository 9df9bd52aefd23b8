"""Connecting a bot: ask the platform who it is, keep it, point its updates to us."""

import hashlib
import secrets
import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.actor import AnyActor
from bots.crashpoints import crash_point, register
from bots.errors import Conflict, Invalid
from bots.models import Bot, BotStatus, Delivery, Organization
from bots.outbox.services import release_held
from bots.ports import BotIdentity, PlatformError, bot_platform
from bots.services.audit import record_audit
from bots.services.menu import publish_menu
from bots.storable import clean_text
from bots.tenancy import organization_scope

AFTER_STORE = register("connect.after_store")
AFTER_CALL = register("connect.after_call")

NAME_LENGTH = 100


def connect_bot(*, organization: Organization, token: str, actor: AnyActor, take_over: bool = False) -> Bot:
    """Connect the bot of a token. Calls the platform, so it is called outside any transaction and opens its own.

    The same bot again (also with a new token) is connected anew, and what was held for it goes out. Raises Invalid for
    a token that is none, Conflict (`foreign_webhook`, which names the host; not with `take_over`) where another system
    receives its updates, Conflict (`bot_taken`) where another organization has it, PlatformError where the platform
    does not answer. If it dies in the middle the bot stays `disconnected` and may be connected again.
    """
    token = token.strip()
    if not token:
        raise Invalid("token_required", _("Paste the token that BotFather gave you."), field="token")
    platform = bot_platform()
    identity = platform.get_me(token)
    present_url = platform.webhook_info(token).url
    if present_url and not take_over and not _is_ours(present_url):
        raise _foreign_webhook(present_url)

    secret = secrets.token_urlsafe(32)
    bot = _store(organization, token, identity, secret=secret, actor=actor)
    crash_point(AFTER_STORE)
    try:
        if bot.delivery == Delivery.WEBHOOK:
            platform.set_webhook(bot_id=bot.pk, token=token, url=platform.webhook_url(bot.public_id), secret=secret)
        else:
            platform.delete_webhook(token)
    except PlatformError as error:
        _note_failure(bot, error)
        raise
    crash_point(AFTER_CALL)
    _activate(bot, actor)
    return bot


def create_simulator_bot(*, organization: Organization, name: str, actor: AnyActor, username: str = "") -> Bot:
    """A bot without a token, for test chats alone."""
    with transaction.atomic(), organization_scope(organization.pk):
        bot = Bot.objects.create(
            organization=organization,
            name=clean_text(name)[:NAME_LENGTH],
            username=username,
            delivery=Delivery.SIMULATOR,
            locale=organization.locale,
        )
        record_audit(bot, "bot.created", actor=actor, data={"name": bot.name})
    return bot


def hash_secret(secret: str) -> str:
    """How tokens and webhook secrets are compared and found without being kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _is_ours(url: str) -> bool:
    return bool(settings.PUBLIC_URL) and url.startswith(f"{settings.PUBLIC_URL}/telegram/")


def _foreign_webhook(url: str) -> Conflict:
    host = urlsplit(url).hostname or url
    return Conflict(
        "foreign_webhook",
        _("This bot sends its messages to another system (%(host)s).") % {"host": host},
        field="token",
        hint=_("Take it over and that system will no longer receive them."),
    )


def _bot_taken() -> Conflict:
    return Conflict("bot_taken", _("This bot is already connected to another organization."), field="token")


def _store(organization: Organization, token: str, identity: BotIdentity, *, secret: str, actor: AnyActor) -> Bot:
    token_hash = hash_secret(token)
    with transaction.atomic(), organization_scope(organization.pk):
        known_id = _known_bot(organization.pk, token_hash, identity.telegram_id)
        bot = Bot.objects.select_for_update(no_key=True, of=("self",)).get(pk=known_id) if known_id else None
        if bot is None:
            bot = Bot(organization=organization, locale=organization.locale)
        bot.name = clean_text(identity.name or identity.username)[:NAME_LENGTH]
        bot.username = identity.username
        bot.telegram_id = identity.telegram_id
        bot.token = token
        bot.token_hash = token_hash
        bot.webhook_secret_hash = hash_secret(secret)
        bot.delivery = Delivery.WEBHOOK if settings.PUBLIC_URL else Delivery.POLLING
        bot.status = BotStatus.DISCONNECTED
        bot.paused_until = None
        try:
            with transaction.atomic():
                bot.save()
        except IntegrityError:
            # Somebody connected it between the look-up and the insert.
            raise _bot_taken() from None
        record_audit(bot, "bot.connecting", actor=actor, data={"username": bot.username, "delivery": bot.delivery})
    return bot


def _known_bot(organization_id: uuid.UUID, token_hash: str, telegram_id: int) -> uuid.UUID | None:
    """This organization's row for the bot, by its token or, after a new token, by its Telegram id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT bot_id, organization_id FROM trilho_bot_by_token_hash(%s)", [token_hash])
        found = cursor.fetchone()
    if found is not None:
        bot_id, owner_id = found
        if owner_id != organization_id:
            raise _bot_taken()
        return uuid.UUID(str(bot_id))
    return Bot.objects.filter(telegram_id=telegram_id).order_by("pk").values_list("pk", flat=True).first()


def _activate(bot: Bot, actor: AnyActor) -> None:
    with transaction.atomic(), organization_scope(bot.organization_id):
        bot.status = BotStatus.ACTIVE
        bot.last_error = ""
        bot.last_error_at = None
        bot.save(update_fields=["status", "last_error", "last_error_at"])
        record_audit(bot, "bot.connected", actor=actor, data={"username": bot.username, "delivery": bot.delivery})
        release_held(bot_ids=[bot.pk])
        publish_menu(bot)


def _note_failure(bot: Bot, error: PlatformError) -> None:
    with transaction.atomic(), organization_scope(bot.organization_id):
        Bot.objects.filter(pk=bot.pk).update(last_error=str(error.message), last_error_at=timezone.now())
