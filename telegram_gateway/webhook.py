"""Telegram's webhook: who is it for, is it Telegram, store it, 200. Reading it is the worker's."""

import hashlib
import hmac
import re

import structlog
from django.db import DatabaseError, IntegrityError, InterfaceError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from bots.tenancy import no_transaction
from telegram_gateway import services
from telegram_gateway.protocol.limits import UPDATE_BYTES
from telegram_gateway.selectors import RECHECK_SECONDS, WebhookBot, webhook_bots

logger = structlog.get_logger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
RETRY_SECONDS = "5"
# What PostgreSQL would not even compare, such as NUL, is nobody's.
_PUBLIC_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


@csrf_exempt
@no_transaction
def receive(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take one update. 200 once it is stored, whatever it says; 503 while it cannot be, so that Telegram tries again.

    405 for another method, 404 for an unknown bot, 403 for a wrong secret, 413 above 1 MiB.
    """
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    try:
        return _receive(request, public_id)
    except UnreadablePostError:
        return HttpResponse(status=400)
    except IntegrityError:
        # The bot was deleted a moment ago.
        webhook_bots.forget(public_id)
        return HttpResponse(status=404)
    except (DatabaseError, InterfaceError) as error:
        logger.error("webhook_not_stored", error=type(error).__name__)
        return HttpResponse(status=503, headers={"Retry-After": RETRY_SECONDS})


def _receive(request: HttpRequest, public_id: str) -> HttpResponse:
    bot = webhook_bots.get(public_id) if _PUBLIC_ID.fullmatch(public_id) else None
    if bot is None:
        return HttpResponse(status=404)
    secret = request.headers.get(SECRET_HEADER, "")
    if not is_secret_of(bot, secret):
        # The secret may have been changed a moment ago.
        bot = webhook_bots.get(public_id, no_older_than=RECHECK_SECONDS)
        if bot is None or not is_secret_of(bot, secret):
            return HttpResponse(status=403)
    body = request.read(UPDATE_BYTES + 1)
    if len(body) > UPDATE_BYTES:
        return HttpResponse(status=413)
    services.take_in(bot, body)
    return HttpResponse(status=200)


def is_secret_of(bot: WebhookBot, secret: str) -> bool:
    """Compared in constant time, by hash; a bot without a secret takes nothing."""
    given = hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
    return bool(bot.secret_hash) and hmac.compare_digest(given, bot.secret_hash)
