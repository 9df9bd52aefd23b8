"""What the payments app asks of the platform above it: Telegram's own money, Stars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


class StarsError(Exception):
    """The platform said no, or nothing. `unknown_outcome`: what was asked may have been done all the same."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        retryable: bool = False,
        retry_after: int | None = None,
        unknown_outcome: bool = False,
    ) -> None:
        super().__init__(message or code)
        self.code = code
        self.retryable = retryable
        self.retry_after = retry_after
        self.unknown_outcome = unknown_outcome


@dataclass(frozen=True, slots=True)
class StarTransaction:
    """One line of a bot's Stars (Bot API, `StarTransaction`): money of a buyer coming in, or going back.

    `payload` is what the invoice carried; empty where it is no invoice of ours.
    """

    id: str
    stars: int
    at: datetime
    incoming: bool
    telegram_user_id: int | None
    payload: str


class StarsPlatform(Protocol):
    """The calls of the Bot API about Stars, by our id of the bot. Each blocks for at most the call's deadline and
    raises `StarsError` and nothing else."""

    def invoice_link(self, bot_id: UUID, *, title: str, description: str, payload: str, stars: int) -> str:
        """An address that opens the invoice in Telegram. Making it twice does no harm: paying is asked for again."""
        ...

    def transactions(self, bot_id: UUID, *, offset: int, limit: int) -> Sequence[StarTransaction]:
        """Some lines, oldest first, from a place counted from the very first."""
        ...

    def refund(self, bot_id: UUID, *, telegram_user_id: int, charge_id: str) -> None:
        """Gives all of one payment back. Safe to repeat."""
        ...

    def is_usable(self, bot_id: UUID) -> None:
        """Raises `StarsError` if the bot cannot speak to the platform."""
        ...


_platform: list[StarsPlatform] = []


def register_stars_platform(platform: StarsPlatform) -> None:
    """Called once, in `AppConfig.ready()`; a later call replaces the earlier, as tests do."""
    _platform[:] = [platform]


def has_stars_platform() -> bool:
    """Whether one is registered; asked by the start-up check."""
    return bool(_platform)


def stars_platform() -> StarsPlatform:
    """The registered one; none is a mistake of wiring and raises IndexError."""
    return _platform[0]
