"""Messages become Bot API calls that Telegram will take."""

import uuid

import pytest

from flows.engine.effects import AnswerPress, OutButton, OutMedia, OutMediaType, OutMessage, ParseMode
from flows.engine.events import ButtonRef
from telegram_gateway.protocol import limits
from telegram_gateway.protocol.render import (
    inline_keyboard,
    render,
    render_keyboard_removal,
    render_press_answer,
)

REF = ButtonRef(run_id=uuid.UUID(int=1), version_id=uuid.UUID(int=2), ordinal=1, wait=2, index=0)
BUTTONS = ((OutButton("Yes", ref=REF), OutButton("Site", url="https://example.com")),)
KEYBOARD = {
    "inline_keyboard": [
        [
            {"text": "Yes", "callback_data": "AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAg1.2.0"},
            {"text": "Site", "url": "https://example.com"},
        ]
    ]
}
BR_CODE = "00020126580014br.gov.bcb.pix0136" + "a" * 60 + "6304ABCD"


def test_a_text_with_buttons() -> None:
    (call,) = render(OutMessage("Hi <b>you</b>", ParseMode.HTML, buttons=BUTTONS), 7)

    assert call.dump() == {
        "method": "sendMessage",
        "params": {"text": "Hi <b>you</b>", "parse_mode": "HTML", "chat_id": 7, "reply_markup": KEYBOARD},
    }


def test_options_of_a_plain_text() -> None:
    (call,) = render(OutMessage("a < b", link_preview=False, protect_content=True), 7)

    assert call.parameters == {
        "text": "a < b",
        "chat_id": 7,
        "link_preview_options": {"is_disabled": True},
        "protect_content": True,
    }


def test_markup_is_dropped_where_it_could_not_be_parsed() -> None:
    (call,) = render(OutMessage("1 &lt; <b>2</b> & <i>3", ParseMode.HTML), 7, plain=True)

    assert call.parameters == {"text": "1 < 2 & 3", "chat_id": 7}


@pytest.mark.parametrize("kind", OutMediaType)
def test_a_medium_carries_its_caption_and_buttons(kind: OutMediaType) -> None:
    message = OutMessage("see", media=OutMedia(kind, url="https://example.com/a"), buttons=BUTTONS)

    (call,) = render(message, 7)

    assert call.method == f"send{kind.value.capitalize()}"
    assert call.parameters == {
        kind.value: "https://example.com/a",
        "caption": "see",
        "chat_id": 7,
        "reply_markup": KEYBOARD,
    }
    assert call.carries_media


def test_a_text_too_long_for_a_caption_follows_its_medium_and_takes_the_buttons() -> None:
    text = "x" * (limits.CAPTION_LENGTH + 1)
    message = OutMessage(text, media=OutMedia(OutMediaType.PHOTO, file_id="F"), buttons=BUTTONS)

    photo, words = render(message, 7)

    assert photo.parameters == {"photo": "F", "chat_id": 7}
    assert words.parameters == {"text": text, "chat_id": 7, "reply_markup": KEYBOARD}


def test_markup_does_not_count_towards_a_captions_length() -> None:
    text = "<b>" + "x" * limits.CAPTION_LENGTH + "</b>&"

    calls = render(OutMessage(text[:-1], ParseMode.HTML, media=OutMedia(OutMediaType.PHOTO, file_id="F")), 7)

    assert [call.method for call in calls] == ["sendPhoto"]


def test_a_br_code_is_drawn() -> None:
    (call,) = render(OutMessage("Pay", qr=BR_CODE), 7)

    assert (call.method, call.parameters) == ("sendPhoto", {"caption": "Pay", "chat_id": 7})
    assert call.upload is not None
    assert (call.upload.parameter, call.upload.content[:8]) == ("photo", b"\x89PNG\r\n\x1a\n")
    assert call.dump()["params"]["photo"].startswith("data:image/png;base64,iVBORw0KGgo")


def test_a_code_that_fits_no_image_leaves_the_text() -> None:
    (call,) = render(OutMessage("Pay", qr="x" * 4_000), 7)

    assert call.parameters == {"text": "Pay", "chat_id": 7}


def test_a_text_too_long_is_split_at_a_word_and_the_buttons_are_on_the_last_part() -> None:
    text = "<i>" + "word " * 1_200 + "</i>"

    calls = render(OutMessage(text, ParseMode.HTML, buttons=BUTTONS), 7)

    assert [limits.utf16_length(call.parameters["text"]) <= limits.TEXT_LENGTH for call in calls] == [True, True]
    assert "".join(call.parameters["text"] + " " for call in calls).split() == ["word"] * 1_200
    assert ["reply_markup" in call.parameters for call in calls] == [False, True]
    assert all("parse_mode" not in call.parameters for call in calls)


def test_an_emoji_counts_two() -> None:
    calls = render(OutMessage("😀" * 2_049), 7)

    assert [len(call.parameters["text"]) for call in calls] == [2_048, 1]


@pytest.mark.parametrize("text", ["", "  \n", None])
def test_nothing_to_show_is_no_call(text: str | None) -> None:
    assert render(OutMessage(text), 7) == ()


def test_buttons_of_every_kind() -> None:
    buttons = ((OutButton("Go", begin=True), OutButton("Copy", copy_text="abc")),)

    assert inline_keyboard(buttons) == [
        [{"text": "Go", "callback_data": "start"}, {"text": "Copy", "copy_text": {"text": "abc"}}]
    ]


@pytest.mark.parametrize(
    "button", [OutButton(" ", begin=True), OutButton("Copy", copy_text="x" * 257), OutButton("Nowhere")]
)
def test_buttons_that_telegram_would_refuse_are_left_out(button: OutButton) -> None:
    assert inline_keyboard(((button,), (OutButton("Go", begin=True),))) == [[{"text": "Go", "callback_data": "start"}]]


def test_wide_rows_are_folded_and_a_message_has_at_most_a_hundred_buttons() -> None:
    rows = tuple(tuple(OutButton(f"{row}-{n}", begin=True) for n in range(12)) for row in range(10))

    keyboard = inline_keyboard(rows)

    assert [len(row) for row in keyboard] == [8, 4] * 8 + [4]
    assert keyboard[-1][-1]["text"] == "8-3"


def test_a_notice_is_cut_to_what_telegram_shows() -> None:
    call = render_press_answer(AnswerPress("77", text="x" * 300, alert=True))

    assert call.parameters == {"callback_query_id": "77", "text": "x" * 200, "show_alert": True}
    assert render_press_answer(AnswerPress("77")).parameters == {"callback_query_id": "77"}


def test_buttons_are_taken_off() -> None:
    call = render_keyboard_removal(7, 9)

    assert (call.method, call.parameters) == (
        "editMessageReplyMarkup",
        {"chat_id": 7, "message_id": 9, "reply_markup": {"inline_keyboard": []}},
    )
