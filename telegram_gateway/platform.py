"""What the kernel asks of Telegram when a bot is connected: who it is, where its updates go."""

import re
import uuid
from dataclasses import replace
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from telegram.error import TelegramError

from bots.models import LostReason
from bots.outbox.loop import outbox_loop
from bots.ports import BotIdentity, ChatStanding, PlatformError, PlatformErrorCode, WebhookInfo
from telegram_gateway.client import CALL_DEADLINE, bot_for
from telegram_gateway.errors import BOT_AWAY, Trouble, Verdict, classify
from telegram_gateway.memberships import standing_of
from telegram_gateway.protocol.chats import TITLE_LENGTH, read_member
from telegram_gateway.protocol.limits import WEBHOOK_CONNECTIONS
from telegram_gateway.protocol.render import ApiCall
from telegram_gateway.protocol.updates import ALLOWED_UPDATES, as_id, as_object, as_text
from telegram_gateway.selectors import sending_bots, webhook_bots

# What stands in an address must be a token and nothing else.
_TOKEN: Final = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{20,100}")


# What a refusal about a chat says of the bot there.
_LOST: Final = {
    Trouble.REMOVED_FROM_CHAT: LostReason.REMOVED,
    Trouble.CHAT_NOT_FOUND: LostReason.GONE,
    Trouble.MISSING_RIGHTS: LostReason.DEMOTED,
    Trouble.MIGRATED: LostReason.GONE,
}


class _Refused(Exception):
    """A call failed; what that means depends on what was asked."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.error)
        self.verdict = verdict


class TelegramPlatform:
    """Implements `bots.ports.BotPlatform`. Each call blocks for at most the call deadline."""

    def get_me(self, token: str) -> BotIdentity:
        me = as_object(self._call(token, ApiCall("getMe")))
        telegram_id = as_id(me.get("id"), smallest=1)
        if telegram_id is None:
            raise PlatformError(PlatformErrorCode.REFUSED, _("Telegram did not say which bot this is."), retryable=True)
        return BotIdentity(
            telegram_id=telegram_id,
            username=as_text(me.get("username"), limit=64),
            name=as_text(me.get("first_name"), limit=64),
            has_photo=self._has_photo(token, telegram_id),
        )

    def webhook_info(self, token: str) -> WebhookInfo:
        info = as_object(self._call(token, ApiCall("getWebhookInfo")))
        return WebhookInfo(
            url=as_text(info.get("url")),
            pending=as_id(info.get("pending_update_count"), smallest=0) or 0,
            last_error=as_text(info.get("last_error_message")),
        )

    def webhook_url(self, public_id: str) -> str:
        return f"{settings.PUBLIC_URL}/telegram/{public_id}/" if settings.PUBLIC_URL else ""

    def set_webhook(self, *, bot_id: uuid.UUID, token: str, url: str, secret: str) -> None:
        parameters = {
            "url": url,
            "secret_token": secret,
            # Left out, the list of whoever used the bot before would stay.
            "allowed_updates": [kind.value for kind in ALLOWED_UPDATES],
            "max_connections": WEBHOOK_CONNECTIONS,
        }
        self._call(token, ApiCall("setWebhook", parameters))
        sending_bots.forget(bot_id)
        webhook_bots.clear()

    def delete_webhook(self, token: str) -> None:
        self._call(token, ApiCall("deleteWebhook"))

    def chat_standing(self, *, token: str, bot_telegram_id: int, chat_id: int) -> ChatStanding:
        try:
            chat = as_object(self._ask(token, ApiCall("getChat", {"chat_id": chat_id})))
            told = self._ask(token, ApiCall("getChatMember", {"chat_id": chat_id, "user_id": bot_telegram_id}))
        except _Refused as refused:
            reason = _LOST.get(refused.verdict.trouble)
            if reason is None:
                raise _platform_error(refused.verdict) from None
            return ChatStanding(lost=reason)
        member = read_member(told)
        if member is None:
            raise PlatformError(PlatformErrorCode.REFUSED, _("Telegram did not say what the bot is."), retryable=True)
        return replace(standing_of(member), title=as_text(chat.get("title"), limit=TITLE_LENGTH))

    def _has_photo(self, token: str, telegram_id: int) -> bool:
        try:
            photos = self._call(token, ApiCall("getUserProfilePhotos", {"user_id": telegram_id, "limit": 1}))
        except PlatformError:
            # A picture is no reason not to connect.
            return False
        return bool(as_id(as_object(photos).get("total_count"), smallest=1))

    def _call(self, token: str, call: ApiCall) -> Any:
        try:
            return self._ask(token, call)
        except _Refused as refused:
            raise _platform_error(refused.verdict) from None

    def _ask(self, token: str, call: ApiCall) -> Any:
        if not _TOKEN.fullmatch(token):
            raise _invalid_token()
        try:
            return outbox_loop.run(bot_for(token).call(call), timeout=CALL_DEADLINE + 1)
        except TelegramError as error:
            raise _Refused(classify(error)) from None
        except TimeoutError:
            raise _unreachable() from None


def _platform_error(verdict: Verdict) -> PlatformError:
    if verdict.trouble in BOT_AWAY:
        return _invalid_token()
    if verdict.trouble in (Trouble.NOT_SENT, Trouble.OUTCOME_UNKNOWN):
        return _unreachable()
    if verdict.trouble is Trouble.FLOOD:
        wait = verdict.retry_after.total_seconds() if verdict.retry_after else 1.0
        return PlatformError(
            PlatformErrorCode.UNREACHABLE,
            _("Telegram asks for a moment of patience. Try again shortly."),
            retryable=True,
            retry_after=wait,
        )
    if verdict.trouble is Trouble.USED_ELSEWHERE:
        return PlatformError(
            PlatformErrorCode.CONFLICT, _("Another system is using this bot at the same time."), retryable=True
        )
    message = _("Telegram refused: %(reason)s") % {"reason": verdict.description}
    return PlatformError(PlatformErrorCode.REFUSED, message, retryable=False)


def _invalid_token() -> PlatformError:
    return PlatformError(
        PlatformErrorCode.INVALID_TOKEN,
        _("Telegram does not know this token. Copy it again from @BotFather."),
        retryable=False,
    )


def _unreachable() -> PlatformError:
    return PlatformError(
        PlatformErrorCode.UNREACHABLE, _("Telegram cannot be reached at the moment. Try again shortly."), retryable=True
    )
