"""What the kernel asks of apps above it: registered in their `AppConfig.ready()`, never imported."""

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bots.errors import Text, Unavailable
from bots.models.chat import LostReason


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Who a token belongs to, as the platform says."""

    telegram_id: int
    username: str
    name: str
    has_photo: bool = False


@dataclass(frozen=True, slots=True)
class WebhookInfo:
    """Where the platform sends a bot's updates now; `url` is empty where it is polled."""

    url: str
    pending: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class ChatStanding:
    """What a bot is and may do in a group or channel; `lost` says why it can do nothing there."""

    can_invite_users: bool = False
    can_restrict_members: bool = False
    title: str = ""
    lost: LostReason | None = None


class PlatformErrorCode(StrEnum):
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - a code, no secret
    UNREACHABLE = "unreachable"
    CONFLICT = "conflict"
    REFUSED = "refused"


class PlatformError(Unavailable):
    """The platform refused or did not answer; never carries the token."""

    def __init__(
        self, code: PlatformErrorCode, message: Text, *, retryable: bool, retry_after: float | None = None
    ) -> None:
        super().__init__(code, message, retry_after=retry_after)
        self.retryable = retryable


class BotPlatform(Protocol):
    """The messaging platform, as far as connecting a bot needs it. Every call raises PlatformError, and is made outside
    any transaction."""

    def get_me(self, token: str) -> BotIdentity: ...

    def webhook_info(self, token: str) -> WebhookInfo: ...

    def webhook_url(self, public_id: str) -> str:
        """Our own address for this bot; empty where the installation has no public address."""
        ...

    def set_webhook(self, *, bot_id: uuid.UUID, token: str, url: str, secret: str) -> None: ...

    def delete_webhook(self, token: str) -> None: ...

    def chat_standing(self, *, token: str, bot_telegram_id: int, chat_id: int) -> ChatStanding:
        """What the bot may do in a chat. A chat it is not in (any more) is an answer, not an error."""
        ...


_platform: BotPlatform | None = None


def register_bot_platform(platform: BotPlatform) -> None:
    """Called once, by the app that knows the platform."""
    global _platform  # noqa: PLW0603 - a port has one implementation per process
    _platform = platform


def bot_platform() -> BotPlatform:
    """The registered platform; RuntimeError where none is (the start-up check says so first)."""
    if _platform is None:
        raise RuntimeError("No BotPlatform is registered.")
    return _platform


def has_bot_platform() -> bool:
    """Whether the start-up check may be content."""
    return _platform is not None
