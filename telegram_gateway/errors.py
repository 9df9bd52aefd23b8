"""What a failed call of the Bot API means: one typed verdict for every answer, and for every way to get none."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

_TOKEN = re.compile(r"\d{4,}:[\w-]{20,}")
_DESCRIPTION_LENGTH = 300


class NotSent(NetworkError):
    """The request never left: no connection, no such host. Safe to repeat."""


class OutcomeUnknown(NetworkError):
    """The request left and its answer never came, or was a 5xx: it may have taken effect."""


class Trouble(StrEnum):
    """Why a call failed, as far as what to do next depends on it."""

    NOT_SENT = "not_sent"
    OUTCOME_UNKNOWN = "outcome_unknown"
    FLOOD = "flood"
    BLOCKED = "blocked"
    UNREACHABLE_PERSON = "unreachable_person"
    CHAT_NOT_FOUND = "chat_not_found"
    REMOVED_FROM_CHAT = "removed_from_chat"
    MISSING_RIGHTS = "missing_rights"
    MIGRATED = "migrated"
    NOTHING_TO_DO = "nothing_to_do"
    BAD_MARKUP = "bad_markup"
    BAD_CONTENT = "bad_content"
    BAD_FILE_ID = "bad_file_id"
    BAD_MEDIA = "bad_media"
    FILE_ON_ITS_WAY = "file_on_its_way"
    BOT_REVOKED = "bot_revoked"
    BOT_FROZEN = "bot_frozen"
    USED_ELSEWHERE = "used_elsewhere"
    REFUSED = "refused"


# The contact cannot be written to until they write first; nothing is wrong with the bot or the flow.
CONTACT_AWAY: Final = frozenset({Trouble.BLOCKED, Trouble.UNREACHABLE_PERSON})
# The whole bot cannot send until its owner acts; what waits is held.
BOT_AWAY: Final = frozenset({Trouble.BOT_REVOKED, Trouble.BOT_FROZEN})
# The medium is at fault, the rest of the message is not.
OF_THE_MEDIUM: Final = frozenset({Trouble.BAD_FILE_ID, Trouble.BAD_MEDIA})
TRANSIENT: Final = frozenset({Trouble.NOT_SENT, Trouble.OUTCOME_UNKNOWN, Trouble.USED_ELSEWHERE})

# Descriptions as Telegram words them, most telling first; compared in lower case.
_DESCRIPTIONS: Final = (
    ("bot was blocked", Trouble.BLOCKED),
    ("user is deactivated", Trouble.UNREACHABLE_PERSON),
    ("can't initiate conversation", Trouble.UNREACHABLE_PERSON),
    ("can't send messages to bots", Trouble.UNREACHABLE_PERSON),
    ("bot was kicked", Trouble.REMOVED_FROM_CHAT),
    ("bot is not a member", Trouble.REMOVED_FROM_CHAT),
    ("group chat was deleted", Trouble.REMOVED_FROM_CHAT),
    ("chat not found", Trouble.CHAT_NOT_FOUND),
    ("peer_id_invalid", Trouble.CHAT_NOT_FOUND),
    ("not enough rights", Trouble.MISSING_RIGHTS),
    ("need administrator rights", Trouble.MISSING_RIGHTS),
    # Nobody may remove them; the bot lacks nothing.
    ("user is an administrator", Trouble.REFUSED),
    ("message is not modified", Trouble.NOTHING_TO_DO),
    ("query is too old", Trouble.NOTHING_TO_DO),
    ("query id is invalid", Trouble.NOTHING_TO_DO),
    ("message to edit not found", Trouble.NOTHING_TO_DO),
    ("message to delete not found", Trouble.NOTHING_TO_DO),
    ("message can't be edited", Trouble.NOTHING_TO_DO),
    ("can't parse entities", Trouble.BAD_MARKUP),
    ("frozen_method_invalid", Trouble.BOT_FROZEN),
    ("button_data_invalid", Trouble.BAD_CONTENT),
    ("button_url_invalid", Trouble.BAD_CONTENT),
    ("message is too long", Trouble.BAD_CONTENT),
    ("caption is too long", Trouble.BAD_CONTENT),
    ("message text is empty", Trouble.BAD_CONTENT),
    # An id of another bot's, of another kind, or of a file that Telegram forgot; the first is also said of an address.
    ("wrong file identifier", Trouble.BAD_FILE_ID),
    ("wrong remote file identifier", Trouble.BAD_FILE_ID),
    ("wrong file_id", Trouble.BAD_FILE_ID),
    ("can't use file of type", Trouble.BAD_FILE_ID),
    ("file reference", Trouble.BAD_FILE_ID),
    # What Telegram could not fetch, or would not take.
    ("failed to get http url content", Trouble.BAD_MEDIA),
    ("wrong type of the web page content", Trouble.BAD_MEDIA),
    ("wrong http url", Trouble.BAD_MEDIA),
    ("wrong url host", Trouble.BAD_MEDIA),
    ("webpage_curl_failed", Trouble.BAD_MEDIA),
    ("webpage_media_empty", Trouble.BAD_MEDIA),
    ("media_empty", Trouble.BAD_MEDIA),
    ("file is too big", Trouble.BAD_MEDIA),
    ("entity too large", Trouble.BAD_MEDIA),
    ("photo_invalid_dimensions", Trouble.BAD_MEDIA),
    ("photo_ext_invalid", Trouble.BAD_MEDIA),
    ("image_process_failed", Trouble.BAD_MEDIA),
    # A person may refuse voice messages.
    ("voice_messages_forbidden", Trouble.BAD_MEDIA),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a call. `description` is Telegram's own, without any token."""

    trouble: Trouble
    description: str
    retry_after: timedelta | None = None
    new_chat_id: int | None = None

    @property
    def error(self) -> str:
        """One line for the attempt's record."""
        return f"{self.trouble}: {self.description}" if self.description else str(self.trouble)


def classify(error: TelegramError) -> Verdict:
    """The verdict on an error of python-telegram-bot. `BadRequest` is a `NetworkError` there, so order matters."""
    description = redacted(error.message)
    match error:
        case RetryAfter():
            wait = error.retry_after
            seconds = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
            return Verdict(Trouble.FLOOD, description, retry_after=max(seconds, timedelta(seconds=1)))
        case ChatMigrated():
            return Verdict(Trouble.MIGRATED, description, new_chat_id=error.new_chat_id)
        case InvalidToken():
            return Verdict(Trouble.BOT_REVOKED, description)
        case Conflict():
            return Verdict(Trouble.USED_ELSEWHERE, description)
        case BadRequest() | Forbidden():
            return Verdict(_by_description(description), description)
        case NotSent():
            return Verdict(Trouble.NOT_SENT, description)
        case _:
            # Whatever else it is, the request may have been carried out.
            return Verdict(Trouble.OUTCOME_UNKNOWN, description)


def _by_description(description: str) -> Trouble:
    lowered = description.lower()
    return next((trouble for words, trouble in _DESCRIPTIONS if words in lowered), Trouble.REFUSED)


def redacted(text: str) -> str:
    """A text that may be stored and logged: short, and without anything that looks like a token."""
    return _TOKEN.sub("[token]", text)[:_DESCRIPTION_LENGTH]
