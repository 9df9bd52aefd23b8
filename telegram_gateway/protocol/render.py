"""A message of the engine → the Bot API calls that show it, as plain values."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

import segno

from flows.engine.effects import AnswerPress, OutButton, OutMedia, OutMediaType, OutMessage, ParseMode
from flows.engine.events import BEGIN_DATA, AnswerKind
from flows.engine.expressions import escape_html
from flows.engine.menu import MenuItem
from telegram_gateway.protocol import callback_data, limits
from telegram_gateway.protocol.files import SentFile

_METHODS: Final[Mapping[OutMediaType, str]] = {
    OutMediaType.PHOTO: "sendPhoto",
    OutMediaType.VIDEO: "sendVideo",
    OutMediaType.AUDIO: "sendAudio",
    OutMediaType.VOICE: "sendVoice",
    OutMediaType.DOCUMENT: "sendDocument",
    OutMediaType.ANIMATION: "sendAnimation",
}


# Before the id of an uploaded file where a test chat keeps the call.
ASSET_PREFIX: Final = "asset:"

# Bot API, KeyboardButton: only in private chats, and only the sender's own.
_REQUESTS: Final[Mapping[AnswerKind | None, str]] = {
    AnswerKind.CONTACT: "request_contact",
    AnswerKind.LOCATION: "request_location",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent with a call, under the name of the parameter that holds it."""

    parameter: str
    file_name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class AssetRef:
    """An uploaded file of ours that a call carries: the sender knows by which id, or puts the file itself there."""

    asset: str
    kind: OutMediaType


@dataclass(frozen=True, slots=True)
class Manner:
    """How a message is rendered where Telegram refused it: without markup, without its medium."""

    plain: bool = False
    without_media: bool = False


AS_WRITTEN: Final = Manner()


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call of the Bot API."""

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    upload: Upload | None = None
    asset: AssetRef | None = None

    @property
    def carries_media(self) -> bool:
        """Whether Telegram has a file to take in before it can answer."""
        return self.method not in {"sendMessage", "answerCallbackQuery", "editMessageReplyMarkup", "setMyCommands"}

    def dump(self) -> dict[str, Any]:
        """The call as JSON, an uploaded file as a data URL: what the simulator keeps."""
        parameters = dict(self.parameters)
        if self.upload:
            content = base64.b64encode(self.upload.content).decode()
            parameters[self.upload.parameter] = f"data:{self.upload.content_type};base64,{content}"
        if self.asset:
            parameters[self.asset.kind.value] = f"{ASSET_PREFIX}{self.asset.asset}"
        return {"method": self.method, "params": parameters}


def render(message: OutMessage, chat_id: int, manner: Manner = AS_WRITTEN) -> tuple[ApiCall, ...]:
    """The calls that show a message, in order; the keyboard is on the last. Empty if there is nothing to show.

    A plain manner drops the markup, for a text that Telegram could not parse; one without media leaves the medium's
    address as a link. A text too long for one message is split, one too long for a caption follows its medium; what is
    split is plain, since a cut could fall inside a tag.
    """
    if manner.without_media:
        message = _without_media(message)
    if manner.plain and message.parse_mode is ParseMode.HTML:
        message = replace(message, text=limits.plain_text(message.text or ""), parse_mode=ParseMode.NONE)
    calls: list[ApiCall] = []
    said = not (message.text or "").strip()
    medium = _qr_call(message.qr) if message.qr else _media_call(message.media) if message.media else None
    if medium:
        is_caption = not said and _visible_length(message) <= limits.CAPTION_LENGTH
        calls.append(_with(medium, _text_parameters("caption", message)) if is_caption else medium)
        said = said or is_caption
    if not said:
        calls.extend(_messages(message))
    if not calls:
        return ()
    common = {"chat_id": chat_id} | ({"protect_content": True} if message.protect_content else {})
    calls = [_with(call, common) for call in calls]
    markup = _markup(message)
    if markup:
        calls[-1] = _with(calls[-1], {"reply_markup": markup})
    return tuple(calls)


def _markup(message: OutMessage) -> dict[str, Any] | None:
    """What stands under the message (one thing only, as the Bot API has it), or below the field people write in."""
    if keyboard := inline_keyboard(message.buttons):
        return {"inline_keyboard": keyboard}
    if message.ask in _REQUESTS:
        key = {"text": message.ask_label or str(message.ask), _REQUESTS[message.ask]: True}
        return {"keyboard": [[key]], "resize_keyboard": True, "one_time_keyboard": True}
    return {"remove_keyboard": True} if message.unask else None


def render_press_answer(effect: AnswerPress) -> ApiCall:
    """The call that answers a press; a notice too long for Telegram is cut."""
    parameters: dict[str, Any] = {"callback_query_id": effect.callback_id}
    if effect.text:
        parameters["text"] = limits.cut(effect.text, limits.PRESS_NOTICE_LENGTH)
        parameters["show_alert"] = effect.alert
    return ApiCall("answerCallbackQuery", parameters)


def render_keyboard_removal(chat_id: int, message_id: int) -> ApiCall:
    """The call that takes the buttons off a message."""
    return ApiCall(
        "editMessageReplyMarkup",
        {"chat_id": chat_id, "message_id": message_id, "reply_markup": {"inline_keyboard": []}},
    )


def render_notice(text: str, chat_id: int) -> ApiCall:
    """The call that tells a member of the team something: plain, without a preview of its link."""
    shown = limits.cut(text, limits.TEXT_LENGTH)
    return ApiCall("sendMessage", {"chat_id": chat_id, "text": shown, "link_preview_options": {"is_disabled": True}})


def render_menu(items: Sequence[MenuItem], language: str) -> ApiCall:
    """The call that tells the commands of private chats to people of a language; "" is everybody else."""
    commands = [{"command": item.command, "description": item.description} for item in items]
    parameters: dict[str, Any] = {"commands": commands, "scope": {"type": "all_private_chats"}}
    return ApiCall("setMyCommands", parameters | ({"language_code": language} if language else {}))


def inline_keyboard(rows: Sequence[Sequence[OutButton]]) -> list[list[dict[str, Any]]]:
    """The buttons as Telegram wants them; rows too wide are folded, what Telegram would refuse is left out."""
    keyboard: list[list[dict[str, Any]]] = []
    left = limits.BUTTONS_PER_MESSAGE
    for row in rows:
        buttons = [button for button in map(_button, row) if button][:left]
        left -= len(buttons)
        for first in range(0, len(buttons), limits.BUTTONS_PER_ROW):
            keyboard.append(buttons[first : first + limits.BUTTONS_PER_ROW])
    return keyboard


def _button(button: OutButton) -> dict[str, Any] | None:
    if not button.text.strip():
        return None
    if button.ref:
        return {"text": button.text, "callback_data": callback_data.encode(button.ref)}
    if button.begin:
        return {"text": button.text, "callback_data": BEGIN_DATA}
    if button.url:
        return {"text": button.text, "url": button.url}
    # A longer code cannot be on a button; the message's text holds it too.
    if button.copy_text and limits.utf16_length(button.copy_text) <= limits.COPY_TEXT_LENGTH:
        return {"text": button.text, "copy_text": {"text": button.copy_text}}
    return None


def _visible_length(message: OutMessage) -> int:
    text = message.text or ""
    return limits.utf16_length(limits.plain_text(text) if message.parse_mode is ParseMode.HTML else text)


def _messages(message: OutMessage) -> list[ApiCall]:
    if _visible_length(message) > limits.TEXT_LENGTH:
        text = message.text or ""
        visible = limits.plain_text(text) if message.parse_mode is ParseMode.HTML else text
        parts = limits.split_text(visible, limits.TEXT_LENGTH)
        pieces = [replace(message, text=part, parse_mode=ParseMode.NONE) for part in parts]
    else:
        pieces = [message]
    preview = {} if message.link_preview else {"link_preview_options": {"is_disabled": True}}
    return [ApiCall("sendMessage", _text_parameters("text", piece) | preview) for piece in pieces]


def _text_parameters(name: str, message: OutMessage) -> dict[str, Any]:
    return {name: message.text} | ({"parse_mode": "HTML"} if message.parse_mode is ParseMode.HTML else {})


def by_id(call: ApiCall, known: SentFile) -> ApiCall:
    """A call that carries a file of ours, with the id by which Telegram has it."""
    return replace(
        call,
        method=_METHODS[known.kind],
        parameters={**call.parameters, known.kind.value: known.file_id},
        asset=None,
    )


def with_file(call: ApiCall, upload: Upload) -> ApiCall:
    """A call that carries a file of ours, with the file itself."""
    return replace(call, upload=upload, asset=None)


def _without_media(message: OutMessage) -> OutMessage:
    media = message.media
    if media is None or media.url is None:
        return replace(message, media=None)
    link = escape_html(media.url) if message.parse_mode is ParseMode.HTML else media.url
    text = f"{message.text}\n{link}" if (message.text or "").strip() else link
    return replace(message, media=None, text=text, link_preview=True)


def _media_call(media: OutMedia) -> ApiCall | None:
    if media.asset:
        return ApiCall(_METHODS[media.type], {}, asset=AssetRef(media.asset, media.type))
    address = media.file_id or media.url
    return ApiCall(_METHODS[media.type], {media.type.value: address}) if address else None


def _qr_call(code: str) -> ApiCall | None:
    try:
        content = qr_png(code)
    except ValueError:
        # Over three thousand characters are no BR Code and fit no QR image; the text still goes out.
        return None
    return ApiCall("sendPhoto", {}, Upload("photo", "pix.png", "image/png", content))


# A message that is held back by a limit is rendered again, and drawing is the dearest part of it.
@lru_cache(maxsize=256)
def qr_png(code: str) -> bytes:
    """A QR image of the code, large enough to be read from another telephone. ValueError if it does not fit."""
    image = io.BytesIO()
    segno.make(code, error="m", micro=False).save(image, kind="png", scale=8, border=4)
    return image.getvalue()


def _with(call: ApiCall, parameters: Mapping[str, Any]) -> ApiCall:
    return replace(call, parameters={**call.parameters, **parameters})
