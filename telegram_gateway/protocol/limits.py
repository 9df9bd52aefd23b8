"""What the Bot API allows (Bot API, "Available methods"), and how a text is made to fit."""

import html
import re
from collections.abc import Iterator

TEXT_LENGTH = 4096
CAPTION_LENGTH = 1024
PRESS_NOTICE_LENGTH = 200
CALLBACK_DATA_BYTES = 64
COPY_TEXT_LENGTH = 256
BUTTONS_PER_ROW = 8
BUTTONS_PER_MESSAGE = 100
UPDATE_BYTES = 1024 * 1024
WEBHOOK_CONNECTIONS = 40

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


def utf16_length(text: str) -> int:
    """The length as Telegram counts it: UTF-16 code units, so that an emoji counts two."""
    return len(text) + sum(character > "\uffff" for character in text)


def plain_text(markup: str) -> str:
    """An HTML message as the contact would read it: tags gone, entities resolved."""
    return html.unescape(_TAG.sub("", markup))


def split_text(text: str, limit: int) -> Iterator[str]:
    """Parts of at most `limit` units each, cut at a line's or a word's end where there is one."""
    while utf16_length(text) > limit:
        head = cut(text, limit)
        edge = max(head.rfind("\n"), head.rfind(" "))
        # A cut in the first half would make many tiny messages of one long word.
        if edge > len(head) // 2:
            head = head[:edge]
        yield head
        text = text[len(head) :].lstrip("\n ")
    if text:
        yield text


def cut(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` UTF-16 units."""
    head = text[:limit]
    while utf16_length(head) > limit:
        head = head[: -max(1, (utf16_length(head) - limit) // 2)]
    return head
