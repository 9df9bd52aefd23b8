"""Texts fit into what Telegram takes, and are not longer than people read."""

import html
import re
from collections.abc import Iterator
from typing import Final

from flows.engine import limits
from flows.engine.expressions import without_placeholders
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.pieces import Piece, PieceKind
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject

_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")


@check
def text_lengths(subject: Subject) -> Iterator[Finding]:
    for piece in subject.pieces:
        match piece.kind:
            case PieceKind.TEXT:
                limit, code = limits.TELEGRAM_TEXT, Code.TEXT_TOO_LONG
            case PieceKind.CAPTION:
                limit, code = limits.TELEGRAM_CAPTION, Code.CAPTION_TOO_LONG
            case _:
                continue
        length = seen_length(piece)
        if length > limit:
            yield Finding(code, piece.step_id, piece.field, {"count": length, "limit": limit})
        elif length > limits.LONG_TEXT:
            yield Finding(Code.LONG_TEXT, piece.step_id, piece.field, {"count": length})


def seen_length(piece: Piece) -> int:
    """What Telegram counts: UTF-16 units after its tags are read; variables count for nothing here."""
    if len(piece.text) <= min(limits.LONG_TEXT, limits.TELEGRAM_CAPTION) // 2:
        return len(piece.text)
    text = without_placeholders(piece.text)
    if piece.html:
        text = html.unescape(_TAG.sub("", text))
    return len(text.encode("utf-16-le", "replace")) // 2
