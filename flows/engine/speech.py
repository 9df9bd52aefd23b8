"""Messages that steps say: texts with media, buttons, content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flows.engine.content import AccessContent, Media
from flows.engine.content import ParseMode as ConfigParseMode
from flows.engine.effects import OutButton, OutMedia, OutMediaType, OutMessage, ParseMode
from flows.engine.events import ButtonRef
from flows.engine.expressions import escape_html
from flows.engine.state import Frame
from flows.engine.texts import BuiltinText

if TYPE_CHECKING:
    from flows.engine.walk import Walk


def out_media(walk: Walk, media: Media | None) -> OutMedia | None:
    """The medium as it is sent; its URL may hold variables."""
    if media is None:
        return None
    return OutMedia(
        type=OutMediaType(media.type),
        url=walk.url(media.url) if media.url else None,
        asset=media.asset,
        file_id=media.file_id,
    )


def step_message(
    walk: Walk,
    text: str | None,
    *,
    media: Media | None = None,
    parse_mode: ConfigParseMode = ConfigParseMode.HTML,
    buttons: tuple[tuple[OutButton, ...], ...] = (),
    link_preview: bool = True,
    protect_content: bool = False,
) -> OutMessage:
    """A step's text and media, rendered for its parse mode."""
    html = parse_mode is ConfigParseMode.HTML
    return OutMessage(
        text=walk.text(text, html=html) if text is not None else None,
        parse_mode=ParseMode.HTML if html else ParseMode.NONE,
        media=out_media(walk, media),
        buttons=buttons,
        link_preview=link_preview,
        protect_content=protect_content,
    )


def in_rows(buttons: Sequence[OutButton], per_row: int) -> tuple[tuple[OutButton, ...], ...]:
    """The buttons in rows of at most `per_row`."""
    return tuple(tuple(buttons[start : start + per_row]) for start in range(0, len(buttons), per_row))


def url_button(walk: Walk, text: str, url: str) -> OutButton:
    return OutButton(walk.text(text, html=False), url=walk.url(url))


def button_ref(
    walk: Walk, step_id: str, *, wait: int, index: int, frames: tuple[Frame, ...] | None = None
) -> ButtonRef:
    """Where a button of this run was shown: in the flow it is in, or in the one inside these subflows."""
    flow = walk.flow if frames is None else walk.root.within(frames)
    return ButtonRef(walk.state.run_id, flow.version_id, flow.ordinals.get(step_id, 0), wait, index)


def link_message(text: str, label: str, link: str) -> OutMessage:
    """The way into a chat: a text of ours, and the button that opens it."""
    return OutMessage(text, ParseMode.HTML, buttons=((OutButton(label, url=link),),))


def content_messages(walk: Walk, content: AccessContent) -> Iterable[OutMessage]:
    """What an `access`, a `deliver` or a payment's `deliver` says itself: the media, then text and link together."""
    if content.media is not None:
        yield OutMessage(None, media=out_media(walk, content.media))
    lines = [walk.text(content.text)] if content.text else []
    if content.link:
        lines += [] if lines else [walk.builtin(BuiltinText.ACCESS_LINK)]
        lines.append(escape_html(walk.url(content.link)))
    if lines:
        yield OutMessage("\n".join(lines), ParseMode.HTML)
