"""What each answer of the Bot API means; the descriptions are Telegram's own."""

from datetime import timedelta

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from telegram_gateway.errors import NotSent, OutcomeUnknown, Trouble, classify

TABLE = [
    (Forbidden("Forbidden: bot was blocked by the user"), Trouble.BLOCKED),
    (Forbidden("Forbidden: user is deactivated"), Trouble.UNREACHABLE_PERSON),
    (Forbidden("Forbidden: bot can't initiate conversation with a user"), Trouble.UNREACHABLE_PERSON),
    (Forbidden("Forbidden: bot was kicked from the supergroup chat"), Trouble.REMOVED_FROM_CHAT),
    (Forbidden("Forbidden: bot is not a member of the channel chat"), Trouble.REMOVED_FROM_CHAT),
    (Forbidden("Forbidden: the group chat was deleted"), Trouble.REMOVED_FROM_CHAT),
    (Forbidden("Forbidden: something new"), Trouble.REFUSED),
    (BadRequest("Bad Request: chat not found"), Trouble.CHAT_NOT_FOUND),
    (BadRequest("Bad Request: PEER_ID_INVALID"), Trouble.CHAT_NOT_FOUND),
    (BadRequest("Bad Request: not enough rights to send text messages to the chat"), Trouble.MISSING_RIGHTS),
    (BadRequest("Bad Request: user is an administrator of the chat"), Trouble.REFUSED),
    (BadRequest("Bad Request: need administrator rights in the channel chat"), Trouble.MISSING_RIGHTS),
    (BadRequest("Bad Request: message is not modified"), Trouble.NOTHING_TO_DO),
    (
        BadRequest("Bad Request: query is too old and response timeout expired or query ID is invalid"),
        Trouble.NOTHING_TO_DO,
    ),
    (BadRequest("Bad Request: message to edit not found"), Trouble.NOTHING_TO_DO),
    (BadRequest("Bad Request: message to delete not found"), Trouble.NOTHING_TO_DO),
    (BadRequest("Bad Request: can't parse entities: Unsupported start tag"), Trouble.BAD_MARKUP),
    (BadRequest("Bad Request: BUTTON_DATA_INVALID"), Trouble.BAD_CONTENT),
    (BadRequest("Bad Request: message is too long"), Trouble.BAD_CONTENT),
    (BadRequest("Bad Request: wrong file identifier/HTTP URL specified"), Trouble.BAD_FILE_ID),
    (BadRequest("Bad Request: wrong remote file identifier specified: Wrong string length"), Trouble.BAD_FILE_ID),
    (BadRequest("Bad Request: wrong file_id or the file is temporarily unavailable"), Trouble.BAD_FILE_ID),
    (BadRequest("Bad Request: can't use file of type Animation as Video"), Trouble.BAD_FILE_ID),
    (BadRequest("Bad Request: failed to get HTTP URL content"), Trouble.BAD_MEDIA),
    (BadRequest("Bad Request: wrong type of the web page content"), Trouble.BAD_MEDIA),
    (BadRequest("Bad Request: PHOTO_INVALID_DIMENSIONS"), Trouble.BAD_MEDIA),
    (BadRequest("Bad Request: VOICE_MESSAGES_FORBIDDEN"), Trouble.BAD_MEDIA),
    (BadRequest("Request Entity Too Large"), Trouble.BAD_MEDIA),
    (BadRequest("Bad Request: FROZEN_METHOD_INVALID"), Trouble.BOT_FROZEN),
    (BadRequest("Bad Request: something new"), Trouble.REFUSED),
    (InvalidToken("Unauthorized"), Trouble.BOT_REVOKED),
    (InvalidToken("Not Found"), Trouble.BOT_REVOKED),
    (Conflict("Conflict: terminated by other getUpdates request"), Trouble.USED_ELSEWHERE),
    (ChatMigrated(-100), Trouble.MIGRATED),
    (RetryAfter(7), Trouble.FLOOD),
    (NotSent("no connection"), Trouble.NOT_SENT),
    (OutcomeUnknown("Internal Server Error"), Trouble.OUTCOME_UNKNOWN),
    (TimedOut(), Trouble.OUTCOME_UNKNOWN),
    (NetworkError("Bad Gateway"), Trouble.OUTCOME_UNKNOWN),
    (TelegramError("anything"), Trouble.OUTCOME_UNKNOWN),
]


@pytest.mark.parametrize(("error", "trouble"), TABLE, ids=[error.message[:40] for error, _ in TABLE])
def test_every_answer_has_a_verdict(error: TelegramError, trouble: Trouble) -> None:
    assert classify(error).trouble is trouble


@pytest.mark.parametrize(("wait", "seconds"), [(7, 7), (timedelta(seconds=7), 7), (0, 1)])
def test_a_flood_says_how_long_to_wait(wait: int | timedelta, seconds: int) -> None:
    assert classify(RetryAfter(wait)).retry_after == timedelta(seconds=seconds)


def test_a_migrated_chat_says_where_it_went() -> None:
    assert classify(ChatMigrated(-100123)).new_chat_id == -100123


def test_no_description_keeps_a_token_or_a_whole_page() -> None:
    token = "123456789:AAF-abcdefghijklmnopqrstuvwxyz01234"
    verdict = classify(NetworkError(f"POST https://api.example/bot{token}/sendMessage " + "x" * 1_000))

    assert token not in verdict.error
    assert "[token]" in verdict.error
    assert len(verdict.description) == 300
