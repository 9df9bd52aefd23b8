"""A message's text as a person reads it: without markup, its entities resolved."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from flows.engine.effects import OutMessage, ParseMode

_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")


def plain_text(message: OutMessage) -> str:
    """What the screen shows of its text or caption."""
    text = message.text or ""
    return unescape(_TAG.sub("", text)) if message.parse_mode is ParseMode.HTML else text


def squeezed(text: str) -> str:
    """For comparing texts: the spaces around lines are nobody's business."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
